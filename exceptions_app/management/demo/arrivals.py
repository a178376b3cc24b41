"""Something happens at the platform every few seconds, so that the desk is alive to look at."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from connectors.sandbox.kits import roster
from connectors.types import DocumentKind
from exceptions_app.management.demo import mix, names, ordinary, records, twins
from exceptions_app.management.demo.records import Record
from exceptions_app.services.replay.simulation import HttpSimulation

EVERY_SECONDS = (10, 20)
_ORDER = ("requested", "approved", "on_the_way", "received", "inspected", "refund_asked")
_AGES = 6  # how many of our own returns are carried forward at a time
# How many of a hundred new returns come to Alder UK; the other pairs share the rest.
_UK_SHARE = 70
_MISSPELT_SHARE = 0.12
# Return ids are seconds since this day, so that they never meet those of the seed.
_FIRST_DAY = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class _Going:
    bridge: str
    whole: Record
    stage: int = 0
    is_checked_in: bool = False


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
        shown = order
        if self._dice.random() < _MISSPELT_SHARE:
            shown = _misspell(order, whole)
        going = _Going(self._bridge(), whole)
        self._going.append(going)
        systems = twins.SYSTEMS[going.bridge]
        told = roster.ERPS[systems.erp].loads({"orders": [order]})
        self._simulation.load(twins.erp_name(going.bridge), told)
        told = roster.PLATFORMS[systems.platform].loads({"orders": [shown]})
        self._simulation.load(twins.platform_name(going.bridge), told)
        return self._show(going, now)

    def _bridge(self) -> str:
        others = [code for code in mix.PAIRS if code != "uk"]
        return "uk" if self._dice.randrange(100) < _UK_SHARE else self._dice.choice(others)

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
        kit = roster.PLATFORMS[twins.SYSTEMS[going.bridge].platform]
        told = kit.loads({"rmas": [rma]})
        self._simulation.load(twins.platform_name(going.bridge), told)
        if going.stage >= _ORDER.index("received") and not going.is_checked_in:
            going.is_checked_in = self._check_in(going.bridge, str(rma["rma_id"]))
        return str(rma["rma_id"])

    def _check_in(self, bridge: str, rma_id: str) -> bool:
        """Staff of the ERP receive what was announced of the return, where they do so."""
        kit = roster.ERPS[twins.SYSTEMS[bridge].erp]
        if kit.check_in("") is None:
            return True
        name = twins.erp_name(bridge)
        announced = [
            row.key
            for row in kit.booked(self._simulation.documents(name))
            if row.kind is DocumentKind.RETURN_AUTHORISATION and f"-{rma_id}-" in row.key
        ]
        for key in announced:
            self._simulation.load(name, kit.check_in(key) or {})
        return bool(announced)

    def _unsettle(self) -> None:
        """Webhooks come twice or out of order now and then."""
        roll = self._dice.random()
        copies, shuffle = (2, 0) if roll < 0.1 else (1, 3) if roll < 0.2 else (1, 0)
        self._simulation.set_switches(
            "returngo", {"webhook_copies": copies, "webhook_shuffle": shuffle}
        )


def _misspell(order: Record, whole: Record) -> Record:
    """The first SKU sent back is written wrongly, in the order as the shop has it too."""
    first, *rest = whole["items"]
    whole["items"] = [{**first, "sku": names.MISSPELT_SKU, "barcode": ""}, *rest]
    lines = [
        {**line, "sku": names.MISSPELT_SKU} if line["sku"] == first["sku"] else line
        for line in order["lines"]
    ]
    return {**order, "lines": lines}


def run(base_url: str, *, pause: Callable[[float], None] = time.sleep) -> None:
    """Until the process ends."""
    dice = random.Random()
    arrivals = Arrivals(HttpSimulation(base_url), dice)
    while True:
        arrivals.step(datetime.now(UTC))
        pause(dice.uniform(*EVERY_SECONDS))
