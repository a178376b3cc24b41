"""The price of a return in calls is a committed figure (reliability E.3)."""

from collections import Counter
from fractions import Fraction

import pytest

from tests.bench import budget, calls, mix
from tests.world import World, make_world

pytestmark = pytest.mark.django_db


def test_each_kind_of_return_costs_the_calls_that_are_written_down():
    world = make_world()
    calls.widen(world)
    found = {}
    for kind in mix.KINDS:
        _read_on(world)
        done = calls.run(world, kinds=[kind] * 5)
        assert (done.lost, done.doubled, done.failures, done.efficiency) == (0, 0, [], Fraction(1))
        found[kind] = _by_operation(done.calls)

    assert found == budget.CALLS_FOR_FIVE


def test_lost_answers_cost_a_look_up_and_nothing_else():
    world = make_world()
    calls.widen(world)

    done = calls.run(world, kinds=["one line"] * 20, fault_rate=0.05)

    assert (done.lost, done.doubled, done.failures) == (0, 0, [])
    assert done.calls[("find_document", "lookup")] > 0
    assert done.efficiency >= Fraction(80, 100)


def _read_on(world: World) -> None:
    """Past the overlap of the feeds, so that the returns before are not read again."""
    world.clock.advance(minutes=5)
    world.poll()
    world.run()
    world.clock.advance(minutes=5)


def _by_operation(counted: calls.Calls) -> dict[str, int]:
    sums: Counter[str] = Counter()
    for (operation, _reason), count in counted.items():
        sums[operation] += count
    return dict(sums)
