"""Messages come twice, in any order and with strange headers: one effect, the same end (W1-W4)."""

import contextlib
import itertools
import json

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exceptions_app.models import AuditEntry, InboundEvent, Refund, Rma, RmaLine
from exceptions_app.services import connections, events, flow, rmas, webhook_addresses
from tests.world import World, make_rma, make_unit, make_validation, make_world

pytestmark = pytest.mark.django_db

patient = settings(
    deadline=None,
    max_examples=25,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@pytest.fixture
def world():
    world = make_world()
    world.add_order()
    return world


@contextlib.contextmanager
def undone():
    """Take back what one example wrote, so that the next one starts from the same rows."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def state_at(version: int) -> dict[str, object]:
    """The return as the platform tells it after its change number `version`, from 1 on."""
    stamp = f"2026-05-20T08:{version:02d}:00"
    units = [
        make_unit(
            f"5001-{number}",
            validation=make_validation() if version > number else None,
            reason=f"Reason {version}",
        )
        for number in (1, 2)
    ]
    return make_rma("5001", items=units, updated_at=stamp, refunded=40 if version > 3 else None)


def deliver(world: World, version: int, body: bytes = b"") -> tuple[int, bool]:
    return events.receive(
        connection=world.bridge.source,
        external_id=f"change-{version}",
        topic="RMA_STATUS_UPDATED",
        origin="webhook",
        body=body or json.dumps({"rma": "5001", "change": version}).encode(),
        subject_id="5001",
        now=world.clock.now,
    )


def ingest(world: World) -> None:
    with world.connected():
        flow.ingest(clock=world.clock)


def copy_of_return() -> tuple[object, ...]:
    """Everything our copy says, without row ids and without the moments at which we heard it."""
    rma = Rma.objects.get()
    lines = RmaLine.objects.order_by("line_no").values_list(
        "unit_ids", "sku", "quantity", "reason", "inspection", "is_restockable", "location"
    )
    refunds = Refund.objects.order_by("external_id").values_list("external_id", "status", "amount")
    axes = (rma.approval, rma.logistics, rma.inspection, rma.money, rma.exchange)
    return (rma.source_updated_at, rma.source_digest, axes, list(lines), list(refunds))


@patient
@given(copies=st.integers(1, 20), handled_after=st.integers(1, 20))
def test_any_number_of_copies_has_one_row_and_one_effect(world, copies, handled_after):
    with undone():
        world.platform.load({"rmas": [state_at(1)]})
        told_new = []
        for number in range(1, copies + 1):
            told_new.append(deliver(world, 1)[1])
            if number == handled_after:
                ingest(world)
        ingest(world)

        event = InboundEvent.objects.get()
        assert told_new == [True] + [False] * (copies - 1)
        assert (event.copies, event.differing_copies, event.state) == (copies - 1, 0, "processed")
        assert AuditEntry.objects.filter(act="rma.apply").count() == 1


@pytest.mark.parametrize("order", list(itertools.permutations((1, 2, 3, 4))), ids=str)
def test_messages_in_any_order_end_in_the_last_state(world, order):
    for version in order:
        # The platform has moved on at least as far as the message that now comes.
        world.platform.load({"rmas": [state_at(max(order[: order.index(version) + 1]))]})
        deliver(world, version)
        ingest(world)
        world.clock.advance(seconds=1)

    assert copy_of_return() == in_order(world, 4)


@patient
@given(order=st.permutations((1, 2, 3, 4, 5, 6)), handled=st.sets(st.integers(1, 6)))
def test_six_messages_handled_at_any_time_end_in_the_last_state(world, order, handled):
    with undone():
        seen = 0
        for version in order:
            seen = max(seen, version)
            world.platform.load({"rmas": [state_at(seen)]})
            deliver(world, version)
            if version in handled:
                ingest(world)
        ingest(world)

        assert copy_of_return() == in_order(world, 6)


@patient
@given(order=st.permutations((1, 2, 3, 4, 5, 6)))
def test_readings_applied_late_never_undo_newer_ones(world, order):
    """As when a worker read the platform, slept, and writes after others did."""
    with undone():
        readings = {version: reading_of(world, version) for version in order}
        for version in order:
            rmas.apply(bridge=world.bridge, reading=readings[version], now=world.clock.now)
            assert Rma.objects.get().source_updated_at == max(
                readings[one].updated_at for one in order[: order.index(version) + 1]
            )

        assert copy_of_return() == in_order(world, 6)


def test_the_same_id_with_another_body_keeps_the_first_and_flags_the_second(world):
    world.platform.load({"rmas": [state_at(1)]})
    first = json.dumps({"rma": "5001"}).encode()

    deliver(world, 1, first)
    deliver(world, 1, b'{"rma": "6666"}')
    ingest(world)

    event = InboundEvent.objects.get()
    assert bytes(event.body) == first
    assert (event.copies, event.differing_copies) == (1, 1)
    assert list(Rma.objects.values_list("external_id", flat=True)) == ["5001"]
    assert world.open_types() == ["DUPLICATE_SIGNAL"]


HOSTILE = st.text(st.characters(codec="latin-1", exclude_characters="\r\n"), max_size=400)


@patient
@given(
    delivery=HOSTILE, content_type=HOSTILE, length=st.sampled_from(["", "-1", "x", "9" * 30, "²"])
)
def test_no_header_makes_the_hook_fail(world, client, delivery, content_type, length):
    with undone():
        secret = webhook_addresses.renew(
            connection_id=world.bridge.source_id, actor=None, now=world.clock.now
        )
        named = {"X-Delivery-Id": delivery} if delivery else {}

        answer = client.post(
            f"/hooks/{world.bridge.source.code}/{secret}/",
            b'{"rmaId": "5001"}',
            content_type=content_type,
            headers=named,
        )
        wrong = client.post(
            f"/hooks/{world.bridge.source.code}/{secret}x/",
            b"{}",
            content_type="application/json",
            headers={**named, "Content-Length": length},
        )

        assert (answer.status_code, wrong.status_code) == (202, 401)
        assert InboundEvent.objects.count() == 1


def reading_of(world: World, version: int):
    world.platform.load({"rmas": [state_at(version)]})
    with world.connected():
        return connections.source(connection=world.bridge.source, reason="poll").rma("5001")


def in_order(world: World, last: int) -> tuple[object, ...]:
    """What our copy says when every change is heard once, one after the other."""
    with undone():
        Rma.objects.all().delete()
        for version in range(1, last + 1):
            reading = reading_of(world, version)
            rmas.apply(bridge=world.bridge, reading=reading, now=world.clock.now)
        return copy_of_return()
