"""What the Brightpearl-like twin remembers, and how friendly records become its books.

Load schema (ids are whole numbers, amounts numbers or text, never a float; dates ISO 8601):

- `configuration`: values laid over the account's own (all text)
- `warehouses`: id, name, default_location, quarantine_location
- `tax_codes`: id, code, description, rate
- `contacts`: id, name
- `products`: id, sku, name, barcode, status (LIVE, DISCONTINUED, ARCHIVED), cost, and `components`
  [{product_id, quantity}] where it is a bundle
- `orders`: id, ref, contact_id, warehouse_id, currency, placed_on, price_mode (INC, EXC), invoice,
  is_canceled, and `rows`: id, product_id or name, quantity, net, tax, tax_code, nominal_code,
  price, discount_percentage, parent_row_id
- `stock`: product_id, location_id, quantity, added to what is there
- `goods_in`: what the ERP's own staff check in: credit (the id, or our key in its externalRef),
  place ("default" or "quarantine"), reference, and `lines` [{sku, quantity}]; without lines, all
  that is still awaited
- `period_lock`: {locked_until, locked_by}, or null; replaces what was there

The same id replaces; an unchanged product keeps its date of change.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

Record = Mapping[str, Any]
ZERO = Decimal(0)

_CONFIGURATION = {
    "taxSchemeCode": "VAT",
    "baseCurrencyCode": "GBP",
    "newSalesCreditStatusId": "6",
    "newSalesOrderStatusId": "1",
    "salesNominalCode": "4000",
    "shippingNominalCode": "4040",
    "discountNominalCode": "4009",
    "writeOffNoteNominalCode": "5020",
    "defaultTaxRateId": "1",
    "timeZone": "Europe/London",
}


@dataclass
class Row:
    """A row of an order or a credit."""

    row_id: int
    product_id: int
    name: str
    quantity: Decimal
    net: Decimal
    tax: Decimal
    tax_code: str
    nominal_code: str
    external_ref: str = ""
    price: Decimal | None = None
    discount_percentage: Decimal = ZERO
    parent_row_id: int = 0
    received: Decimal = ZERO


@dataclass
class Order:
    """A sales order ("SO") or a sales credit ("SC")."""

    order_id: int
    type_code: str
    ref: str
    contact_id: int
    warehouse_id: int
    currency: str
    price_mode: str
    placed_on: datetime
    tax_date: datetime
    created_on: datetime
    updated_on: datetime
    external_ref: str = ""
    instance_id: int = 0
    parent_id: int = 0
    channel_id: int = 0
    status_id: int = 1
    rows: dict[int, Row] = field(default_factory=dict)
    notes: list[tuple[datetime, str]] = field(default_factory=list)
    invoice: str = ""
    invoiced_on: datetime | None = None
    # Set while the credit is "invoice pending".
    closed_at: datetime | None = None
    is_canceled: bool = False
    is_ours: bool = False


@dataclass
class Note:
    """A goods-in note, a release or a correction."""

    note_id: int
    type_code: str
    warehouse_id: int
    order_id: int
    reference: str
    reason: str
    at: datetime
    moved: list[dict[str, Any]]
    by_staff: bool = False


@dataclass
class Payment:
    payment_id: int
    body: dict[str, Any]
    at: datetime


class Store:
    """Master data and documents of one account."""

    def __init__(self) -> None:
        self.configuration: dict[str, str] = dict(_CONFIGURATION)
        self.warehouses: dict[int, dict[str, Any]] = {}
        self.tax_codes: dict[int, dict[str, Any]] = {}
        self.contacts: dict[int, dict[str, Any]] = {}
        self.products: dict[int, dict[str, Any]] = {}
        self.orders: dict[int, Order] = {}
        self.notes: dict[int, Note] = {}
        self.payments: dict[int, Payment] = {}
        self.stock: dict[tuple[int, int], int] = {}
        self.lock: dict[str, Any] | None = None
        # When each credit was closed whose invoice accounting has not written yet.
        self.pending: dict[int, datetime] = {}
        # Keys that may stand once only, with what they are keys of.
        self.taken: set[tuple[str, ...]] = set()
        self._last_id = 100_000

    def next_id(self) -> int:
        self._last_id += 1
        return self._last_id

    def load(self, records: Record, at: datetime) -> dict[str, int]:
        """Take master data, orders and stock in; goods checked in are the twin's to book.

        Raises:
            KeyError, TypeError, ValueError: a field is missing or of the wrong form.
        """
        self.configuration.update(
            {name: str(value) for name, value in records.get("configuration", {}).items()}
        )
        for kind, table in (
            ("warehouses", self.warehouses),
            ("tax_codes", self.tax_codes),
            ("contacts", self.contacts),
        ):
            for record in records.get(kind, ()):
                table[int(record["id"])] = dict(record)
        for record in records.get("products", ()):
            self._keep_product(record, at)
        for record in records.get("orders", ()):
            self._keep_order(record, at)
        for record in records.get("stock", ()):
            self.move(
                int(record["product_id"]), int(record["location_id"]), int(record["quantity"])
            )
        if "period_lock" in records:
            lock = records["period_lock"]
            self.lock = None if lock is None else {**lock}
        kinds = ("warehouses", "tax_codes", "contacts", "products", "orders", "stock", "goods_in")
        return {kind: len(records.get(kind, ())) for kind in kinds}

    def move(self, product_id: int, location_id: int, quantity: int) -> None:
        place = (product_id, location_id)
        self.stock[place] = self.stock.get(place, 0) + quantity

    def on_hand(self, product_id: int, location_id: int) -> int:
        return self.stock.get((product_id, location_id), 0)

    def locked_until(self) -> date | None:
        if self.lock is None:
            return None
        return moment(self.lock["locked_until"]).date()

    def product_of(self, sku: str) -> int:
        """Raises KeyError for a SKU that is not there."""
        for product_id, record in self.products.items():
            if record["sku"] == sku:
                return product_id
        raise KeyError(sku)

    def leaves(self, product_id: int, quantity: int) -> Iterator[tuple[int, int]]:
        """The products a bundle comes down to, with their units."""
        for part in self.products[product_id].get("components", ()):
            inner, units = int(part["product_id"]), int(part["quantity"]) * quantity
            if self.products[inner].get("components"):
                yield from self.leaves(inner, units)
            else:
                yield inner, units

    def _keep_product(self, record: Record, at: datetime) -> None:
        product_id = int(record["id"])
        known = self.products.get(product_id)
        if known is not None and {**known, "updated_on": None} == {**record, "updated_on": None}:
            return
        self.products[product_id] = {**record, "sku": str(record["sku"]), "updated_on": at}

    def _keep_order(self, record: Record, at: datetime) -> None:
        placed = moment(record["placed_on"])
        order = Order(
            order_id=int(record["id"]),
            type_code="SO",
            ref=str(record["ref"]),
            contact_id=int(record["contact_id"]),
            warehouse_id=int(record["warehouse_id"]),
            currency=str(record["currency"]),
            price_mode=str(record.get("price_mode", "EXC")),
            placed_on=placed,
            tax_date=placed,
            created_on=placed,
            updated_on=at,
            invoice=str(record.get("invoice", "")),
            invoiced_on=placed,
            is_canceled=bool(record.get("is_canceled", False)),
        )
        for row in record["rows"]:
            found = self._order_row(row)
            order.rows[found.row_id] = found
        self.orders[order.order_id] = order

    def _order_row(self, row: Record) -> Row:
        product_id = int(row.get("product_id") or 0)
        product = self.products.get(product_id, {})
        price = row.get("price")
        return Row(
            row_id=int(row["id"]),
            product_id=product_id,
            name=str(row.get("name") or product.get("name", "")),
            quantity=Decimal(str(row["quantity"])),
            net=Decimal(str(row["net"])),
            tax=Decimal(str(row["tax"])),
            tax_code=str(row["tax_code"]),
            nominal_code=str(row.get("nominal_code", self.configuration["salesNominalCode"])),
            price=None if price is None else Decimal(str(price)),
            discount_percentage=Decimal(str(row.get("discount_percentage", 0))),
            parent_row_id=int(row.get("parent_row_id") or 0),
        )


def moment(value: object) -> datetime:
    """Raises ValueError for a text that is no ISO 8601 date or time."""
    found = datetime.fromisoformat(str(value))
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def stamp(at: datetime) -> str:
    """A moment as its answers write it."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.000+00:00"
