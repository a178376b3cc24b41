"""The desk at ten thousand open exceptions: one alias heals a thousand, a batch is taken back.

The returns that are healed and those of the batch come through the real flow, against the twins;
the others are rows beside them, written in sets, that the queue has to count and sort.
"""

from __future__ import annotations

import contextlib
import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import User
from django.db import connection as database
from django.test import Client
from django.urls import reverse

from exceptions_app.choices import CASE_OPEN, SEVERITY_RANK
from exceptions_app.models import Bulk, BulkRow, Case, Posting, Rma
from exceptions_app.selectors import bulk as bulk_selector
from exceptions_app.services import (
    bulk,
    bulk_freezing,
    bulk_running,
    counts,
    fixes,
    flow,
)
from tests.bench.crowd import like
from tests.cast import make_user
from tests.factories import CaseFactory, CauseGroupFactory, RmaFactory
from tests.world import World, make_unit, make_world

ALIAS = "TEE-BLAK-M"
_REPEATS = 15
_LOCKED = {
    "kind": "status",
    "status": 422,
    "method": "POST",
    "path": "/api/.*",
    "content": "CM-",
    "body": '{"errors": [{"message": "Order is locked"}]}',
}


@dataclass(frozen=True)
class Cost:
    """What something took: seconds by the clock and of this process alone, and statements."""

    seconds: float = 0.0
    cpu: float = 0.0
    statements: int = 0


@dataclass
class Outcome:
    """The queue's first page at the median, what the acts took, and every promise broken."""

    few: Cost = Cost()
    many: Cost = Cost()
    during: Cost = Cost()
    after: Cost = Cost()
    trying: Cost = Cost()
    healing: Cost = Cost()
    taking_back: Cost = Cost()
    foreseen: dict[str, Any] = field(default_factory=dict)
    healed: int = 0
    credited: Decimal = Decimal(0)
    taken_back: int = 0
    wrong: list[str] = field(default_factory=list)


def play(*, cases: int, groups: int, healed: int, batch: int, few: int = 100) -> Outcome:
    """Plant `cases` open exceptions in `groups` causes, heal `healed` with one alias, take `batch`
    back."""
    outcome, client = Outcome(), Client(raise_request_exception=True)
    client.force_login(make_user("mira"))
    world = make_world()
    _plant_rows(world, few, 2)
    outcome.few = _median(client)
    _plant_rows(world, cases - healed - batch - few, groups - 4)
    _plant_returns(world, healed, batch)
    found = Case.objects.filter(status__in=CASE_OPEN)
    if (found.count(), found.values("group").distinct().count()) != (cases, groups):
        outcome.wrong.append(f"{found.count()} planted in {found.values('group').distinct()}")
    _refresh()
    outcome.many = _median(client)
    with _measured() as measured:
        _take_back(world, outcome, batch)
    outcome.taking_back = measured()
    _heal(world, outcome, client)
    outcome.after = _median(client)
    return outcome


def _plant_rows(world: World, count: int, groups: int) -> None:
    """Open exceptions of causes nobody touches here, each with a return of its own."""
    bridge = world.bridge
    base = Rma.objects.count()
    rma = RmaFactory.build(bridge=bridge)
    rmas = Rma.objects.bulk_create(
        [like(rma, external_id=f"D{base + n}", order_name=f"DO-{base + n}") for n in range(count)],
        batch_size=1000,
    )
    causes = [CauseGroupFactory(bridge=bridge, type="LOCATION_MISSING") for _ in range(groups)]
    case = CaseFactory.build(rma=rmas[0], group=causes[0], team="warehouse")
    severities = tuple(SEVERITY_RANK.items())
    Case.objects.bulk_create(
        [
            like(
                case,
                fingerprint=f"desk-{row.pk}",
                rma_id=row.pk,
                group_id=causes[n % groups].pk,
                subject=f"rma:{row.pk}",
                severity=severities[n % 5][0],
                severity_rank=severities[n % 5][1],
                value=n % 700,
            )
            for n, row in enumerate(rmas)
        ],
        batch_size=1000,
    )
    _refresh()


def _plant_returns(world: World, waiting: int, refused: int) -> None:
    """Returns of one SKU that the ERP does not know, and others whose credit it refuses once.

    The orders of the latter are locked, and are not any more when all has been carried.
    """
    for number in range(waiting):
        order, name = f"WO-{number}", f"60{number:05}"
        world.add_order(order)
        world.add_return(name, order_name=order, items=[make_unit(f"{name}-1", sku=ALIAS)])
    for number in range(refused):
        order, name = f"RO-{number}", f"70{number:05}"
        world.add_order(order)
        world.add_return(name, order_name=order)
    world.erp.faults.parse([{**_LOCKED, "times": 10 * refused}])
    world.poll()
    world.settle(rounds=1000)
    world.erp.faults.parse([])


def _take_back(world: World, outcome: Outcome, count: int) -> None:
    """Ask to send the refused credits again in one act; take all of it back inside the window."""
    finn, now = make_user("finn"), world.clock.now
    refused = Case.objects.filter(type="CM_REJECTED", status__in=CASE_OPEN)
    before = len(world.documents("CM"))
    asked = bulk_freezing.freeze(kind="retry", cases=refused, actor=finn, now=now)
    bulk.start(bulk_id=asked.pk, given={}, actor=finn, now=now)
    _work(world)
    held = Posting.objects.filter(status="held", hold_reason="undo").count()
    undone = bulk.undo(bulk_id=asked.pk, actor=finn, now=world.clock.now)
    _work(world)
    world.clock.advance(minutes=5)
    world.settle()
    outcome.taken_back = bulk_selector.tally(undone)["done"]
    if (held, outcome.taken_back) != (count, count):
        outcome.wrong.append(f"{held} of {count} were held and {outcome.taken_back} taken back")
    if len(world.documents("CM")) != before:
        outcome.wrong.append("A credit that was taken back reached the ERP.")
    if refused.count() != count:
        outcome.wrong.append(f"{refused.count()} of {count} refused credits are open again.")


def _heal(world: World, outcome: Outcome, client: Client) -> None:
    """One alias, foreseen in full, approved by another; then what really became of each return."""
    waiting = list(Case.objects.filter(type="SKU_UNKNOWN", status__in=CASE_OPEN).order_by("pk"))
    mira, mona = make_user("mira"), make_user("mona")
    fix = fixes.request(
        kind="sku_alias",
        bridge=world.bridge,
        actor=mira,
        now=world.clock.now,
        payload={"sku": "TEE-BLK-M"},
        case=waiting[0],
        source_value=ALIAS,
    )
    with _measured() as measured:
        outcome.foreseen = _foreseen(world, fix, mira)
    outcome.trying = measured()
    with _measured() as measured:
        fixes.approve(fix_id=fix.pk, seen_hash=fix.payload_hash, actor=mona, now=world.clock.now)
        world.run()
        world.clock.advance(seconds=61)
        world.run()
        outcome.during = _median(client)
        world.settle(rounds=200)
    outcome.healing = _without_pages(measured(), outcome.during)
    rmas = [case.rma_id for case in waiting]
    _check_healed(world, outcome, rmas)


def _foreseen(world: World, fix: Any, actor: User) -> dict[str, Any]:
    """What the time machine says of every return the alias touches, before it is approved."""
    tried = bulk_freezing.freeze_history(fix=fix, days=30, actor=actor, now=world.clock.now)
    bulk.start(bulk_id=tried.pk, given={}, actor=actor, now=world.clock.now)
    _work(world)
    return {
        row["verdict"]: (row["number"], [each.amount for each in row["sums"]])
        for row in bulk_selector.verdicts(tried)
    }


def _check_healed(world: World, outcome: Outcome, rmas: list[Any]) -> None:
    documents = defaultdict(list)
    for row in Posting.objects.filter(rma__in=rmas).exclude(status="cancelled"):
        documents[row.rma_id].append(row)
    still = set(
        Case.objects.filter(rma__in=rmas, status__in=CASE_OPEN).values_list("rma_id", flat=True)
    )
    credited: dict[str, int] = defaultdict(int)
    for row in world.documents("CM"):
        credited[str(row["ord_num"])] += 1
    for rma in Rma.objects.filter(pk__in=rmas):
        posted = sorted(documents[rma.pk], key=lambda row: row.sequence)
        if rma.pk in still or not posted or any(row.status != "confirmed" for row in posted):
            continue
        outcome.healed += 1
        outcome.credited += rma.amount_in
        sent = [row.posted_at or row.sent_at for row in posted]
        if sent != sorted(sent):
            outcome.wrong.append(f"{rma} left out of order.")
        if credited[rma.order_name] != 1:
            outcome.wrong.append(f"{rma} has {credited[rma.order_name]} credits.")
    said = outcome.foreseen.get("healed", (0, []))
    if said != (outcome.healed, [outcome.credited]) or set(outcome.foreseen) != {"healed"}:
        outcome.wrong.append(
            f"Foreseen {outcome.foreseen}, but {outcome.healed} healed, {outcome.credited}."
        )


def _work(world: World) -> None:
    """The worker of acts on many, until nothing of them is due."""
    while Bulk.objects.filter(state="running").exists():
        if not flow.bulk(clock=world.clock):
            raise RuntimeError(f"{BulkRow.objects.filter(state='waiting').count()} rows wait")
    bulk_running.run_next(now=world.clock.now)


def _refresh() -> None:
    counts.fold()
    with database.cursor() as cursor:
        cursor.execute("ANALYZE")


def _median(client: Client) -> Cost:
    """The queue's first page, of the server alone."""
    address, costs = reverse("case-list"), []
    for _ in range(_REPEATS):
        with _measured() as measured:
            status = client.get(address).status_code
        costs.append(measured())
        if status != 200:
            raise RuntimeError(f"{address} answered {status}")
    return Cost(
        statistics.median(cost.seconds for cost in costs),
        statistics.median(cost.cpu for cost in costs),
        max(cost.statements for cost in costs),
    )


@contextlib.contextmanager
def _measured() -> Iterator[Callable[[], Cost]]:
    """What the block takes, of this process; ask once it is over."""
    sent = 0

    def count(execute: Any, *call: Any) -> Any:
        nonlocal sent
        sent += 1
        return execute(*call)

    began, cpu = time.perf_counter(), time.process_time()
    found = [Cost()]
    with database.execute_wrapper(count):
        yield lambda: found[0]
    found[0] = Cost(time.perf_counter() - began, time.process_time() - cpu, sent)


def _without_pages(cost: Cost, page: Cost) -> Cost:
    return Cost(
        cost.seconds - _REPEATS * page.seconds,
        cost.cpu - _REPEATS * page.cpu,
        cost.statements - _REPEATS * page.statements,
    )
