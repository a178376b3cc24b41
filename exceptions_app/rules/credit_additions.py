"""What a credit holds beyond the reversal: corrections that came late, and differences let pass."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from connectors.types import DocumentDraft, DraftLine
from exceptions_app.rules import credit, mapping, money, receiving
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
    """What came after the credit left, as a credit of its own: a correction (R123), late goods.

    A credit that was sent is not taken back here: there is only what it holds too little.
    """
    before = credit.sent(resolved.facts)
    if before is None:
        return None
    rows = _late(due, before) if receiving.limits_credit(resolved.facts.policy) else []
    amount = _corrected(due) - _corrected(before)
    if amount > 0:
        reason = resolved.facts.decisions.adjustment_reason or "Correction by finance"
        code = credit.adjustment_code(resolved.facts)
        rows.append(credit.charge_line(credit.ADJUSTMENT, code, reason, amount))
    numbered = [replace(row, line_no=number) for number, row in enumerate(rows, start=1)]
    is_worth = any(row.net or row.tax for row in rows)
    return replace(due, lines=tuple(numbered)) if is_worth else None


def _late(due: DocumentDraft, before: DocumentDraft) -> list[DraftLine]:
    """Units that came in after the credit, for what the order line still bears of them (R020)."""
    there, wanted = _by_order_line(before), _by_order_line(due)
    rows = []
    for key, row in wanted.items():
        known = there.get(key)
        if known is None:
            rows.append(row)
        elif row.quantity > known.quantity:
            taken = {part.code: part.amount for part in known.taxes}
            rows.append(
                replace(
                    row,
                    quantity=row.quantity - known.quantity,
                    net=row.net - known.net,
                    tax=row.tax - known.tax,
                    taxes=tuple(
                        replace(part, amount=part.amount - taken.get(part.code, money.ZERO))
                        for part in row.taxes
                    ),
                )
            )
    return rows


def _by_order_line(document: DocumentDraft) -> dict[tuple[str, str], DraftLine]:
    """Its item lines, those of one order line and SKU as one."""
    found: dict[tuple[str, str], DraftLine] = {}
    for row in document.lines:
        if row.component != credit.ITEM:
            continue
        key = (row.order_line_id, row.sku)
        known = found.get(key)
        if known is not None:
            amounts = {part.code: part.amount for part in known.taxes}
            row = replace(
                row,
                quantity=row.quantity + known.quantity,
                net=row.net + known.net,
                tax=row.tax + known.tax,
                taxes=tuple(
                    replace(part, amount=part.amount + amounts.get(part.code, money.ZERO))
                    for part in row.taxes
                ),
            )
        found[key] = row
    return found


def _corrected(document: DocumentDraft) -> Decimal:
    """What people added; cash rounding follows from the sum and is nobody's correction."""
    return credit.gross(
        row
        for row in document.lines
        if row.component == credit.ADJUSTMENT
        and not row.order_line_id
        and row.description != credit.CASH_ROUNDING
    )
