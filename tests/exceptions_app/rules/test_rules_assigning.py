"""Which rule of assignment counts, and whose turn it is."""

from decimal import Decimal
from random import Random

import pytest

from exceptions_app.rules.assigning import Job, Rule, fits, fitting, forecast

FINN, FIONA, FRED = 1, 2, 3


def make_rule(pk=1, people=(FINN, FIONA), way="turn", **asked):
    return Rule(pk=pk, team="finance", way=way, people=people, **asked)


def make_job(**known):
    facts = {
        "team": "finance",
        "type": "CM_REJECTED",
        "bridge_id": 7,
        "group_id": 70,
        "value": Decimal("500.00"),
        "currency": "GBP",
    }
    return Job(**(facts | known))


@pytest.mark.parametrize(
    ("asked", "known", "expected"),
    [
        pytest.param({}, {}, True, id="nothing asked"),
        pytest.param({}, {"team": "cx"}, False, id="another team"),
        pytest.param({"type": "CM_REJECTED"}, {}, True, id="its type"),
        pytest.param({"type": "REFUND_NO_CM"}, {}, False, id="another type"),
        pytest.param({"bridge_id": 7}, {}, True, id="its bridge"),
        pytest.param({"bridge_id": 7}, {"bridge_id": None}, False, id="no bridge"),
        pytest.param({"group_id": 71}, {}, False, id="another cause"),
        pytest.param({"at_least": Decimal(500), "currency": "GBP"}, {}, True, id="just enough"),
        pytest.param(
            {"at_least": Decimal(500), "currency": "GBP"},
            {"value": Decimal("499.99")},
            False,
            id="too little",
        ),
        pytest.param(
            {"at_least": Decimal(500), "currency": "EUR"}, {}, False, id="another currency"
        ),
    ],
)
def test_a_rule_fits_when_all_it_asks_for_is_so(asked, known, expected):
    assert fits(make_rule(**asked), make_job(**known)) is expected


def test_the_first_that_fits_counts_and_the_next_where_nobody_of_it_is_there():
    large = make_rule(1, (FINN,), "person", at_least=Decimal(400), currency="GBP")
    rest = make_rule(2, (FIONA,), "person")
    jobs = [make_job(), make_job(value=Decimal(5))]

    assert fitting((large, rest), jobs[0]) == (large, rest)
    both = forecast((large, rest), jobs, present={FINN, FIONA}, loads={})
    without = forecast((large, rest), jobs, present={FIONA}, loads={})

    assert (both.given, both.left) == ({(1, FINN): 1, (2, FIONA): 1}, 0)
    assert (without.given, without.left) == ({(2, FIONA): 2}, 0)


def test_in_turn_goes_round_from_who_was_given_something_longest_ago():
    found = forecast(
        [make_rule(people=(FIONA, FRED, FINN))],
        [make_job()] * 4,
        present={FINN, FIONA, FRED},
        loads={FIONA: 90},
    )

    assert found.given == {(1, FIONA): 2, (1, FRED): 1, (1, FINN): 1}


def test_the_least_load_is_filled_up_first():
    found = forecast(
        [make_rule(people=(FINN, FIONA), way="least")],
        [make_job()] * 4,
        present={FINN, FIONA},
        loads={FINN: 3, FIONA: 1},
    )

    assert found.given == {(1, FIONA): 3, (1, FINN): 1}


def test_nobody_there_leaves_all_with_the_team():
    found = forecast([make_rule()], [make_job()] * 3, present=set(), loads={})

    assert (found.given, found.left, found.count) == ({}, 3, 3)


def test_every_job_is_given_once_or_left_and_turns_differ_by_one_at_most():
    dice = Random(28)
    for _ in range(200):
        way = dice.choice(["turn", "least"])
        rules = [
            make_rule(1, (FRED,), "person", at_least=Decimal(500), currency="GBP"),
            make_rule(2, (FINN, FIONA, FRED), way),
        ]
        present = {who for who in (FINN, FIONA, FRED) if dice.random() < 0.6}
        jobs = [make_job(value=Decimal(dice.randint(0, 900))) for _ in range(dice.randint(0, 20))]

        found = forecast(rules, jobs, present=present, loads={})

        assert found.count == len(jobs)
        assert {person for _, person in found.given} <= present
        assert bool(found.left) == bool(jobs and not present)
        if way == "turn" and present:
            turns = [found.given.get((2, person), 0) for person in present]
            assert max(turns) - min(turns) <= 1
