"""Read a retailer's lines whole, or refuse the file naming every broken row; nothing is guessed.

Columns: invoice, stock_code, description, quantity, invoice_date, unit_price_gbp, customer_id,
country. An invoice that begins with C is a credit note. The sign must agree with it: a credit's
quantity is below zero, an order's above; zero and the wrong sign are refused, because a line that
takes stock off an invoice is neither sold nor credited. Prices are never negative. Rows count as a
spreadsheet shows them: the header is row 1.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from exceptions_app.errors import DeskError
from exceptions_app.rules.mapping import normalise

COLUMNS = (
    "invoice",
    "stock_code",
    "description",
    "quantity",
    "invoice_date",
    "unit_price_gbp",
    "customer_id",
    "country",
)
CURRENCY = "GBP"
TIMEZONE = "Europe/London"
MAX_UNITS = 1_000_000
_MAX_TOLD = 20
_INVOICE = re.compile(r"[A-Za-z0-9._-]{1,20}")
_WHOLE = re.compile(r"[+-]?[0-9]{1,12}")
_DECIMAL = re.compile(r"-?[0-9]{1,9}(\.[0-9]{1,4})?")
_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?(Z|[+-][0-9]{2}:?[0-9]{2})?)?"
)
_ZONE = ZoneInfo(TIMEZONE)
_LENGTHS = {"stock_code": 60, "description": 300, "customer_id": 40, "country": 80}


class FileRefused(DeskError):
    """The file cannot be replayed; `problems` are sentences that begin with the row."""

    def __init__(self, problems: Sequence[str]) -> None:
        more = len(problems) - _MAX_TOLD
        told = list(problems[:_MAX_TOLD]) + ([f"… and {more} more."] if more > 0 else [])
        super().__init__("The file was refused, nothing was changed.\n" + "\n".join(told))
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True)
class FileLine:
    """One row; `at` is UTC, `quantity` has the file's sign, `unit_price` is in GBP without tax."""

    row: int
    invoice: str
    stock_code: str
    description: str
    quantity: int
    at: datetime
    unit_price: Decimal
    customer_id: str
    country: str

    @property
    def is_credit(self) -> bool:
        return is_credit_note(self.invoice)

    @property
    def code(self) -> str:
        """The stock code as look-ups compare it."""
        return normalise(self.stock_code)

    @property
    def units(self) -> int:
        return abs(self.quantity)

    @property
    def money(self) -> Decimal:
        """Quantity times price, with the file's sign."""
        return self.unit_price * self.quantity


def is_credit_note(invoice: str) -> bool:
    return invoice[:1] in {"C", "c"}


def digest_of(lines: Sequence[FileLine]) -> str:
    """Ten hex digits that name these lines, whatever line ends or quotes the file was written
    with."""
    text = "\n".join(repr(_content(line)) for line in lines)
    return hashlib.sha256(text.encode()).hexdigest()[:10]


def _content(line: FileLine) -> tuple[str, str, str, int, datetime, Decimal, str, str]:
    return (
        line.invoice,
        line.stock_code,
        line.description,
        line.quantity,
        line.at,
        line.unit_price.normalize(),
        line.customer_id,
        line.country,
    )


def read(raw: bytes) -> tuple[FileLine, ...]:
    """The file's lines in its order; a file without any byte has none.

    Raises:
        FileRefused: it is not UTF-8, the header is missing, or a row is broken.
    """
    text = _decoded(raw)
    if not text.strip():
        return ()
    lines: list[FileLine] = []
    problems: list[str] = []
    for row, cells in _rows(text, problems):
        try:
            lines.append(_line(row, cells))
        except ValueError as error:
            problems.append(f"Row {row}: {error}")
    problems.extend(_split_invoices(lines))
    if problems:
        raise FileRefused(problems)
    return tuple(lines)


def _decoded(raw: bytes) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        row = raw.count(b"\n", 0, error.start) + 1
        byte = raw[error.start]
        raise FileRefused(
            [f"Row {row}: the byte 0x{byte:02X} is not UTF-8. Save the file as UTF-8."]
        ) from None


def _rows(text: str, problems: list[str]) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    row = 1
    try:
        for cells in reader:
            if row == 1:
                _check_header(cells)
            elif cells:
                yield row, cells
            row = reader.line_num + 1
    except csv.Error as error:
        problems.append(f"Row {row}: cannot be read as CSV: {error}.")


def _check_header(cells: list[str]) -> None:
    found = tuple(normalise(cell) for cell in cells)
    if found != COLUMNS:
        raise FileRefused([f"Row 1: the header is missing; it must read {','.join(COLUMNS)}."])


def _line(row: int, cells: list[str]) -> FileLine:
    if len(cells) != len(COLUMNS):
        raise ValueError(f"has {len(cells)} columns, not {len(COLUMNS)}.")
    values = {name: cell.strip() for name, cell in zip(COLUMNS, cells, strict=True)}
    for name, value in values.items():
        _check_text(name, value)
    line = FileLine(
        row=row,
        invoice=values["invoice"],
        stock_code=values["stock_code"],
        description=values["description"],
        quantity=_quantity(values["quantity"]),
        at=_moment(values["invoice_date"]),
        unit_price=_price(values["unit_price_gbp"]),
        customer_id=values["customer_id"],
        country=values["country"],
    )
    _check_sense(line)
    return line


def _check_text(name: str, value: str) -> None:
    if any(unicodedata.category(char) in {"Cc", "Cs"} for char in value):
        raise ValueError(f"{name} contains a control character.")
    if len(value) > _LENGTHS.get(name, 40):
        raise ValueError(f"{name} is longer than {_LENGTHS.get(name, 40)} characters.")
    if name == "invoice" and not _INVOICE.fullmatch(value):
        raise ValueError(
            f"invoice {value!r} is not 1 to 20 letters, digits, dots, dashes or underscores."
        )
    if name == "stock_code" and not value:
        raise ValueError("stock_code is empty.")


def _quantity(value: str) -> int:
    if not _WHOLE.fullmatch(value):
        raise ValueError(f"quantity {value!r} is not a whole number.")
    quantity = int(value)
    if abs(quantity) > MAX_UNITS:
        raise ValueError(f"quantity {value} is above {MAX_UNITS:,} units.")
    return quantity


def _price(value: str) -> Decimal:
    if not _DECIMAL.fullmatch(value):
        raise ValueError(f"unit_price_gbp {value!r} is not a decimal with at most 4 places.")
    price = Decimal(value)
    if price.is_signed() and price:
        raise ValueError(f"unit_price_gbp {value} is negative.")
    return abs(price)


def _moment(value: str) -> datetime:
    try:
        if not _MOMENT.fullmatch(value):
            raise ValueError
        moment = datetime.fromisoformat(value)
        if not 1970 <= moment.year <= 2100:
            raise ValueError
    except ValueError:
        raise ValueError(
            f"invoice_date {value!r} cannot be read; write it as 2010-01-31T09:30:00."
        ) from None
    local = moment if moment.tzinfo else moment.replace(tzinfo=_ZONE)
    return local.astimezone(UTC)


def _check_sense(line: FileLine) -> None:
    if line.is_credit and line.quantity >= 0:
        raise ValueError(
            f"quantity {line.quantity} of credit note {line.invoice} is not below zero."
        )
    if not line.is_credit and line.quantity <= 0:
        raise ValueError(f"quantity {line.quantity} of order {line.invoice} is not above zero.")
    if line.is_credit and line.money != round(line.money, 2):
        # Nobody pays back a part of a penny, and a ledger in pence could not balance with it.
        raise ValueError(f"the credit of {line.money:f} is not in whole pence.")


def _split_invoices(lines: Sequence[FileLine]) -> Iterator[str]:
    """An invoice is one customer's; two owners would make every match a guess."""
    first: dict[str, FileLine] = {}
    for line in lines:
        known = first.setdefault(line.invoice, line)
        if known.customer_id != line.customer_id:
            yield (
                f"Row {line.row}: customer_id {line.customer_id!r} is not the customer of "
                f"{line.invoice}, which is {known.customer_id!r} in row {known.row}."
            )
