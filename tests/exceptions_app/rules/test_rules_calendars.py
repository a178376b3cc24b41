"""Which hours count: laws that hold for every calendar, and the days people know by heart."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exceptions_app.rules import calendars
from exceptions_app.rules.calendars import Calendar, CalendarInvalid

OFFICE = calendars.parse(
    {
        "zone": "Europe/London",
        "days": [0, 1, 2, 3, 4],
        "opens": "09:00",
        "closes": "17:00",
        "country": "GB",
        "part": "ENG",
    }
)
NIGHTS = Calendar("Europe/London", frozenset(range(7)), time(22), time(6))
HOUR = timedelta(hours=1)

_times = st.builds(time, st.integers(0, 23), st.sampled_from([0, 15, 30]))
_calendars = st.builds(
    Calendar,
    zone=st.sampled_from(["UTC", "Europe/London", "America/New_York", "Australia/Lord_Howe"]),
    days=st.frozensets(st.integers(0, 6), min_size=1),
    opens=_times,
    closes=_times,
    country=st.sampled_from(["", "GB", "US"]),
)
# Around the days on which clocks change, and the turn of the year.
_moments = st.integers(0, 310 * 24 * 60).map(
    lambda minutes: datetime(2026, 3, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)
_spans = st.integers(0, 60 * 60).map(lambda minutes: timedelta(minutes=minutes))
laws = settings(max_examples=60, deadline=None, derandomize=True)


@laws
@given(_calendars, _moments, _spans, _spans)
def test_more_hours_never_end_earlier_and_are_all_counted(calendar, start, first, more):
    once = calendars.add(calendar, start, first)
    then = calendars.add(calendar, start, first + more)

    assert start <= once <= then
    assert calendars.between(calendar, start, once) == first
    assert calendars.between(calendar, start, then) == first + more


@laws
@given(_calendars, _moments, _moments, _spans)
def test_who_starts_later_never_ends_earlier(calendar, one, other, span):
    early, late = sorted((one, other))

    assert calendars.add(calendar, early, span) <= calendars.add(calendar, late, span)


@laws
@given(_calendars, _moments, _spans)
def test_an_end_lies_within_the_hours_of_a_working_day(calendar, start, span):
    end = calendars.add(calendar, start, span)

    touching = list(_hours_around(calendar, end))
    assert any(opens <= end <= closes for opens, closes in touching)
    assert all(first[1] <= second[0] for first, second in pairwise(touching))


@laws
@given(_calendars, _moments, _spans)
def test_counting_back_finds_since_when_a_span_is_over(calendar, end, span):
    span += timedelta(minutes=1)
    since = calendars.back(calendar, end, span)

    assert calendars.between(calendar, since, end) == span
    assert calendars.between(calendar, since + timedelta(seconds=1), end) < span


def _hours_around(calendar, moment):
    for opens, closes in calendars._open(calendar, moment - timedelta(days=2)):
        if opens > moment + timedelta(days=2):
            return
        yield opens, closes


@pytest.mark.parametrize(
    ("start", "hours", "end"),
    [
        pytest.param("2026-05-27T09:00+01:00", 8, "2026-05-27T17:00+01:00", id="one-day"),
        pytest.param("2026-05-27T16:00+01:00", 2, "2026-05-28T10:00+01:00", id="overnight"),
        pytest.param("2026-05-29T16:00+01:00", 2, "2026-06-01T10:00+01:00", id="weekend"),
        pytest.param("2026-05-22T16:00+01:00", 2, "2026-05-26T10:00+01:00", id="bank-holiday"),
        pytest.param("2026-05-30T12:00+01:00", 0, "2026-06-01T09:00+01:00", id="nothing-to-count"),
        pytest.param("2026-10-23T16:00+01:00", 2, "2026-10-26T10:00+00:00", id="clocks-go-back"),
    ],
)
def test_office_hours_are_counted_as_people_count_them(start, hours, end):
    found = calendars.add(OFFICE, datetime.fromisoformat(start), hours * HOUR)

    assert found == datetime.fromisoformat(end)


@pytest.mark.parametrize(
    ("evening", "counted"),
    [
        pytest.param("2026-03-28", 7, id="an-hour-is-skipped"),
        pytest.param("2026-06-10", 8, id="any-night"),
        pytest.param("2026-10-24", 9, id="an-hour-comes-twice"),
    ],
)
def test_a_night_is_as_long_as_it_really_was(evening, counted):
    start = datetime.fromisoformat(f"{evening}T12:00+00:00")

    assert calendars.between(NIGHTS, start, start + timedelta(hours=24)) == counted * HOUR


def test_without_a_calendar_every_hour_counts():
    start = datetime(2026, 5, 30, 12, tzinfo=UTC)

    assert calendars.add(None, start, 30 * HOUR) == start + 30 * HOUR
    assert calendars.back(None, start, 30 * HOUR) == start - 30 * HOUR
    assert calendars.between(None, start, start + HOUR) == HOUR
    assert calendars.words(None) == "every hour of every day"


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        pytest.param(
            {"country": "GB", "part": "eng", "closed": ["2026-12-24"]},
            "Monday to Friday, 09:00 to 17:30 (Europe/London), without public holidays of United"
            " Kingdom (ENG), and without 1 day of its own",
            id="office",
        ),
        pytest.param(
            {"days": [0, 1, 5], "zone": "America/New_York"},
            "Monday, Tuesday and Saturday, 09:00 to 17:30 (America/New York)",
            id="single-days",
        ),
        pytest.param(
            {"days": list(range(7)), "closes": "09:00"},
            "Monday to Sunday, all day from 09:00 (Europe/London)",
            id="round-the-clock",
        ),
    ],
)
def test_a_calendar_says_what_it_counts(raw, told):
    base = {"zone": "Europe/London", "days": [0, 1, 2, 3, 4], "opens": "09:00", "closes": "17:30"}

    assert calendars.words(calendars.parse(base | raw)) == told


@pytest.mark.parametrize(
    ("raw", "field", "text"),
    [
        pytest.param({"days": []}, "days", "Tick at least one day.", id="no-day"),
        pytest.param({"opens": "9"}, "opens", "Write a time such as 09:00.", id="no-time"),
        pytest.param({"country": "ZZ"}, "country", "Choose a country of the list.", id="nowhere"),
        pytest.param(
            {"country": "GB", "part": "TX"},
            "part",
            "There is no such part of the country. Write one of: ENG, NIR, SCT, WLS.",
            id="elsewhere",
        ),
        pytest.param(
            {"closed": ["Christmas"]},
            "closed",
            "“Christmas” is no day. Write one on a line, as in 2026-12-24.",
            id="no-date",
        ),
    ],
)
def test_a_calendar_that_cannot_be_used_names_what_is_wrong(raw, field, text):
    base = {"zone": "UTC", "days": [0], "opens": "09:00", "closes": "17:00"}

    with pytest.raises(CalendarInvalid) as refused:
        calendars.parse(base | raw)

    assert (refused.value.field, str(refused.value)) == (field, text)


def test_the_last_working_days_of_a_month_leave_out_its_holidays():
    day = date(2026, 12, 24)

    assert calendars.working_days_left(None, day) == 5
    # The 25th, and the 28th in lieu of a Saturday.
    assert calendars.working_days_left(OFFICE, day) == 3
    assert calendars.parse({}) is None


@pytest.mark.parametrize(
    ("day", "left"),
    [
        pytest.param(date(2026, 5, 13), 12, id="mid-month"),
        pytest.param(date(2026, 5, 26), 3, id="tuesday-before-a-weekend-end"),
        pytest.param(date(2026, 5, 25), 4, id="monday-before"),
        pytest.param(date(2026, 5, 30), 0, id="the-last-saturday"),
        pytest.param(date(2026, 12, 31), 0, id="the-last-day"),
        pytest.param(date(2028, 2, 28), 1, id="leap-year"),
    ],
)
def test_working_days_are_counted_to_the_end_of_the_month(day, left):
    assert calendars.working_days_left(None, day) == left
