"""Who reads a feed of a connection now, and when it is due again: one row per feed, one lease."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q

from connectors.errors import ConnectorError, RetryLater
from exceptions_app import jobs
from exceptions_app.models import Connection, Watermark
from exceptions_app.models.statements import Select
from exceptions_app.services import health, leases
from exceptions_app.services.faultpoints import reach

LEASE = leases.lease(seconds=600)
ASK_AGAIN_AFTER = 60


def read(
    *,
    connection: Connection,
    feed: str,
    every: timedelta,
    act: Callable[[Watermark], str | None],
    now: datetime,
) -> bool:
    """Run `act` for the feed if it is due and nobody else reads it; whether it was read.

    The mark moves only after everything `act` read has landed, to when the reading began. Where
    `act` returns a cursor it has not come to the end: the feed is due at once, goes on from there
    and its mark stays. Connector errors never leave here: the feed is put off, and the connection's
    health hears of it.
    """
    mark = _claim(connection, feed, now)
    if mark is None:
        return False
    if not health.may_call(connection_id=connection.pk, now=now):
        # The feed is given back: its lease would outlast the pause of the connection.
        _put_off(mark, now + health.PROBE_EVERY)
        return False
    try:
        cursor = act(mark) or ""
    except ConnectorError as error:
        health.note_failure(connection_id=connection.pk, error=error, now=now)
        if not isinstance(error, RetryLater):
            begin_anew(mark)
        after = getattr(error, "after_seconds", None) or ASK_AGAIN_AFTER
        _put_off(mark, now + timedelta(seconds=after))
        return False
    health.note_success(connection_id=connection.pk, now=now)
    reach("poll_stored")
    keep(mark, cursor, now, next_at=now if cursor else now + every, lease_until=None)
    if cursor:
        jobs.nudge("poll")
    return True


def keep(mark: Watermark, cursor: str, now: datetime, **values: Any) -> None:
    """Write how far a reading came: at its end, without `cursor`, the mark moves to its beginning.

    `values` are further fields to set, by name.
    """
    began_at = mark.began_at or now
    if cursor:
        values |= {"cursor": cursor, "began_at": began_at}
    else:
        values |= {"cursor": "", "began_at": None, "read_at": began_at}
    Watermark.objects.filter(pk=mark.pk).update(**values)


def begin_anew(mark: Watermark) -> None:
    """Forget where a reading stood: a cursor that was refused once would be refused for ever."""
    Watermark.objects.filter(pk=mark.pk).update(cursor="", began_at=None)


def is_due(*, connection: Connection, feed: str, now: datetime) -> bool:
    """Whether a reader would take the feed; a feed never read is due."""
    return not _WAITING.exists(connection=connection.pk, feed=feed, now=now)


_WAITING = Select(
    lambda connection, feed, now: Watermark.objects.filter(
        Q(next_at__gt=now) | Q(lease_until__gte=now), connection=connection, feed=feed
    )
)


def hasten(*, connection_id: int, feed: str, now: datetime) -> None:
    """Make a feed that is read at all due at once, and wake its reader."""
    if Watermark.objects.filter(connection_id=connection_id, feed=feed).update(next_at=now):
        jobs.nudge("poll")


def pass_over(
    *, connection: Connection, feed: str, position: str, at: datetime, every: timedelta
) -> None:
    """Note that there was nothing to read up to `position`: no call, so no news of the connection's
    health."""
    Watermark.objects.update_or_create(
        connection=connection,
        feed=feed,
        defaults={"position": position, "read_at": at, "next_at": at + every},
    )


def _claim(connection: Connection, feed: str, now: datetime) -> Watermark | None:
    with transaction.atomic():
        mark, _ = Watermark.objects.get_or_create(connection=connection, feed=feed)
        won = (
            Watermark.objects.filter(pk=mark.pk)
            .filter(Q(next_at__isnull=True) | Q(next_at__lte=now))
            .filter(Q(lease_until__isnull=True) | Q(lease_until__lt=now))
            .update(lease_until=now + LEASE)
        )
    return mark if won else None


def _put_off(mark: Watermark, until: datetime) -> None:
    Watermark.objects.filter(pk=mark.pk).update(next_at=until, lease_until=None)
