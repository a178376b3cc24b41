"""Money above the bridge's threshold: two different people of finance must agree."""

from decimal import Decimal

import pytest

from exceptions_app import errors
from exceptions_app.models import Approval, AuditEntry, Fix
from exceptions_app.permissions import roles_of
from exceptions_app.selectors import today
from exceptions_app.services import fixes, previews
from tests.cast import make_user
from tests.factories import NOW, BridgeFactory, CaseFactory, CauseGroupFactory, RmaFactory

pytestmark = pytest.mark.django_db


def _asked(adjustment="600.00", value=Decimal(5)):
    group = CauseGroupFactory(type="REFUND_CM_MISMATCH")
    rma = RmaFactory(bridge=group.bridge)
    case = CaseFactory(group=group, rma=rma, team="finance", value=value)
    return fixes.request(
        kind="correct_credit",
        bridge=group.bridge,
        actor=make_user("finn"),
        now=NOW,
        payload={"adjustment": adjustment},
        case=case,
        rma=rma,
        reason_code="platform_error",
    )


def _approve(fix, name):
    return fixes.approve(fix_id=fix.pk, seen_hash=fix.payload_hash, actor=_finance(name), now=NOW)


def _finance(name):
    return make_user(name, "finance")


def test_the_first_approval_counts_and_changes_nothing_yet():
    fix = _asked()

    _approve(fix, "fiona")

    fix.refresh_from_db()
    assert (fix.approvals_needed, fix.status, fix.decided_by) == (2, "requested", None)
    assert list(Approval.objects.values_list("approver__username", flat=True)) == ["fiona"]
    assert list(
        AuditEntry.objects.filter(act__startswith="fix.").values_list("act", flat=True)
    ) == [
        "fix.approve.part",
        "fix.request",
    ]


def test_who_agreed_to_it_is_not_asked_again_until_it_is_another_request():
    fix = _asked()

    def waits_for(name):
        person = _finance(name)
        found = today.decidable(roles=roles_of(person), user_id=person.pk)
        return list(found) == [fix]

    before = waits_for("fiona")
    _approve(fix, "fiona")
    after = waits_for("fiona"), waits_for("frank"), waits_for("finn")
    Fix.objects.filter(pk=fix.pk).update(payload_hash="of another payload")

    assert (before, after) == (True, (False, True, False))
    assert waits_for("fiona")


def test_the_second_person_puts_it_in_force():
    fix = _asked()
    _approve(fix, "fiona")

    _approve(fix, "frank")

    fix.refresh_from_db()
    assert (fix.status, fix.decided_by.username) == ("held", "frank")
    assert Approval.objects.count() == 2


@pytest.mark.lesson(22)
def test_nobody_gives_both_approvals():
    fix = _asked()
    _approve(fix, "fiona")

    with pytest.raises(errors.FixNotAllowed, match="another person than the first"):
        _approve(fix, "fiona")

    assert Fix.objects.get().status == "requested"
    assert Approval.objects.count() == 1


@pytest.mark.lesson(22)
def test_the_requester_gives_neither():
    fix = _asked()

    with pytest.raises(errors.FixNotAllowed):
        _approve(fix, "finn")

    assert not Approval.objects.exists()


@pytest.mark.parametrize(
    ("adjustment", "value", "needed"),
    [
        pytest.param("500.00", Decimal(5), 1, id="at the threshold"),
        pytest.param("500.01", Decimal(5), 2, id="its own amount above"),
        pytest.param("-600.00", Decimal(5), 2, id="below zero and above"),
        pytest.param("1.00", Decimal(700), 2, id="the exception's value above"),
    ],
)
def test_the_larger_of_amount_and_value_decides_how_many(adjustment, value, needed):
    assert _asked(adjustment, value).approvals_needed == needed


def test_a_late_decision_says_who_was_faster():
    fix = _asked("10.00")
    _approve(fix, "fiona")

    with pytest.raises(errors.FixAlreadyDecided, match="Fiona was faster, 27 May 2026, 09:12"):
        _approve(fix, "frank")

    assert Approval.objects.count() == 1


@pytest.mark.parametrize(("currency", "people"), [("GBP", 1), ("SEK", 2)])
def test_freed_money_of_another_currency_needs_two_people(monkeypatch, currency, people):
    row = previews.EffectRow(1, "RMA1", ("VAT_SETTING",), (), Decimal(5), currency)
    shown = previews.summed([row], "GBP", 1)
    monkeypatch.setattr(previews, "effect_of_change", lambda **asked: shown)

    fix = fixes.request(
        kind="vat",
        bridge=BridgeFactory(),
        actor=make_user("finn"),
        now=NOW,
        payload={"treatment": "exempt"},
        source_value="reverse",
    )

    assert (fix.approvals_needed, fix.status) == (people, "requested")
