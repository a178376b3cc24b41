"""Where a return stands, stage by stage, each done only with proof; and what may be said of it.

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
from exceptions_app.rules import money
from exceptions_app.rules.facts import Finding, PostingFact, RmaFacts
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
    """Done by the ERP's own number of a document read back, never by our having sent it."""
    rows = _confirmed(resolved.facts, kind)
    if rows:
        numbers = ", ".join(row.number for row in rows)
        return Stage(code, label, "done", "erp", None, f"{noun} {numbers}")
    state: State = "blocked" if kind.value in blocked else "waiting"
    return Stage(code, label, state, "erp", None, "")


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
        return Stage(code, label, "done", "platform", facts.received_at, "Received at the platform")
    if resolved.is_dead:
        return Stage(code, label, "not_needed", "platform", None, "")
    if facts.logistics == LogisticsAxis.IN_TRANSIT:
        return Stage(code, "On its way", "waiting", "platform", None, "")
    return Stage(code, label, "not_yet", "platform", None, "")


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
    is_open = units_left_to_book(resolved) > 0 or booked < wanted
    if booked and not is_open:
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
    confirmed = [
        row
        for row in facts.refunds
        if row.status == RefundStatus.CONFIRMED and row.external_id and row.amount > 0
    ]
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


_SAYINGS = {
    "requested": "has been requested",
    "authorised": "is authorised",
    "received": "has been received",
    "inspected": "has been inspected",
    "stock_booked": "is booked back into stock",
    "refunded": "has been refunded",
    "credited": "has been credited in the books",
}


def sentence(facts: RmaFacts, seen: Iterable[Stage]) -> str:
    """What an agent may tell the customer: proven stages only, and the one that is open next.

    The refund is named with its amount; nothing is promised.
    """
    seen = tuple(seen)
    done = [stage.code for stage in seen if stage.state == "done" and stage.proof]
    spoken = [_SAYINGS[code] for code in done if code in _SAYINGS and code != "requested"]
    first = _joined(spoken or [_SAYINGS["requested"]])
    parts = [f"Your return {facts.external_id} {first}."]
    if "refunded" in done:
        amount = money.text(refund_confirmed(facts), facts.currency)
        parts.append(f"We refunded {amount} {facts.currency}.")
    elif any(stage.code == "refunded" and stage.state != "not_needed" for stage in seen):
        parts.append("The refund is not confirmed yet.")
    return " ".join(parts)


def _joined(phrases: list[str]) -> str:
    if len(phrases) == 1:
        return phrases[0]
    return f"{', '.join(phrases[:-1])} and {phrases[-1]}"
