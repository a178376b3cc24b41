"""What finance accepted of a return's money, in words that say how far its credit is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from exceptions_app.catalogue import render
from exceptions_app.choices import (
    MONEY_FIXES,
    CaseStatus,
    Closure,
    FixKind,
    FixStatus,
    PostingKind,
    PostingStatus,
)
from exceptions_app.models import Approval, Case, Fix, Posting, Rma
from exceptions_app.services import audit, cases, moments


def of_rma(rma: Rma) -> str:
    """ "−£5.00 accepted by Finn Ashworth, agreed by Fiona Reid"; "" when nothing is accepted."""
    in_force = Fix.objects.filter(
        rma=rma, kind__in=MONEY_FIXES, status__in=(FixStatus.HELD, FixStatus.APPLIED)
    )
    fix = in_force.select_related("requested_by").order_by("-pk").first()
    if fix is None or fix.kind != FixKind.ACCEPT_DIFFERENCE:
        return ""
    facts = {"difference": fix.payload.get("difference", ""), "currency": rma.currency}
    given = Approval.objects.filter(fix=fix, payload_hash=fix.payload_hash).order_by("pk")
    names = [audit.name_of(row.approver) for row in given.select_related("approver")]
    return render("{difference} accepted by ", facts) + ", agreed by ".join(
        [audit.name_of(fix.requested_by), *([" and ".join(names)] if names else [])]
    )


def credit_words(rows: Sequence[Posting]) -> str:
    """How far the credit is: read back with number and time, or not yet."""
    memos = [row for row in rows if row.kind == PostingKind.CREDIT_MEMO]
    if not memos:
        return "no credit memo is planned"
    last = memos[-1]
    if last.status == PostingStatus.CONFIRMED and last.confirmed_at is not None:
        return f"credit memo {last.number} read back {moments.written(last.confirmed_at)}"
    return f"credit memo not read back yet: {last.get_status_display().lower()}"


def retell(*, rma: Rma, accepted: str, proof: str, now: datetime) -> None:
    """Let what an acceptance closed say how far its credit has come since."""
    closed = Case.objects.filter(
        subject=cases.of_rma(rma).key,
        status=CaseStatus.RESOLVED,
        closure=Closure.PROOF,
        proof__startswith=accepted,
    ).exclude(proof=proof)
    for case in closed:
        if Case.objects.filter(pk=case.pk, proof=case.proof).update(proof=proof):
            cases.record(case, "case.proof", proof, now)
