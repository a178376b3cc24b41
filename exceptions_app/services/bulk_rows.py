"""One row of an act on many: done by the very service that the single form calls, or not at all.

Called by `bulk` inside the transaction that settles the row.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import User
from django.db.models import QuerySet

from exceptions_app import errors
from exceptions_app.catalogue import entry as catalogue_entry
from exceptions_app.choices import (
    CASE_OPEN,
    BulkKind,
    BulkRowState,
    CaseStatus,
    FixKind,
    FixStatus,
    PostingStatus,
)
from exceptions_app.models import Bulk, BulkRow, Case, Fix, FixBatch, Posting
from exceptions_app.selectors import closing as closing_selector
from exceptions_app.services import (
    closing,
    differences,
    fix_batches,
    fix_payloads,
    fixes,
    hindsight,
    notes,
    same_requests,
    triage,
)

CAPABILITY: dict[str, str] = {
    BulkKind.MINE: "assign_case",
    BulkKind.ASSIGN: "assign_case",
    BulkKind.SNOOZE: "assign_case",
    BulkKind.WAKE: "assign_case",
    BulkKind.CLOSE: "close_case",
    BulkKind.NOTE: "write_note",
    BulkKind.ACCEPT: "fix_money",
    BulkKind.RETRY: "retry_posting",
    BulkKind.REPLAY: "retry_posting",
    BulkKind.MESSAGES: "replay_event",
    BulkKind.PREVIEW: "assign_case",
    BulkKind.APPROVE: "approve_fix",
}
# What can be taken back. A note stays, and so does what was taken back; a message is handled.
# What was approved is taken back by its batch.
UNDOABLE = frozenset(CAPABILITY) - {
    BulkKind.NOTE,
    BulkKind.MESSAGES,
    BulkKind.PREVIEW,
    BulkKind.APPROVE,
}
_PROVEN = (PostingStatus.POSTED, PostingStatus.CONFIRMED)
_BY_ITSELF = (PostingStatus.PLANNED, PostingStatus.READY, PostingStatus.SENDING)


@dataclass(frozen=True, slots=True)
class Done:
    """What came of a row; `before` and `after` are what taking it back needs."""

    text: str = ""
    state: str = BulkRowState.DONE
    before: dict[str, Any] = field(default_factory=dict)
    after: str = ""
    fix: Fix | None = None


def why_not(*, kind: str, case: Case, roles: frozenset[str]) -> str:
    """Why somebody of these roles will be refused this exception, as far as it can be told before;
    "" when they will not."""
    if kind == BulkKind.NOTE:
        return ""
    if case.status not in CASE_OPEN:
        return "Closed already."
    if kind == BulkKind.CLOSE and not catalogue_entry(case.type).close_reasons:
        return f"{_short(case)}: closes by proof only."
    if kind == BulkKind.CLOSE and not closing_selector.may_close(case, roles=roles):
        return closing_selector.refusal(case)
    if kind == BulkKind.RETRY and (case.posting_id is None or not _offers(case, FixKind.RETRY)):
        return f"{_short(case)} has no document to send again."
    if kind == BulkKind.RETRY and case.posting and not fix_payloads.can_be_sent(case.posting):
        state = case.posting.state_label.lower()
        return f"Only a refused or doubtful document is sent again; this one is: {state}."
    if kind == BulkKind.ACCEPT and not _offers(case, FixKind.ACCEPT_DIFFERENCE):
        return f"{_short(case)} has no difference to accept."
    return ""


def why_skipped(posting: Posting) -> str:
    """Why a document of a window needs nothing; "" when it is one to send again."""
    if posting.status in _PROVEN:
        return f"Proven: {posting.state_label.lower()} as {posting.number or posting.key}."
    if posting.status in _BY_ITSELF:
        return "It leaves by itself."
    if posting.status == PostingStatus.CANCELLED:
        return "The return does not call for it any more."
    return ""


def why_not_sent(posting: Posting) -> str:
    """As `why_skipped`, and of what would be refused: only what was refused or is in doubt can be
    sent again by a person."""
    reason = why_skipped(posting)
    if reason or fix_payloads.can_be_sent(posting):
        return reason
    return f"Cannot be sent again: {posting.get_status_display().lower()}."


def perform(*, row: BulkRow, bulk: Bulk, actor: User, now: datetime) -> Done:
    """Do the act of `bulk` to one row.

    Raises:
        DeskError: as the single act; nothing of the row was changed.
    """
    if bulk.kind == BulkKind.UNDO:
        return _take_back(row, actor, now)
    if bulk.kind == BulkKind.REPLAY:
        return _replay(row, bulk, actor, now)
    assert row.case_id is not None
    if bulk.kind == BulkKind.NOTE:
        notes.about_case(
            case_id=row.case_id,
            text=bulk.given["note"],
            actor=actor,
            now=now,
            has_told=row.position > 1,
        )
        return Done()
    if bulk.kind == BulkKind.ACCEPT:
        return _accept(row, bulk, actor, now)
    if bulk.kind in (BulkKind.RETRY, BulkKind.CLOSE):
        bridge_id = Case.objects.values_list("bridge", flat=True).get(pk=row.case_id)
        same_requests.take_turn(bridge_id=bridge_id)
    case = Case.objects.select_for_update(of=("self",)).select_related("bridge", "rma")
    found = case.get(pk=row.case_id)
    if bulk.kind == BulkKind.RETRY:
        return _retry(found, row.seen, bulk, actor, now)
    before = {
        "assignee": found.assignee_id,
        "until": found.snoozed_until.isoformat() if found.snoozed_until else "",
        "note": found.snooze_note,
        "wakes_on": found.wakes_on,
        "wakes_for": found.wakes_for,
    }
    if bulk.kind == BulkKind.CLOSE:
        asked = closing.close(
            case_id=found.pk,
            seen=row.seen,
            reason=bulk.given["reason"],
            note=bulk.given["note"],
            actor=actor,
            now=now,
        )
        if asked is not None:
            return _asked(asked)
        return Done(before=before, after=Case.objects.get(pk=found.pk).version)
    _triage(row, bulk, actor, now)
    # Read again: the version speaks of what is stored.
    return Done(before=before, after=Case.objects.get(pk=found.pk).version)


def _triage(row: BulkRow, bulk: Bulk, actor: User, now: datetime) -> None:
    given, case_id, seen = bulk.given, row.case_id or 0, row.seen
    if bulk.kind in (BulkKind.MINE, BulkKind.ASSIGN):
        person = actor if bulk.kind == BulkKind.MINE else _person(given["assignee"])
        triage.assign(case_id=case_id, seen=seen, assignee=person, actor=actor, now=now)
    elif bulk.kind == BulkKind.SNOOZE:
        triage.snooze(
            case_id=case_id,
            seen=seen,
            until=datetime.fromisoformat(given["until"]),
            note=given["note"],
            wakes_on=given.get("wakes_on", ""),
            growth=Decimal(given["growth"]) if given.get("growth") else None,
            actor=actor,
            now=now,
        )
    else:
        triage.wake(case_id=case_id, seen=seen, actor=actor, now=now)


def _accept(row: BulkRow, bulk: Bulk, actor: User, now: datetime) -> Done:
    until = bulk.given["until"]
    fix = differences.settle(
        case_id=row.case_id or 0,
        seen=row.seen,
        act=differences.ACCEPT,
        actor=actor,
        now=now,
        reason_code=bulk.given["reason_code"],
        note=bulk.given["note"],
        until=date.fromisoformat(until) if until else None,
        may_grow_by=Decimal(bulk.given.get("may_grow_by", 0)),
        owner=bulk.given.get("owner", ""),
    )
    return _asked(fix)


def _retry(case: Case, seen: str, bulk: Bulk, actor: User, now: datetime) -> Done:
    if seen and seen != case.version:
        raise errors.CaseChanged("It changed since you opened the list. Look again.")
    if case.bridge is None:
        raise errors.InvalidChoice("This exception belongs to no bridge.")
    fix = fixes.request(
        kind=FixKind.RETRY,
        bridge=case.bridge,
        actor=actor,
        now=now,
        payload={"posting_id": case.posting_id},
        case=case,
        rma=case.rma,
        note=bulk.given.get("note", ""),
        batch=FixBatch.objects.filter(pk=bulk.given.get("batch", 0)).first(),
    )
    return _asked(fix)


def close_batch(bulk: Bulk, now: datetime) -> None:
    """Begin the undo time of what an act sent again or approved, as it ends or is stopped."""
    pk = bulk.given.pop("batch", None)
    if pk is None:
        return
    left = bulk.rows.filter(state__in=(BulkRowState.REFUSED, BulkRowState.CHANGED))
    refused = [
        {"label": f"EX-{row.case_id}" if row.case_id else str(row.fix), "why": row.text}
        for row in left.select_related("fix__rma")
    ]
    fix_batches.close(batch_id=pk, refused=refused, actor=bulk.asked_by, now=now)
    if bulk.kind == BulkKind.APPROVE and FixBatch.objects.filter(pk=pk).exists():
        bulk.given["released"] = [*bulk.given.get("released", []), pk]
    bulk.save(update_fields=["given"])


def _replay(row: BulkRow, bulk: Bulk, actor: User, now: datetime) -> Done:
    """A document of the window, unless it is proven, or one before it of its return stayed.

    Documents of one return leave in order, so the later ones would only wait.
    """
    posting = Posting.objects.get(pk=row.posting_id or 0)
    reason = why_skipped(posting)
    if reason:
        return Done(reason, state=BulkRowState.SKIPPED)
    stayed = BulkRow.objects.filter(
        rma=row.rma_id,
        bulk=bulk,
        position__lt=row.position,
        state__in=(BulkRowState.REFUSED, BulkRowState.CHANGED),
    )
    if stayed.exists():
        raise errors.FixNotAllowed("An earlier document of this return was not sent again.")
    open_cases = Case.objects.filter(posting=posting, status__in=CASE_OPEN)
    for case in open_cases.select_related("bridge", "rma").order_by("-severity_rank", "pk"):
        if _offers(case, FixKind.RETRY):
            return _retry(case, "", bulk, actor, now)
    why = posting.blocked_by or posting.get_status_display().lower()
    raise errors.InvalidChoice(f"No open exception offers to send it again: {why}.")


def with_returns(rows: QuerySet[BulkRow]) -> QuerySet[BulkRow]:
    """Rows of returns with what a plan of each needs beside it."""
    return rows.select_related(
        "rma__bridge__erp", "rma__bridge__source", "rma__sales_order", "rma__credit_quote"
    )


def tried(*, row: BulkRow, bulk: Bulk, now: datetime) -> Done:
    """What the change would decide of one return; reads only."""
    assert row.rma is not None
    found = hindsight.tried(rma=row.rma, given=bulk.given, now=now)
    state = {
        hindsight.SAME: BulkRowState.SKIPPED,
        hindsight.BROKEN: BulkRowState.REFUSED,
    }.get(found.verdict, BulkRowState.DONE)
    return Done(_told(found), state=state, before=found.as_json())


def _told(found: hindsight.Tried) -> str:
    if found.verdict == hindsight.HEALED:
        return f"Healed: {_shorts(found.closed)}."
    if found.verdict == hindsight.BROKEN:
        return f"Newly broken: {_shorts(found.opened)}."
    if found.verdict == hindsight.SAME:
        return "Decided the same."
    if found.closed:
        return f"Gone: {_shorts(found.closed)}."
    return "Another credit." if found.credit else "Other documents."


def _shorts(codes: Iterable[str]) -> str:
    return ", ".join(catalogue_entry(code).short for code in dict.fromkeys(codes))


def _asked(fix: Fix) -> Done:
    if fix.status == FixStatus.HELD:
        return Done("In force, and can be taken back.", fix=fix)
    return Done("Asked for. It waits for approval.", fix=fix)


def _take_back(row: BulkRow, actor: User, now: datetime) -> Done:
    """Put back what the act changed, unless somebody changed it since."""
    if row.fix_id is not None:
        fix = Fix.objects.get(pk=row.fix_id)
        if fix.status == FixStatus.REQUESTED:
            note = "Taken back with the act on many that asked for it."
            fixes.reject(fix_id=fix.pk, actor=actor, now=now, note=note)
        elif fix.kind == FixKind.CLOSE and fix.case_id is not None:
            closing.reopen(case_id=fix.case_id, actor=actor, now=now, closed_by=fix)
        else:
            fixes.undo(fix_id=fix.pk, actor=actor, now=now)
        return Done()
    case = Case.objects.select_for_update().get(pk=row.case_id or 0)
    if case.version != row.seen:
        raise errors.CaseChanged("It changed since, and stays as it is now.")
    if case.status == CaseStatus.RESOLVED:
        closing.reopen(case_id=case.pk, actor=actor, now=now)
    elif row.before["assignee"] != case.assignee_id:
        person = _person(row.before["assignee"])
        triage.assign(case_id=case.pk, assignee=person, actor=actor, now=now)
    else:
        put_off_as_before(case, row.before, actor, now)
    return Done()


def put_off_as_before(case: Case, before: dict[str, Any], actor: User, now: datetime) -> None:
    """Put off again what was put off `before` (`perform`), or bring it back where it was not."""
    until = datetime.fromisoformat(before["until"]) if before["until"] else None
    if until == case.snoozed_until:
        return
    if until is None or until <= now:
        triage.wake(case_id=case.pk, actor=actor, now=now)
        return
    note = before["note"] or "Put off again as before."
    triage.snooze(
        case_id=case.pk,
        until=until,
        note=note,
        actor=actor,
        now=now,
        wakes_on=before.get("wakes_on", ""),
        as_before=before.get("wakes_for"),
    )


def _person(pk: int | None) -> User | None:
    return User.objects.get(pk=pk) if pk else None


def _offers(case: Case, kind: str) -> bool:
    return kind in catalogue_entry(case.type, case.facts).actions


def _short(case: Case) -> str:
    short = catalogue_entry(case.type).short
    return short[:1].upper() + short[1:]
