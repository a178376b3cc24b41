"""What must be remembered of files sent: the batches, and what the partner said of each document.

Services keep it in the database and hand it to the gateway, as they hand it the pacer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Protocol

from connectors.exchange.shapes import LineResult
from connectors.types import DocumentDraft, DocumentKind, ErpReceipt


class BatchState(StrEnum):
    """How far a batch came. Delivered is not accepted; overdue is still waited for."""

    BUILT = "built"
    DELIVERED = "delivered"
    ACKNOWLEDGED = "acknowledged"
    POSTED = "posted"
    PART_REJECTED = "part_rejected"
    REJECTED = "rejected"
    OVERDUE = "overdue"


@dataclass(frozen=True, slots=True)
class BookedBatch:
    """A batch as it is kept: `content` are the very bytes that leave, however often."""

    number: int
    kind: DocumentKind
    name: str
    content: bytes
    sha256: str
    keys: tuple[str, ...]
    state: BatchState
    made_at: datetime


@dataclass(frozen=True, slots=True)
class BookedLine:
    """One document in its latest batch, with the partner's answer to it (`result` None: none yet).

    Units, money, warehouse and division are what the file that left says; a partner's answer tells
    none of them. `gross` is None for stock documents.
    """

    key: str
    kind: DocumentKind
    batch_number: int
    batch_name: str
    batch_state: BatchState
    result: LineResult | None
    code: str
    field: str
    text: str
    erp_id: str
    number: str
    answered_at: datetime | None
    units: int
    gross: Decimal | None
    tax: Decimal | None
    currency: str
    warehouse: str
    division: str


class ExchangeBook(Protocol):
    """The memory of one connection's exchange. Each method is a short transaction of its own."""

    def standing(self, kind: DocumentKind, keys: Sequence[str]) -> tuple[BookedBatch, ...]:
        """The batches in which any of `keys` stands and is not refused, oldest first."""
        ...

    def begin(
        self,
        *,
        kind: DocumentKind,
        drafts: Sequence[DocumentDraft],
        made_at: datetime,
        build: Callable[[int], bytes],
        name: Callable[[int], str],
    ) -> BookedBatch:
        """Take the next number, keep the file that `build` makes for it; committed on return.

        A key that stands in a batch already gives THAT batch back, and nothing is begun. What
        `build` raises passes through, and then nothing is kept but a number may be lost.
        """
        ...

    def delivered(self, number: int) -> None:
        """The file of this batch lies where the partner takes it; said twice it does nothing."""
        ...

    def lines(self, kind: DocumentKind, keys: Sequence[str]) -> Mapping[str, BookedLine]:
        """Each key's line in its latest batch; unknown keys are absent."""
        ...

    def arrivals(self, authorisation_ids: Sequence[str]) -> tuple[ErpReceipt, ...]:
        """What the partner said arrived against these authorisations (the ids its answers
        gave)."""
        ...
