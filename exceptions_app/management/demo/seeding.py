"""Fills an empty desk: weeks of returns, carried by the normal flow on a clock that starts early.

Deterministic but for the day it starts from. Running it again changes little: every record and
document has its key.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from exceptions_app.management.demo import depot, faulty, mix, ordinary, setup, troubles, twins
from exceptions_app.management.demo.records import Record, reference
from exceptions_app.management.demo.world import World

FIRST_NUMBER = 1001
RETURNS = 250
# What is stopped by a closed month is this old: never the month of the days that follow.
LONG_AGO = timedelta(days=40)
DAYS = 8
# What is left for the last batch and all that needs time to pass.
LAST_HOURS = timedelta(hours=4)

Tell = Callable[[str], None]


def seed(
    world: World,
    *,
    base_url: str,
    until: datetime,
    returns: int = RETURNS,
    tell: Tell = lambda text: None,
) -> None:
    """Seed everything; `world.clock` runs from weeks before `until` to at most `until`."""
    world.clock.now = until - LONG_AGO
    with world.entered():
        _set_up(world, base_url)
        _small_bridges(world)
        for code in mix.PAIRS:
            mix.after_the_close(world, code)
        tell("carrying returns through both systems")
        _days(world, until, returns)
        for code in mix.PAIRS:
            mix.carry(world, code)
        tell("making the exceptions")
        _exceptions(world, base_url, until)
    assert world.clock.now <= until, "seeding ran past the present"


def _set_up(world: World, base_url: str) -> None:
    depot.begin()
    for code, _, _ in setup.BRIDGES:
        world.load_erp(reference(), code)
        setup.bridge(world, code, base_url=base_url)
    for code, _, _ in setup.BRIDGES:
        setup.mapped(world, code)


def _small_bridges(world: World) -> None:
    """Each has a history of its own before its trouble begins."""
    for code, first in (("outlet", 3001), ("home", 3101), ("kids", 3201), ("counter", 3301)):
        numbers = range(first, first + 2)
        _load(world, code, [(number, "credited") for number in numbers])
        world.carry(code)
    _load(world, "depot", [(number, "credited") for number in range(3401, 3405)])
    world.carry("depot")
    world.check_in("depot")


def _days(world: World, until: datetime, returns: int) -> None:
    numbers = iter(range(FIRST_NUMBER, FIRST_NUMBER + returns))
    old = returns * 6 // 10
    for day in range(DAYS, 0, -1):
        world.clock.now = until - timedelta(days=day)
        if day == 3:
            troubles.refunded_too_early(world)
        count = old // (DAYS - 2) if day > 2 else (returns - old) // 2
        _load(world, "uk", [(next(numbers), _stage(day, number)) for number in range(count)])
        world.carry()
    _load(world, "outlet", [(number, "credited") for number in range(3010, 3013)])
    world.carry("outlet")


def _stage(day: int, position: int) -> str:
    return "credited" if day > 2 else ordinary.any_stage(day * 1000 + position)


def _exceptions(world: World, base_url: str, until: datetime) -> None:
    world.clock.now = until - LAST_HOURS
    orders, returns = faulty.all_of(world.clock.now)
    world.sell(orders)
    world.load_platform({"rmas": returns})
    world.carry()
    troubles.refused_by_the_erp(world)
    troubles.quoted_with_shipping(world)
    troubles.accepted_but_absent(world)
    troubles.lost_reply_that_differs(world)
    troubles.given_up(world)
    troubles.strange_messages(world)
    troubles.closed_month(world)
    troubles.left_to_hands(world, base_url=f"{base_url}/{twins.erp_name('home')}")
    troubles.throttled(world)
    troubles.expired_key(world, base_url=base_url)
    troubles.worker_died_then_erp_went(world)


def _load(world: World, code: str, wanted: list[tuple[int, str]]) -> None:
    made: list[tuple[Record, Record]] = [
        ordinary.order_and_return(number, world.clock.now, stage) for number, stage in wanted
    ]
    world.sell([order for order, _ in made], code)
    world.load_platform({"rmas": [rma for _, rma in made]}, code)
