"""One decision about a return's money at a time."""

from datetime import timedelta
from decimal import Decimal

import pytest

from exceptions_app import errors
from exceptions_app.models import Approval, Fix
from exceptions_app.selectors import decisions
from exceptions_app.services import fixes
from tests.cast import make_user
from tests.factories import NOW, CaseFactory, CauseGroupFactory, FixFactory, RmaFactory

pytestmark = pytest.mark.django_db

PAYLOADS = {
    "accept_difference": {"difference": "3.20"},
    "correct_credit": {"adjustment": "3.20"},
}


@pytest.fixture
def case():
    group = CauseGroupFactory(type="REFUND_CM_MISMATCH")
    rma = RmaFactory(bridge=group.bridge)
    return CaseFactory(group=group, rma=rma, team="finance", value=Decimal("3.20"))


def _ask(case, kind, name="finn", now=NOW):
    return fixes.request(
        kind=kind,
        bridge=case.bridge,
        actor=make_user(name, "finance"),
        now=now,
        payload=PAYLOADS[kind],
        case=case,
        rma=case.rma,
        reason_code="goodwill",
    )


def _approve(fix, now=NOW):
    return fixes.approve(
        fix_id=fix.pk, seen_hash=fix.payload_hash, actor=make_user("fiona", "finance"), now=now
    )


@pytest.mark.parametrize("is_approved", [False, True], ids=["asked", "held"])
@pytest.mark.parametrize(
    ("first", "second"),
    [("accept_difference", "correct_credit"), ("correct_credit", "accept_difference")],
)
def test_a_second_decision_about_the_same_money_is_not_asked_for(case, first, second, is_approved):
    fix = _ask(case, first)
    if is_approved:
        _approve(fix)

    with pytest.raises(errors.FixAlreadyDecided, match="already asked for this return's money"):
        _ask(case, second, "frank")

    assert list(Fix.objects.values_list("kind", flat=True)) == [first]


def test_a_request_overtaken_by_another_decision_is_not_approved(case):
    """As both could be asked for before: the other is in force since this one was asked for."""
    fix = _ask(case, "accept_difference")
    FixFactory(
        kind="correct_credit",
        status="applied",
        rma=case.rma,
        bridge=case.bridge,
        level="finance",
        payload=PAYLOADS["correct_credit"],
        requested_by=make_user("frank"),
        decided_by=make_user("fiona", "finance"),
        decided_at=NOW + timedelta(minutes=1),
    )

    with pytest.raises(errors.FixAlreadyDecided, match="count the difference twice"):
        _approve(fix, NOW + timedelta(minutes=2))

    fix.refresh_from_db()
    assert fix.status == "requested"
    assert not Approval.objects.exists()


def test_a_later_correction_ends_what_was_accepted(case):
    later = NOW + timedelta(hours=1)
    _approve(_ask(case, "accept_difference"))
    assert decisions.of(case.rma).accepted_difference == Decimal("3.20")
    fixes.release_due(now=later)

    _approve(_ask(case, "correct_credit", now=later), later)

    decided = decisions.of(case.rma)
    assert (decided.accepted_difference, decided.credit_adjustment) == (None, Decimal("3.20"))


def test_what_was_taken_back_does_not_stand_in_the_way(case):
    fix = _approve(_ask(case, "accept_difference"))
    fixes.undo(fix_id=fix.pk, actor=make_user("fiona", "finance"), now=NOW)

    assert _ask(case, "correct_credit").status == "requested"
