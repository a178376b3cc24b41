"""Who is given an exception by rule: the first rule that fits, and of its people whose turn it is.

Never decided here: an exception that a person placed. Whoever gave it, took it or gave it back to
the team has decided (lesson 28).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from exceptions_app.choices import AssignWay


@dataclass(frozen=True, slots=True)
class Rule:
    """What a rule asks for, and its people, who was given something longest ago first.

    Empty text and None fit all. An amount is compared in its own currency only.
    """

    pk: int
    team: str
    way: str
    people: tuple[int, ...]
    type: str = ""
    bridge_id: int | None = None
    group_id: int | None = None
    at_least: Decimal | None = None
    currency: str = ""
    place_id: int | None = None
    division: str = ""


@dataclass(frozen=True, slots=True)
class Job:
    """What of an exception decides who is given it.

    `places` are the ERP's warehouses of its return's goods, `division` that of the order; both are
    read where a rule asks for them (`asks_where`), and empty where the exception has no return.
    """

    team: str
    type: str
    bridge_id: int | None
    group_id: int | None
    value: Decimal
    currency: str
    places: frozenset[int] = frozenset()
    division: str = ""


@dataclass(frozen=True, slots=True)
class Forecast:
    """How many jobs each rule would give to each person, by (rule, person), and what would stay."""

    given: Mapping[tuple[int, int], int]
    left: int

    @property
    def count(self) -> int:
        return sum(self.given.values()) + self.left


def fits(rule: Rule, job: Job) -> bool:
    return (
        rule.team == job.team
        and rule.type in ("", job.type)
        and rule.bridge_id in (None, job.bridge_id)
        and rule.group_id in (None, job.group_id)
        and (rule.place_id is None or rule.place_id in job.places)
        and rule.division in ("", job.division)
        and (
            rule.at_least is None or (rule.currency == job.currency and job.value >= rule.at_least)
        )
    )


def asks_where(rules: Iterable[Rule]) -> bool:
    """Whether one of them decides by where goods are or whose they were."""
    return any(rule.place_id is not None or rule.division for rule in rules)


def fitting(rules: Iterable[Rule], job: Job) -> tuple[Rule, ...]:
    """The rules that fit, in their order: where nobody of the first is there, the next counts."""
    return tuple(rule for rule in rules if fits(rule, job))


def in_turn(rule: Rule, *, present: Collection[int], loads: Mapping[int, int]) -> tuple[int, ...]:
    """Who of the rule is there, whose turn it is first.

    With the least load first, equals in turn.
    """
    there = [person for person in rule.people if person in present]
    if rule.way == AssignWay.LEAST:
        there.sort(key=lambda person: loads.get(person, 0))
    return tuple(there)


def forecast(
    rules: Iterable[Rule],
    jobs: Iterable[Job],
    *,
    present: Collection[int],
    loads: Mapping[int, int],
) -> Forecast:
    """What would become of `jobs` if they were found one after the other; changes nothing."""
    ordered = tuple(rules)
    queues = {rule.pk: list(rule.people) for rule in ordered}
    load = Counter(loads)
    given: Counter[tuple[int, int]] = Counter()
    left = 0
    for job in jobs:
        for rule in fitting(ordered, job):
            turned = replace(rule, people=tuple(queues[rule.pk]))
            there = in_turn(turned, present=present, loads=load)
            if there:
                person = there[0]
                queues[rule.pk].remove(person)
                queues[rule.pk].append(person)
                load[person] += 1
                given[rule.pk, person] += 1
                break
        else:
            left += 1
    return Forecast(dict(given), left)
