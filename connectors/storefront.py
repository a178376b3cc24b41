"""What crosses the border to a shop: its stock by state, its payouts, what may come back.

Orders of a shop come as `types.ErpOrder`, without what only an ERP knows (division, warehouse,
invoice). Stock states are the shop's own words ("available", "quality_control", …).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from connectors.types import Money


@dataclass(frozen=True, slots=True)
class StorefrontCapabilities:
    """`stock_states` are those units may be moved between; empty where stock cannot be written."""

    stock_states: tuple[str, ...]
    has_payouts: bool
    max_orders_per_read: int
    max_skus_per_read: int


@dataclass(frozen=True, slots=True)
class StockState:
    """How many units of one item lie at one place, by state."""

    sku: str
    item_id: str
    location_id: str
    location_name: str
    quantities: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class StockTerminal:
    """One end of a change of stock.

    `expected` is the quantity found there before: the change is refused when it is another by now.
    None changes it whatever it is. `ledger_uri` names our own record behind a state that is not for
    sale; empty for the one that is.
    """

    state: str
    expected: int | None = None
    ledger_uri: str = ""


@dataclass(frozen=True, slots=True)
class StockChange:
    """Units moved between two states at one place, or, without `source`, put into `target`.

    `key` is fixed before the first byte leaves: the same key never takes effect twice.
    """

    key: str
    item_id: str
    location_id: str
    quantity: int
    target: StockTerminal
    reason: str
    reference_uri: str
    source: StockTerminal | None = None


@dataclass(frozen=True, slots=True)
class Payout:
    """Money the shop's payment provider sent to the bank, or took from it (`net` negative)."""

    external_id: str
    issued_at: datetime
    status: str
    net: Money


@dataclass(frozen=True, slots=True)
class PayoutRow:
    """One row of a payout. `transaction_id` is the order's transaction (a refund's, a sale's)."""

    external_id: str
    payout_id: str
    kind: str
    amount: Money
    fee: Money
    net: Money
    order_name: str
    transaction_id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class PayoutPage:
    rows: tuple[Payout, ...]
    next_cursor: str


@dataclass(frozen=True, slots=True)
class PayoutRowPage:
    rows: tuple[PayoutRow, ...]
    next_cursor: str


@dataclass(frozen=True, slots=True)
class Eligibility:
    """Whether the shop lets an item come back; None where it says nothing of it."""

    sku: str
    product_id: str
    is_returnable: bool | None
    tags: tuple[str, ...]
