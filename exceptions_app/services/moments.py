"""How a moment is written inside a sentence that is kept or shown as it is."""

from __future__ import annotations

from datetime import datetime

from django.utils import dateformat, timezone


def written(at: datetime) -> str:
    """Return "27 May 2026, 09:12" in the current time zone."""
    return dateformat.format(timezone.localtime(at), "j M Y, H:i")
