"""Healing a cause and taking a batch back, at a size the whole suite can afford."""

import pytest

from tests.bench import desk

pytestmark = pytest.mark.django_db


def test_one_alias_heals_its_cause_as_foreseen_and_a_batch_taken_back_never_leaves(monkeypatch):
    monkeypatch.setattr(desk, "_REPEATS", 1)

    done = desk.play(cases=200, groups=20, healed=6, batch=3, few=20)

    assert done.wrong == []
    assert (done.healed, done.taken_back) == (6, 3)
