"""Changes that a platform shows too late for any poll: found, read at once, ended by proof."""

from datetime import timedelta
from decimal import Decimal

import pytest

from exceptions_app.models import CallCount, Case, ConnectionBudget, InboundEvent, Rma, Watermark
from exceptions_app.services import gaps
from tests.world import make_world

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    """A return that came by the ordinary polls, the last of them now."""
    made = make_world()
    made.add_order()
    made.add_return("5001", updated_at=text(made, minutes=5))
    made.carry()
    made.clock.advance(hours=3)
    made.poll()
    return made


def text(world, **ago):
    return (world.clock.now - timedelta(**ago)).strftime("%Y-%m-%dT%H:%M:%S")


def look(world):
    """Compare; returns how many calls were made for it."""
    before = calls()
    with world.connected():
        gaps.look_due(now=world.clock.now)
    return calls() - before


def calls():
    return sum(CallCount.objects.filter(reason="gaps").values_list("count", flat=True))


def test_a_day_on_which_nothing_is_missing_costs_one_call(world):
    made = [look(world), look(world)]
    world.clock.advance(hours=24)
    world.poll()

    assert [*made, look(world)] == [1, 0, 1]
    assert not Case.objects.exists()
    assert not InboundEvent.objects.filter(topic="GAP").exists()


def test_a_return_that_is_shown_late_is_told_and_read_and_closes_once_it_is_here(world):
    world.add_return("5002", updated_at=text(world, hours=2))
    world.poll()
    world.settle()
    assert not Rma.objects.filter(external_id="5002").exists()

    look(world)

    case = Case.objects.get()
    assert (case.type, case.team, case.connection) == (
        "EVENT_GAP",
        "operations",
        world.bridge.source,
    )
    assert (case.facts["expected"], case.facts["got"]) == ("2 returns", "1")
    assert InboundEvent.objects.get(topic="GAP").subject_id == "5002"
    world.settle()
    assert Rma.objects.get(external_id="5002").sales_order.number == "SO-1"

    world.clock.advance(minutes=59)
    world.poll()
    assert look(world) == 0
    world.clock.advance(minutes=1)
    assert look(world) == 1
    case.refresh_from_db()
    assert (case.status, case.closure) == ("resolved", "proof")
    assert case.proof == "Of every return that ReturnGO lists as changed, a message came."


def test_what_changed_a_moment_ago_is_on_its_way_and_not_missing(world):
    world.add_return("5002", updated_at=text(world, minutes=2))

    assert look(world) == 2

    assert not Case.objects.exists()


def test_a_platform_whose_polls_are_behind_is_not_compared(world):
    world.add_return("5002", updated_at=text(world, hours=2))
    Watermark.objects.filter(feed="rmas").update(read_at=world.clock.now - timedelta(minutes=61))

    assert look(world) == 0

    assert not Case.objects.exists()


def test_once_half_of_the_days_calls_are_used_nothing_is_compared(world):
    budget = ConnectionBudget.objects.filter(connection=world.bridge.source)
    budget.update(daily_limit=100, write_reserve=10, calls_today=45)
    assert look(world) == 0

    budget.update(calls_today=44)
    assert look(world) == 1


def test_what_is_at_risk_adds_up_no_other_currency(world):
    paid = Rma.objects.get().refunds.get()
    paid.pk, paid.external_id, paid.amount, paid.currency = None, "abroad", Decimal(500), "EUR"
    paid.save()
    InboundEvent.objects.update(received_at=world.clock.now - timedelta(days=3))

    look(world)

    case = Case.objects.get(type="EVENT_GAP")
    assert (case.value, case.currency) == (Decimal(20), "GBP")
