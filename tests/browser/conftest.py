"""A real browser on a live server: Debian's Chromium, driven in this process."""

import os
import shutil
from collections.abc import Callable, Iterator

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

from tests.browser import checker
from tests.cast import let_time_pass

_QUIET_CHROMIUM = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-quic",
    # Whatever a page asks for, only this machine answers.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
]
_WCAG_2_2_AA = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for all browser tests of this process."""
    executable = shutil.which("chromium")
    assert executable, "The browser tests need the package 'chromium'."
    # The driver keeps an event loop in this thread, which Django would take for async code.
    before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=_QUIET_CHROMIUM)
        yield browser
        browser.close()
    if before is None:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]
    else:
        os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = before


# A letter typed while the one before is still asked for ends that request.
_NO_PROBLEM = (
    "Failed to load resource",
    "htmx:afterRequest",
    "htmx:sendAbort",
    "htmx:sendError",
)


@pytest.fixture
def page_problems() -> list[str]:
    """What the browser's console complained about; the page fixture fails on any of it."""
    return []


@pytest.fixture
def page(browser: Browser, live_server, page_problems: list[str]) -> Iterator[Page]:
    """A fresh page whose paths are relative to the live server.

    The test fails if a script of the page fails or breaks the content security policy.
    """
    context = browser.new_context(
        base_url=live_server.url,
        viewport={"width": 1280, "height": 900},
        locale="en-GB",
        timezone_id="UTC",
        reduced_motion="reduce",
        service_workers="block",
    )
    context.set_default_timeout(10_000)
    context.add_init_script(checker.WATCH_FOR_LEAVING)
    page = context.new_page()

    def note(message: ConsoleMessage) -> None:
        # A refused form answers 4xx, and a page that is left ends what it was still asking for;
        # both are reported as errors.
        if message.type == "error" and not message.text.startswith(_NO_PROBLEM):
            page_problems.append(message.text)

    page.on("console", note)
    page.on("pageerror", lambda error: page_problems.append(str(error)))
    yield page
    context.close()
    assert page_problems == []


@pytest.fixture
def sign_in(page: Page, live_server) -> Callable[[object], None]:
    """Return a function that signs a user in by session cookie, without the sign-in page."""

    def sign_in(user, *, minutes_ago=0) -> None:
        client = Client()
        client.force_login(user)
        let_time_pass(client, minutes=minutes_ago)
        page.context.add_cookies(
            [
                {
                    "name": settings.SESSION_COOKIE_NAME,
                    "value": client.cookies[settings.SESSION_COOKIE_NAME].value,
                    "url": live_server.url,
                }
            ]
        )

    return sign_in


@pytest.fixture
def assert_accessible(page: Page, page_problems: list[str]) -> Callable[[], None]:
    """Return a function that fails with each WCAG 2.2 AA violation of the page as it stands."""

    def assert_accessible() -> None:
        before = len(page_problems)
        violations = checker.violations(page, {"type": "tag", "values": _WCAG_2_2_AA})
        # The checker itself tries an inline style, which the page rightly refuses.
        del page_problems[before:]
        assert violations == []

    return assert_accessible
