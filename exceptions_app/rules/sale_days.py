"""From which day until which an alias answers, by the day an order was placed."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Days:
    """Both days are in it; None is open on that side."""

    since: date | None = None
    until: date | None = None

    def holds(self, day: date) -> bool:
        is_begun = self.since is None or self.since <= day
        return is_begun and (self.until is None or day <= self.until)

    @property
    def words(self) -> str:
        """ "from 1 Jun 2026 until 31 Jul 2026", "until 31 Jul 2026"; "" for always."""
        parts = (("from", self.since), ("until", self.until))
        return " ".join(f"{word} {day_words(day)}" for word, day in parts if day is not None)


ALWAYS = Days()


def day_words(day: date) -> str:
    """ "3 May 2026"."""
    return f"{day.day} {calendar.month_abbr[day.month]} {day.year}"


def parsed(text: str) -> date | None:
    """A day as a form or a file says it, "2026-06-01"; None where nothing is said.

    A spreadsheet may add an empty time of day.

    Raises:
        ValueError: it is no day.
    """
    plain = text.strip().removesuffix(" 00:00:00")
    return date.fromisoformat(plain) if plain else None
