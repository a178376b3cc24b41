"""How a bundle's price stands on its parts, and what a return takes of each, to the cent (R044).

Nothing is computed anew: the shares are those the credit is made of (`rules.bundles`,
`rules.shares`), laid side by side so that a person can add them up.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from exceptions_app.rules import bundles, money
from exceptions_app.rules.facts import OrderLineFact, RmaFacts
from exceptions_app.rules.resolving import Resolved, resolve
from exceptions_app.rules.shares import line_shares

_METHODS = {
    bundles.PARENT: "The whole price stands on the bundle, which is credited once a whole one is"
    " back",
    bundles.OWN: "Each part bears the price the order gives it",
    bundles.PRICES: "Shared by the list prices of the parts, the odd cents to the largest"
    " remainders",
    bundles.UNITS: "Shared by units, for the order gives the parts no price; the odd cents to the"
    " largest remainders",
}


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the bundle. Amounts are tax included, in the order's currency.

    `before` are units and credits of other returns, `now` those of this one, made or planned, and
    `left` is what is still to be credited.
    """

    sku: str
    name: str
    is_bundle: bool
    sold: int
    units_before: int
    units_now: int
    price: Decimal
    before: Decimal
    now: Decimal

    @property
    def left(self) -> Decimal:
        return self.price - self.before - self.now


@dataclass(frozen=True, slots=True)
class Proof:
    """One bundle of the order; `charged` is what the order itself charged for all of it."""

    sku: str
    name: str
    method: str
    stock: str
    currency: str
    charged: Decimal
    rows: tuple[Row, ...]

    @property
    def price(self) -> Decimal:
        return _sum(row.price for row in self.rows)

    @property
    def before(self) -> Decimal:
        return _sum(row.before for row in self.rows)

    @property
    def now(self) -> Decimal:
        return _sum(row.now for row in self.rows)

    @property
    def left(self) -> Decimal:
        return _sum(row.left for row in self.rows)

    @property
    def is_exact(self) -> bool:
        """The shares add up to what was charged, and what was and is credited to no more."""
        return self.price == self.charged == self.before + self.now + self.left

    @property
    def shares(self) -> tuple[tuple[Row, Decimal | None], ...]:
        """Each row and its share of the price to a tenth of a percent; None without a price."""
        step = Decimal("0.1")
        if not self.charged:
            return tuple((row, None) for row in self.rows)
        return tuple((row, (100 * row.price / self.charged).quantize(step)) for row in self.rows)


def of_return(facts: RmaFacts) -> tuple[Proof, ...]:
    """The bundles of the order that this return takes units of, in the order's own order."""
    if facts.order is None:
        return ()
    found = bundles.bundles(facts.order)
    if not found:
        return ()
    resolved = resolve(facts)
    units = Counter[str]()
    for share in resolved.assignment.shares:
        units[share.order_line_id] += share.units
    credited: dict[str, Decimal] = defaultdict(Decimal)
    for taken in line_shares(resolved):
        credited[taken.order_line.line_id] += taken.gross
    return tuple(
        _proof(bundle, resolved, units, credited)
        for bundle in found
        if any(units[row.line_id] for row in (bundle.parent, *bundle.parts))
    )


def _proof(
    bundle: bundles.Bundle,
    resolved: Resolved,
    units: Counter[str],
    credited: dict[str, Decimal],
) -> Proof:
    policy, currency = resolved.facts.policy, resolved.facts.currency
    rows = (bundle.parent, *bundle.parts)
    return Proof(
        sku=bundle.parent.sku,
        name=bundle.parent.description,
        method=_METHODS[bundles.method(bundle, policy.bundle_credit)],
        stock=(
            "Each part comes into stock as itself"
            if policy.bundle_stock == "components"
            else "What came back comes into stock as it was returned"
        ),
        currency=resolved.facts.order.currency if resolved.facts.order else currency,
        charged=_sum(row.net + row.tax for row in rows),
        rows=tuple(_row(resolved.order_line(row.line_id), bundle, units, credited) for row in rows),
    )


def _row(
    row: OrderLineFact,
    bundle: bundles.Bundle,
    units: Counter[str],
    credited: dict[str, Decimal],
) -> Row:
    return Row(
        sku=row.sku,
        name=row.description,
        is_bundle=row.line_id == bundle.parent.line_id,
        sold=row.quantity,
        units_before=row.credited_units,
        units_now=units[row.line_id],
        price=row.net + row.tax,
        before=row.credited_net + row.credited_tax,
        now=credited.get(row.line_id, money.ZERO),
    )


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    return sum(amounts, money.ZERO)
