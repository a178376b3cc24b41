"""Reads for several returns in one call: the same outcome as one by one, in fewer calls."""

import copy
from datetime import timedelta

import pytest
from django.db import transaction

from connectors.errors import ReadInPart, RetryLater, UnreadableReply
from exceptions_app.models import (
    Case,
    ConnectionHealth,
    InboundEvent,
    Item,
    ItemMiss,
    Posting,
    Rma,
)
from exceptions_app.services import events, flow, ingesting, plan_claims, planning
from exceptions_app.services.pacing import BudgetSpent
from tests.batches import BatchErp, BatchPlatform, speak_in_sets
from tests.faults.actors import Crash
from tests.world import make_rma, make_unit, make_world

pytestmark = pytest.mark.django_db

NUMBERS = ("5001", "5002", "5003", "5004")


def make_due_returns():
    """Four returns: two of one order, one of an order nobody knows, one with an unknown SKU."""
    world = make_world()
    Item.objects.all().delete()
    world.add_order("SO-1")
    world.add_order("SO-2")
    world.add_return("5001")
    world.add_return("5002", items=[make_unit("5002-1", sku="TEE-BLK-L")])
    world.add_return("5003", order_name="SO-NONE")
    world.add_return("5004", order_name="SO-2", items=[make_unit("5004-1", sku="GONE-1")])
    world.poll()
    with world.connected():
        flow.ingest(clock=world.clock)
    for waited, number in enumerate(NUMBERS):
        due_at = world.clock.now - timedelta(seconds=9 - waited)
        Rma.objects.filter(external_id=number).update(plan_due_at=due_at)
    return world


def plan(world):
    with world.connected():
        flow.plan(clock=world.clock)


def outcome():
    """What became of the four, without the database's own ids."""
    rmas = Rma.objects.order_by("external_id")
    return {
        "orders": list(rmas.values_list("external_id", "sales_order__number", "order_problem")),
        "due": list(rmas.values_list("plan_due_at", "plan_lease_until")),
        "items": sorted(Item.objects.values_list("sku", flat=True)),
        "misses": sorted(ItemMiss.objects.values_list("sku_key", flat=True)),
        "postings": list(Posting.objects.order_by("key").values_list("key", "status", "gross")),
        "cases": sorted(Case.objects.values_list("rma__external_id", "type")),
    }


def asked(script, what):
    return [ids for kind, ids in script.reads if kind == what]


def test_orders_and_items_of_due_returns_are_read_together_with_the_same_outcome(monkeypatch):
    with monkeypatch.context() as alone, transaction.atomic():
        single = speak_in_sets(alone, most=1)
        plan(make_due_returns())
        one_by_one = outcome()
        transaction.set_rollback(True)

    together = speak_in_sets(monkeypatch)
    plan(make_due_returns())

    assert outcome() == one_by_one
    assert asked(single, "orders") == [("SO-1",), ("SO-NONE",), ("SO-2",)]
    assert asked(together, "orders") == [("SO-1", "SO-NONE", "SO-2")]
    (skus,) = asked(together, "items")
    assert sorted(skus) == ["GONE-1", "TEE-BLK-L", "TEE-BLK-M"]
    assert one_by_one["orders"][2] == ("5003", None, "")
    assert ("5004", "SKU_UNKNOWN") in one_by_one["cases"]


def test_an_order_that_cannot_be_read_is_the_trouble_of_its_return_alone(monkeypatch):
    script = speak_in_sets(monkeypatch)
    world = make_due_returns()
    real = BatchErp.find_orders

    def garbled(erp, numbers):
        if "SO-2" in numbers:
            script.reads.append(("garbled", tuple(numbers)))
            raise UnreadableReply("line 1 has no quantity", field="quantity")
        return real(erp, numbers)

    monkeypatch.setattr(BatchErp, "find_orders", garbled)
    plan(world)

    orders = {row[0]: row[1:] for row in outcome()["orders"]}
    assert orders["5001"] == orders["5002"] == ("SO-1", "")
    assert orders["5004"] == (None, "line 1 has no quantity")
    assert asked(script, "orders") == [("SO-1",), ("SO-NONE",)]
    assert ConnectionHealth.objects.get(connection=world.bridge.erp).failures == 0


def test_a_read_that_fails_puts_off_those_that_wait_for_it_and_no_other(monkeypatch):
    world = make_due_returns()
    plan(world)
    speak_in_sets(monkeypatch)

    def busy(erp, numbers):
        raise RetryLater("Down for a moment", after_seconds=40)

    monkeypatch.setattr(BatchErp, "find_orders", busy)
    Rma.objects.update(plan_due_at=world.clock.now, order_asked_at=None, planned_at=None)
    plan(world)

    planned = Rma.objects.filter(planned_at=world.clock.now).order_by("external_id")
    assert list(planned.values_list("external_id", flat=True)) == ["5001", "5002", "5004"]
    waiting = Rma.objects.get(external_id="5003")
    assert waiting.plan_due_at == world.clock.now + timedelta(seconds=40)
    assert waiting.plan_lease_until is None
    assert ConnectionHealth.objects.get(connection=world.bridge.erp).failures == 1


def test_a_return_nobody_can_plan_keeps_no_other_from_its_turn(monkeypatch):
    speak_in_sets(monkeypatch)
    world = make_due_returns()
    real = planning.plan

    def broken(*, rma_id, **values):
        if Rma.objects.get(pk=rma_id).external_id == "5001":
            raise ZeroDivisionError
        return real(rma_id=rma_id, **values)

    monkeypatch.setattr(planning, "plan", broken)
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            plan(world)
        plan(world)
        world.clock.advance(minutes=3)

    planned = Rma.objects.filter(planned_at__isnull=False).order_by("external_id")
    assert list(planned.values_list("external_id", flat=True)) == ["5002", "5003", "5004"]


def test_a_return_whose_worker_died_is_planned_alone(monkeypatch):
    speak_in_sets(monkeypatch)
    world = make_due_returns()
    over = world.clock.now - timedelta(seconds=1)
    Rma.objects.filter(external_id="5001").update(plan_lease_until=over)

    first = plan_claims.claim_due(now=world.clock.now)
    company = plan_claims.claim_company(first=first, most=9, now=world.clock.now)
    second = plan_claims.claim_due(now=world.clock.now)
    others = plan_claims.claim_company(first=second, most=9, now=world.clock.now)

    assert (first.external_id, company) == ("5001", [])
    assert [row.external_id for row in (second, *others)] == ["5002", "5003", "5004"]


def receive(world, *subjects):
    for count, subject in enumerate(subjects):
        events.receive(
            connection=world.bridge.source,
            external_id=f"hook:{count}:{subject}",
            topic="RMA_STATUS_UPDATED",
            origin="webhook",
            body=f"{count}".encode(),
            subject_id=subject,
            now=world.clock.now,
        )


def ingest(world):
    with world.connected():
        return flow.ingest(clock=world.clock)


def test_messages_of_several_returns_are_answered_by_one_reading(monkeypatch):
    script = speak_in_sets(monkeypatch)
    world = make_world()
    world.platform.load({"rmas": [make_rma("5001"), make_rma("5002")]})
    receive(world, "5001", "5002", "5003", "5001")

    assert ingest(world) == 1

    assert script.reads == [("rmas", ("5001", "5002", "5003"))]
    states = list(InboundEvent.objects.order_by("id").values_list("subject_id", "state"))
    assert states == [
        ("5001", "processed"),
        ("5002", "processed"),
        ("5003", "parked"),
        ("5001", "quiet"),
    ]
    assert sorted(Rma.objects.values_list("external_id", flat=True)) == ["5001", "5002"]


def test_returns_that_a_quota_put_off_are_still_read_together(monkeypatch):
    script = speak_in_sets(monkeypatch)
    world = make_world()
    world.platform.load({"rmas": [make_rma("5001"), make_rma("5002")]})
    receive(world, "5001", "5002")

    def throttled(platform, external_ids):
        raise RetryLater("Too many calls", after_seconds=5, is_throttled=True)

    with monkeypatch.context() as quota:
        quota.setattr(BatchPlatform, "rmas", throttled)
        ingest(world)
    assert script.reads == []
    world.clock.advance(minutes=2)
    ingest(world)

    assert script.reads == [("rmas", ("5001", "5002"))]
    assert InboundEvent.objects.filter(state="new").count() == 0


def test_a_platform_that_tells_one_at_a_time_is_asked_once_per_return(monkeypatch):
    script = speak_in_sets(monkeypatch, most=1)
    world = make_world()
    world.platform.load({"rmas": [make_rma("5001"), make_rma("5002")]})
    receive(world, "5001", "5002", "5001")

    assert ingest(world) == 2

    assert script.reads == [("rma", ("5001",)), ("rma", ("5002",))]
    assert InboundEvent.objects.filter(state="new").count() == 0


def test_a_return_that_cannot_be_read_holds_no_other_up(monkeypatch):
    script = speak_in_sets(monkeypatch)
    world = make_world()
    world.platform.load({"rmas": [make_rma("5001"), make_rma("5002")]})
    receive(world, "5001", "5002")
    real = BatchPlatform.rma

    def garbled(platform, external_id):
        if external_id == "5001":
            raise UnreadableReply("items is no list", field="items")
        return real(platform, external_id)

    def garbled_set(platform, external_ids):
        raise UnreadableReply("items is no list", field="items")

    monkeypatch.setattr(BatchPlatform, "rma", garbled)
    monkeypatch.setattr(BatchPlatform, "rmas", garbled_set)
    ingest(world)

    states = list(InboundEvent.objects.order_by("id").values_list("state", "error_type"))
    assert states == [("parked", "PAYLOAD_INVALID"), ("processed", "")]
    assert script.reads == [("rma", ("5002",))]


# --- A set that was read in part ---------------------------------------------------------------


FIRST, SECOND, THIRD = "5001", "5002", "5003"


def read_in_part(monkeypatch, script, *, after_seconds=5, more_seconds=4):
    """Let a set bring its first return alone: for the others no call is left."""
    whole = BatchPlatform.rmas

    def in_part(platform, external_ids):
        if len(external_ids) == 1:
            return whole(platform, external_ids)
        script.reads.append(("part", tuple(external_ids)))
        why = BudgetSpent("No call is left", after_seconds=after_seconds, is_throttled=True)
        why.more_seconds = more_seconds
        raise ReadInPart(why, found=(platform.rma(external_ids[0]),))

    monkeypatch.setattr(BatchPlatform, "rmas", in_part)


@pytest.fixture
def three(monkeypatch):
    script = speak_in_sets(monkeypatch)
    world = make_world()
    world.platform.load({"rmas": [make_rma(FIRST), make_rma(SECOND), make_rma(THIRD)]})
    read_in_part(monkeypatch, script)
    receive(world, FIRST, SECOND, THIRD, SECOND)
    return world, script


def waiting():
    rows = InboundEvent.objects.filter(state="new").order_by("id")
    return list(rows.values_list("subject_id", "attempts", "not_before", "lease_until"))


def test_what_a_set_brought_is_stored_and_only_the_rest_is_asked_for_again(three):
    world, script = three

    ingest(world)

    assert list(Rma.objects.values_list("external_id", flat=True)) == [FIRST]
    later = world.clock.now + timedelta(seconds=9)
    # Not tried: they may still be read together, each message behind the one before it.
    assert waiting() == [(each, 0, later, None) for each in (SECOND, THIRD, SECOND)]
    health = ConnectionHealth.objects.get(connection=world.bridge.source)
    assert (health.state, health.failures) == ("closed", 0)

    world.clock.advance(seconds=10)
    ingest(world)
    world.clock.advance(seconds=10)
    ingest(world)

    assert asked(script, "part") == [(FIRST, SECOND, THIRD), (SECOND, THIRD)]
    # One inside each of the two parts; the last was asked for alone.
    assert asked(script, "rma") == [(FIRST,), (SECOND,), (THIRD,)]
    assert waiting() == []
    assert outcomes_of_messages() == [
        (FIRST, "processed"),
        (SECOND, "processed"),
        (THIRD, "processed"),
        (SECOND, "quiet"),
    ]


def outcomes_of_messages():
    return list(InboundEvent.objects.order_by("id").values_list("subject_id", "state"))


def test_a_worker_killed_behind_the_first_of_a_part_loses_and_doubles_nothing(three, monkeypatch):
    world, _ = three
    real, deaths = events.put_off, []

    def die_once(event, moment, **values):
        if not deaths:
            deaths.append(event.subject_id)
            raise Crash
        return real(event, moment, **values)

    with monkeypatch.context() as killing:
        killing.setattr(events, "put_off", die_once)
        with pytest.raises(Crash):
            ingest(world)
    assert list(Rma.objects.values_list("external_id", flat=True)) == [FIRST]
    assert [row[0] for row in waiting()] == [SECOND, THIRD, SECOND]

    for _ in range(4):
        world.clock.advance(seconds=400)
        ingest(world)

    assert deaths == [SECOND]
    assert waiting() == []
    assert sorted(Rma.objects.values_list("external_id", flat=True)) == [FIRST, SECOND, THIRD]
    assert [state for _, state in outcomes_of_messages()].count("processed") == 3


def test_two_workers_at_once_store_each_return_of_a_part_once(three):
    world, _ = three
    first = ingesting.claim_due(now=world.clock.now)
    company = ingesting.claim_company(first=first, now=world.clock.now)

    slept = [copy.copy(event) for event in (first, *company)]
    assert ingesting.claim_due(now=world.clock.now) is None
    with world.connected():
        ingesting.process(claimed=(first, *company), now=world.clock.now)
        world.clock.advance(seconds=400)
        # One that slept past its lease does all of it again.
        ingesting.process(claimed=slept, now=world.clock.now)
    for _ in range(3):
        world.clock.advance(seconds=400)
        ingest(world)

    assert sorted(Rma.objects.values_list("external_id", flat=True)) == [FIRST, SECOND, THIRD]
    assert waiting() == []
