"""Returns per minute, and what each return costs in calls: the ERP's quota is the real limit."""

from __future__ import annotations

import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from django.db import connection as database
from django.db.models import Sum

from connectors.sandbox.faults import FaultKind, FaultRule
from exceptions_app.choices import CASE_OPEN, PostingStatus
from exceptions_app.models import CallCount, Case, ConnectionBudget, Posting, Rma
from exceptions_app.services import flow, polling
from tests.bench import mix
from tests.world import World

Calls = Counter[tuple[str, str]]
_STRIKES = (FaultKind.DROP_BEFORE, FaultKind.DROP_AFTER, FaultKind.STATUS, FaultKind.STATUS_AFTER)
_MOST_ROUNDS = 400
_READ_SET = 50


@dataclass
class Run:
    """One drained load. `calls` are (operation, reason) of both systems, by our own count."""

    returns: int
    seconds: float = 0
    calls: Calls = field(default_factory=Counter)
    erp_calls: int = 0
    ideal: int = 0
    faults: int = 0
    lost: int = 0
    doubled: int = 0
    failures: list[str] = field(default_factory=list)

    @property
    def efficiency(self) -> Fraction:
        """Calls to the ERP that no run could do without, of those that were made."""
        return Fraction(self.ideal, self.erp_calls)

    @property
    def per_minute(self) -> float:
        return self.returns / self.seconds * 60


def widen(world: World) -> None:
    """Take our own pace out of the way: the bench counts calls, it does not wait for them."""
    world.platform.set_switches({"daily_limit": 1_000_000_000})
    ConnectionBudget.objects.update(
        capacity=10_000_000, tokens=10_000_000, refill_per_second=1_000_000, daily_limit=None
    )


def run(world: World, *, kinds: list[str], fault_rate: float = 0, workers: int = 1) -> Run:
    """Carry returns of `kinds` from the platform's list to their last document."""
    result = Run(returns=len(kinds))
    before, erp_before = _counted(), sum(world.erp.calls().values())
    first = Rma.objects.count()
    for number, kind in enumerate(kinds, start=first):
        mix.add(world, number=number, kind=kind)
    _strike(world, fault_rate)
    began = time.perf_counter()
    with world.connected():
        polling.poll_now(connection=world.bridge.source, now=world.clock.now)
        polling.poll_due(now=world.clock.now)
    _drain(world, workers, result)
    result.seconds = time.perf_counter() - began
    world.erp.faults.set(())
    result.calls = _counted() - before
    result.erp_calls = sum(world.erp.calls().values()) - erp_before
    _judge(world, result, first)
    return result


def _drain(world: World, workers: int, result: Run) -> None:
    for _ in range(_MOST_ROUNDS):
        if workers == 1:
            world.run()
        else:
            _together(world, workers, result)
        if world.is_quiet() and not _is_unsettled():
            return
        world.clock.advance(seconds=5)
    result.failures.append(f"not quiet after {_MOST_ROUNDS} rounds")


def _together(world: World, workers: int, result: Run) -> None:
    """Every step in all workers at once, as several clusters would."""
    for step in (flow.ingest, flow.plan, flow.settle, flow.post, flow.settle, flow.plan):
        threads = [
            threading.Thread(target=_work, args=(world, step, result)) for _ in range(workers)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


def _work(world: World, step: Any, result: Run) -> None:
    try:
        with world.connected():
            step(clock=world.clock)
    except Exception as error:  # noqa: BLE001 - a worker's end is a figure of the report
        result.failures.append(f"{step.__name__}: {type(error).__name__}: {error}")
    finally:
        database.close()


def _is_unsettled() -> bool:
    return Posting.objects.filter(status=PostingStatus.UNCONFIRMED, parked_at=None).exists()


def _strike(world: World, rate: float) -> None:
    """Of `rate` of all ERP calls: refused connections, lost answers, 503 and 500, alike often."""
    if rate:
        world.erp.faults.set(
            [
                FaultRule(kind=kind, times=None, probability=rate / len(_STRIKES), seed=seed)
                for seed, kind in enumerate(_STRIKES)
            ]
        )


def _judge(world: World, result: Run, first: int) -> None:
    """Nothing lost, nothing twice; and what the documents that are there had to cost."""
    rmas = list(Rma.objects.order_by("pk").values_list("pk", flat=True)[first:])
    asked = set(Case.objects.filter(status__in=CASE_OPEN).values_list("rma_id", flat=True))
    postings = Posting.objects.filter(rma__in=rmas).exclude(status=PostingStatus.CANCELLED)
    keys = Counter(row["ref_num"] for row in world.documents())
    kinds: Counter[str] = Counter()
    for posting in postings:
        kinds[posting.kind] += keys[posting.key]
        is_open = posting.status != PostingStatus.CONFIRMED
        result.lost += (is_open or not keys[posting.key]) and posting.rma_id not in asked
    result.lost += result.returns - len(rmas)
    result.doubled = sum(count - 1 for count in keys.values())
    sets = sum(-(-count // _READ_SET) for count in kinds.values())
    result.ideal = len(rmas) + sum(kinds.values()) + sets + _unknown_items(rmas)


def _unknown_items(rmas: list[int]) -> int:
    """A SKU nobody has heard of has to be asked for once."""
    found = Case.objects.filter(rma__in=rmas, type="SKU_UNKNOWN")
    return found.values("group").distinct().count()


def _counted() -> Calls:
    rows = CallCount.objects.values_list("operation", "reason").annotate(Sum("count"))
    return Counter({(operation, reason): total for operation, reason, total in rows})
