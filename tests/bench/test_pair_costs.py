"""What returns of each pair cost in calls is a committed figure: no call creeps in unseen."""

import pytest

from tests.bench import budget, pair_costs

pytestmark = pytest.mark.django_db

WAYS = {way.name: way for way in pair_costs.ways()}


@pytest.mark.parametrize("name", budget.CALLS_OF_A_PAIR)
def test_returns_of_a_pair_cost_the_calls_that_are_written_down(name):
    returns, operations = budget.CALLS_OF_A_PAIR[name]

    done = pair_costs.run(WAYS[name], returns=returns)

    assert (done.lost, done.doubled) == (0, 0)
    assert {operation: count for (_, operation), count in done.operations.items()} == operations


def test_a_run_over_its_limit_is_told():
    done = pair_costs.Run(
        way=WAYS["netsuite+shopify straight"],
        returns=100,
        seconds=60,
        documents=400,
        lost=0,
        doubled=0,
        writes=400,
        calls={"netsuite": 411, "shopify": 20},
        parts={},
        operations={},
    )

    assert done.over() == ["netsuite"]
