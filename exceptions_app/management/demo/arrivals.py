"""Something happens at the platform every few seconds, so that the desk is alive to look at."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from exceptions_app.management.demo import names, ordinary, records
from exceptions_app.management.demo.records import Record
from exceptions_app.services.replay.simulation import HttpSimulation

EVERY_SECONDS = (10, 20)
_ORDER = ("requested", "approved", "on_the_way", "received", "inspected", "refund_asked")
_AGES = 6  # how many of our own returns are carried forward at a time
# Return ids are seconds since this day, so that they never meet those of the seed.
_FIRST_DAY = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class _Going:
    whole: Record
    stage: int = 0


class Arrivals:
    """Brings new returns and moves earlier ones one stage on; now and then one does not fit."""

    def __init__(self, simulation: HttpSimulation, dice: random.Random) -> None:
        self._simulation = simulation
        self._dice = dice
        self._going: list[_Going] = []

    def step(self, now: datetime) -> str:
        """One thing happens; returns the return's id."""
        self._unsettle()
        if len(self._going) >= _AGES or (self._going and self._dice.random() < 0.5):
            return self._move_on(now)
        return self._arrive(now)

    def _arrive(self, now: datetime) -> str:
        number = int((now - _FIRST_DAY).total_seconds())
        order, whole = ordinary.order_and_return(number, now, "credited")
        if self._dice.random() < 0.12:
            first, *rest = whole["items"]
            whole["items"] = [{**first, "sku": names.MISSPELT_SKU, "barcode": ""}, *rest]
        going = _Going(whole)
        self._going.append(going)
        self._simulation.load("bluecherry", {"orders": [order]})
        return self._show(going, now)

    def _move_on(self, now: datetime) -> str:
        going = self._dice.choice(self._going)
        going.stage += 1
        if going.stage > len(_ORDER):
            self._going.remove(going)
            return str(going.whole["rma_id"])
        return self._show(going, now)

    def _show(self, going: _Going, now: datetime) -> str:
        stage = _ORDER[going.stage] if going.stage < len(_ORDER) else "credited"
        moment = records.text(now)
        rma = {**ordinary.staged(going.whole, stage), "updated_at": moment}
        rma["transactions"] = [{**row, "updated_at": moment} for row in rma["transactions"]]
        self._simulation.load("returngo", {"rmas": [rma]})
        return str(rma["rma_id"])

    def _unsettle(self) -> None:
        """Webhooks come twice or out of order now and then."""
        roll = self._dice.random()
        copies, shuffle = (2, 0) if roll < 0.1 else (1, 3) if roll < 0.2 else (1, 0)
        self._simulation.set_switches(
            "returngo", {"webhook_copies": copies, "webhook_shuffle": shuffle}
        )


def run(base_url: str, *, pause: Callable[[float], None] = time.sleep) -> None:
    """Until the process ends."""
    dice = random.Random()
    arrivals = Arrivals(HttpSimulation(base_url), dice)
    while True:
        arrivals.step(datetime.now(UTC))
        pause(dice.uniform(*EVERY_SECONDS))
