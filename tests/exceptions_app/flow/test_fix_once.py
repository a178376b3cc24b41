"""One fix heals every return that waited for it; nobody approves their own."""

from decimal import Decimal

import pytest

from exceptions_app import errors
from exceptions_app.models import AuditEntry, Case, Fix, Mapping, Posting, Rma
from exceptions_app.services import fixes, previews
from tests.cast import make_user
from tests.world import make_unit, make_world

pytestmark = pytest.mark.django_db

WRONG = "TEE-BLAK-M"
LATE = {"RESTOCK_LATE", "RECEIPT_NOT_POSTED", "REFUND_NO_CM", "RECEIVED_NOT_CREDITED"}


@pytest.fixture
def waiting():
    """Three returns of three orders that all carry the same unknown SKU."""
    world = make_world()
    for number in (1, 2, 3):
        world.add_order(f"SO-{number}")
        world.add_return(
            f"500{number}",
            order_name=f"SO-{number}",
            items=[make_unit(f"500{number}-1", sku=WRONG)],
        )
    world.carry()
    return world


def _ask(world, actor, sku="TEE-BLK-M"):
    return fixes.request(
        kind="sku_alias",
        bridge=world.bridge,
        actor=actor,
        now=world.clock.now,
        payload={"sku": sku},
        case=Case.objects.order_by("pk").first(),
        source_value=WRONG,
    )


def test_the_effect_is_shown_before_anything_is_saved(waiting):
    shown = previews.effect(
        bridge=waiting.bridge,
        kind="sku_alias",
        source_value=WRONG,
        payload={"sku": "TEE-BLK-M"},
        rma=None,
        now=waiting.clock.now,
    )

    assert (shown.healed_cases, shown.healed_returns, shown.newly_broken) == (3, 3, 0)
    assert shown.freed == Decimal("60.00")
    assert not Mapping.objects.filter(kind="sku_alias").exists()


def test_what_is_asked_for_plans_nothing_again_and_each_exception_says_at_once_what_it_waits_for(
    waiting,
):
    planned = list(Rma.objects.order_by("pk").values_list("plan_due_at", "planned_at"))
    waits = Case.objects.order_by("pk").values_list("status", "waiting_for")

    fix = _ask(waiting, make_user("mira"))
    asked = list(waits.all())
    fixes.reject(
        fix_id=fix.pk, actor=make_user("mona"), now=waiting.clock.now, note="Another SKU is meant"
    )

    approval = f"A second person’s approval of: Map the SKU {WRONG} to TEE-BLK-M"
    assert asked == [("awaiting_approval", approval)] * 3
    assert list(waits.all()) == [("open", "")] * 3
    told = AuditEntry.objects.filter(act="case.wait").order_by("id")
    texts = [f"Waits for: {asked[0][1]}"] * 3 + ["Waits no longer"] * 3
    assert list(told.values_list("text", flat=True)) == texts
    assert list(Rma.objects.order_by("pk").values_list("plan_due_at", "planned_at")) == planned


def test_an_approved_alias_heals_all_returns_and_their_credits_are_confirmed(waiting):
    mira, mona = make_user("mira"), make_user("mona")
    fix = _ask(waiting, mira)

    fixes.approve(fix_id=fix.pk, seen_hash=fix.payload_hash, actor=mona, now=waiting.clock.now)
    waiting.run()
    live = Posting.objects.exclude(status="cancelled")
    held = set(live.values_list("status", "hold_reason"))
    nothing_left = waiting.documents()
    due = list(Rma.objects.order_by("pk").values_list("plan_due_at", flat=True))
    waiting.clock.advance(seconds=61)
    fixes.release_due(now=waiting.clock.now)
    # What counted since it was approved is not planned again when it can no longer be taken back.
    assert list(Rma.objects.order_by("pk").values_list("plan_due_at", flat=True)) == due
    waiting.settle()

    assert held == {("held", "undo")}
    assert nothing_left == []
    assert len(waiting.documents("CM")) == 3
    assert waiting.open_types() == []
    assert all(Posting.objects.filter(kind="credit_memo").values_list("number", flat=True))
    assert Fix.objects.get().status == "applied"


def test_a_fix_that_comes_late_heals_and_calls_nobody_for_what_is_leaving(waiting):
    waiting.clock.advance(hours=80)
    waiting.run()
    opened = set(waiting.open_types())
    fix = _ask(waiting, make_user("mira"))
    shown = previews.effect(
        bridge=waiting.bridge,
        kind="sku_alias",
        source_value=WRONG,
        payload={"sku": "TEE-BLK-M"},
        rma=None,
        now=waiting.clock.now,
    )

    fixes.approve(
        fix_id=fix.pk, seen_hash=fix.payload_hash, actor=make_user("mona"), now=waiting.clock.now
    )
    waiting.run()
    waiting.clock.advance(seconds=61)
    waiting.settle()

    assert (shown.healed_returns, shown.newly_broken, shown.is_harmful) == (3, 0, False)
    assert set(Case.objects.values_list("type", flat=True)) == opened
    assert (len(waiting.documents("CM")), waiting.open_types()) == (3, [])


def test_what_was_freed_and_does_not_leave_is_missed_after_a_quarter_of_an_hour(waiting):
    waiting.clock.advance(hours=80)
    waiting.run()
    opened = set(waiting.open_types())
    fix = _ask(waiting, make_user("mira"))
    waiting.erp.faults.parse([{"kind": "status", "status": 503, "path": "/api/.*"}])
    fixes.approve(
        fix_id=fix.pk, seen_hash=fix.payload_hash, actor=make_user("mona"), now=waiting.clock.now
    )
    waiting.run()
    before = set(waiting.open_types())
    waiting.clock.advance(minutes=17)
    waiting.run()

    assert before <= opened
    assert (set(waiting.open_types()) - opened) & LATE


def test_the_requester_cannot_approve_and_nothing_changes(waiting):
    mira = make_user("mira")
    fix = _ask(waiting, mira)

    with pytest.raises(errors.FixNotAllowed, match="cannot approve"):
        fixes.approve(fix_id=fix.pk, seen_hash=fix.payload_hash, actor=mira, now=waiting.clock.now)

    fix.refresh_from_db()
    assert (fix.status, fix.mapping.status) == ("requested", "proposed")
    assert set(Posting.objects.values_list("status", flat=True)) == {"blocked"}


def test_a_person_of_another_team_is_no_peer(waiting):
    fix = _ask(waiting, make_user("mira"))

    with pytest.raises(errors.FixNotAllowed, match="peer"):
        fixes.approve(
            fix_id=fix.pk,
            seen_hash=fix.payload_hash,
            actor=make_user("finn"),
            now=waiting.clock.now,
        )

    fix.refresh_from_db()
    assert (fix.status, fix.decided_by) == ("requested", None)


def test_taking_back_within_the_hold_sends_nothing_and_reopens(waiting):
    mira, mona = make_user("mira"), make_user("mona")
    fix = _ask(waiting, mira)
    fixes.approve(fix_id=fix.pk, seen_hash=fix.payload_hash, actor=mona, now=waiting.clock.now)
    waiting.run()

    waiting.clock.advance(seconds=30)
    fixes.undo(fix_id=fix.pk, actor=mona, now=waiting.clock.now)
    waiting.settle()
    waiting.clock.advance(minutes=10)
    waiting.settle()

    assert waiting.documents() == []
    assert waiting.open_types() == ["SKU_UNKNOWN"] * 3
    # It was never gone: no new clock, and nobody is told that it came back.
    assert set(Case.objects.values_list("reopened_count", flat=True)) == {0}
    assert set(Posting.objects.values_list("sent_at", flat=True)) == {None}


def test_undo_after_the_hold_is_refused(waiting):
    mira, mona = make_user("mira"), make_user("mona")
    fix = _ask(waiting, mira)
    fixes.approve(fix_id=fix.pk, seen_hash=fix.payload_hash, actor=mona, now=waiting.clock.now)

    waiting.clock.advance(seconds=61)
    with pytest.raises(errors.FixAlreadyDecided):
        fixes.undo(fix_id=fix.pk, actor=mona, now=waiting.clock.now)


@pytest.mark.parametrize(
    ("sku", "says"),
    [("NO-SUCH", "not in the item master"), ("OLD-HAT", "inactive"), ("", "empty SKU")],
)
def test_an_alias_must_name_an_active_item(waiting, sku, says):
    mira = make_user("mira")
    waiting.erp_item = None

    with pytest.raises(errors.InvalidChoice) as refusal:
        _ask(waiting, mira, sku)

    assert says.lower() in str(refusal.value).lower() or "item master" in str(refusal.value)
    assert not Fix.objects.exists()


def test_a_role_without_the_right_cannot_ask(waiting):
    cleo = make_user("cleo")

    with pytest.raises(errors.FixNotAllowed):
        _ask(waiting, cleo)

    assert not Fix.objects.exists()


@pytest.mark.lesson(23)
def test_finance_accepts_a_difference_and_the_credit_goes():
    world = make_world()
    world.add_order()
    world.add_return(refunded=Decimal("18.00"))
    world.carry()
    finn, fiona = make_user("finn"), make_user("fiona")
    case = Case.objects.get(type="REFUND_CM_MISMATCH")

    fix = fixes.request(
        kind="accept_difference",
        bridge=world.bridge,
        actor=finn,
        now=world.clock.now,
        payload={"difference": "-2.00"},
        case=case,
        rma=case.rma,
        reason_code="platform_error",
    )
    fixes.approve(fix_id=fix.pk, seen_hash=fix.payload_hash, actor=fiona, now=world.clock.now)
    world.clock.advance(seconds=61)
    world.settle()

    assert [row["total_amt"] for row in world.documents("CM")] == [Decimal("20.00")]
    assert world.open_types() == []
    case.refresh_from_db()
    assert (case.status, case.closure) == ("resolved", "proof")


def test_a_closed_period_is_cleared_by_choosing_another_date():
    world = make_world()
    world.erp.load({"closed_periods": ["2026-05"]})
    world.add_order()
    world.add_return(items=[make_unit("5001-1", validation=None)], status="Approved")
    world.carry()
    finn, fiona = make_user("finn"), make_user("fiona")
    case = Case.objects.get(type="PERIOD_CLOSED")

    fix = fixes.request(
        kind="posting_date",
        bridge=world.bridge,
        actor=finn,
        now=world.clock.now,
        payload={"date": "2026-06-01"},
        case=case,
        rma=case.rma,
    )
    fixes.approve(fix_id=fix.pk, seen_hash=fix.payload_hash, actor=fiona, now=world.clock.now)
    world.clock.advance(seconds=61)
    world.settle()

    assert "PERIOD_CLOSED" not in world.open_types()
    assert {row["status"] for row in world.documents()} == {"POSTED"}


def test_a_code_for_shipping_heals_the_credit_that_holds_it_though_no_line_names_it():
    world = make_world()
    world.add_order()
    world.add_return(items=[make_unit("5001-1"), make_unit("5001-2")], refunded=Decimal("43.95"))
    world.carry()
    assert world.open_types() == ["COMPONENT_MISSING"]
    asked = {
        "kind": "fee",
        "bridge": world.bridge,
        "now": world.clock.now,
        "payload": {"component": "shipping", "erp_code": "FRT"},
        "source_value": "shipping",
    }

    shown = previews.effect(rma=None, **asked)
    fix = fixes.request(actor=make_user("finn"), case=Case.objects.get(), **asked)
    fixes.approve(
        fix_id=fix.pk,
        seen_hash=fix.payload_hash,
        actor=make_user("fiona"),
        now=world.clock.now,
    )
    world.run()

    assert (shown.healed_cases, shown.healed_returns, shown.newly_broken) == (1, 1, 0)
    assert world.open_types() == []
    world.clock.advance(seconds=61)
    world.settle()
    assert len(world.documents("CM")) == 1
    credit = Posting.objects.exclude(status="cancelled").get(kind="credit_memo")
    lines = credit.draft["lines"]
    assert sum(Decimal(line["net"]) + Decimal(line["tax"]) for line in lines) == Decimal("43.95")
    assert credit.status == "confirmed"
