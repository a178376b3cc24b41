"""What the Prima-like twin refuses, as texts of `RequestError`: the words are ours, none is known.

A refusal carries no code; what follows the colon is the value that was wrong.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from connectors.sandbox.prima_soap import Element
from connectors.sandbox.prima_store import CODES, Key, Store, order_line, text, to_amount

# Of the kinds of document, those that need customer and order, and the one that needs money.
_NEEDS_ORDER = frozenset({"SimReturn", "SimCredit"})
CREDIT = "SimCredit"
AUTHORISATION = "SimReturn"


class Refused(Exception):
    """The text that `RequestError` says."""


@dataclass(frozen=True)
class Books:
    """What checks look at beside the document; `credited` counts units by order and line."""

    store: Store
    credited: Mapping[tuple[str, str], int]


def check(request_type: str, document: Element, books: Books) -> None:
    """Raises `Refused` for the first thing wrong with a document."""
    if not document.get("Reference"):
        raise Refused("Reference is missing")
    day = document_date(document)
    _check_depots(document, books.store)
    _check_parties(request_type, document, books.store)
    _check_items(document, books.store)
    # An authorisation books nothing, so no period concerns it.
    if request_type != AUTHORISATION and f"{day:%Y-%m}" in books.store.closed_periods:
        raise Refused(f"The period is closed for date: {document.get('DocumentDate')}")
    if request_type == CREDIT:
        _check_credit(document, books)


def lines(document: Element) -> tuple[Element, ...]:
    return document.all("Line")


def item_lines(document: Element) -> list[Element]:
    return [line for line in lines(document) if not line.get("ChargeCode")]


def quantity(line: Element) -> int:
    """Units; raises `Refused` for what is no whole number above zero."""
    written = line.get("Quantity")
    if not written.isdecimal() or int(written) == 0:
        raise Refused(f"Quantity must be a whole number above zero: {written}")
    return int(written)


def gross(document: Element) -> Decimal:
    """What the document comes to; line values include VAT where its header says so."""
    total = sum((value(line, "LineValue") for line in lines(document)), Decimal(0))
    return total if document.get("VatInclusive") == "Yes" else total + tax(document)


def tax(document: Element) -> Decimal:
    return sum((value(line, "ExtTaxVal") for line in lines(document)), Decimal(0))


def taxes(document: Element) -> dict[str, Decimal]:
    """The VAT of each code that has any."""
    found: dict[str, Decimal] = {}
    for line in lines(document):
        told = line.all("Tax")
        rows = [(row.get("VatCode"), value(row, "Value")) for row in told]
        for code, part in rows or [(line.get("VatCode"), value(line, "ExtTaxVal"))]:
            found[code] = found.get(code, Decimal(0)) + part
    return {code: part for code, part in found.items() if code and part}


def value(element: Element, name: str) -> Decimal:
    try:
        return to_amount(element.get(name), name)
    except ValueError as error:
        raise Refused(f"Amount cannot be read: {error}") from None


def key_of(element: Element) -> Key:
    return (element.get("Product"), *(element.get(code) for code in CODES))


def document_date(document: Element) -> datetime:
    written = document.get("DocumentDate")
    try:
        return datetime.strptime(written, "%d/%m/%Y")  # noqa: DTZ007 - a day
    except ValueError:
        raise Refused(f"DocumentDate must be DD/MM/YYYY: {written}") from None


def _check_depots(document: Element, store: Store) -> None:
    named = [document.get("Warehouse"), *(line.get("Depot") for line in lines(document))]
    for code in filter(None, named):
        if not store.locations.get(code, {}).get("active", code in store.locations):
            raise Refused(f"Depot not found: {code}")
    if not named[0]:
        raise Refused("Depot not found: none given")


def _check_parties(request_type: str, document: Element, store: Store) -> None:
    customer, order = document.get("Customer"), document.get("OrderNumber")
    is_needed = request_type in _NEEDS_ORDER
    if (customer or is_needed) and customer not in store.customers:
        raise Refused(f"Customer account not found: {customer}")
    if (order or is_needed) and order not in store.orders:
        raise Refused(f"Order not found: {order}")


def _check_items(document: Element, store: Store) -> None:
    if not lines(document):
        raise Refused("A document needs at least one line")
    for line in item_lines(document):
        quantity(line)
        key = key_of(line)
        if key not in store.skus:
            raise Refused(f"Product not found: {'/'.join(filter(None, key))}")
        if not store.items[store.skus[key]].get("active", True):
            raise Refused(f"Product is not active: {'/'.join(filter(None, key))}")


def _check_credit(document: Element, books: Books) -> None:
    store = books.store
    setting = text(store.customers[document.get("Customer")], "vat_setting")
    if setting in store.refused_vat_settings:
        raise Refused(f"VAT setting of the account does not allow a credit: {setting}")
    if gross(document) <= 0:
        raise Refused(f"Credit amount must be above zero: {gross(document)}")
    number = document.get("OrderNumber")
    asked: dict[str, int] = {}
    for line in item_lines(document):
        reference = line.get("LineReference")
        sold = order_line(store.orders[number], reference) if reference else None
        shipped = 0 if sold is None else int(sold["quantity"])
        asked[reference] = asked.get(reference, 0) + quantity(line)
        if reference and asked[reference] + books.credited.get((number, reference), 0) > shipped:
            raise Refused(f"Quantity is above what was despatched: {number} line {reference}")
