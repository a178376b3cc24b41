"""Failed tries to sign in, counted per user name and address over all web processes."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from django.db import connection

from exceptions_app.models import SignInTry

TRIES = 5
WINDOW = timedelta(minutes=15)

_COUNT = """
INSERT INTO exceptions_app_signintry AS old (key, failures, first_at) VALUES (%s, 1, %s)
ON CONFLICT (key) DO UPDATE SET
    failures = CASE WHEN old.first_at <= %s THEN 1 ELSE old.failures + 1 END,
    first_at = CASE WHEN old.first_at <= %s THEN excluded.first_at ELSE old.first_at END
"""


def is_waiting(*, username: str, address: str, now: datetime) -> bool:
    """Whether this name must wait at this address: `TRIES` failures within `WINDOW`."""
    return SignInTry.objects.filter(
        key=_key(username, address), failures__gte=TRIES, first_at__gt=now - WINDOW
    ).exists()


def note_failure(*, username: str, address: str, now: datetime) -> None:
    """Count one failure, atomically, and drop rows whose window is over."""
    start = now - WINDOW
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, [_key(username, address), now, start, start])
    SignInTry.objects.filter(first_at__lte=start).delete()


def note_success(*, username: str, address: str) -> None:
    SignInTry.objects.filter(key=_key(username, address)).delete()


def _key(username: str, address: str) -> str:
    """Names compare without case, so that case is no way around the limit."""
    return hashlib.sha256(f"{username.strip().casefold()}\0{address}".encode()).hexdigest()
