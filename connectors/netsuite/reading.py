"""SuiteQL rows as the canonical types of the border. Every value arrives as text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from itertools import groupby
from zoneinfo import ZoneInfo

from connectors import types
from connectors.errors import RejectionCode, UnreadableReply
from connectors.http import Reply
from connectors.netsuite.options import Options

Row = Mapping[str, str]
Answer = tuple[Row, Reply]
ZERO = Decimal(0)

# Lines that are no goods of a document: what they hold is money only.
_NO_GOODS = frozenset({"OthCharge", "Service", "Discount", "Markup", "ShipItem", "TaxItem"})
# Status letters by type: seen alike in several public mapping tables.
_STAGED = frozenset({("RtnAuth", "A")})
_DEAD = frozenset({("RtnAuth", "C"), ("CustCred", "V"), ("CashRfnd", "V"), ("CustRfnd", "V")})


def location(row: Row) -> types.ErpLocation:
    """A location of several subsidiaries names the first; moving between them is refused there."""
    return types.ErpLocation(
        code=row.get("id", ""),
        name=row.get("name", ""),
        division=row.get("subsidiary", "").split(",")[0].strip(),
        is_active=row.get("isinactive", "F") != "T",
    )


def closed_months(rows: Iterable[Row]) -> tuple[str, ...]:
    """Months a document of ours may not be dated in: closed, or locked for receivables or all."""
    flags = ("closed", "arlocked", "alllocked")
    return tuple(
        sorted(row.get("month", "") for row in rows if any(row.get(flag) == "T" for flag in flags))
    )


def document_states(
    kind: types.DocumentKind, answers: Iterable[Answer], options: Options
) -> Iterator[tuple[types.DocumentState, Reply]]:
    for _, found in groupby(answers, key=lambda answer: answer[0].get("id", "")):
        rows = list(found)
        reply = rows[0][1]
        yield _document(kind, [row for row, _ in rows], reply, options), reply


def _document(
    kind: types.DocumentKind, rows: list[Row], reply: Reply, options: Options
) -> types.DocumentState:
    head = rows[0]
    has_money = kind in (types.DocumentKind.CREDIT_MEMO, types.DocumentKind.REFUND_RECORD)
    is_credit = kind is types.DocumentKind.CREDIT_MEMO
    status = _status(head)
    is_dead = status is types.DocumentStatus.REJECTED
    taxes = [amount(row, "foreignamount", reply) for row in rows if row.get("taxline") == "T"]
    return types.DocumentState(
        kind=kind,
        key=head.get("externalid", ""),
        external_id=needed(head, "id", reply),
        number=head.get("tranid", ""),
        status=status,
        units=_units(kind, rows, reply),
        gross=abs(amount(head, "foreigntotal", reply)) if has_money else None,
        currency=head.get("currency", "") if has_money else "",
        warehouse=_warehouse(kind, rows, options),
        division=next((row["subsidiary"] for row in rows if row.get("subsidiary")), ""),
        posted_at=moment(head, "created", reply, options.timezone),
        url="",
        refusal_code=RejectionCode.UNCLASSIFIED if is_dead else "",
        refusal_text="It was cancelled or voided in NetSuite." if is_dead else "",
        evidence=reply.evidence,
        tax=abs(sum(taxes, ZERO)) if is_credit else None,
    )


def _status(row: Row) -> types.DocumentStatus:
    """From a letter, or the type and a letter; only what keeps a document from counting is told."""
    pair = (row.get("type", ""), row.get("status", "").rpartition(":")[2].strip())
    if pair in _DEAD:
        return types.DocumentStatus.REJECTED
    return types.DocumentStatus.STAGED if pair in _STAGED else types.DocumentStatus.POSTED


def _units(kind: types.DocumentKind, rows: list[Row], reply: Reply) -> int:
    """A kit counts as itself, and its members where they came without it."""
    counted = ZERO
    numbers = {row.get("line") for row in rows}
    for row in _goods(rows):
        if row.get("kitmemberof") and row["kitmemberof"] in numbers:
            continue
        units = amount(row, "quantity", reply)
        # A transfer takes from one place what it brings to the other.
        if kind is not types.DocumentKind.STOCK_MOVE or units > 0:
            counted += abs(units)
    return whole(counted, "quantity", reply)


def _goods(rows: Iterable[Row]) -> Iterator[Row]:
    for row in rows:
        is_other = row.get("mainline") == "T" or row.get("taxline") == "T"
        if not is_other and row.get("itemtype", "") not in _NO_GOODS and row.get("quantity"):
            yield row


def _warehouse(kind: types.DocumentKind, rows: list[Row], options: Options) -> str:
    """The one location of its goods; "" where several, or a bucket's own, are told.

    A transfer lies between two, and a credit's location follows its authorisation's.
    """
    if kind not in (types.DocumentKind.STOCK_RECEIPT, types.DocumentKind.WRITE_OFF):
        return ""
    found = {row.get("location", "") for row in _goods(rows)}
    if len(found) != 1 or found & set(options.places.values()):
        return ""
    return found.pop()


def receipts(answers: Iterable[Answer], options: Options) -> Iterator[types.ErpReceipt]:
    for _, found in groupby(answers, key=lambda answer: answer[0].get("id", "")):
        rows = list(found)
        head, reply = rows[0]
        received_at = moment(head, "created", reply, options.timezone)
        if received_at is None:
            raise UnreadableReply(
                "A receipt has no date.", field="created", evidence=reply.evidence
            )
        yield types.ErpReceipt(
            external_id=needed(head, "id", reply),
            number=head.get("tranid", ""),
            authorisation_id=needed(head, "createdfrom", reply),
            warehouse=next((row["location"] for row, _ in rows if row.get("location")), ""),
            received_at=received_at,
            lines=tuple(
                types.ErpReceiptLine(
                    sku=row.get("sku", ""),
                    quantity=whole(abs(amount(row, "quantity", told)), "quantity", told),
                    place=row.get("place", ""),
                    line_id=row.get("previousline", ""),
                )
                for row, told in rows
                if row.get("quantity") and row.get("itemtype") != "Kit"
            ),
            key=head.get("externalid", ""),
        )


def is_asked(found: Sequence[str], names: Sequence[str], reply: Reply) -> bool:
    """Whether one of `found` was asked for; one that differs in case only was not.

    Raises:
        UnreadableReply: nothing like it was asked for, so the row cannot be trusted.
    """
    folded = {name.casefold() for name in names}
    if not any(name.casefold() in folded for name in found):
        text = "The answer has a row nobody asked for."
        raise UnreadableReply(text, field="key", evidence=reply.evidence)
    return any(name in names for name in found)


def amount(row: Row, name: str, reply: Reply) -> Decimal:
    """The number, zero where the column was left out.

    Raises:
        UnreadableReply: it is none.
    """
    text = row.get(name, "").strip()
    try:
        value = Decimal(text or "0")
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite() or abs(value.adjusted()) > 30:
        raise UnreadableReply(f"'{text}' is no number.", field=name, evidence=reply.evidence)
    return value


def whole(value: Decimal, name: str, reply: Reply) -> int:
    if value != value.to_integral_value():
        raise UnreadableReply(f"{value} are no whole units.", field=name, evidence=reply.evidence)
    return int(value)


def moment(row: Row, name: str, reply: Reply, timezone: str) -> datetime | None:
    """A time as the connection's own zone writes it; None where it was left out."""
    text = row.get(name, "").strip()
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise UnreadableReply(
            f"'{text}' is no date.", field=name, evidence=reply.evidence
        ) from None
    return found.replace(tzinfo=ZoneInfo(timezone)).astimezone(UTC)


def needed(row: Row, name: str, reply: Reply) -> str:
    value = row.get(name, "").strip()
    if not value:
        raise UnreadableReply(f"A row has no '{name}'.", field=name, evidence=reply.evidence)
    return value
