"""A document that does not go by file, as values for a person to key."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from connectors import types
from connectors.labels import LABELS
from connectors.types import DocumentKind

_HEADER = (
    "key",
    "date",
    "division",
    "warehouse",
    "customer_code",
    "order_number",
    "invoice_number",
    "rma_number",
    "authorisation_number",
    "note",
    "units",
)
_MONEY_HEADER = ("tender", "reference", "currency", "net", "tax", "gross")
_LINE = ("component", "sku", "description", "quantity", "order_line_id", "reason_code", "bucket")
_MONEY_LINE = ("unit_price", "net", "tax", "tax_code")
_OF_STOCK = frozenset({DocumentKind.STOCK_RECEIPT, DocumentKind.STOCK_MOVE, DocumentKind.WRITE_OFF})
_TITLES: Mapping[DocumentKind, str] = {
    DocumentKind.RETURN_AUTHORISATION: "Announce the return to the partner",
    DocumentKind.STOCK_RECEIPT: "Key the receipt of the goods",
    DocumentKind.STOCK_MOVE: "Key the stock move",
    DocumentKind.WRITE_OFF: "Key the write-off",
    DocumentKind.CREDIT_MEMO: "Key the credit",
    DocumentKind.REFUND_RECORD: "Key the payment back",
}


def manual_task(draft: types.DocumentDraft) -> types.ManualTask:
    """Labels and values, empty ones left out; documents of stock show no money."""
    has_money = draft.kind not in _OF_STOCK
    header = _HEADER + (_MONEY_HEADER if has_money else ())
    names = _LINE + (_MONEY_LINE if has_money else ())
    return types.ManualTask(
        title=_TITLES[draft.kind],
        fields=_pairs(draft, header),
        lines=tuple(_pairs(line, names) for line in draft.lines),
    )


def _pairs(
    owner: types.DocumentDraft | types.DraftLine, names: tuple[str, ...]
) -> tuple[tuple[str, str], ...]:
    told = ((LABELS[name], _shown(getattr(owner, name))) for name in names)
    return tuple((label, text) for label, text in told if text)


def _shown(value: object) -> str:
    return format(value, "f") if isinstance(value, Decimal) else str(value)
