"""Compare what a platform lists as changed with what came from it, once a day (R092, R105).

Polls begin where the last one ended, so a change that a platform shows late, or forgets to show, is
never listed to them. What is missing is read at once; that it was missing is an exception until
nothing is.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import Sum, Value
from django.db.models.functions import Coalesce, NullIf

from connectors.errors import ConnectorError
from connectors.ports import Source
from exceptions_app.choices import CASE_OPEN, RefundStatus
from exceptions_app.models import Case, Connection, InboundEvent, Refund, Watermark
from exceptions_app.models.statements import Select
from exceptions_app.rules import upkeep
from exceptions_app.services import cases, connections, events, feeds, pacing, subjects

FEED = "gaps"
PURPOSE = "gaps"
EVERY = timedelta(days=1)
# While something is missing it is looked at again this soon.
AGAIN = timedelta(hours=1)
# What is compared: a day, and the hours that two looks may be apart besides.
WINDOW = timedelta(hours=26)
# Looked back at most this far, however long something is missing.
MOST_BACK = timedelta(days=7)
MOST_PAGES = 50
# Changes this young may still be on their way.
YOUNG = timedelta(minutes=30)
# A platform whose polls are behind has exceptions of its own.
POLLED_WITHIN = timedelta(hours=1)

_SOURCES = Select(
    lambda: Connection.objects.filter(is_active=True, source_bridges__is_active=True).distinct()
)


def look_due(*, now: datetime) -> int:
    """Compare each platform whose time has come; returns how many were asked."""
    return sum(_look(source, now) for source in _SOURCES.rows())


def _look(connection: Connection, now: datetime) -> bool:
    if not feeds.is_due(connection=connection, feed=FEED, now=now):
        return False
    is_polled = Watermark.objects.filter(
        connection=connection, feed="rmas", read_at__gte=now - POLLED_WITHIN
    ).exists()
    if not is_polled or not pacing.has_room(connection=connection, now=now):
        return False
    try:
        source = connections.source(connection=connection, reason=PURPOSE)
    except ConnectorError:
        # It cannot be opened: the poll tells of it.
        return False
    if not source.capabilities.can_list:
        return False
    is_read = feeds.read(
        connection=connection,
        feed=FEED,
        every=EVERY,
        act=lambda mark: _compare(connection, source, now),
        now=now,
    )
    if is_read and _since_told(connection) is not None:
        Watermark.objects.filter(connection=connection, feed=FEED).update(next_at=now + AGAIN)
    return is_read


def _compare(connection: Connection, source: Source, now: datetime) -> None:
    since = max(_since_told(connection) or now - WINDOW, now - MOST_BACK)
    listed = _listed(source, since)
    missing = listed - _here(connection, listed, since)
    if missing:
        # The list carries no moments: what changed just now is told apart by asking for it alone.
        missing -= _listed(source, now - YOUNG)
    subject = replace(subjects.of_connection(connection), key=f"gap:connection:{connection.pk}")
    told = upkeep.missing_changes(
        connection.name,
        since,
        len(listed),
        len(missing),
        _worth(connection, missing, currency=subject.currency),
    )
    cases.sync(subject=subject, findings=told, now=now)
    for external_id in sorted(missing):
        events.receive(
            connection=connection,
            external_id=f"gap:{external_id}:{now:%Y%m%dT%H%M%S%f}",
            topic="GAP",
            origin="poll",
            body=external_id.encode(),
            now=now,
            subject_id=external_id,
        )


def _since_told(connection: Connection) -> datetime | None:
    """Since when changes are missing that are told of; None while none are."""
    case = Case.objects.filter(
        subject=f"gap:connection:{connection.pk}", status__in=CASE_OPEN
    ).first()
    return case.opened_at - WINDOW if case is not None else None


def _listed(source: Source, since: datetime) -> set[str]:
    found: set[str] = set()
    cursor = ""
    for _ in range(MOST_PAGES):
        page = source.changed_rmas(since=since, cursor=cursor)
        found.update(row.external_id for row in page.rows)
        cursor = page.next_cursor
        if not cursor:
            break
    return found


def _here(connection: Connection, external_ids: Collection[str], since: datetime) -> set[str]:
    """Those of which any message came since then, whatever became of it."""
    came = InboundEvent.objects.filter(
        connection=connection, subject_id__in=external_ids, received_at__gte=since
    )
    return set(came.order_by().values_list("subject_id", flat=True).distinct())


def _worth(connection: Connection, external_ids: Collection[str], *, currency: str) -> Decimal:
    """What is refunded in `currency` for those we know at all, as far as we know it."""
    if not external_ids:
        return Decimal(0)
    refunds = Refund.objects.filter(
        rma__bridge__source=connection, rma__external_id__in=external_ids
    ).exclude(status=RefundStatus.FAILED)
    paid = refunds.annotate(paid_in=Coalesce(NullIf("currency", Value("")), "rma__currency"))
    return paid.filter(paid_in=currency).aggregate(total=Sum("amount"))["total"] or Decimal(0)
