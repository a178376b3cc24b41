"""A case of kind `reversal`: an order, its returns in turn, and the credit of each return."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from exceptions_app.rules.reversal import (
    Amounts,
    Anchor,
    Method,
    OverCredit,
    Sold,
    Taken,
    Tax,
    credit_amount,
    credit_units,
)
from exceptions_app.rules.rounding import Mode, Rounding
from exceptions_app.services.credit_cases import reading
from exceptions_app.services.credit_cases.reading import Node

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Way:
    """How credits are rounded; the default is ours, others are ERPs' own."""

    mode: Mode = Mode.HALF_UP
    method: Method = Method.CUMULATIVE
    anchor: Anchor | None = None  # None: by whether prices include tax


@dataclass(frozen=True, slots=True)
class CreditLine:
    ref: str
    amounts: Amounts


@dataclass(frozen=True, slots=True)
class Memo:
    """The credit of one return."""

    seq: int
    lines: tuple[CreditLine, ...]


def memos(case: Node, way: Way | None = None) -> tuple[Memo, ...]:
    """Every return's credit, in the order of the file.

    Raises:
        InvalidCase: a value that cannot be used, with its place; also more than was sold.
    """
    way = way or Way()
    places = reading.places(case)
    rounding = Rounding(places, way.mode)
    facts = case.node("input")
    sold = _sold(case, facts.node("order"), places, way)
    taken = {ref: Taken.nothing(line) for ref, line in sold.items()}
    found = []
    rows = list(facts.nodes("returns"))
    if not rows:
        raise facts.refuse("returns", "is empty")
    for at, row in enumerate(rows, start=1):
        lines = tuple(_credited(row, sold, taken, rounding, way.method, places))
        found.append(Memo(int(row.number("seq", Decimal(at))), lines))
    return tuple(found)


def _sold(case: Node, order: Node, places: int, way: Way) -> dict[str, Sold]:
    found: dict[str, Sold] = {}
    rows = [*order.nodes("lines"), *order.nodes("shipping", is_needed=False)]
    if not rows:
        raise order.refuse("lines", "is empty")
    for row in rows:
        read = line(row, places, prices_of(case), way.anchor)
        if read.ref in found:
            raise row.refuse("ref", f"{read.ref!r} stands twice in the order")
        found[read.ref] = read
    return found


def prices_of(node: Node) -> Anchor:
    """Whether prices include tax, by the node's `tax_inclusive`."""
    return Anchor.GROSS if node.flag("tax_inclusive", default=False) else Anchor.NET


def line(row: Node, places: int, prices: Anchor, anchor: Anchor | None = None) -> Sold:
    """A line with its stored amounts; `qty` is 1 where it says none.

    `prices` says which figure holds the line's price where the line does not say it itself, and is
    the anchor unless another is given.
    """
    if row.has("tax_inclusive"):
        prices = prices_of(row)
    taxes = tuple(
        Tax(tax.text("code"), tax.signed("amount", places))
        for tax in row.nodes("taxes", is_needed=False)
    )
    return Sold(
        ref=row.text("ref"),
        quantity=Fraction(row.quantity("qty", Decimal(1))),
        stored=Amounts(_net(row, taxes, places, prices), taxes, _components(row, places)),
        anchor=anchor or prices,
    )


def _net(row: Node, taxes: Iterable[Tax], places: int, prices: Anchor) -> Decimal:
    """The line's net, stated or what its gross leaves; both stated must agree."""
    tax = sum((tax.amount for tax in taxes), ZERO)
    other = Anchor.NET if prices is Anchor.GROSS else Anchor.GROSS
    stated = other if row.has(other) and not row.has(prices) else prices
    figure = row.amount(stated, places)
    net = figure - tax if stated is Anchor.GROSS else figure
    if min(net, net + tax) < 0:
        raise row.refuse("taxes", f"sum to {tax}, which leaves a line of {figure} below zero")
    whole = {Anchor.NET: net, Anchor.GROSS: net + tax}
    if row.has(other) and row.amount(other, places) != whole[other]:
        raise row.refuse(other, f"net and taxes sum to {net + tax}; net, taxes and gross disagree")
    return net


def _components(row: Node, places: int) -> dict[str, Decimal]:
    if not row.has("components"):
        return {}
    parts = row.node("components")
    if not all(map(reading.is_storable, parts.value)):
        raise row.refuse("components", "has a name with a character that cannot be stored")
    return {name: parts.amount(name, places) for name in parts.value}


def _credited(
    row: Node,
    sold: dict[str, Sold],
    taken: dict[str, Taken],
    rounding: Rounding,
    method: Method,
    places: int,
) -> Iterator[CreditLine]:
    parts = [*row.nodes("lines", is_needed=False), *row.nodes("shipping", is_needed=False)]
    if not parts:
        raise row.refuse("lines", "is missing: the return names nothing that came back")
    for part in parts:
        ref = part.text("ref")
        if ref not in sold:
            raise part.refuse("ref", f"{ref!r} is not in the order")
        try:
            amounts, taken[ref] = _part(part, sold[ref], taken[ref], rounding, method, places)
        except OverCredit as error:
            name = "amount" if part.has("amount") else "qty"
            raise part.refuse(name, f"only {_plain(error.left)} of {ref} is left") from None
        yield CreditLine(ref, amounts)


def _part(
    part: Node, sold: Sold, before: Taken, rounding: Rounding, method: Method, places: int
) -> tuple[Amounts, Taken]:
    if not part.has("amount"):
        units = Fraction(part.quantity("qty"))
        return credit_units(sold, before, units, rounding, method)
    amount = part.amount("amount", places)
    if not amount:
        raise part.refuse("amount", "must be above zero")
    basis = part.choice("basis", Anchor, "net or gross")
    return credit_amount(sold, before, amount, basis, rounding)


def _plain(left: Decimal | Fraction) -> str:
    return f"{left:f}" if isinstance(left, Decimal) else str(left)


def as_json(found: Iterable[Memo], places: int) -> list[dict[str, Any]]:
    """Memos in the words of the case's own schema; amounts are texts in the currency's places."""
    exact = Rounding(places)

    def text(amount: Decimal) -> str:
        return f"{exact(amount):f}"

    def figures(net: Decimal, by_code: dict[str, Decimal]) -> dict[str, Any]:
        tax = sum(by_code.values(), ZERO)
        taxes = {code: text(amount) for code, amount in by_code.items()}
        return {"net": text(net), "tax": text(tax), "gross": text(net + tax), "taxes": taxes}

    memos_found = []
    for memo in found:
        lines = [
            {"ref": row.ref}
            | figures(row.amounts.net, row.amounts.tax_by_code)
            | {"components": {name: text(part) for name, part in row.amounts.components.items()}}
            for row in memo.lines
        ]
        net = sum((row.amounts.net for row in memo.lines), ZERO)
        total = figures(net, _summed(row.amounts.tax_by_code for row in memo.lines))
        memos_found.append({"seq": memo.seq, "lines": lines, "total": total})
    return memos_found


def _summed(parts: Iterable[dict[str, Decimal]]) -> dict[str, Decimal]:
    found: dict[str, Decimal] = {}
    for part in parts:
        for code, amount in part.items():
            found[code] = found.get(code, ZERO) + amount
    return found
