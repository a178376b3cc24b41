"""Returns per minute and calls per return of each of the five pairs, by our own count."""

from __future__ import annotations

import dataclasses
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from connectors.types import DocumentKind
from exceptions_app.choices import PostingStatus
from exceptions_app.models import CallCount, Connection, ConnectionBudget, ErpReceipt, Posting
from tests.bench import budget
from tests.pairs import pairs
from tests.pairs.pair_world import PairWorld

Named = dict[tuple[str, str], int]

POLLS_APART_SECONDS = 600
_PROOFS = ("confirm", "lookup")


@dataclass(frozen=True)
class Way:
    """A pair as its preset has it, or with goods that go straight to where they are sold."""

    pair: pairs.Pair
    is_straight: bool = False

    @property
    def name(self) -> str:
        return self.pair.preset + (" straight" if self.is_straight else "")

    @property
    def is_shortest(self) -> bool:
        """No stock move is among its documents, as the budgets of calls have it."""
        return self.is_straight or self.pair.erp not in _BY_QUARANTINE


# Their presets put goods into quarantine first: one document more.
_BY_QUARANTINE = ("brightpearl", "netsuite")


@dataclass(frozen=True)
class Run:
    """`calls` are by system, `parts` by system and purpose, `operations` by system and name.

    Of the ERP's calls, `writes` wrote and `proofs` read back what was written. `lost` returns lack
    a document that was planned or their credit; `doubled` documents are in the books once more.
    """

    way: Way
    returns: int
    seconds: float
    documents: int
    lost: int
    doubled: int
    writes: int
    calls: dict[str, int]
    parts: Named
    operations: Named

    @property
    def per_minute(self) -> float:
        return self.returns / self.seconds * 60

    @property
    def proofs(self) -> int:
        return sum(self.parts.get((self.way.pair.erp, reason), 0) for reason in _PROOFS)

    @property
    def reads(self) -> int:
        return self.calls[self.way.pair.erp] - self.writes - self.proofs

    def per_return(self, system: str) -> Decimal:
        return (Decimal(self.calls[system]) / self.returns).quantize(Decimal("0.01"))

    def limits(self) -> dict[str, Decimal]:
        """By system, how many calls a return may cost in a load as large as this."""
        pair = self.way.pair
        judged = [pair.platform, *([pair.erp] if self.way.is_shortest else [])]
        is_shared = self.returns >= budget.SHARED_FROM
        most = budget.MOST_PER_RETURN
        return {system: most[system] for system in judged if is_shared and system in most}

    def over(self) -> list[str]:
        """The systems that cost more than their limit."""
        return [kind for kind, most in self.limits().items() if self.per_return(kind) > most]


def ways() -> Iterator[Way]:
    """The five pairs, and again those whose preset takes the long way round."""
    for pair in pairs.PAIRS:
        yield Way(pair)
        if pair.erp in _BY_QUARANTINE:
            yield Way(pair, is_straight=True)


def run(way: Way, *, returns: int) -> Run:
    """Carry plain returns that change between two polls to the last document, and poll on.

    What is read once a day was read before. Calls of the ERP are counted up to the last document,
    those of the platform until no poll looks back to these returns any more.
    """
    world = _set_up(way)
    _widen(world)
    _carry(world, way, ["7000"])
    # Past the platform's overlap, and past the days in which a receipt may still be corrected.
    world.clock.advance(days=3)
    world.carry()
    CallCount.objects.all().delete()
    written = _writes(world.bridge.erp)
    ids = [str(number) for number in range(7001, 7001 + returns)]
    began = time.perf_counter()
    _carry(world, way, ids)
    seconds = time.perf_counter() - began
    counted = _counted(world.bridge.erp)
    writes = _writes(world.bridge.erp) - written
    for _ in range(2):
        world.clock.advance(seconds=POLLS_APART_SECONDS)
        world.carry()
    counted += _counted(world.bridge.source)
    books = [_books(world, rma_id) for rma_id in ids]
    return Run(
        way=way,
        returns=returns,
        seconds=seconds,
        documents=sum(booked.total() for _, booked in books),
        lost=sum(bool(wanted - booked) for wanted, booked in books),
        doubled=sum((booked - wanted).total() for wanted, booked in books),
        writes=writes,
        calls=dict(_sums((kind, count) for (kind, _, _), count in counted.items())),
        parts=dict(_sums(((kind, why), count) for (kind, _, why), count in counted.items())),
        operations=dict(_sums(((kind, name), count) for (kind, name, _), count in counted.items())),
    )


def _set_up(way: Way) -> PairWorld:
    if not way.is_straight:
        return pairs.set_up(way.pair)
    policy = {**way.pair.policy, "first_bucket": "by_disposition"}
    world = pairs.set_up(dataclasses.replace(way.pair, policy=policy))
    world.map("disposition", "place:default", {"bucket": "saleable"})
    return world


def _widen(world: PairWorld) -> None:
    """Take quotas out of the way: the bench counts calls, it does not wait for them."""
    for twin in (world.erp, world.platform):
        wide = {"daily_limit": 1_000_000_000, "bucket_size": 1_000_000_000}
        twin.set_switches({name: most for name, most in wide.items() if name in twin.switches})
    ConnectionBudget.objects.update(
        capacity=10_000_000, tokens=10_000_000, refill_per_second=1_000_000, daily_limit=None
    )


def _carry(world: PairWorld, way: Way, ids: list[str]) -> None:
    """Returns change evenly over the time between two polls."""
    step = POLLS_APART_SECONDS / len(ids) / 2
    for rma_id in ids:
        world.clock.advance(seconds=step)
        pairs.add_plain(world, rma_id)
        world.clock.advance(seconds=step)
    world.carry()
    _check_in(world, way)


def _check_in(world: PairWorld, way: Way) -> None:
    """The ERP's own staff receive what is announced and not in yet, where they do."""
    booked = world.booked()
    received = {row.key for row in booked if row.kind is DocumentKind.STOCK_RECEIPT}
    awaited = [
        row.key
        for row in booked
        if row.kind is DocumentKind.RETURN_AUTHORISATION and row.key not in received
    ]
    announced = list(filter(None, map(world.erp_kit.check_in, awaited)))
    for records in announced:
        rows = [dict(row) for row in records["goods_in"]]
        for row in rows if way.is_straight else ():
            row["place"] = "default"
        world.erp.load({"goods_in": rows})
    if announced:
        world.clock.advance(minutes=30)
        world.carry()


def _books(world: PairWorld, rma_id: str) -> tuple[Counter[str], Counter[str]]:
    """How many documents of each kind are wanted of a return, and how many the ERP has."""
    rma = world.rma(rma_id)
    ours = Posting.objects.filter(rma=rma).exclude(status=PostingStatus.CANCELLED)
    wanted = Counter(ours.exclude(kind="platform_update").values_list("kind", flat=True))
    wanted["stock_receipt"] += ErpReceipt.objects.filter(rma=rma).count()
    wanted["credit_memo"] = max(wanted["credit_memo"], 1)
    booked = Counter(
        row.kind.value
        for row in world.booked()
        if f"-{rma.external_id}-" in row.key and row.is_final
    )
    return wanted, booked


def _writes(connection: Connection) -> int:
    return ConnectionBudget.objects.get(connection=connection).writes_today


def _counted(connection: Connection) -> Counter[tuple[str, str, str]]:
    rows = CallCount.objects.filter(connection=connection)
    return _sums(((connection.kind, row.operation, row.reason), row.count) for row in rows)


def _sums(pairs_of: Iterator) -> Counter:
    counted: Counter = Counter()
    for name, count in pairs_of:
        counted[name] += count
    return counted
