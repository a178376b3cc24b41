"""How long a claim is ours before another worker may take it over."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings


def lease(*, seconds: int) -> timedelta:
    """`seconds`; the fault tests cannot wait as long and set RETURNSBRIDGE_LEASE_SECONDS."""
    return timedelta(seconds=getattr(settings, "RETURNSBRIDGE_LEASE_SECONDS", seconds))
