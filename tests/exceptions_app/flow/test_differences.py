"""A difference settled from the workbench, end to end: accepted until a day, or completed."""

from datetime import date
from decimal import Decimal

import pytest
import time_machine

from exceptions_app import errors
from exceptions_app.models import Case, Fix, Mapping, Posting
from exceptions_app.services import differences, fixes
from tests.cast import make_user
from tests.world import add_mapping, make_world

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    world = make_world()
    add_mapping(world, "fee", "adjustment", {"component": "adjustment", "erp_code": "ADJ"})
    world.add_order()
    return world


def the_case():
    return Case.objects.get(type="REFUND_CM_MISMATCH")


def booked(world):
    """The confirmed credits, each of which the ERP holds once."""
    rows = Posting.objects.filter(kind="credit_memo", status="confirmed").order_by("pk")
    assert len(world.documents("CM")) == len(rows)
    return [row.gross for row in rows]


def settle(world, act, **answers):
    """Asked for by finn, agreed by fiona; then the time to take it back passes."""
    case = the_case()
    fix = differences.settle(
        case_id=case.pk,
        seen=case.version,
        act=act,
        actor=make_user("finn"),
        now=world.clock.now,
        **{"reason_code": "goodwill", **answers},
    )
    assert fix.status == "requested"
    fiona = make_user("fiona", "finance")
    fixes.approve(fix_id=fix.pk, seen_hash=fix.payload_hash, actor=fiona, now=world.clock.now)
    world.settle()
    world.clock.advance(minutes=2)
    world.settle()
    fix.refresh_from_db()
    return fix


def test_what_was_accepted_until_a_day_is_an_exception_again_after_it(world):
    world.add_return(refunded=Decimal("23.20"))
    world.carry()

    fix = settle(world, "accept", until=date(2026, 5, 22))

    assert fix.payload == {
        "difference": "3.20",
        "cap": "3.20",
        "until": "2026-05-22",
        "owner": "finn",
        "cause": "unexplained",
    }
    case = the_case()
    assert (case.status, case.closure) == ("resolved", "proof")
    assert ", until 22 May 2026" in case.proof
    assert booked(world) == [Decimal(20)]
    # The books are kept in London, where the day ends an hour before it does in UTC.
    world.clock.now = world.clock.now.replace(day=22, hour=22, minute=50)
    world.run()
    assert the_case().status == "resolved"
    world.clock.now = world.clock.now.replace(hour=23, minute=10)
    world.run()
    case.refresh_from_db()
    assert (case.status, case.reopened_count) == ("open", 1)
    assert len(world.documents("CM")) == 1


def test_what_a_sent_credit_holds_too_little_follows_as_a_credit_of_its_own(world):
    world.add_return()
    world.carry()
    assert booked(world) == [Decimal(20)]
    _refund_more(world, Decimal("5.00"))

    fix = settle(world, "issue")

    assert fix.payload == {"adjustment": "5.00"}
    assert booked(world) == [Decimal(20), Decimal(5)]
    assert the_case().status == "resolved"
    world.clock.advance(days=1)
    world.settle()
    assert len(world.documents("CM")) == 2
    assert world.open_types() == []


def test_what_is_let_pass_is_counted_and_above_the_budget_it_is_an_exception(client):
    world = make_world(policy={"tolerance": {"GBP": "0.50"}, "tolerance_budget": {"GBP": "0.60"}})
    for number in ("5001", "5002", "5003"):
        world.add_order(f"SO-{number}")
        world.add_return(number, order_name=f"SO-{number}", refunded=Decimal("20.30"))
    world.carry()

    rows = Posting.objects.filter(kind="credit_memo").order_by("pk")
    kept = [(row.status, row.residue) for row in rows]
    assert kept == [
        ("confirmed", Decimal("0.30")),
        ("confirmed", Decimal("0.30")),
        ("blocked", Decimal(0)),
    ]
    assert the_case().rma == rows[2].rma
    # Planned again, what was let pass before is not taken back by what came after it.
    type(rows[0].rma).objects.update(plan_due_at=world.clock.now)
    world.settle()
    assert [(row.status, row.residue) for row in rows.all()] == kept
    client.force_login(make_user("finn"))
    with time_machine.travel(world.clock.now):
        page = client.get("/finance/")
    (row,) = page.context["passed"]
    assert (row.count, row.refund_more, row.credit_more) == (2, Decimal("0.60"), Decimal(0))
    assert (row.budget, row.left) == (Decimal("0.60"), Decimal(0))
    assert "Let pass since 1 May 2026" in page.text


@pytest.mark.lesson(23)
def test_what_is_let_pass_is_booked_to_its_account_once_one_is_named():
    world = make_world(policy={"tolerance": {"GBP": "0.50"}})
    world.add_order("SO-1")
    world.add_order("SO-2")
    world.add_return("5001", order_name="SO-1", refunded=Decimal("20.30"))
    world.carry()
    add_mapping(world, "fee", "variance", {"component": "variance", "erp_code": "VAR"})
    world.clock.advance(minutes=11)
    later = f"{world.clock.now:%Y-%m-%dT%H:%M:%S}"
    world.add_return("5002", order_name="SO-2", refunded=Decimal("19.80"), updated_at=later)
    world.carry()

    plain, with_variance = Posting.objects.filter(kind="credit_memo").order_by("pk")
    assert booked(world) == [Decimal("20.00"), Decimal("19.80")]
    assert (plain.residue, with_variance.residue) == (Decimal("0.30"), Decimal("-0.20"))
    _, there = world.documents("CM")
    line = there["simdetail"]["rows"][1]
    assert (line["component"], line["charge_code"]) == ("variance", "VAR")
    assert (line["net_amt"], there["total_amt"]) == (Decimal("-0.20"), Decimal("19.80"))
    # The credit that left without an account stays as it is, and nothing differs later; nor does
    # the other one when the account is gone.
    Mapping.objects.filter(source_key="variance").update(status="superseded")
    type(plain.rma).objects.update(plan_due_at=world.clock.now)
    world.settle()
    assert Posting.objects.filter(kind="credit_memo").count() == 2
    with_variance.refresh_from_db()
    assert with_variance.residue == Decimal("-0.20")
    assert world.open_types() == []


def test_each_act_is_refused_where_it_cannot_settle_anything(world):
    world.add_return()
    world.carry()
    _refund_more(world, Decimal("5.00"))
    sent = the_case()

    with pytest.raises(errors.InvalidChoice, match="left already"):
        settle(world, "correct")

    assert sent.rma.postings.filter(kind="credit_memo").count() == 1
    assert not Fix.objects.exists()


def _refund_more(world, amount):
    """Money the platform pays after the credit was sent."""
    rma = world.bridge.rmas.get()
    first = rma.refunds.get()
    first.pk, first.external_id, first.amount = None, "later", amount
    first.save()
    type(rma).objects.filter(pk=rma.pk).update(plan_due_at=world.clock.now)
    world.settle()
