"""Whole credits of generated orders, as the planner drafts them, and what their refunds differ by.

Where `reversals` plays the rule of one line, this plays the product's own path: an order with taxes
and discounts comes back in parts, each part is drafted, refunded (now and then by something else)
and explained. Every order is made from its own number.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from connectors.types import DocumentDraft, TaxPart
from exceptions_app.rules import credit, money, penny
from exceptions_app.rules.facts import OrderFact, OrderLineFact, Policy, RmaFacts
from exceptions_app.rules.resolving import resolve
from tests.exceptions_app.rules import make

_CURRENCIES = ("GBP", "EUR", "JPY", "KWD")
_SCOPES = ("line", "document")
_MODES = ("half_up", "half_even")
_STATUSES = ("confirmed", "confirmed", "pending", "failed")


@dataclass(frozen=True, slots=True)
class Run:
    """What `play` saw; `wrong` are the numbers of orders that broke a promise."""

    orders: int
    returns: int
    unexplained: int
    seconds: float
    wrong: tuple[int, ...]

    @property
    def per_second(self) -> float:
        return self.returns / self.seconds


def play(orders: int, *, first: int = 1) -> Run:
    """Take every unit of every order back in random parts; check the credits and their causes."""
    began, made, unexplained, wrong = time.perf_counter(), 0, 0, []
    for number in range(first, first + orders):
        returns, open_ends, is_right = _take_back(random.Random(number))
        made += returns
        unexplained += open_ends
        if not is_right:
            wrong.append(number)
    return Run(orders, made, unexplained, time.perf_counter() - began, tuple(wrong))


def _take_back(dice: random.Random) -> tuple[int, int, bool]:
    currency = dice.choice(_CURRENCIES)
    order = make.make_order(*_lines(dice, currency), currency=currency)
    rounding = {"mode": dice.choice(_MODES), "scope": dice.choice(_SCOPES)}
    policy = make.make_policy(rounding=rounding)
    is_included, returns, unexplained, is_right = dice.random() < 0.5, 0, 0, True
    while any(row.credited_units < row.quantity for row in order.lines):
        facts = _returned(dice, order, is_included=is_included, policy=policy)
        draft = credit.draft(resolve(facts), posting_date=make.TODAY, authorisation_number="")
        if draft is None:
            return returns, unexplained, False
        facts = replace(facts, refunds=tuple(_refunds(dice, draft)))
        found = penny.explain(resolve(facts), draft)
        returns += 1
        unexplained += not found.is_explained
        is_right &= _is_sound(draft) and _adds_up(found)
        order = _after(order, draft)
    return returns, unexplained, is_right and all(_is_whole(row) for row in order.lines)


def _lines(dice: random.Random, currency: str) -> Iterator[OrderLineFact]:
    unit = money.minor_unit(currency)
    for number in range(1, dice.randint(1, 4) + 1):
        quantity, most = dice.randint(1, 6), 10 ** dice.randint(1, 6)
        price, net = dice.randint(0, most), dice.randint(0, most)
        amounts = [dice.randint(0, most // 4) * unit for _ in range(dice.randint(0, 3))]
        taxes = tuple(TaxPart(f"T{at}", amount) for at, amount in enumerate(amounts))
        tax = sum(amounts, money.ZERO)
        yield make.make_order_line(
            f"SKU-{number}",
            line_id=str(number),
            quantity=quantity,
            unit_price=price * unit,
            discount=max(price * quantity * unit - net * unit, money.ZERO),
            net=net * unit,
            tax=tax,
            taxes=taxes if len(taxes) > 1 else (),
            tax_code="" if len(taxes) > 1 else "T0",
        )


def _returned(
    dice: random.Random, order: OrderFact, *, is_included: bool, policy: Policy
) -> RmaFacts:
    left = [row for row in order.lines if row.credited_units < row.quantity]
    chosen = dice.sample(left, dice.randint(1, len(left)))
    lines = [
        make.make_line(
            row.sku,
            line_no=number,
            order_line_id=row.line_id,
            quantity=dice.randint(1, row.quantity - row.credited_units),
            unit_price=dice.choice((None, row.unit_price)),
            unit_tax=None,
            is_tax_included=is_included,
        )
        for number, row in enumerate(chosen, start=1)
    ]
    return make.make_facts(*lines, order=order, currency=order.currency, refunds=(), policy=policy)


def _refunds(dice: random.Random, draft: DocumentDraft) -> Iterator[make.RefundFact]:
    unit = money.minor_unit(draft.currency)
    off = dice.choice((0, 0, 1, -1, dice.randint(-5_000, 5_000))) * unit
    for number in range(dice.randint(0, 2) + 1):
        yield make.make_refund(
            str(draft.gross + off if not number else dice.randint(0, 5_000) * unit),
            external_id=f"R-{number}",
            currency=draft.currency,
            status=dice.choice(_STATUSES) if number else "confirmed",
        )


def _is_sound(draft: DocumentDraft) -> bool:
    return all(
        line.net >= 0 <= line.tax
        and (not line.taxes or sum(part.amount for part in line.taxes) == line.tax)
        for line in draft.lines
    )


def _adds_up(found: penny.Explanation) -> bool:
    named = sum((cause.amount for cause in found.causes), money.ZERO)
    return named == found.difference == found.refund - found.credit


def _after(order: OrderFact, draft: DocumentDraft) -> OrderFact:
    rows = {row.line_id: row for row in order.lines}
    for line in draft.lines:
        row = rows[line.order_line_id]
        told = {part.code: part.amount for part in row.credited_taxes}
        rows[row.line_id] = replace(
            row,
            credited_units=row.credited_units + line.quantity,
            credited_net=row.credited_net + line.net,
            credited_tax=row.credited_tax + line.tax,
            credited_taxes=_both(told, line.taxes),
        )
    return replace(order, lines=tuple(rows[row.line_id] for row in order.lines))


def _both(told: Mapping[str, Decimal], more: tuple[TaxPart, ...]) -> tuple[TaxPart, ...]:
    return tuple(TaxPart(part.code, told.get(part.code, money.ZERO) + part.amount) for part in more)


def _is_whole(row: OrderLineFact) -> bool:
    """All of it came back: the credits gave exactly what was sold, by tax code too."""
    return (row.credited_net, row.credited_tax) == (row.net, row.tax) and (
        not row.taxes or row.credited_taxes == row.taxes
    )
