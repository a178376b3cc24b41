"""Closing by hand, by whoever may: at once, or asked for where another person must agree.

The one door to it from pages, programs and acts on many. What is asked for is a change like any
other (`fixes`): approved or refused by another, then held for the undo time.
"""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction

from exceptions_app import errors
from exceptions_app.choices import Closure, FixKind, FixStatus
from exceptions_app.models import Case, Fix
from exceptions_app.permissions import roles_of
from exceptions_app.selectors import closing as selector
from exceptions_app.services import fix_payloads, fix_steps, fixes, same_requests, triage


@transaction.atomic
def close(
    *, case_id: int, reason: str, note: str, actor: User, now: datetime, seen: str = ""
) -> Fix | None:
    """Close with one of the type's coded reasons; returns the request where others must agree.

    Raises:
        FixNotAllowed: another team's; the text says whose.
        InvalidChoice: the type cannot be closed by hand, not for this reason, or the note does not
            say what the reason rests on.
        FixAlreadyDecided: the same is asked for already.
        CaseAlreadyClosed, CaseChanged: another was faster.
    """
    shown = Case.objects.select_related("bridge").get(pk=case_id)
    if selector.agreement(shown)[0] != "none":
        same_requests.take_turn(bridge_id=shown.bridge_id)
    case = triage.locked_as_seen(case_id=case_id, seen=seen, actor=actor)
    fix_payloads.check_reason(kind=FixKind.CLOSE, reason_code=reason, case=case)
    if not selector.may_close(case, roles=roles_of(actor)):
        raise errors.FixNotAllowed(selector.refusal(case))
    fix_payloads.check_closing_note(kind=FixKind.CLOSE, reason_code=reason, note=note, case=case)
    level, _ = selector.agreement(case)
    if level == "none" or case.bridge is None:
        triage.close_by_hand(case_id=case.pk, reason=reason, note=note, actor=actor, now=now)
        return None
    return fixes.request(
        kind=FixKind.CLOSE,
        bridge=case.bridge,
        actor=actor,
        now=now,
        payload={},
        case=case,
        rma=case.rma,
        reason_code=reason,
        note=note,
    )


@transaction.atomic
def reopen(*, case_id: int, actor: User, now: datetime, closed_by: Fix | None = None) -> Case:
    """Undo a closing by hand, also one that others agreed to and that is still held.

    With `closed_by` only what that very change closed: whoever closed it since had their reasons.

    Raises:
        InvalidChoice: it is open already, or was closed by proof, which only facts undo.
        CaseChanged: `closed_by` did not come into force, or it was closed anew since.
    """
    held = Fix.objects.filter(case=case_id, kind=FixKind.CLOSE, status=FixStatus.HELD).first()
    # The change before its exception, as everywhere: of two who take it back the second waits here.
    fix = fix_steps.lock(held.pk) if held is not None else None
    if closed_by is not None and not _is_closed_by(case_id, closed_by):
        raise errors.CaseChanged("It changed since, and stays as it is now.")
    if fix is None or fix.status != FixStatus.HELD:
        return triage.reopen(case_id=case_id, actor=actor, now=now)
    fix_steps.take_back(fix, actor, now)
    return Case.objects.get(pk=case_id)


def _is_closed_by(case_id: int, fix: Fix) -> bool:
    in_force = Fix.objects.filter(pk=fix.pk, status__in=(FixStatus.HELD, FixStatus.APPLIED))
    return Case.objects.filter(
        pk=case_id, closure=Closure.BY_HAND, resolved_at__in=in_force.values("decided_at")
    ).exists()
