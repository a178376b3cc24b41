"""One defect for each type of exception, planted in a simulated system or in what was read of it.

No exception is written: the normal flow finds each of them, on a clock of its own.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count

from connectors.types import ErpReceipt, ErpReceiptLine, Money, SourceRefund
from exceptions_app.catalogue import CATALOGUE
from exceptions_app.choices import CaseStatus, MappingKind
from exceptions_app.management.demo import (
    depot,
    exchanged,
    faulty,
    names,
    planting,
    room,
    setup,
    troubles,
    twins,
)
from exceptions_app.management.demo.planting import HELD, Plant
from exceptions_app.management.demo.records import reference
from exceptions_app.management.demo.world import World
from exceptions_app.models import Bridge, Case, Rma
from exceptions_app.services import (
    claims,
    events,
    flow,
    mappings,
    polling,
    posting,
    receipts,
    rmas,
    watching,
)

# How long before the present it begins, and how much of that the clocks of returns need.
LONG_AGO = timedelta(days=19)
CLOCKS = timedelta(days=16)
POLICIES: dict[str, dict[str, Any]] = {
    "uk": {"receipt_grace_hours": 24},
    # Planned and held: what is wrong with it shows without a call.
    "outlet": {
        "schedule": dict.fromkeys(HELD, "run"),
        "arrival_days": 5,
        "tolerance": {"GBP": "0.50"},
        "tolerance_budget": {"GBP": "0.22"},
        "promise_days": 10,
    },
    "counter": {
        "credit_trigger": "goods_inspected",
        "note_to_platform": True,
    },
    "home": {
        "refund_timing": "instant",
        "credit_trigger": "goods_inspected",
        "stock_trigger": "receipt_and_grade",
        "arrival_days": 5,
        "schedule": {"credit_memo": "02:00-02:30"},
    },
    "kids": {},
    # Its own staff check goods in, to a quarantine of its own.
    "fr": {
        "credit_trigger": "goods_received",
        "stock_trigger": "erp_receipt",
        "first_bucket": "quarantine",
    },
    # Its ERP records how refunds are paid.
    "de": {},
    # A partner of files stands where the others have an ERP.
    exchanged.CODE: {},
}


def watched() -> frozenset[str]:
    """Every type of these systems that a check raises."""
    return frozenset(code for code, entry in CATALOGUE.items() if entry.is_watched)


def counts(*, is_closed: bool = False) -> dict[str, int]:
    """How many exceptions of each type there are, closed ones too, or only those."""
    found = Case.objects.filter(status=CaseStatus.RESOLVED) if is_closed else Case.objects.all()
    rows = found.order_by("type").values("type").annotate(count=Count("pk"))
    return {row["type"]: row["count"] for row in rows}


def seed(world: World, *, base_url: str, until: datetime) -> None:
    """Plant everything; the clock runs from weeks before `until` to at most `until`."""
    world.clock.now = until - LONG_AGO
    with world.entered():
        _set_up(world, base_url)
        room.opened(world, base_url=base_url)
        _planned_only(world)
        _checked_in_there(world)
        _carried(world)
        troubles.refused_by_the_erp(world)
        troubles.accepted_but_absent(world)
        troubles.lost_reply_that_differs(world)
        troubles.given_up(world)
        troubles.strange_messages(world)
        troubles.quoted_with_shipping(world)
        exchanged.unanswered(world)
        _booked_twice(world)
        _worker_died(world)
        _note_refused(world)
        troubles.paid_by_voucher(world)
        troubles.left_to_themselves(world)
        troubles.shown_late(world)
        world.clock.now = until - LONG_AGO + CLOCKS
        flow.ingest(clock=world.clock)
        _plan(world)
        _late(world)
        _connections(world, base_url)
        room.gone(world)
    assert world.clock.now <= until, "planting ran past the present"


def _set_up(world: World, base_url: str) -> None:
    depot.begin()
    for code, policy in POLICIES.items():
        world.load_erp(reference(), code)
        made = setup.bridge(world, code, base_url=base_url)
        made.policy = {**made.policy, "undo_seconds": 0, **policy}
        made.save(update_fields=["policy"])
    # Its ERP credits a bundle as it was sold, while the policy credits what came back of it.
    address = f"{base_url}/{twins.erp_name('home')}"
    setup.erp_connection(world, "home", base_url=address, is_by_bundle=True)
    for code in POLICIES:
        setup.mapped(world, code)
    for place, bucket in (("quarantine", "quarantine"), ("shelf", "saleable")):
        _map(world, "fr", MappingKind.DISPOSITION, f"place:{place}", {"bucket": bucket})
    fee = {"component": "fee", "erp_code": "RET"}
    _map(world, "outlet", MappingKind.FEE, "return", fee)


def _map(world: World, code: str, kind: MappingKind, value: str, target: dict[str, str]) -> None:
    proposed = mappings.propose(
        bridge=world.bridges[code],
        kind=kind,
        source_value=value,
        target=target,
        actor=None,
        reason="Planted",
        now=world.clock.now,
    )
    mappings.activate(mapping=proposed, actor=None, now=world.clock.now)


def _plan(world: World) -> None:
    """Plan what is due, in every bridge, until nothing is."""
    flow.plan(clock=world.clock)


def _load(world: World, code: str, plants: list[Plant]) -> None:
    pairs = [plant.pair(world.clock.now) for plant in plants]
    world.sell([order for order, _ in pairs if order], code)
    world.load_platform({"rmas": [asked for _, asked in pairs]}, code)
    world.poll(code)
    _plan(world)


def _change(world: World, code: str, plants: list[Plant]) -> None:
    """Carry out what each plant does to our copies, then plan those returns again."""
    changed = []
    for plant in plants:
        if plant.change is not None:
            row = Rma.objects.get(bridge=world.bridges[code], external_id=str(plant.number))
            plant.change(row)
            changed.append(row.pk)
    rmas.make_due(rma_ids=changed, now=world.clock.now)
    _plan(world)


def _planned_only(world: World) -> None:
    orders, returns = faulty.all_of(world.clock.now)
    world.sell(orders, "outlet")
    world.load_platform({"rmas": returns}, "outlet")
    _load(world, "outlet", planting.PLANNED)
    _change(world, "outlet", planting.PLANNED)
    _load(world, "home", planting.INSTANT)
    _change(world, "home", planting.INSTANT)
    refund = SourceRefund(
        external_id="99001",
        rma_external_id="",
        kind="RefundToPaymentMethod",
        status="Success",
        money=Money(Decimal("31.00"), "GBP"),
        processor="Shopify",
        reference="R-99001",
        unit_ids=("none-of-ours",),
        created_at=world.clock.now,
        updated_at=world.clock.now,
    )
    events.receive_refund(
        connection=world.bridges["kids"].source, refund=refund, now=world.clock.now
    )


def _checked_in_there(world: World) -> None:
    """Receipts of the ERP's own staff that do not fit what was announced."""
    _load(world, "fr", [row.plant for row in planting.RECEIVED])
    rows, rma_of = [], {}
    for found in planting.RECEIVED:
        number = str(found.plant.number)
        rma_of[number] = Rma.objects.get(bridge=world.bridges["fr"], external_id=number).pk
        rows.append(receipt(world, number, found.sku, found.units, found.place, found.warehouse))
    rows.append(receipt(world, "unknown", "MUG-CREAM", 2, "quarantine", "LEE"))
    erp = world.bridges["fr"].erp
    receipts.keep(connection=erp, receipts=rows, rma_of=rma_of, now=world.clock.now)
    _plan(world)


def receipt(
    world: World, number: str, sku: str, units: int, place: str, warehouse: str
) -> ErpReceipt:
    return ErpReceipt(
        external_id=f"GR-{number}",
        number=f"GR-{number}",
        authorisation_id=number,
        warehouse=warehouse,
        received_at=world.clock.now,
        lines=(ErpReceiptLine(sku, units, place),),
    )


def _carried(world: World) -> None:
    """Booked as they should be, and then no longer what the facts say."""
    for code, plants in (("uk", planting.BOOKED), ("counter", planting.BOOKED_AFTER_GOODS)):
        _load(world, code, plants)
        world.carry(code)
        _change(world, code, plants)


@contextlib.contextmanager
def _sending_twice(world: World, path: str) -> Iterator[None]:
    """Something between us and the ERP delivers every document of one kind twice."""
    twin = world.erp()
    twin.set_switches({"unique_control_numbers": False})
    once: Callable[[Any], Any] = twin._handle

    def twice(request: Any) -> Any:
        if request.method == "POST" and request.path == path:
            once(request)
        return once(request)

    twin._handle = twice  # type: ignore[method-assign]  # Of this one twin, for a moment.
    try:
        yield
    finally:
        del twin._handle
        twin.set_switches({"unique_control_numbers": True})


def _booked_twice(world: World) -> None:
    for path, plants in planting.SENT_TWICE.items():
        with _sending_twice(world, path):
            _load(world, "uk", plants)
            world.carry()


def _worker_died(world: World) -> None:
    troubles.one_return(world, 6303)
    troubles.until_credit_is_next(world, "6303")
    assert claims.claim(now=world.clock.now) is not None
    world.clock.now += claims.LEASE + timedelta(seconds=1)
    world.settle("uk")
    _plan(world)


def _note_refused(world: World) -> None:
    """The platform takes no note of what was booked."""
    refused = {"kind": "status", "method": "POST", "status": 400, "times": None}
    body = json.dumps({"message": "Comments are closed"})
    world.platform("counter").faults.parse([{**refused, "path": "/.*", "body": body}])
    troubles.one_return(world, 6304, code="counter")
    world.carry("counter")
    posting.post_next(now=world.clock.now)
    _plan(world)
    world.platform("counter").faults.parse([])


def _late(world: World) -> None:
    """What needs the last days: nothing is sent from here on."""
    _load(world, "counter", planting.UNSENT)
    _load(world, "outlet", planting.RECENT)
    hull = {"division": "20", "warehouse": "PAR"}
    _map(world, "outlet", MappingKind.LOCATION, names.LOCATIONS[1][0], hull)
    found = Rma.objects.filter(bridge=world.bridges["outlet"], external_id__in=planting.AT_HULL)
    rmas.make_due(rma_ids=list(found.values_list("pk", flat=True)), now=world.clock.now)
    _plan(world)
    _changed_form(world)
    watching.look(now=world.clock.now)
    world.clock.advance(hours=26)
    _plan(world)
    _closed_month(world)


def _changed_form(world: World) -> None:
    """The newest returns were read with a field of another form."""
    newest = Rma.objects.filter(bridge=world.bridges["outlet"]).order_by("-pk")
    recent = list(newest.values_list("pk", flat=True)[:20])
    Rma.objects.filter(pk__in=recent).update(drift=["items.colour: a number"])


def _closed_month(world: World) -> None:
    row = world.bridges["outlet"]
    months = {f"{world.clock.now:%Y-%m}", f"{world.clock.now - LONG_AGO:%Y-%m}"}
    Bridge.objects.filter(pk=row.pk).update(closed_periods=sorted(months))
    plain = Rma.objects.filter(bridge=row, external_id=planting.PLAIN)
    rmas.make_due(rma_ids=list(plain.values_list("pk", flat=True)), now=world.clock.now)
    _plan(world)


def _connections(world: World, base_url: str) -> None:
    """Systems that cannot be reached, refuse our key or slow us down; then the upkeep looks."""
    troubles.throttled(world)
    setup.source_connection(world, "home", base_url=base_url, api_key="expired-key")
    polling.poll_now(connection=world.bridges["home"].source, now=world.clock.now)
    flow.poll(clock=world.clock)
    flow.ingest(clock=world.clock)
    setup.erp_connection(world, "kids", base_url=troubles.UNREACHABLE)
    troubles.one_return(world, 6401, code="kids")
    world.poll("kids")
    for _ in range(8):
        _plan(world)
        world.clock.advance(seconds=31)
    # Long enough that its items are out of date; those of the others are read again.
    world.clock.advance(hours=25)
    _load(world, "outlet", planting.ROUNDED)
    events.receive(
        connection=world.bridges["kids"].source,
        external_id="left-alone",
        topic="RMA_STATUS_UPDATED",
        origin="webhook",
        body=b"{}",
        now=world.clock.now,
        subject_id="6401",
    )
    world.clock.advance(minutes=31)
    exchanged.garbled(world)
    watching.look(now=world.clock.now)
