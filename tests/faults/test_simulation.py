"""Seeded histories of the whole flow: nothing lost, doubled, reordered or unexplained.

`FAULT_SEEDS` plays more of them (`make faults`); `python -m tests.faults` plays any, by number.
"""

import os

import pytest

from tests.faults import runner
from tests.faults.simulation import play

SEEDS = int(os.environ.get("FAULT_SEEDS", "150"))
CHUNK = max(25, SEEDS // 20)


@pytest.mark.lesson(12)
@pytest.mark.parametrize("first", range(1, SEEDS + 1, CHUNK))
def test_no_seed_loses_doubles_or_reorders_a_posting(stage, first, capsys):
    tally = runner.run(stage, range(first, min(first + CHUNK, SEEDS + 1)))

    with capsys.disabled():
        runner.write(f"\n{tally.summary()}")
    assert [outcome.report() for outcome in tally.bad] == []
    assert tally.postings > 5 * tally.seeds


def test_a_seed_is_replayed_step_by_step(stage):
    first, again = play(stage, 7), play(stage, 7)

    assert first.history == again.history
    assert first.faults == again.faults
    assert len(first.history) > 10
