"""Acts on people and credentials ask for a proof of who is there, and lose nothing by it."""

import pytest
from allauth.account.internal.flows.reauthentication import STATE_SESSION_KEY
from django.conf import settings
from django.contrib.auth.models import User
from django.core.cache import cache

from exceptions_app import errors
from exceptions_app.models import AuditEntry, Connection
from tests import factories
from tests.cast import PASSWORD, let_time_pass, make_user

pytestmark = pytest.mark.django_db

NINA = {"name": "Nina de Vries", "email": "nina@example.com", "roles": ["cx", "warehouse"]}


@pytest.fixture
def ada(client):
    cache.clear()
    user = make_user("ada")
    client.force_login(user)
    return user


def test_a_proof_holds_for_a_quarter_of_an_hour(client, ada):
    cleo = make_user("cleo")
    let_time_pass(client, minutes=14.9)

    answer = client.post(f"/people/{cleo.pk}/deactivate/", {"reason": "Left"})
    assert answer.url == f"/people/{cleo.pk}/"

    assert settings.ACCOUNT_REAUTHENTICATION_TIMEOUT == 15 * 60
    assert "This holds for 15 minutes." in client.get("/account/confirm/").text
    assert not User.objects.get(pk=cleo.pk).is_active


def test_an_old_proof_keeps_the_invitation_back_and_then_sends_it_as_typed(client, ada):
    let_time_pass(client, minutes=15)

    led = client.post("/people/invite/", NINA)
    assert led.url == "/account/confirm/?next=%2Fpeople%2Finvite%2F"
    assert User.objects.count() == 1
    assert client.post(led.url, {"password": "wrong"}).status_code == 200
    assert User.objects.count() == 1
    answer = client.post(led.url, {"password": PASSWORD, "next": "/people/invite/"})

    assert "/welcome/" in answer.text
    assert "no-store" in answer["Cache-Control"]
    nina = User.objects.get(email="nina@example.com")
    assert sorted(nina.groups.values_list("name", flat=True)) == ["cx", "warehouse"]
    assert list(AuditEntry.objects.values_list("act", flat=True)) == ["user.invite"]
    assert STATE_SESSION_KEY not in client.session


def test_a_mistake_in_what_waited_is_shown_on_a_form_that_still_works(client, ada):
    let_time_pass(client, minutes=15)
    led = client.post("/people/invite/", NINA | {"email": "nobody"})

    page = client.post(led.url, {"password": PASSWORD, "next": "/people/invite/"})

    assert page.status_code == 422
    assert 'value="Nina de Vries"' in page.text
    assert 'action="/people/invite/"' in page.text


def test_roles_wait_for_the_proof_and_are_then_as_ticked(client, ada):
    cleo = make_user("cleo")
    path = f"/people/{cleo.pk}/roles/"
    let_time_pass(client, minutes=15)

    led = client.post(path, {"roles": ["finance"]})
    assert list(cleo.groups.values_list("name", flat=True)) == ["cx"]
    done = client.post(led.url, {"password": PASSWORD, "next": path})

    assert done.url == f"/people/{cleo.pk}/"
    assert list(cleo.groups.values_list("name", flat=True)) == ["finance"]


def test_reading_people_asks_for_nothing(client, ada):
    let_time_pass(client, minutes=600)

    for path in ("/people/", "/people/invite/", f"/people/{ada.pk}/"):
        assert client.get(path).status_code == 200


def test_a_form_for_credentials_asks_when_it_is_opened(client, ada):
    row = factories.ConnectionFactory()
    let_time_pass(client, minutes=15)

    for path in ("add/?kind=bluecherry", f"{row.pk}/change/"):
        led = client.get(f"/admin/exceptions_app/connection/{path}")
        assert led.url.startswith("/account/confirm/?next=%2Fadmin%2Fexceptions_app%2Fconnection")
    assert client.get("/admin/exceptions_app/connection/").status_code == 200


def test_credentials_are_never_kept_back_in_the_session(client, ada):
    wanted = {
        "code": "returngo-uk",
        "name": "ReturnGO UK",
        "kind": "returngo",
        "mode": "sandbox",
        "base_url": "http://127.0.0.1:9000/returngo",
        "is_active": "on",
        "returngo__setting__shop_name": "alder",
        "returngo__secret__api_key": "canary-key",
    }
    let_time_pass(client, minutes=30)

    late = client.post("/admin/exceptions_app/connection/add/", wanted)

    assert late.status_code == 200
    assert str(errors.ProofTooOld()) in late.text
    assert 'value="ReturnGO UK"' in late.text
    assert "canary-key" not in str(dict(client.session))
    assert not Connection.objects.exists()
    client.post("/account/confirm/", {"password": PASSWORD})
    assert client.post("/admin/exceptions_app/connection/add/", wanted).status_code == 302
    assert Connection.objects.get().name == "ReturnGO UK"


def test_what_was_typed_for_a_quarter_of_an_hour_is_still_taken(client, ada):
    row = factories.ConnectionFactory()
    page = client.get(f"/admin/exceptions_app/connection/{row.pk}/change/")
    let_time_pass(client, minutes=29)

    answer = client.post(f"/admin/exceptions_app/connection/{row.pk}/change/", {"name": ""})

    assert page.status_code == answer.status_code == 200
    assert str(errors.ProofTooOld()) not in answer.text


def test_a_webhook_address_waits_for_the_proof(client, ada):
    row = factories.ConnectionFactory(kind="returngo")
    path = f"/admin/exceptions_app/connection/{row.pk}/webhook/"
    let_time_pass(client, minutes=15)

    led = client.post(path)
    row.refresh_from_db()
    assert row.webhook_secret_hash == ""
    shown = client.post(led.url, {"password": PASSWORD, "next": path})

    row.refresh_from_db()
    assert row.webhook_secret_hash != ""
    assert f"/hooks/{row.code}/" in shown.text
