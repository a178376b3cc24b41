"""Read what changed from a returns platform. Polling is the truth; a webhook only hastens it.

A feed's watermark is the time its poll *started*, for list rows carry no change time. It moves
only after every page has landed, and the next poll begins an overlap before it, so nothing at the
edge is lost.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Max

from connectors.errors import ConnectorError
from connectors.ports import Source
from connectors.types import RmaPage, RmaRow
from exceptions_app.choices import EventState
from exceptions_app.models import Bridge, Connection, InboundEvent, Watermark
from exceptions_app.models.statements import Select
from exceptions_app.services import connections, events, feeds, health, item_checks, reference, rmas

OVERLAP = timedelta(minutes=15)
EVERY = timedelta(minutes=10)
# How far the platform's clock, and what it shows of a change, may be behind ours.
CLOCKS_APART = timedelta(minutes=2)
# How far back the first poll of a new connection reads.
FIRST_READ = timedelta(days=90)
# In one go; a reading that has more goes on from there, and other feeds have their turn.
PAGES_AT_ONCE = 1000
# In one poll; the others follow with the next.
MOST_REREADS = 200
_BRIDGES = Select(lambda: Bridge.objects.select_related("source", "erp").filter(is_active=True))
_ERPS = Select(
    lambda: Connection.objects.filter(is_active=True, erp_bridges__is_active=True).distinct()
)
_READ = Select(lambda connection, now: Watermark.objects.filter(connection=connection, read_at=now))


def poll_due(*, now: datetime) -> int:
    """Poll every feed that is due, of every active bridge; returns how many feeds were read."""
    count = 0
    for bridge in _BRIDGES.rows():
        count += _poll_feed(bridge, "rmas", _read_rmas, now)
        count += _poll_feed(bridge, "refunds", _read_refunds, now)
        events.wake_parked(connection=bridge.source, now=now)
        _read_again(bridge, now)
    return count


def poll_now(*, connection: Connection, now: datetime) -> None:
    """Make all feeds of a connection due at once."""
    for feed in ("rmas", "refunds"):
        Watermark.objects.get_or_create(connection=connection, feed=feed)
    Watermark.objects.filter(connection=connection, feed__in=["rmas", "refunds"]).update(
        next_at=now, lease_until=None
    )


def refresh_reference(*, now: datetime) -> int:
    """Bring the ERP's locations and item master up to date where their time has come."""
    count = 0
    for erp in _ERPS.rows():
        if not health.may_call(connection_id=erp.pk, now=now):
            continue
        try:
            count += reference.refresh_locations(connection=erp, now=now)
            count += reference.sync_items(connection=erp, now=now)
        except ConnectorError as error:
            health.note_failure(connection_id=erp.pk, error=error, now=now)
        else:
            # Only what was due was asked for; a copy that is young enough proves no answer.
            if _READ.exists(connection=erp.pk, now=now):
                health.note_success(connection_id=erp.pk, now=now)
                item_checks.look(connection=erp, now=now)
    return count


@transaction.atomic
def _read_again(bridge: Bridge, now: datetime) -> None:
    """Have returns read that the platform may have changed by itself, told or not."""
    for external_id in rmas.take_rereads(bridge=bridge, now=now, most=MOST_REREADS):
        events.receive(
            connection=bridge.source,
            external_id=f"again:{external_id}:{now:%Y%m%dT%H%M%S%f}",
            topic="AGAIN",
            origin="poll",
            body=external_id.encode(),
            now=now,
            subject_id=external_id,
        )


# With bridge, source, since, from which cursor on and now; returns where it stopped, "" at the end.
Reader = Callable[[Bridge, Source, datetime, str, datetime], str]


def _poll_feed(bridge: Bridge, feed: str, read: Reader, now: datetime) -> int:
    connection = bridge.source
    if not feeds.is_due(connection=connection, feed=feed, now=now) or _comes_as_files(connection):
        return 0

    def act(mark: Watermark) -> str:
        first = (mark.began_at or now) - FIRST_READ
        since = mark.read_at - _overlap(connection) if mark.read_at else first
        source = connections.source(connection=connection, reason="poll")
        return read(bridge, source, since, mark.cursor, now)

    every = _every(connection)
    return int(feeds.read(connection=connection, feed=feed, every=every, act=act, now=now))


def _comes_as_files(connection: Connection) -> bool:
    """Whether nobody confirmed yet how its API is asked: then no call is tried."""
    try:
        source = connections.source(connection=connection, reason="poll")
    except ConnectorError:
        return False
    return not source.capabilities.can_list


def _read_rmas(bridge: Bridge, source: Source, since: datetime, cursor: str, now: datetime) -> str:
    """Have every changed return read, those of the overlap only where that may bring news.

    The list carries no change time. A return that was read within the overlap, and is not among
    those changed since a little before that, is only listed again for the overlap's sake.
    """
    last_began = since + _overlap(bridge.source)
    before_last: _Listed = {}
    since_last: _Listed = {}
    for page in _pages(source, since, cursor):
        cursor = page.next_cursor
        read_at = _read_at(bridge.source, [row.external_id for row in page.rows], since)
        for row in page.rows:
            at = read_at.get(row.external_id)
            if at is None:
                _announce(bridge.source, row, now)
            else:
                listed_again = since_last if at >= last_began else before_last
                listed_again[row.external_id] = row, at
    for listed_again in (before_last, since_last):
        for row in _with_news(source, listed_again, since):
            _announce(bridge.source, row, now)
    return cursor


# Rows by the return's id, each with the moment from which its return is known.
_Listed = dict[str, tuple[RmaRow, datetime]]


def _pages(source: Source, since: datetime, cursor: str = "") -> Iterator[RmaPage]:
    for _ in range(PAGES_AT_ONCE):
        page = source.changed_rmas(since=since, cursor=cursor)
        yield page
        cursor = page.next_cursor
        if not cursor:
            return


def _read_at(
    connection: Connection, external_ids: Sequence[str], since: datetime
) -> dict[str, datetime]:
    """When a message of each of these returns was last handled, and so the return read.

    Those of which none was handled since `since` are absent.
    """
    handled = InboundEvent.objects.filter(
        connection=connection,
        subject_id__in=external_ids,
        state__in=(EventState.PROCESSED, EventState.QUIET),
        processed_at__gte=since,
    ).exclude(topic=events.REFUND_TOPIC)
    found = handled.order_by().values_list("subject_id").annotate(Max("processed_at"))
    return dict(found)


def _with_news(source: Source, listed_again: _Listed, since: datetime) -> Iterable[RmaRow]:
    """Of returns listed again, those changed since they were read; asked where it saves calls."""
    rows = [row for row, _ in listed_again.values()]
    if len(rows) <= source.capabilities.max_rmas_per_read:
        return rows
    certain_from = min(at for _, at in listed_again.values()) - CLOCKS_APART
    if certain_from <= since:
        return rows
    changed: set[str] = set()
    further = ""
    for page in _pages(source, certain_from):
        changed |= {row.external_id for row in page.rows}
        further = page.next_cursor
    if further:
        return rows
    return [row for row in rows if row.external_id in changed]


def _announce(connection: Connection, row: RmaRow, now: datetime) -> None:
    """One event per return and poll."""
    events.receive(
        connection=connection,
        external_id=f"poll:{row.external_id}:{now:%Y%m%dT%H%M%S%f}",
        topic="POLL",
        origin="poll",
        body=f"{row.external_id} {row.status} {row.order_name}".encode(),
        now=now,
        subject_id=row.external_id,
    )


def _read_refunds(
    bridge: Bridge, source: Source, since: datetime, cursor: str, now: datetime
) -> str:
    for _ in range(PAGES_AT_ONCE):
        page = source.changed_refunds(since=since, cursor=cursor)
        for refund in page.rows:
            applied = rmas.apply_refund(bridge=bridge, refund=refund, now=now)
            if applied is None:
                events.receive_refund(connection=bridge.source, refund=refund, now=now)
        for row in page.unreadable:
            events.park_unreadable_refund(connection=bridge.source, row=row, now=now)
        cursor = page.next_cursor
        if not cursor:
            break
    return cursor


def _overlap(connection: Connection) -> timedelta:
    return timedelta(seconds=int(connection.settings.get("overlap_seconds", OVERLAP.seconds)))


def _every(connection: Connection) -> timedelta:
    return timedelta(seconds=int(connection.settings.get("poll_seconds", EVERY.seconds)))
