"""Every page of ours in a real browser: wide and narrow, light and dark, and on paper.

A new page enters `SCREENS` with one line; a page without an entry fails the first test. With
SCREENS_DIR set, a picture of each is kept there for people to look at.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from unittest import mock

import pytest
import time_machine
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.template import Context
from django.template import base as template
from django.test import Client
from django.test.utils import override_settings
from django.urls import reverse
from playwright.sync_api import Browser, Page
from pytest_django.live_server_helper import LiveServer

from tests.browser import checker, screens_world
from tests.cast import make_user
from tests.exceptions_app.test_url_roles import DOORS

# Each test reads in a transaction of its own; the world is committed before any of them begins.
pytestmark = pytest.mark.django_db(serialized_rollback=True)

as_django_writes = template.render_value_in_context

NOBODY = ""
# An address that no page has.
NOWHERE = "nowhere"


@dataclass(frozen=True)
class Screen:
    """One look at a page: who looks, and what the address says beyond its name."""

    name: str
    person: str = "ada"
    query: str = ""
    args: tuple[str, ...] = ()
    status: int = 200
    is_for_developers: bool = False

    @property
    def title(self) -> str:
        words = (self.name, *self.args, self.query.strip("?"), self.person)
        return "-".join(word for word in words if word).replace("/", "").replace(":", "-")


SCREENS = (
    Screen("sign-in", NOBODY),
    Screen("account_login", NOBODY),
    Screen("account_reset_password", NOBODY),
    Screen("account_reset_password_done", NOBODY),
    Screen("account_reset_password_from_key", NOBODY, args=("a1", "guess")),
    Screen("account_reset_password_from_key_done", NOBODY),
    Screen("account", "cleo"),
    Screen("account-messages", "cleo"),
    Screen("account_change_password", "cleo"),
    Screen("account_reauthenticate", "cleo"),
    Screen("mfa_index", "cleo"),
    Screen("mfa_list_webauthn", "cleo"),
    Screen("people"),
    Screen("person-invite"),
    Screen("person", args=("person",)),
    Screen("person-deactivate", args=("person",)),
    Screen("home", "finn"),
    Screen("home", "mira", "?team=merchandising"),
    Screen("home", "aud", "?team=cx"),
    Screen("case-list", "mira", "?team=merchandising"),
    Screen("case-list", "cleo", "?team=cx"),
    Screen("case-list", "finn", "?view=list&behind=with&o=-value"),
    Screen("case-changed", "mira", "?team=merchandising"),
    Screen("case-detail", "mira", args=("case",)),
    Screen("case-detail", "finn", args=("eur_case",)),
    Screen("case-detail", "aud", args=("kwd_case",)),
    Screen("case-evidence", "mira", args=("case",)),
    Screen("case-detail", "wanda", args=("asked_case",)),
    Screen("case-ask", "mira", args=("case",)),
    Screen("question", "cleo", args=("question",)),
    Screen("cause-about", "mira", args=("group",)),
    Screen("load", query="?team=finance"),
    Screen("assignment-rules"),
    Screen("assignment-rule-add"),
    Screen("assignment-rule", args=("rule",)),
    Screen("fix-list", "mona"),
    Screen("fix-list", "fiona"),
    Screen("fix-list", "cleo"),
    Screen("fix-detail", "fiona", args=("edited_fix",)),
    Screen("fix-detail", "fiona", args=("alone_fix",)),
    Screen("fix-edit", "finn", args=("edited_fix",)),
    Screen("fix-batch", "fiona", args=("fix_batch",)),
    Screen("bulk-list", "finn"),
    Screen("bulk", "finn", args=("draft_bulk",)),
    Screen("bulk", "finn", args=("done_bulk",)),
    Screen("bulk", "mira", args=("tried_bulk",)),
    Screen("bulk", "finn", args=("window_bulk",)),
    Screen("replay-window", "finn"),
    Screen("away", "finn"),
    Screen("away", "cleo"),
    Screen("conflicts", "finn"),
    Screen("fix-detail", "mira", args=("fix",)),
    Screen("fix-detail", "mona", args=("held_fix",)),
    Screen("return-list", "cleo"),
    Screen("return-list", "finn", "?q=nothing-like-this"),
    Screen("return-detail", "cleo", args=("rma",)),
    Screen("return-detail", "finn", args=("stuck_rma",)),
    Screen("operations", "ines"),
    Screen("message-list", "aud"),
    Screen("message", args=("message",)),
    Screen("message-places"),
    Screen("message-place-add"),
    Screen("message-place", args=("message_place",)),
    Screen("return-files", "ines"),
    Screen("return-file", "ines", args=("fresh_return_file",)),
    Screen("return-file", "ines", args=("wrong_return_file",)),
    Screen("return-file", "ines", args=("taken_return_file",)),
    Screen("exchange-batches", "ines"),
    Screen("exchange-batch", "ines", args=("batch",)),
    Screen("exchange-batch", "aud", args=("batch",)),
    Screen("exchange-files", "ines"),
    Screen("exchange-file", "ines", args=("came_file",)),
    Screen("inbox", "ines"),
    Screen("event-detail", "ines", args=("event",)),
    Screen("event-detail", "ines", args=("parked_event",)),
    Screen("posting-list", "ines"),
    Screen("posting-detail", "ines", args=("posting",)),
    Screen("posting-detail", "finn", args=("failed_posting",)),
    Screen("posting-key", "finn", args=("manual_posting",)),
    Screen("keying", "finn"),
    Screen("keying", "ines", "?view=unproved"),
    Screen("operations", "cleo", status=403),
    Screen(NOWHERE, NOBODY, status=404),
    Screen(NOWHERE, "cleo", status=404),
    Screen("find", "cleo"),
    Screen("find", "cleo", "?q=customer1@example.com"),
    Screen("find", "finn", "?q=nothing-like-this"),
    Screen("warehouse", "wanda"),
    Screen("warehouse", "wanda", "?view=decide"),
    Screen("warehouse", "cleo"),
    Screen("merchandising", "mira"),
    Screen("stock-confidence", "mira"),
    Screen("finance", "finn"),
    Screen("finance", "aud"),
    Screen("difference-list", "finn"),
    Screen("difference-list", "aud", "?open={difference}&cause=unexplained"),
    Screen("acceptance-list", "finn"),
    Screen("acceptance-list", "finn", "?view=ended"),
    Screen("acceptance", "finn", args=("acceptance",)),
    Screen("run-list", "finn"),
    Screen("run-detail", "finn", args=("run",)),
    Screen("run-confirm", "finn", "?currency=USD", args=("usd_bridge",)),
    Screen("admin:index"),
    Screen("admin:mappings"),
    Screen("admin:mapping-kind", args=("bridge", "sku_alias")),
    Screen("admin:mapping-kind", "aud", args=("bridge", "disposition")),
    Screen("admin:mapping-map", args=("bridge", "sku_alias"), query="?value=TEE-BLAK-M"),
    Screen("admin:mapping-history", args=("bridge", "location"), query="?value=Leeds+DC"),
    Screen("admin:mapping-upload", args=("bridge", "sku_alias")),
    Screen("admin:mapping-import", args=("import",)),
    Screen("admin:mapping-import", args=("applied_import",)),
    Screen("admin:mapping-import-take-back", args=("applied_import",)),
    Screen("admin:mapping-withdraw", args=("bridge", "location"), query="?value=Leeds+DC"),
    Screen("admin:bridge-policy", args=("bridge",)),
    Screen("admin:bridge-change", args=("bridge",)),
    Screen("admin:calendars"),
    Screen("admin:calendar", args=("finance",)),
    Screen("admin:connection-history", args=("connection",)),
    Screen("admin:connection-history", "ines", args=("erp",)),
    Screen("admin:connection-profile", "ines", args=("erp",)),
    Screen("styleguide", is_for_developers=True),
    Screen("trail", "aud"),
    Screen("trail", "finn", "?kind=savedview"),
    Screen("manual", "cleo"),
    Screen("manual", "cleo", "?q=nothing-like-this"),
    Screen("manual-owners", "finn"),
    Screen("manual-data", "aud"),
    Screen("manual-words", "wanda"),
    Screen("manual-whole", "finn"),
    Screen("manual-use", "ada"),
    Screen("manual-type", "wanda", args=("SKU_UNKNOWN",)),
    Screen("manual-type", "ines", args=("REFUND_CM_MISMATCH",)),
)
# Addresses that answer, yet are no page of their own.
NO_SCREEN = {
    "healthz": "a line for machines",
    "case-news": "a fragment that the list asks for",
    "page-news": "a fragment that Today, the approvals and the rooms ask for",
    "exchange-batch-content": "a file as it left",
    "exchange-file-content": "a file as it came",
    "find-options": "a fragment that the search field asks for",
    "mfa_activate_totp": "asks for the password first",
    "mfa_add_webauthn": "asks for the password first",
    "mfa_generate_recovery_codes": "asks for the password first",
}

WIDE, NARROW = 1440, 390
AXE_RULES = {
    "light": {
        "type": "tag",
        "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    },
    # Only colours differ in the dark.
    "dark": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]},
}
# What a template writes for a value that is not there, while the house stands: "None" is also
# an English word.
NOTHING = "⟦None⟧"
# What must never reach a reader.
LEFTOVERS = r"\{\{|\{%|Decimal\(|datetime\.|<QuerySet|⟦None⟧|\bundefined\b|\bNaN\b"


@dataclass
class House:
    """The running server, its rows and sessions, and one open page per width."""

    url: str
    rows: dict[str, int]
    sessions: dict[str, str]
    browser: Browser
    pages: dict[int, Page] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def page_of(self, person: str, width: int) -> Page:
        """The open page of that width, with this person signed in."""
        if width not in self.pages:
            self.pages[width] = self._open(width)
        page = self.pages[width]
        page.context.clear_cookies()
        if person != NOBODY:
            name, value = settings.SESSION_COOKIE_NAME, self.sessions[person]
            page.context.add_cookies([{"name": name, "value": value, "url": self.url}])
        return page

    def address_of(self, screen: Screen) -> str:
        if screen.name == NOWHERE:
            return f"{self.url}/{NOWHERE}/"
        args = [self.rows.get(arg, arg) for arg in screen.args]
        return self.url + reverse(screen.name, args=args) + screen.query.format(**self.rows)

    def _open(self, width: int) -> Page:
        context = self.browser.new_context(
            viewport={"width": width, "height": 900},
            locale="en-GB",
            timezone_id="UTC",
            reduced_motion="reduce",
            service_workers="block",
        )
        context.set_default_timeout(10_000)
        page = context.new_page()
        page.on("console", self._note)
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        return page

    def _note(self, message) -> None:
        # A page that refuses is refused on purpose; its status is checked.
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.problems.append(message.text)


@pytest.fixture(scope="module")
def house(django_db_setup, django_db_blocker, browser: Browser) -> Iterator[House]:
    """One world for all screens: pages only read, so nothing has to be put back between them."""
    with django_db_blocker.unblock():
        world, rows = screens_world.build()
        with (
            time_machine.travel(world.clock.now, tick=True),
            override_settings(ALLOWED_HOSTS=["localhost"]),
            mock.patch.object(template, "render_value_in_context", written),
        ):
            server = LiveServer("localhost")
            house = House(server.url, rows, signed_in(), browser)
            yield house
            for page in house.pages.values():
                page.context.close()
            server.stop()
        call_command("flush", interactive=False, verbosity=0, inhibit_post_migrate=True)
        connection.creation.deserialize_db_from_string(connection._test_serialized_contents)
        # The browser gave this thread a second connection, which nobody else would close.
        connection.close()


def written(value: object, context: Context) -> str:
    return NOTHING if value is None else as_django_writes(value, context)


def signed_in() -> dict[str, str]:
    """The session key of everybody who looks at a screen."""
    keys = {}
    for person in {screen.person for screen in SCREENS} - {NOBODY}:
        client = Client()
        client.force_login(make_user(person))
        keys[person] = client.cookies[settings.SESSION_COOKIE_NAME].value
    return keys


def test_every_page_is_a_screen():
    shown = {name for name, door in DOORS.items() if 200 in door.get}
    # An export is a file.
    pages = {name for name in shown if not name.removesuffix("-xlsx").endswith("-export")}
    screens = {screen.name for screen in SCREENS}

    assert pages - screens == set(NO_SCREEN)
    assert {name for name in screens - set(DOORS) if ":" not in name} == {NOWHERE}


@pytest.mark.parametrize("width", [WIDE, NARROW])
@pytest.mark.parametrize("screen", SCREENS, ids=lambda screen: screen.title)
def test_a_screen_is_sound(house: House, screen: Screen, width: int):
    page = house.page_of(screen.person, width)
    house.problems.clear()
    page.emulate_media(media="screen", color_scheme="light")

    with override_settings(DEBUG=screen.is_for_developers):
        answer = page.goto(house.address_of(screen))

    assert answer is not None
    assert answer.status == screen.status
    assert house.problems == []
    assert problems_of(page) == []
    assert unseen_focus(page) == []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert checker.violations(page, AXE_RULES[scheme]) == [], scheme
        keep(page, f"{screen.title}-{width}-{scheme}")
    if width == WIDE:
        assert problems_on_paper(page) == []
        keep(page, f"{screen.title}-print")


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_no_stop_of_the_tab_key_is_hidden_by_a_bar(house: House, width: int):
    page = house.page_of("mira", width)
    page.goto(house.address_of(Screen("case-list", query="?team=merchandising")))
    page.locator("input[type=checkbox]:visible").first.check()

    assert page.locator(".selbar:visible").count() == 1
    assert unseen_focus(page, stops=60) == []


def problems_of(page: Page) -> list[str]:
    """What is wrong with the page whatever its colours."""
    found = []
    if (headings := page.locator("h1:visible").count()) != 1:
        found.append(f"{headings} main headings")
    if page.title() in ("", " – Returnsbridge"):
        found.append("no title")
    if (over := page.evaluate(_OVERFLOW)) > 0:
        found.append(f"{over} px wider than the window: {page.evaluate(_WIDEST)}")
    found += [f"leftover: {text}" for text in page.evaluate(_LEFTOVERS, LEFTOVERS)]
    found += [f"twice the id {each}" for each in page.evaluate(_DOUBLE_IDS)]
    found += [f"broken picture {each}" for each in page.evaluate(_EMPTY_ICONS)]
    return found


def problems_on_paper(page: Page) -> list[str]:
    """What is wrong when the page is printed: colours, controls, or text cut off at the edge."""
    page.emulate_media(media="print", color_scheme="dark")
    page.set_viewport_size({"width": 700, "height": 900})
    found = []
    if page.evaluate("getComputedStyle(document.body).backgroundColor") not in _PAPER:
        found.append("dark paper")
    shown = page.locator(".nav:visible, .top:visible, .selbar:visible, .btn:visible").count()
    if shown:
        found.append(f"{shown} controls on paper")
    if (over := page.evaluate(_OVERFLOW)) > 0:
        found.append(f"{over} px wider than the sheet: {page.evaluate(_WIDEST)}")
    if not page.pdf(format="A4").startswith(b"%PDF"):
        found.append("no PDF")
    return found


def unseen_focus(page: Page, stops: int = 12) -> list[str]:
    """The first stops of the tab key that show no ring, or stand under something else."""
    unseen = []
    for _ in range(stops):
        page.keyboard.press("Tab")
        if trouble := page.evaluate(_FOCUS):
            unseen.append(trouble)
    page.evaluate("document.activeElement.blur(); window.scrollTo(0, 0)")
    return unseen


def keep(page: Page, name: str) -> None:
    """Save a picture when someone asked for pictures; put the window back after printing."""
    if folder := os.environ.get("SCREENS_DIR"):
        target = Path(folder)
        target.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=target / f"{name}.png", full_page=True)
    if name.endswith("-print"):
        page.set_viewport_size({"width": WIDE, "height": 900})
        page.emulate_media(media="screen")


_PAPER = ("rgb(255, 255, 255)", "rgba(0, 0, 0, 0)")
_OVERFLOW = "document.documentElement.scrollWidth - window.innerWidth"
_WIDEST = """() => [...document.querySelectorAll("body *")]
    .filter(each => each.getBoundingClientRect().right > window.innerWidth + 1)
    .slice(0, 3).map(each => each.tagName + "." + each.className)"""
_LEFTOVERS = r"""(pattern) => {
    const texts = [document.title, ...document.body.innerText.split(/[\n\t]/)];
    for (const each of document.querySelectorAll("[aria-label],[title],[placeholder]"))
        texts.push(each.ariaLabel, each.title, each.placeholder);
    const found = texts.filter(Boolean).flatMap(text =>
        [...text.matchAll(new RegExp(".{0,30}(?:" + pattern + ").{0,30}", "g"))]);
    return [...new Set(found.map(match => match[0]))];
}"""
_DOUBLE_IDS = """() => {
    const ids = [...document.querySelectorAll("[id]")].map(each => each.id);
    return [...new Set(ids.filter((id, place) => ids.indexOf(id) !== place))];
}"""
_EMPTY_ICONS = """() => [...document.querySelectorAll("use")]
    .map(each => each.getAttribute("href") ?? each.getAttribute("xlink:href"))
    .filter(href => !document.querySelector(href))"""
_FOCUS = """() => {
    const here = document.activeElement;
    if (!here || here === document.body) return "";
    const style = getComputedStyle(here);
    const name = here.tagName + " " + (here.innerText || here.name || here.id).slice(0, 40);
    const box = here.getBoundingClientRect();
    const seen = here.closest("label") ? here.closest("label").getBoundingClientRect() : box;
    if (style.outlineStyle === "none" || parseFloat(style.outlineWidth) < 2)
        return name + ": no ring";
    if (seen.bottom <= 0 || seen.top >= window.innerHeight) return name + ": off the screen";
    const top = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
    if (top && top !== here && !here.contains(top) && !top.contains(here))
        return name + ": under " + top.tagName + "." + top.className;
    return "";
}"""
