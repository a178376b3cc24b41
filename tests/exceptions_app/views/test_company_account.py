"""Company accounts: a service that speaks OpenID Connect, played in this process."""

import time
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from allauth.mfa.totp.internal import auth as totp
from allauth.socialaccount.models import SocialAccount, SocialToken
from django.contrib.auth.models import User
from django.test import Client

from exceptions_app.models import AuditEntry
from exceptions_app.views.adapters import UNKNOWN_COMPANY_ACCOUNT, CompanyAccountAdapter
from tests.cast import PASSWORD, make_user

pytestmark = pytest.mark.django_db

SERVER = "https://id.alder.example"
START = "/sign-in/company/start/"
BACK = "/sign-in/company/back/"


class Reply:
    def __init__(self, content):
        self.content = content
        self.status_code = 200
        self.headers = {"content-type": "application/json"}

    def json(self):
        return self.content

    def raise_for_status(self):
        return None


class Service:
    """Answers what the discovery document, the token address and the user address would."""

    def __init__(self):
        self.claims = {
            "sub": "cleo-at-alder",
            "email": "cleo@example.com",
            "email_verified": True,
            "name": "Cleo Marsh",
        }
        self.asked = []

    def __enter__(self):
        return self

    def __exit__(self, *error):
        return None

    def get(self, url, **kwargs):
        self.asked.append(url)
        if url.endswith("/openid-configuration"):
            names = ("authorization", "token", "userinfo")
            found = {f"{name}_endpoint": f"{SERVER}/{name}" for name in names}
            return Reply({**found, "issuer": SERVER, "jwks_uri": f"{SERVER}/keys"})
        assert url == f"{SERVER}/userinfo"
        return Reply(self.claims)

    def request(self, method, url, data=None, **kwargs):
        self.asked.append(url)
        assert (method, url) == ("POST", f"{SERVER}/token")
        assert data["code"] == "the-code"
        assert len(data["code_verifier"]) >= 43
        said = {**self.claims, "iss": SERVER, "aud": "desk", "exp": int(time.time()) + 60}
        token = jwt.encode(said, "of-the-service-alone-and-32-bytes", algorithm="HS256")
        return Reply({"access_token": "opens-userinfo", "token_type": "Bearer", "id_token": token})


@pytest.fixture
def service(monkeypatch, settings):
    settings.SOCIALACCOUNT_PROVIDERS = {
        "openid_connect": {
            "APPS": [
                {
                    "provider_id": "company",
                    "name": "Alder",
                    "client_id": "desk",
                    "secret": "s",
                    "settings": {"server_url": SERVER},
                }
            ],
            "OAUTH_PKCE_ENABLED": True,
        }
    }
    played = Service()
    monkeypatch.setattr(CompanyAccountAdapter, "get_requests_session", lambda self: played)
    return played


def come_back(client, *, start=START):
    """Go there and come back, as the browser would."""
    led = client.get(start)
    assert led.status_code == 302
    assert led.url.startswith(f"{SERVER}/authorization?")
    query = parse_qs(urlsplit(led.url).query)
    assert query["redirect_uri"] == [f"http://testserver{BACK}"]
    assert query["code_challenge_method"] == ["S256"]
    return client.get(BACK, {"code": "the-code", "state": query["state"][0]})


def test_the_button_is_there_only_when_it_is_set_up(client, settings):
    assert START not in client.get("/sign-in/").text

    assert client.get(START).status_code == 404


def test_the_button_carries_the_configured_name(client, service):
    page = client.get("/sign-in/?next=/returns/").text

    assert f'href="{START}?next=/returns/"' in page
    assert "Sign in with Alder" in page


def test_an_invited_person_comes_in_and_is_known_by_number_from_then_on(client, service):
    cleo = make_user("cleo")

    assert come_back(client, start=f"{START}?next=/returns/").url == "/returns/"

    assert client.session["_auth_user_id"] == str(cleo.pk)
    account = SocialAccount.objects.get()
    assert (account.provider, account.uid, account.user) == ("company", "cleo-at-alder", cleo)
    assert not SocialToken.objects.exists()
    assert AuditEntry.objects.get().text == "cleo: the company account was connected"
    # The password is as before, and another address at the service changes nothing.
    cleo.refresh_from_db()
    assert cleo.check_password(PASSWORD)
    service.claims["email"] = "cleo.new@example.com"
    again = Client()
    assert come_back(again).url == "/"
    assert again.session["_auth_user_id"] == str(cleo.pk)


@pytest.mark.parametrize(
    "claims",
    [
        pytest.param({"email": "nobody@example.com"}, id="nobody invited"),
        pytest.param({"email_verified": False}, id="address not proven"),
        pytest.param({"email": ""}, id="no address"),
    ],
)
def test_others_stay_out_and_no_account_is_made(client, service, claims):
    make_user("cleo")
    service.claims.update(claims)

    answer = come_back(client)

    assert answer.url == "/sign-in/"
    assert UNKNOWN_COMPANY_ACCOUNT in client.get("/sign-in/").text.replace("&#x27;", "'")
    assert "_auth_user_id" not in client.session
    assert User.objects.count() == 1
    assert not SocialAccount.objects.exists()


@pytest.mark.parametrize("asked", ["https://evil.example/", "//evil.example/", "javascript:x"])
def test_the_way_back_leads_only_to_this_site(client, service, asked):
    make_user("cleo")

    assert come_back(client, start=f"{START}?next={asked}").url == "/"


def test_nobody_signed_in_takes_over_a_company_account_of_another(client, service):
    cleo, finn = make_user("cleo"), make_user("finn")
    client.force_login(finn)

    answer = come_back(client, start=f"{START}?process=connect")

    assert answer.status_code == 302
    assert client.session["_auth_user_id"] == str(finn.pk)
    assert list(SocialAccount.objects.values_list("user", flat=True)) in ([], [cleo.pk])


def test_a_service_that_proves_no_address_can_be_trusted_by_setting(client, service, settings):
    settings.OIDC_TRUSTS_EMAIL = True
    make_user("cleo")
    del service.claims["email_verified"]

    assert come_back(client).url == "/"


def test_an_address_of_two_people_opens_neither(client, service):
    make_user("cleo")
    finn = make_user("finn")
    finn.email = "cleo@example.com"
    finn.save()

    assert come_back(client).url == "/sign-in/"
    assert not SocialAccount.objects.exists()


def test_somebody_switched_off_stays_out(client, service):
    cleo = make_user("cleo")
    come_back(client)
    cleo.is_active = False
    cleo.save()

    other = Client()

    assert come_back(other).url == "/sign-in/"
    assert "_auth_user_id" not in other.session


def test_a_second_factor_that_is_set_up_is_asked_for(client, service):
    totp.TOTP.activate(make_user("cleo"), totp.generate_totp_secret())

    assert come_back(client).url == "/sign-in/second-factor/"
    assert "_auth_user_id" not in client.session


@pytest.mark.parametrize(("does_it", "status"), [(True, 200), (False, 302)])
def test_a_role_that_needs_one_takes_the_service_s_word_if_told_so(
    client, service, settings, does_it, status
):
    settings.MFA_ROLES = ["cx"]
    settings.OIDC_HAS_SECOND_FACTOR = does_it
    make_user("cleo")
    come_back(client)

    assert client.get("/").status_code == status


def test_an_answer_nobody_asked_for_is_refused(client, service):
    make_user("cleo")

    answer = client.get(BACK, {"code": "the-code", "state": "made-up"})

    assert answer.status_code == 401
    assert "You are not signed in." in answer.text
    assert service.asked == []


def test_an_answer_opens_only_the_session_that_asked(client, service):
    make_user("cleo")
    led = client.get(START)
    state = parse_qs(urlsplit(led.url).query)["state"][0]

    answer = Client().get(BACK, {"code": "the-code", "state": state})

    assert answer.status_code == 401


def test_who_stops_there_is_told_so(client, service):
    led = client.get(START)
    state = parse_qs(urlsplit(led.url).query)["state"][0]

    answer = client.get(BACK, {"error": "access_denied", "state": state}, follow=True)

    assert "You stopped at your company account. You are not signed in." in answer.text
