"""Company accounts: a service that speaks OpenID Connect, played in this process."""

import html
import re
import time
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from allauth.mfa.totp.internal import auth as totp
from allauth.socialaccount.models import SocialAccount, SocialToken
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from exceptions_app.models import AuditEntry
from exceptions_app.services import people
from exceptions_app.views.adapters import (
    NOT_YOUR_COMPANY_ACCOUNT,
    OTHER_COMPANY_ACCOUNT,
    UNKNOWN_COMPANY_ACCOUNT,
    CompanyAccountAdapter,
)
from tests.cast import PASSWORD, let_time_pass, make_user

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


def without_password(name, *roles):
    """Somebody who comes by company account and has nothing else."""
    user = make_user(name, *roles)
    user.set_unusable_password()
    user.save()
    return user


def way_there(page):
    return html.unescape(re.search(r'href="(/sign-in/[^"]+)', page)[1])


def test_an_address_that_passed_on_does_not_pass_the_account_on(client, service):
    cleo = make_user("cleo")
    come_back(Client())
    service.claims["sub"] = "the-next-cleo-at-alder"

    answer = come_back(client)

    assert answer.url == "/sign-in/"
    assert OTHER_COMPANY_ACCOUNT in client.get("/sign-in/").text
    assert "_auth_user_id" not in client.session
    assert SocialAccount.objects.get().uid == "cleo-at-alder"
    # A new link is the way out: it frees the connection.
    people.renew_link(user_id=cleo.pk, actor=make_user("ada"), now=timezone.now())
    assert come_back(client).url == "/"
    assert SocialAccount.objects.get().uid == "the-next-cleo-at-alder"


@pytest.mark.parametrize(
    "path", ["password/first/", "second-factor/app/", "second-factor/passkeys/add/"]
)
def test_a_way_in_is_added_only_after_a_proof_at_the_company(client, service, path):
    without_password("cleo")
    come_back(client)
    assert client.get(f"/account/{path}").status_code == 200
    let_time_pass(client, minutes=31)

    led = client.get(f"/account/{path}")
    assert led.url.startswith("/account/confirm/company/?next=%2Faccount%2F")
    assert client.post(f"/account/{path}", {"password1": "x"}).url == f"/account/{path}"
    asked = client.get(led.url)
    assert "Confirm with Alder" in asked.text
    assert client.post(led.url).status_code == 200
    assert client.get(f"/account/{path}").status_code == 302

    back = come_back(client, start=way_there(asked.text))
    assert back.url == led.url
    assert "You have confirmed it." in client.get(back.url).text
    done = client.post("/account/confirm/company/", {"next": f"/account/{path}"})
    assert done.url == f"/account/{path}"
    assert client.get(done.url).status_code == 200


def test_the_company_is_told_to_ask_for_the_password_again(client, service):
    without_password("cleo")
    come_back(client)
    let_time_pass(client, minutes=16)
    asked = client.get("/account/confirm/", follow=True).text

    led = client.get(way_there(asked))

    assert parse_qs(urlsplit(led.url).query)["prompt"] == ["login"]


def test_what_was_sent_waits_for_the_company_s_proof_and_a_click(client, service):
    service.claims.update(sub="ada-at-alder", email="ada@example.com")
    without_password("ada")
    cleo = make_user("cleo")
    come_back(client)
    let_time_pass(client, minutes=16)
    path = f"/people/{cleo.pk}/roles/"

    led = client.post(path, {"roles": ["finance"]})
    asked = client.get(led.url).text
    come_back(client, start=way_there(asked))
    client.get(led.url)
    assert list(cleo.groups.values_list("name", flat=True)) == ["cx"]
    client.post("/account/confirm/company/", {"next": path})

    assert list(cleo.groups.values_list("name", flat=True)) == ["finance"]


def test_the_company_account_of_another_proves_nothing(client, service):
    without_password("cleo")
    make_user("finn")
    come_back(client)
    let_time_pass(client, minutes=16)
    for claims in ({"sub": "finn-at-alder", "email": "finn@example.com"}, {"sub": "nobody"}):
        service.claims.update(claims)

        answer = come_back(client, start=f"{START}?process=redirect")

        assert answer.url == "/account/"
        assert NOT_YOUR_COMPANY_ACCOUNT in client.get("/account/").text
        assert client.get("/account/password/first/").status_code == 302
    assert SocialAccount.objects.count() == 1


def test_a_stranger_confirms_nothing_and_connects_nothing(client, service):
    make_user("cleo")

    assert come_back(client, start=f"{START}?process=redirect").url == "/account/"

    assert "_auth_user_id" not in client.session
    assert not SocialAccount.objects.exists()


def test_who_stops_while_signed_in_stays_signed_in(client, service):
    make_user("cleo")
    come_back(client)
    led = client.get(f"{START}?process=redirect")
    state = parse_qs(urlsplit(led.url).query)["state"][0]

    answer = client.get(BACK, {"error": "access_denied", "state": state}, follow=True)

    assert "You stopped at your company account. Nothing was changed." in answer.text
