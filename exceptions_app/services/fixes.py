"""Changes of facts by people: asked for, approved by another, held for undo, applied.

A fix never sends anything: it changes a fact, and the plan of every return it touches follows.
What it
frees stays held until the undo time is over, so that nothing leaves at once.
"""

from __future__ import annotations

import hashlib
import json
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from exceptions_app import errors, jobs
from exceptions_app.catalogue import entry as catalogue_entry
from exceptions_app.choices import (
    CASE_OPEN,
    FixKind,
    FixStatus,
    HoldReason,
    MappingKind,
    PostingStatus,
)
from exceptions_app.models import Approval, AuditEntry, Bridge, Case, Fix, Mapping, Posting, Rma
from exceptions_app.permissions import FIX_CAPABILITY, approving_roles, can, roles_of
from exceptions_app.rules import approval
from exceptions_app.rules.mapping import normalise
from exceptions_app.selectors import facts as facts_selector
from exceptions_app.selectors import mappings as mappings_selector
from exceptions_app.services import (
    audit,
    fix_payloads,
    mappings,
    moments,
    money_requests,
    previews,
    rmas,
    triage,
)

UNDER_WAY = (FixStatus.REQUESTED, FixStatus.HELD)


@transaction.atomic
def request(
    *,
    kind: str,
    bridge: Bridge,
    actor: User,
    now: datetime,
    payload: dict[str, Any],
    case: Case | None = None,
    rma: Rma | None = None,
    source_value: str = "",
    reason_code: str = "",
    note: str = "",
) -> Fix:
    """Ask for a change; one that needs no second person is approved at once (and held for undo).

    What it would do is computed here and kept with it, whoever asks: the approver decides on that.

    Raises:
        FixNotAllowed: the actor lacks the right, or the exception does not offer this.
        InvalidChoice: the new fact is not usable; the text says why.
        FixAlreadyDecided: the same change is already under way.
        CaseAlreadyClosed: the exception was closed meanwhile.
    """
    _check_right(actor, kind)
    _check_case(case, kind)
    # Of two who ask for the same at once the second waits here, and is told. Rows that refer to
    # the bridge may be written meanwhile.
    Bridge.objects.select_for_update(no_key=True).get(pk=bridge.pk)
    is_mapping = kind in MappingKind.values
    clean = (
        mappings.clean_target(bridge=bridge, kind=kind, source_value=source_value, target=payload)
        if is_mapping
        else fix_payloads.clean(kind=kind, bridge=bridge, rma=rma, payload=payload, now=now)
    )
    fix_payloads.check_reason(kind=kind, reason_code=reason_code, case=case)
    _refuse_second(bridge, kind, rma, source_value, clean)
    money_requests.refuse_second(kind=kind, rma=rma)
    found = previews.effect_of_change(
        bridge=bridge, kind=kind, source_value=source_value, payload=clean, rma=rma, now=now
    )
    mapping = None
    if is_mapping:
        mapping = mappings.propose(
            bridge=bridge,
            kind=kind,
            source_value=source_value,
            target=clean,
            actor=actor,
            reason=note or reason_code,
            now=now,
        )
    value = approval.value_decided(
        kind, clean, case.value if case is not None else None, found.freed if found else None
    )
    policy = facts_selector.policy_of(bridge)
    case_type = case.type if case is not None else ""
    level = approval.needs_approval(kind, value, policy, case_type=case_type)
    fix = Fix.objects.create(
        kind=kind,
        status=FixStatus.REQUESTED,
        bridge=bridge,
        case=case,
        rma=rma,
        mapping=mapping,
        source_value=" ".join(source_value.split()),
        payload=clean,
        payload_hash=payload_hash(kind, source_value, clean),
        reason_code=reason_code,
        note=note[:500],
        effect=found.as_json() if found else {},
        level=level,
        approvals_needed=approval.approvers_needed(
            kind,
            value,
            policy,
            frees_other_money=found is not None and found.frees_other_money,
            case_type=case_type,
        ),
        requested_by=actor,
        requested_at=now,
    )
    _record(fix, "fix.request", f"Asked for: {fix}", actor, now)
    if level == "none":
        return _put_in_force(fix, actor, now)
    _replan(fix, now)
    return fix


@transaction.atomic
def approve(*, fix_id: int, seen_hash: str, actor: User, now: datetime, note: str = "") -> Fix:
    """Approve another person's request; what it frees is held for the undo time.

    Where two people must agree, the first approval only counts, and nothing is in force yet
    (`status` stays "requested").

    Raises:
        FixNotAllowed: own request, or not this person's to approve; the text says who can.
        FixAlreadyDecided: decided meanwhile, or changed since the approver looked.
    """
    fix = _lock(fix_id)
    _check_undecided(fix)
    if seen_hash != fix.payload_hash:
        raise errors.FixAlreadyDecided("The request was changed since you opened it. Look again.")
    earlier = _approver_ids(fix)
    refusal = approval.may_approve(
        requester_id=fix.requested_by_id,
        approver_id=actor.pk,
        approver_roles=roles_of(actor),
        level=fix.level,
        earlier_approver_ids=earlier,
    )
    if refusal:
        raise errors.FixNotAllowed(refusal)
    if not approving_roles(kind=fix.kind, level=fix.level) & roles_of(actor):
        raise errors.FixNotAllowed(
            "A peer approves: someone else of a team that may make this change."
        )
    money_requests.check_still(fix=fix)
    Approval.objects.create(
        fix=fix, approver=actor, payload_hash=fix.payload_hash, note=note[:500], at=now
    )
    missing = fix.approvals_needed - len(earlier) - 1
    if missing > 0:
        text = f"Approved as the first of {fix.approvals_needed}: {fix}"
        _record(fix, "fix.approve.part", text, actor, now)
        return fix
    fix.decision_note = note[:500]
    return _put_in_force(fix, actor, now)


@transaction.atomic
def reject(*, fix_id: int, actor: User, now: datetime, note: str, seen_hash: str = "") -> Fix:
    """Refuse a request with a reason; its exception is open again.

    Raises:
        FixAlreadyDecided: decided meanwhile, or changed since it was shown (`seen_hash`).
        FixNotAllowed: not this person's to decide.
        InvalidChoice: no reason.
    """
    fix = _lock(fix_id)
    _check_undecided(fix)
    if seen_hash and seen_hash != fix.payload_hash:
        raise errors.FixAlreadyDecided("The request was changed since you opened it. Look again.")
    if not note.strip():
        raise errors.InvalidChoice("Say why, so that the requester can do better.")
    is_own = fix.requested_by_id == actor.pk
    if not is_own and not approving_roles(kind=fix.kind, level=fix.level) & roles_of(actor):
        raise errors.FixNotAllowed("Your role may not decide on this request.")
    status = FixStatus.WITHDRAWN if is_own else FixStatus.REJECTED
    _end(fix, status, actor, now, note)
    if fix.mapping is not None:
        mappings.withdraw(mapping=fix.mapping, actor=actor, now=now, why=note)
    _replan(fix, now)
    return fix


@transaction.atomic
def undo(*, fix_id: int, actor: User, now: datetime) -> Fix:
    """Take an approved change back before anything left.

    Raises:
        FixAlreadyDecided: the undo time is over, or it was taken back already.
        FixNotAllowed: only who asked, who approved, or an approver may.
    """
    fix = _lock(fix_id)
    if fix.status == FixStatus.UNDONE:
        raise errors.FixAlreadyDecided(_decided_words(fix))
    if fix.status != FixStatus.HELD or (fix.hold_until is not None and fix.hold_until <= now):
        raise errors.FixAlreadyDecided(
            "The time to take this back is over. What was sent is on the return's page; ask for a "
            "correcting change instead."
        )
    if actor.pk not in (fix.requested_by_id, fix.decided_by_id) and not can(actor, "approve_fix"):
        raise errors.FixNotAllowed("Only who asked for it or an approver can take this back.")
    _hold_again(fix, now)
    fix.status = FixStatus.UNDONE
    fix.ended_at = now
    fix.save(update_fields=["status", "ended_at"])
    if fix.mapping is not None:
        mappings.withdraw(mapping=fix.mapping, actor=actor, now=now, why="taken back")
    _record(fix, "fix.undo", f"Taken back before anything left: {fix}", actor, now)
    _replan(fix, now)
    return fix


@transaction.atomic
def release_due(*, now: datetime) -> int:
    """Apply held changes whose undo time is over; returns how many."""
    due = list(
        Fix.objects.select_for_update(skip_locked=True, of=("self",)).filter(
            status=FixStatus.HELD, hold_until__lte=now
        )
    )
    for fix in due:
        fix.status = FixStatus.APPLIED
        fix.ended_at = now
        fix.save(update_fields=["status", "ended_at"])
        _replan(fix, now)
    return len(due)


def payload_hash(kind: str, source_value: str, payload: dict[str, Any]) -> str:
    """What an approval is given for: a change of any of it voids the approval."""
    text = json.dumps([kind, normalise(source_value), payload], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _check_undecided(fix: Fix) -> None:
    if fix.status != FixStatus.REQUESTED:
        raise errors.FixAlreadyDecided(_decided_words(fix))


def _decided_words(fix: Fix) -> str:
    """Who was faster, with what and when."""
    last = AuditEntry.objects.filter(subject_kind="fix", subject_id=fix.pk).order_by("-id").first()
    state = fix.get_status_display()
    if last is None:
        return f"This request is already: {state}."
    return f"{last.actor} was faster, {moments.written(last.at)}. It is now: {state}."


def _approver_ids(fix: Fix) -> list[int]:
    """Who has said yes to the change as it stands now."""
    given = Approval.objects.filter(fix=fix, payload_hash=fix.payload_hash)
    return list(given.values_list("approver_id", flat=True))


def _put_in_force(fix: Fix, actor: User, now: datetime) -> Fix:
    seconds = facts_selector.policy_of(fix.bridge).undo_seconds
    fix.status = FixStatus.HELD
    fix.hold_until = now + timedelta(seconds=seconds)
    fix.decided_by = actor
    fix.decided_at = now
    fix.save(update_fields=["status", "hold_until", "decided_by", "decided_at", "decision_note"])
    _record(fix, "fix.approve", f"In force, can be taken back for {seconds} s: {fix}", actor, now)
    if fix.mapping is not None:
        mappings.activate(mapping=fix.mapping, actor=actor, now=now)
    if fix.kind in fix_payloads.ON_POSTINGS:
        fix_payloads.apply_to_posting(fix=fix, now=now)
    if fix.kind == FixKind.CLOSE and fix.case is not None:
        triage.close_by_hand(
            case_id=fix.case.pk, reason=fix.reason_code, note=fix.note, actor=actor, now=now
        )
    _replan(fix, now)
    return fix


def _hold_again(fix: Fix, now: datetime) -> None:
    """What the fix had freed is stopped in this very transaction; the replan then says the rest."""
    if fix.mapping is not None:
        touched = mappings_selector.touched_by(
            bridge=fix.bridge, kind=fix.kind, keys={normalise(fix.source_value)}
        ).values("pk")
    else:
        touched = Rma.objects.filter(fixes=fix).values("pk")
    held = Posting.objects.filter(
        rma__in=touched, status=PostingStatus.HELD, hold_reason=HoldReason.UNDO
    )
    if fix.kind in fix_payloads.ON_POSTINGS:
        held.filter(pk=fix.payload.get("posting_id")).update(
            status=PostingStatus.FAILED, hold_reason="", hold_until=None
        )
        fix_payloads.give_back_posting(fix=fix, now=now)
    held.update(
        status=PostingStatus.BLOCKED, hold_reason="", hold_until=None, blocked_by="taken back"
    )


def _check_right(actor: User, kind: str) -> None:
    if kind not in FixKind.values:
        raise errors.InvalidChoice("That is not a change we know.")
    if not can(actor, FIX_CAPABILITY[kind]):
        label = FixKind(kind).label
        raise errors.FixNotAllowed(f"Your role may not: {label.lower()}.")


def _check_case(case: Case | None, kind: str) -> None:
    if case is None:
        return
    if case.status not in CASE_OPEN:
        raise errors.CaseAlreadyClosed(f"This exception was closed meanwhile: {case.proof}")
    if kind not in catalogue_entry(case.type, case.facts).actions:
        raise errors.FixNotAllowed("This exception does not offer that change.")


def _refuse_second(
    bridge: Bridge, kind: str, rma: Rma | None, source_value: str, payload: dict[str, Any]
) -> None:
    same = Fix.objects.filter(bridge=bridge, kind=kind, status__in=UNDER_WAY)
    if kind in MappingKind.values:
        rows = [fix for fix in same if normalise(fix.source_value) == normalise(source_value)]
    else:
        rows = [
            fix
            for fix in same.filter(rma=rma)
            if fix.payload.get("posting_id") == payload.get("posting_id")
        ]
    if rows:
        who = audit.name_of(rows[0].requested_by)
        raise errors.FixAlreadyDecided(f"{who} has already asked for this; it is under way.")


def _replan(fix: Fix, now: datetime) -> None:
    if fix.rma_id:
        rmas.make_due(rma_ids=[fix.rma_id], now=now)
    elif fix.mapping_id:
        mapping = Mapping.objects.select_related("bridge").get(pk=fix.mapping_id)
        mappings.wake(mapping=mapping, now=now)
    jobs.nudge("settle")


def _end(fix: Fix, status: str, actor: User, now: datetime, note: str) -> None:
    fix.status = status
    fix.decided_by = actor
    fix.decided_at = now
    fix.ended_at = now
    fix.decision_note = note[:500]
    fix.save(update_fields=["status", "decided_by", "decided_at", "ended_at", "decision_note"])
    _record(fix, "fix.reject", f"{fix.get_status_display()}: {fix}. {note}", actor, now)


def _lock(fix_id: int) -> Fix:
    return (
        Fix.objects.select_for_update(of=("self",))
        .select_related("bridge", "case", "mapping__bridge", "rma")
        .get(pk=fix_id)
    )


def _record(fix: Fix, act: str, text: str, actor: User, now: datetime) -> None:
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
