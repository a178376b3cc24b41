"""A policy tried on returns of the past, before it is in force: it reads only."""

from decimal import Decimal

import pytest

from exceptions_app import errors
from exceptions_app.models import AuditEntry, Bridge, Bulk, Case, Posting, Rma
from exceptions_app.selectors import bulk as bulk_selector
from exceptions_app.services import bulk, bulk_drafts, bulk_freezing, bulk_running
from tests.cast import make_user
from tests.world import make_world

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    """A tolerance of 5p: refunds of £20.03 let pass and settled, of £20.00, and of £20.50 open."""
    world = make_world(policy={"tolerance": {"GBP": "0.05"}})
    for number, refunded in enumerate(("20.03", "20.00", "20.50")):
        world.add_order(f"SO-{number}")
        world.add_return(f"500{number}", order_name=f"SO-{number}", refunded=Decimal(refunded))
    world.carry()
    assert world.open_types() == ["REFUND_CM_MISMATCH"]
    return world


def _try(world, policy, days=30):
    ada, now = make_user("ada"), world.clock.now
    found = bulk_freezing.freeze_policy(
        bridge=world.bridge, policy=policy, days=days, actor=ada, now=now
    )
    bulk.start(bulk_id=found.pk, given={}, actor=ada, now=now)
    while Bulk.objects.filter(state="running").exists():
        bulk_running.run_next(now=now)
    return found


def _told(found):
    rows = bulk_selector.verdicts(found)
    return {row["verdict"]: (row["number"], row["sums"][0].amount) for row in rows}


def _kept():
    return (
        list(Case.objects.order_by("pk").values()),
        list(Posting.objects.order_by("pk").values()),
        list(Rma.objects.order_by("pk").values_list("planned_at", "plan_due_at")),
        Bridge.objects.get().policy,
    )


def test_a_tolerance_says_what_it_would_open_and_close_and_changes_nothing(world):
    before, own = _kept(), world.bridge.policy

    wider = _try(world, {**own, "tolerance": {"GBP": "1.00"}})
    none = _try(world, {**own, "tolerance": {}})

    assert _told(wider) == {"healed": (1, Decimal(20)), "same": (2, Decimal(40))}
    assert bulk_selector.types_tried(wider) == [("REFUND_CM_MISMATCH", 0, 1)]
    assert _told(none) == {"broken": (1, Decimal(20)), "same": (2, Decimal(40))}
    assert bulk_selector.types_tried(none) == [("REFUND_CM_MISMATCH", 1, 0)]
    assert bulk_selector.credits_tried(none) == []
    assert _kept() == before
    assert not AuditEntry.objects.filter(act="bridge.policy").exists()
    assert none.words.startswith(
        "Policy of Alder UK: How far refund and credit may differ; returns"
    )


def test_one_so_wide_that_the_shipping_fits_into_it_gives_none_back_unasked(world):
    found = _try(world, {**world.bridge.policy, "tolerance": {"GBP": "5.00"}})

    assert bulk_selector.credits_tried(found) == []
    assert _told(found) == {"healed": (1, Decimal(20)), "same": (2, Decimal(40))}


def test_what_would_be_credited_more_is_told_before_it_is_in_force():
    """Refunded with the shipping, 3p short of it: told from the items only by a tolerance."""
    world = make_world()
    world.add_order("SO-9")
    world.add_return("5009", order_name="SO-9", refunded=Decimal("23.92"))
    world.carry()

    found = _try(world, {**world.bridge.policy, "tolerance": {"GBP": "0.05"}})

    (more,) = bulk_selector.credits_tried(found)
    assert (more.is_more, more.number, more.amount) == (True, 1, Decimal("3.95"))


def test_no_more_than_the_newest_are_tried_and_the_act_says_so(world, monkeypatch):
    monkeypatch.setattr(bulk_drafts, "MOST_TRIED", 2)

    found = _try(world, {**world.bridge.policy, "tolerance": {}})

    assert list(found.rows.values_list("rma__external_id", flat=True)) == ["5000", "5001"]
    assert found.words.endswith("; the newest 2 returns, there are more")


@pytest.mark.parametrize(
    ("change", "days", "text"),
    [
        ({}, 30, "in force already"),
        ({"tolerance": {"GBP": "0.10"}}, 31, "one of the times offered"),
        ({"tolerance": {"GBP": "-1"}}, 30, "tolerance"),
    ],
)
def test_what_cannot_be_tried_is_refused(change, days, text):
    world = make_world()

    with pytest.raises(errors.InvalidChoice, match=text):
        _try(world, {**world.bridge.policy, **change}, days)

    assert not Bulk.objects.exists()
