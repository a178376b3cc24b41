"""What finance accepted of a return's money, in words that say how far its credit is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

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
from exceptions_app.models.statements import Select
from exceptions_app.rules.facts import Finding
from exceptions_app.selectors import decisions
from exceptions_app.services import accepting, audit, cases, moments, subjects


@dataclass(frozen=True, slots=True)
class Accepted:
    """`text` is "−£5.00 accepted by Finn Ashworth, agreed by Fiona Reid".

    `ends_at` is when the acceptance is over, None when it does not end.
    """

    text: str
    ends_at: datetime | None


_LAST_OF_MONEY = Select(
    lambda rma: (
        Fix.objects.filter(
            rma=rma, kind__in=MONEY_FIXES, status__in=(FixStatus.HELD, FixStatus.APPLIED)
        )
        .select_related("requested_by", "rma")
        .order_by("-pk")[:1]
    )
)


def of_rma(rma: Rma, *, findings: Sequence[Finding], now: datetime) -> Accepted | None:
    """What is accepted of the return's money at `now`, after a plan that has these findings.

    The acceptance's row says afterwards whether it holds, and why not.
    """
    fix = _LAST_OF_MONEY.first(rma=rma.pk)
    if fix is None or fix.kind != FixKind.ACCEPT_DIFFERENCE:
        return None
    is_over = decisions.is_over(fix.payload, rma.bridge, now)
    if not accepting.follow(fix=fix, is_over=is_over, findings=findings, now=now):
        return None
    return Accepted(_words(fix, rma), _ends_at(fix, rma))


def _ends_at(fix: Fix, rma: Rma) -> datetime | None:
    until = fix.payload.get("until", "")
    if not until:
        return None
    day = date.fromisoformat(until) + timedelta(days=1)
    return datetime.combine(day, time(), ZoneInfo(rma.bridge.timezone))


def _words(fix: Fix, rma: Rma) -> str:
    facts = {"difference": fix.payload.get("difference", ""), "currency": rma.currency}
    given = Approval.objects.filter(fix=fix, payload_hash=fix.payload_hash).order_by("pk")
    names = [audit.name_of(row.approver) for row in given.select_related("approver")]
    told = render("{difference} accepted by ", facts) + ", agreed by ".join(
        [audit.name_of(fix.requested_by), *([" and ".join(names)] if names else [])]
    )
    until = fix.payload.get("until", "")
    return render(f"{told}, until {{posting_date}}", {"posting_date": until}) if until else told


def credit_words(rows: Sequence[Posting]) -> str:
    """How far the credit is: read back with number and time, or not yet."""
    memos = [row for row in rows if row.kind == PostingKind.CREDIT_MEMO]
    if not memos:
        return "no credit memo is planned"
    last = memos[-1]
    if last.status == PostingStatus.CONFIRMED and last.confirmed_at is not None:
        how = last.state_label.lower() if last.is_taken_on_word else "read back"
        return f"credit memo {last.number} {how} {moments.written(last.confirmed_at)}"
    return f"credit memo not read back yet: {last.get_status_display().lower()}"


def numbers(rows: Sequence[Posting]) -> list[str]:
    """Every document that was read back, as the ERP numbers it."""
    return [
        f"{row.get_kind_display()} {row.number}"
        f"{f' ({row.state_label.lower()})' if row.is_taken_on_word else ''}"
        for row in rows
        if row.status == PostingStatus.CONFIRMED and row.number
    ]


def proof(rows: Sequence[Posting], accepted: str) -> str:
    """What an acceptance closed is proved by: who agreed, how far the credit is, and the rest."""
    others = [row for row in rows if row.kind != PostingKind.CREDIT_MEMO]
    return "; ".join([accepted, credit_words(rows), *numbers(others)])[:500]


def retell(*, rma: Rma, accepted: str, proof: str, now: datetime) -> None:
    """Let what an acceptance closed say how far its credit has come since."""
    closed = Case.objects.filter(
        subject=subjects.of_rma(rma).key,
        status=CaseStatus.RESOLVED,
        closure=Closure.PROOF,
        proof__startswith=accepted,
    ).exclude(proof=proof)
    for case in closed:
        if Case.objects.filter(pk=case.pk, proof=case.proof).update(proof=proof):
            cases.record(case, "case.proof", proof, now)
