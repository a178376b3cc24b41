"""The harness has teeth: with any one guard gone it finds what breaks, within 200 seeds."""

import pytest

from tests.faults import runner
from tests.faults.mutations import MUTATIONS

MOST_SEEDS = 200


@pytest.mark.parametrize(
    ("mutation", "breaks"), MUTATIONS.items(), ids=[one.__name__ for one in MUTATIONS]
)
def test_a_missing_guard_is_noticed(stage, mutation, breaks):
    with mutation():
        tally = runner.run(
            stage,
            range(1, MOST_SEEDS + 1),
            is_enough=lambda sums: bool(breaks & sums.violated.keys()),
        )

    assert breaks & tally.violated.keys(), f"unnoticed in {tally.seeds} seeds"
