"""The first and last day of sale for which an alias is to answer, checked before it is kept."""

from __future__ import annotations

from exceptions_app import errors
from exceptions_app.rules import sale_days
from exceptions_app.rules.change_words import DAYS


def clean(target: dict[str, str]) -> dict[str, str]:
    """The days among what was said of an alias, as stored; only those that were said.

    Raises:
        InvalidChoice: one is no day, or they are the wrong way round.
    """
    found = {}
    for name in DAYS:
        try:
            day = sale_days.parsed(target.get(name, ""))
        except ValueError as error:
            raise errors.InvalidChoice(
                f"{target[name]} is no day. Write it as 2026-06-01, or leave it empty."
            ) from error
        if day is not None:
            found[name] = day.isoformat()
    if len(found) == len(DAYS) and found["valid_from"] > found["valid_until"]:
        raise errors.InvalidChoice("The first day of sale is after the last one.")
    return found
