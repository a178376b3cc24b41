"""Files of returns as their pages show them."""

from __future__ import annotations

from django.db.models import QuerySet

from exceptions_app.choices import EventState
from exceptions_app.models import Connection, InboundEvent, ReturnFile

LATEST = 20
# More waiting than this is shown as this and a plus.
MOST_COUNTED = 1_000


def sources() -> QuerySet[Connection]:
    """Connections whose returns belong to a bridge in use, by name."""
    rows = Connection.objects.filter(source_bridges__is_active=True, is_active=True)
    return rows.distinct().order_by("name")


def latest() -> list[ReturnFile]:
    """The latest files of all connections, without what they hold."""
    rows = ReturnFile.objects.select_related("connection", "uploaded_by")
    return list(rows.defer("content", "verdict")[:LATEST])


def one(*, file_id: int) -> ReturnFile:
    """Raises ReturnFile.DoesNotExist."""
    rows = ReturnFile.objects.select_related("connection", "uploaded_by")
    return rows.get(pk=file_id)


def taken_before(found: ReturnFile) -> ReturnFile | None:
    """The same file, byte by byte, as it was taken in earlier for this connection."""
    rows = ReturnFile.objects.filter(
        connection=found.connection_id, file_hash=found.file_hash, taken_at__isnull=False
    )
    return rows.exclude(pk=found.pk).defer("content", "verdict").order_by("-id").first()


def waiting(connection: Connection) -> int:
    """Messages of files that nobody has handled yet, counted up to MOST_COUNTED."""
    rows = InboundEvent.objects.filter(connection=connection, state=EventState.NEW, topic="FILE")
    return rows[:MOST_COUNTED].count()
