"""An accepted difference from end to end: it grows, its day comes, it is renewed or taken back."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from exceptions_app import errors
from exceptions_app.models import Acceptance, AuditEntry, Case, Fix, Mention
from exceptions_app.services import accept_acts, differences, fixes, sweeping
from tests.cast import make_user
from tests.world import make_world

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    make_user("fiona")
    world = make_world()
    world.add_order()
    world.add_return(refunded=Decimal("23.20"))
    world.carry()
    return world


def ask(world, **answers):
    case = Case.objects.get(type="REFUND_CM_MISMATCH")
    return differences.settle(
        case_id=case.pk,
        seen=case.version,
        act="accept",
        actor=make_user("finn"),
        now=world.clock.now,
        **{"reason_code": "goodwill", **answers},
    )


def agree(world, fix):
    fiona = make_user("fiona")
    fixes.approve(fix_id=fix.pk, seen_hash=fix.payload_hash, actor=fiona, now=world.clock.now)
    world.settle()
    world.clock.advance(minutes=2)
    world.settle()


def accept(world, **answers):
    agree(world, ask(world, **answers))
    return Acceptance.objects.get()


def refund_more(world, amount):
    rma = world.bridge.rmas.get()
    first = rma.refunds.order_by("pk").first()
    first.pk, first.external_id, first.amount = None, f"later {amount}", Decimal(amount)
    first.save()
    type(rma).objects.filter(pk=rma.pk).update(plan_due_at=world.clock.now)
    world.settle()


def test_it_holds_up_to_its_cap_and_beyond_it_the_exception_says_why_it_is_back(world):
    row = accept(world, until=date(2026, 6, 30), may_grow_by=Decimal("1.80"), owner="fiona")
    assert (row.difference, row.cap, row.until) == (
        Decimal("3.20"),
        Decimal("5"),
        date(2026, 6, 30),
    )
    assert (row.owner, row.asked_by) == (make_user("fiona"), make_user("finn"))

    refund_more(world, "1.50")

    case = Case.objects.get(type="REFUND_CM_MISMATCH")
    row.refresh_from_db()
    assert (case.status, row.state) == ("resolved", "holds")

    refund_more(world, "2.50")

    case.refresh_from_db()
    row.refresh_from_db()
    told = "Accepted £3.20 by Finn until 30 Jun 2026, cap £5.00; now £7.20"
    assert (case.status, case.reopened_count) == ("open", 1)
    assert case.facts["accepted_before"] == told
    assert AuditEntry.objects.get(act="case.reopen").text == f"The cause came back: {case}. {told}"
    assert (row.state, row.ended_text) == ("grown", told)
    assert AuditEntry.objects.get(act="acceptance.grown").text == f"Grew beyond its cap. {told}"
    assert len(world.documents("CM")) == 1


def test_its_owner_is_told_once_a_week_before_and_after_its_day_it_is_open_again(world):
    row = accept(world, until=date(2026, 6, 30), owner="fiona")
    sweeping.sweep(now=world.clock.now)
    assert not Mention.objects.exists()

    world.clock.now = world.clock.now.replace(month=6, day=24)
    for _ in range(2):
        sweeping.sweep(now=world.clock.now)

    mention = Mention.objects.get()
    assert mention.person == make_user("fiona")
    assert mention.entry.text == (
        "£3.20 accepted until 30 Jun 2026: you own it. Renew it, or its exception opens again after"
        " that day."
    )
    world.clock.now = world.clock.now.replace(month=7, day=1)
    world.run()
    row.refresh_from_db()
    case = Case.objects.get(type="REFUND_CM_MISMATCH")
    assert (case.status, row.state) == ("open", "expired")
    assert row.ended_text == (
        "Accepted £3.20 by Finn until 30 Jun 2026, cap £3.20; that day is over; now £3.20"
    )


def test_renewing_is_agreed_to_by_another_and_stands_in_place_of_the_first(world):
    first = accept(world, until=date(2026, 6, 30))
    finn, later = make_user("finn"), world.clock.now + timedelta(hours=1)
    world.clock.now = later

    fix = accept_acts.renew(
        acceptance_id=first.pk,
        actor=finn,
        now=later,
        until=date(2026, 12, 31),
        cap="6.00",
        reason_code="goodwill",
    )

    assert fix.status == "requested"
    with pytest.raises(errors.FixNotAllowed, match="cannot approve it"):
        fixes.approve(fix_id=fix.pk, seen_hash=fix.payload_hash, actor=finn, now=later)
    with pytest.raises(errors.FixAlreadyDecided, match="Finn has already asked for this"):
        accept_acts.renew(
            acceptance_id=first.pk,
            actor=make_user("fiona"),
            now=later,
            until=None,
            cap="",
            reason_code="goodwill",
        )
    first.refresh_from_db()
    assert first.state == "holds"
    agree(world, fix)
    first.refresh_from_db()
    second = Acceptance.objects.get(fix=fix)
    assert (first.state, second.state) == ("replaced", "holds")
    assert (second.until, second.cap) == (date(2026, 12, 31), Decimal("6.00"))
    assert Case.objects.get(type="REFUND_CM_MISMATCH").status == "resolved"


def test_taken_back_what_it_replaced_holds_again(world):
    first = accept(world, until=date(2026, 6, 30))
    world.clock.advance(hours=1)
    finn, fiona, now = make_user("finn"), make_user("fiona"), world.clock.now
    given = {"until": None, "cap": "9.00", "reason_code": "goodwill"}
    fix = accept_acts.renew(acceptance_id=first.pk, actor=finn, now=now, **given)
    fixes.approve(fix_id=fix.pk, seen_hash=fix.payload_hash, actor=fiona, now=now)
    assert Acceptance.objects.get(pk=first.pk).state == "replaced"

    fixes.undo(fix_id=fix.pk, actor=fiona, now=now)
    world.settle()

    states = Acceptance.objects.order_by("pk").values_list("state", flat=True)
    assert list(states) == ["holds", "taken_back"]


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ({"until": date(2026, 5, 1)}, "Choose a day from today on, at most 366 days ahead"),
        ({"until": date(2030, 1, 1)}, "Choose a day from today on, at most 366 days ahead"),
        ({"may_grow_by": Decimal("-0.20")}, "The cap cannot be below the difference itself, £3.20"),
        ({"owner": "wanda"}, "Choose who owns it"),
        ({"owner": "nobody"}, "Choose who owns it"),
        ({"reason_code": ""}, "Choose a reason"),
    ],
)
def test_terms_that_cannot_be_are_refused_and_nothing_is_asked_for(world, answers, words):
    make_user("wanda")

    with pytest.raises(errors.InvalidChoice, match=words):
        ask(world, **answers)

    assert not Fix.objects.exists()
    assert not Acceptance.objects.exists()


def test_without_terms_it_is_its_own_amount_as_long_as_the_policy_allows_and_the_askers(world):
    world.bridge.policy = {**world.bridge.policy, "accept_days": 30}
    world.bridge.save()

    fix = ask(world)

    today = world.clock.now.date()
    assert fix.payload["until"] == (today + timedelta(days=30)).isoformat()
    assert (fix.payload["cap"], fix.payload["owner"]) == ("3.20", "finn")
    with pytest.raises(errors.FixAlreadyDecided):
        ask(world)


def test_a_cap_above_the_threshold_asks_for_two_who_agree(world):
    fix = ask(world, may_grow_by=Decimal(600))

    assert (fix.level, fix.approvals_needed) == ("finance", 2)


def test_renewing_needs_everybody_whom_the_exception_asked_for(world):
    bridge = world.bridge
    bridge.policy = {**bridge.policy, "approvals": {"REFUND_CM_MISMATCH": "two"}}
    bridge.save()
    fix = ask(world, until=date(2026, 6, 30))
    frida = make_user("frida", "finance")
    fixes.approve(fix_id=fix.pk, seen_hash=fix.payload_hash, actor=frida, now=world.clock.now)
    agree(world, fix)

    renewed = accept_acts.renew(
        acceptance_id=Acceptance.objects.get().pk,
        actor=make_user("finn"),
        now=world.clock.now,
        until=None,
        cap="6.00",
        reason_code="goodwill",
    )

    assert (fix.approvals_needed, renewed.approvals_needed) == (2, 2)


def test_taken_back_what_counts_again_is_the_correction_that_had_replaced_an_earlier_one(world):
    first = accept(world, until=date(2026, 6, 30))
    finn, fiona = make_user("finn"), make_user("fiona")
    asked = {"bridge": world.bridge, "actor": finn, "rma": first.rma, "reason_code": "goodwill"}

    def decide(kind, **payload):
        world.clock.advance(hours=1)
        return fixes.request(kind=kind, payload=payload, now=world.clock.now, **asked)

    agree(world, decide("correct_credit", adjustment="1.00"))
    later = decide("accept_difference", difference="2.20")
    now = world.clock.now
    fixes.approve(fix_id=later.pk, seen_hash=later.payload_hash, actor=fiona, now=now)

    fixes.undo(fix_id=later.pk, actor=fiona, now=now)
    world.settle()

    states = dict(Acceptance.objects.values_list("fix", "state"))
    assert states == {first.fix_id: "replaced", later.pk: "taken_back"}


def test_whoever_owns_it_since_it_was_told_of_is_told_as_well(world):
    row = accept(world, until=date(2026, 6, 30), owner="fiona")
    world.clock.now = world.clock.now.replace(month=6, day=24)
    sweeping.sweep(now=world.clock.now)
    accept_acts.assign(
        acceptance_id=row.pk,
        owner="finn",
        seen_owner_id=row.owner_id,
        actor=row.owner,
        now=world.clock.now,
        why="On leave until July",
    )

    for _ in range(2):
        sweeping.sweep(now=world.clock.now)

    told = Mention.objects.order_by("pk").values_list("person__username", flat=True)
    assert list(told) == ["fiona", "finn"]
