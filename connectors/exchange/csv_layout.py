"""The generic CSV layout of file exchange, from our side and, for the sandbox, from the partner's.

The layout is our own; what a file looks like is in `csv_table`, its columns in `csv_columns`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from connectors.errors import UnreadableReply
from connectors.exchange import csv_columns
from connectors.exchange.csv_reading import INCOMING, documents_of
from connectors.exchange.csv_table import Head, Row, read, written
from connectors.exchange.csv_writing import (
    ack_row,
    arrival_row,
    draft_rows,
    fit,
    regrade_row,
    whole_row,
)
from connectors.exchange.layouts import GENERIC_CSV, LayoutSettings
from connectors.exchange.shapes import (
    Acknowledgement,
    Arrival,
    Batch,
    Inbound,
    InboundKind,
    Regrade,
)
from connectors.types import DocumentKind

VERSION = f"{GENERIC_CSV}-1"


class CsvLayout:
    """Our side: batches out; acknowledgements, receipts and regrades in."""

    version = VERSION
    file_suffix = ".csv"
    kinds: frozenset[str] = frozenset(kind.value for kind in DocumentKind)

    def __init__(self, settings: LayoutSettings) -> None:
        self._settings = settings

    def build(self, batch: Batch) -> bytes:
        """One row for each line of each draft.

        Raises:
            Rejected: a draft has no lines, or a value that the charset or a cell cannot hold.
        """
        rows = [
            row
            for place, draft in enumerate(batch.drafts, start=1)
            for row in draft_rows(place, draft, self._settings.charset)
        ]
        head = Head(
            batch.kind.value,
            str(batch.number),
            self._settings.our_id,
            self._settings.partner_id,
            self._settings.is_test,
            batch.made_at,
        )
        return written(head, VERSION, csv_columns.DOCUMENTS, rows, self._settings.charset)

    def read(self, name: str, content: bytes) -> tuple[Inbound, ...]:
        """The one part a file has; the name of a file says nothing here.

        Raises:
            UnreadableReply: the text names line and column.
        """
        table = read(content, VERSION, self._settings.charset, csv_columns.INCOMING)
        _prove(
            table.head,
            self._settings.partner_id,
            self._settings.our_id,
            is_test=self._settings.is_test,
        )
        return (INCOMING[table.head.content](table),)


class CsvPartner:
    """The other side of `CsvLayout`, built from the same settings."""

    version = VERSION
    file_suffix = ".csv"

    def __init__(self, settings: LayoutSettings) -> None:
        self._settings = settings

    def read_batch(self, name: str, content: bytes) -> tuple[Inbound, ...]:
        """Raises UnreadableReply as `CsvLayout.read` does; nothing is owed for a CSV file."""
        table = read(content, VERSION, self._settings.charset, csv_columns.OUTGOING)
        _prove(
            table.head,
            self._settings.our_id,
            self._settings.partner_id,
            is_test=self._settings.is_test,
        )
        return (
            Inbound(
                InboundKind.DOCUMENTS,
                number=table.head.number,
                partner=table.head.sender,
                documents=documents_of(table),
                batch_number=int(table.head.number),
            ),
        )

    def acknowledge(self, found: Acknowledgement, *, number: int, at: datetime) -> bytes:
        """One row for each document; one without line and key for the whole batch."""
        rows: list[Row] = [] if found.is_accepted is None else [whole_row(found)]
        if not found.is_syntax_only:
            rows.extend(ack_row(found.batch_number, line) for line in found.lines)
        return self._file(csv_columns.ACKNOWLEDGEMENT, rows, number, at)

    def arrivals(self, found: tuple[Arrival, ...], *, number: int, at: datetime) -> bytes:
        rows = [arrival_row(one, line) for one in found for line in one.lines]
        return self._file(csv_columns.RECEIPTS, rows, number, at)

    def regrades(self, found: tuple[Regrade, ...], *, number: int, at: datetime) -> bytes:
        rows = [regrade_row(one) for one in found]
        return self._file(csv_columns.REGRADES, rows, number, at)

    def _file(self, content: str, rows: Sequence[Row], number: int, at: datetime) -> bytes:
        head = Head(
            content,
            str(number),
            self._settings.partner_id,
            self._settings.our_id,
            self._settings.is_test,
            at,
        )
        columns = csv_columns.INCOMING[content]
        ready = [fit(row, columns, self._settings.charset, str(number)) for row in rows]
        return written(head, VERSION, columns, ready, self._settings.charset)


def _prove(head: Head, sender: str, receiver: str, *, is_test: bool) -> None:
    """Raises UnreadableReply for a file from or for somebody else."""
    for whose, told, wanted in (
        ("sender", head.sender, sender),
        ("receiver", head.receiver, receiver),
    ):
        if told != wanted:
            raise UnreadableReply(
                f"The {whose} is {told!r}, but {wanted!r} is agreed. The file is not for this "
                "connection.",
                field=whose,
            )
    if head.is_test != is_test:
        sent, agreed = ("test", "live") if head.is_test else ("live", "test")
        raise UnreadableReply(
            f"It is a {sent} file, and this connection exchanges {agreed} files.", field="usage"
        )
