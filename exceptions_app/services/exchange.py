"""Look into a partner's folders: what came and is complete is read once, what is late is told.

One look at a time per connection, under the lease of its feed. A file counts as complete when two
looks found it alike, so that one still being written is left alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction

from connectors.exchange import stores
from connectors.exchange.layouts import Layout
from connectors.exchange.stores import FileEntry, FileStore
from exceptions_app.choices import FileState, PostingStatus, SentFileState
from exceptions_app.models import Connection, ExchangeBatch, ExchangeFile, Watermark
from exceptions_app.models.statements import Select
from exceptions_app.services import (
    exchange_book,
    exchange_cases,
    exchange_doors,
    exchange_files,
    exchange_goods,
    feeds,
)

EVERY = timedelta(minutes=1)
# In one look; the others follow with the next.
MOST_FILES = 200
# Of one folder, the oldest first.
MOST_SEEN = 1_000
# A batch that was built and not delivered for so long is looked at again.
ABANDONED_AFTER = timedelta(days=1)


def read_due(*, now: datetime) -> int:
    """Look into the folders that are due, and tell which answers are late; returns looks."""
    mark_late(now=now)
    looks = 0
    for connection in exchange_doors.connections_of_files():
        every = timedelta(seconds=int(connection.settings.get("look_seconds", EVERY.seconds)))
        looks += feeds.read(
            connection=connection,
            feed=exchange_doors.FEED,
            every=every,
            act=lambda mark: _look(mark, now),
            now=now,
        )
    return looks


def look(*, connection: Connection, now: datetime) -> int:
    """Read every file that is complete; returns how many. Errors of the store pass through."""
    with exchange_doors.opened(connection=connection) as (store, layout):
        exchange_files.finish(connection=connection, store=store, is_resumed=True, now=now)
        ready = _complete(connection, store, now)
        _take_in(ready, store, layout, now)
        with transaction.atomic():
            exchange_goods.match_again(connection=connection, now=now)
        exchange_files.finish(connection=connection, store=store, is_resumed=False, now=now)
    return len(ready)


_UNANSWERED = Select(
    lambda now: ExchangeBatch.objects.filter(
        state__in=[SentFileState.DELIVERED, SentFileState.ACKNOWLEDGED],
        due_by__lt=now,
        connection__is_active=True,
    ).values_list("pk", flat=True)[:MOST_FILES]
)
_FORGOTTEN = Select(
    lambda since: ExchangeBatch.objects.filter(
        state=SentFileState.BUILT, made_at__lt=since
    ).values_list("pk", flat=True)[:MOST_FILES]
)


def mark_late(*, now: datetime) -> int:
    """Tell which delivered batches got no answer in time; returns how many are newly late."""
    late = sum(_mark_late(pk, now) for pk in _UNANSWERED.rows(now=now))
    for pk in _FORGOTTEN.rows(since=now - ABANDONED_AFTER):
        _withdraw_dead(pk)
    return late


def _look(mark: Watermark, now: datetime) -> None:
    look(connection=mark.connection, now=now)


@transaction.atomic
def _mark_late(batch_id: int, now: datetime) -> bool:
    batch = (
        ExchangeBatch.objects.select_for_update(of=("self",))
        .select_related("connection")
        .defer("content")
        .get(pk=batch_id)
    )
    if batch.state not in (SentFileState.DELIVERED, SentFileState.ACKNOWLEDGED):
        return False
    batch.state = SentFileState.OVERDUE
    batch.save(update_fields=["state"])
    exchange_cases.batch_late(batch=batch, now=now)
    return True


@transaction.atomic
def _withdraw_dead(batch_id: int) -> None:
    """A batch that never left, and of which nothing is called for any more, is over."""
    batch = ExchangeBatch.objects.select_for_update().defer("content").get(pk=batch_id)
    is_wanted = batch.lines.exclude(posting__status=PostingStatus.CANCELLED).exists()
    if batch.state == SentFileState.BUILT and not is_wanted:
        exchange_book.withdraw(batch)


def _complete(connection: Connection, store: FileStore, now: datetime) -> list[ExchangeFile]:
    """Files that are as they were at the look before, the oldest first; news is only noted."""
    ready: list[ExchangeFile] = []
    for folder in (stores.ACK, stores.IN):
        entries = store.listing(folder)
        _forget_gone(connection, folder, entries)
        for entry in sorted(entries, key=lambda entry: (entry.modified_at, entry.name))[:MOST_SEEN]:
            file = _seen(connection, folder, entry, now)
            if file is not None:
                ready.append(file)
    return sorted(ready, key=lambda file: (file.modified_at, file.pk))[:MOST_FILES]


def _seen(
    connection: Connection, folder: str, entry: FileEntry, now: datetime
) -> ExchangeFile | None:
    """The file when it is complete, else None."""
    told = {"size": entry.size, "modified_at": entry.modified_at}
    file, is_new = ExchangeFile.objects.select_related("connection").get_or_create(
        connection=connection,
        folder=folder,
        name=entry.name,
        state=FileState.WAITING,
        defaults={**told, "seen_at": now},
    )
    is_alike = (file.size, file.modified_at) == (entry.size, entry.modified_at)
    if is_new or not is_alike:
        ExchangeFile.objects.filter(pk=file.pk).update(**told, seen_at=now)
        return None
    return file if now - file.seen_at >= exchange_doors.rest_before_reading(connection) else None


def _forget_gone(connection: Connection, folder: str, entries: Iterable[FileEntry]) -> None:
    """A file that its sender took back before it was read was never here."""
    waiting = ExchangeFile.objects.filter(
        connection=connection, folder=folder, state=FileState.WAITING
    )
    waiting.exclude(name__in=[entry.name for entry in entries]).delete()


def _take_in(
    ready: Iterable[ExchangeFile], store: FileStore, layout: Layout, now: datetime
) -> None:
    """Read them in order; one that needs what a later one tells gets a second try."""
    too_early = [
        file
        for file in ready
        if not exchange_files.take_in(
            file=file, store=store, layout=layout, is_last_try=False, now=now
        )
    ]
    for file in too_early:
        exchange_files.take_in(file=file, store=store, layout=layout, is_last_try=True, now=now)
