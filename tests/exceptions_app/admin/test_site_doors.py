"""Addresses of the set-up site that Django brings: who may go there. Ours have own tables."""

import pytest
from django.urls import URLResolver, reverse

from exceptions_app.admin import mapping_urls, site
from exceptions_app.models import AuditEntry, Bridge, Connection, Mapping
from exceptions_app.permissions import CAPABILITIES
from tests import factories
from tests.cast import ROLES, make_user

pytestmark = pytest.mark.django_db

NOBODY = "nobody"
# They lead to the desk's own door; tests of accounts say how.
DOORWAYS = {"login", "logout", "password_change", "password_change_done"}
MODELS = ("bridge", "connection", "creditquote", "erplocation", "item", "mapping")
CHANGED = {
    "bridge_add": "manage_connections",
    "connection_add": "manage_connections",
    "connection_webhook": "manage_connections",
}
SITE = {
    "index": "use_admin",
    "jsi18n": "use_admin",
    "app_list": "use_admin",
    "view_on_site": "use_admin",
    # Nothing offers a choice that is looked up there.
    "autocomplete": NOBODY,
    **{f"exceptions_app_{model}_changelist": "use_admin" for model in MODELS},
    **{f"exceptions_app_{model}_history": "use_admin" for model in MODELS},
    **{f"exceptions_app_{model}_change": "use_admin" for model in MODELS},
    **{f"exceptions_app_{model}_add": NOBODY for model in MODELS},
    **{f"exceptions_app_{model}_delete": NOBODY for model in MODELS},
    **{f"exceptions_app_{name}": capability for name, capability in CHANGED.items()},
}


@pytest.fixture
def rows(db):
    bridge = factories.BridgeFactory()
    return {
        "bridge": bridge.pk,
        "connection": bridge.erp_id,
        "creditquote": factories.CreditQuoteFactory(bridge=bridge).pk,
        "mapping": factories.MappingFactory(bridge=bridge).pk,
    }


def address_of(name, rows):
    args = []
    if name == "app_list":
        args = ["exceptions_app"]
    elif name == "view_on_site":
        args = ["1", "1"]
    elif name.endswith(("_history", "_change", "_delete", "_webhook")):
        args = [rows.get(name.split("_")[2], 999999)]
    return reverse(f"admin:{name}", args=args)


def state():
    models = (AuditEntry, Bridge, Connection, Mapping)
    return [list(model.objects.order_by("pk").values_list()) for model in models]


def test_every_address_of_the_site_is_in_a_table():
    ours = {pattern.name for pattern in mapping_urls.urlpatterns}
    patterns = [each for each in site.get_urls() if not isinstance(each, URLResolver)]
    included = [
        each
        for resolver in site.get_urls()
        if isinstance(resolver, URLResolver)
        for each in resolver.url_patterns
    ]
    names = {each.name for each in (*patterns, *included)} - {None}

    assert names - ours - DOORWAYS == set(SITE)


@pytest.mark.parametrize("name", SITE)
def test_others_are_refused_and_nothing_changes(client, rows, name):
    address, before = address_of(name, rows), state()
    led = client.get(address, follow=True).redirect_chain
    assert led[-1][0].startswith("/sign-in/?next=")

    for person, role in ROLES.items():
        if role in CAPABILITIES.get(SITE[name], ()):
            continue
        client.force_login(make_user(person))
        for method in ("get", "post"):
            answer = getattr(client, method)(address, follow=True)
            # What is not there is not found, and some take no post, whoever asks.
            refusals = {403, 404} if "999999" in address else {403}
            if role in CAPABILITIES["use_admin"]:
                refusals |= {405}
            assert answer.status_code in refusals, (person, method)
    assert state() == before


@pytest.mark.parametrize("name", [name for name, needs in SITE.items() if needs != NOBODY])
def test_holders_get_in(client, rows, name):
    address = address_of(name, rows)

    for person in ("ada", "ines"):
        client.force_login(make_user(person))
        assert client.get(address).status_code in (200, 302, 404), person


def test_who_is_signed_in_is_led_from_the_site_s_door_to_its_index(client):
    client.force_login(make_user("ada"))
    assert client.get("/admin/login/").url == "/admin/"

    client.force_login(make_user("cleo"))
    assert client.get("/admin/login/").status_code == 403
