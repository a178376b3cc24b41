"""The same eight returns on a bridge of every pair of systems: each is carried or explained.

Seven of them come yesterday; the eighth came long ago, when its month was closed already.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from exceptions_app.management.demo import faulty, names, records
from exceptions_app.management.demo.records import Record
from exceptions_app.management.demo.world import World

# The bridges that stand for the five pairs, and the number before their first return.
PAIRS: Mapping[str, int] = {"uk": 5000, "fr": 5100, "de": 5200, "ie": 5300, "trade": 5400}
WHOLE, PARTIAL, BUNDLE, EXCHANGE, BROKEN, STRANGE, NOWHERE, LATE = range(1, 9)

_TEE = names.BY_SKU["TEE-BLK-M"]


def after_the_close(world: World, code: str) -> None:
    """The ERP closes its month, and one more return comes."""
    at = world.clock.now
    months = {f"{at - timedelta(hours=1):%Y-%m}", f"{at:%Y-%m}"}
    world.load_erp({"closed_periods": sorted(months)}, code)
    order, asked = faulty.pair(PAIRS[code] + LATE, at, _TEE)
    world.sell([order], code)
    world.load_platform({"rmas": [asked]}, code)
    world.carry(code)
    world.check_in(code)


def carry(world: World, code: str) -> None:
    """The other seven; where the ERP's own staff check goods in, they do."""
    for order, shown, asked in _returns(PAIRS[code], world.clock.now):
        world.load_erp({"orders": [order]}, code)
        world.load_platform({"orders": [shown]}, code)
        world.load_platform({"rmas": [asked]}, code)
    world.carry(code)
    world.check_in(code)


def _returns(first: int, at: datetime) -> Iterator[tuple[Record, Record, Record]]:
    """Each order, as the shop shows it, and its return."""
    for kind, values in _kinds(at).items():
        order, asked = faulty.pair(first + kind, at, **{"article": _TEE, **values})
        yield order, order, asked
    order, asked = faulty.pair(first + STRANGE, at, names.STRANGE)
    known = {**order, "lines": [records.order_line("1", _TEE, 1)]}
    yield known, order, asked


def _kinds(at: datetime) -> dict[int, dict[str, Any]]:
    damaged = {"is_restockable": False, "non_restockable_reason": names.DISPOSITIONS[0][0]}
    return {
        WHOLE: {},
        PARTIAL: {"order": {"lines": [records.order_line("1", _TEE, 2)]}},
        BUNDLE: {
            "article": names.BUNDLE_PARTS[-1],
            "order": {"lines": records.bundle_lines()},
        },
        EXCHANGE: {"unit": {"resolution_type": "ExchangeSameItem"}, "rma": {"pays": False}},
        BROKEN: {"unit": faulty.grade(at, **damaged)},
        NOWHERE: {"unit": faulty.grade(at, store_location_id="Dublin pop-up")},
    }
