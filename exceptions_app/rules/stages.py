"""Where a return stands, stage by stage, each done only with proof (`sayings` puts it in words).

"Returned" never implies "restocked", and "refunded" is said only with a confirmed refund in hand
(lessons 20 and 27).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from exceptions_app.choices import (
    ApprovalAxis,
    InspectionAxis,
    LogisticsAxis,
    PostingKind,
    PostingStatus,
    RefundStatus,
)
from exceptions_app.rules import receiving
from exceptions_app.rules.facts import Finding, PostingFact, RefundFact, RmaFacts
from exceptions_app.rules.relevance import units_left_to_book
from exceptions_app.rules.resolving import (
    Resolved,
    has_refund_under_way,
    inspection_axis,
    refund_confirmed,
    resolve,
)

State = Literal["done", "waiting", "blocked", "not_yet", "not_needed"]


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage: `source` ("platform" or "erp") says so, `proof` is the id or words that prove it.

    `at` is when it became true, None when the source gives no moment. `proof` is empty unless done.
    """

    code: str
    label: str
    state: State
    source: str
    at: datetime | None
    proof: str


def stages(facts: RmaFacts, findings: Iterable[Finding] = ()) -> tuple[Stage, ...]:
    """The seven stages in their order; `findings` of the plan tell which ones are blocked."""
    resolved = resolve(facts)
    blocked = frozenset(kind for finding in findings for kind in finding.blocks)
    return (
        Stage(
            "requested",
            "Requested",
            "done",
            "platform",
            facts.requested_at,
            f"Return {facts.external_id}",
        ),
        _authorised(resolved, blocked),
        _received(resolved),
        _inspected(resolved),
        _stock_booked(resolved, blocked),
        _refunded(resolved),
        _credited(resolved, blocked),
    )


def _authorised(resolved: Resolved, blocked: frozenset[str]) -> Stage:
    code, label = "authorised", "Authorised"
    if resolved.is_dead:
        return Stage(code, label, "not_needed", "platform", None, "")
    if not resolved.is_approved:
        is_unknown = resolved.approval == ApprovalAxis.UNKNOWN
        return Stage(code, label, "blocked" if is_unknown else "waiting", "platform", None, "")
    if not resolved.facts.policy.authorise_first:
        return Stage(code, label, "done", "platform", None, resolved.facts.status_raw)
    return _document(
        resolved, code, label, PostingKind.RETURN_AUTHORISATION, "Authorisation", blocked
    )


def _document(
    resolved: Resolved,
    code: str,
    label: str,
    kind: PostingKind,
    noun: str,
    blocked: frozenset[str],
) -> Stage:
    """Done by the ERP's own number of a document read back, never by our having sent it.

    One that only a person's word says is booked is done as well, and its proof says so.
    """
    rows = _confirmed(resolved.facts, kind)
    if rows:
        numbers = ", ".join(_number(row) for row in rows)
        moments = [row.confirmed_at for row in rows if row.confirmed_at]
        at = max(moments, default=None)
        return Stage(code, label, "done", "erp", at, f"{noun} {numbers}")
    state: State = "blocked" if kind.value in blocked else "waiting"
    return Stage(code, label, state, "erp", None, "")


def _number(row: PostingFact) -> str:
    return f"{row.number} ({row.on_word})" if row.on_word else row.number


def _confirmed(facts: RmaFacts, kind: str) -> list[PostingFact]:
    rows = [
        row
        for row in facts.postings
        if row.kind == kind and row.status == PostingStatus.CONFIRMED and row.number
    ]
    return sorted(rows, key=lambda row: row.id)


def _received(resolved: Resolved) -> Stage:
    facts = resolved.facts
    code, label = "received", "Received"
    if facts.logistics == LogisticsAxis.NOT_REQUIRED:
        return Stage(code, label, "not_needed", "platform", None, "")
    if facts.logistics == LogisticsAxis.RECEIVED:
        return Stage(code, label, "done", "platform", facts.received_at, "recorded as received")
    proof = _checked_in(facts)
    if proof:
        return Stage(code, label, "done", "erp", receiving.last_at(facts), proof)
    if resolved.is_dead:
        return Stage(code, label, "not_needed", "platform", None, "")
    if facts.logistics == LogisticsAxis.IN_TRANSIT:
        return Stage(code, "On its way", "waiting", "platform", None, "")
    return Stage(code, label, "not_yet", "platform", None, "")


def _checked_in(facts: RmaFacts) -> str:
    """The receipts of the ERP's own staff, by the numbers it gave them; "" for none."""
    numbers = [row.number or row.external_id for row in receiving.of_others(facts)]
    return f"Receipt {', '.join(numbers)}" if numbers else ""


def _inspected(resolved: Resolved) -> Stage:
    facts = resolved.facts
    code, label = "inspected", "Inspected"
    axis = inspection_axis(resolved.lines)
    if axis == InspectionAxis.INSPECTED:
        moments = [line.disposition_at for line in facts.lines if line.disposition_at]
        return Stage(
            code,
            label,
            "done",
            "platform",
            max(moments) if moments else None,
            ", ".join(sorted({line.disposition for line in facts.lines if line.disposition})),
        )
    if resolved.is_dead or facts.logistics == LogisticsAxis.NOT_REQUIRED:
        return Stage(code, label, "not_needed", "platform", None, "")
    is_here = facts.logistics == LogisticsAxis.RECEIVED or axis == InspectionAxis.PARTLY
    return Stage(code, label, "waiting" if is_here else "not_yet", "platform", None, "")


def _stock_booked(resolved: Resolved, blocked: frozenset[str]) -> Stage:
    """Done when confirmed receipts carry every unit that is for stock."""
    code, label = "stock_booked", "Stock booked"
    facts = resolved.facts
    wanted = sum(line.fact.quantity for line in resolved.lines if line.is_for_stock)
    booked = sum(row.units for row in _confirmed(facts, PostingKind.STOCK_RECEIPT))
    booked += receiving.units_of_others(facts)
    is_open = units_left_to_book(resolved) > 0 or booked < wanted
    if booked and not is_open:
        proof = _checked_in(facts)
        if proof and not _confirmed(facts, PostingKind.STOCK_RECEIPT):
            return Stage(code, label, "done", "erp", receiving.last_at(facts), proof)
        return _document(resolved, code, label, PostingKind.STOCK_RECEIPT, "Receipt", blocked)
    if not wanted and (not is_open or resolved.is_dead):
        return Stage(code, label, "not_needed", "erp", None, "")
    if facts.logistics == LogisticsAxis.NOT_REQUIRED and not wanted:
        return Stage(code, label, "not_needed", "erp", None, "")
    if PostingKind.STOCK_RECEIPT.value in blocked:
        return Stage(code, label, "blocked", "erp", None, "")
    return Stage(code, label, "waiting" if wanted else "not_yet", "erp", None, "")


def _refunded(resolved: Resolved) -> Stage:
    facts = resolved.facts
    code, label = "refunded", "Refunded"
    confirmed = proved_refunds(facts)
    if confirmed and not has_refund_under_way(facts):
        moments = [row.confirmed_at for row in confirmed if row.confirmed_at]
        proof = "Refund " + ", ".join(sorted(row.external_id for row in confirmed))
        at = max(moments) if moments else None
        return Stage(code, label, "done", "platform", at, proof)
    if facts.refunds:
        is_failed = all(row.status == RefundStatus.FAILED for row in facts.refunds)
        return Stage(code, label, "blocked" if is_failed else "waiting", "platform", None, "")
    is_swap = all(line.is_exchange for line in resolved.lines if line.is_item)
    if resolved.is_dead or is_swap:
        return Stage(code, label, "not_needed", "platform", None, "")
    return Stage(code, label, "not_yet", "platform", None, "")


def proved_refunds(facts: RmaFacts) -> list[RefundFact]:
    """Refunds the platform confirmed, each with the id that proves it; nothing given is none."""
    return [
        row
        for row in facts.refunds
        if row.status == RefundStatus.CONFIRMED and row.external_id and row.amount > 0
    ]


def _credited(resolved: Resolved, blocked: frozenset[str]) -> Stage:
    code, label = "credited", "Credited"
    kind = PostingKind.CREDIT_MEMO
    if _confirmed(resolved.facts, kind):
        return _document(resolved, code, label, kind, "Credit memo", blocked)
    if refund_confirmed(resolved.facts) > 0 or any(
        row.kind == kind for row in resolved.facts.postings
    ):
        return _document(resolved, code, label, kind, "Credit memo", blocked)
    state: State = "not_needed" if _refunded(resolved).state == "not_needed" else "not_yet"
    return Stage(code, label, state, "erp", None, "")


def why_open(facts: RmaFacts, stage: Stage) -> str:
    """Why a stage is not done, in a few words; "" when it is done, not needed or says it itself."""
    if stage.state in {"done", "not_needed"}:
        return ""
    kind = KINDS.get(stage.code)
    if kind is None:
        return _WHY.get((stage.code, stage.state), "")
    rows = [row for row in facts.postings if row.kind == kind]
    words = [_WHY_DOCUMENT[row.status] for row in rows if row.status in _WHY_DOCUMENT]
    if words:
        return words[-1]
    return "Something is in the way" if stage.state == "blocked" else _why_not_planned(facts, stage)


def _why_not_planned(facts: RmaFacts, stage: Stage) -> str:
    if stage.code == "stock_booked":
        return "Waits for the inspection" if stage.state == "not_yet" else "Not planned yet"
    if stage.code == "credited" and facts.policy.credit_trigger == "refund_confirmed":
        return "Waits for the refund" if stage.state == "not_yet" else "Not planned yet"
    return "Not planned yet"


KINDS = {
    "authorised": PostingKind.RETURN_AUTHORISATION,
    "stock_booked": PostingKind.STOCK_RECEIPT,
    "credited": PostingKind.CREDIT_MEMO,
}
_WHY = {
    ("received", "waiting"): "Recorded as sent",
    ("received", "not_yet"): "No receipt is recorded",
    ("inspected", "waiting"): "Not every item has a final grade",
    ("inspected", "not_yet"): "Waits for the goods",
    ("refunded", "waiting"): "Asked for, not confirmed",
    ("refunded", "blocked"): "Tried, and did not go through",
    ("refunded", "not_yet"): "No refund is recorded",
}
_WHY_DOCUMENT: dict[str, str] = {
    PostingStatus.PLANNED: "Planned, not sent",
    PostingStatus.BLOCKED: "Held back by an exception",
    PostingStatus.HELD: "Held, not sent",
    PostingStatus.READY: "Ready, not sent",
    PostingStatus.SENDING: "Being sent, not confirmed",
    PostingStatus.UNCONFIRMED: "Sent, outcome not known",
    PostingStatus.POSTED: "Sent, not read back yet",
    PostingStatus.FAILED: "Refused by the ERP",
}
