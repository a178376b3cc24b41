"""Posting windows: times of day, in the bridge's zone, in which a kind of document may leave.

R010, R024: while a window is shut the document waits, and waiting is not failing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_WINDOW = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")


@dataclass(frozen=True, slots=True)
class Window:
    """From `opens` until just before `closes`, every day; one that closes earlier ends next day."""

    opens: time
    closes: time


def parse(text: str) -> tuple[Window, ...]:
    """Windows from "02:00-04:00, 13:00-14:00".

    Raises ValueError for anything else, an empty text and a window of no length.
    """
    found = []
    for part in text.split(","):
        match = _WINDOW.fullmatch(part.strip())
        if match is None:
            raise ValueError(f"{part.strip()!r} is not a window like 02:00-04:00")
        hours = [int(group) for group in match.groups()]
        window = Window(time(hours[0], hours[1]), time(hours[2], hours[3]))
        if window.opens == window.closes:
            raise ValueError(f"{part.strip()} opens and closes at the same time")
        found.append(window)
    return tuple(found)


def is_schedule(text: str) -> bool:
    try:
        parse(text)
    except ValueError:
        return False
    return True


def next_open(windows: Sequence[Window], *, now: datetime, zone: str) -> datetime:
    """The moment (UTC) from which a document may leave: `now` itself while a window is open.

    Wall-clock times are the zone's; an hour the clock skips opens when the clock goes on.
    """
    local = now.astimezone(ZoneInfo(zone))
    moments = []
    for window in windows:
        for days in (-1, 0, 1, 2):
            day = (local + timedelta(days=days)).date()
            opens = _moment(day, window.opens, zone)
            ends = day if window.closes > window.opens else day + timedelta(days=1)
            closes = _moment(ends, window.closes, zone)
            if opens <= now < closes:
                return now
            if opens > now:
                moments.append(opens)
    return min(moments)


def next_opening(windows: Sequence[Window], *, after: datetime, zone: str) -> datetime:
    """The first moment (UTC) later than `after` at which a window opens, open ones left out."""
    local = after.astimezone(ZoneInfo(zone))
    days = [(local + timedelta(days=ahead)).date() for ahead in range(3)]
    opens = (_moment(day, window.opens, zone) for window in windows for day in days)
    return min(moment for moment in opens if moment > after)


def missed_since(
    windows: Sequence[Window], *, created_at: datetime, now: datetime, zone: str
) -> datetime | None:
    """When the last window opened that has passed as a whole since `created_at`; None for none."""
    local = now.astimezone(ZoneInfo(zone))
    passed = []
    for window in windows:
        for days in (-1, -2, 0):
            day = (local + timedelta(days=days)).date()
            opens = _moment(day, window.opens, zone)
            ends = day if window.closes > window.opens else day + timedelta(days=1)
            if created_at <= opens and _moment(ends, window.closes, zone) <= now:
                passed.append(opens)
    return max(passed, default=None)


def _moment(day: date, at: time, zone: str) -> datetime:
    return datetime.combine(day, at, ZoneInfo(zone)).astimezone(UTC)
