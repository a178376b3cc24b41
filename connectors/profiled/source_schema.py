"""What the profile of a returns platform may say, as one frozen model.

The parts of an ERP's profile (`parts`, `trees`) are used where they mean the same. A source is read
in pages by the time of change, then return by return, and hardly ever written to.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator
from pydantic import field_validator as check_field

from connectors.profiled import targets
from connectors.profiled.hints import nearest
from connectors.profiled.parts import (
    AmountRules,
    AnyPaging,
    Environment,
    ErrorRule,
    EvidenceMark,
    Identity,
    Lookup,
    Success,
)
from connectors.profiled.targets import Fact, FactType
from connectors.profiled.trees import Extract, Frozen, check_expression
from connectors.profiled.ways import Basic, Bearer, HeaderKey, NoAuth, QueryKey, RestJson

# What a path or a query value may name.
PLACEHOLDERS = ("{id}", "{since}")
_LEFTOVER_BRACE = re.compile(r"[{}]")

_TEXT, _NEEDED = Fact(), Fact(is_required=True)
_AMOUNT, _NEEDED_AMOUNT = Fact(FactType.DECIMAL), Fact(FactType.DECIMAL, is_required=True)
_FLAG = Fact(FactType.BOOL)
_MOMENT, _NEEDED_MOMENT = Fact(FactType.DATETIME), Fact(FactType.DATETIME, is_required=True)

# Facts of each record, by the name a profile places them under (`connectors.types.Source…`).
ROW = {"external_id": _NEEDED, "status": _TEXT, "order_name": _TEXT}
RETURN = {
    "external_id": _NEEDED,
    "status": _NEEDED,
    "order_id": _TEXT,
    "order_name": _TEXT,
    "currency": _TEXT,
    "created_at": _NEEDED_MOMENT,
    "updated_at": _NEEDED_MOMENT,
    "customer_email": _TEXT,
    "customer_name": _TEXT,
    "is_out_of_policy": _FLAG,
}
LINE = {
    "unit_id": _NEEDED,
    "order_line_id": _TEXT,
    "sku": Fact(is_required=True, can_be_empty=True),
    "barcode": _TEXT,
    "name": _TEXT,
    "quantity": Fact(FactType.INTEGER),
    "unit_price": _AMOUNT,
    "unit_tax": _AMOUNT,
    "is_tax_included": _FLAG,
    "reason": _TEXT,
    "reason_detail": _TEXT,
    "resolution": _TEXT,
    "return_method": _TEXT,
    # One of `types.Inspection`; any other word counts as not inspected and is noted.
    "inspection": _TEXT,
    "is_restockable": _FLAG,
    "disposition": _TEXT,
    "decided_at": _MOMENT,
    "location": _TEXT,
    "shipment_id": _TEXT,
}
SHIPMENT = {
    "external_id": _NEEDED,
    "status": _TEXT,
    "carrier": _TEXT,
    "tracking_number": _TEXT,
    "tracking_url": _TEXT,
    "is_outbound": _FLAG,
}
REFUND = {
    "external_id": _NEEDED,
    "rma_external_id": _TEXT,
    "kind": _TEXT,
    "status": _NEEDED,
    "amount": _NEEDED_AMOUNT,
    "currency": _TEXT,
    "processor": _TEXT,
    "reference": _TEXT,
    # A `types.Tender.kind` where the platform says what the money went back by.
    "tender": _TEXT,
    "created_at": _NEEDED_MOMENT,
    "updated_at": _MOMENT,
}
EVENT = {"name": _TEXT, "at": _MOMENT, "via": _TEXT, "location": _TEXT, "user": _TEXT}
EXCHANGE = {"draft_order_id": _TEXT, "order_id": _TEXT, "order_name": _TEXT, "kind": _TEXT}
# `kind` is a `types.FeeKind`.
FEE = {"kind": _NEEDED, "amount": _NEEDED_AMOUNT}


class SourceOperationName(StrEnum):
    """Everything a returns platform may be asked."""

    CHECK_CONNECTION = "check_connection"
    LIST_RETURNS = "list_returns"
    READ_RETURN = "read_return"
    LIST_REFUNDS = "list_refunds"
    ADD_NOTE = "add_note"


SOURCE_WRITES = frozenset({SourceOperationName.ADD_NOTE})
_LISTS = frozenset({SourceOperationName.LIST_RETURNS, SourceOperationName.LIST_REFUNDS})


class SourceRequest(Frozen):
    """`{id}` is the return's id, alone between slashes; `{since}` a whole query value."""

    method: Literal["GET", "POST", "PUT", "PATCH"]
    path: str = Field(pattern=r"^/[A-Za-z0-9/_.\-{}]*$")
    query: dict[str, str] = {}

    @check_field("path")
    @classmethod
    def _only_the_id(cls, path: str) -> str:
        if any("{" in part and part != "{id}" for part in path.split("/")):
            raise ValueError("expected {id} alone between slashes, and no other placeholder")
        return path

    @check_field("query")
    @classmethod
    def _whole_values(cls, query: dict[str, str]) -> dict[str, str]:
        for name, value in query.items():
            if value not in PLACEHOLDERS and _LEFTOVER_BRACE.search(value):
                raise ValueError(f"{name}: expected fixed text, {{id}} or {{since}}")
        return query


class SourceOperation(Frozen):
    """One thing the platform can do for us, and how we know.

    `rows` and `paging` are a list's; `success` a check's or a write's.
    """

    evidence: EvidenceMark
    source: str = Field(min_length=1)
    request: SourceRequest
    rows: str = ""
    paging: AnyPaging | None = None
    success: Success | None = None

    @check_field("rows")
    @classmethod
    def _readable(cls, path: str) -> str:
        return check_expression(path) if path else path


class RecordList(Frozen):
    """A list inside a return, and how each of its records is read."""

    path: str
    fields: dict[str, Extract]

    @check_field("path")
    @classmethod
    def _readable(cls, path: str) -> str:
        return check_expression(path)


class Reread(Frozen):
    """A return that `when` finds something in changes by itself, told or not: read it again."""

    when: str
    after_days: int = Field(gt=0, le=365)

    @check_field("when")
    @classmethod
    def _readable(cls, path: str) -> str:
        return check_expression(path)


class ReturnReading(Frozen):
    """How one whole return is read; `root` is where it stands in the reply.

    `is_tax_included` holds for lines that do not say it themselves.
    """

    root: str
    fields: dict[str, Extract]
    is_tax_included: bool = True
    lines: RecordList
    shipments: RecordList | None = None
    refunds: RecordList | None = None
    events: RecordList | None = None
    exchanges: RecordList | None = None
    fees: RecordList | None = None
    reread: Reread | None = None

    @check_field("root")
    @classmethod
    def _readable(cls, path: str) -> str:
        return check_expression(path)


class Note(Frozen):
    """`texts` finds the notes in the reply of a return; `field` names the text of a new one."""

    texts: str
    field: str = Field(min_length=1)

    @check_field("texts")
    @classmethod
    def _readable(cls, path: str) -> str:
        return check_expression(path)


class Signature(Frozen):
    """HMAC-SHA256 over the raw body; `secret` is its name in the connection.

    Checked where the connection has the secret; without one a message is believed no less, since
    it is only ever a nudge.
    """

    header: str = Field(pattern=r"^[A-Za-z0-9-]+$")
    secret: str = Field(min_length=1)
    encoding: Literal["hex", "base64"] = "hex"
    prefix: str = ""


class Webhook(Frozen):
    topic: str
    external_id: str
    signature: Signature | None = None

    @check_field("topic", "external_id")
    @classmethod
    def _readable(cls, path: str) -> str:
        return check_expression(path)


class SourceProfile(Frozen):
    """One way of speaking to one returns platform.

    `words` are the platform's own words for states and dispositions with what they mean here:
    nothing is decided by them, a bridge's mappings start from them.
    """

    profile: Identity
    transport: RestJson
    auth: Annotated[HeaderKey | Basic | Bearer | QueryKey | NoAuth, Field(discriminator="kind")]
    environment: Environment
    money: AmountRules = AmountRules()
    operations: dict[SourceOperationName, SourceOperation]
    rows: dict[str, Extract]
    reading: ReturnReading
    refunds: dict[str, Extract] = {}
    note: Note | None = None
    webhook: Webhook | None = None
    lookups: dict[str, Lookup] = {}
    words: dict[str, dict[str, str]] = {}
    error_texts: tuple[str, ...] = ()
    errors: tuple[ErrorRule, ...] = Field(min_length=1)

    @check_field("error_texts")
    @classmethod
    def _readable(cls, paths: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(check_expression(path) for path in paths)

    @model_validator(mode="after")
    def _parts_fit(self) -> Self:
        problems = [*_operation_problems(self), *_reading_problems(self)]
        if problems:
            raise ValueError("\n".join(problems))
        return self


def _operation_problems(profile: SourceProfile) -> list[str]:
    problems = [
        f"operations.{name}: is required"
        for name in ("check_connection", "list_returns", "read_return")
        if name not in profile.operations
    ]
    for name, operation in profile.operations.items():
        if name in SOURCE_WRITES:
            if operation.request.method == "GET" or operation.success is None:
                problems.append(f"operations.{name}: a write is no GET and needs 'success'")
            if profile.note is None:
                problems.append(f"operations.{name}: needs [note]")
        elif operation.request.method != "GET":
            problems.append(f"operations.{name}.request.method: a read must be a GET")
        if name in _LISTS and not operation.rows:
            problems.append(f"operations.{name}.rows: a list needs the path of its rows")
    check = profile.operations.get(SourceOperationName.CHECK_CONNECTION)
    if check is not None and check.success is None:
        problems.append("operations.check_connection.success: the check needs a success test")
    if SourceOperationName.LIST_REFUNDS in profile.operations and not profile.refunds:
        problems.append("refunds: list_refunds needs [refunds] to say how its rows are read")
    return problems


def _reading_problems(profile: SourceProfile) -> list[str]:
    found = []
    for place, wanted, fields in _placed(profile):
        found += targets.problems(wanted, fields, place)
        found += [
            f"{place}.{name}: no [lookups.{extract.lookup}]"
            f"{nearest(extract.lookup, profile.lookups)}"
            for name, extract in fields.items()
            if extract.lookup and extract.lookup not in profile.lookups
        ]
    return found


def _placed(
    profile: SourceProfile,
) -> Iterable[tuple[str, Mapping[str, Fact], Mapping[str, Extract]]]:
    reading = profile.reading
    yield "rows", ROW, profile.rows
    yield "reading.fields", RETURN, reading.fields
    yield "reading.lines.fields", LINE, reading.lines.fields
    if profile.refunds:
        yield "refunds", REFUND, profile.refunds
    for name, wanted in (
        ("shipments", SHIPMENT),
        ("refunds", REFUND),
        ("events", EVENT),
        ("exchanges", EXCHANGE),
        ("fees", FEE),
    ):
        listed: RecordList | None = getattr(reading, name)
        if listed is not None:
            yield f"reading.{name}.fields", wanted, listed.fields
