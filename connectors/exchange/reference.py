"""What the partner lays ready for us to look things up in: places, items and orders as CSV.

The folder `reference/` of the feed holds `locations.csv`, `items.csv` and `orders.csv`, each whole
and replaced by a newer one whenever the partner likes. A file that is not there holds nothing.
"""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import NoReturn, TypeVar

from connectors import errors, types
from connectors.exchange.stores import FileStore

FOLDER = "reference"
LOCATIONS, ITEMS, ORDERS = "locations.csv", "items.csv", "orders.csv"

LOCATION_COLUMNS = ("code", "name", "division", "active")
ITEM_COLUMNS = ("id", "sku", "barcode", "description", "division", "active", "returnable", "cost")
ORDER_COLUMNS = (
    "order",
    "id",
    "customer",
    "customer_name",
    "vat",
    "currency",
    "division",
    "warehouse",
    "invoice",
    "ordered_at",
    "prices_include_tax",
    "shipping_net",
    "shipping_tax",
    "shipping_tax_code",
    "line",
    "sku",
    "description",
    "quantity",
    "unit_price",
    "discount",
    "net",
    "tax",
    "tax_code",
    "parent_line",
)
PAGE = 500
_MOST_BYTES = 64 * 1024 * 1024
_LONGEST_CELL = 10_000
_YES = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Row:
    """One row of a file; reading a cell that is not as it must be names file, line and column."""

    file: str
    number: int
    cells: Mapping[str, str]

    def text(self, column: str) -> str:
        return self.cells[column]

    def required(self, column: str) -> str:
        return self.cells[column] or self._fail(column, "is empty")

    def amount(self, column: str) -> Decimal:
        return self._read(column, Decimal, "0", "is no amount")

    def units(self, column: str) -> int:
        found = self._read(column, int, "", "is no whole number")
        return found if found > 0 else self._fail(column, "must be 1 or more")

    def moment(self, column: str) -> datetime:
        found = self._read(column, datetime.fromisoformat, "", "is no time, as 2026-04-30T10:00Z")
        return found if found.tzinfo else found.replace(tzinfo=UTC)

    def flag(self, column: str, *, default: bool | None) -> bool | None:
        text = self.cells[column].lower()
        if not text:
            return default
        return _YES[text] if text in _YES else self._fail(column, "is neither yes nor no")

    def _read(self, column: str, read: Callable[[str], T], default: str, wrong: str) -> T:
        try:
            found = read(self.cells[column] or default)
        except (ValueError, InvalidOperation):
            return self._fail(column, wrong)
        if isinstance(found, Decimal) and not found.is_finite():
            return self._fail(column, wrong)
        return found

    def _fail(self, column: str, wrong: str) -> NoReturn:
        where = f"{FOLDER}/{self.file}, line {self.number}"
        raise errors.UnreadableReply(f"{where}: {column} {wrong}.", field=column)


class Reference:
    """The reference files of one feed. Each is read once per object, at the first question."""

    def __init__(self, *, store: FileStore, charset: str) -> None:
        self._store = store
        # A byte order mark is no part of the first column's name.
        self._charset = "utf-8-sig" if charset == "utf-8" else charset
        self._locations: tuple[types.ErpLocation, ...] | None = None
        self._items: tuple[types.ErpItem, ...] | None = None
        self._orders: Mapping[str, types.ErpOrder] | None = None

    def locations(self) -> tuple[types.ErpLocation, ...]:
        if self._locations is None:
            self._locations = tuple(
                types.ErpLocation(
                    code=row.required("code"),
                    name=row.text("name") or row.required("code"),
                    division=row.text("division"),
                    is_active=row.flag("active", default=True) is True,
                )
                for row in self._rows(LOCATIONS, LOCATION_COLUMNS)
            )
        return self._locations

    def items(self) -> tuple[types.ErpItem, ...]:
        """By SKU."""
        if self._items is None:
            found = [_item(row) for row in self._rows(ITEMS, ITEM_COLUMNS)]
            self._items = tuple(sorted(found, key=lambda item: item.sku))
        return self._items

    def items_named(self, names: Sequence[str]) -> tuple[types.ErpItem, ...]:
        wanted = {name for name in names if name}
        return tuple(item for item in self.items() if {item.sku, item.barcode} & wanted)

    def page(self, cursor: str) -> types.ItemPage:
        """A page of all items; `cursor` is the last SKU seen. There is no asking for changes."""
        rest = [item for item in self.items() if item.sku > cursor]
        rows = tuple(rest[:PAGE])
        return types.ItemPage(rows, rows[-1].sku if len(rest) > PAGE else "", "")

    def orders_named(self, numbers: Sequence[str]) -> tuple[types.ErpOrder, ...]:
        if self._orders is None:
            lines: dict[str, list[_Row]] = defaultdict(list)
            for row in self._rows(ORDERS, ORDER_COLUMNS):
                lines[row.required("order")].append(row)
            self._orders = {number: _order(number, rows) for number, rows in lines.items()}
        wanted = dict.fromkeys(numbers)
        return tuple(self._orders[number] for number in wanted if number in self._orders)

    def _rows(self, name: str, columns: tuple[str, ...]) -> Iterator[_Row]:
        try:
            content = self._store.read(FOLDER, name, _MOST_BYTES)
        except errors.NotFound:
            return
        except errors.Misconfigured:
            # No such folder: the partner lays nothing ready.
            return
        try:
            text = content.decode(self._charset)
        except UnicodeError:
            raise errors.UnreadableReply(f"{FOLDER}/{name} is not in {self._charset}.") from None
        yield from _read_rows(name, text, columns)


def _read_rows(name: str, text: str, columns: tuple[str, ...]) -> Iterator[_Row]:
    where = f"{FOLDER}/{name}"
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        head = [column.strip().lower() for column in next(reader, [])]
        unknown = sorted(set(head) - set(columns))
        missing = [column for column in columns if column not in head]
        if unknown or missing or len(head) != len(columns):
            raise errors.UnreadableReply(
                f"{where}: the columns are not as agreed. Unknown: {', '.join(unknown) or 'none'}."
                f" Missing: {', '.join(missing) or 'none'}. Each may be there once."
            )
        for cells in reader:
            if len(cells) != len(head) or any(len(cell) > _LONGEST_CELL for cell in cells):
                raise errors.UnreadableReply(
                    f"{where}, line {reader.line_num}: it has not {len(head)} cells."
                )
            values = (cell.strip() for cell in cells)
            yield _Row(name, reader.line_num, dict(zip(head, values, strict=True)))
    except csv.Error as error:
        raise errors.UnreadableReply(f"{where}, line {reader.line_num}: {error}.") from None


def _item(row: _Row) -> types.ErpItem:
    sku = row.required("sku")
    return types.ErpItem(
        erp_id=row.text("id") or sku,
        sku=sku,
        barcode=row.text("barcode"),
        description=row.text("description"),
        division=row.text("division"),
        is_active=row.flag("active", default=True) is True,
        is_returnable=row.flag("returnable", default=True) is True,
        unit_cost=row.amount("cost") if row.text("cost") else None,
    )


def _order(number: str, rows: Sequence[_Row]) -> types.ErpOrder:
    """The head is told by the order's first row; each row is a line."""
    head = rows[0]
    return types.ErpOrder(
        erp_id=head.text("id") or number,
        number=number,
        customer_code=head.text("customer"),
        customer_name=head.text("customer_name"),
        vat_setting=head.text("vat"),
        currency=head.required("currency"),
        division=head.text("division"),
        warehouse=head.text("warehouse"),
        invoice_number=head.text("invoice"),
        ordered_at=head.moment("ordered_at"),
        lines=tuple(_order_line(row) for row in rows),
        shipping_net=head.amount("shipping_net"),
        shipping_tax=head.amount("shipping_tax"),
        shipping_tax_code=head.text("shipping_tax_code"),
        prices_include_tax=head.flag("prices_include_tax", default=None),
    )


def _order_line(row: _Row) -> types.ErpOrderLine:
    return types.ErpOrderLine(
        line_id=row.required("line"),
        sku=row.required("sku"),
        description=row.text("description"),
        quantity=row.units("quantity"),
        unit_price=row.amount("unit_price"),
        discount=row.amount("discount"),
        net=row.amount("net"),
        tax=row.amount("tax"),
        tax_code=row.text("tax_code"),
        parent_line_id=row.text("parent_line"),
    )
