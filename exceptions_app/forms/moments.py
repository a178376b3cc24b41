"""A moment as it is written in the time zone of a bridge."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

WRITTEN = "%Y-%m-%dT%H:%M"


class LocalMomentField(forms.DateTimeField):
    """Day and time of day without a zone: a naive moment, whatever zone its reader is in."""

    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format=WRITTEN)

    def to_python(self, value: Any) -> datetime | None:
        # A time that the reader's own zone skips is a time in others: UTC skips none.
        with timezone.override(UTC):
            found: datetime | None = super().to_python(value)
        return found.replace(tzinfo=None) if found else None


def in_zone(local: datetime, zone: str, *, is_later: bool = False) -> datetime:
    """The moment that clocks in `zone` show as `local`; of two such the earlier, or the later one.

    Raises:
        ValidationError: clocks went forward past it, so no clock there showed it.
    """
    found = local.replace(tzinfo=ZoneInfo(zone), fold=int(is_later))
    if found.astimezone(UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None) != local:
        raise ValidationError(
            f"On {local.day} {local:%b %Y} clocks in {zone} went past {local:%H:%M}. "
            "Choose an hour before or after."
        )
    return found
