"""What the BlueCherry-like twin refuses, and in which of the four error shapes it says so.

No public source tells what BlueCherry checks or how it words it: kinds, words and the pairing of
kind and shape are ours. The four shapes are those an integrator was seen to handle. The pairing is
fixed, so that each shape is met by ordinary work:

| shape | kinds |
| --- | --- |
| `errors[0].errorMessage` | unknown_style, unknown_warehouse, closed_period, malformed |
| `errors[0].message` | inactive_style, unknown_division, quantity, vat_setting |
| `message[0].message` | division_warehouse_pair, unknown_customer, amount |
| `message` (text) | unknown_order, duplicate_control_number, filter |
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from connectors.sandbox.bluecherry_store import (
    Record,
    Store,
    amount,
    order_line,
    text,
    vat_setting,
)


class CheckFailed(Exception):
    """A record the ERP refuses. `kind` is ours; the wire carries only the words."""

    def __init__(self, kind: str, field: str, value: str) -> None:
        super().__init__(_WORDS[kind].format(value=value))
        self.kind = kind
        self.field = field
        self.value = value


_WORDS = {
    "unknown_style": "Style/colour/size not on file: {value}",
    "unknown_warehouse": "Location not on file: {value}",
    "closed_period": "Accounting period is closed for date {value}",
    "malformed": "Record cannot be read: {value}",
    "inactive_style": "Style/colour/size is not active: {value}",
    "unknown_division": "Division not on file: {value}",
    "quantity": "Credit quantity exceeds quantity shipped: {value}",
    "vat_setting": "Customer VAT setting does not allow posting: {value}",
    "division_warehouse_pair": "Location does not belong to division: {value}",
    "unknown_customer": "Customer not on file: {value}",
    "amount": "Document amount must be greater than zero: {value}",
    "unknown_order": "Order not on file: {value}",
    "duplicate_control_number": "Control number already used: {value}",
    "filter": "{value}",
}

_ERROR_MESSAGE_LIST = frozenset(
    {"unknown_style", "unknown_warehouse", "closed_period", "malformed"}
)
_ERRORS_LIST = frozenset({"inactive_style", "unknown_division", "quantity", "vat_setting"})
_MESSAGE_LIST = frozenset({"division_warehouse_pair", "unknown_customer", "amount"})


def error_body(failed: CheckFailed) -> dict[str, Any]:
    """The refusal in the shape of its kind."""
    words = str(failed)
    if failed.kind in _ERROR_MESSAGE_LIST:
        return {"errors": [{"errorMessage": words}]}
    if failed.kind in _ERRORS_LIST:
        return {"errors": [{"message": words}]}
    if failed.kind in _MESSAGE_LIST:
        return {"message": [{"message": words}]}
    return {"message": words}


@dataclass(frozen=True)
class Facts:
    """What checks look at beside the record; `credited` counts order, line → units credited."""

    store: Store
    credited: Callable[[str, str], int]


def check_form(record: Record) -> None:
    """Refuse what cannot be read at all, always when it is sent."""
    if not (text(record, "isa_num").isdecimal() and len(text(record, "isa_num")) == 9):
        raise CheckFailed("malformed", "isa_num", "isa_num must have nine digits")
    try:
        document_date(record)
    except ValueError:
        raise CheckFailed("malformed", "doc_date", "doc_date must be MM/DD/YYYY") from None
    lines = record.get("detail")
    if not isinstance(lines, list) or not lines:
        raise CheckFailed("malformed", "detail", "detail must hold at least one row")
    for line in lines:
        if not isinstance(line, dict):
            raise CheckFailed("malformed", "detail", "detail rows must be objects")
        try:
            quantity(line)
            amount(line, "net_amt")
            check_taxes(line)
        except ValueError as error:
            raise CheckFailed("malformed", "detail", str(error)) from None


def tax_rows(line: Record) -> list[tuple[str, Decimal]]:
    """Code and amount of each tax of a line: its `tax_lines`, else the one it names."""
    rows = line.get("tax_lines") or [line]
    return [(text(row, "tax_code"), amount(row, "tax_amt")) for row in rows]


def tax_totals(record: Record) -> dict[str, Any]:
    """A credit's tax, and that of each code that has any."""
    codes: dict[str, Decimal] = {}
    for line in record["detail"]:
        for code, tax in tax_rows(line):
            codes[code] = codes.get(code, Decimal(0)) + tax
    rows = [{"tax_code": code, "tax_amt": tax} for code, tax in codes.items() if code and tax]
    return {"sim_tax_amt": sum(codes.values(), Decimal(0)), "sim_taxes": {"rows": rows}}


def check_taxes(line: Record) -> None:
    """Raises ValueError when the taxes of a line do not add up to its tax."""
    if sum(tax for _, tax in tax_rows(line)) != amount(line, "tax_amt"):
        raise ValueError("tax_lines must sum to tax_amt")


def check_rules(doc_type: str, record: Record, facts: Facts) -> None:
    """Refuse what contradicts the books; the first rule broken is told."""
    _check_place(record, facts.store)
    _check_parties(doc_type, record, facts.store)
    _check_items(record, facts.store)
    # An authorisation books nothing, so no period concerns it.
    if doc_type != "RA" and document_date(record).strftime("%Y-%m") in facts.store.closed_periods:
        raise CheckFailed("closed_period", "doc_date", text(record, "doc_date"))
    if doc_type == "CM":
        _check_credit(record, facts)


def document_date(record: Record) -> datetime:
    return datetime.strptime(text(record, "doc_date"), "%m/%d/%Y")  # noqa: DTZ007 - a day


def quantity(line: Record) -> int:
    """Units of a line; an adjustment may be negative.

    Raises:
        ValueError: not a whole number.
    """
    value = amount(line, "size_qty")
    if value != value.to_integral_value():
        raise ValueError("size_qty must be a whole number")
    return int(value)


def item_lines(record: Record) -> list[Record]:
    return [line for line in record["detail"] if text(line, "component") in ("", "item")]


def total(record: Record) -> Decimal:
    """Net and tax of all lines."""
    lines = record["detail"]
    return sum((amount(line, "net_amt") + amount(line, "tax_amt") for line in lines), Decimal(0))


def _check_place(record: Record, store: Store) -> None:
    code, division = text(record, "location"), text(record, "division")
    location = store.locations.get(code)
    if location is None or not location.record.get("active", True):
        raise CheckFailed("unknown_warehouse", "location", code)
    if division not in store.divisions:
        raise CheckFailed("unknown_division", "division", division)
    if text(location.record, "division") not in ("", division):
        raise CheckFailed("division_warehouse_pair", "location", f"{code} / {division}")


def _check_parties(doc_type: str, record: Record, store: Store) -> None:
    """Authorisations and credits need customer and order; stock documents may name them."""
    is_needed = doc_type in ("RA", "CM")
    customer, order = text(record, "customer"), text(record, "ord_num")
    if (customer or is_needed) and customer not in store.customers:
        raise CheckFailed("unknown_customer", "customer", customer)
    if (order or is_needed) and order not in store.orders:
        raise CheckFailed("unknown_order", "ord_num", order)


def _check_items(record: Record, store: Store) -> None:
    for line in item_lines(record):
        sku = store.find_sku(line)
        if sku is None:
            named = text(line, "sim_sku") or text(line, "style")
            raise CheckFailed("unknown_style", "sim_sku", named)
        if not store.items[sku].record.get("active", True):
            raise CheckFailed("inactive_style", "sim_sku", sku)


def _check_credit(record: Record, facts: Facts) -> None:
    setting = vat_setting(facts.store, text(record, "customer"))
    if setting in facts.store.refused_vat_settings:
        raise CheckFailed("vat_setting", "customer", setting)
    if total(record) <= 0:
        raise CheckFailed("amount", "net_amt", str(total(record)))
    number = text(record, "ord_num")
    order = facts.store.orders[number].record
    asked: dict[str, int] = {}
    for line in item_lines(record):
        reference = text(line, "order_line")
        sold = order_line(order, reference) if reference else None
        line_id = reference if sold is None else text(sold, "line_id")
        shipped = 0 if sold is None else int(sold["quantity"])
        asked[line_id] = asked.get(line_id, 0) + quantity(line)
        is_above = bool(reference) and asked[line_id] + facts.credited(number, line_id) > shipped
        if is_above or quantity(line) < 0:
            raise CheckFailed("quantity", "size_qty", f"{number} line {reference}")
