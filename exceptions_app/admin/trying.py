"""A change tried on returns of the past from its page of set-up, before it is in force."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest
from django.utils import timezone

from exceptions_app.models import Bulk
from exceptions_app.permissions import actor_of
from exceptions_app.services import bulk


def tried(request: HttpRequest, days: str, freeze: Callable[..., Bulk]) -> Bulk:
    """Freeze the returns of `days` and start: it only reads, so nobody is asked first.

    Raises:
        DeskError: as `freeze`, which is given days, actor and now.
    """
    actor, now = actor_of(request), timezone.now()
    found = freeze(days=number(days), actor=actor, now=now)
    return bulk.start(bulk_id=found.pk, given={}, actor=actor, now=now)


def number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else 0
