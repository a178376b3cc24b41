"""The harness has teeth: with any one guard gone it finds what breaks, within 200 seeds."""

import pytest

from tests.faults import runner
from tests.faults.mutations import MUTATIONS

MOST_SEEDS = 200
# Where each was noticed first, so that nobody waits for the seeds before it. When the simulation
# changes these may notice nothing, and the seeds after them are played.
SEEN_AT = {
    "no_settle_window": 24,
    "failure_after_write_is_definite": 22,
    "unknown_is_ready": 23,
    "expired_lease_is_ready": 13,
    "acknowledged_before_applied": 5,
    "no_lookup": 13,
    "watermark_moves_first": 9,
}


@pytest.mark.parametrize(
    ("mutation", "breaks"), MUTATIONS.items(), ids=[one.__name__ for one in MUTATIONS]
)
def test_a_missing_guard_is_noticed(stage, mutation, breaks):
    first = SEEN_AT.get(mutation.__name__, 1)
    with mutation():
        tally = runner.run(
            stage,
            range(first, first + MOST_SEEDS),
            is_enough=lambda sums: bool(breaks & sums.violated.keys()),
        )

    assert breaks & tally.violated.keys(), f"unnoticed in {tally.seeds} seeds"
