"""The steps every decision on a change is made of: lock it, check it, put it in force, stop it.

Called by `fixes`, `fix_edits`, `fix_batches` and `break_glass`, always in their transaction.
"""

from __future__ import annotations

import hashlib
import json
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Q

from exceptions_app import errors, jobs
from exceptions_app.choices import (
    CASE_OPEN,
    Closure,
    FixKind,
    FixStatus,
    HoldReason,
    PostingStatus,
)
from exceptions_app.models import Approval, AuditEntry, Case, Fix, FixBatch, Posting
from exceptions_app.rules.mapping import normalise
from exceptions_app.selectors import closing
from exceptions_app.selectors import facts as facts_selector
from exceptions_app.selectors import mappings as mappings_selector
from exceptions_app.services import (
    accepting,
    audit,
    cases,
    document_edits,
    fix_payloads,
    mappings,
    moments,
    redating,
    rmas,
    triage,
)


def payload_hash(
    kind: str, source_value: str, payload: dict[str, Any], *, edits: int = 0, reason_code: str = ""
) -> str:
    """What an approval is given for: any edit voids it, also one back to what it was."""
    told: list[Any] = [kind, normalise(source_value), payload]
    if edits:
        told += [edits, reason_code]
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def lock(fix_id: int) -> Fix:
    return (
        Fix.objects.select_for_update(of=("self",))
        .select_related("bridge", "case", "mapping__bridge", "rma")
        .get(pk=fix_id)
    )


def check_undecided(fix: Fix) -> None:
    """Raises FixAlreadyDecided, saying who was faster."""
    if fix.status != FixStatus.REQUESTED:
        raise errors.FixAlreadyDecided(decided_words(fix))


def check_seen(fix: Fix, seen_hash: str) -> None:
    """Refuse to decide about something else than what was read; the text says who edited it."""
    if seen_hash == fix.payload_hash:
        return
    edit = fix.edits.select_related("editor").last()
    if edit is None:
        raise errors.FixAlreadyDecided("The request was changed since you opened it. Look again.")
    raise errors.FixAlreadyDecided(
        f"{audit.name_of(edit.editor)} edited the request {moments.written(edit.at)}, after you "
        f"opened it: {edit.why} Look again; what was approved before does not count any more."
    )


def decided_words(fix: Fix) -> str:
    """Who was faster, with what and when."""
    last = AuditEntry.objects.filter(subject_kind="fix", subject_id=fix.pk).order_by("-id").first()
    state = fix.get_status_display()
    if last is None:
        return f"This request is already: {state}."
    return f"{last.actor} was faster, {moments.written(last.at)}. It is now: {state}."


def approvals_of(fix: Fix) -> list[Approval]:
    """Every yes to the change as it stands now, oldest first."""
    given = Approval.objects.filter(fix=fix, payload_hash=fix.payload_hash).order_by("pk")
    return list(given.select_related("approver", "on_behalf_of"))


def weigh_closing_again(fix: Fix) -> None:
    """What is at risk may have grown while a closing waited: who must agree to it grows with it.

    It never needs less than when it was asked for.
    """
    if fix.kind != FixKind.CLOSE or fix.case is None:
        return
    level, needed = closing.agreement(fix.case)
    if level == "finance":
        fix.level = level
    fix.approvals_needed = max(needed, fix.approvals_needed)
    fix.save(update_fields=["level", "approvals_needed"])


def put_in_force(
    fix: Fix, actor: User, now: datetime, *, batch: FixBatch | None = None, words: str = ""
) -> Fix:
    """Let the change count, held for the undo time; one of a batch as long as its batch."""
    seconds = facts_selector.policy_of(fix.bridge).undo_seconds
    fix.status = FixStatus.HELD
    fix.hold_until = batch.hold_until if batch else now + timedelta(seconds=seconds)
    fix.batch = batch
    fix.decided_by = actor
    fix.decided_at = now
    fix.save(
        update_fields=[
            "status",
            "hold_until",
            "batch",
            "decided_by",
            "decided_at",
            "decision_note",
            "is_break_glass",
        ]
    )
    held = "with its batch" if batch else f"for {seconds} s"
    text = f"In force{words}, can be taken back {held}: {fix}"
    record(fix, "fix.approve", text, actor, now)
    accepting.begin(fix=fix, now=now)
    redating.keep(fix=fix)
    if fix.mapping is not None:
        mappings.activate(mapping=fix.mapping, actor=actor, now=now)
    if fix.kind in fix_payloads.ON_POSTINGS:
        fix_payloads.apply_to_posting(fix=fix, now=now)
        # While the ERP is out of reach nothing is planned, and nothing else would say it.
        tell_waits(fix, now)
    if fix.kind == FixKind.CLOSE and fix.case is not None:
        triage.close_by_hand(
            case_id=fix.case.pk,
            reason=fix.reason_code,
            note=_closing_note(fix, actor),
            actor=actor,
            now=now,
        )
    replan(fix, now)
    return fix


def _closing_note(fix: Fix, actor: User) -> str:
    """What stands in the proof beside the reason: what was noted, and who asked and agreed."""
    if fix.level == "none":
        return fix.note
    agreed = f"agreed by {' and '.join(map(_approved_by, approvals_of(fix)))}"
    if fix.is_break_glass:
        agreed = f"put in force by {audit.name_of(actor)} alone"
    people = f"Asked for by {audit.name_of(fix.requested_by)}, {agreed}."
    noted = f"{fix.note.rstrip('.')}. " if fix.note else ""
    return f"{noted}{people}"


def _approved_by(row: Approval) -> str:
    away = f" for {audit.name_of(row.on_behalf_of)}" if row.on_behalf_of is not None else ""
    return f"{audit.name_of(row.approver)}{away}"


def take_back(fix: Fix, actor: User, now: datetime) -> Fix:
    """Undo a held change: what it had freed is stopped, and the fact is as it was."""
    _hold_again(fix, now)
    fix.status = FixStatus.UNDONE
    fix.ended_at = now
    fix.save(update_fields=["status", "ended_at"])
    accepting.take_back(fix=fix, now=now)
    if fix.mapping is not None:
        mappings.withdraw(mapping=fix.mapping, actor=actor, now=now, why="taken back")
    if fix.kind == FixKind.CLOSE and fix.case is not None and fix.case.closure == Closure.BY_HAND:
        triage.reopen(case_id=fix.case.pk, actor=actor, now=now)
    record(fix, "fix.undo", f"Taken back before anything left: {fix}", actor, now)
    replan(fix, now)
    return fix


def touched_ids(fix: Fix) -> list[int]:
    """Returns whose plan follows this change."""
    if fix.mapping is not None:
        touched = mappings_selector.touched_by(
            bridge=fix.bridge, kind=fix.kind, keys={normalise(fix.source_value)}
        )
        return list(touched.values_list("pk", flat=True))
    return [fix.rma_id] if fix.rma_id else []


def _hold_again(fix: Fix, now: datetime) -> None:
    """What the fix had freed is stopped in this very transaction; the replan then says the rest."""
    held = Posting.objects.filter(
        rma__in=touched_ids(fix), status=PostingStatus.HELD, hold_reason=HoldReason.UNDO
    )
    if fix.kind in fix_payloads.ON_POSTINGS:
        held.filter(pk=fix.payload.get("posting_id")).update(
            status=PostingStatus.FAILED, hold_reason="", hold_until=None
        )
        fix_payloads.give_back_posting(fix=fix, now=now)
    if fix.kind == FixKind.EDIT_DOCUMENT:
        document_edits.put_back(fix, now)
    redating.put_back(fix=fix, now=now)
    held.update(
        status=PostingStatus.BLOCKED, hold_reason="", hold_until=None, blocked_by="taken back"
    )


def replan(fix: Fix, now: datetime) -> None:
    """Plan its return again; those a mapping touches were woken as it came into force or ended."""
    if fix.rma_id:
        rmas.make_due(rma_ids=[fix.rma_id], now=now)
    jobs.nudge("settle")


def tell_waits(fix: Fix, now: datetime) -> None:
    """No fact changed: the exceptions it touches say at once whether they wait for an approval.

    Nothing is planned again for it, so that asking for what heals a thousand returns costs what
    asking for one does.
    """
    rows = Case.objects.filter(
        Q(rma__in=touched_ids(fix)) | Q(pk=fix.case_id or 0), status__in=CASE_OPEN
    )
    found = list(rows.select_for_update(of=("self",)).order_by("pk"))
    cases.tell_waits(cases=found, now=now)


def record(fix: Fix, act: str, text: str, actor: User, now: datetime) -> None:
    audit.record(
        actor=actor,
        act=act,
        subject=fix,
        text=text,
        now=now,
        rma_id=fix.rma_id,
        case_id=fix.case_id,
        after={"kind": fix.kind, "source_value": fix.source_value, "payload": fix.payload},
    )
