"""Rows of a file as returns: what is wrong with each, and the reading each return becomes.

A row is one product line; what concerns the whole return stands in each of its rows alike. A return
with one wrong row is wrong as a whole: half a return would be another return.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from decimal import Decimal

from connectors.types import (
    Inspection,
    Money,
    SourceLine,
    SourceRefund,
    SourceRma,
    SourceShipment,
)
from exceptions_app.rules import return_values
from exceptions_app.rules.return_columns import AMOUNTS, BY_CODE, COLUMNS
from exceptions_app.rules.return_values import CellWrong, Writing

Values = Mapping[str, str]

_SHOWN = 60
_DATES = ("created_at", "updated_at", "decided_at", "refund_at")
_REFUND_WORDS = {
    "completed": "Success",
    "refunded": "Success",
    "paid": "Success",
    "done": "Success",
    "in progress": "Pending",
}
# Reasons for which a rejected product did not come back at all.
_KEPT = ("changed mind", "changed their mind", "missing", "not returned", "kept")
_UNDECIDED = frozenset({"", "pending", "pending validation", "for review"})


@dataclass(frozen=True, slots=True)
class FileRow:
    """A row by its line in the file: cell by column code, blanks left out."""

    line: int
    values: Values
    error: str = ""


@dataclass(frozen=True, slots=True)
class Wrong:
    """What is wrong with one cell, and what was expected in its place."""

    line: int
    return_id: str
    column: str
    got: str
    expected: str


@dataclass(frozen=True, slots=True)
class Judged:
    """Rows by return, in order of first appearance; `wrong_ids` are returns with a wrong row."""

    returns: Mapping[str, tuple[FileRow, ...]]
    wrong: tuple[Wrong, ...]
    wrong_ids: frozenset[str]

    @property
    def wrong_lines(self) -> int:
        return len({each.line for each in self.wrong})


@dataclass(slots=True)
class _Group:
    rows: list[FileRow] = field(default_factory=list)
    shared: dict[str, tuple[str, int]] = field(default_factory=dict)
    units: dict[str, int] = field(default_factory=dict)


def judge(rows: Sequence[FileRow], writing: Writing) -> Judged:
    """Every row checked cell by cell, and against the other rows of its return."""
    groups: dict[str, _Group] = {}
    wrong: list[Wrong] = []
    for row in rows:
        return_id = row.values.get("return_id", "")
        group = groups.setdefault(return_id, _Group())
        wrong.extend(_wrong_cells(row, writing))
        wrong.extend(_against(group, row))
        group.rows.append(row)
    return Judged(
        returns={key: tuple(group.rows) for key, group in groups.items()},
        wrong=tuple(wrong),
        wrong_ids=frozenset(each.return_id for each in wrong),
    )


def reading(rows: Sequence[Values], writing: Writing, received_at: datetime) -> SourceRma:
    """The return its rows describe; without a column for it, it changed when the file came.

    Raises CellWrong for rows that `judge` would not let pass.
    """
    first = _merged(rows)
    currency = _currency(first, writing)
    created_at = return_values.moment(first["created_at"], writing)
    changed = [
        return_values.moment(row["updated_at"], writing) for row in rows if row.get("updated_at")
    ]
    return SourceRma(
        external_id=first["return_id"],
        status=first["status"],
        order_id=first.get("order_id", ""),
        order_name=first["order_name"],
        currency=currency,
        created_at=created_at,
        updated_at=max(changed, default=received_at),
        customer_email=first.get("customer_email", ""),
        customer_name=first.get("customer_name", ""),
        lines=tuple(
            _line(row, place, currency, writing) for place, row in enumerate(rows, start=1)
        ),
        shipments=tuple(_shipments(first)),
        refunds=tuple(_refunds(first, currency, created_at, writing)),
        events=(),
        exchanges=(),
        cancellation_fee=None,
        is_out_of_policy=False,
    )


def to_body(rows: Sequence[Values], writing: Writing) -> bytes:
    """The rows of one return as one message: the same content makes the same bytes."""
    plain = {"rows": [dict(sorted(row.items())) for row in rows], "writing": asdict(writing)}
    return json.dumps(plain, sort_keys=True, ensure_ascii=False).encode()


def from_body(body: bytes, *, received_at: datetime) -> SourceRma:
    """The return such a message describes. Raises ValueError or KeyError when it is none."""
    plain = json.loads(body)
    return reading(plain["rows"], Writing(**plain["writing"]), received_at)


def claim(rows: Sequence[Values], writing: Writing) -> tuple[str, int, Decimal]:
    """Currency, units and what the customer paid for them, where the file tells."""
    first = _merged(rows)
    currency = _currency(first, writing)
    count, total = 0, Decimal(0)
    for row in rows:
        units = return_values.units(row.get("quantity", "1"))
        count += units
        if row.get("unit_price"):
            total += units * return_values.amount(row["unit_price"], writing, currency)
    return currency, count, total


# --- What is wrong ---------------------------------------------------------------------------


def _wrong_cells(row: FileRow, writing: Writing) -> Iterator[Wrong]:
    return_id = row.values.get("return_id", "")

    def wrong(code: str, expected: str) -> Wrong:
        got = row.values.get(code, "")
        return Wrong(row.line, return_id, BY_CODE[code].label, got[:_SHOWN], expected)

    if row.error:
        yield Wrong(row.line, return_id, "The row", "", row.error)
    for column in COLUMNS:
        text = row.values.get(column.code, "")
        if not text:
            if column.is_required:
                yield wrong(column.code, f"expected {column.expects}; the cell is empty")
            continue
        if len(text) > column.longest:
            yield wrong(column.code, f"expected at most {column.longest} characters")
    yield from _wrong_values(row, writing, wrong)


def _wrong_values(
    row: FileRow, writing: Writing, wrong: Callable[[str, str], Wrong]
) -> Iterator[Wrong]:
    values = row.values
    given = [code for code in AMOUNTS if values.get(code)]
    code_of_money = writing.currency
    checks: list[tuple[str, Callable[[str], object]]] = [
        ("quantity", return_values.units),
        ("restock", return_values.flag),
        *((code, lambda text: return_values.moment(text, writing)) for code in _DATES),
    ]
    try:
        code_of_money = _currency(values, writing)
    except CellWrong as error:
        yield wrong("currency", str(error))
    else:
        checks += [
            (code, lambda text: return_values.amount(text, writing, code_of_money))
            for code in AMOUNTS
        ]
        if given and not code_of_money:
            yield wrong("currency", "expected a currency, here or for the whole file")
    for code, check in checks:
        if values.get(code):
            try:
                check(values[code])
            except CellWrong as error:
                yield wrong(code, str(error))


def _against(group: _Group, row: FileRow) -> Iterator[Wrong]:
    """What differs from the earlier rows of the same return, and ids that come twice."""
    return_id = row.values.get("return_id", "")
    for column in COLUMNS:
        text = row.values.get(column.code, "")
        if not column.is_shared or not text:
            continue
        known, line = group.shared.setdefault(column.code, (text, row.line))
        if known != text:
            shown = "another value" if column.is_personal else f"“{known[:_SHOWN]}”"
            got = "" if column.is_personal else text[:_SHOWN]
            expected = f"line {line} of the same return says {shown}; a return has one"
            yield Wrong(row.line, return_id, column.label, got, expected)
    unit_id = row.values.get("unit_id", "")
    if unit_id:
        line = group.units.setdefault(unit_id, row.line)
        if line != row.line:
            expected = f"line {line} of the same return has this id already"
            yield Wrong(row.line, return_id, BY_CODE["unit_id"].label, unit_id, expected)


# --- What it becomes -------------------------------------------------------------------------


def _merged(rows: Sequence[Values]) -> dict[str, str]:
    """What the rows say of the whole return: each value from the first row that has it."""
    merged: dict[str, str] = {}
    for row in rows:
        for code, text in row.items():
            if text:
                merged.setdefault(code, text)
    return merged


def _currency(values: Values, writing: Writing) -> str:
    text = values.get("currency", "") or writing.currency
    return return_values.currency(text) if text else ""


def _line(row: Values, place: int, currency: str, writing: Writing) -> SourceLine:
    quantity = return_values.units(row.get("quantity", "1"))
    unit_id = row.get("unit_id") or f"{row['return_id']}/{place}"
    inspection, disposition = decision(row)
    decided_at = row.get("decided_at")
    return SourceLine(
        unit_ids=(unit_id,)
        if quantity == 1
        else tuple(f"{unit_id}-{number}" for number in range(1, quantity + 1)),
        order_line_id=row.get("order_line_id", ""),
        sku=row.get("sku", ""),
        barcode=row.get("barcode", ""),
        name=row.get("name", ""),
        quantity=quantity,
        unit_price=_money(row.get("unit_price"), currency, writing),
        unit_tax=_money(row.get("unit_tax"), currency, writing),
        is_tax_included=True,
        reason=row.get("reason", ""),
        reason_detail="",
        resolution=row.get("resolution", ""),
        return_method="",
        inspection=inspection,
        is_restockable=_is_restockable(inspection, row),
        disposition=disposition,
        disposition_at=return_values.moment(decided_at, writing)
        if decided_at and disposition
        else None,
        location=row.get("location", ""),
        shipment_id="",
    )


def decision(row: Values) -> tuple[Inspection, str]:
    """What the inspection found and the final word on the units, as the API would tell them.

    A decision nobody knows is kept as the disposition, so that its mapping is asked for.
    """
    word = _plain(row.get("line_status", ""))
    reason = row.get("rejection_reason", "").strip()
    if word in _UNDECIDED:
        return Inspection.NOT_INSPECTED, ""
    if word == "rejected":
        if any(kept in _plain(reason) for kept in _KEPT):
            return Inspection.NOT_RETURNED, f"not_returned/{_plain(reason)}"
        return Inspection.FAILED, f"rejected/{_plain(reason) or 'not_stated'}"
    if word in ("accepted automatically", "automatically accepted"):
        return Inspection.NOT_INSPECTED, "accepted/automatic"
    if word == "accepted":
        if not row.get("restock"):
            return Inspection.PASSED, "accepted/not_stated"
        is_restocked = return_values.flag(row["restock"])
        return Inspection.PASSED, f"accepted/{'restock' if is_restocked else 'no_restock'}"
    return Inspection.NOT_INSPECTED, row.get("line_status", "").strip()


def _is_restockable(inspection: Inspection, row: Values) -> bool | None:
    if inspection is Inspection.PASSED and row.get("restock"):
        return return_values.flag(row["restock"])
    return False if inspection is Inspection.FAILED else None


def _money(text: str | None, currency: str, writing: Writing) -> Money | None:
    return Money(return_values.amount(text, writing, currency), currency) if text else None


def _shipments(first: Values) -> Iterator[SourceShipment]:
    number = first.get("tracking_number")
    if number:
        yield SourceShipment(
            external_id=number,
            status="",
            carrier="",
            tracking_number=number,
            tracking_url="",
            is_outbound=False,
        )


def _refunds(
    first: Values, currency: str, created_at: datetime, writing: Writing
) -> Iterator[SourceRefund]:
    """The refund as told. Without a state nobody says that money moved, so it is not known."""
    money = _money(first.get("refund_amount"), currency, writing)
    if money is None or money.amount == 0:
        return
    at = first.get("refund_at")
    moved_at = return_values.moment(at, writing) if at else created_at
    raw = first.get("refund_status", "").strip()
    yield SourceRefund(
        external_id=first.get("refund_id") or f"{first['return_id']}/refund",
        rma_external_id=first["return_id"],
        kind="Refund",
        status=_REFUND_WORDS.get(_plain(raw), raw),
        money=money,
        processor="",
        reference=first.get("refund_id", ""),
        unit_ids=(),
        created_at=moved_at,
        updated_at=moved_at,
    )


def _plain(text: str) -> str:
    return " ".join(text.replace("_", " ").split()).casefold()
