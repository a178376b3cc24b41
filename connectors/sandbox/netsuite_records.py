"""What the NetSuite-like twin keeps of a transaction, a line and an item."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

Record = Mapping[str, Any]
ZERO = Decimal(0)

# Record name, SuiteQL type and number prefix by the record's name in lower case.
KINDS: Mapping[str, tuple[str, str, str]] = {
    "salesorder": ("salesOrder", "SalesOrd", "SO"),
    "invoice": ("invoice", "CustInvc", "INV"),
    "cashsale": ("cashSale", "CashSale", "CS"),
    "returnauthorization": ("returnAuthorization", "RtnAuth", "RMA"),
    "itemreceipt": ("itemReceipt", "ItemRcpt", "IR"),
    "creditmemo": ("creditMemo", "CustCred", "CM"),
    "cashrefund": ("cashRefund", "CashRfnd", "CR"),
    "customerrefund": ("customerRefund", "CustRfnd", "REF"),
    "inventoryadjustment": ("inventoryAdjustment", "InvAdjst", "IA"),
    "inventorytransfer": ("inventoryTransfer", "InvTrnfr", "IT"),
}
SALES = frozenset({"salesorder", "invoice", "cashsale"})
CREDITS = frozenset({"creditmemo", "cashrefund", "customerrefund"})


@dataclass
class Line:
    """A line of a transaction; amounts as people read them, never turned."""

    number: int
    item: int
    item_type: str
    quantity: Decimal
    rate: Decimal = ZERO
    amount: Decimal = ZERO
    taxes: list[tuple[str, Decimal]] = field(default_factory=list)
    location: str = ""
    source_line: int = 0
    kit: int = 0
    memo: str = ""
    received: Decimal = ZERO
    billed: Decimal = ZERO
    statuses: list[tuple[str, Decimal]] = field(default_factory=list)

    @property
    def tax(self) -> Decimal:
        return sum((amount for _, amount in self.taxes), ZERO)


@dataclass
class Transaction:
    """`kind` is the record's name in lower case; `source` the one it was made from."""

    id: int
    kind: str
    number: str
    created_at: datetime
    day: date
    entity: str
    subsidiary: str
    currency: str
    lines: list[Line]
    external_id: str = ""
    other_ref: str = ""
    memo: str = ""
    status: str = "A"
    location: str = ""
    source: int = 0
    shipping: Decimal = ZERO
    applied: Decimal = ZERO
    # What was sent, by the names it was sent under.
    sent: dict[str, Any] = field(default_factory=dict)

    @property
    def tax(self) -> Decimal:
        return sum((line.tax for line in self.lines), ZERO)

    @property
    def total(self) -> Decimal:
        if self.kind == "customerrefund":
            return self.applied
        amounts = (line.amount for line in self.lines if line.kit == 0 or line.amount)
        return sum(amounts, ZERO) + self.tax + self.shipping

    def line(self, number: int) -> Line | None:
        return next((line for line in self.lines if line.number == number), None)


@dataclass
class Item:
    id: int
    sku: str
    type: str
    is_active: bool


def amount(record: Record, name: str) -> Decimal:
    """The amount, zero when absent.

    Raises:
        ValueError: no amount, or a float, whose digits nobody wrote.
    """
    value = record.get(name)
    if value in (None, ""):
        return ZERO
    if isinstance(value, float | bool):
        raise ValueError(f"{name}: an amount must be written as text or a whole number")
    try:
        parsed = Decimal(str(value))
    except ArithmeticError:
        raise ValueError(f"{name}: {value} is no amount") from None
    if not parsed.is_finite():
        raise ValueError(f"{name}: {value} is no amount")
    return parsed
