"""Which hours of a team count: its days, its times of day, public holidays, days of its own.

Every span here is time that really passes; the wall clock only says when a day opens and closes.
Where a clock is put forward or back, that day is an hour shorter or longer.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import cast
from zoneinfo import ZoneInfo

import holidays
from holidays.registry import COUNTRIES

from exceptions_app.choices import EscalationStep

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
# More than a year's worth of days of one's own is no calendar.
MOST_CLOSED = 200
MOST_HOURS = 1_000
_NONE = timedelta(0)
_DAY = timedelta(days=1)
_TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")
_SATURDAY = 5


class CalendarInvalid(ValueError):
    """The calendar cannot be used; `field` is what is wrong, the text says what it takes."""

    def __init__(self, field: str, text: str) -> None:
        super().__init__(text)
        self.field = field


Span = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Calendar:
    """`days` are weekdays, Monday is 0; there is at least one.

    A day that closes no later than it opens ends on the day after (a night shift); public holidays
    and `closed` are the days on which it would open.
    """

    zone: str
    days: frozenset[int]
    opens: time
    closes: time
    country: str = ""
    part: str = ""
    closed: frozenset[date] = frozenset()

    def is_working(self, day: date) -> bool:
        if day.weekday() not in self.days or day in self.closed:
            return False
        return not self.country or day not in _public(self.country, self.part, day.year)


def parse(raw: Mapping[str, object]) -> Calendar | None:
    """The calendar that `raw` describes; None, where it names no hours, counts every hour.

    Raises:
        CalendarInvalid: naming the first setting that cannot be used.
    """
    if "days" not in raw and "opens" not in raw:
        return None
    days = frozenset(int(str(each)) for each in cast("list[object]", raw.get("days") or []))
    if not days or not days <= set(range(len(DAYS))):
        raise CalendarInvalid("days", "Tick at least one day.")
    country, part = str(raw.get("country") or ""), str(raw.get("part") or "").upper()
    _check_place(country, part)
    own = cast("list[object]", raw.get("closed") or [])
    if len(own) > MOST_CLOSED:
        raise CalendarInvalid("closed", f"At most {MOST_CLOSED} days can be closed by hand.")
    return Calendar(
        zone=str(raw.get("zone") or "UTC"),
        days=days,
        opens=_time(raw, "opens"),
        closes=_time(raw, "closes"),
        country=country,
        part=part,
        closed=frozenset(_date(each) for each in own),
    )


def escalation(raw: Mapping[str, object]) -> tuple[tuple[int, timedelta], ...]:
    """After how much of its team's time past due each step of EscalationStep is told.

    Raises:
        CalendarInvalid: a number that cannot be used, or the next is told before the first.
    """
    first, then = _hours_of(raw, "tell_lead"), _hours_of(raw, "tell_next")
    if then and not first <= then:
        raise CalendarInvalid("tell_next", "Write as many hours as for the lead, or more.")
    told = ((EscalationStep.LEAD.value, first), (EscalationStep.NEXT.value, then))
    return tuple((step, span) for step, span in told if span)


def _hours_of(raw: Mapping[str, object], name: str) -> timedelta:
    text = str(raw.get(name) or "0")
    if not text.isascii() or not text.isdigit() or int(text) > MOST_HOURS:
        raise CalendarInvalid(name, f"Write whole hours up to {MOST_HOURS}, or nothing.")
    return timedelta(hours=int(text))


def countries() -> tuple[tuple[str, str], ...]:
    """Codes and names of the countries whose public holidays are known, by name."""
    names = {row[1]: name.replace("_", " ").title() for name, row in COUNTRIES.items()}
    known = holidays.list_supported_countries(include_aliases=False)
    return tuple(sorted(((code, names.get(code, code)) for code in known), key=lambda row: row[1]))


def add(calendar: Calendar | None, start: datetime, span: timedelta) -> datetime:
    """The moment (UTC) at which `span` has been counted since `start`.

    It lies within the hours of the calendar, their end included; a span of nothing ends where
    the next hours begin. Without a calendar every hour counts.
    """
    if calendar is None:
        return start.astimezone(UTC) + span
    left = span
    for opens, closes in _open(calendar, start):
        begin = max(opens, start)
        if left <= closes - begin:
            return begin + left
        left -= closes - begin
    raise AssertionError("a calendar has hours without end")


def due(
    calendar: Calendar | None, start: datetime, span: timedelta, pauses: Iterable[Span] = ()
) -> datetime:
    """As `add`, without what was counted in `pauses`: in their order, none overlapping another.

    A pause that begins when the span is over moves nothing.
    """
    end = add(calendar, start, span)
    for begins, ends in pauses:
        if begins < end:
            span += between(calendar, max(begins, start), ends)
            end = add(calendar, start, span)
    return end


def back(calendar: Calendar | None, end: datetime, span: timedelta) -> datetime:
    """The latest moment (UTC) since which `span`, more than nothing, is counted up to `end`."""
    if calendar is None:
        return end.astimezone(UTC) - span
    left = span
    for opens, closes in _open_before(calendar, end):
        stop = min(closes, end)
        if left <= stop - opens:
            return stop - left
        left -= stop - opens
    raise AssertionError("a calendar has hours without end")


def between(calendar: Calendar | None, start: datetime, end: datetime) -> timedelta:
    """How much of the time from `start` to `end` counts; nothing where `end` is not later."""
    if end <= start:
        return _NONE
    if calendar is None:
        return end - start
    counted = _NONE
    for opens, closes in _open(calendar, start):
        if opens >= end:
            return counted
        counted += min(closes, end) - max(opens, start)
    raise AssertionError("a calendar has hours without end")


def working_days_left(calendar: Calendar | None, day: date) -> int:
    """Working days after `day` up to the last of its month.

    Without a calendar these are Mondays to Fridays, and public holidays count as work.
    """
    last = monthrange(day.year, day.month)[1]
    later = (day + _DAY * ahead for ahead in range(1, last - day.day + 1))
    if calendar is None:
        return sum(each.weekday() < _SATURDAY for each in later)
    return sum(calendar.is_working(each) for each in later)


def words(calendar: Calendar | None) -> str:
    """ "Monday to Friday, 09:00 to 17:30 (Europe/London), without public holidays of …"."""
    if calendar is None:
        return "every hour of every day"
    told = f"{_days(calendar.days)}, {calendar.opens:%H:%M} to {calendar.closes:%H:%M}"
    if calendar.opens == calendar.closes:
        told = f"{_days(calendar.days)}, all day from {calendar.opens:%H:%M}"
    told += f" ({calendar.zone.replace('_', ' ')})"
    if calendar.country:
        place = dict(countries()).get(calendar.country, calendar.country)
        place += f" ({calendar.part})" if calendar.part else ""
        told += f", without public holidays of {place}"
    if calendar.closed:
        count = len(calendar.closed)
        told += f", and without {count} day{'' if count == 1 else 's'} of its own"
    return told


def counted(calendar: Calendar | None, span: timedelta) -> str:
    """ "8 h of Monday to Friday, 09:00 to 17:30 (Europe/London)", or "8 h, day and night"."""
    if calendar is None:
        return f"{span_words(span)}, day and night"
    return f"{span_words(span)} of {words(calendar)}"


def span_words(span: timedelta) -> str:
    """ "8 h", "45 min", "2 h 30 min", never less than nothing."""
    minutes = max(0, span // timedelta(minutes=1))
    hours, rest = divmod(minutes, 60)
    if not rest:
        return f"{hours} h"
    return f"{hours} h {rest} min" if hours else f"{rest} min"


def _days(days: frozenset[int]) -> str:
    """Runs of three and more days as "Monday to Friday", the others one by one."""
    runs: list[list[int]] = []
    for each in sorted(days):
        if runs and runs[-1][-1] == each - 1:
            runs[-1].append(each)
        else:
            runs.append([each])
    told = []
    for run in runs:
        if len(run) > 2:
            told.append(f"{DAYS[run[0]]} to {DAYS[run[-1]]}")
        else:
            told += [DAYS[each] for each in run]
    return " and ".join([", ".join(told[:-1]), told[-1]]) if len(told) > 1 else told[0]


def _open(calendar: Calendar, start: datetime) -> Iterator[Span]:
    """The hours that end after `start`, in their order, without end; none overlaps another."""
    day = start.astimezone(ZoneInfo(calendar.zone)).date() - 2 * _DAY
    while True:
        opens, closes = _hours(calendar, day)
        if max(opens, start) < closes:
            yield opens, closes
        day += _DAY


def _open_before(calendar: Calendar, end: datetime) -> Iterator[Span]:
    """The hours that begin before `end`, the last first, without end; none overlaps another."""
    day = end.astimezone(ZoneInfo(calendar.zone)).date() + 2 * _DAY
    while True:
        opens, closes = _hours(calendar, day)
        if opens < min(end, closes):
            yield opens, closes
        day -= _DAY


def _hours(calendar: Calendar, day: date) -> Span:
    """When the hours of a day begin and end; they end where they begin when nobody works.

    A clock that is put forward may push the end of a night into the next day's beginning.
    """
    opens, closes = _by_the_wall(calendar, day)
    if not calendar.is_working(day):
        return opens, opens
    if calendar.closes <= calendar.opens and calendar.is_working(day - _DAY):
        opens = max(opens, _by_the_wall(calendar, day - _DAY)[1])
    return opens, closes


def _by_the_wall(calendar: Calendar, day: date) -> Span:
    zone = ZoneInfo(calendar.zone)
    ends = day if calendar.closes > calendar.opens else day + _DAY
    opens = datetime.combine(day, calendar.opens, zone).astimezone(UTC)
    return opens, datetime.combine(ends, calendar.closes, zone).astimezone(UTC)


@lru_cache(maxsize=512)
def _public(country: str, part: str, year: int) -> frozenset[date]:
    return frozenset(holidays.country_holidays(country, subdiv=part or None, years=year))


def _check_place(country: str, part: str) -> None:
    known = holidays.list_supported_countries(include_aliases=True)
    if country and country not in known:
        raise CalendarInvalid("country", "Choose a country of the list.")
    parts = known.get(country, [])
    if part and part not in {each.upper() for each in parts}:
        asked = f"Write one of: {', '.join(parts)}." if parts else "Leave it empty."
        raise CalendarInvalid("part", f"There is no such part of the country. {asked}")


def _time(raw: Mapping[str, object], name: str) -> time:
    match = _TIME.fullmatch(str(raw.get(name) or ""))
    if match is None:
        raise CalendarInvalid(name, "Write a time such as 09:00.")
    return time(int(match[1]), int(match[2]))


def _date(raw: object) -> date:
    try:
        return date.fromisoformat(str(raw))
    except ValueError:
        text = f"“{str(raw)[:20]}” is no day. Write one on a line, as in 2026-12-24."
        raise CalendarInvalid("closed", text) from None
