"""What happens at the returns platform in one history, and what the ERP must hold in the end."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from tests.world import World, make_order, make_order_line, make_rma, make_unit

UNIT_GROSS = Decimal("20.00")
UNIT_NET = Decimal("16.67")
UNIT_TAX = Decimal("3.33")
SOLD_UNITS = 6


@dataclass(frozen=True)
class Expected:
    """One return as its customer and its warehouse know it, whatever our tables say."""

    rma_id: str
    units: int
    has_known_sku: bool

    @property
    def gross(self) -> Decimal:
        return UNIT_GROSS * self.units

    @property
    def net(self) -> Decimal:
        return UNIT_NET * self.units

    @property
    def tax(self) -> Decimal:
        return UNIT_TAX * self.units


@dataclass(frozen=True)
class Change:
    """Something that happens at the platform; `tells` are (delay, id) of its webhooks."""

    at: datetime
    rma_id: str
    record: dict[str, Any]
    tells: tuple[tuple[timedelta, str], ...]


class Scenario:
    """Three returns of one seed, with ids of its own so that a replay has the same keys."""

    def __init__(self, *, seed: int, dice: Random, begins: datetime, lost_webhooks: float) -> None:
        self._dice = dice
        self._lost = lost_webhooks
        self.expected = [
            Expected(
                rma_id=f"{seed * 10 + number}",
                units=dice.choice((1, 1, 2)),
                has_known_sku=dice.random() >= 0.05,
            )
            for number in (1, 2, 3)
        ]
        self.changes = sorted(
            (change for row in self.expected for change in self._story(row, begins)),
            key=lambda change: change.at,
        )

    def load_orders(self, world: World) -> None:
        """Every return has an order of its own with more units than come back."""
        net, tax = UNIT_NET * SOLD_UNITS, UNIT_TAX * SOLD_UNITS
        line = make_order_line(quantity=SOLD_UNITS, net=str(net), tax=str(tax))
        world.erp.load(
            {"orders": [make_order(f"SO-{row.rma_id}", lines=[line]) for row in self.expected]}
        )

    def _story(self, row: Expected, begins: datetime) -> Iterator[Change]:
        """A return is inspected and refunded at once, or refunded a while after."""
        first = begins + timedelta(seconds=self._dice.randint(0, 90))
        if self._dice.random() < 0.5:
            yield self._change(row, first, is_refunded=True, number=1)
            return
        yield self._change(row, first, is_refunded=False, number=1)
        second = first + timedelta(seconds=self._dice.randint(5, 300))
        yield self._change(row, second, is_refunded=True, number=2)

    def _change(self, row: Expected, at: datetime, *, is_refunded: bool, number: int) -> Change:
        return Change(
            at, row.rma_id, _record(row, at, is_refunded=is_refunded), self._tells(number)
        )

    def _tells(self, number: int) -> tuple[tuple[timedelta, str], ...]:
        if self._dice.random() < self._lost:
            return ()
        copies = self._dice.choice((1, 1, 2, 3))
        return tuple(
            (timedelta(seconds=self._dice.choice((0, 1, 20, 200))), f"{number}")
            for _ in range(copies)
        )


def _record(row: Expected, at: datetime, *, is_refunded: bool) -> dict[str, Any]:
    stamp = at.strftime("%Y-%m-%dT%H:%M:%S")
    sku = "TEE-BLK-M" if row.has_known_sku else f"NO-{row.rma_id}"
    units = [make_unit(f"{row.rma_id}-{n}", sku=sku) for n in range(1, row.units + 1)]
    record = make_rma(
        row.rma_id,
        items=units,
        refunded=row.gross if is_refunded else None,
        order_name=f"SO-{row.rma_id}",
        updated_at=stamp,
    )
    for transaction in record["transactions"]:
        transaction["updated_at"] = transaction["created_at"] = stamp
    return record
