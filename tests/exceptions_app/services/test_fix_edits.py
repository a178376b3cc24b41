"""An edit of a request that waits voids what was approved, and makes the editor a party."""

from decimal import Decimal

import pytest

from exceptions_app import errors
from exceptions_app.models import Approval, AuditEntry, Case, Fix, FixEdit, Mapping
from exceptions_app.rules.facts import Finding
from exceptions_app.services import cases, fix_edits, fixes, subjects
from tests.cast import make_user
from tests.factories import (
    NOW,
    CaseFactory,
    CauseGroupFactory,
    ItemFactory,
    RmaFactory,
)

pytestmark = pytest.mark.django_db


def _asked(adjustment="600.00"):
    group = CauseGroupFactory(type="REFUND_CM_MISMATCH")
    rma = RmaFactory(bridge=group.bridge)
    case = CaseFactory(group=group, rma=rma, team="finance", value=Decimal(5))
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


def _approve(fix, name, seen=None):
    actor = make_user(name, "finance")
    return fixes.approve(fix_id=fix.pk, seen_hash=seen or fix.payload_hash, actor=actor, now=NOW)


def _edit(fix, adjustment, name="finn", why="The fee was counted twice."):
    return fix_edits.edit(
        fix_id=fix.pk,
        seen_hash=fix.payload_hash,
        payload={"adjustment": adjustment},
        actor=make_user(name, "finance"),
        now=NOW,
        why=why,
    )


@pytest.mark.lesson(21)
def test_an_edit_voids_the_first_approval_and_says_whose_and_why():
    fix = _asked()
    _approve(fix, "fiona")

    edited = _edit(fix, "650.00")

    row = FixEdit.objects.get()
    assert (edited.status, edited.payload, edited.approvals_needed) == (
        "requested",
        {"adjustment": "650.00"},
        2,
    )
    assert row.before["payload"] == {"adjustment": "600.00"}
    assert (row.voided, row.why) == (["Fiona"], "The fee was counted twice.")
    entry = AuditEntry.objects.get(act="fix.edit")
    assert entry.text.startswith("Edited; void: the approval of Fiona: Correct the credit by")
    _approve(edited, "frank")
    edited.refresh_from_db()
    assert edited.status == "requested"
    _approve(edited, "fiona")
    edited.refresh_from_db()
    assert edited.status == "held"


def test_who_opened_it_before_the_edit_is_told_by_whom_and_why():
    fix = _asked("10.00")
    seen = fix.payload_hash
    _edit(fix, "12.00")

    with pytest.raises(
        errors.FixAlreadyDecided, match="Finn edited the request 27 May 2026, 09:12"
    ):
        _approve(fix, "fiona", seen)

    fix.refresh_from_db()
    assert (fix.status, Approval.objects.count()) == ("requested", 0)


def test_an_edit_back_to_what_it_was_revives_no_approval():
    fix = _asked()
    _approve(fix, "fiona")
    _edit(fix, "650.00")
    fix.refresh_from_db()
    again = _edit(fix, "600.00", why="It was right.")

    _approve(again, "frank")

    again.refresh_from_db()
    assert again.status == "requested"


@pytest.mark.lesson(21)
def test_what_the_system_does_meanwhile_voids_no_approval():
    fix = _asked()
    _approve(fix, "fiona")
    told = Finding(
        type="REFUND_CM_MISMATCH",
        subject=fix.case.fingerprint,
        cause="told again",
        facts={"difference": "600.00"},
        value=Decimal(600),
        value_formula="Refund less credit",
    )
    cases.sync(subject=subjects.of_rma(fix.rma), findings=[told], now=NOW)
    Case.objects.filter(pk=fix.case_id).update(severity="critical", snoozed_until=NOW)

    _approve(fix, "frank")

    fix.refresh_from_db()
    assert (fix.status, Approval.objects.count()) == ("held", 2)
    assert not FixEdit.objects.exists()


def test_an_editor_cannot_approve_what_another_asked_for():
    fix = _asked("10.00")
    edited = _edit(fix, "12.00", name="fiona")

    with pytest.raises(errors.FixNotAllowed, match="Whoever edited a request cannot approve it"):
        _approve(edited, "fiona")

    edited.refresh_from_db()
    assert edited.status == "requested"
    assert not Approval.objects.exists()


@pytest.mark.parametrize(
    ("adjustment", "why", "error", "text"),
    [
        ("10.00", "Because", errors.InvalidChoice, "Nothing differs"),
        ("11.00", " ", errors.InvalidChoice, "Say what you changed"),
        ("eleven", "Because", errors.InvalidChoice, "plain digits"),
    ],
)
def test_an_edit_that_says_nothing_is_refused_and_changes_nothing(adjustment, why, error, text):
    fix = _asked("10.00")
    before = fix.payload_hash

    with pytest.raises(error, match=text):
        _edit(fix, adjustment, why=why)

    fix.refresh_from_db()
    assert (fix.payload_hash, FixEdit.objects.count()) == (before, 0)


def test_another_team_cannot_edit_a_money_request():
    fix = _asked("10.00")

    with pytest.raises(errors.FixNotAllowed):
        fix_edits.edit(
            fix_id=fix.pk,
            seen_hash=fix.payload_hash,
            payload={"adjustment": "11.00"},
            actor=make_user("mira"),
            now=NOW,
            why="Mine",
        )

    assert not FixEdit.objects.exists()


def test_of_two_editors_the_second_is_told():
    fix = _asked("10.00")
    stale = Fix.objects.get()
    _edit(fix, "12.00")

    with pytest.raises(errors.FixAlreadyDecided, match="Finn edited the request"):
        _edit(stale, "13.00", name="fiona")

    assert Fix.objects.get().payload == {"adjustment": "12.00"}


def test_an_edited_mapping_proposes_the_next_version_and_withdraws_the_one_before():
    group = CauseGroupFactory(type="SKU_UNKNOWN")
    rma = RmaFactory(bridge=group.bridge)
    case = CaseFactory(group=group, rma=rma)
    for sku in ("TEE-A", "TEE-B"):
        ItemFactory(connection=group.bridge.erp, sku=sku)
    fix = fixes.request(
        kind="sku_alias",
        bridge=group.bridge,
        actor=make_user("mira"),
        now=NOW,
        payload={"sku": "TEE-A"},
        case=case,
        source_value="TEE-X",
    )

    edited = fix_edits.edit(
        fix_id=fix.pk,
        seen_hash=fix.payload_hash,
        payload={"sku": "TEE-B"},
        actor=make_user("mira"),
        now=NOW,
        why="B is the black one.",
    )

    rows = Mapping.objects.filter(kind="sku_alias").order_by("version")
    assert [(row.target["sku"], row.status) for row in rows] == [
        ("TEE-A", "withdrawn"),
        ("TEE-B", "proposed"),
    ]
    assert edited.mapping == rows[1]
