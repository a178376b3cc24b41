"""What the Prima-like twin remembers, and how friendly records become its elements.

Load schema (amounts as number or text, never a float; everything else as text unless said):

- `locations`: code, name, active (bool): Prima calls them depots
- `items`: sku, and product with codes (a list of up to four matrix codes); without them the SKU is
  the product. Also barcode, description, active, returnable (bool), unit_cost, available (number)
- `customers`: code, name, vat_setting
- `orders`: number, customer, warehouse, currency, ordered_at (ISO 8601), invoice_number,
  shipping_net, shipping_tax, shipping_tax_code, vat_inclusive (bool, yes by default), status, and
  `lines`: line_id, sku, quantity (whole number), unit_price, discount, net, tax, tax_code,
  description. Where there are any: tenders [{kind, amount}], shipping_discount; a line taxes
  [{code, amount}], discounts [{code, amount, scope}], parent_line_id, duty
- `closed_periods`: months such as "2026-04"; `refuse_vat_settings`: VAT settings a credit is
  refused for. Both replace what was there.

The same code, sku or number replaces.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from xml.etree import ElementTree as ET

Record = Mapping[str, Any]
Key = tuple[str, ...]

CODES = ("MtrxCode1", "MtrxCode2", "MtrxCode3", "MtrxCode4")


class Store:
    """Master data and orders, indexed the ways they can be asked for."""

    def __init__(self) -> None:
        self.locations: dict[str, Record] = {}
        self.customers: dict[str, Record] = {}
        self.items: dict[str, Record] = {}
        self.orders: dict[str, Record] = {}
        self.skus: dict[Key, str] = {}
        self.closed_periods: frozenset[str] = frozenset()
        self.refused_vat_settings: frozenset[str] = frozenset()

    def load(self, records: Record) -> dict[str, int]:
        """Take `records` in; return how many of each kind came.

        Raises:
            KeyError, TypeError, ValueError: a field is missing or of the wrong form.
        """
        counts = {}
        for kind, key, table in (
            ("locations", "code", self.locations),
            ("customers", "code", self.customers),
            ("items", "sku", self.items),
            ("orders", "number", self.orders),
        ):
            for record in records.get(kind, ()):
                _check(kind, record)
                table[str(record[key])] = dict(record)
            counts[kind] = len(records.get(kind, ()))
        self.skus = {key_of(item): sku for sku, item in self.items.items()}
        for name, attribute in (
            ("closed_periods", "closed_periods"),
            ("refuse_vat_settings", "refused_vat_settings"),
        ):
            if name in records:
                setattr(self, attribute, frozenset(map(str, records[name])))
        return counts


def key_of(item: Record) -> Key:
    """Product and four matrix codes, which together are a SKU."""
    product = text(item, "product") or text(item, "sku")
    codes = [str(code) for code in item.get("codes", ())] if item.get("product") else []
    return (product, *(codes + [""] * 4)[:4])


def order_line(order: Record, reference: str) -> Record | None:
    """The line `reference` names by its id."""
    return next(
        (line for line in order.get("lines", ()) if text(line, "line_id") == reference), None
    )


# --- elements --------------------------------------------------------------------------------


def key_values(key: Key) -> dict[str, str]:
    return {"Product": key[0], **dict(zip(CODES, key[1:], strict=True))}


def stock_element(name: str, item: Record, at: datetime) -> ET.Element:
    """Available stock as documented; `name` is `SKU` or `sku`, by request."""
    available = int(item.get("available", 0))
    date = "" if available else at.strftime("%d/%m/%Y")
    values = {"AvailableQuantity": str(available), "AvailableDate": date}
    return ET.Element(name, {**key_values(key_of(item)), **values})


def product_element(item: Record) -> ET.Element:
    return ET.Element(
        "Sku",
        {
            **key_values(key_of(item)),
            "WebSku": text(item, "sku"),
            "Barcode": text(item, "barcode"),
            "Description": text(item, "description"),
            "Active": yes_no(item, "active"),
            "Returnable": yes_no(item, "returnable"),
            "Cost": str(amount(item, "unit_cost")),
        },
    )


def depot_element(location: Record) -> ET.Element:
    return ET.Element(
        "Depot",
        {
            "Code": text(location, "code"),
            "Name": text(location, "name"),
            "Active": yes_no(location, "active"),
        },
    )


def order_element(order: Record, store: Store) -> ET.Element:
    customer = store.customers.get(text(order, "customer"), {})
    element = ET.Element(
        "Order",
        {
            "OrderNumber": text(order, "number"),
            "OrderStatus": text(order, "status") or "Despatched",
            "Customer": text(order, "customer"),
            "CustomerName": text(customer, "name"),
            "VatSetting": text(customer, "vat_setting"),
            "Currency": text(order, "currency"),
            "Warehouse": text(order, "warehouse"),
            "InvoiceNumber": text(order, "invoice_number"),
            "OrderDate": moment_text(ordered_at(order)),
            "VatInclusive": yes_no(order, "vat_inclusive"),
            "CarriageNet": str(amount(order, "shipping_net")),
            "CarriageVat": str(amount(order, "shipping_tax")),
            "CarriageVatCode": text(order, "shipping_tax_code"),
            "CarriageDiscount": str(amount(order, "shipping_discount")),
        },
    )
    element.extend(_line_element(line, store) for line in order.get("lines", ()))
    for tender in order.get("tenders", ()):
        values = {"PaymentType": text(tender, "kind"), "Amount": str(amount(tender, "amount"))}
        ET.SubElement(element, "OrderPaymentData", values)
    return element


def _line_element(line: Record, store: Store) -> ET.Element:
    item = store.items.get(text(line, "sku"), {"sku": text(line, "sku")})
    element = ET.Element(
        "OrderLineData",
        {
            "LineReference": text(line, "line_id"),
            **key_values(key_of(item)),
            "WebSku": text(line, "sku"),
            "LineNarrative": text(line, "description"),
            "Quantity": str(int(line["quantity"])),
            "Price": str(amount(line, "unit_price")),
            "Discount": str(amount(line, "discount")),
            "NetValue": str(amount(line, "net")),
            "ExtTaxVal": str(amount(line, "tax")),
            "VatCode": text(line, "tax_code"),
            "Duty": str(amount(line, "duty")),
            "KitLine": text(line, "parent_line_id"),
        },
    )
    element.extend(tax_elements((text(row, "code"), row["amount"]) for row in _rows(line, "taxes")))
    for row in _rows(line, "discounts"):
        values = {"Code": text(row, "code"), "Value": str(amount(row, "amount"))}
        ET.SubElement(element, "LineDiscount", {**values, "Scope": text(row, "scope") or "line"})
    return element


def tax_elements(taxes: Iterable[tuple[str, Any]]) -> list[ET.Element]:
    return [ET.Element("Tax", {"VatCode": code, "Value": str(value)}) for code, value in taxes]


# --- values ----------------------------------------------------------------------------------


def text(record: Record, name: str) -> str:
    value = record.get(name)
    return "" if value is None else str(value)


def amount(record: Record, name: str) -> Decimal:
    """The amount, zero when absent.

    Raises:
        ValueError: no amount, or a float, whose digits nobody wrote.
    """
    value = record.get(name)
    if value in (None, ""):
        return Decimal(0)
    if isinstance(value, float | bool):
        raise ValueError(f"{name}: an amount must be written as text or a whole number")
    return to_amount(str(value), name)


def to_amount(written: str, name: str) -> Decimal:
    """Raises ValueError for what is no finite amount."""
    try:
        parsed = Decimal(written or "0")
    except ArithmeticError:
        raise ValueError(f"{name}: {written} is no amount") from None
    if not parsed.is_finite():
        raise ValueError(f"{name}: {written} is no amount")
    return parsed


def yes_no(record: Record, name: str) -> str:
    return "Yes" if record.get(name, True) else "No"


def moment_text(moment: datetime) -> str:
    """UTC, day first; the real form and zone are unknown."""
    return moment.astimezone(UTC).strftime("%d/%m/%Y %H:%M:%S")


def ordered_at(order: Record) -> datetime:
    moment = datetime.fromisoformat(str(order["ordered_at"]))
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _rows(record: Record, name: str) -> Iterable[Record]:
    return record.get(name) or ()


def _check(kind: str, record: Record) -> None:
    if kind == "items" and len(record.get("codes", ())) > len(CODES):
        raise ValueError("codes: a SKU has four matrix codes at most")
    if kind != "orders":
        return
    ordered_at(record)
    for name in ("shipping_net", "shipping_tax", "shipping_discount"):
        amount(record, name)
    for line in record.get("lines", ()):
        int(line["quantity"])
        for name in ("unit_price", "discount", "net", "tax", "duty"):
            amount(line, name)
