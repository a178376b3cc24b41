"""What files carry, whatever their layout: batches out; acknowledgements, goods and changes in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from connectors.types import DocumentDraft, DocumentKind


class LineResult(StrEnum):
    """The partner's verdict on one document of a batch. `HELD`: taken, not decided yet."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    HELD = "held"


class InboundKind(StrEnum):
    """What one part of an incoming file is. `DOCUMENTS` is a batch as the partner reads it."""

    ACKNOWLEDGEMENT = "acknowledgement"
    ARRIVALS = "arrivals"
    REGRADES = "regrades"
    CREDIT_ADVICE = "credit_advice"
    AUTHORISATIONS = "authorisations"
    DOCUMENTS = "documents"


@dataclass(frozen=True, slots=True)
class Batch:
    """One outgoing file: drafts of one kind. `number` is from our own sequence, never used twice;
    `made_at` is aware UTC."""

    number: int
    kind: DocumentKind
    drafts: tuple[DocumentDraft, ...]
    made_at: datetime


@dataclass(frozen=True, slots=True)
class AckLine:
    """The answer to one document of a batch, by our key.

    `line` is the document's place in the batch, from 1 (0: not told). `code` is a
    `RejectionCode`, or the partner's own where we know no better; `field` is in our words, where it
    is told. `erp_id` and `number` are the partner's, set when accepted.
    """

    key: str
    line: int
    result: LineResult
    code: str = ""
    text: str = ""
    erp_id: str = ""
    number: str = ""
    field: str = ""


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """What a partner says of one batch.

    `is_syntax_only`: read and well formed (or not), nothing decided (X12 997). `is_accepted` None:
    the lines tell. `lines` may be fewer than the batch has.
    """

    batch_number: int
    is_syntax_only: bool
    is_accepted: bool | None
    text: str = ""
    lines: tuple[AckLine, ...] = ()


@dataclass(frozen=True, slots=True)
class ArrivalLine:
    """Units of one item as checked in. `condition` and `damage_reason` are the partner's raw
    codes, empty for goods in order; `po_line` echoes the authorisation's line where told."""

    sku: str
    quantity: int
    condition: str = ""
    damage_reason: str = ""
    po_line: str = ""


@dataclass(frozen=True, slots=True)
class Arrival:
    """Goods that a partner's staff checked in against an authorisation (X12 944).

    `authorisation` is the reference we gave: our key or the return's number.
    """

    authorisation: str
    receipt_number: str
    received_at: date | datetime
    warehouse: str
    lines: tuple[ArrivalLine, ...]


@dataclass(frozen=True, slots=True)
class Regrade:
    """Units whose condition changed after they arrived (X12 947). `quantity` is signed; `reason`
    and the conditions are the partner's raw codes, conditions empty where not told."""

    number: str
    at: date | datetime
    sku: str
    quantity: int
    reason: str
    from_condition: str = ""
    to_condition: str = ""
    receipt_number: str = ""
    authorisation: str = ""
    warehouse: str = ""


@dataclass(frozen=True, slots=True)
class PartnerLine:
    """A line of a document as a file tells it; money without sign of its own meaning, as read."""

    line: int
    sku: str
    quantity: int
    component: str = "item"
    net: Decimal = Decimal(0)
    tax: Decimal = Decimal(0)
    reason: str = ""
    bucket: str = ""


@dataclass(frozen=True, slots=True)
class PartnerDocument:
    """A document as a file tells it: of one of our batches, or one that a partner sent us.

    `key` is our fixed key where the file carries it.
    """

    key: str
    kind: DocumentKind | None
    date: date | None
    rma_number: str = ""
    authorisation: str = ""
    number: str = ""
    order_number: str = ""
    warehouse: str = ""
    division: str = ""
    currency: str = ""
    amount: Decimal | None = None
    lines: tuple[PartnerLine, ...] = ()


@dataclass(frozen=True, slots=True)
class Inbound:
    """One part of an incoming file: a whole CSV file, or one functional group of an interchange.

    `number` is the interchange's control number or the file's own, so that the same one is known
    again under another name; "" where the file has none. `partner` is who says to have sent it.
    `answer` is the file we owe for it (X12 997), None where none is owed. `documents` holds credit
    advice, authorisations, and what a partner reads of our batches (`batch_number`).
    """

    kind: InboundKind
    number: str = ""
    partner: str = ""
    acknowledgements: tuple[Acknowledgement, ...] = ()
    arrivals: tuple[Arrival, ...] = ()
    regrades: tuple[Regrade, ...] = ()
    documents: tuple[PartnerDocument, ...] = ()
    batch_number: int = 0
    answer: bytes | None = None
