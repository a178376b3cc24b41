"""Which sales order a return without one could be of: what speaks for each, and against (R055)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

SAME_CUSTOMER, OTHER_CUSTOMER = "same", "other"
# So far apart two scores must be for the first to be proposed.
_CLEARLY = 20


@dataclass(frozen=True, slots=True)
class Known:
    """What we know of one order beside its likeness.

    `left` are the units still to return of each returned SKU, `wanted` those that came back.
    `customer` is SAME_CUSTOMER or OTHER_CUSTOMER by its other returns, "" where none tells.
    """

    number: str
    score: int
    reasons: tuple[str, ...]
    wanted: Mapping[str, int]
    left: Mapping[str, int]
    customer: str
    is_same_currency: bool
    currency: str
    ordered_at: datetime


@dataclass(frozen=True, slots=True)
class Ranked:
    """One order with short phrases for the screen; `is_spent` when it has nothing left to give."""

    number: str
    score: int
    speaks_for: tuple[str, ...]
    speaks_against: tuple[str, ...]
    is_spent: bool


def rank(orders: Iterable[Known], *, asked_at: datetime) -> tuple[Ranked, ...]:
    """Best first, those with nothing left last; equal ones by their number.

    `asked_at` is when the return was asked for: nothing can be sold after it came back.
    """
    ranked = [_judged(order, asked_at) for order in orders]
    return tuple(sorted(ranked, key=lambda row: (row.is_spent, -row.score, row.number)))


def best(ranked: tuple[Ranked, ...]) -> str:
    """The number of the one that is clearly the likeliest; "" when a person must say."""
    if not ranked:
        return ""
    first, others = ranked[0], [row for row in ranked[1:] if not row.is_spent]
    if first.speaks_against or first.is_spent or len(first.speaks_for) < 2:
        return ""
    is_clear = not others or first.score - max(row.score for row in others) >= _CLEARLY
    return first.number if is_clear else ""


def _judged(order: Known, asked_at: datetime) -> Ranked:
    is_spent = bool(order.wanted) and not any(order.left.get(sku, 0) for sku in order.wanted)
    speaks_for, against, score = list(order.reasons), [], order.score
    if order.customer == SAME_CUSTOMER:
        speaks_for.insert(0, "same customer")
        score += 60
    elif order.customer == OTHER_CUSTOMER:
        against.append("another customer's")
        score -= 40
    if is_spent:
        against.append("nothing left to return")
    elif any(order.left.get(sku, 0) < units for sku, units in order.wanted.items()):
        against.append("not enough left to return")
        score -= 15
    if not order.is_same_currency:
        against.append(f"in {order.currency}")
        score -= 20
    if order.ordered_at > asked_at:
        against.append("ordered after the return was asked for")
        score -= 40
    return Ranked(order.number, score, tuple(speaks_for), tuple(against), is_spent)
