"""Which changes of a case are changes of its figures only, and what a figure has to reach."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from exceptions_app.catalogue.wording import AMOUNT_FACTS

_FIGURES = AMOUNT_FACTS | {"units", "sold", "returned", "waiting", "copies", "attempts"}


def are_only_figures(before: Mapping[str, object], after: Mapping[str, object]) -> bool:
    """Whether two sets of facts tell the same but for amounts and counts."""
    names = before.keys() | after.keys()
    return {name for name in names if before.get(name) != after.get(name)} <= _FIGURES


def growth_flaw(growth: Decimal | None, *, places: int) -> str:
    """Why a figure cannot be asked to grow by `growth`, in words for who asked; "" when it can.

    `places` is how many decimals the figure has: none for a count.
    """
    if growth is None or not growth.is_finite() or growth <= 0:
        return "Say by how much it has to grow, more than nothing."
    exponent = growth.normalize().as_tuple().exponent
    if isinstance(exponent, int) and -exponent > places:
        return f"Give at most {places} decimals." if places else "Give a whole number."
    return ""


def month(day: date) -> str:
    """ "2026-04" """
    return f"{day:%Y-%m}"


def next_month(*, now: datetime, zone: str) -> str:
    """The month after this one where the company is: "2026-12"."""
    today = now.astimezone(ZoneInfo(zone)).date()
    years, ahead = divmod(today.month, 12)
    return month(date(today.year + years, ahead + 1, 1))


def has_begun(period: str, *, now: datetime, zone: str) -> bool:
    return period <= month(now.astimezone(ZoneInfo(zone)).date())
