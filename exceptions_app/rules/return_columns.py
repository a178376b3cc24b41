"""The columns a file of returns may have: what each means, what it expects, how its head is known.

One row of the file is one product line of a return. Guesses by head are only ever proposed.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Column:
    """`is_shared`: the same in every row of one return. `heads` are in the form of `key`.

    `longest` is how many characters are kept.
    """

    code: str
    label: str
    expects: str
    heads: tuple[str, ...]
    is_required: bool = False
    is_shared: bool = False
    is_personal: bool = False
    longest: int = 80


DATE, AMOUNT = "a date", "an amount of 0 or more"

COLUMNS: tuple[Column, ...] = (
    Column(
        "return_id",
        "Return",
        "the platform's own id or number of the return",
        (
            "return id",
            "return number",
            "transaction id",
            "transaction",
            "rma",
            "rma number",
            "return",
            "id",
        ),
        is_required=True,
        longest=60,
    ),
    Column(
        "order_name",
        "Order",
        "the order's number as the ERP knows it",
        ("order name", "order number", "order", "order no", "linked order"),
        is_required=True,
        is_shared=True,
    ),
    Column(
        "status",
        "State of the return",
        "the platform's word, such as In progress",
        ("state", "status", "transaction state", "transaction status", "return status"),
        is_required=True,
        is_shared=True,
        longest=60,
    ),
    Column(
        "created_at",
        "Created",
        DATE,
        ("created at", "created", "creation date", "date created", "requested at", "date"),
        is_required=True,
        is_shared=True,
    ),
    Column(
        "updated_at",
        "Last change",
        DATE,
        ("updated at", "updated", "last update", "last updated", "last change", "modified at"),
    ),
    Column("order_id", "Order id", "the shop's id of the order", ("order id",), is_shared=True),
    Column(
        "currency",
        "Currency",
        "a code of three letters",
        ("currency", "currency code"),
        is_shared=True,
    ),
    Column(
        "customer_name",
        "Customer",
        "a name",
        ("customer", "customer name", "name"),
        is_shared=True,
        is_personal=True,
        longest=200,
    ),
    Column(
        "customer_email",
        "Customer's e-mail",
        "an address",
        ("email", "e mail", "customer email", "customer e mail"),
        is_shared=True,
        is_personal=True,
        longest=254,
    ),
    Column(
        "unit_id",
        "Id of the line",
        "the platform's id of this product line",
        ("line id", "item id", "product line id", "return line id", "returned item id"),
        longest=70,
    ),
    Column("order_line_id", "Order line", "an id", ("order line id", "line item id")),
    Column(
        "sku",
        "SKU",
        "the product's SKU",
        ("sku", "product sku", "variant sku", "item sku"),
        is_required=True,
        longest=120,
    ),
    Column("barcode", "Barcode", "digits", ("barcode", "ean", "upc", "gtin"), longest=60),
    Column(
        "name",
        "Product",
        "its name",
        ("product", "product name", "item", "title", "description"),
        longest=200,
    ),
    Column(
        "quantity",
        "Units",
        "a whole number from 1",
        ("quantity", "qty", "units", "product quantity"),
    ),
    Column(
        "unit_price",
        "Price of a unit",
        "what the customer paid for one unit, tax included",
        ("price", "unit price", "product price", "paid price", "item price"),
    ),
    Column("unit_tax", "Tax in the price", AMOUNT, ("tax", "vat", "unit tax", "product tax")),
    Column("reason", "Reason", "the customer's", ("reason", "return reason"), longest=200),
    Column(
        "resolution",
        "What is wanted",
        "return or exchange",
        ("request type", "resolution", "requested", "type of request"),
        longest=60,
    ),
    Column(
        "line_status",
        "Decision on the product",
        "pending validation, accepted, rejected or for review",
        (
            "product status",
            "product state",
            "item status",
            "validation",
            "decision",
            "validation status",
        ),
        longest=60,
    ),
    Column(
        "restock",
        "To be restocked",
        "yes or no",
        ("restock", "restocked", "returned products restock", "to restock"),
    ),
    Column(
        "rejection_reason",
        "Why rejected",
        "the merchant's reason",
        ("rejection reason", "reject reason", "reason of rejection"),
        longest=120,
    ),
    Column(
        "decided_at",
        "Decided",
        DATE,
        ("validated at", "decided at", "accepted at", "validation date", "decision date"),
    ),
    Column(
        "location",
        "Place of the goods",
        "the platform's name of the depot",
        ("location", "warehouse", "depot", "store"),
        longest=120,
    ),
    Column(
        "refund_amount",
        "Refund of the whole return",
        AMOUNT,
        ("refund amount", "refunded amount", "refund", "total refund", "total refunded"),
        is_shared=True,
    ),
    Column(
        "refund_status",
        "State of the refund",
        "completed, pending or failed",
        ("refund status", "refund state"),
        is_shared=True,
        longest=60,
    ),
    Column(
        "refund_at", "Refunded", DATE, ("refunded at", "refund date", "refunded on"), is_shared=True
    ),
    Column(
        "refund_id",
        "Id of the refund",
        "the payment's reference",
        ("refund id", "refund reference", "payment id"),
        is_shared=True,
    ),
    Column(
        "tracking_number",
        "Parcel",
        "the carrier's number",
        ("tracking number", "tracking", "tracking code"),
        is_shared=True,
    ),
)
BY_CODE: Mapping[str, Column] = {column.code: column for column in COLUMNS}
AMOUNTS = ("unit_price", "unit_tax", "refund_amount")

_WORDS = re.compile(r"[^0-9a-z]+")


def key(head: str) -> str:
    """A head as it is compared: no accents, case, signs or doubled blanks."""
    plain = unicodedata.normalize("NFKD", head).encode("ascii", "ignore").decode()
    return _WORDS.sub(" ", plain.casefold()).strip()


def guess(heads: Sequence[str], remembered: Mapping[str, str]) -> dict[str, str]:
    """Head by column code: what was chosen last where that head is there, else by its words.

    A head stands for one column; the more exact word comes first in each column's list.
    """
    found = {code: head for code, head in remembered.items() if code in BY_CODE and head in heads}
    taken = set(found.values())
    by_key = {key(head): head for head in reversed(heads)}
    for column in COLUMNS:
        if column.code in found:
            continue
        names = (by_key.get(name, "") for name in column.heads)
        head = next((name for name in names if name and name not in taken), "")
        if head:
            found[column.code] = head
            taken.add(head)
    return found
