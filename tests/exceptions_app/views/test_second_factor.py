"""Signing in with something one has: real codes, counted in rows, taken once."""

import re

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal import auth as totp
from cryptography.fernet import Fernet
from django.core.cache import cache
from django.test import Client

from exceptions_app.models import AuditEntry, SignInTry
from exceptions_app.services import access
from tests.cast import PASSWORD, let_time_pass, make_user

pytestmark = pytest.mark.django_db

APP = "/account/second-factor/app/"
CODE = "/sign-in/second-factor/"
NAMES = {"username": "cleo", "password": PASSWORD}


def code_of(secret, later=0):
    counter = list(totp.yield_hotp_counters_from_time())[1] + later
    return totp.format_hotp_value(totp.hotp_value(secret, counter))


def wrong_code(secret):
    """No code of the minutes around now."""
    near = {code_of(secret, step) for step in range(-4, 5)}
    return next(text for text in ("000000", "111111", "222222") if text not in near)


@pytest.fixture
def cleo():
    # The library remembers used codes and its own limits here; each test begins a day anew.
    cache.clear()
    return make_user("cleo")


@pytest.fixture
def secret(cleo):
    """The key of an app that is set up, with recovery codes."""
    key = totp.generate_totp_secret()
    totp.TOTP.activate(cleo, key)
    RecoveryCodes.activate(cleo)
    return key


def is_in(client):
    return client.get("/account/").status_code == 200


def test_an_app_is_set_up_and_then_asked_for(client, cleo, django_capture_on_commit_callbacks):
    client.post("/sign-in/", NAMES)
    key = client.get(APP).context["form"].secret

    with django_capture_on_commit_callbacks(execute=True):
        answer = client.post(APP, {"code": code_of(key)})

    assert answer.url == "/account/second-factor/codes/"
    assert sorted(Authenticator.objects.values_list("type", flat=True)) == [
        "recovery_codes",
        "totp",
    ]
    assert [entry.text for entry in AuditEntry.objects.all()] == [
        "cleo: an authenticator app was added"
    ]
    cache.clear()
    SignInTry.objects.all().delete()
    other = Client()
    assert other.post("/sign-in/", {**NAMES, "next": "/returns/"}).url == CODE
    assert not is_in(other)
    assert other.post(CODE, {"code": code_of(key)}).url == "/returns/"
    assert is_in(other)


def test_the_page_holds_no_image_from_a_data_address(client, cleo):
    client.post("/sign-in/", NAMES)

    text = client.get(APP).text

    assert "data:image" not in text
    assert "style=" not in text
    assert re.search(r"<svg class=\"qr\"[^>]*>.*<path", text, re.DOTALL)


def test_a_wrong_code_sets_nothing_up(client, cleo):
    client.post("/sign-in/", NAMES)
    key = client.get(APP).context["form"].secret

    answer = client.post(APP, {"code": wrong_code(key)})

    assert access.WRONG_CODE in answer.text
    assert not Authenticator.objects.exists()
    assert not AuditEntry.objects.exists()


def test_the_keys_are_encrypted_at_rest(cleo, secret):
    rows = {row.type: row.data for row in Authenticator.objects.all()}

    assert rows["totp"]["secret"].startswith("gAAAA")
    assert rows["recovery_codes"]["seed"].startswith("gAAAA")
    assert secret not in str(rows)


def test_a_code_is_taken_once_though_the_cache_forgot_it(client, cleo, secret):
    code = code_of(secret)
    client.post("/sign-in/", NAMES)
    client.post(CODE, {"code": code})
    assert is_in(client)
    # Another process has a cache of its own.
    cache.clear()

    other = Client()
    other.post("/sign-in/", NAMES)
    answer = other.post(CODE, {"code": code})

    assert access.WRONG_CODE in answer.text
    assert not is_in(other)


def test_after_five_wrong_codes_even_the_right_one_waits(client, cleo, secret):
    client.post("/sign-in/", NAMES)
    for _ in range(5):
        assert access.WRONG_CODE in client.post(CODE, {"code": wrong_code(secret)}).text
        cache.clear()

    answer = client.post(CODE, {"code": code_of(secret)})

    assert access.WAIT in answer.text
    assert not is_in(client)
    # From anywhere: whoever gets this far knows the password.
    elsewhere = Client(REMOTE_ADDR="10.0.0.9")
    elsewhere.post("/sign-in/", NAMES)
    assert access.WAIT in elsewhere.post(CODE, {"code": code_of(secret)}).text


def test_a_recovery_code_opens_once(client, cleo, secret):
    row = Authenticator.objects.get(type="recovery_codes")
    code = row.wrap().get_unused_codes()[0]
    client.post("/sign-in/", NAMES)
    assert client.post(CODE, {"code": code}).url == "/"
    row.refresh_from_db()
    assert len(row.wrap().get_unused_codes()) == 9

    other = Client()
    other.post("/sign-in/", NAMES)
    answer = other.post(CODE, {"code": code})

    assert access.WRONG_CODE in answer.text
    assert not is_in(other)


def test_the_password_alone_opens_nothing(client, cleo, secret):
    client.post("/sign-in/", NAMES)

    for address in ("/", "/account/", "/returns/", "/api/v1/returns/"):
        assert client.get(address).status_code in (302, 401, 403), address
    assert "_auth_user_id" not in client.session


def test_signing_out_leaves_a_sign_in_that_waits(client, cleo, secret):
    client.post("/sign-in/", NAMES)
    assert client.get("/sign-in/").url == CODE

    assert client.post("/sign-out/").url == "/sign-in/"

    assert client.get("/sign-in/").status_code == 200
    assert client.post(CODE, {"code": code_of(secret)}).url == "/sign-in/"


def test_the_session_key_is_new_after_the_second_factor(client, cleo, secret):
    client.post("/sign-in/", NAMES)
    before = client.cookies["sessionid"].value

    client.post(CODE, {"code": code_of(secret)})

    assert client.cookies["sessionid"].value != before


def test_changes_ask_for_a_proof_that_is_not_old(client, cleo, secret):
    client.force_login(cleo)
    let_time_pass(client, minutes=15)

    led = client.get("/account/second-factor/codes/")
    assert led.url == "/account/confirm/?next=%2Faccount%2Fsecond-factor%2Fcodes%2F"
    assert "This is not your password." in client.post(led.url, {"password": "wrong"}).text
    assert client.get("/account/second-factor/codes/").status_code == 302
    assert client.post(led.url, {"password": PASSWORD}).status_code == 302
    page = client.get("/account/second-factor/codes/")

    codes = Authenticator.objects.get(type="recovery_codes").wrap().get_unused_codes()
    assert all(code in page.text for code in codes)
    assert "no-store" in page["Cache-Control"]
    file = client.get("/account/second-factor/codes/file/")
    assert file["Content-Disposition"] == 'attachment; filename="recovery-codes.txt"'
    assert all(code in file.text for code in codes)


def test_new_recovery_codes_void_the_old_ones(client, cleo, secret):
    old = Authenticator.objects.get(type="recovery_codes").wrap().get_unused_codes()
    client.post("/sign-in/", NAMES)
    client.post(CODE, {"code": code_of(secret)})

    client.post("/account/second-factor/codes/new/")

    new = Authenticator.objects.get(type="recovery_codes").wrap().get_unused_codes()
    assert len(new) == 10
    assert not set(old) & set(new)


def test_removing_the_app_takes_the_codes_along(
    client, cleo, secret, django_capture_on_commit_callbacks
):
    client.post("/sign-in/", NAMES)
    client.post(CODE, {"code": code_of(secret)})
    page = client.get("/account/second-factor/app/remove/")
    assert "Remove the authenticator app?" in page.text

    with django_capture_on_commit_callbacks(execute=True):
        client.post("/account/second-factor/app/remove/")

    assert not Authenticator.objects.exists()
    assert "the authenticator app was removed" in AuditEntry.objects.latest("pk").text


@pytest.mark.parametrize(
    "said", ["", "{", "[]", "null", "{}", '{"id": 1}', '{"id":"a","rawId":"b"}']
)
def test_a_passkey_s_answer_that_is_none_opens_nothing(client, cleo, secret, said):
    client.get("/sign-in/passkey/", HTTP_ACCEPT="application/json")

    answer = client.post("/sign-in/passkey/", {"credential": said})

    assert answer.url == "/sign-in/"
    assert client.get("/sign-in/").status_code == 200
    client.post("/sign-in/", NAMES)
    assert client.post(CODE, {"credential": said}).status_code == 200
    assert not is_in(client)


@pytest.mark.parametrize(
    "said", ["", "{", "[]", "null", "{}", '{"id": 1}', '{"id":"a","rawId":"b"}']
)
def test_a_passkey_that_is_none_is_not_added(client, cleo, said):
    client.post("/sign-in/", NAMES)
    client.get("/account/second-factor/passkeys/add/")

    answer = client.post("/account/second-factor/passkeys/add/", {"name": "x", "credential": said})

    assert answer.status_code == 200
    assert "data-focus" in answer.text
    assert not Authenticator.objects.exists()


class TestRolesThatNeedOne:
    @pytest.fixture(autouse=True)
    def _policy(self, settings):
        settings.MFA_ROLES = ["cx"]

    def test_every_page_leads_to_the_set_up(self, client, cleo):
        client.post("/sign-in/", NAMES)

        for address in ("/", "/returns/", "/account/", "/manual/"):
            assert client.get(address).url == "/account/second-factor/", address
        assert client.get("/account/second-factor/").status_code == 200
        assert client.get(APP).status_code == 200

    def test_a_post_changes_nothing_before(self, client, cleo):
        client.post("/sign-in/", NAMES)

        answer = client.post("/account/preferences/", {"theme": "dark"})

        assert answer.url == "/account/second-factor/"
        assert not hasattr(cleo, "preferences")

    def test_the_api_refuses_and_a_fragment_loads_the_page(self, client, cleo):
        client.post("/sign-in/", NAMES)

        assert client.get("/api/v1/returns/").status_code == 403
        answer = client.get("/returns/", HTTP_HX_REQUEST="true")
        assert answer["HX-Redirect"] == "/account/second-factor/"

    def test_with_one_the_desk_is_open(self, client, cleo, secret):
        client.post("/sign-in/", NAMES)
        client.post(CODE, {"code": code_of(secret)})

        assert client.get("/").status_code == 200

    def test_recovery_codes_alone_are_none(self, client, cleo):
        RecoveryCodes.activate(cleo)
        client.force_login(cleo)

        assert client.get("/").url == "/account/second-factor/"

    def test_other_roles_go_on_without(self, client):
        client.force_login(make_user("finn"))

        assert client.get("/").status_code == 200

    def test_signing_out_is_always_possible(self, client, cleo):
        client.force_login(cleo)

        assert client.post("/sign-out/").url == "/sign-in/"


def test_a_lost_key_breaks_no_page_and_no_sign_in(client, cleo, secret, settings):
    code = code_of(secret)
    settings.CREDENTIAL_KEYS = [Fernet.generate_key().decode()]
    client.force_login(cleo)
    other = Client()
    other.post("/sign-in/", NAMES)

    for path in ("/account/", "/account/second-factor/"):
        assert "10 left" in client.get(path).text
    for path in ("codes/", "codes/new/", "codes/file/"):
        led = client.get(f"/account/second-factor/{path}", follow=True)
        assert led.redirect_chain == [("/account/second-factor/", 302)]
        assert access.KEYS_LOST in led.text
    assert other.get(CODE).status_code == 200
    for _ in range(6):
        assert access.KEYS_LOST in other.post(CODE, {"code": code}).text
        cache.clear()
    assert not is_in(other)
    # It was not the person's mistake, so nothing was counted against them.
    assert not SignInTry.objects.exists()
    client.force_login(make_user("ada"))
    assert "App" in client.get(f"/people/{cleo.pk}/").text


def test_used_codes_are_not_counted(client, cleo, secret):
    row = Authenticator.objects.get(type="recovery_codes")
    for code in row.wrap().get_unused_codes()[:3]:
        row.wrap().validate_code(code)
        row.refresh_from_db()
    client.force_login(cleo)

    assert "7 left" in client.get("/account/").text


def test_the_api_says_in_its_own_shape_that_a_second_factor_is_due(client, cleo, settings):
    settings.MFA_ROLES = ["cx"]
    client.force_login(cleo)

    answer = client.get("/api/v1/cases/")

    assert answer.status_code == 403
    assert answer.json()["error"]["code"] == "second_factor_needed"
