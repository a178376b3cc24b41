"""Tables of the generic CSV layout as what they tell."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import cast

from connectors.errors import UnreadableReply
from connectors.exchange import csv_columns
from connectors.exchange.csv_columns import ACCEPTED, READ, REJECTED, UNREADABLE
from connectors.exchange.csv_table import Row, Table
from connectors.exchange.shapes import (
    AckLine,
    Acknowledgement,
    Arrival,
    ArrivalLine,
    Inbound,
    InboundKind,
    LineResult,
    PartnerDocument,
    PartnerLine,
    Regrade,
)
from connectors.types import DocumentKind

_RESULTS = {result.value: result for result in LineResult}
_STOCK = (DocumentKind.STOCK_RECEIPT, DocumentKind.STOCK_MOVE, DocumentKind.WRITE_OFF)


def _str(row: Row, name: str) -> str:
    return cast("str", row[name])


def _int(row: Row, name: str) -> int:
    return cast("int", row[name])


def _money(row: Row, name: str) -> Decimal:
    return cast("Decimal", row[name])


def _acknowledged(table: Table) -> Inbound:
    batches: dict[int, list[tuple[int, Row]]] = {}
    for line, row in zip(table.lines, table.rows, strict=True):
        batches.setdefault(_int(row, "batch"), []).append((line, row))
    told = tuple(_acknowledgement(number, rows) for number, rows in batches.items())
    return _part(InboundKind.ACKNOWLEDGEMENT, table, acknowledgements=told)


def _acknowledgement(number: int, rows: Sequence[tuple[int, Row]]) -> Acknowledgement:
    """A row without line and key is the verdict on the whole batch; two that differ are none."""
    verdicts, text, lines = set(), [], []
    for line, row in rows:
        if _int(row, "line") or _str(row, "key"):
            lines.append(_ack_line(line, row))
        else:
            verdicts.add(_verdict(line, row))
            text.append(_str(row, "text"))
    if len(verdicts) > 1:
        raise UnreadableReply(f"Batch {number} has several verdicts that differ.", field="result")
    is_syntax_only, is_accepted = next(iter(verdicts), (False, None))
    return Acknowledgement(
        number, is_syntax_only, is_accepted, " ".join(filter(None, text)), tuple(lines)
    )


def _verdict(line: int, row: Row) -> tuple[bool, bool]:
    """Whether it is about reading alone, and whether it is a yes."""
    verdicts = {
        READ: (True, True),
        UNREADABLE: (True, False),
        ACCEPTED: (False, True),
        REJECTED: (False, False),
    }
    result = _str(row, "result").strip().lower()
    if result not in verdicts:
        raise _strange(line, result, verdicts)
    return verdicts[result]


def _ack_line(line: int, row: Row) -> AckLine:
    result = _str(row, "result").strip().lower()
    if result not in _RESULTS:
        raise _strange(line, result, _RESULTS)
    if _int(row, "line") < 0:
        raise UnreadableReply(f"Line {line}, column line: it is below 0.", field="line")
    return AckLine(
        key=_str(row, "key"),
        line=_int(row, "line"),
        result=_RESULTS[result],
        code=_str(row, "code"),
        text=_str(row, "text"),
        erp_id=_str(row, "erp_id"),
        number=_str(row, "number"),
        field=_str(row, "field"),
    )


def _strange(line: int, result: str, known: Iterable[str]) -> UnreadableReply:
    return UnreadableReply(
        f"Line {line}, column result: {result!r} is not one of {', '.join(known)}.", field="result"
    )


def _arrived(table: Table) -> Inbound:
    """Rows that share receipt, authorisation, moment and warehouse are one arrival."""
    receipts: dict[tuple[str, str, date | datetime, str], list[ArrivalLine]] = {}
    for line, row in zip(table.lines, table.rows, strict=True):
        if _int(row, "quantity") <= 0:
            raise UnreadableReply(
                f"Line {line}, column quantity: {row['quantity']} is no number of units that came.",
                field="quantity",
            )
        head = (
            _str(row, "receipt_number"),
            _str(row, "authorisation"),
            cast("date | datetime", row["received_at"]),
            _str(row, "warehouse"),
        )
        receipts.setdefault(head, []).append(_arrival_line(row))
    found = tuple(
        Arrival(authorisation, number, at, warehouse, tuple(lines))
        for (number, authorisation, at, warehouse), lines in receipts.items()
    )
    return _part(InboundKind.ARRIVALS, table, arrivals=found)


def _arrival_line(row: Row) -> ArrivalLine:
    return ArrivalLine(
        _str(row, "sku"),
        _int(row, "quantity"),
        _str(row, "condition"),
        _str(row, "damage_reason"),
        _str(row, "line"),
    )


def _regraded(table: Table) -> Inbound:
    found = tuple(
        Regrade(
            number=_str(row, "number"),
            at=cast("date | datetime", row["at"]),
            sku=_str(row, "sku"),
            quantity=_int(row, "quantity"),
            reason=_str(row, "reason"),
            from_condition=_str(row, "from_condition"),
            to_condition=_str(row, "to_condition"),
            receipt_number=_str(row, "receipt_number"),
            authorisation=_str(row, "authorisation"),
            warehouse=_str(row, "warehouse"),
        )
        for row in table.rows
    )
    return _part(InboundKind.REGRADES, table, regrades=found)


def _part(
    kind: InboundKind,
    table: Table,
    *,
    acknowledgements: tuple[Acknowledgement, ...] = (),
    arrivals: tuple[Arrival, ...] = (),
    regrades: tuple[Regrade, ...] = (),
) -> Inbound:
    return Inbound(
        kind,
        number=table.head.number,
        partner=table.head.sender,
        acknowledgements=acknowledgements,
        arrivals=arrivals,
        regrades=regrades,
    )


def documents_of(table: Table) -> tuple[PartnerDocument, ...]:
    documents: dict[int, list[Row]] = {}
    for row in table.rows:
        documents.setdefault(_int(row, "document"), []).append(row)
    kind = DocumentKind(table.head.content)
    return tuple(_document(kind, rows) for rows in documents.values())


def _document(kind: DocumentKind, rows: Sequence[Row]) -> PartnerDocument:
    head = rows[0]
    gross = sum((_money(row, "net") + _money(row, "tax") for row in rows), Decimal(0))
    told = (_int(head, "document_lines"), _money(head, "document_gross"))
    if told != (len(rows), gross):
        raise UnreadableReply(
            f"Document {head['document']} ({head['key']}) tells {told[0]} lines and {told[1]}, its "
            f"rows hold {len(rows)} and {gross}.",
            field="document_lines",
        )
    day = head["date"]
    is_money = bool(gross) or kind in (DocumentKind.CREDIT_MEMO, DocumentKind.REFUND_RECORD)
    return PartnerDocument(
        key=_str(head, "key"),
        kind=kind,
        date=day if isinstance(day, date) else None,
        rma_number=_str(head, "rma_number"),
        authorisation=_str(head, "authorisation_number"),
        order_number=_str(head, "order_number"),
        warehouse=_str(head, "warehouse"),
        division=_str(head, "division"),
        currency=_str(head, "currency"),
        amount=gross if is_money and kind not in _STOCK else None,
        lines=tuple(
            PartnerLine(
                line=_int(row, "line"),
                sku=_str(row, "sku"),
                quantity=_int(row, "quantity"),
                component=_str(row, "component"),
                net=_money(row, "net"),
                tax=_money(row, "tax"),
                reason=_str(row, "reason"),
                bucket=_str(row, "bucket"),
            )
            for row in rows
        ),
    )


INCOMING: dict[str, Callable[[Table], Inbound]] = {
    csv_columns.ACKNOWLEDGEMENT: _acknowledged,
    csv_columns.RECEIPTS: _arrived,
    csv_columns.REGRADES: _regraded,
}
