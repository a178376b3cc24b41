"""A document linked by hand or sent again: taken back it stands as before, and proof wins."""

from datetime import timedelta

import pytest

from exceptions_app import errors
from exceptions_app.models import Approval, Fix, Posting, PostingAttempt
from exceptions_app.services import fix_payloads, fixes
from tests.cast import make_user
from tests.factories import NOW, CaseFactory, CauseGroupFactory, PostingFactory

pytestmark = pytest.mark.django_db

PARKED = NOW - timedelta(hours=1)


def _asked(kind, **state):
    posting = PostingFactory(**{"number": "", "confirmed_at": None, **state})
    bridge = posting.rma.bridge
    case = CaseFactory(
        rma=posting.rma,
        group=CauseGroupFactory(bridge=bridge, type="OUTCOME_UNKNOWN"),
        posting=posting,
        team="finance",
    )
    fix = fixes.request(
        kind=kind,
        bridge=bridge,
        actor=make_user("finn"),
        now=NOW,
        payload={"posting_id": posting.pk, "number": "CM-7"},
        case=case,
        rma=posting.rma,
    )
    return posting, fix


def _approve(fix):
    fiona = make_user("fiona", "finance")
    return fixes.approve(fix_id=fix.pk, seen_hash=fix.payload_hash, actor=fiona, now=NOW)


def _as_it_is(posting):
    names = ("status", "number", "unknown_since", "parked_at", "confirmed_at")
    return Posting.objects.values_list(*names).get(pk=posting.pk)


@pytest.mark.parametrize(
    "state",
    [
        {"status": "unconfirmed", "unknown_since": PARKED, "parked_at": PARKED},
        {"status": "failed", "open_type": "CM_REJECTED", "open_facts": {"code": "E1"}},
    ],
)
def test_a_link_taken_back_leaves_the_document_as_it_was(state):
    posting, fix = _asked("link_document", **state)
    before = _as_it_is(posting)
    held = _approve(fix)
    assert _as_it_is(posting)[:2] == ("confirmed", "CM-7")

    fixes.undo(fix_id=fix.pk, actor=held.decided_by, now=NOW + timedelta(seconds=59))

    assert _as_it_is(posting) == before
    posting.refresh_from_db()
    assert posting.open_facts == state.get("open_facts", {})


def test_a_link_of_what_was_not_sent_yet_is_left_to_the_next_plan():
    posting, fix = _asked("link_document", status="ready")
    held = _approve(fix)

    fixes.undo(fix_id=fix.pk, actor=held.decided_by, now=NOW)

    posting.refresh_from_db()
    assert (posting.status, posting.blocked_by, posting.number) == ("blocked", "taken back", "")
    posting.rma.refresh_from_db()
    assert posting.rma.plan_due_at == NOW


def test_a_number_typed_never_replaces_the_one_that_was_proved_meanwhile():
    posting, fix = _asked("link_document", status="unconfirmed")
    Posting.objects.update(status="confirmed", number="CM-1", confirmed_at=NOW)

    with pytest.raises(errors.FixAlreadyDecided, match="moved on meanwhile: confirmed as CM-1"):
        _approve(fix)

    assert _as_it_is(posting)[:2] == ("confirmed", "CM-1")
    assert Fix.objects.get().status == "requested"
    assert not Approval.objects.exists()
    assert not PostingAttempt.objects.exists()


def test_a_look_asked_for_and_taken_back_parks_the_document_again():
    posting, fix = _asked("retry", status="unconfirmed", unknown_since=PARKED, parked_at=PARKED)
    assert _as_it_is(posting) == ("unconfirmed", "", PARKED, PARKED, None)
    _approve(fix)
    assert _as_it_is(posting) == ("unconfirmed", "", PARKED, None, None)

    fixes.undo(fix_id=fix.pk, actor=fix.requested_by, now=NOW)

    assert _as_it_is(posting) == ("unconfirmed", "", PARKED, PARKED, None)


@pytest.mark.parametrize("given", ["abc", "", "²", "9" * 30])
def test_a_document_that_is_not_one_is_refused(given):
    posting = PostingFactory(status="failed")
    with pytest.raises(errors.InvalidChoice, match="not one of this return's"):
        fix_payloads.clean(
            kind="retry",
            bridge=posting.bridge,
            rma=posting.rma,
            payload={"posting_id": given},
            now=NOW,
        )
