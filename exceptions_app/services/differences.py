"""What finance does about a difference from its workbench, for one return or for many."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from exceptions_app import errors
from exceptions_app.choices import CASE_OPEN, POSTING_SENT, FixKind, PostingKind
from exceptions_app.models import Case, Fix, Posting, Rma
from exceptions_app.rules.penny_parts import FX
from exceptions_app.services import fix_payloads, fixes

ACCEPT, CORRECT, ISSUE = "accept", "correct", "issue"
KIND_OF = {
    ACCEPT: FixKind.ACCEPT_DIFFERENCE,
    CORRECT: FixKind.CORRECT_CREDIT,
    ISSUE: FixKind.CORRECT_CREDIT,
}


def payload_of(
    *,
    case: Case,
    act: str,
    until: date | None = None,
    may_grow_by: Decimal | None = None,
    owner: str = "",
) -> dict[str, Any]:
    """The new fact that settles the whole difference of `case` by `act`.

    Raises:
        InvalidChoice: this act cannot settle this difference; the text says why.
    """
    rma = case.rma
    if rma is None or case.facts.get("difference") in (None, ""):
        raise errors.InvalidChoice("Refund and credit of this exception could not be compared.")
    difference = str(case.facts["difference"])
    if act == ACCEPT:
        return {
            "difference": difference,
            "until": until.isoformat() if until else "",
            "cap": f"{abs(Decimal(difference)) + may_grow_by:f}" if may_grow_by else "",
            "owner": owner,
        }
    if case.facts.get("main_cause") == FX:
        raise errors.InvalidChoice(
            "The refund is in another currency: no amount of the credit's currency settles it."
        )
    _check_stage(rma, act)
    if act == ISSUE and Decimal(difference) <= 0:
        raise errors.InvalidChoice("The credit is not less than the refund: no part is missing.")
    return {"adjustment": fix_payloads.adjustment_for(case)}


def _check_stage(rma: Rma, act: str) -> None:
    """A draft is corrected; to a credit that left only a missing part can be added."""
    memos = Posting.objects.filter(rma=rma, kind=PostingKind.CREDIT_MEMO)
    is_sent = memos.filter(status__in=POSTING_SENT).exists()
    if act == CORRECT and is_sent:
        raise errors.InvalidChoice("The credit has left already: only a missing part can follow.")
    if act == ISSUE and not is_sent:
        raise errors.InvalidChoice("The credit has not left yet: correct the draft instead.")


@transaction.atomic
def settle(
    *,
    case_id: int,
    seen: str,
    act: str,
    actor: User,
    now: datetime,
    reason_code: str,
    note: str = "",
    until: date | None = None,
    may_grow_by: Decimal | None = None,
    owner: str = "",
) -> Fix:
    """Ask for the change that settles the whole difference; who approves is as everywhere.

    What is accepted holds until `until` (None is the longest the bridge's policy allows), up to
    `may_grow_by` more than the difference, and is owned by `owner`, a user name; "" is the actor.

    Raises:
        CaseAlreadyClosed, CaseChanged: it is no longer what was shown.
        InvalidChoice, FixNotAllowed, FixAlreadyDecided: as `services.fixes.request`.
    """
    case = Case.objects.select_related("rma__bridge", "bridge").get(pk=case_id)
    if case.status not in CASE_OPEN:
        raise errors.CaseAlreadyClosed(f"It was closed meanwhile: {case.proof}")
    if seen and seen != case.version:
        raise errors.CaseChanged("It changed since you opened the list. Look again.")
    if case.bridge is None:
        raise errors.InvalidChoice("This exception belongs to no bridge.")
    return fixes.request(
        kind=KIND_OF[act],
        bridge=case.bridge,
        actor=actor,
        now=now,
        payload=payload_of(case=case, act=act, until=until, may_grow_by=may_grow_by, owner=owner),
        case=case,
        rma=case.rma,
        reason_code=reason_code,
        note=note,
    )
