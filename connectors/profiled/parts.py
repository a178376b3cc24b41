"""The parts of a profile, as frozen models; `schema` puts them together."""

from __future__ import annotations

import re
from datetime import time
from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from pydantic import Discriminator, Field, Tag, model_validator
from pydantic import field_validator as check_field

from connectors import errors, types
from connectors.profiled.trees import (
    Extract,
    Frozen,
    QueryValue,
    Unit,
    check_expression,
    check_zone,
)

REJECTION_CODES = frozenset(
    value for name, value in vars(errors.RejectionCode).items() if name.isupper()
)


class EvidenceMark(StrEnum):
    """How an operation's shape is known (DESIGN section 6)."""

    DOCUMENTED = "documented"
    CUSTOMER_CONFIRMED = "customer_confirmed"
    INFERRED = "inferred"
    PLACEHOLDER = "placeholder"


class OperationName(StrEnum):
    """Everything a gateway may ask of an ERP; `create_<kind>` posts that kind of document."""

    CHECK_CONNECTION = "check_connection"
    LIST_LOCATIONS = "list_locations"
    CHANGED_ITEMS = "changed_items"
    FIND_ITEM = "find_item"
    FIND_ITEM_BY_BARCODE = "find_item_by_barcode"
    FIND_ORDER = "find_order"
    FIND_DOCUMENT = "find_document"
    CREATE_RETURN_AUTHORISATION = "create_return_authorisation"
    CREATE_STOCK_RECEIPT = "create_stock_receipt"
    CREATE_STOCK_MOVE = "create_stock_move"
    CREATE_WRITE_OFF = "create_write_off"
    CREATE_CREDIT_MEMO = "create_credit_memo"
    CREATE_REFUND_RECORD = "create_refund_record"


def create_operation(kind: types.DocumentKind) -> OperationName:
    return OperationName(f"create_{kind.value}")


CREATES = {create_operation(kind): kind for kind in types.DocumentKind}


class Identity(Frozen):
    """Who the profile is; an attempt records name, version and content hash."""

    vendor: str = Field(min_length=1)
    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    version: str = Field(pattern=r"^\d+\.\d+\.\d+$")
    schema_: Literal[1] = Field(alias="schema")
    notes: str = ""


class Environment(Frozen):
    """Time zone and words of the instance; `settings` are the names the connection must fill in."""

    timezone: str = "UTC"
    date_format: str = "%Y-%m-%d"
    datetime_format: str = "%Y-%m-%d %H:%M:%S"
    yes: tuple[str, ...] = ("Y", "true", "1")
    no: tuple[str, ...] = ("N", "false", "0")
    settings: tuple[str, ...] = ()

    @check_field("date_format", "datetime_format")
    @classmethod
    def _has_parts(cls, text: str) -> str:
        if "%" not in text:
            raise ValueError('a format is written with %, as in "%Y-%m-%d" or "%d/%m/%Y %H:%M"')
        return text

    @check_field("timezone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        return check_zone(name)


class AmountRules(Frozen):
    """How the instance writes amounts.

    With `unit = "minor"` they are whole numbers of the currency's smallest unit (pence, cents, yen,
    fils); a value of a body or a fact of a reading may say otherwise for itself. `currency` is the
    instance's own, for records that name none.
    """

    unit: Unit = "major"
    currency: str = Field(default="", pattern=r"^([A-Z]{3})?$")


class MoneyRules(AmountRules):
    """`prices_include_tax` says how to read the instance's line prices; `scale` is its decimals.

    `credits_bundle_parts` is false where a credit may name a bundle only as it was sold.
    """

    prices_include_tax: bool
    scale: int = Field(2, ge=0, le=6)
    credits_bundle_parts: bool = True

    @model_validator(mode="after")
    def _counts_or_has_decimals(self) -> Self:
        if self.unit == "minor" and "scale" in self.model_fields_set:
            raise ValueError("'scale' does nothing with unit = 'minor': the currency decides it")
        return self


class Idempotency(Frozen):
    """`settle_seconds`: how long after a lost reply a document may still appear.

    With `is_duplicate_looked_up`, a duplicate-key refusal is checked against what is there before
    it counts as one: our own earlier write that landed is then an unknown outcome, no refusal.
    `is_looked_up_first` is for an instance that takes a key twice: every write asks before it is
    sent, which costs one read.
    """

    settle_seconds: int = Field(ge=0)
    is_duplicate_looked_up: bool = True
    is_looked_up_first: bool = False


class Window(Frozen):
    """When the instance takes writes, in its own zone; the posting schedule obeys it."""

    days: tuple[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"], ...] = Field(min_length=1)
    start: time
    end: time

    @model_validator(mode="after")
    def _opens_before_it_closes(self) -> Self:
        if self.start >= self.end:
            raise ValueError("expected 'start' before 'end'; split a window that crosses midnight")
        return self


class Lookup(Frozen):
    """Their word for ours. A miss takes `default`, and without one it is refused."""

    values: dict[str, str]
    default: str | None = None


class Paging(Frozen):
    """Page numbers from 1. `short_rows` ends at a page of fewer than `size` rows there.

    A parameter without a name is not sent in the address; a body may name `query.page`, or
    `query.size`, itself.
    """

    kind: Literal["page_number"] = "page_number"
    page: str = ""
    size_param: str = ""
    size: int = Field(gt=0, le=1000)
    stop: Literal["short_rows", "empty_rows"] = "short_rows"


class OffsetPaging(Frozen):
    """How many rows to pass over, from 0; sent as `offset`, in a body as `query.offset`."""

    kind: Literal["offset"]
    offset: str = ""
    size_param: str = ""
    size: int = Field(gt=0, le=1000)
    stop: Literal["short_rows", "empty_rows"] = "short_rows"


class CursorPaging(Frozen):
    """The page before says how to ask for the next, at the path `next`; nothing there ends it.

    Sent as `cursor`, in a body as `query.cursor`; the first call goes without.
    """

    kind: Literal["cursor"]
    cursor: str = ""
    next: str
    size_param: str = ""
    size: int = Field(default=100, gt=0, le=1000)

    @check_field("next")
    @classmethod
    def _readable(cls, path: str) -> str:
        return check_expression(path)


def _paging_kind(raw: Any) -> str:
    kind = raw.get("kind", "page_number") if isinstance(raw, dict) else raw.kind
    return f"<{kind}>"


AnyPaging = Annotated[
    Annotated[Paging, Tag("<page_number>")]
    | Annotated[OffsetPaging, Tag("<offset>")]
    | Annotated[CursorPaging, Tag("<cursor>")],
    Discriminator(_paging_kind),
]


class Watermark(Frozen):
    """`path` on a row of the row path; reads start `overlap_seconds` before the last one seen."""

    path: str
    overlap_seconds: int = Field(0, ge=0)

    @check_field("path")
    @classmethod
    def _readable(cls, path: str) -> str:
        return check_expression(path)


class Success(Frozen):
    """A reply is a yes only when its status fits and `path` holds something."""

    path: str
    status: tuple[int, ...] = (200, 201)

    @check_field("path")
    @classmethod
    def _readable(cls, path: str) -> str:
        return check_expression(path)


class Refusal(Frozen):
    """How an answer that HTTP calls a success says no all the same: `path` then finds something."""

    path: str

    @check_field("path")
    @classmethod
    def _readable(cls, path: str) -> str:
        return check_expression(path)


class Reading(Frozen):
    """How one record is read. `lines` has one row per line; `skip_zero` leaves empty ones out.

    For items, fields name `header.` and `line.`: a record there is a header with one of its
    variants, or twice the same row where the ERP knows no variants and `lines` is empty.
    """

    fields: dict[str, Extract]
    lines: str = ""
    skip_zero: str = ""
    line_fields: dict[str, Extract] = {}

    @check_field("lines", "skip_zero")
    @classmethod
    def _readable(cls, path: str) -> str:
        return check_expression(path) if path else path


class Request(Frozen):
    """`body` is the name of a tree under [bodies].

    `path` may hold a placeholder between two slashes, as /orders/{number} or, in a write,
    /returns/{draft.authorisation_number}; its value is escaped, and refused when empty.
    """

    method: Literal["GET", "POST", "PUT", "PATCH"] = "POST"
    path: str = Field("/", pattern=r"^/([A-Za-z0-9_.\-]*|\{[a-z_.]+\}|/)*$")
    query: dict[str, QueryValue] = {}
    body: str = ""
    wrap_in_array: bool = False


class Operation(Frozen):
    """One thing the ERP can (or cannot) do for us, and how we know.

    `applies_to` limits a find to values that match it whole; `batch` is how many keys a call takes.
    """

    support: types.OperationSupport = types.OperationSupport.SUPPORTED
    evidence: EvidenceMark
    source: str = Field(min_length=1)
    manual_title: str = ""
    request: Request | None = None
    rows: str = ""
    read: str = ""
    success: Success | None = None
    finality: Literal["posted", "staged"] | None = None
    number_path: str = ""
    paging: AnyPaging | None = None
    watermark: Watermark | None = None
    applies_to: str = ""
    # A find for which a refusal means that there are none: `outcome = "not_found"`, or a rule's
    # unknown_order or unknown_item.
    none_when_not_found: bool = False
    batch: int = Field(1, gt=0, le=500)

    @check_field("rows", "number_path")
    @classmethod
    def _readable(cls, path: str) -> str:
        return check_expression(path) if path else path

    @check_field("applies_to")
    @classmethod
    def _compiles(cls, pattern: str) -> str:
        return check_pattern(pattern)

    @model_validator(mode="after")
    def _can_be_called(self) -> Self:
        if self.support is types.OperationSupport.SUPPORTED and self.request is None:
            raise ValueError("a supported operation needs a 'request'")
        if self.support is types.OperationSupport.MANUAL and not self.manual_title:
            raise ValueError("a manual operation needs a 'manual_title'")
        return self

    @property
    def has_manual_fallback(self) -> bool:
        return bool(self.manual_title)


class ErrorRule(Frozen):
    """Ordered; the first that fits decides. Without `status` it fits 400 to 499 only.

    `code` is a refusal of a document, `outcome` anything else. `match` is searched, ignoring case,
    in the text at `path`, or in the first of `error_texts` that holds one. A reply that [refusal]
    recognises counts as one of 400 to 499.
    """

    status: tuple[int, ...] = ()
    path: str = ""
    match: str = ""
    code: str = ""
    field: str = ""
    outcome: Literal["", "retry_later", "credentials", "not_found", "unknown"] = ""

    @check_field("match")
    @classmethod
    def _compiles(cls, pattern: str) -> str:
        return check_pattern(pattern)

    @check_field("path")
    @classmethod
    def _readable(cls, path: str) -> str:
        return check_expression(path) if path else path

    @check_field("code")
    @classmethod
    def _known_code(cls, code: str) -> str:
        if code and code not in REJECTION_CODES:
            raise ValueError(
                f"'{code}' is no refusal code; expected one of {sorted(REJECTION_CODES)}"
            )
        return code

    @model_validator(mode="after")
    def _decides_once(self) -> Self:
        if bool(self.code) == bool(self.outcome):
            raise ValueError("expected either 'code' or 'outcome'")
        if self.outcome == "unknown" and (self.status or self.path or self.match):
            raise ValueError("an 'unknown' rule takes everything; give it no conditions")
        return self


def check_pattern(pattern: str) -> str:
    """Return `pattern` when it is a readable regular expression; raises ValueError otherwise."""
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"'{pattern}' is not a regular expression: {error}") from error
    return pattern
