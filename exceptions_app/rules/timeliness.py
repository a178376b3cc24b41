"""Findings that come from time passing, and from what the ERP answered to a posting."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal

from exceptions_app.choices import HoldReason, PostingKind, PostingStatus, RefundStatus
from exceptions_app.rules import leaving, money, receiving, rereading, values, windows
from exceptions_app.rules.confirming import TWICE_TYPES
from exceptions_app.rules.facts import Finding, PlannedPosting, PostingFact
from exceptions_app.rules.relevance import units_booked, units_left_to_book
from exceptions_app.rules.resolving import (
    Resolved,
    has_refund_under_way,
    refund_confirmed,
    sent_postings,
)
from exceptions_app.rules.validation import DOCUMENTS

# Types that tell already that an outcome is not known.
_TOLD = frozenset({"OUTCOME_UNKNOWN", *TWICE_TYPES.values()})
# A receipt waits for the authorisation before it.
_BEFORE_RECEIPT = frozenset(
    {PostingKind.RETURN_AUTHORISATION.value, PostingKind.STOCK_RECEIPT.value}
)


# The fact by which refusals of a type are of one root, before the vendor's code.
_CAUSES = {
    "PERIOD_CLOSED": ("period",),
    "WAREHOUSE_UNMAPPED": ("warehouse",),
    "DIVISION_MISMATCH": ("division",),
}


def findings(
    resolved: Resolved, found: tuple[Finding, ...], postings: tuple[PlannedPosting, ...]
) -> tuple[Finding, ...]:
    """Findings about live postings, then about documents that should exist by now.

    `found` are the findings so far: a missing document that one of them explains is not reported
    a second time. None of these holds anything back.
    """
    facts = resolved.facts
    about_postings = [finding for row in facts.postings for finding in _posting(resolved, row)]
    known = (*found, *about_postings)
    late = [*_no_credit(resolved, known, postings), *_no_receipt(resolved, known, postings)]
    return (*about_postings, *_missed_windows(resolved, postings), *late)


def _missed_windows(resolved: Resolved, postings: tuple[PlannedPosting, ...]) -> Iterator[Finding]:
    """Documents that were there when a window of the ERP opened and shut, and are held still."""
    facts = resolved.facts
    held = {row.slot: row for row in facts.postings if row.status == PostingStatus.HELD}
    for planned in postings:
        row = held.get(planned.slot)
        if row is None or planned.hold != HoldReason.WINDOW:
            continue
        since = windows.missed_since(
            windows.parse(facts.policy.schedule[planned.kind]),
            created_at=row.created_at,
            now=facts.now,
            zone=facts.zone,
        )
        if since is None:
            continue
        value, formula = _document(resolved, row)
        yield Finding(
            type="ERP_BATCH_WAIT",
            subject=f"window:{row.slot}",
            cause=row.kind,
            facts={
                "kind": str(PostingKind(row.kind).label),
                "since": _moment(since),
                "currency": facts.currency,
            },
            value=value,
            value_formula=formula,
        )


def _posting(resolved: Resolved, row: PostingFact) -> Iterator[Finding]:
    facts = resolved.facts
    value, formula = _document(resolved, row)
    label = str(PostingKind(row.kind).label) if row.kind in PostingKind.values else row.kind
    base = {"kind": label, "key": row.key, "currency": facts.currency}
    if row.open_type == "RECEIPT_NOT_POSTED":
        base["since"] = _moment(row.created_at)
    if row.open_type:
        is_note = row.kind == PostingKind.PLATFORM_UPDATE
        yield Finding(
            type="NOTIFY_FAILED" if is_note else row.open_type,
            subject=f"posting:{row.slot}",
            cause=_cause(row),
            facts={**base, **row.open_facts},
            value=value,
            value_formula=formula,
        )
    is_unknown = row.status == PostingStatus.UNCONFIRMED and row.unknown_since is not None
    if is_unknown and row.open_type not in _TOLD and row.unknown_since is not None:
        limit = timedelta(minutes=facts.policy.unknown_case_after_minutes)
        if facts.now - row.unknown_since >= limit:
            yield Finding(
                type="OUTCOME_UNKNOWN",
                subject=f"posting:{row.slot}",
                cause=row.kind,
                facts={**base, "since": _moment(row.unknown_since)},
                value=value,
                value_formula=formula,
            )


def _document(resolved: Resolved, row: PostingFact) -> values.Value:
    """What is at risk with a document: what a second reading shows, else its gross, or for stock
    the goods of the return.
    """
    name, formula = rereading.VALUES.get(row.open_type, ("", ""))
    if row.open_facts.get(name):
        return Decimal(row.open_facts[name]), formula
    if row.gross:
        return row.gross, "document gross"
    currency = resolved.facts.currency
    return values.total([values.stock(line, currency) for line in resolved.lines if line.is_item])


def _cause(row: PostingFact) -> str:
    """What all refusals of one root share; a document's month is one only where it is closed."""
    own = _CAUSES.get(row.open_type, ())
    for name in ("cause", "sku", *own, "setting", "vendor_code", "field"):
        if row.open_facts.get(name):
            return row.open_facts[name]
    return row.kind


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"


def _explains(found: tuple[Finding, ...], kinds: frozenset[str]) -> bool:
    """Something known holds one of the kinds back, or a posting of one is in trouble already."""
    return any(
        row.blocks & kinds or row.subject.startswith(tuple(f"posting:{kind}" for kind in kinds))
        for row in found
    )


def _no_credit(
    resolved: Resolved, found: tuple[Finding, ...], postings: tuple[PlannedPosting, ...]
) -> Iterator[Finding]:
    """Money left, and no credit went out within the grace period (R063)."""
    facts = resolved.facts
    kind = PostingKind.CREDIT_MEMO.value
    confirmed = [
        row.confirmed_at
        for row in facts.refunds
        if row.status == RefundStatus.CONFIRMED and row.confirmed_at is not None
    ]
    refund = refund_confirmed(facts)
    if not confirmed or refund <= 0 or has_refund_under_way(facts):
        return
    is_credit_after_goods = facts.policy.credit_trigger != "refund_confirmed"
    is_paid_ahead = facts.policy.refund_timing == "instant" and is_credit_after_goods
    if is_paid_ahead and not receiving.is_here(facts):
        # The credit follows the goods; that these stay away is an exception of its own.
        return
    came = [facts.received_at, receiving.last_at(facts)] if is_paid_ahead else []
    since = max([*confirmed, *(at for at in came if at is not None)])
    if facts.now - since < timedelta(hours=facts.policy.credit_grace_hours):
        return
    waits_for_run = any(row.kind == kind and row.hold == HoldReason.RUN for row in postings)
    if waits_for_run or sent_postings(facts, kind) or _explains(found, DOCUMENTS):
        return
    if facts.decisions.accepted_difference is not None and not _is_planned(postings, kind):
        # Finance accepted a refund that has no credit at all.
        return
    yield Finding(
        type="REFUND_NO_CM",
        subject="refund",
        cause="no credit",
        facts={
            "refund": money.text(refund, facts.currency),
            "currency": facts.currency,
            "since": _moment(since),
        },
        value=refund,
        value_formula="refund gross",
        is_leaving=leaving.is_leaving(facts, postings, found, {kind}),
    )


def _is_planned(postings: tuple[PlannedPosting, ...], kind: str) -> bool:
    return any(row.kind == kind for row in postings)


def _no_receipt(
    resolved: Resolved, found: tuple[Finding, ...], postings: tuple[PlannedPosting, ...]
) -> Iterator[Finding]:
    """Goods were graded, and no receipt went to the ERP within the grace period (R015, R035)."""
    facts = resolved.facts
    is_short = any(row.type == "QTY_SHORT" for row in found)
    if not resolved.is_approved or is_short or _explains(found, _BEFORE_RECEIPT):
        return
    limit = timedelta(hours=facts.policy.receipt_grace_hours)
    late = [
        line
        for line in resolved.lines
        if line.is_for_stock
        and line.fact.disposition_at is not None
        and facts.now - line.fact.disposition_at >= limit
    ]
    booked = units_booked(resolved)
    if sum(line.fact.quantity for line in late) <= booked or units_left_to_book(resolved) == 0:
        return
    value, formula = values.total([values.stock(line, facts.currency) for line in late])
    since = min(line.fact.disposition_at for line in late if line.fact.disposition_at)
    yield Finding(
        type="RECEIPT_NOT_POSTED",
        subject="rma",
        cause="no receipt",
        facts={
            "kind": str(PostingKind.STOCK_RECEIPT.label),
            "since": _moment(since),
            "location": ", ".join(sorted({line.location for line in late})),
            "units": str(sum(line.fact.quantity for line in late)),
            "currency": facts.currency,
        },
        value=value,
        value_formula=formula,
        is_leaving=leaving.is_leaving(facts, postings, found, _BEFORE_RECEIPT),
    )
