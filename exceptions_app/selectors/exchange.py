"""Files exchanged with partners as their pages show them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.db.models import Prefetch, QuerySet

from connectors.exchange.options import KIND
from exceptions_app.choices import CASE_OPEN, FileState, LineState, SentFileState
from exceptions_app.models import (
    AuditEntry,
    Case,
    Connection,
    ExchangeBatch,
    ExchangeFile,
    ExchangeLine,
    Posting,
)

# What a person who looks through either list most often wants: what stands still.
NEEDS = "needs"
NEEDS_LABEL = "Needs somebody"
BATCHES = (SentFileState.OVERDUE, SentFileState.PART_REJECTED, SentFileState.REJECTED)
FILES = (FileState.QUARANTINED,)
# Of one file; a partner that is told of more is told of them by the export.
MOST_LINES = 1_000


def batches(*, state: str = "", connection: str = "") -> QuerySet[ExchangeBatch]:
    """Files that left, without what they held; unknown filter values find nothing."""
    rows = ExchangeBatch.objects.select_related("connection").defer("content")
    if state:
        rows = rows.filter(state__in=BATCHES if state == NEEDS else (state,))
    if connection:
        rows = rows.filter(connection__code=connection)
    return rows


def batch(*, batch_id: int, has_content: bool) -> ExchangeBatch:
    """One file that left; its bytes are read only for those who may see them.

    Raises:
        ExchangeBatch.DoesNotExist: there is none.
    """
    rows = ExchangeBatch.objects.select_related("connection")
    return (rows if has_content else rows.defer("content")).get(pk=batch_id)


def lines_of(batch: ExchangeBatch) -> list[ExchangeLine]:
    """Its documents in the order of the file, each with its return."""
    postings = Posting.objects.select_related("rma").defer("draft")
    rows = batch.lines.prefetch_related(Prefetch("posting", postings)).order_by("line_no")
    return list(rows[:MOST_LINES])


def files(*, state: str = "", connection: str = "") -> QuerySet[ExchangeFile]:
    """Files that came, without what they hold; unknown filter values find nothing."""
    rows = ExchangeFile.objects.select_related("connection").defer("content", "answers")
    if state:
        rows = rows.filter(state__in=FILES if state == NEEDS else (state,))
    if connection:
        rows = rows.filter(connection__code=connection)
    return rows


def file(*, file_id: int, has_content: bool) -> ExchangeFile:
    """One file that came; its bytes are read only for those who may see them.

    Raises:
        ExchangeFile.DoesNotExist: there is none.
    """
    rows = ExchangeFile.objects.select_related("connection")
    return (rows if has_content else rows.defer("content")).get(pk=file_id)


def reads_again_of(file: ExchangeFile) -> list[AuditEntry]:
    """Who had a file read again, newest first."""
    rows = AuditEntry.objects.filter(
        subject_kind="exchangefile", subject_id=file.pk, act="exchange_file.read_again"
    )
    return list(rows.order_by("-id")[:10])


def open_cases(row: ExchangeBatch | ExchangeFile) -> list[Case]:
    """Open exceptions about a file, and about the documents in one that left."""
    what = "batch" if isinstance(row, ExchangeBatch) else "file"
    found = list(_open().filter(subject=f"{what}:{row.pk}"))
    if isinstance(row, ExchangeBatch):
        refused = row.lines.filter(result=LineState.REJECTED).values("posting")
        found += _open().filter(posting__in=refused)[:MOST_LINES]
    return found


def _open() -> QuerySet[Case]:
    return Case.objects.filter(status__in=CASE_OPEN).only("pk", "title", "posting").order_by("pk")


def lines_by_posting(postings: Iterable[Posting]) -> dict[int, ExchangeLine]:
    """The latest line of each document that goes by file; no query where none does."""
    ids = [row.pk for row in postings if row.connection.kind == KIND]
    if not ids:
        return {}
    rows = (
        ExchangeLine.objects.filter(posting__in=ids)
        .exclude(result=LineState.WITHDRAWN)
        .select_related("batch")
        .defer("batch__content")
        .order_by("posting_id", "-id")
        .distinct("posting_id")
    )
    return {row.posting_id: row for row in rows if row.posting_id is not None}


def options() -> dict[str, Sequence[tuple[str, str]]]:
    """What the lists can be narrowed by, as (value, label)."""
    partners = Connection.objects.filter(kind=KIND).order_by("name")
    return {
        "batch": [(NEEDS, NEEDS_LABEL), *SentFileState.choices],
        "file": [(NEEDS, NEEDS_LABEL), *FileState.choices],
        "connection": list(partners.values_list("code", "name")),
    }
