"""Changes of facts by people: asked for, approved by another, held for undo, applied.

A fix never sends anything: it changes a fact, and the plan of every return it touches follows.
What it frees stays held until the undo time is over, so that nothing leaves at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from exceptions_app import errors
from exceptions_app.catalogue import entry as catalogue_entry
from exceptions_app.choices import CASE_OPEN, FixKind, FixStatus, MappingKind
from exceptions_app.models import Approval, Bridge, Case, Fix, FixBatch, Rma
from exceptions_app.models.statements import Select
from exceptions_app.permissions import FIX_CAPABILITY, can, fix_capability, roles_of
from exceptions_app.rules import approval
from exceptions_app.selectors import closing
from exceptions_app.selectors import facts as facts_selector
from exceptions_app.selectors import fixes as fixes_selector
from exceptions_app.services import (
    accept_terms,
    audit,
    beside_types,
    delegations,
    doubts,
    fix_payloads,
    fix_steps,
    mappings,
    money_requests,
    order_checks,
    previews,
    same_requests,
    whole_previews,
)

NOT_YOURS = "Only who asked, approved or could have, or an admin, takes this back."


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
    batch: FixBatch | None = None,
    in_spite: bool = True,
) -> Fix:
    """Ask for a change; one that needs no second person is approved at once (and held for undo).

    What it would do is computed here and kept with it, whoever asks: the approver decides on that.
    Without `in_spite` one that would change nothing, breaks something, or is in doubt is refused.

    Raises:
        FixNotAllowed: the actor lacks the right, or the exception does not offer this.
        InvalidChoice: the new fact is not usable; the text says why.
        FixAlreadyDecided: the same change is already under way.
        CaseAlreadyClosed: the exception was closed meanwhile.
    """
    check_right(actor, kind, case)
    _check_case(case, kind)
    same_requests.take_turn(bridge_id=bridge.pk)
    fix_payloads.check_reason(kind=kind, reason_code=reason_code, case=case)
    order_checks.check_note(kind=kind, note=note)
    fix_payloads.check_note(kind=kind, note=note)
    fix_payloads.check_closing_note(kind=kind, reason_code=reason_code, note=note, case=case)
    given = accept_terms.complete(kind=kind, payload=payload, case=case, asked_by=actor)
    checked = clean(kind, bridge, rma, source_value, given, now)
    _check_note_alone(actor, kind, case, checked)
    same_requests.refuse(
        bridge=bridge,
        kind=kind,
        rma=rma,
        source_value=source_value,
        payload=checked,
        case=case,
    )
    money_requests.refuse_second(kind=kind, rma=rma)
    terms = weigh(
        kind=kind,
        bridge=bridge,
        case=case,
        rma=rma,
        source_value=source_value,
        payload=checked,
        now=now,
    )
    if not in_spite:
        about = rma or (case.rma if case is not None else None)
        doubts.refuse(
            kind=kind,
            bridge=bridge,
            rma=about,
            payload=checked,
            found=terms.found,
            source_value=source_value,
        )
    mapping = None
    if kind in MappingKind.values:
        mapping = mappings.propose(
            bridge=bridge,
            kind=kind,
            source_value=source_value,
            target=checked,
            actor=actor,
            reason=note or reason_code,
            now=now,
        )
    fix = Fix.objects.create(
        kind=kind,
        status=FixStatus.REQUESTED,
        bridge=bridge,
        case=case,
        rma=rma,
        mapping=mapping,
        source_value=" ".join(source_value.split()),
        payload=checked,
        payload_hash=fix_steps.payload_hash(kind, source_value, checked),
        reason_code=reason_code,
        note=note[:500],
        effect=terms.effect,
        level=terms.level,
        approvals_needed=terms.approvals_needed,
        requested_by=actor,
        requested_at=now,
    )
    fix_steps.record(fix, "fix.request", f"Asked for: {fix}", actor, now)
    whole_previews.attach(fix=fix, found=terms.found, actor=actor, now=now)
    if terms.level == "none":
        return fix_steps.put_in_force(fix, actor, now, batch=batch)
    fix_steps.tell_waits(fix, now)
    return fix


@dataclass(frozen=True, slots=True)
class Terms:
    """What a change would do, and who must agree to it."""

    effect: dict[str, Any]
    level: str
    approvals_needed: int
    found: previews.Effect | None = None


def weigh(
    *,
    kind: str,
    bridge: Bridge,
    case: Case | None,
    rma: Rma | None,
    source_value: str,
    payload: dict[str, Any],
    now: datetime,
) -> Terms:
    """The effect of a clean payload as things stand, and the approvals its size asks for."""
    if kind == FixKind.CLOSE and case is not None:
        level, count = closing.agreement(case)
        return Terms(effect={}, level=level, approvals_needed=count)
    found = previews.effect_of_change(
        bridge=bridge, kind=kind, source_value=source_value, payload=payload, rma=rma, now=now
    )
    value = approval.value_decided(
        kind, payload, case.value if case is not None else None, found.at_most if found else None
    )
    policy = facts_selector.policy_of(bridge)
    case_type = case.type if case is not None else ""
    changed = payload.get("changed")
    beside = beside_types.of(kind=kind, payload=payload, case=case, rma=rma)
    return Terms(
        effect=found.as_json() if found else {},
        level=approval.needs_approval(
            kind, value, policy, case_type=case_type, changed=changed, beside=beside
        ),
        approvals_needed=approval.approvers_needed(
            kind,
            value,
            policy,
            frees_other_money=found is not None and found.frees_other_money,
            case_type=case_type,
            changed=changed,
            beside=beside,
        ),
        found=found,
    )


@transaction.atomic
def approve(
    *,
    fix_id: int,
    seen_hash: str,
    actor: User,
    now: datetime,
    note: str = "",
    on_behalf_of_id: int | None = None,
    batch: FixBatch | None = None,
) -> Fix:
    """Approve another person's request; what it frees is held for the undo time.

    Where two people must agree, the first approval only counts, and nothing is in force yet
    (`status` stays "requested"). A delegate says for whom; the right is the delegate's own.

    Raises:
        FixNotAllowed: own request, edited by oneself, or not this person's to approve; the text
            says who can.
        FixAlreadyDecided: decided meanwhile, or changed since the approver looked.
    """
    fix = fix_steps.lock(fix_id)
    fix_steps.check_undecided(fix)
    fix_steps.check_seen(fix, seen_hash)
    given = fix_steps.approvals_of(fix)
    fix_steps.weigh_closing_again(fix)
    away = delegations.check(delegate=actor, person_id=on_behalf_of_id, fix=fix, now=now)
    _check_approver(fix, actor, given, away)
    money_requests.check_still(fix=fix)
    Approval.objects.create(
        fix=fix,
        approver=actor,
        on_behalf_of=away,
        payload_hash=fix.payload_hash,
        note=note[:500],
        at=now,
    )
    words = f" for {audit.name_of(away)}" if away else ""
    if fix.approvals_needed > len(given) + 1:
        text = f"Approved{words} as the first of {fix.approvals_needed}: {fix}"
        fix_steps.record(fix, "fix.approve.part", text, actor, now)
        return fix
    fix.decision_note = note[:500]
    return fix_steps.put_in_force(fix, actor, now, batch=batch, words=words)


@transaction.atomic
def reject(*, fix_id: int, actor: User, now: datetime, note: str, seen_hash: str = "") -> Fix:
    """Refuse a request with a reason; its exception is open again.

    Raises:
        FixAlreadyDecided: decided meanwhile, or changed since it was shown (`seen_hash`).
        FixNotAllowed: not this person's to decide.
        InvalidChoice: no reason.
    """
    fix = fix_steps.lock(fix_id)
    fix_steps.check_undecided(fix)
    if seen_hash:
        fix_steps.check_seen(fix, seen_hash)
    if not note.strip():
        raise errors.InvalidChoice("Say why, so that the requester can do better.")
    is_own = fix.requested_by_id == actor.pk
    if not is_own and not fixes_selector.approving(fix) & roles_of(actor):
        raise errors.FixNotAllowed("Your role may not decide on this request.")
    status = FixStatus.WITHDRAWN if is_own else FixStatus.REJECTED
    _end(fix, status, actor, now, note)
    if fix.mapping is not None:
        mappings.withdraw(mapping=fix.mapping, actor=actor, now=now, why=note)
    fix_steps.tell_waits(fix, now)
    return fix


@transaction.atomic
def undo(*, fix_id: int, actor: User, now: datetime) -> Fix:
    """Take an approved change back before anything left.

    Raises:
        FixAlreadyDecided: the undo time is over, or it was taken back already.
        FixNotAllowed: only who asked, who approved, who could have, or an admin may.
    """
    fix = fix_steps.lock(fix_id)
    if fix.status == FixStatus.UNDONE:
        raise errors.FixAlreadyDecided(fix_steps.decided_words(fix))
    if fix.status != FixStatus.HELD or (fix.hold_until is not None and fix.hold_until <= now):
        raise errors.FixAlreadyDecided(
            "The time to take this back is over. What was sent is on the return's page; ask for a "
            "correcting change instead."
        )
    if not fixes_selector.may_take_back(fix, user_id=actor.pk, roles=roles_of(actor)):
        raise errors.FixNotAllowed(NOT_YOURS)
    return fix_steps.take_back(fix, actor, now)


_OVER = Select(
    lambda now: (
        Fix.objects.select_for_update(skip_locked=True, of=("self",))
        .filter(status=FixStatus.HELD, hold_until__lte=now)
        .values_list("pk", flat=True)
    )
)


@transaction.atomic
def release_due(*, now: datetime) -> int:
    """Apply held changes whose undo time is over; returns how many.

    The facts have counted since they were put in force, so nothing is planned again: what they
    freed is let go as its own undo time ends (`confirming.release_held`).
    """
    due = _OVER.rows(now=now)
    if not due:
        return 0
    return Fix.objects.filter(pk__in=due).update(status=FixStatus.APPLIED, ended_at=now)


def _check_approver(fix: Fix, actor: User, given: list[Approval], away: User | None) -> None:
    earlier = {row.approver_id for row in given} | {
        row.on_behalf_of_id for row in given if row.on_behalf_of_id
    }
    refusal = approval.may_approve(
        requester_id=fix.requested_by_id,
        approver_id=actor.pk,
        approver_roles=roles_of(actor),
        level=fix.level,
        earlier_approver_ids=earlier,
        editor_ids=set(fix.edits.values_list("editor_id", flat=True)),
        for_id=away.pk if away else None,
    )
    if refusal:
        raise errors.FixNotAllowed(refusal)
    if not fixes_selector.approving(fix) & roles_of(actor):
        raise errors.FixNotAllowed(
            "A peer approves: someone else of a team that may make this change."
        )


def clean(
    kind: str,
    bridge: Bridge,
    rma: Rma | None,
    source_value: str,
    payload: dict[str, Any],
    now: datetime,
) -> dict[str, Any]:
    if kind in MappingKind.values:
        return mappings.clean_target(
            bridge=bridge, kind=kind, source_value=source_value, target=payload
        )
    return fix_payloads.clean(kind=kind, bridge=bridge, rma=rma, payload=payload, now=now)


def check_right(actor: User, kind: str, case: Case | None = None) -> None:
    if kind not in FixKind.values:
        raise errors.InvalidChoice("That is not a change we know.")
    if not can(actor, fix_capability(kind, case.type if case else "")):
        label = FixKind(kind).label
        raise errors.FixNotAllowed(f"Your role may not: {label.lower()}.")
    if kind != FixKind.CLOSE or case is None:
        return
    if not closing.may_close(case, roles=roles_of(actor)):
        raise errors.FixNotAllowed(closing.refusal(case))


def _check_note_alone(actor: User, kind: str, case: Case | None, payload: dict[str, Any]) -> None:
    """Who may send a note again and nothing else sends the exception's own document only."""
    if kind != FixKind.RETRY or can(actor, FIX_CAPABILITY[kind]):
        return
    if case is None or payload.get("posting_id") != case.posting_id:
        raise errors.FixNotAllowed("Your role may send the note again, and no other document.")


def _check_case(case: Case | None, kind: str) -> None:
    if case is None:
        return
    if case.status not in CASE_OPEN:
        raise errors.CaseAlreadyClosed(f"This exception was closed meanwhile: {case.proof}")
    if kind not in catalogue_entry(case.type, case.facts).actions:
        raise errors.FixNotAllowed("This exception does not offer that change.")


def _end(fix: Fix, status: str, actor: User, now: datetime, note: str) -> None:
    fix.status = status
    fix.decided_by = actor
    fix.decided_at = now
    fix.ended_at = now
    fix.decision_note = note[:500]
    fix.save(update_fields=["status", "decided_by", "decided_at", "ended_at", "decision_note"])
    fix_steps.record(fix, "fix.reject", f"{fix.get_status_display()}: {fix}. {note}", actor, now)
