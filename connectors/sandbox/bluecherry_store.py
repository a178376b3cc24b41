"""What the BlueCherry-like twin remembers, and how friendly records become its rows.

Load schema (amounts as number or text, never a float; everything else as text unless said):

- `locations`: code, name, division, active (bool)
- `items`: sku, style, color_code, lbl_code, dimension, size_desc, upc, description, division,
  active (bool), returnable (bool), unit_cost
- `customers`: code, name, vat_setting
- `orders`: number, customer, division, warehouse, currency, ordered_at (ISO 8601),
  invoice_number, shipping_net, shipping_tax, shipping_tax_code, and `lines`: line_id, sku,
  quantity (whole number), unit_price, discount, net, tax, tax_code, description. Where an order
  has them: tenders [{kind, amount}], prices_include_tax (bool), shipping_discount; a line taxes
  [{code, amount}], discounts [{code, amount, scope}], parent_line_id, duty
- `closed_periods`: months such as "2026-04"; `refuse_vat_settings`: VAT settings a credit is
  refused for. Both replace what was there.

The same code, sku or number replaces; an unchanged record keeps its `last_mod`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

Record = Mapping[str, Any]
Row = dict[str, Any]

_KEY_PARTS = ("style", "color_code", "lbl_code", "dimension", "size_desc")


@dataclass
class Kept:
    """A loaded record with its key in the twin and the moment it last changed."""

    pkey: int
    last_mod: str
    record: Record


@dataclass
class Style:
    pkey: int
    division: str
    code: str
    # Details by SKU, in the order they came.
    items: dict[str, Kept] = field(default_factory=dict)

    @property
    def last_mod(self) -> str:
        return max((item.last_mod for item in self.items.values()), default="")


class Store:
    """Master data and orders, indexed the ways the API can be asked."""

    def __init__(self) -> None:
        self.locations: dict[str, Kept] = {}
        self.items: dict[str, Kept] = {}
        self.customers: dict[str, Kept] = {}
        self.orders: dict[str, Kept] = {}
        self.styles: dict[tuple[str, str], Style] = {}
        self.closed_periods: frozenset[str] = frozenset()
        self.refused_vat_settings: frozenset[str] = frozenset()
        self.divisions: frozenset[str] = frozenset()
        self._places: dict[str, tuple[str, str]] = {}
        self._skus_by_key: dict[tuple[str, ...], str] = {}
        self._last_pkey = 100_000

    def next_pkey(self) -> int:
        self._last_pkey += 1
        return self._last_pkey

    def load(self, records: Record, *, at: datetime) -> dict[str, int]:
        """Take `records` in; return how many of each kind came.

        Raises:
            KeyError, TypeError, ValueError: a field is missing or of the wrong form.
        """
        stamp = moment_text(at)
        counts = {}
        for kind, key, table in (
            ("locations", "code", self.locations),
            ("customers", "code", self.customers),
            ("items", "sku", self.items),
            ("orders", "number", self.orders),
        ):
            for record in records.get(kind, ()):
                kept = self._keep(table, str(record[key]), record, stamp)
                if kind == "items":
                    self._place(kept)
                elif kind == "orders":
                    _check_order(record)
            counts[kind] = len(records.get(kind, ()))
        if "closed_periods" in records:
            self.closed_periods = frozenset(map(str, records["closed_periods"]))
        if "refuse_vat_settings" in records:
            self.refused_vat_settings = frozenset(map(str, records["refuse_vat_settings"]))
        entries = [*self.locations.values(), *self.items.values()]
        self.divisions = frozenset(text(entry.record, "division") for entry in entries) - {""}
        return counts

    def find_sku(self, line: Record) -> str | None:
        """The item a line means: by `sim_sku` when given, else by the parts of its key."""
        sku = text(line, "sim_sku") or self._skus_by_key.get(key_of(line), "")
        return sku if sku in self.items else None

    def _keep(self, table: dict[str, Kept], key: str, record: Record, stamp: str) -> Kept:
        known = table.get(key)
        if known is None:
            table[key] = Kept(self.next_pkey(), stamp, dict(record))
        elif known.record != record:
            known.record, known.last_mod = dict(record), stamp
        return table[key]

    def _place(self, kept: Kept) -> None:
        """Put an item under its style, and take it away from the one it had."""
        sku = text(kept.record, "sku")
        place = (text(kept.record, "division"), text(kept.record, "style"))
        before = self._places.get(sku)
        if before is not None and before != place:
            del self.styles[before].items[sku]
        if place not in self.styles:
            self.styles[place] = Style(self.next_pkey(), *place)
        self.styles[place].items[sku] = kept
        self._places[sku] = place
        self._skus_by_key[key_of(kept.record)] = sku


def style_row(style: Style, *, with_children: bool) -> Row:
    items = list(style.items.values())
    row: Row = {
        "pkey": style.pkey,
        "division": style.division,
        "style": style.code,
        "description": text(items[0].record, "description") if items else "",
        "last_mod": style.last_mod,
    }
    if with_children:
        row["styledetail"] = {"rows": [_style_detail(item) for item in items]}
        sizes = {
            (text(item.record, "color_code"), text(item.record, "size_desc")): item
            for item in items
        }
        row["stylecolorsizes"] = {
            "rows-i": [
                {"pkey": item.pkey, "color_code": color, "size_desc": size}
                for (color, size), item in sizes.items()
            ]
        }
    return row


def pick_row(kept: Kept, store: Store, *, with_children: bool) -> Row:
    order = kept.record
    lines = order.get("lines", ())
    row: Row = {
        "pkey": kept.pkey,
        "pick_num": str(kept.pkey),
        "ord_num": text(order, "number"),
        "po_num": "",
        "altpo": "",
        "customer": text(order, "customer"),
        "division": text(order, "division"),
        "location": text(order, "warehouse"),
        "department": "",
        "inv_num": text(order, "invoice_number"),
        "pick_date": moment_text(ordered_at(order)),
        "end_date": moment_text(ordered_at(order)),
        "ord_type": "",
        "ord_status": "",
        "curr_code": text(order, "currency"),
        "disc_amt": sum((amount(line, "discount") for line in lines), Decimal(0)),
        "tax_amt": sum((amount(line, "tax") for line in lines), Decimal(0)),
        "frgt_amt": amount(order, "shipping_net"),
        "shipper": "",
        "edi_doc_num": "",
        "last_mod": kept.last_mod,
        "sim_vat_setting": vat_setting(store, text(order, "customer")),
        "sim_cust_name": customer_name(store, text(order, "customer")),
        "sim_frgt_tax_amt": amount(order, "shipping_tax"),
        "sim_frgt_tax_code": text(order, "shipping_tax_code"),
        "sim_ord_date": moment_text(ordered_at(order)),
        **_order_parts(order),
    }
    if with_children:
        row["pickaddress"] = {"rows": _addresses(kept, row["sim_cust_name"])}
        row["pickdetail"] = {
            "rows": [
                _pick_detail(kept, seq, line, store) for seq, line in enumerate(lines, start=1)
            ]
        }
    return row


def location_row(kept: Kept) -> Row:
    return {
        "pkey": kept.pkey,
        "location": text(kept.record, "code"),
        "loc_type": "W",
        "sim_name": text(kept.record, "name"),
        "sim_division": text(kept.record, "division"),
        "sim_active": yes_no(kept.record, "active"),
    }


def order_line(order: Record, reference: str) -> Record | None:
    """The line `reference` means: by its own id, else by its position."""
    lines = order.get("lines", ())
    for line in lines:
        if text(line, "line_id") == reference:
            return dict(line)
    if reference.isdigit() and 1 <= int(reference) <= len(lines):
        return dict(lines[int(reference) - 1])
    return None


def vat_setting(store: Store, customer: str) -> str:
    kept = store.customers.get(customer)
    return "" if kept is None else text(kept.record, "vat_setting")


def customer_name(store: Store, customer: str) -> str:
    kept = store.customers.get(customer)
    return "" if kept is None else text(kept.record, "name")


def key_of(record: Record) -> tuple[str, ...]:
    """Style, colour, label, dimension, size: what tells an item from another."""
    return tuple(text(record, part) for part in _KEY_PARTS)


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
    try:
        parsed = Decimal(str(value))
    except ArithmeticError:
        raise ValueError(f"{name}: {value} is no amount") from None
    if not parsed.is_finite():
        raise ValueError(f"{name}: {value} is no amount")
    return parsed


def yes_no(record: Record, name: str) -> str:
    return "Y" if record.get(name, True) else "N"


def moment_text(moment: datetime) -> str:
    """UTC in the form the API was seen to use; the real zone is unknown."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def _check_order(order: Record) -> None:
    ordered_at(order)
    for name in ("shipping_net", "shipping_tax"):
        amount(order, name)
    for line in order.get("lines", ()):
        int(line["quantity"])
        for name in ("unit_price", "discount", "net", "tax", "duty"):
            amount(line, name)
        for parts, whole in (("taxes", "tax"), ("discounts", "discount")):
            _check_parts(line, parts, whole)


def _check_parts(line: Record, parts: str, whole: str) -> None:
    records = line.get(parts)
    if records and sum(amount(record, "amount") for record in records) != amount(line, whole):
        raise ValueError(f"{parts}: they do not sum to {whole}")


def ordered_at(order: Record) -> datetime:
    moment = datetime.fromisoformat(str(order["ordered_at"]))
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _style_detail(item: Kept) -> Row:
    return {
        "pkey": item.pkey,
        **_key_parts(item.record),
        "upc": text(item.record, "upc"),
        "sim_sku": text(item.record, "sku"),
        "sim_description": text(item.record, "description"),
        "sim_active": yes_no(item.record, "active"),
        "sim_returnable": yes_no(item.record, "returnable"),
        "sim_unit_cost": amount(item.record, "unit_cost"),
    }


def _pick_detail(order: Kept, seq: int, line: Record, store: Store) -> Row:
    item = store.items.get(text(line, "sku"))
    return {
        "pkey": order.pkey * 1000 + seq,
        "line_seq": seq,
        **_key_parts({} if item is None else item.record),
        "upc": "" if item is None else text(item.record, "upc"),
        "price": amount(line, "unit_price"),
        "bk_qty": int(line["quantity"]),
        "total_qty": int(line["quantity"]),
        "location": text(order.record, "warehouse"),
        "org_color": "",
        "notes": text(line, "description"),
        "sim_line_id": text(line, "line_id"),
        "sim_sku": text(line, "sku"),
        "sim_disc_amt": amount(line, "discount"),
        "sim_net_amt": amount(line, "net"),
        "sim_tax_amt": amount(line, "tax"),
        "sim_tax_code": text(line, "tax_code"),
        **_line_parts(line),
    }


def _order_parts(order: Record) -> Row:
    """What only some orders tell; a row without it is as it always was."""
    row: Row = {}
    if order.get("tenders"):
        row["sim_tenders"] = _parts(order["tenders"], tender_type="kind", tender_amt="amount")
    if order.get("prices_include_tax") is not None:
        row["sim_prices_incl_tax"] = yes_no(order, "prices_include_tax")
    if order.get("shipping_discount"):
        row["sim_frgt_disc_amt"] = amount(order, "shipping_discount")
    return row


def _line_parts(line: Record) -> Row:
    row: Row = {}
    if line.get("taxes"):
        row["sim_taxes"] = _parts(line["taxes"], tax_code="code", tax_amt="amount")
    if line.get("discounts"):
        row["sim_discs"] = _parts(
            line["discounts"], disc_code="code", disc_amt="amount", disc_scope="scope"
        )
    if line.get("parent_line_id"):
        row["sim_parent_line_id"] = text(line, "parent_line_id")
    if line.get("duty"):
        row["sim_duty_amt"] = amount(line, "duty")
    return row


def _parts(records: Iterable[Record], **names: str) -> Row:
    """Friendly records as rows of the wire: `names` are theirs by ours."""
    return {
        "rows": [
            {
                wire: amount(record, ours) if ours == "amount" else text(record, ours)
                for wire, ours in names.items()
            }
            for record in records
        ]
    }


def _key_parts(item: Record) -> Row:
    return dict(zip(_KEY_PARTS, key_of(item), strict=True))


def _addresses(order: Kept, name: str) -> list[Row]:
    """Bill-to and ship-to carry a name only: a simulation needs nobody's address."""
    return [
        {"pkey": order.pkey * 10 + index, "addr_type": kind, "name1": name}
        for index, kind in enumerate(("BT", "ST"))
    ]
