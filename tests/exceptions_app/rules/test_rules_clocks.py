"""Clocks of a return: not a minute before their end, gone with what was waited for."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from connectors.types import Inspection
from exceptions_app import catalogue
from exceptions_app.rules import clocks, limits, waits
from exceptions_app.rules.planning import plan
from exceptions_app.rules.resolving import resolve
from tests.exceptions_app.rules import make
from tests.exceptions_app.rules.make import NOW, make_facts, make_line

HOUR = timedelta(hours=1)
GOODS_FIRST = make.make_policy(credit_trigger="goods_received")
PROMISED = make.make_policy(promise_days=10)
BOTH = make.make_policy(stock_trigger="receipt_and_grade")
NOT_GRADED = make_line(disposition="", disposition_at=None, inspection=Inspection.NOT_INSPECTED)
EXCHANGED = make_line(resolution="ExchangeSameItem")
CREDITED = make.make_posting(gross=Decimal("60.00"), number="CM1", confirmed_at=NOW)
PLANNED = make.make_posting(status="ready", gross=Decimal("60.00"), created_at=NOW)
QUARANTINED = make_line(disposition="not_restockable")

# type: the facts in which its clock runs, and the hours it runs for
RUNNING = {
    "INSPECTION_OVERDUE": (make_facts(NOT_GRADED), 72 - 3),
    "GRADE_MISSING": (make_facts(NOT_GRADED, policy=BOTH), 24 - 3),
    "QUARANTINE_AGED": (make_facts(QUARANTINED), 14 * 24 - 2),
    "RESTOCK_LATE": (make_facts(status_raw="Approved", order=None), 48 - 2),
    "RECEIVED_NOT_CREDITED": (
        make_facts(refunds=(), policy=GOODS_FIRST, postings=(PLANNED,)),
        24 - 2,
    ),
    "RECEIVED_NOT_REFUNDED": (make_facts(refunds=()), 5 * 24 - 2),
    "CM_NO_REFUND": (make_facts(refunds=(), postings=(CREDITED,)), 5 * 24),
    "EXCHANGE_ORDER_MISSING": (make_facts(EXCHANGED, refunds=()), 48 - 2),
    "EXCHANGE_UNBALANCED": (
        make_facts(
            NOT_GRADED,
            logistics="expected",
            received_at=None,
            exchange="released",
            replacement="EX1",
        ),
        25 * 24,
    ),
    "PROMISE_BREACH": (make_facts(refunds=(), policy=PROMISED), 10 * 24 - 3),
    "STATUS_DRIFT": (make_facts(status_raw="Done", postings=(PLANNED,)), 72),
}


def types_at(facts, now):
    return {row.type for row in plan(replace(facts, now=now)).findings}


# type: the option its limit is, what it is by default, and an hour or a day in hours
OPTION_OF = {
    "INSPECTION_OVERDUE": ("inspection_hours", 72, 1),
    "QUARANTINE_AGED": ("quarantine_days", 14, 24),
    "RECEIVED_NOT_REFUNDED": ("refund_days", 5, 24),
    "CM_NO_REFUND": ("refund_days", 5, 24),
    "EXCHANGE_ORDER_MISSING": ("exchange_hours", 48, 1),
    "STATUS_DRIFT": ("drift_hours", 72, 1),
}


@pytest.mark.parametrize("kind", OPTION_OF)
def test_how_long_a_clock_runs_is_the_policys_and_its_words_say_so(kind):
    facts, hours = RUNNING[kind]
    option, default, unit = OPTION_OF[kind]
    policy = replace(facts.policy, **{option: default + 7})
    later = replace(facts, policy=policy)
    end = NOW + timedelta(hours=hours + 7 * unit)

    assert getattr(make.make_policy(), option) == default
    assert kind not in types_at(later, end - timedelta(minutes=1))
    (found,) = [row for row in plan(replace(later, now=end)).findings if row.type == kind]
    assert found.facts["limit"] == limits.words(timedelta(hours=(default + 7) * unit))
    assert option in catalogue.entry(kind).policy


@pytest.mark.parametrize("kind", RUNNING)
def test_a_clock_ends_in_an_exception_and_not_before(kind):
    facts, hours = RUNNING[kind]
    end = NOW + timedelta(hours=hours)

    assert kind not in types_at(facts, end - HOUR)
    (told,) = [row for row in plan(replace(facts, now=end)).findings if row.type == kind]

    brought = {*told.facts, "erp", "platform", "bridge", "rma", "order", "value"}
    assert catalogue.facts_used(catalogue.CATALOGUE[kind]) - brought == set()
    assert told.blocks == frozenset()
    assert told.facts["since"].endswith(" UTC")
    assert waits.first_after(resolve(facts)) <= end


@pytest.mark.parametrize(
    ("kind", "mended"),
    [
        ("INSPECTION_OVERDUE", {"lines": (make_line(),)}),
        ("GRADE_MISSING", {"lines": (make_line(),)}),
        ("QUARANTINE_AGED", {"lines": (make_line(),)}),
        (
            "RESTOCK_LATE",
            {"postings": (make.make_posting("stock_receipt:10/WH1", units=1, id=2),)},
        ),
        ("RECEIVED_NOT_CREDITED", {"postings": (CREDITED,)}),
        ("RECEIVED_NOT_REFUNDED", {"refunds": (make.make_refund(status="pending"),)}),
        ("CM_NO_REFUND", {"refunds": (make.make_refund(),)}),
        ("EXCHANGE_ORDER_MISSING", {"exchange": "pending"}),
        ("EXCHANGE_UNBALANCED", {"logistics": "received"}),
        ("STATUS_DRIFT", {"postings": (replace(PLANNED, status="confirmed"),)}),
    ],
)
def test_a_clock_stops_with_what_was_waited_for(kind, mended):
    facts, hours = RUNNING[kind]
    late = NOW + timedelta(hours=hours)

    assert kind in types_at(facts, late)
    assert kind not in types_at(replace(facts, **mended), late)


@pytest.mark.parametrize("status", ["Pending", "Rejected", "Canceled"])
def test_no_clock_runs_for_a_return_that_calls_for_nothing(status):
    for facts, _ in RUNNING.values():
        assert list(clocks.running(resolve(replace(facts, status_raw=status)))) == []


def test_what_another_exception_explains_is_not_told_again():
    blocked = replace(RUNNING["STATUS_DRIFT"][0], closed_periods=frozenset({"2026-11"}))

    late = types_at(blocked, NOW + timedelta(days=4))

    assert "PERIOD_CLOSED" in late
    assert "STATUS_DRIFT" not in late


def test_a_finished_return_waits_for_nothing():
    booked = make.make_posting("stock_receipt:10/WH1", units=1, id=2, number="RC1")

    facts = make_facts(postings=(CREDITED, booked))

    assert waits.first_after(resolve(facts)) is None


@pytest.mark.parametrize(
    ("limit", "words"),
    [
        (timedelta(minutes=1), "1 minute"),
        (timedelta(minutes=30), "30 minutes"),
        (timedelta(hours=1), "1 hour"),
        (timedelta(hours=72), "72 hours"),
        (timedelta(days=14), "14 days"),
    ],
)
def test_a_limit_is_told_as_people_say_it(limit, words):
    assert limits.words(limit) == words


def test_the_wait_for_a_posting_window_does_not_count():
    facts, hours = RUNNING["RESTOCK_LATE"]
    open_at = f"{NOW + timedelta(hours=1):%H:%M}-{NOW + timedelta(hours=2):%H:%M}"
    windowed = replace(facts, policy=replace(facts.policy, schedule={"stock_receipt": open_at}))
    since = NOW - timedelta(hours=48 - hours)

    (clock,) = [row for row in clocks.running(resolve(windowed)) if row.type == "RESTOCK_LATE"]

    assert clock.since == since
    assert clock.ends_at == NOW + timedelta(hours=1, days=2)


@pytest.mark.parametrize(
    ("lines", "changes", "is_owed"),
    [
        pytest.param((make_line(),), {"refunds": ()}, True, id="unpaid"),
        pytest.param((make_line(),), {}, False, id="paid"),
        pytest.param((EXCHANGED,), {"refunds": (), "exchange": "pending"}, True, id="not-sent"),
        pytest.param((EXCHANGED,), {"refunds": (), "exchange": "released"}, False, id="sent"),
        pytest.param((EXCHANGED, make_line(line_no=2)), {"exchange": "pending"}, True, id="half"),
        pytest.param(
            (make_line(inspection=Inspection.FAILED),), {"refunds": ()}, False, id="refused-goods"
        ),
        pytest.param((make_line(),), {"refunds": (), "status_raw": "Done"}, False, id="done"),
        pytest.param(
            (make_line(),), {"refunds": (), "policy": make.make_policy()}, False, id="no-promise"
        ),
    ],
)
def test_a_promise_is_broken_only_while_something_is_owed(lines, changes, is_owed):
    facts = make_facts(*lines, **{"policy": PROMISED, **changes})

    assert ("PROMISE_BREACH" in types_at(facts, NOW + timedelta(days=10))) is is_owed


def test_a_broken_promise_names_the_day_that_was_promised():
    facts, hours = RUNNING["PROMISE_BREACH"]

    findings = plan(replace(facts, now=NOW + timedelta(hours=hours))).findings

    (told,) = [row for row in findings if row.type == "PROMISE_BREACH"]
    assert told.facts["since"] == "2026-11-30 09:00 UTC"
    assert told.value == Decimal("60.00")
