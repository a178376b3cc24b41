"""Delegates, one person alone, and the report of who decided what for whom."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from exceptions_app import errors
from exceptions_app.models import Approval, AuditEntry, BreakGlass, Delegation, Fix
from exceptions_app.selectors import conflicts
from exceptions_app.services import break_glass, delegations, fixes
from tests.cast import make_user
from tests.factories import NOW, BridgeFactory, RmaFactory

pytestmark = pytest.mark.django_db

WHY = "Nobody of finance can be reached before the window shuts."


def _asked(name="finn", treatment="exempt", source="reverse"):
    return fixes.request(
        kind="vat",
        bridge=BridgeFactory(),
        actor=make_user(name, "finance"),
        now=NOW,
        payload={"treatment": treatment},
        source_value=source,
    )


def _approve(fix, name, away=None):
    return fixes.approve(
        fix_id=fix.pk,
        seen_hash=fix.payload_hash,
        actor=make_user(name, "finance"),
        now=NOW,
        on_behalf_of_id=away.pk if away else None,
    )


def _away(person, delegate, **values):
    return delegations.name(
        actor=person,
        delegate=delegate,
        starts_at=values.pop("starts_at", NOW),
        ends_at=values.pop("ends_at", NOW + timedelta(days=3)),
        now=NOW,
        **values,
    )


def test_a_delegate_approves_and_the_record_says_for_whom():
    tom, fiona = make_user("tom", "finance"), make_user("fiona")
    _away(tom, fiona)
    fix = _asked()

    _approve(fix, "fiona", away=tom)

    given = Approval.objects.get()
    assert (given.approver, given.on_behalf_of) == (fiona, tom)
    assert AuditEntry.objects.get(act="fix.approve").text.startswith("In force for Tom, ")


def test_nobody_decides_for_who_asked_nor_twice_for_one_pair_of_eyes(monkeypatch):
    finn, tom, fiona = make_user("finn"), make_user("tom", "finance"), make_user("fiona")
    _away(finn, fiona)
    _away(tom, fiona)
    fix = _asked()
    with pytest.raises(errors.FixNotAllowed, match="for the person who asked"):
        _approve(fix, "fiona", away=finn)
    Fix.objects.filter(pk=fix.pk).update(approvals_needed=2)
    _approve(fix, "tom")

    with pytest.raises(errors.FixNotAllowed, match="another person than the first"):
        _approve(fix, "fiona", away=tom)

    assert Approval.objects.count() == 1
    fix.refresh_from_db()
    assert fix.status == "requested"


def test_a_delegate_without_the_right_gains_none():
    tom = make_user("tom", "finance", "merchandising")
    mira = make_user("mira")
    _away(tom, mira)
    fix = _asked()

    with pytest.raises(errors.FixNotAllowed, match="someone from finance must approve it"):
        _approve(fix, "mira", away=tom)
    with pytest.raises(errors.FixNotAllowed, match="not named to decide"):
        _approve(fix, "fiona", away=tom)

    assert not Approval.objects.exists()


def test_a_delegate_shares_a_role_and_a_time_is_named_once():
    tom, fiona = make_user("tom", "finance"), make_user("fiona")
    with pytest.raises(errors.InvalidChoice, match="holds none of your roles"):
        _away(tom, make_user("mira"))
    row = _away(tom, fiona)
    with pytest.raises(errors.InvalidChoice, match="a part of that time"):
        _away(tom, fiona, starts_at=NOW + timedelta(days=1))
    assert Delegation.objects.count() == 1

    delegations.end(delegation_id=row.pk, actor=tom, now=NOW)

    with pytest.raises(errors.FixAlreadyDecided):
        delegations.end(delegation_id=row.pk, actor=tom, now=NOW)
    fix = _asked()
    with pytest.raises(errors.FixNotAllowed):
        _approve(fix, "fiona", away=tom)


def _alone(fix, name="ada", reason=WHY):
    return break_glass.use(
        fix_id=fix.pk, seen_hash=fix.payload_hash, actor=make_user(name), now=NOW, reason=reason
    )


def test_an_admin_alone_puts_it_in_force_and_it_waits_for_a_review():
    fix = _asked()

    _alone(fix)

    fix.refresh_from_db()
    row = BreakGlass.objects.get()
    assert (fix.status, fix.is_break_glass, row.missing) == ("held", True, 1)
    assert row.reviewed_at is None
    with pytest.raises(errors.FixNotAllowed, match="Another person"):
        break_glass.review(glass_id=row.pk, actor=make_user("ada"), now=NOW, text="Fine")
    with pytest.raises(errors.FixNotAllowed, match="Another person"):
        break_glass.review(glass_id=row.pk, actor=make_user("finn"), now=NOW, text="Fine")
    break_glass.review(glass_id=row.pk, actor=make_user("fiona"), now=NOW, text="Right.")
    with pytest.raises(errors.FixAlreadyDecided, match="Fiona was faster"):
        break_glass.review(
            glass_id=row.pk, actor=make_user("frank", "finance"), now=NOW, text="Late"
        )
    row.refresh_from_db()
    assert (row.reviewed_by.username, row.review) == ("fiona", "Right.")


@pytest.mark.parametrize(
    ("name", "reason", "error"),
    [("fiona", WHY, errors.FixNotAllowed), ("ada", "urgent", errors.InvalidChoice)],
)
def test_acting_alone_needs_the_role_and_a_reason(name, reason, error):
    fix = _asked()

    with pytest.raises(error):
        _alone(fix, name, reason)

    fix.refresh_from_db()
    assert (fix.status, BreakGlass.objects.count()) == ("requested", 0)


def test_the_database_refuses_a_review_by_who_acted_alone():
    _alone(_asked())

    with pytest.raises(IntegrityError), transaction.atomic():
        BreakGlass.objects.update(reviewed_by=make_user("ada"), reviewed_at=NOW)


def test_the_report_lists_pairs_own_returns_and_acts_of_one_alone():
    first = _asked("finn", source="a")
    _approve(first, "fiona")
    second = _asked("fiona", source="b")
    _approve(second, "finn")
    third = _asked("finn", source="c")
    _alone(third)
    fourth = _asked("finn", source="d")
    _approve(fourth, "frank")
    own = RmaFactory(bridge=fourth.bridge, customer_email="Frank@Example.com")
    Fix.objects.filter(pk=fourth.pk).update(rma=own)
    later = NOW + timedelta(hours=1)

    counts = conflicts.counts(days=30, now=later)
    rows = conflicts.rows_of(
        conflicts.page(conflicts.listed(kind="", days=30, now=later)).rows, days=30, now=later
    )
    pairs = conflicts.pairs(days=30, now=later)

    assert counts == {"pair": 2, "own": 1, "alone": 1, "delegate": 0, "edited": 0}
    assert [(row.fix.pk, row.asked, row.approved, row.why) for row in rows] == [
        (fourth.pk, "Finn", ("Frank",), ("own",)),
        (third.pk, "Finn", ("Ada, alone",), ("alone",)),
        (second.pk, "Fiona", ("Finn",), ("pair",)),
        (first.pk, "Finn", ("Fiona",), ("pair",)),
    ]
    assert [(pair.first_approved, pair.second_approved) for pair in pairs] == [(1, 1)]
