"""The whole replay: read, load, carry, account. The one entrance doors use."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from exceptions_app.models import Bridge
from exceptions_app.selectors.clock import database_now
from exceptions_app.services.replay import accounting, driving, matching, records, setup
from exceptions_app.services.replay.accounting import Account
from exceptions_app.services.replay.driving import Clock, Tell
from exceptions_app.services.replay.pairs import DEFAULT, PAIRS, Pair
from exceptions_app.services.replay.reading import FileLine, digest_of
from exceptions_app.services.replay.simulation import Simulation
from exceptions_app.services.replay.staff import Staff


@dataclass(frozen=True, slots=True)
class Replay:
    """What a run did. `problems` is empty, or the run failed and says how; signs as in the file."""

    account: Account
    calls: Mapping[str, int]
    seconds: float
    problems: tuple[str, ...]


def replay(
    *,
    lines: Sequence[FileLine],
    simulation: Simulation,
    tell: Tell,
    pair: Pair = PAIRS[DEFAULT],
    clock: Clock = database_now,
    pause: Callable[[float], None] = time.sleep,
    is_lasting: bool = True,
) -> Replay:
    """Carry every credit of `lines` through the normal flow, and prove where each one is.

    The same lines again change no row but counters and signs of life. `is_lasting` false says that
    the simulated systems end with this run, so the bridge is put out of use afterwards.

    Raises:
        SandboxUnreachable: the control API does not answer.
        SandboxInUse: the platform would bring returns of someone else; nothing was loaded.
        ReplayStuck: something was under way and did not move any more.
    """
    began = clock()
    bridge = setup.prepare(digest=digest_of(lines), pair=pair, simulation=simulation, now=began)
    try:
        calls_before = accounting.calls_of(bridge)
        returns = matching.returns_of(lines)
        setup.refuse_strangers(
            bridge=bridge, known={pair.platform.external_id(row.external_id) for row in returns}
        )
        _load(bridge, pair, lines, returns, simulation)
        setup.learn(bridge=bridge, pair=pair, now=clock())
        setup.read_from(bridge=bridge, moment=bridge.created_at)
        driving.drive(
            bridge=bridge,
            returns=len(returns),
            clock=clock,
            pause=pause,
            tell=tell,
            staff=Staff(bridge, pair, simulation),
        )
    finally:
        if not is_lasting:
            setup.retire(bridge=bridge)
    account = accounting.account(bridge=bridge, unit_names=_unit_names(pair, returns), now=clock())
    calls = accounting.calls_of(bridge)
    return Replay(
        account=account,
        calls={name: count - calls_before[name] for name, count in calls.items()},
        seconds=round((clock() - began).total_seconds(), 1),
        problems=(
            *account.problems,
            *_against_file(lines, account),
            *_against_books(bridge, pair, simulation.documents(pair.erp.system), lines),
        ),
    )


def _load(
    bridge: Bridge,
    pair: Pair,
    lines: Sequence[FileLine],
    returns: Sequence[matching.Return],
    simulation: Simulation,
) -> None:
    erp, platform = pair.erp, pair.platform
    for system in (platform.system, erp.system):
        if switches := pair.switches(system):
            simulation.set_switches(system, switches)
    for load in records.erp_loads(lines):
        simulation.load(erp.system, erp.loads(load))
    # The wire carries whole seconds.
    at = bridge.created_at.replace(microsecond=0)
    orders = lines if platform.holds_orders else None
    for load in records.platform_loads(returns, at=at, orders=orders):
        simulation.load(platform.system, platform.loads(load))


def _unit_names(pair: Pair, returns: Sequence[matching.Return]) -> dict[str, str]:
    """By the platform's id of a unit group, the file's own name for it."""
    return {
        pair.platform.unit_id(row.external_id, part.item_id): part.item_id
        for row in returns
        for part in row.parts
    }


def _against_books(
    bridge: Bridge, pair: Pair, documents: list[dict[str, Any]], lines: Sequence[FileLine]
) -> list[str]:
    """The ERP's own books: nothing twice, nothing beyond what was sold, and our sum of credits."""
    if pair.erp.system == "bluecherry":
        # Its books tell the order's lines as well.
        return accounting.duplicates(bridge=bridge, documents=documents, sold=_sold(lines))
    return accounting.booked_twice(bridge=bridge, booked=pair.erp.booked(documents))


def _sold(lines: Sequence[FileLine]) -> dict[tuple[str, str], int]:
    orders = matching.sold_lines(lines)
    return {
        (number, row.line_id): row.line.units for number, rows in orders.items() for row in rows
    }


def _against_file(lines: Sequence[FileLine], account: Account) -> list[str]:
    """Our own rows against what the file holds: what was lost on the way shows here."""
    credited = [line for line in lines if line.is_credit]
    expected = {
        "credit lines": (Decimal(len(credited)), Decimal(account.credit_lines)),
        "units": (Decimal(sum(line.quantity for line in credited)), account.units.came_in),
        "GBP": (sum((line.money for line in credited), Decimal(0)), account.money.came_in),
    }
    return [
        f"The file holds {wanted:f} {name}, our rows {found:f}."
        for name, (wanted, found) in expected.items()
        if wanted != found
    ]
