"""Returns per minute and calls per return of each of the five pairs, by our own count."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from exceptions_app.models import CallCount
from exceptions_app.selectors import call_costs
from tests.pairs import pairs
from tests.pairs.pair_world import PairWorld


@dataclass(frozen=True)
class Run:
    """`calls` are by system, `parts` by system and purpose; `lost` returns have no credit."""

    preset: str
    returns: int
    seconds: float
    lost: int
    calls: dict[str, int]
    parts: dict[tuple[str, str], int]
    operations: dict[tuple[str, str], int]

    @property
    def per_minute(self) -> float:
        return self.returns / self.seconds * 60


def run(pair: pairs.Pair, *, returns: int) -> Run:
    """Carry plain returns that come together to the last document; what is read once a day was."""
    world = pairs.set_up(pair)
    _carry(world, ["7000"])
    # Past the platform's overlap, so that the first one is not read again.
    world.clock.advance(minutes=30)
    world.carry()
    CallCount.objects.all().delete()
    ids = [str(number) for number in range(7001, 7001 + returns)]
    began = time.perf_counter()
    _carry(world, ids)
    seconds = time.perf_counter() - began
    sides = (world.bridge.erp, world.bridge.source)
    found = call_costs.of_connections(sides, now=world.clock.now)
    return Run(
        preset=pair.preset,
        returns=returns,
        seconds=seconds,
        lost=sum("credited" not in pairs.outcome(world, rma_id)[0] for rma_id in ids),
        calls={side.kind: found[side.pk].calls for side in sides},
        parts={
            (side.kind, part.reason): part.calls for side in sides for part in found[side.pk].parts
        },
        operations=dict(_operations()),
    )


def all_pairs(*, returns: int) -> Iterator[Run]:
    """One run of each pair; whoever asks empties the tables in between."""
    for pair in pairs.PAIRS:
        yield run(pair, returns=returns)


def _carry(world: PairWorld, ids: list[str]) -> None:
    for rma_id in ids:
        pairs.add_plain(world, rma_id)
    # A return changes some time before the poll that tells of it.
    world.clock.advance(minutes=5)
    world.carry()
    world.check_in()


def _operations() -> Counter[tuple[str, str]]:
    counted: Counter[tuple[str, str]] = Counter()
    for row in CallCount.objects.select_related("connection"):
        counted[row.connection.kind, row.operation] += row.count
    return counted
