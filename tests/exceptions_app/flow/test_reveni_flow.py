"""Reveni into our copy: polled, read, and read again when it may have decided by itself."""

import html
from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse

from connectors.sandbox.reveni import API_KEY, ReveniTwin
from connectors.sandbox.wsgi_transport import WsgiTransport
from exceptions_app.models import Case, ConnectionHealth, InboundEvent, Rma
from exceptions_app.services import bridges, connections, flow, polling
from tests import factories
from tests.cast import make_user
from tests.world import Clock, World

pytestmark = pytest.mark.django_db

ONE = "a" * 32


@pytest.fixture
def world():
    clock = Clock()
    twin = ReveniTwin(now=clock)
    source = connections.save(
        code="reveni-test",
        name="Reveni",
        kind="reveni",
        base_url="http://127.0.0.1:1/reveni",
        settings_values={},
        secrets={"api_key": API_KEY},
        refill_per_second=1000,
        capacity=1000,
        actor=None,
        now=clock.now,
        mode="sandbox",
    )
    bridge = bridges.create(
        code="uk",
        name="Alder UK",
        source=source,
        erp=factories.ErpFactory(is_active=False),
        preset="bluecherry+returngo",
        currency="GBP",
        timezone_name="Europe/London",
        policy={},
        actor=None,
        now=clock.now,
    )
    return World(clock, twin, None, WsgiTransport({"/reveni": twin}), bridge)


def make_transaction(clock, **changes):
    return {
        "id": ONE,
        "mode": "INSTANT",
        "order_name": "SO-1",
        "currency": "GBP",
        "created_at": clock.now,
        "products": [{"id": "p1", "quantity": 2, "sku": "TEE-BLK-M", "price": "36.00"}],
        **changes,
    }


def poll(world):
    world.poll()
    with world.connected():
        flow.ingest(clock=world.clock)


@pytest.mark.parametrize("is_told", [True, False])
def test_an_acceptance_by_itself_is_seen_whether_told_or_not(world, is_told):
    world.platform.set_switches({"automatic_is_told": is_told})
    world.platform.load({"transactions": [make_transaction(world.clock)]})
    poll(world)
    rma = Rma.objects.get()
    assert (rma.status_raw, rma.money, rma.units_in) == ("In progress", "confirmed", 2)
    assert rma.amount_in == Decimal("72.00")
    assert rma.reread_at == world.clock.now + timedelta(days=30)

    world.clock.advance(days=30, minutes=1)
    poll(world)

    rma.refresh_from_db()
    assert (rma.status_raw, rma.reread_at) == ("Accepted", None)
    assert [line.disposition for line in rma.lines.all()] == ["accepted/automatic"]
    assert InboundEvent.objects.filter(topic="AGAIN").count() == 1


def test_what_the_platform_has_not_decided_is_asked_again_a_day_later(world):
    world.platform.load({"transactions": [make_transaction(world.clock)]})
    poll(world)
    # Our clock is ahead: to the platform the 30 days are not over yet.
    world.platform.set_switches({"clock_skew_seconds": -3600})
    world.clock.advance(days=30, minutes=1)

    poll(world)
    first = Rma.objects.get().reread_at
    world.clock.advance(days=1)
    poll(world)

    assert first == world.clock.now
    assert Rma.objects.get().status_raw == "Accepted"


def test_without_anything_due_nothing_is_read_again(world):
    world.platform.load({"transactions": [make_transaction(world.clock, mode="NOT_INSTANT")]})
    poll(world)
    world.clock.advance(days=31)

    with world.connected():
        polling.poll_due(now=world.clock.now)

    assert Rma.objects.get().reread_at is None
    assert not InboundEvent.objects.filter(topic="AGAIN").exists()


def test_a_live_connection_nobody_confirmed_is_left_alone(world):
    source = world.bridge.source
    source.mode, source.base_url = "live", "https://api.reveni.example/reveni"
    source.save(update_fields=["mode", "base_url"])

    poll(world)

    health = ConnectionHealth.objects.get(connection=source)
    assert (health.failures, health.refused_at, health.last_ok_at) == (0, None, None)
    assert world.platform.calls() == {}
    assert not Case.objects.exists()


def test_the_connection_says_how_each_operation_is_known(world, client):
    client.force_login(make_user("ines"))

    page = client.get(reverse("admin:connection-history", args=[world.bridge.source_id]))

    text = page.content.decode()
    assert page.status_code == 200
    for operation in ("list_returns", "read_return", "list_refunds", "add_note"):
        assert operation in text
    assert "no path of Reveni's API is publicly known" in html.unescape(text)
