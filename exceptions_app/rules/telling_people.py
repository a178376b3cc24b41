"""What people are asked for, in the words of a message: a note, a question, an approval (R114).

A message says who asks, about what, by when and where. What a note or a question says is left on
its page, for people write names of customers there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from exceptions_app.rules import telling

# What comes within this time of a message of its kind is told together afterwards.
GATHER = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Asked:
    """One thing somebody is asked for. `due_at` is None where no time was set."""

    what: str
    due_at: datetime | None
    url: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """Requests for one kind of change on one bridge that wait; `sums` is money per currency."""

    what: str
    count: int
    askers: tuple[str, ...]
    sums: tuple[tuple[str, Decimal], ...]
    due_at: datetime | None


def mentions(rows: Sequence[Asked], *, url: str, zone: str, now: datetime) -> telling.Words:
    """Notes that name the reader, newest last; `url` is where all of them stand."""
    one = rows[0].what if len(rows) == 1 else ""
    return _words(one or f"{len(rows)} notes are for you", rows, url, zone, now)


def questions(
    rows: Sequence[Asked], *, whose: str, url: str, zone: str, now: datetime
) -> telling.Words:
    """Questions that wait for an answer of a team, due first."""
    one = rows[0].what if len(rows) == 1 else ""
    return _words(one or f"{len(rows)} questions wait for {whose}", rows, url, zone, now)


def approvals(
    rows: Sequence[Wanted], *, count: int, url: str, zone: str, now: datetime
) -> telling.Words:
    """Changes that wait for somebody's approval, in one line for each kind and bridge."""
    lines = [_wanted(row, zone) for row in rows[: telling.IN_ONE]]
    more = len(rows) - telling.IN_ONE
    if more > 0:
        lines.append(f"And {more} more kinds.")
    waits = "change waits" if count == 1 else "changes wait"
    lines += [f"Decide on {'it' if count == 1 else 'them'}: {url}", _as_of(zone, now)]
    return telling.Words(f"{count:,} {waits} for your approval", "\n".join(lines))


def _words(title: str, rows: Sequence[Asked], url: str, zone: str, now: datetime) -> telling.Words:
    lines = [f"{row.what}{_by(row.due_at, zone)}: {row.url}" for row in rows[: telling.IN_ONE]]
    more = len(rows) - telling.IN_ONE
    if more > 0:
        lines.append(f"And {more} more.")
    if len(rows) > 1:
        lines.append(f"All of them: {url}")
    return telling.Words(telling.cut(title), "\n".join([*lines, _as_of(zone, now)]))


def _wanted(row: Wanted, zone: str) -> str:
    sums = f", {telling.sums_words(row.sums)}" if row.sums else ""
    askers = ", ".join(row.askers[:3]) + (" and others" if len(row.askers) > 3 else "")
    return f"{row.what}: {row.count:,}{sums}, asked for by {askers}{_by(row.due_at, zone)}."


def _by(due_at: datetime | None, zone: str) -> str:
    return f", by {telling.when(due_at, zone)}" if due_at else ""


def _as_of(zone: str, now: datetime) -> str:
    return f"As of {telling.when(now, zone)} ({zone})."
