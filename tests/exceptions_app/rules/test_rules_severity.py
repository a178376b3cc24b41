"""What makes an exception graver than its type."""

from dataclasses import replace
from datetime import date, time
from decimal import Decimal

import pytest

from exceptions_app.rules import severity
from exceptions_app.rules.calendars import Calendar
from exceptions_app.rules.severity import Grounds

MID_MONTH = date(2026, 5, 13)
CALM = Grounds(
    "SKU_INACTIVE",
    Decimal(20),
    MID_MONTH,
    frozenset(),
    1,
    threshold=Decimal(500),
    currency="GBP",
)
# Shut on the Thursday before the month's end.
BANKS = Calendar(
    "UTC", frozenset(range(5)), time(9), time(17), closed=frozenset({date(2026, 5, 28)})
)
PERIOD = "the month ends within three working days"


@pytest.mark.parametrize(
    ("change", "expected", "reasons"),
    [
        pytest.param({}, "medium", (), id="by-itself"),
        pytest.param({"value": Decimal(500)}, "medium", (), id="at-the-threshold"),
        pytest.param(
            {"value": Decimal("500.01")}, "high", ("more than £500.00 is at risk",), id="value"
        ),
        pytest.param({"value": Decimal(10**6), "threshold": None}, "medium", (), id="no-sum"),
        pytest.param(
            {"value": Decimal(100_001), "threshold": Decimal(100_000), "currency": "JPY"},
            "high",
            ("more than ¥100,000 is at risk",),
            id="yen",
        ),
        pytest.param({"day": date(2026, 5, 25)}, "medium", (), id="four-days-left"),
        pytest.param({"day": date(2026, 5, 26)}, "high", (PERIOD,), id="three-days-left"),
        pytest.param(
            {"day": date(2026, 5, 25), "calendar": BANKS}, "high", (PERIOD,), id="holiday"
        ),
        pytest.param({"day": date(2026, 5, 29), "value": Decimal(0)}, "medium", (), id="no-money"),
        pytest.param({"day": None}, "medium", (), id="no-books"),
        pytest.param({"group_count": 10}, "medium", (), id="ten-of-a-cause"),
        pytest.param(
            {"group_count": 11}, "high", ("more than 10 are open of this cause",), id="crowd"
        ),
        pytest.param(
            {"promises": frozenset({"QUOTE_CHANGED"})},
            "high",
            ("the customer was told something that does not hold",),
            id="promise",
        ),
        pytest.param(
            {"promises": frozenset({"SKU_INACTIVE"})}, "medium", (), id="its-own-type-is-judged"
        ),
    ],
)
def test_each_ground_raises_by_one_step_and_says_why(change, expected, reasons):
    grounds = replace(CALM, **change)

    assert (severity.of(grounds), severity.why(grounds)) == (expected, reasons)


def test_grounds_add_up_and_critical_is_the_most():
    grounds = replace(
        CALM, value=Decimal(900), day=date(2026, 5, 28), promises=frozenset({"PROMISE_BREACH"})
    )

    assert severity.of(grounds) == "critical"
    assert len(severity.why(grounds)) == 3


def test_only_broken_promises_are_kept_of_what_is_open():
    found = severity.promises_among(["SKU_UNKNOWN", "QUOTE_CHANGED"])

    assert found == {"QUOTE_CHANGED"}
