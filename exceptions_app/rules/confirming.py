"""Compare what an ERP holds under our key with what we meant; never adopt what differs (B.4)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from connectors.errors import RejectionCode
from connectors.types import DocumentDraft, DocumentKind, DocumentState, DocumentStatus
from exceptions_app.rules.sayings import spoken

# Documents whose sum is compared; a stock document has none.
OF_MONEY = frozenset({DocumentKind.CREDIT_MEMO, DocumentKind.REFUND_RECORD})


class Verdict(StrEnum):
    ABSENT = "absent"
    STAGED = "staged"
    EQUAL = "equal"
    REJECTED = "rejected"
    DIFFERS = "differs"
    TWICE = "twice"


@dataclass(frozen=True, slots=True)
class Comparison:
    """`differences` name field, meant and found, for people; empty unless DIFFERS or TWICE."""

    verdict: Verdict
    state: DocumentState | None
    differences: tuple[tuple[str, str, str], ...] = ()


def compare(
    draft: DocumentDraft, states: Sequence[DocumentState], *, number: str = ""
) -> Comparison:
    """Judge the documents found under `draft.key`; rejected ones count only when nothing else
    is. `number` is the one a person gave it, where one did."""
    alive = [state for state in states if state.status != DocumentStatus.REJECTED]
    if not alive:
        refused = states[-1] if states else None
        return Comparison(Verdict.REJECTED if refused else Verdict.ABSENT, refused)
    if len(alive) > 1:
        numbers = ", ".join(state.number or state.external_id for state in alive)
        return Comparison(Verdict.TWICE, alive[0], (("documents", "1", numbers),))
    state = alive[0]
    differences = (*_differences(draft, state), *_other_number(state, number))
    if differences:
        return Comparison(Verdict.DIFFERS, state, differences)
    posted = state.status == DocumentStatus.POSTED
    return Comparison(Verdict.EQUAL if posted else Verdict.STAGED, state)


def _differences(draft: DocumentDraft, state: DocumentState) -> list[tuple[str, str, str]]:
    found = []
    if state.units != draft.units:
        found.append(("units", str(draft.units), str(state.units)))
    if draft.kind in OF_MONEY and state.gross != draft.gross:
        there = "no amount"
        if state.gross is not None:
            there = spoken(state.gross, state.currency or draft.currency)
        found.append(("amount", spoken(draft.gross, draft.currency), there))
    found.extend(_tax_differences(draft, state))
    if state.currency and draft.currency and state.currency != draft.currency:
        found.append(("currency", draft.currency, state.currency))
    for name in ("warehouse", "division"):
        meant, is_there = getattr(draft, name), getattr(state, name)
        if meant and is_there and meant != is_there:
            found.append((name, meant, is_there))
    return found


def _other_number(state: DocumentState, number: str) -> Iterator[tuple[str, str, str]]:
    if number and state.number and number not in (state.number, state.external_id):
        yield "number", number, state.number


def _tax_differences(draft: DocumentDraft, state: DocumentState) -> Iterator[tuple[str, str, str]]:
    """Where the ERP tells its tax: in sum, and by code where it splits it."""
    currency = state.currency or draft.currency
    if state.tax is not None and state.tax != draft.tax:
        yield "tax", spoken(draft.tax, currency), spoken(state.tax, currency)
    if not state.taxes:
        return
    meant = draft.tax_by_code
    there = {part.code: part.amount for part in state.taxes if part.amount}
    # A tax without a code is in the sum alone.
    for code in sorted({*meant, *there} - {""}):
        amounts = meant.get(code, Decimal(0)), there.get(code, Decimal(0))
        if amounts[0] != amounts[1]:
            shown = [spoken(amount, currency) for amount in amounts]
            yield f"tax {code}", shown[0], shown[1]


def found_words(comparison: Comparison) -> str:
    """ "Booked as CM000173, £97.00 instead of £96.00": what stands there in place of ours."""
    state = comparison.state
    assert state is not None
    name = state.number or state.external_id
    if comparison.verdict == Verdict.TWICE:
        return f"There more than once under one key: {comparison.differences[0][2]}"
    is_booked = state.status == DocumentStatus.POSTED
    lead = f"Booked as {name}" if is_booked else f"Accepted as {name} and not booked yet"
    return ", ".join([lead, *(instead(*each) for each in comparison.differences)])


def instead(name: str, meant: str, found: str) -> str:
    """One difference of a comparison: "£97.00 instead of £96.00"."""
    if name == "units":
        return f"{found} units instead of {meant}"
    return f"{found} instead of {meant}" if name == "amount" else f"{name} {found}, not {meant}"


# Documents whose refusal leaves no goods without a receipt.
_WITHOUT_GOODS = OF_MONEY | {DocumentKind.RETURN_AUTHORISATION}
# Documents about goods that are booked in already.
_MOVED = frozenset({DocumentKind.STOCK_MOVE, DocumentKind.WRITE_OFF})
# Refusals that name their own type; all others are the document's refusal as such.
_REFUSAL_TYPES = {
    RejectionCode.PERIOD_CLOSED: "PERIOD_CLOSED",
    RejectionCode.UNKNOWN_ITEM: "SKU_UNKNOWN",
    RejectionCode.INACTIVE_ITEM: "SKU_INACTIVE",
    RejectionCode.UNKNOWN_WAREHOUSE: "WAREHOUSE_UNMAPPED",
    RejectionCode.UNKNOWN_DIVISION: "DIVISION_MISMATCH",
    RejectionCode.DIVISION_WAREHOUSE_PAIR: "DIVISION_MISMATCH",
    RejectionCode.UNKNOWN_ORDER: "SO_LINK_MISSING",
    RejectionCode.VAT_SETTING: "VAT_SETTING",
    RejectionCode.QUANTITY: "OVER_RETURN",
}


# What it is called that the ERP has two documents under one key; others are only in doubt.
TWICE_TYPES = {
    DocumentKind.CREDIT_MEMO.value: "CM_DUPLICATE",
    DocumentKind.STOCK_RECEIPT.value: "DUPLICATE_STOCK_MOVE",
    DocumentKind.STOCK_MOVE.value: "DUPLICATE_STOCK_MOVE",
    DocumentKind.WRITE_OFF.value: "DUPLICATE_STOCK_MOVE",
}


# What the read-back of an absent document says, as the facts of a field that differs do.
ABSENT = {"field": "the document", "expected": "there", "got": "not there"}


def refusal_type(code: str, kind: str) -> str:
    """The case type of an ERP's refusal (DESIGN section 4: type by vendor code)."""
    if code == RejectionCode.DUPLICATE_KEY:
        return "OUTCOME_UNKNOWN"
    if code == RejectionCode.QUANTITY and kind in _MOVED:
        # Goods that are not where they should be moved from; nobody returned too many.
        return "RECEIPT_NOT_POSTED"
    fallback = "CM_REJECTED" if kind in _WITHOUT_GOODS else "RECEIPT_NOT_POSTED"
    return _REFUSAL_TYPES.get(code, fallback)
