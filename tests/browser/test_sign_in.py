"""The door and one's own account, in a real browser: focus, passkeys, every page accessible."""

import re

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from django.core.cache import cache

from exceptions_app.services import access
from tests.cast import PASSWORD, make_user

pytestmark = pytest.mark.django_db(transaction=True)

AT_HOME = re.compile(r"^http://[^/]+/$")
DESKTOP, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}


@pytest.fixture(autouse=True)
def _new_day():
    cache.clear()


@pytest.fixture
def authenticator(page):
    """A device that keeps passkeys and knows its owner, played by the browser itself."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    added = session.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )

    def credentials():
        found = session.send(
            "WebAuthn.getCredentials", {"authenticatorId": added["authenticatorId"]}
        )
        return found["credentials"]

    return credentials


def enter(page, name="cleo", password=PASSWORD):
    page.goto("/sign-in/")
    page.get_by_label("User name or e-mail").fill(name)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()


def is_as_wide_as_the_screen(page):
    return page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_a_mistake_takes_the_focus_and_keeps_the_name(page, assert_accessible):
    make_user("cleo")
    enter(page, password="wrong")

    wrong = page.get_by_role("alert")
    assert wrong.inner_text() == access.WRONG
    assert page.evaluate("document.activeElement.getAttribute('role')") == "alert"
    assert page.get_by_label("User name or e-mail").input_value() == "cleo"
    assert page.get_by_label("Password", exact=True).input_value() == ""
    assert_accessible()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(AT_HOME)
    assert page.get_by_role("heading", level=1).inner_text()


def test_a_passkey_is_made_and_then_opens_the_desk_alone(page, authenticator, assert_accessible):
    make_user("cleo")
    enter(page)
    page.goto("/account/second-factor/passkeys/add/")
    assert_accessible()
    page.get_by_label("Name").fill("My laptop")
    page.get_by_role("button", name="Make the passkey").click()
    page.wait_for_url("**/account/second-factor/codes/")
    assert page.get_by_text("The passkey is added.").is_visible()
    assert len(authenticator()) == 1
    page.goto("/account/second-factor/passkeys/")
    row = page.get_by_role("row", name="My laptop")
    assert "Alone" in row.inner_text()
    assert_accessible()
    page.context.clear_cookies()

    page.goto("/sign-in/")
    page.get_by_role("button", name="Sign in with a passkey").click()

    page.wait_for_url(AT_HOME)
    page.goto("/account/")
    assert page.get_by_text("Second factor on").is_visible()
    assert Authenticator.objects.get(type="webauthn").last_used_at is not None


def test_a_passkey_serves_after_the_password_too(page, authenticator):
    make_user("cleo")
    enter(page)
    page.goto("/account/second-factor/passkeys/add/")
    page.get_by_label("Sign in with it alone").uncheck()
    page.get_by_role("button", name="Make the passkey").click()
    page.wait_for_url("**/account/second-factor/codes/")
    page.context.clear_cookies()

    enter(page)
    page.wait_for_url("**/sign-in/second-factor/")
    page.get_by_role("button", name="Use a passkey").click()

    page.wait_for_url(AT_HOME)
    page.goto("/account/second-factor/passkeys/")
    assert "After the password" in page.get_by_role("row", name="Passkey").last.inner_text()


def test_a_passkey_proves_who_one_is_is_renamed_and_removed(
    page, sign_in, authenticator, assert_accessible
):
    cleo = make_user("cleo")
    enter(page)
    page.goto("/account/second-factor/passkeys/add/")
    page.get_by_role("button", name="Make the passkey").click()
    page.wait_for_url("**/account/second-factor/codes/")
    page.context.clear_cookies()
    sign_in(cleo, minutes_ago=15)

    page.goto("/account/second-factor/passkeys/")
    page.get_by_role("link", name="Rename").click()
    page.wait_for_url("**/account/confirm/?next=*")
    page.get_by_role("link", name="a passkey").click()
    assert_accessible()
    page.get_by_role("button", name="Use your passkey").click()
    page.wait_for_url(re.compile(r"/passkeys/\d+/$"))
    assert_accessible()
    page.get_by_label("Name").fill("Work laptop")
    page.get_by_role("button", name="Keep the name").click()
    page.get_by_role("row", name="Work laptop").get_by_role("link", name="Remove").click()
    assert page.get_by_role("heading", level=1).inner_text() == "Remove the passkey Work laptop?"
    assert_accessible()
    page.get_by_role("button", name="Remove Work laptop").click()

    page.get_by_text("No passkey yet").wait_for()
    assert not Authenticator.objects.exists()


def test_a_browser_without_a_passkey_says_so_and_lets_one_try_again(page, assert_accessible):
    page.add_init_script("delete window.PublicKeyCredential")
    page.goto("/sign-in/")

    page.get_by_role("button", name="Sign in with a passkey").click()

    said = page.locator("#passkey-said")
    said.get_by_text("Passkeys need the site's own name with https.").wait_for()
    assert page.get_by_role("button", name="Sign in with a passkey").is_enabled()
    assert_accessible()


@pytest.mark.parametrize(
    ("size", "scheme"), [(DESKTOP, "light"), (PHONE, "dark")], ids=["desktop", "phone"]
)
def test_the_pages_of_the_door(page, assert_accessible, size, scheme):
    cleo = make_user("cleo")
    totp.TOTP.activate(cleo, totp.generate_totp_secret())
    page.set_viewport_size(size)
    page.emulate_media(color_scheme=scheme)

    enter(page)
    page.wait_for_url("**/sign-in/second-factor/")
    assert_accessible()
    assert is_as_wide_as_the_screen(page)
    for address in ("/password/", "/password/sent/", "/password/a1-guess/", "/welcome/guess/"):
        page.goto(address)
        assert_accessible()
        assert is_as_wide_as_the_screen(page), address


@pytest.mark.parametrize(
    ("size", "scheme"), [(DESKTOP, "light"), (PHONE, "dark")], ids=["desktop", "phone"]
)
def test_the_pages_of_one_s_own_account_and_of_people(page, assert_accessible, size, scheme):
    ada = make_user("ada")
    page.set_viewport_size(size)
    page.emulate_media(color_scheme=scheme)
    enter(page, "ada")
    page.wait_for_url(AT_HOME)

    for address in (
        "/account/",
        "/account/password/",
        "/account/confirm/",
        "/account/second-factor/",
        "/account/second-factor/app/",
        "/account/second-factor/passkeys/",
        "/people/",
        "/people/invite/",
        f"/people/{ada.pk}/",
        f"/people/{make_user('cleo').pk}/",
    ):
        page.goto(address)
        assert_accessible()
        assert is_as_wide_as_the_screen(page), address


def test_an_app_is_set_up_by_keyboard(page, assert_accessible):
    make_user("cleo")
    enter(page)
    page.goto("/account/second-factor/app/")
    secret = page.locator("code").inner_text()
    counter = list(totp.yield_hotp_counters_from_time())[1]
    page.get_by_label("The six digits").focus()
    page.keyboard.type(totp.format_hotp_value(totp.hotp_value(secret, counter)))
    page.keyboard.press("Enter")

    page.wait_for_url("**/account/second-factor/codes/")
    assert page.locator("#codes code").count() == 10
    assert_accessible()


def test_colours_chosen_hold_against_the_system(page):
    make_user("cleo")
    page.emulate_media(color_scheme="light")
    enter(page)
    page.goto("/account/")
    page.get_by_label("Dark").check()
    page.get_by_role("button", name="Keep these").click()
    page.get_by_text("Preferences kept.").wait_for()

    assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "dark"


def test_an_invitation_is_copied_and_followed(page, assert_accessible):
    make_user("ada")
    enter(page, "ada")
    page.goto("/people/invite/")
    page.get_by_label("Name").fill("Nina de Vries")
    page.get_by_role("textbox", name="E-mail", exact=True).fill("nina@example.com")
    page.get_by_label("Warehouse").check()
    page.get_by_role("button", name="Invite").click()
    link = page.locator("#invitation").inner_text()
    assert_accessible()
    page.context.clear_cookies()

    page.goto(link)
    assert_accessible()
    page.get_by_label("Password", exact=True).fill("a-long-enough-password-7")
    page.get_by_label("The same again").fill("a-long-enough-password-7")
    page.get_by_role("button", name="Keep this password").click()
    page.get_by_text("Password kept. Sign in as nina.").wait_for()

    enter(page, "nina@example.com", "a-long-enough-password-7")
    page.wait_for_url(AT_HOME)
