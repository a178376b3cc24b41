"""A bundle and its parts on one order: where its price stands, and which lines a return reverses.

An order may hold a bundle as a line of its own and its parts as lines below it. The bridge's
policy says which of them bear the price of a credit; the order's own prices are moved, never
computed anew, so that the bundle's sum stays what was charged.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from connectors.types import TaxPart
from exceptions_app.rules import order_taxes
from exceptions_app.rules.allocation import largest_remainder
from exceptions_app.rules.facts import OrderFact, OrderLineFact
from exceptions_app.rules.matching import Assignment, Share

ZERO = Decimal(0)
PARENT = "parent"
# Why the price stands where it does: on the bundle, on parts that have one, or shared among them.
OWN, PRICES, UNITS = "own", "prices", "units"


@dataclass(frozen=True, slots=True)
class Bundle:
    """One bundle line and the lines of its parts, in the order's own order."""

    parent: OrderLineFact
    parts: tuple[OrderLineFact, ...]


def bundles(order: OrderFact) -> tuple[Bundle, ...]:
    """A part whose bundle is no line of the order stands for itself."""
    rows = {row.line_id: row for row in order.lines}
    parts: dict[str, list[OrderLineFact]] = {}
    for row in order.lines:
        if row.parent_line_id in rows and row.parent_line_id != row.line_id:
            parts.setdefault(row.parent_line_id, []).append(row)
    return tuple(Bundle(rows[line_id], tuple(own)) for line_id, own in parts.items())


def method(bundle: Bundle, policy: str) -> str:
    """How `priced` finds the price of each line of the bundle: PARENT, OWN, PRICES or UNITS."""
    if policy == PARENT:
        return PARENT
    if _has_prices(bundle):
        return OWN
    return PRICES if any(row.unit_price * row.quantity for row in bundle.parts) else UNITS


def priced(order: OrderFact, policy: str, places: int) -> OrderFact:
    """The order with each bundle's amounts, credited ones too, where `policy` wants them."""
    moved: dict[str, OrderLineFact] = {}
    for bundle in bundles(order):
        rows = _to_parent(bundle) if policy == PARENT else _to_parts(bundle, places)
        moved.update({row.line_id: row for row in rows})
    if not moved:
        return order
    return replace(order, lines=tuple(moved.get(row.line_id, row) for row in order.lines))


def _to_parent(bundle: Bundle) -> list[OrderLineFact]:
    rows = [bundle.parent, *bundle.parts]
    parent = replace(
        bundle.parent,
        net=sum((row.net for row in rows), ZERO),
        credited_net=sum((row.credited_net for row in rows), ZERO),
        **_taxes([order_taxes.stored(row) for row in rows]),
        **_credited([order_taxes.credited(row) for row in rows]),
    )
    return [parent, *map(_without_money, bundle.parts)]


def _to_parts(bundle: Bundle, places: int) -> list[OrderLineFact]:
    """Parts that have prices of their own keep them; else they share their bundle's."""
    if _has_prices(bundle):
        return []
    weights = _weights(bundle.parts)
    parent = bundle.parent

    def shares(amount: Decimal) -> list[Decimal]:
        return largest_remainder(amount, weights, places)

    nets, credited = shares(parent.net), shares(parent.credited_net)
    taxes = [(part.code, shares(part.amount)) for part in order_taxes.stored(parent)]
    taken = [(part.code, shares(part.amount)) for part in order_taxes.credited(parent)]
    parts = [
        replace(
            row,
            net=nets[at],
            credited_net=row.credited_net + credited[at],
            **_taxes([tuple(TaxPart(code, own[at]) for code, own in taxes)]),
            **_credited(
                [
                    order_taxes.credited(row),
                    tuple(TaxPart(code, own[at]) for code, own in taken),
                ]
            ),
        )
        for at, row in enumerate(bundle.parts)
    ]
    return [_without_money(parent), *parts]


def _has_prices(bundle: Bundle) -> bool:
    return any(row.net or row.tax for row in bundle.parts)


def _weights(parts: Sequence[OrderLineFact]) -> list[Decimal]:
    """What each part is worth on the order itself: its price, else its units."""
    worth = [row.unit_price * row.quantity for row in parts]
    return worth if any(worth) else [Decimal(row.quantity) for row in parts]


def _taxes(of_rows: Sequence[tuple[TaxPart, ...]]) -> dict[str, Any]:
    found = _summed(of_rows)
    code = found[0].code if len(found) == 1 else ""
    return {
        "tax": sum((part.amount for part in found), ZERO),
        "tax_code": code,
        "taxes": found if len(found) > 1 else (),
    }


def _credited(of_rows: Sequence[tuple[TaxPart, ...]]) -> dict[str, Any]:
    found = _summed(of_rows)
    return {
        "credited_tax": sum((part.amount for part in found), ZERO),
        "credited_taxes": found,
    }


def _summed(of_rows: Sequence[tuple[TaxPart, ...]]) -> tuple[TaxPart, ...]:
    """One part per code; a line without tax adds no code of its own."""
    found: dict[str, Decimal] = {}
    for parts in of_rows:
        for part in parts:
            if part.amount or part.code:
                found[part.code] = found.get(part.code, ZERO) + part.amount
    return tuple(TaxPart(code, amount) for code, amount in found.items())


def _without_money(row: OrderLineFact) -> OrderLineFact:
    return replace(
        row,
        net=ZERO,
        tax=ZERO,
        taxes=(),
        credited_net=ZERO,
        credited_tax=ZERO,
        credited_taxes=(),
    )


def assigned(assignment: Assignment, order: OrderFact, policy: str) -> Assignment:
    """The units that came back, on the lines that bear the price as well.

    By parts, a bundle that came back whole takes all its parts with it. By bundle, parts take the
    bundle with them once a whole one of them is back, over all returns.
    """
    more: list[Share] = []
    for bundle in bundles(order):
        extend = _whole_bundles if policy == PARENT else _whole_parts
        more.extend(extend(assignment, bundle))
    return replace(assignment, shares=(*assignment.shares, *more)) if more else assignment


def _whole_parts(assignment: Assignment, bundle: Bundle) -> Iterator[Share]:
    left = {
        row.line_id: row.quantity - row.credited_units - _units(assignment, row.line_id)
        for row in bundle.parts
    }
    for share in assignment.shares:
        if share.order_line_id != bundle.parent.line_id:
            continue
        for row in bundle.parts:
            wanted = share.units * row.quantity // bundle.parent.quantity
            units = min(wanted, left[row.line_id])
            if units > 0:
                left[row.line_id] -= units
                yield Share(share.line_no, row.line_id, units)


def _whole_bundles(assignment: Assignment, bundle: Bundle) -> Iterator[Share]:
    parent = bundle.parent
    back = [
        (row.credited_units + _units(assignment, row.line_id)) * parent.quantity // row.quantity
        for row in bundle.parts
        if row.quantity
    ]
    whole = min(back, default=0)
    units = whole - parent.credited_units - _units(assignment, parent.line_id)
    own = {row.line_id for row in bundle.parts}
    first = next((share for share in assignment.shares if share.order_line_id in own), None)
    if units > 0 and first is not None:
        yield Share(first.line_no, parent.line_id, units)


def _units(assignment: Assignment, line_id: str) -> int:
    return sum(share.units for share in assignment.shares if share.order_line_id == line_id)
