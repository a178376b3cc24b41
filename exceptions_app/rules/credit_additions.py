"""What a credit holds beyond the reversal: corrections that came late, and differences let pass."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from connectors.types import DocumentDraft
from exceptions_app.rules import credit, mapping, money
from exceptions_app.rules.resolving import Resolved


def with_variance(resolved: Resolved, due: DocumentDraft, residue: Decimal) -> DocumentDraft:
    """`due` and what was let pass, on a line of its own, so that the books hold the refund.

    Only where a charge code says to which account; a credit that left keeps what it left with,
    and a quoted sum is credited to the penny.
    """
    facts = resolved.facts
    before = credit.sent(facts)
    if before is not None:
        rows = [line for line in before.lines if line.component == credit.VARIANCE]
    else:
        code = mapping.charge_for(facts.mappings, credit.VARIANCE)
        is_booked = bool(residue and code) and facts.quote is None
        row = credit.charge_line(credit.VARIANCE, code, "Difference let pass", residue)
        rows = [row] if is_booked else []
    first = len(due.lines) + 1
    numbered = [replace(row, line_no=number) for number, row in enumerate(rows, start=first)]
    return replace(due, lines=(*due.lines, *numbered))


def variance_of(document: DocumentDraft) -> Decimal:
    """What of a credit is a difference that was let pass; below zero where it took from it."""
    return credit.gross(line for line in document.lines if line.component == credit.VARIANCE)


def missing(resolved: Resolved, due: DocumentDraft) -> DocumentDraft | None:
    """The correction decided after the credit left, as a credit of its own (R123).

    A credit that was sent is not taken back here: there is only what it holds too little.
    """
    before = credit.sent(resolved.facts)
    amount = _corrected(due) - _corrected(before) if before else money.ZERO
    if amount <= 0:
        return None
    reason = resolved.facts.decisions.adjustment_reason or "Correction by finance"
    code = credit.adjustment_code(resolved.facts)
    row = credit.charge_line(credit.ADJUSTMENT, code, reason, amount)
    return replace(due, lines=(replace(row, line_no=1),))


def _corrected(document: DocumentDraft) -> Decimal:
    """What people added; cash rounding follows from the sum and is nobody's correction."""
    return credit.gross(
        row
        for row in document.lines
        if row.component == credit.ADJUSTMENT
        and not row.order_line_id
        and row.description != credit.CASH_ROUNDING
    )
