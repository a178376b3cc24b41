"""The memory of files sent: their numbers, their very bytes, and the partner's answer to each
document. A batch is committed before its first byte leaves, and a document stands in one only."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.db.models import F

from connectors.exchange.book import BatchState, BookedBatch, BookedLine
from connectors.exchange.shapes import LineResult
from connectors.types import DocumentDraft, DocumentKind, ErpReceipt, ErpReceiptLine
from exceptions_app.choices import LineState, PostingStatus, SentFileState
from exceptions_app.models import (
    Connection,
    ExchangeBatch,
    ExchangeCounter,
    ExchangeLine,
    Posting,
)
from exceptions_app.models import ErpReceipt as ReceiptRow
from exceptions_app.services.faultpoints import reach

OVERDUE_HOURS = 24
# A line of these counts as never sent: the same document may go out in another batch.
FALLEN = (LineState.REJECTED, LineState.WITHDRAWN)
# What a document may be while the batch it stands in is delivered late.
_MAY_LEAVE = frozenset(
    {
        PostingStatus.READY,
        PostingStatus.SENDING,
        PostingStatus.UNCONFIRMED,
        PostingStatus.POSTED,
        PostingStatus.CONFIRMED,
    }
)
_OF_MONEY = frozenset({DocumentKind.CREDIT_MEMO, DocumentKind.REFUND_RECORD})


class DatabaseBook:
    """`connectors.exchange.book.ExchangeBook` of one connection."""

    def __init__(self, *, connection: Connection, clock: Callable[[], datetime]) -> None:
        self._connection = connection
        self._clock = clock

    @transaction.atomic
    def standing(self, kind: DocumentKind, keys: Sequence[str]) -> tuple[BookedBatch, ...]:
        """The batches in which any of `keys` stands, oldest first.

        One that never left and holds a document which must not leave any more is withdrawn.
        """
        return tuple(map(_booked, self._fit(kind, keys)))

    def begin(
        self,
        *,
        kind: DocumentKind,
        drafts: Sequence[DocumentDraft],
        made_at: datetime,
        build: Callable[[int], bytes],
        name: Callable[[int], str],
    ) -> BookedBatch:
        """Take the next number and keep the file; a document that stands already gives its batch.

        Committed on return, which is why no transaction may be open.
        """
        with transaction.atomic(durable=True):
            counter = self._counter()
            standing = self._fit(kind, [draft.key for draft in drafts])
            if standing:
                return _booked(standing[0])
            counter.last_number += 1
            counter.save(update_fields=["last_number"])
            batch = self._keep(
                kind, drafts, counter.last_number, made_at, build(counter.last_number), name
            )
        reach("batch_built", batch.name)
        return _booked(batch)

    def delivered(self, number: int) -> None:
        """The file lies where the partner takes it; from now on its answer is waited for."""
        reach("batch_put", str(number))
        now = self._clock()
        ExchangeBatch.objects.filter(
            connection=self._connection, number=number, state=SentFileState.BUILT
        ).update(
            state=SentFileState.DELIVERED,
            delivered_at=now,
            due_by=now + overdue_after(self._connection),
        )

    def lines(self, kind: DocumentKind, keys: Sequence[str]) -> Mapping[str, BookedLine]:
        """Each key's line in its latest batch, without refusals of a try before the present one."""
        rows = (
            ExchangeLine.objects.filter(
                connection=self._connection, key__in=list(keys), batch__kind=kind
            )
            .exclude(result=LineState.WITHDRAWN)
            .select_related("batch", "posting")
            .defer("batch__content", "posting__draft")
            .order_by("key", "-id")
            .distinct("key")
        )
        return {row.key: _line(row) for row in rows if not _is_of_earlier_try(row)}

    def arrivals(self, authorisation_ids: Sequence[str]) -> tuple[ErpReceipt, ...]:
        rows = ReceiptRow.objects.filter(
            connection=self._connection, authorisation_id__in=list(authorisation_ids)
        )
        return tuple(map(_receipt, rows))

    def _counter(self) -> ExchangeCounter:
        ExchangeCounter.objects.get_or_create(connection=self._connection)
        return ExchangeCounter.objects.select_for_update().get(connection=self._connection)

    def _fit(self, kind: DocumentKind, keys: Sequence[str]) -> list[ExchangeBatch]:
        """Standing batches, each locked; unfit ones that never left are withdrawn on the way."""
        standing = ExchangeLine.objects.filter(
            connection=self._connection, key__in=list(keys), batch__kind=kind
        ).exclude(result__in=FALLEN)
        rows = (
            ExchangeBatch.objects.select_for_update()
            .filter(pk__in=standing.values("batch"))
            .order_by("number")
        )
        return [
            row
            for row in rows
            if _still_stands(row, keys)
            and (row.state != SentFileState.BUILT or _prepare(row, keys))
        ]

    def _keep(
        self,
        kind: DocumentKind,
        drafts: Sequence[DocumentDraft],
        number: int,
        made_at: datetime,
        content: bytes,
        name: Callable[[int], str],
    ) -> ExchangeBatch:
        batch = ExchangeBatch.objects.create(
            connection=self._connection,
            number=number,
            kind=kind.value,
            name=name(number),
            sha256=hashlib.sha256(content).hexdigest(),
            size=len(content),
            content=content,
            documents=len(drafts),
            units=sum(draft.units for draft in drafts),
            sums=_sums(kind, drafts),
            state=SentFileState.BUILT,
            made_at=made_at,
        )
        postings = dict(
            Posting.objects.filter(
                connection=self._connection, key__in=[draft.key for draft in drafts]
            ).values_list("key", "pk")
        )
        ExchangeLine.objects.bulk_create(
            ExchangeLine(
                batch=batch,
                connection=self._connection,
                posting_id=postings.get(draft.key),
                key=draft.key,
                line_no=line_no,
                units=draft.units,
                gross=draft.gross if kind in _OF_MONEY else None,
                tax=draft.tax if kind in _OF_MONEY else None,
                currency=draft.currency if kind in _OF_MONEY else "",
                warehouse=draft.warehouse,
                division=draft.division,
            )
            for line_no, draft in enumerate(drafts, start=1)
        )
        return batch


def overdue_after(connection: Connection) -> timedelta:
    """How long the partner may take for its answer."""
    hours = str(connection.settings.get("overdue_hours") or OVERDUE_HOURS).strip()
    return timedelta(hours=int(hours)) if hours.isdecimal() else timedelta(hours=OVERDUE_HOURS)


def withdraw(batch: ExchangeBatch) -> None:
    """Take a batch back that never left, so that its documents may go out in another."""
    batch.state = SentFileState.WITHDRAWN
    batch.save(update_fields=["state"])
    batch.lines.update(result=LineState.WITHDRAWN)


def _still_stands(batch: ExchangeBatch, keys: Sequence[str]) -> bool:
    """Asked again under the batch's lock: whoever had it before may have withdrawn it."""
    return batch.lines.filter(key__in=list(keys)).exclude(result__in=FALLEN).exists()


def _prepare(batch: ExchangeBatch, keys: Sequence[str]) -> bool:
    """Make a batch that was not delivered fit to leave now, or withdraw it.

    Its file holds what it held when it was built. A document that was cancelled or held since
    must not leave with it; one that waits to be sent again leaves with it, and is looked up.
    """
    others = batch.lines.exclude(key__in=list(keys)).select_related("posting")
    statuses = {line.posting.status if line.posting else "" for line in others}
    waiting = [
        line.posting_id
        for line in others
        if line.posting and line.posting.status == PostingStatus.READY
    ]
    if statuses <= _MAY_LEAVE and _count_as_sent(waiting, batch) == len(waiting):
        return True
    withdraw(batch)
    return False


def _count_as_sent(posting_ids: Iterable[int | None], batch: ExchangeBatch) -> int:
    free = Posting.objects.filter(pk__in=list(posting_ids), status=PostingStatus.READY).exclude(
        rma__postings__status__in=[PostingStatus.SENDING, PostingStatus.UNCONFIRMED]
    )
    # The rows' own subquery cannot be updated through.
    chosen = Posting.objects.filter(pk__in=list(free.values_list("pk", flat=True)))
    return chosen.filter(status=PostingStatus.READY).update(
        status=PostingStatus.UNCONFIRMED, unknown_since=batch.made_at, fence=F("fence") + 1
    )


def _is_of_earlier_try(row: ExchangeLine) -> bool:
    """A refusal that was told before the document was sent again says nothing of the new try."""
    if row.result != LineState.REJECTED or row.posting is None or row.answered_at is None:
        return False
    return row.posting.sent_at is not None and row.posting.sent_at > row.answered_at


def _sums(kind: DocumentKind, drafts: Sequence[DocumentDraft]) -> list[dict[str, str]]:
    if kind not in _OF_MONEY:
        return []
    found: dict[str, Decimal] = defaultdict(Decimal)
    for draft in drafts:
        found[draft.currency] += draft.gross
    return [{"currency": code, "amount": str(found[code])} for code in sorted(found)]


def _booked(row: ExchangeBatch) -> BookedBatch:
    return BookedBatch(
        number=row.number,
        kind=DocumentKind(row.kind),
        name=row.name,
        content=bytes(row.content),
        sha256=row.sha256,
        keys=tuple(row.lines.order_by("line_no").values_list("key", flat=True)),
        state=BatchState(row.state),
        made_at=row.made_at,
    )


def _line(row: ExchangeLine) -> BookedLine:
    return BookedLine(
        key=row.key,
        kind=DocumentKind(row.batch.kind),
        batch_number=row.batch.number,
        batch_name=row.batch.name,
        batch_state=BatchState(row.batch.state),
        result=LineResult(row.result) if row.result else None,
        code=row.code,
        field=row.field,
        text=row.text,
        erp_id=row.erp_id,
        number=row.number,
        answered_at=row.answered_at,
        units=row.units,
        gross=row.gross,
        tax=row.tax,
        currency=row.currency,
        warehouse=row.warehouse,
        division=row.division,
    )


def _receipt(row: ReceiptRow) -> ErpReceipt:
    return ErpReceipt(
        external_id=row.external_id,
        number=row.number,
        authorisation_id=row.authorisation_id,
        warehouse=row.warehouse,
        received_at=row.received_at,
        lines=tuple(
            ErpReceiptLine(line["sku"], line["quantity"], line["place"], line["line_id"])
            for line in row.lines
        ),
        key=row.key,
    )
