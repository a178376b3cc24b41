"""One admin acts alone when nobody else can: with a reason, and another person reviews it."""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction

from exceptions_app import errors
from exceptions_app.models import BreakGlass, Fix
from exceptions_app.permissions import can
from exceptions_app.services import audit, fix_steps, moments, money_requests

SHORTEST = 20


@transaction.atomic
def use(*, fix_id: int, seen_hash: str, actor: User, now: datetime, reason: str) -> Fix:
    """Put a request in force without the approvals it lacks; held for the undo time as any other.

    It stays on the list of reviews until another person has reviewed it.

    Raises:
        FixNotAllowed: not an admin.
        InvalidChoice: the reason is too short to be judged.
        FixAlreadyDecided: decided meanwhile, or changed since it was shown.
    """
    if not can(actor, "break_glass"):
        raise errors.FixNotAllowed("Only an admin may act alone.")
    reason = " ".join(reason.split())
    if len(reason) < SHORTEST:
        raise errors.InvalidChoice(
            f"Say in at least {SHORTEST} characters why nobody else could decide; it is reviewed."
        )
    fix = fix_steps.lock(fix_id)
    fix_steps.check_undecided(fix)
    fix_steps.check_seen(fix, seen_hash)
    money_requests.check_still(fix=fix)
    missing = fix.approvals_needed - len(fix_steps.approvals_of(fix))
    row = BreakGlass.objects.create(
        fix=fix, person=actor, at=now, reason=reason[:500], missing=max(missing, 0)
    )
    fix.is_break_glass = True
    fix.decision_note = reason[:500]
    text = f"Acted alone, {row.missing} approvals missing: {fix}. {reason}"
    audit.record(
        actor=actor,
        act="glass.use",
        subject=fix,
        text=text,
        now=now,
        rma_id=fix.rma_id,
        case_id=fix.case_id,
    )
    return fix_steps.put_in_force(fix, actor, now, words=", one person alone")


@transaction.atomic
def review(*, glass_id: int, actor: User, now: datetime, text: str) -> BreakGlass:
    """Note what another person found of it; it then leaves the list.

    Raises:
        FixNotAllowed: the person who used it or asked for the change, or no right to review.
        InvalidChoice: nothing said.
        FixAlreadyDecided: another person reviewed it first.
    """
    row = BreakGlass.objects.select_related("fix", "person", "reviewed_by").get(pk=glass_id)
    if not can(actor, "review_glass"):
        raise errors.FixNotAllowed("Finance or an admin reviews this.")
    if actor.pk in (row.person_id, row.fix.requested_by_id):
        raise errors.FixNotAllowed("Another person than who acted alone or asked must review it.")
    if not text.strip():
        raise errors.InvalidChoice("Say what you found.")
    changed = BreakGlass.objects.filter(pk=row.pk, reviewed_at__isnull=True).update(
        reviewed_by=actor, reviewed_at=now, review=text[:500]
    )
    if changed != 1:
        row.refresh_from_db()
        who = audit.name_of(row.reviewed_by)
        at = moments.written(row.reviewed_at) if row.reviewed_at else ""
        raise errors.FixAlreadyDecided(f"{who} was faster, {at}: {row.review}")
    audit.record(
        actor=actor,
        act="glass.review",
        subject=row.fix,
        text=f"Reviewed the act of {audit.name_of(row.person)} alone: {row.fix}. {text}",
        now=now,
        rma_id=row.fix.rma_id,
        case_id=row.fix.case_id,
    )
    row.refresh_from_db()
    return row
