"""A document that a person linked although it differs: what stands in the ERP is what counts.

Nobody tells which line the ERP changed. So the lines stay as they were sent, and one line more
holds what the document is worth beside them: the comparison with the refund then finds it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import Decimal

from connectors.types import DocumentDraft, DocumentState, DocumentStatus, DraftLine, TaxPart
from exceptions_app.rules import credit, money
from exceptions_app.rules.confirming import OF_MONEY, Comparison, Verdict

# Differences under which it is not the document that was linked, or not to be added up with ours.
_NEVER = frozenset({"number", "currency"})


def states_of(states: Sequence[DocumentState], linked_as: str) -> list[DocumentState]:
    """What is compared: where a person linked a document, none that was refused beside it.

    `linked_as` is its number, "" where none is linked.
    """
    return [
        each
        for each in states
        if not linked_as
        or each.status != DocumentStatus.REJECTED
        or linked_as in (each.number, each.external_id)
    ]


def is_adoptable(comparison: Comparison) -> bool:
    """Whether the one document found is booked and the linked one, in our currency."""
    state = comparison.state
    if comparison.verdict != Verdict.DIFFERS or state is None:
        return False
    names = {name for name, _, _ in comparison.differences}
    is_told = state.kind not in OF_MONEY or state.gross is not None
    return state.status == DocumentStatus.POSTED and is_told and not names & _NEVER


def adopted(draft: DocumentDraft, state: DocumentState) -> DocumentDraft:
    """`draft` with the units, the sum, the tax and the place that `state` has."""
    lines = _with_units(draft.lines, state.units - draft.units)
    if draft.kind in OF_MONEY and state.gross is not None:
        lines = (*lines, *_beside(draft, state, state.gross - draft.gross))
    numbered = tuple(replace(row, line_no=number) for number, row in enumerate(lines, start=1))
    return replace(
        draft,
        lines=numbered,
        warehouse=state.warehouse or draft.warehouse,
        division=state.division or draft.division,
    )


def _with_units(lines: Iterable[DraftLine], gap: int) -> tuple[DraftLine, ...]:
    """More units are the first item's; fewer are taken from the items in their order."""
    found = []
    for row in lines:
        if gap and row.component == credit.ITEM:
            moved = max(gap, -row.quantity)
            row = replace(row, quantity=row.quantity + moved)
            gap -= moved
        found.append(row)
    return tuple(found)


def _beside(draft: DocumentDraft, state: DocumentState, gap: Decimal) -> tuple[DraftLine, ...]:
    tax = money.ZERO if state.tax is None else state.tax - draft.tax
    if not gap and not tax:
        return ()
    text = "Booked in the ERP beside what was sent"
    row = credit.charge_line(credit.FOUND, "", text, gap - tax, tax)
    parts = _taxes(draft, state)
    is_whole = sum((part.amount for part in parts), money.ZERO) == tax
    return (replace(row, taxes=parts if is_whole else ()),)


def _taxes(draft: DocumentDraft, state: DocumentState) -> tuple[TaxPart, ...]:
    """By how much the tax of each code is more than was sent, where the ERP splits it."""
    if not state.taxes:
        return ()
    sent = draft.tax_by_code
    there: dict[str, Decimal] = {}
    for part in state.taxes:
        there[part.code] = there.get(part.code, money.ZERO) + part.amount
    gaps = {
        code: there.get(code, money.ZERO) - sent.get(code, money.ZERO)
        for code in sorted({*there, *sent})
    }
    return tuple(TaxPart(code, amount) for code, amount in gaps.items() if amount)
