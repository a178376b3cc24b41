"""When a place is told of a cause, and what it then says."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from exceptions_app.rules import telling

LONDON = "Europe/London"
# A Wednesday; London is an hour ahead of it.
NOW = datetime(2026, 5, 27, 8, 12, tzinfo=UTC)
CAUSE = telling.Cause(
    group=12,
    title="SKU TEE-BLK-M is not in BlueCherry",
    bridge="Alder UK",
    rank=3,
    count=14,
    returns=12,
    waiting=3,
    units=15,
    sums=(("EUR", Decimal("20.0000")), ("GBP", Decimal("560.5000"))),
    team="Merchandising",
    owner="",
    since=NOW - timedelta(hours=2),
    due_at=NOW + timedelta(hours=5),
    url="https://desk.example.com/exceptions/causes/12/",
)
KNOWN = telling.Known(rank=3, count=14, told_at=NOW - timedelta(hours=1), is_over=False)
HOURS = telling.Hours(zone=LONDON, quiet_from=19, quiet_until=7, digest=8)


def test_an_alert_says_what_which_money_and_stock_who_by_when_and_where():
    said = telling.alert(CAUSE, "new", zone=LONDON, now=NOW)

    assert said.title == "High: SKU TEE-BLK-M is not in BlueCherry"
    assert said.body.splitlines() == [
        "Alder UK: 14 exceptions of 12 returns, the oldest of 27 May 2026, 07:12.",
        "At risk: €20.00 and £560.50. 15 units of stock. 3 customers wait for a refund.",
        "Who acts: Merchandising, nobody has taken it yet.",
        "By: 27 May 2026, 14:12 (Europe/London).",
        "https://desk.example.com/exceptions/causes/12/",
        "Figures of 27 May 2026, 09:12.",
    ]


def test_an_alert_without_money_says_so_and_names_who_has_it():
    bare = replace(CAUSE, sums=(), units=0, waiting=0, owner="Mira Lang", returns=0, bridge="")

    lines = telling.alert(bare, "back", zone=LONDON, now=NOW)

    assert lines.title == "Back again: SKU TEE-BLK-M is not in BlueCherry"
    assert lines.body.splitlines()[:3] == [
        "14 exceptions, the oldest of 27 May 2026, 07:12.",
        "Neither money nor stock is counted for it.",
        "Who acts: Merchandising, Mira Lang has it.",
    ]


@pytest.mark.parametrize(
    ("known", "cause", "reason"),
    [
        pytest.param(None, CAUSE, "new", id="never-told"),
        pytest.param(None, replace(CAUSE, rank=2), "", id="too-light"),
        pytest.param(KNOWN, replace(CAUSE, count=139), "", id="larger"),
        pytest.param(KNOWN, replace(CAUSE, count=140), "grown", id="ten-times-larger"),
        pytest.param(KNOWN, replace(CAUSE, rank=4), "graver", id="graver"),
        pytest.param(replace(KNOWN, is_over=True), CAUSE, "", id="back-within-hours"),
        pytest.param(
            replace(KNOWN, is_over=True), replace(CAUSE, rank=4), "back", id="back-and-graver"
        ),
        pytest.param(
            replace(KNOWN, is_over=True, told_at=NOW - telling.BACK_AFTER),
            CAUSE,
            "back",
            id="back-after-half-a-day",
        ),
        pytest.param(replace(KNOWN, rank=2), CAUSE, "graver", id="was-too-light-once"),
    ],
)
def test_a_cause_is_told_once_and_again_only_for_a_reason(known, cause, reason):
    assert telling.why(known, cause, least_rank=3, now=NOW) == reason


@pytest.mark.parametrize(
    ("at", "is_quiet"),
    [
        pytest.param(datetime(2026, 5, 27, 5, 59, tzinfo=UTC), True, id="06:59-there"),
        pytest.param(datetime(2026, 5, 27, 6, 0, tzinfo=UTC), False, id="07:00-there"),
        pytest.param(datetime(2026, 5, 27, 18, 0, tzinfo=UTC), True, id="19:00-there"),
        pytest.param(datetime(2026, 1, 28, 6, 30, tzinfo=UTC), True, id="winter-06:30-there"),
    ],
)
def test_quiet_hours_are_those_of_the_place(at, is_quiet):
    assert telling.is_quiet(HOURS, at) is is_quiet


def test_quiet_hours_within_a_day_and_at_weekends():
    lunch = telling.Hours(zone="UTC", quiet_from=12, quiet_until=13)
    always = telling.Hours(zone="UTC", quiet_from=8, quiet_until=8)
    saturday = datetime(2026, 5, 30, 10, 0, tzinfo=UTC)

    assert telling.is_quiet(lunch, NOW.replace(hour=12))
    assert not telling.is_quiet(lunch, NOW.replace(hour=13))
    assert not telling.is_quiet(always, NOW)
    assert not telling.is_quiet(lunch, saturday)
    assert telling.is_quiet(replace(lunch, is_quiet_at_weekends=True), saturday)


@pytest.mark.parametrize(
    ("at", "day"),
    [
        pytest.param(datetime(2026, 5, 27, 6, 59, tzinfo=UTC), None, id="before-its-hour"),
        pytest.param(datetime(2026, 5, 27, 7, 0, tzinfo=UTC), date(2026, 5, 27), id="its-hour"),
        pytest.param(datetime(2026, 5, 27, 10, 59, tzinfo=UTC), date(2026, 5, 27), id="late"),
        pytest.param(datetime(2026, 5, 27, 11, 0, tzinfo=UTC), None, id="too-late"),
    ],
)
def test_a_digest_is_due_from_its_hour_for_four_hours(at, day):
    assert telling.digest_day(HOURS, at) == day


def test_a_digest_says_the_day_in_a_few_lines_with_what_comes_first():
    day = telling.Day(34, 12, 5, 6, 9, 3, (("GBP", Decimal("2299.08")),))

    said = telling.digest(
        day, [CAUSE] * 9, whose="Finance", url="https://d.example/", zone=LONDON, now=NOW
    )

    assert said.title == "Finance, 27 May 2026: 34 open, £2,299.08 at risk"
    lines = said.body.splitlines()
    assert lines[:4] == [
        "Open: 34 exceptions in 12 causes; 5 past due.",
        "3 customers wait for a refund.",
        "Last 24 hours: 6 opened, 9 closed.",
        "What comes first:",
    ]
    assert lines[4] == (
        "High: SKU TEE-BLK-M is not in BlueCherry (14 exceptions, €20.00 and £560.50, by"
        " 27 May 2026, 14:12) https://desk.example.com/exceptions/causes/12/"
    )
    assert len(lines) == 4 + telling.FIRST_CAUSES + 2


def test_a_day_with_nothing_open_is_told_so_that_silence_means_a_fault():
    day = telling.Day(0, 0, 0, 1, 3, 0, ())

    said = telling.digest(day, [], whose="Finance", url="https://d.example/", zone=LONDON, now=NOW)

    assert said.title == "Finance, 27 May 2026: nothing open"
    assert said.body.splitlines()[:2] == [
        "Nothing is open for Finance.",
        "Last 24 hours: 1 opened, 3 closed.",
    ]


def test_many_causes_at_once_are_one_message_of_the_gravest():
    grave = replace(CAUSE, rank=4)

    said = telling.several(
        [grave, *[CAUSE] * 10], whose="Finance", url="https://d.example/q", zone=LONDON, now=NOW
    )

    assert said.title == "11 causes for Finance, the gravest critical"
    lines = said.body.splitlines()
    assert lines[0].startswith("Critical: SKU TEE-BLK-M")
    assert lines[telling.IN_ONE :] == [
        "And 3 more.",
        "Who acts: Finance.",
        "All of them: https://d.example/q",
        "Figures of 27 May 2026, 09:12.",
    ]


def test_a_long_title_is_cut_and_says_so():
    said = telling.alert(replace(CAUSE, title="x" * 300), "new", zone=LONDON, now=NOW)

    assert len(said.title) == 200
    assert said.title.endswith("…")
