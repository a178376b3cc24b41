"""Why no credit is planned for a refund or for goods that are back."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from exceptions_app.choices import CASE_OPEN, LogisticsAxis, PostingKind, PostingStatus
from exceptions_app.models import Case, Posting, Rma
from exceptions_app.rules import policy as policies
from exceptions_app.selectors import facts as facts_selector
from exceptions_app.selectors import held_up, policy_words


def beside(case: Case, postings: Iterable[Posting]) -> dict[str, Any]:
    """`no_credit` for an open exception about a missing credit; else empty.

    At most two queries, none for most types.
    """
    if case.rma is None or case.status not in CASE_OPEN or case.type not in held_up.NO_CREDIT:
        return {}
    return {"no_credit": _no_credit(case, case.rma, postings)}


def _no_credit(case: Case, rma: Rma, postings: Iterable[Posting]) -> dict[str, Any] | None:
    """Why no credit is planned, and the other exceptions of the return; None where one is."""
    kinds = {row.kind for row in postings if row.status != PostingStatus.CANCELLED}
    if PostingKind.CREDIT_MEMO in kinds:
        return None
    others = Case.objects.filter(rma=rma, status__in=CASE_OPEN).exclude(pk=case.pk)
    lines = list(rma.lines.all())
    ungraded = sum(line.quantity for line in lines if not line.disposition)
    return {
        "why": _why(rma, ungraded),
        "ungraded": ungraded,
        "cases": list(others.only("pk", "title", "team").order_by("pk")),
    }


def _why(rma: Rma, ungraded: int) -> str:
    trigger = facts_selector.policy_of(rma.bridge).credit_trigger
    option = next(row for row in policies.OPTIONS if row.name == "credit_trigger")
    when = policy_words.value_of(option, trigger)
    told = f"{rma.bridge.name} credits {when[0].lower()}{when[1:]}"
    if trigger == "goods_inspected" and ungraded:
        return f"{told}, and {_units(ungraded)} no grade."
    has_come = rma.received_at is not None or rma.logistics == LogisticsAxis.RECEIVED
    if trigger == "goods_received" and not has_come:
        return f"{told}, and nobody recorded that they did."
    return f"{told}."


def _units(count: int) -> str:
    return "1 unit has" if count == 1 else f"{count} units have"
