"""A connection's own page: whether it answers, its locations, its calls, what is mapped."""

import pytest

from connectors.sandbox.shopify import ACCESS_TOKEN, API_SECRET, SHOP_DOMAIN
from connectors.sandbox.wsgi_transport import WsgiTransport
from exceptions_app.models import AuditEntry, CallCount, ConnectionHealth, ErpLocation
from exceptions_app.services import connections
from tests import factories
from tests.cast import make_user
from tests.connectors.shopify.shopify_cast import make_twin
from tests.world import make_world

pytestmark = pytest.mark.django_db


def page_of(client, connection):
    return client.get(f"/admin/connections/{connection.pk}/history/")


def test_a_person_checks_a_connection_and_reads_its_locations_from_its_page(client):
    world = make_world()
    erp = world.bridge.erp
    ErpLocation.objects.all().delete()
    client.force_login(make_user("ines"))

    with world.connected():
        checked = client.post(
            f"/operations/connections/{erp.pk}/check/", {"from": "connection"}, follow=True
        )
        read = client.post(f"/operations/connections/{erp.pk}/locations/", follow=True)

    own = f"/admin/connections/{erp.pk}/history/"
    assert [each[0] for each in (*checked.redirect_chain, *read.redirect_chain)] == [own, own]
    assert "BlueCherry: 3 locations read." in read.text
    assert '<h2 id="locations">3 locations</h2>' in read.text
    acts = list(AuditEntry.objects.filter(actor="Ines").values_list("act", flat=True))
    assert sorted(acts) == ["connection.check", "connection.locations"]


def test_locations_that_cannot_be_read_leave_those_we_know(client):
    world = make_world()
    erp = world.bridge.erp
    world.erp.faults.parse([{"kind": "status", "status": 503, "times": 1}])
    client.force_login(make_user("ines"))

    with world.connected():
        answer = client.post(f"/operations/connections/{erp.pk}/locations/", follow=True)

    assert "BlueCherry did not tell its locations" in answer.text
    assert ErpLocation.objects.filter(connection=erp, is_active=True).count() == 3
    assert ConnectionHealth.objects.get(connection=erp).failures == 1


def test_a_shop_is_tested_and_tells_its_places(client):
    twin = make_twin()
    secrets = {"access_token": ACCESS_TOKEN, "api_secret": API_SECRET}
    shop = connections.save(
        code="shop",
        name="Alder shop",
        kind="shopify",
        mode="sandbox",
        base_url="http://127.0.0.1:8999/shopify",
        settings_values={"shop_domain": SHOP_DOMAIN},
        secrets=secrets,
        actor=None,
        now=factories.NOW,
    )
    factories.BridgeFactory(name="Alder US", storefront=shop)
    client.force_login(make_user("ines"))
    before = page_of(client, shop)

    with connections.through(WsgiTransport({"/shopify": twin})):
        checked = client.post(
            f"/operations/connections/{shop.pk}/check/", {"from": "connection"}, follow=True
        )
        read = client.post(f"/operations/connections/{shop.pk}/locations/", follow=True)

    assert "A shop's places are read only when somebody asks." in before.text
    assert "The shop of Alder US." in before.text
    assert "Alder shop: " in checked.text
    assert "Alder shop: 2 locations read." in read.text
    told = ErpLocation.objects.filter(connection=shop).order_by("code")
    assert list(told.values_list("code", flat=True)) == ["Leeds", "London"]


def test_a_platform_has_no_locations_to_read(client):
    world = make_world()
    source = world.bridge.source
    client.force_login(make_user("ines"))
    before = CallCount.objects.count()

    answer = client.post(f"/operations/connections/{source.pk}/locations/", follow=True)

    assert "is neither an ERP nor a shop: it has no locations" in answer.text
    assert 'id="locations"' not in answer.text
    assert CallCount.objects.count() == before


def test_the_page_tells_what_a_return_costs_and_what_is_mapped(client):
    world = make_world()
    world.add_order()
    world.add_return()
    world.carry()
    client.force_login(make_user("ines"))
    # The world has a clock of its own; the page counts back from today.
    CallCount.objects.update(day="2099-01-01")

    answer = page_of(client, world.bridge.erp)

    assert "Calls per return" in answer.text
    assert "Mappings of Alder UK" in answer.text
    assert "Sending documents" in answer.text


def test_someone_who_only_looks_is_offered_no_act(client):
    world = make_world()
    client.force_login(make_user("aud"))

    answer = page_of(client, world.bridge.erp)

    assert answer.status_code == 200
    assert "/check/" not in answer.text
    assert "Read the locations now" not in answer.text


def test_a_new_connection_begins_with_its_system_and_asks_for_what_that_needs(client):
    client.force_login(make_user("ada"))

    choices = client.get("/admin/exceptions_app/connection/add/").text
    form = client.get("/admin/exceptions_app/connection/add/?kind=brightpearl").text

    for kind in connections.kinds():
        assert f'href="?kind={kind.code}"' in choices
    assert "_save" not in choices
    assert "brightpearl__setting__account" in form
    assert "bluecherry__" not in form
