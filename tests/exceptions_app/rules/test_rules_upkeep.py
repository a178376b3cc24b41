"""Findings about a whole connection or bridge, at their limits."""

from datetime import timedelta
from decimal import Decimal

import pytest

from exceptions_app import catalogue
from exceptions_app.rules import upkeep
from tests.exceptions_app.rules.make import NOW

MINUTE = timedelta(minutes=1)


def opened(kind, minutes, word="hull"):
    return upkeep.OpenedCase(kind, frozenset({word}), NOW + minutes * MINUTE, Decimal("10.00"))


def test_messages_pile_up_only_past_their_limit():
    late, young = NOW - 30 * MINUTE, NOW - 29 * MINUTE

    (told,) = upkeep.backlog("ReturnGO", [young, late], NOW, most=1000)

    assert told.facts["waiting"] == "2 messages"
    assert upkeep.backlog("ReturnGO", [young], NOW, most=1000) == []
    assert upkeep.backlog("ReturnGO", [], NOW, most=1000) == []
    (many,) = upkeep.backlog("ReturnGO", [late, young], NOW, most=2)
    assert many.facts["waiting"] == "2 or more messages"


def test_items_are_out_of_date_after_a_day():
    assert upkeep.stale_items("Prima", NOW - timedelta(hours=23), NOW) == []
    (told,) = upkeep.stale_items("Prima", NOW - timedelta(hours=24), NOW)
    assert told.facts["limit"] == "24 hours"


def test_a_form_is_new_that_most_of_the_last_have_and_none_before():
    old = [["units[3].tax: missing"]] * 20
    changed = [["units[1].tax: missing", "units[2].colour: a number"]] * 11 + [[]] * 9

    (told,) = upkeep.changed_form("ReturnGO", changed + old)

    assert told.facts["field"] == "units.colour: a number"
    assert (told.facts["units"], told.facts["expected"]) == ("11", "20")
    assert upkeep.changed_form("ReturnGO", [*changed[1:], [], *old]) == []
    assert upkeep.changed_form("ReturnGO", changed + old[:9]) == []
    assert upkeep.changed_form("ReturnGO", changed + changed) == []


@pytest.mark.parametrize(("used", "count"), [("7.99", 0), ("8.00", 1), ("12.00", 1)])
def test_a_budget_is_told_of_from_four_fifths_on(used, count):
    found = upkeep.used_budget({"GBP": Decimal(used)}, {"GBP": Decimal("10.00")}, "2026-11")

    assert len(found) == count
    assert upkeep.used_budget({"EUR": Decimal(9)}, {"GBP": Decimal(10)}, "2026-11") == []


def test_a_mapping_made_things_worse_when_a_new_kind_came_with_it():
    new = [opened("DIVISION_MISMATCH", minute) for minute in (1, 2, 3)]

    (told,) = upkeep.regression("Hull", "hull", 2, NOW, new)

    assert (told.facts["units"], told.facts["number"]) == ("3", "2")
    assert told.value == Decimal("30.00")
    assert upkeep.regression("Hull", "hull", 2, NOW, new[:2]) == []
    known = [opened("DIVISION_MISMATCH", -5), *new]
    assert upkeep.regression("Hull", "hull", 2, NOW, known) == []
    other = [opened("DIVISION_MISMATCH", minute, "leeds") for minute in (1, 2, 3)]
    assert upkeep.regression("Hull", "hull", 2, NOW, other) == []


def test_goods_without_a_return_are_worth_their_cost_or_not_known():
    told = upkeep.unknown_receipt("Prima", "GR-1", 2, NOW, Decimal("20.00"))
    unknown = upkeep.unknown_receipt("Prima", "GR-1", 2, NOW, None)

    assert (told.value, told.value_formula) == (Decimal("20.00"), "units × unit cost")
    assert (unknown.value, unknown.value_formula) == (Decimal(0), "cost not known")


def test_every_finding_of_the_upkeep_brings_the_words_of_its_type():
    form = [["a: new"]] * 20 + [[]] * 20
    found = [
        *upkeep.backlog("P", [NOW - 99 * MINUTE], NOW, 9),
        *upkeep.stale_items("E", NOW - timedelta(days=2), NOW),
        *upkeep.changed_form("P", form),
        *upkeep.used_budget({"GBP": Decimal(9)}, {"GBP": Decimal(9)}, "2026-11"),
        *upkeep.regression("H", "hull", 2, NOW, [opened("X", minute) for minute in (1, 2, 3)]),
        upkeep.unknown_receipt("E", "GR-1", 2, NOW, None),
    ]

    assert len({row.type for row in found}) == 6
    for row in found:
        brought = {*row.facts, "erp", "platform", "bridge", "value", "currency"}
        needs = catalogue.facts_used(catalogue.CATALOGUE[row.type])
        assert needs - brought <= {"rma", "order"}, row.type
