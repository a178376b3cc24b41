"""On which days a document of a return may be posted, as far as we know of the books (R059)."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from exceptions_app import errors
from exceptions_app.models import Bridge, Rma
from exceptions_app.rules import dating
from exceptions_app.selectors import erp_told, months

# How many days ahead of today a document may be posted, and how many back.
_AHEAD = 31
_BACK = 366


def clean(payload: dict[str, Any], *, bridge: Bridge, rma: Rma, now: datetime) -> str:
    """The day of `payload` as stored, "2026-05-01".

    Raises:
        InvalidChoice: it is no date, lies in a month that is closed, refused, or before one, or
            before the return was asked for, or is too far off; the text says which would do.
    """
    try:
        chosen = date.fromisoformat(str(payload.get("date", "")))
    except ValueError as error:
        raise errors.InvalidChoice("Give a date, for example 2026-05-01.") from error
    _check_month(chosen, bridge, rma)
    _check_distance(chosen, bridge, now)
    asked = company_day(bridge, rma.requested_at)
    if chosen < asked:
        raise errors.InvalidChoice(
            f"The return was asked for on {asked.day} {asked:%B %Y}; nothing of it can be booked "
            "before that. Choose that day or a later one."
        )
    return chosen.isoformat()


def _check_month(chosen: date, bridge: Bridge, rma: Rma) -> None:
    known, month = months.of(bridge, rma), dating.month(chosen)
    if month in {*known.told, *known.noted}:
        raise errors.InvalidChoice(f"{chosen:%B %Y} is locked. Choose a date in an open month.")
    refused = dict(known.refused)
    if month in refused:
        raise errors.InvalidChoice(
            f"{bridge.erp.name} refused {refused[month]} for {chosen:%B %Y}. Choose a date in "
            "another month, or send it again once that month is open."
        )
    if after := dating.closed_after(month, known.closed, is_told=known.read_at is not None):
        later = date.fromisoformat(f"{after}-01")
        raise errors.InvalidChoice(
            f"{chosen:%B %Y} is before {later:%B %Y}, which is closed in {bridge.erp.name}, and "
            f"months are closed in order. Choose a date after {later:%B %Y}."
        )


def _check_distance(chosen: date, bridge: Bridge, now: datetime) -> None:
    today = company_day(bridge, now)
    latest = max(today + timedelta(days=_AHEAD), first_open_day(bridge, now))
    if chosen > latest:
        raise errors.InvalidChoice(
            f"Choose a date no later than {latest.day} {latest:%B %Y}; documents are not posted "
            "further ahead."
        )
    if (today - chosen).days > _BACK:
        raise errors.InvalidChoice("Choose a date within a year of today.")


def company_day(bridge: Bridge, now: datetime) -> date:
    """The day of `now`, where the books of `bridge` are kept."""
    return now.astimezone(ZoneInfo(bridge.timezone)).date()


def first_open_day(bridge: Bridge, now: datetime) -> date:
    """Today, or the first day of the next month that is not locked."""
    day, closed = company_day(bridge, now), erp_told.closed_periods_of(bridge)
    while day.strftime("%Y-%m") in closed:
        day = (day.replace(day=1) + timedelta(days=32)).replace(day=1)
    return day
