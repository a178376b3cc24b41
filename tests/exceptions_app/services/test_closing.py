"""Closing by hand by whoever may, and with whoever must agree (R112)."""

from datetime import timedelta
from decimal import Decimal

import pytest

from exceptions_app import errors
from exceptions_app.catalogue import CATALOGUE
from exceptions_app.forms.cases import CloseForm
from exceptions_app.models import AuditEntry, Bulk, BulkRow, Case, Fix
from exceptions_app.rules import closing as rules
from exceptions_app.selectors import today
from exceptions_app.services import (
    break_glass,
    bulk,
    bulk_freezing,
    bulk_running,
    closing,
    fixes,
)
from tests.cast import make_user
from tests.factories import NOW, CaseFactory, CauseGroupFactory, RmaFactory

pytestmark = pytest.mark.django_db


def _case(code="REFUND_OVER_LINE", team="finance", **values):
    group = CauseGroupFactory(type=code)
    given = {"value": Decimal("40.00"), "currency": "GBP", **values}
    return CaseFactory(group=group, rma=RmaFactory(bridge=group.bridge), team=team, **given)


def _close(case, who, reason="claimed_back", **values):
    return closing.close(
        case_id=case.pk, reason=reason, note="By phone", actor=make_user(who), now=NOW, **values
    )


def _state(case):
    case.refresh_from_db()
    return case.status, case.closure


@pytest.mark.parametrize("who", ["wanda", "cleo", "mira", "ines", "lena"])
def test_another_team_closes_nothing_and_is_told_whose_it_is(who):
    case = _case()

    with pytest.raises(errors.FixNotAllowed, match=r"^Only Finance or an admin closes this"):
        _close(case, who)
    with pytest.raises(errors.FixNotAllowed, match=r"^Only Finance or an admin closes this"):
        fixes.request(
            kind="close",
            bridge=case.bridge,
            actor=make_user(who),
            now=NOW,
            payload={},
            case=case,
            reason_code="claimed_back",
        )

    assert _state(case) == ("open", "")
    assert not Fix.objects.exists()
    assert not AuditEntry.objects.exists()


def test_where_a_change_needs_finance_a_closing_needs_it_too():
    case = _case()

    fix = _close(case, "finn")

    assert (fix.kind, fix.status, fix.level, fix.approvals_needed) == (
        "close",
        "requested",
        "finance",
        1,
    )
    assert _state(case) == ("awaiting_approval", "")
    with pytest.raises(errors.FixNotAllowed, match="cannot approve it"):
        fixes.approve(fix_id=fix.pk, seen_hash=fix.payload_hash, actor=make_user("finn"), now=NOW)
    with pytest.raises(errors.FixAlreadyDecided, match="Finn has already asked"):
        _close(case, "fiona")
    fixes.approve(fix_id=fix.pk, seen_hash=fix.payload_hash, actor=make_user("fiona"), now=NOW)
    assert _state(case) == ("resolved", "by_hand")
    assert case.close_reason == "claimed_back"
    assert case.proof.endswith("By phone. Asked for by Finn, agreed by Fiona.")
    assert case.waiting_for == ""


def test_a_closing_that_was_agreed_to_is_taken_back_by_opening_it_again():
    case = _case()
    fix = _close(case, "finn")
    fixes.approve(fix_id=fix.pk, seen_hash=fix.payload_hash, actor=make_user("fiona"), now=NOW)

    closing.reopen(case_id=case.pk, actor=make_user("finn"), now=NOW)

    fix.refresh_from_db()
    assert (fix.status, *_state(case)) == ("undone", "open", "")


def test_taking_the_change_back_opens_the_exception_too():
    case = _case()
    fix = _close(case, "finn")
    fixes.approve(fix_id=fix.pk, seen_hash=fix.payload_hash, actor=make_user("fiona"), now=NOW)

    fixes.undo(fix_id=fix.pk, actor=make_user("fiona"), now=NOW)

    assert _state(case) == ("open", "")


def test_refused_it_is_open_again_with_the_reason_in_its_history():
    case = _case()
    fix = _close(case, "finn")

    fixes.reject(fix_id=fix.pk, actor=make_user("fiona"), now=NOW, note="The claim is not agreed")

    assert _state(case) == ("open", "")
    assert "The claim is not agreed" in AuditEntry.objects.get(act="fix.reject").text


def test_what_only_closes_is_closed_alone_up_to_the_threshold():
    small, large = (_case("EXCHANGE_UNBALANCED", "cx", value=Decimal(v)) for v in ("500", "501"))

    assert _close(small, "cleo", "charged") is None
    asked = _close(large, "cleo", "charged")

    assert _state(small) == ("resolved", "by_hand")
    assert (asked.level, *_state(large)) == ("finance", "awaiting_approval", "")
    fixes.reject(fix_id=asked.pk, actor=make_user("cleo"), now=NOW, note="Typed by mistake")
    assert _state(large) == ("open", "")


def test_two_closings_of_one_return_do_not_stand_in_each_others_way():
    first = _case()
    second = CaseFactory(
        group=CauseGroupFactory(type="OVER_RETURN", bridge=first.bridge),
        rma=first.rma,
        team="finance",
    )

    assert _close(first, "finn").case == first
    assert _close(second, "finn", "registered_twice").case == second


def test_a_peer_of_the_owning_team_agrees_and_nobody_else_is_asked():
    fix = _close(_case("VARIANT_CHANGED", "merchandising"), "mira", "same_goods")
    roles = {"mona": {"merchandising"}, "wanda": {"warehouse"}, "ada": {"admin"}}

    asked = {
        who: today.decidable(roles=frozenset(held), user_id=make_user(who).pk).count()
        for who, held in roles.items()
    }

    assert (fix.level, asked) == ("peer", {"mona": 1, "wanda": 0, "ada": 1})
    with pytest.raises(errors.FixNotAllowed):
        fixes.approve(fix_id=fix.pk, seen_hash=fix.payload_hash, actor=make_user("wanda"), now=NOW)
    fixes.approve(fix_id=fix.pk, seen_hash=fix.payload_hash, actor=make_user("mona"), now=NOW)
    assert _state(fix.case) == ("resolved", "by_hand")


def test_many_are_closed_asked_for_or_refused_row_by_row():
    alone, agreed = _case("CM_NO_REFUND"), _case("CM_NO_REFUND", value=Decimal(900))
    foreign = _case("QUARANTINE_AGED", "warehouse")
    finn = make_user("finn")
    frozen = bulk_freezing.freeze(kind="close", cases=Case.objects.all(), actor=finn, now=NOW)
    assert [(row["why"], row["count"]) for row in frozen.forecast] == [
        ("Only Warehouse or an admin closes this by hand.", 1)
    ]
    given = {"reason": "on_account", "note": "Seen on the account"}
    bulk.start(bulk_id=frozen.pk, given=given, actor=finn, now=NOW)

    while bulk_running.run_next(now=NOW):
        pass

    rows = {row.case_id: (row.state, row.text) for row in BulkRow.objects.filter(bulk=frozen)}
    assert rows[alone.pk] == ("done", "")
    assert rows[agreed.pk] == ("done", "Asked for. It waits for approval.")
    assert rows[foreign.pk][0] == "refused"
    assert [_state(case)[0] for case in (alone, agreed, foreign)] == [
        "resolved",
        "awaiting_approval",
        "open",
    ]
    bulk.undo(bulk_id=Bulk.objects.get(pk=frozen.pk).pk, actor=finn, now=NOW)
    while bulk_running.run_next(now=NOW):
        pass
    assert [_state(case)[0] for case in (alone, agreed)] == ["open", "open"]


@pytest.mark.parametrize(
    ("code", "team", "who", "severity", "reason", "note"),
    [
        pytest.param("QTY_SHORT", "warehouse", "wanda", "high", "written_off", "", id="grave"),
        pytest.param(
            "QTY_SHORT", "warehouse", "wanda", "critical", "written_off", "ok", id="one-word"
        ),
        pytest.param("WRONG_DEPOT", "warehouse", "wanda", "low", "transferred", " ", id="a-claim"),
    ],
)
def test_a_grave_or_claimed_closing_needs_what_was_seen_and_where(
    code, team, who, severity, reason, note
):
    case = _case(code, team, severity=severity)
    given = {"case_id": case.pk, "reason": reason, "actor": make_user(who), "now": NOW}

    with pytest.raises(errors.InvalidChoice, match=r"^Say in a few words what was seen, and where"):
        closing.close(note=note, **given)

    assert _state(case) == ("open", "")
    assert not Fix.objects.exists()
    assert not AuditEntry.objects.exists()
    closing.close(note="Seen at bay 4", **given)
    assert _state(case)[0] in ("resolved", "awaiting_approval")


def test_a_decision_of_our_own_about_little_needs_no_note():
    case = _case("QTY_SHORT", "warehouse", severity="medium")

    closing.close(case_id=case.pk, reason="written_off", note="", actor=make_user("wanda"), now=NOW)

    assert _state(case)[0] in ("resolved", "awaiting_approval")


def test_every_reason_that_needs_no_note_is_one_of_the_catalogue():
    offered = {code for entry in CATALOGUE.values() for code, _ in entry.close_reasons}

    assert offered | {"nothing_waits"} >= rules.OWN


def test_a_reason_on_the_word_of_the_sender_needs_who_said_it_and_when():
    case = _case("PAYLOAD_INVALID", team="operations")
    given = {"case_id": case.pk, "reason": "void_message", "actor": make_user("ines"), "now": NOW}

    with pytest.raises(errors.InvalidChoice, match=r"^Say who confirmed it, and when"):
        closing.close(note=" ", **given)

    assert _state(case) == ("open", "")
    assert not Fix.objects.exists()
    assert not AuditEntry.objects.exists()


def test_no_reason_is_ticked_beforehand_not_even_the_only_one():
    alone = [code for code, entry in CATALOGUE.items() if len(entry.close_reasons) == 1]
    shown = {code: CloseForm(case=_case(code))["reason"].value() for code in alone}

    assert len(shown) > 3
    assert set(shown.values()) == {None}


def test_a_bulk_act_taken_back_leaves_closed_what_another_closed_since():
    case, finn = _case("CM_NO_REFUND", value=Decimal(900)), make_user("finn")
    frozen = bulk_freezing.freeze(kind="close", cases=Case.objects.all(), actor=finn, now=NOW)
    given = {"reason": "on_account", "note": "Seen in the bank"}
    bulk.start(bulk_id=frozen.pk, given=given, actor=finn, now=NOW)
    while bulk_running.run_next(now=NOW):
        pass
    fix = Fix.objects.get()
    fixes.reject(fix_id=fix.pk, actor=make_user("fiona"), now=NOW, note="Ask for less first")
    Case.objects.update(value=Decimal(5))
    later = NOW + timedelta(minutes=5)
    closing.close(case_id=case.pk, actor=make_user("fiona"), now=later, **given)

    bulk.undo(bulk_id=frozen.pk, actor=finn, now=later)
    while bulk_running.run_next(now=later):
        pass

    undone = BulkRow.objects.get(bulk__undo_of=frozen)
    assert (undone.state, undone.text) == ("changed", "It changed since, and stays as it is now.")
    assert _state(case) == ("resolved", "by_hand")


def test_what_grew_while_its_closing_waited_needs_the_second_person_its_size_asks_for():
    case = _case()
    fix = _close(case, "finn")
    assert fix.approvals_needed == 1
    Case.objects.update(value=Decimal(9_000))
    who = {"fix_id": fix.pk, "seen_hash": fix.payload_hash, "now": NOW}

    fixes.approve(actor=make_user("fiona"), **who)

    fix.refresh_from_db()
    assert (fix.status, fix.approvals_needed, _state(case)[0]) == (
        "requested",
        2,
        "awaiting_approval",
    )
    fixes.approve(actor=make_user("frida", "finance"), **who)
    assert _state(case) == ("resolved", "by_hand")


def test_the_proof_names_everybody_who_agreed_and_who_acted_alone():
    agreed, alone = _case(value=Decimal(9_000)), _case()
    fix = _close(agreed, "finn")
    for name in ("fiona", "frida"):
        actor = make_user(name, "finance")
        fixes.approve(fix_id=fix.pk, seen_hash=fix.payload_hash, actor=actor, now=NOW)
    asked = _close(alone, "ada")
    break_glass.use(
        fix_id=asked.pk,
        seen_hash=asked.payload_hash,
        actor=make_user("ada"),
        now=NOW,
        reason="Nobody of finance is in before the books close",
    )

    for case in (agreed, alone):
        case.refresh_from_db()
    assert agreed.proof.endswith("Asked for by Finn, agreed by Fiona and Frida.")
    assert alone.proof.endswith("Asked for by Ada, put in force by Ada alone.")
