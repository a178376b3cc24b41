"""Drafts, verdicts, receipts and regrades as rows of the generic CSV layout."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from connectors.errors import Rejected, RejectionCode
from connectors.exchange import csv_columns
from connectors.exchange.csv_columns import ACCEPTED, READ, REJECTED, UNREADABLE
from connectors.exchange.csv_table import Cell, Column, Row, Type, is_carried
from connectors.exchange.shapes import AckLine, Acknowledgement, Arrival, ArrivalLine, Regrade
from connectors.types import DocumentDraft, DocumentKind, DraftLine, TaxPart

# Several values in one cell: "style=ABC|size_desc=M".
_PAIR, _PAIRS = "=", "|"


def fit(row: Row, columns: Sequence[Column], charset: str, key: str) -> Row:
    """Words made fit; an identifier that does not fit is refused."""
    made = dict(row)
    for column in columns:
        cell = made.get(column.name, "")
        if isinstance(cell, str) and column.type is Type.WORDS:
            plain = "".join(c if c.isprintable() else " " for c in cell)
            made[column.name] = plain.encode(charset, "replace").decode(charset)
        elif isinstance(cell, str) and not _is_carried(cell, charset):
            raise Rejected(
                f"The {column.name} {cell!r} holds a character that a {charset} file cannot carry.",
                code=RejectionCode.UNCLASSIFIED,
                field=column.name,
                value=key,
            )
    return made


def _is_carried(text: str, charset: str) -> bool:
    try:
        text.encode(charset)
    except UnicodeEncodeError:
        return False
    return text.isprintable()


def draft_rows(place: int, draft: DocumentDraft, charset: str) -> Iterable[Row]:
    if not draft.lines or not draft.key:
        raise _refused(draft, "The document has no key or no lines.", "lines")
    document: dict[str, Cell] = {
        "document": place,
        "key": draft.key,
        "date": draft.date,
        "rma_number": draft.rma_number,
        "authorisation_number": draft.authorisation_number,
        "authorisation_id": draft.based_on.get(DocumentKind.RETURN_AUTHORISATION.value, ""),
        "credit_id": draft.based_on.get(DocumentKind.CREDIT_MEMO.value, ""),
        "order_number": draft.order_number,
        "order_id": draft.order_erp_id,
        "invoice_number": draft.invoice_number,
        "division": draft.division,
        "warehouse": draft.warehouse,
        "customer_code": draft.customer_code,
        "currency": draft.currency,
        "tender": draft.tender,
        "reference": draft.reference,
        "note": draft.note,
        "document_lines": len(draft.lines),
        "document_gross": draft.gross,
    }
    for line in draft.lines:
        row = document | _line_cells(draft, line)
        yield fit(row, csv_columns.DOCUMENTS, charset, draft.key)


def _line_cells(draft: DocumentDraft, line: DraftLine) -> dict[str, Cell]:
    for amount in (line.unit_price, line.net, line.tax, *(part.amount for part in line.taxes)):
        if not is_carried(amount):
            raise _refused(
                draft,
                f"The amount {amount} of line {line.line_no} does not fit into the file.",
                "amount",
                RejectionCode.AMOUNT,
            )
    if line.quantity < 0 or not is_carried(line.quantity):
        raise _refused(
            draft,
            f"Line {line.line_no} has {line.quantity} units, which do not fit into the file.",
            "quantity",
            RejectionCode.QUANTITY,
        )
    return {
        "line": line.line_no,
        "component": line.component,
        "sku": line.sku,
        "item_id": line.item_erp_id,
        "item_parts": _paired(draft, line.key_parts, "item_parts"),
        "quantity": line.quantity,
        "order_line": line.order_line_id,
        "description": line.description,
        "reason": line.reason_code,
        "bucket": line.bucket,
        "unit_price": line.unit_price,
        "net": line.net,
        "tax": line.tax,
        "tax_code": line.tax_code,
        "taxes": _paired(draft, _tax_texts(line.taxes), "taxes"),
        "charge_code": line.charge_code,
    }


def _tax_texts(taxes: Iterable[TaxPart]) -> dict[str, str]:
    return {part.code: format(part.amount, "f") for part in taxes}


def _paired(draft: DocumentDraft, pairs: Mapping[str, str], field: str) -> str:
    """Names and values in one cell: "style=ABC|size_desc=M"."""
    for text in (*pairs, *pairs.values()):
        if _PAIR in text or _PAIRS in text:
            raise _refused(draft, f"{text!r} holds {_PAIR} or {_PAIRS}, which part it.", field)
    return _PAIRS.join(f"{name}{_PAIR}{value}" for name, value in pairs.items())


def _refused(
    draft: DocumentDraft, text: str, field: str, code: str = RejectionCode.UNCLASSIFIED
) -> Rejected:
    return Rejected(text, code=code, field=field, value=draft.key)


def whole_row(found: Acknowledgement) -> Row:
    words = (UNREADABLE, READ) if found.is_syntax_only else (REJECTED, ACCEPTED)
    result = words[bool(found.is_accepted)]
    return {"batch": found.batch_number, "line": 0, "result": result, "text": found.text}


def ack_row(batch: int, line: AckLine) -> Row:
    return {
        "batch": batch,
        "line": line.line,
        "key": line.key,
        "result": line.result.value,
        "code": line.code,
        "field": line.field,
        "text": line.text,
        "erp_id": line.erp_id,
        "number": line.number,
    }


def arrival_row(found: Arrival, line: ArrivalLine) -> Row:
    return {
        "receipt_number": found.receipt_number,
        "authorisation": found.authorisation,
        "received_at": found.received_at,
        "warehouse": found.warehouse,
        "sku": line.sku,
        "quantity": line.quantity,
        "condition": line.condition,
        "damage_reason": line.damage_reason,
        "line": line.po_line,
    }


def regrade_row(found: Regrade) -> Row:
    return {
        "number": found.number,
        "at": found.at,
        "sku": found.sku,
        "quantity": found.quantity,
        "reason": found.reason,
        "from_condition": found.from_condition,
        "to_condition": found.to_condition,
        "receipt_number": found.receipt_number,
        "authorisation": found.authorisation,
        "warehouse": found.warehouse,
    }
