"""Ends what `every_type` planted: the other sides do their part, people press what is offered.

Then the ordinary workers go round; they close what is gone, and write by which proof.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

from exceptions_app.choices import CASE_OPEN
from exceptions_app.management.demo import cures, every_type, exchanged, room, setup, troubles
from exceptions_app.management.demo.staff import Staff
from exceptions_app.management.demo.world import World
from exceptions_app.models import Bridge, Case, Rma
from exceptions_app.services import (
    bridges,
    flow,
    gaps,
    operations,
    polling,
    receipts,
    rereading,
    rmas,
    watching,
)

# How much of the clock it takes.
TAKES = timedelta(days=2)


def cure(world: World, *, base_url: str) -> None:
    """End every planted defect; the clock goes on by at most `TAKES`."""
    began = world.clock.now
    with world.entered():
        staff = Staff(world.clock)
        _connections(world, staff, base_url)
        _told(world)
        _press(world, staff)
        _goods(world)
        exchanged.answered(world, staff)
        troubles.edit(world, "6305", "restore")
        troubles.edit(world, "6307", "apply")
        _change_policy(world, staff, "outlet", tolerance_budget={"GBP": "5.00"})
        _change_policy(world, staff, "home", bundle_credit="parent")
        _work(world)
        _windows(world)
        _change_policy(world, staff, "fr", stock_trigger="final_disposition")
        _upkeep(world)
        room.back(world)
    assert world.clock.now <= began + TAKES, "curing took too long"


def _connections(world: World, staff: Staff, base_url: str) -> None:
    """Keys are renewed, addresses corrected, limits lifted; somebody checks each connection."""
    setup.source_connection(world, "home", base_url=base_url)
    world.platform("counter").set_switches({"daily_limit": setup.DAILY_LIMIT})
    setup.erp_connection(world, "kids", base_url=f"{base_url}/bluecherry-kids")
    for connection in (
        world.bridges["home"].source,
        world.bridges["counter"].source,
        world.bridges["kids"].erp,
    ):
        operations.resume(
            connection_id=connection.pk, actor=staff.integrator(), now=world.clock.now
        )
        operations.check_connection(
            connection_id=connection.pk, actor=staff.integrator(), now=world.clock.now
        )


def _told(world: World) -> None:
    at = world.clock.now
    for code in cures.TOLD:
        world.load_erp(cures.booked(code, at), code)
        world.load_platform({"rmas": cures.told(code, at)}, code)


def _press(world: World, staff: Staff) -> None:
    for button in cures.BUTTONS:
        for case in _open(button):
            button.press(world, staff, case)
            break


def _open(button: cures.Button) -> Iterator[Case]:
    rows = Case.objects.filter(type=button.type, status__in=CASE_OPEN)
    if button.number:
        rows = rows.filter(rma__external_id=button.number)
    yield from rows.select_related("bridge", "rma", "posting").order_by("pk")


def _goods(world: World) -> None:
    """Staff of the ERP correct their receipts, and name the return of the one nobody knew."""
    bridge = world.bridges["fr"]
    found = Rma.objects.filter(bridge=bridge).values_list("external_id", "pk")
    rma_of = dict(found)
    rows = []
    for number, sku, units, place, warehouse, receipt in cures.CORRECTED:
        row = every_type.receipt(world, str(number), sku, units, place, warehouse)
        rows.append(replace(row, external_id=receipt, number=receipt))
    blind = every_type.receipt(world, "unknown", "MUG-CREAM", 2, "quarantine", "LEE")
    rows.append(replace(blind, authorisation_id="6205"))
    receipts.keep(connection=bridge.erp, receipts=rows, rma_of=rma_of, now=world.clock.now)


def _work(world: World) -> None:
    """The ordinary drains, bridge by bridge; what people closed in the outlet waits for a run."""
    outlet = world.bridges["outlet"]
    Bridge.objects.filter(pk=outlet.pk).update(closed_periods=[])
    everything = Rma.objects.filter(bridge=outlet).values_list("pk", flat=True)
    Rma.objects.filter(bridge=outlet).update(drift=[])
    rmas.make_due(rma_ids=list(everything), now=world.clock.now)
    # What the closed month explained is told again, before the platform's news is read.
    flow.plan(clock=world.clock)
    for code in cures.TOLD:
        world.carry(code, rounds=12)


def _windows(world: World) -> None:
    """The night's window opens."""
    world.clock.advance(hours=12, minutes=10)
    polling.refresh_reference(now=world.clock.now)
    for code in ("home", "uk"):
        world.carry(code, rounds=12)


def _change_policy(world: World, staff: Staff, code: str, **changed: Any) -> None:
    bridge = Bridge.objects.get(pk=world.bridges[code].pk)
    bridges.change_policy(
        bridge_id=bridge.pk,
        policy={**bridge.policy, **changed},
        actor=staff.integrator(),
        now=world.clock.now,
        reason="Agreed with the users",
    )


def _upkeep(world: World) -> None:
    rereading.read_due(now=world.clock.now)
    world.poll()
    gaps.look_due(now=world.clock.now)
    flow.plan(clock=world.clock)
    watching.look(now=world.clock.now)
