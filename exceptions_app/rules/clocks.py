"""What must end in its time: every clock that runs for a return, and what it means when it is over.

A clock is told while its condition holds, so that one definition serves the exception and the
moment at which the return is looked at again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from connectors.types import Inspection
from exceptions_app.choices import (
    ApprovalAxis,
    Bucket,
    ExchangeAxis,
    LogisticsAxis,
    PostingKind,
    PostingStatus,
    RefundStatus,
)
from exceptions_app.rules import leaving, limits, money, receiving, values, windows
from exceptions_app.rules.facts import Finding, PlannedPosting, PostingFact, RmaFacts
from exceptions_app.rules.relevance import units_left_to_book
from exceptions_app.rules.resolving import (
    Resolved,
    ReturnedLine,
    is_credit_due,
    sent_postings,
)

CREDIT = PostingKind.CREDIT_MEMO.value
_AFTER_GOODS = frozenset({"goods_received", "goods_inspected"})
# Paid by other means than money: the platform tells no refund of it.
_NO_REFUND = ("exchange", "credit", "gift", "coupon", "voucher")


@dataclass(frozen=True, slots=True)
class Clock:
    """What is waited for since `since`, and becomes an exception once `limit` is over."""

    type: str
    subject: str
    since: datetime
    limit: timedelta
    value: values.Value
    facts: Mapping[str, str]
    # Where the ERP takes documents in windows only: when the next one opened, or will.
    counts_from: datetime | None = None

    @property
    def ends_at(self) -> datetime:
        return (self.counts_from or self.since) + self.limit

    def finding(self, facts: RmaFacts) -> Finding:
        amount, formula = self.value
        return Finding(
            type=self.type,
            subject=self.subject,
            cause=self.type.replace("_", " ").lower(),
            facts={
                "since": f"{self.since:%Y-%m-%d %H:%M} UTC",
                "limit": limits.words(self.limit),
                "currency": facts.currency,
                **self.facts,
            },
            value=amount,
            value_formula=formula,
        )


def running(resolved: Resolved) -> Iterator[Clock]:
    """Every clock of a return that is approved; those of other returns do not run."""
    if not resolved.is_approved:
        return
    yield from _grade(resolved)
    yield from _quarantine(resolved)
    yield from _restock(resolved)
    yield from _credit(resolved)
    yield from _refund(resolved)
    yield from _exchange(resolved)
    yield from _drift(resolved)
    yield from _promise(resolved)


def over(
    resolved: Resolved, found: tuple[Finding, ...], postings: tuple[PlannedPosting, ...]
) -> Iterator[Finding]:
    """The clocks whose time is over and which none of the findings so far explains."""
    facts = resolved.facts
    known = {row.type for row in found if not row.is_leaving}
    is_stopped = any(row.blocks or row.subject.startswith("posting:") for row in found)
    for clock in running(resolved):
        if clock.ends_at > facts.now or _EXPLAINED_BY.get(clock.type, frozenset()) & known:
            continue
        if clock.type in _ONLY_UNEXPLAINED and is_stopped:
            continue
        kinds = {leaving.LATE.get(clock.type, "")}
        is_leaving = leaving.is_leaving(facts, postings, found, kinds)
        yield replace(clock.finding(facts), is_leaving=is_leaving)


_EXPLAINED_BY = {
    "RESTOCK_LATE": frozenset({"RECEIPT_NOT_POSTED", "QTY_SHORT"}),
    "RECEIVED_NOT_CREDITED": frozenset({"REFUND_NO_CM", "QTY_SHORT"}),
    "INSPECTION_OVERDUE": frozenset({"QTY_SHORT"}),
}
_ONLY_UNEXPLAINED = frozenset({"RECEIVED_NOT_CREDITED", "STATUS_DRIFT"})


def _items(resolved: Resolved) -> list[ReturnedLine]:
    return [line for line in resolved.lines if line.is_item and not line.is_not_returned]


def _units(lines: list[ReturnedLine]) -> str:
    return str(sum(line.fact.quantity for line in lines))


def _paid(resolved: Resolved, lines: list[ReturnedLine]) -> values.Value:
    return values.total([values.paid(line, resolved.facts.currency) for line in lines])


def _stock(resolved: Resolved, lines: list[ReturnedLine]) -> values.Value:
    return values.total([values.stock(line, resolved.facts.currency) for line in lines])


def arrived_at(facts: RmaFacts) -> datetime | None:
    """When goods were last received, by whoever says so; None while nobody does."""
    moments = [receiving.last_at(facts)]
    if facts.logistics == LogisticsAxis.RECEIVED:
        moments.append(facts.received_at)
    return max((at for at in moments if at is not None), default=None)


def _grade(resolved: Resolved) -> Iterator[Clock]:
    """Received and not graded (R016, R078)."""
    facts = resolved.facts
    since = arrived_at(facts)
    open_lines = [line for line in _items(resolved) if not line.is_final]
    if since is None or not open_lines:
        return
    needs_both = facts.policy.stock_trigger == "receipt_and_grade"
    told = {"units": _units(open_lines)}
    if needs_both:
        value = _stock(resolved, open_lines)
        limit = limits.receipt(facts.policy)
        yield Clock("GRADE_MISSING", "grade", since, limit, value, told)
    else:
        value = _paid(resolved, open_lines)
        yield Clock(
            "INSPECTION_OVERDUE", "grade", since, limits.inspection(facts.policy), value, told
        )


def _quarantine(resolved: Resolved) -> Iterator[Clock]:
    """Goods whose last word is quarantine (R076, R078)."""
    lines = [
        line
        for line in resolved.lines
        if line.is_for_stock and line.bucket == Bucket.QUARANTINE and line.fact.disposition_at
    ]
    moments = [line.fact.disposition_at for line in lines if line.fact.disposition_at]
    if moments:
        told = {"units": _units(lines)}
        value = _stock(resolved, lines)
        yield Clock(
            "QUARANTINE_AGED",
            "quarantine",
            min(moments),
            limits.quarantine(resolved.facts.policy),
            value,
            told,
        )


def _restock(resolved: Resolved) -> Iterator[Clock]:
    """Saleable goods that no receipt carries, whatever stops it (R074, R075)."""
    lines = [
        line
        for line in resolved.lines
        if line.is_for_stock and line.bucket == Bucket.SALEABLE and line.fact.disposition_at
    ]
    moments = [line.fact.disposition_at for line in lines if line.fact.disposition_at]
    if not moments or units_left_to_book(resolved) == 0:
        return
    limit = limits.restock(resolved.facts.policy)
    told = {"units": _units(lines)}
    value = _paid(resolved, lines)
    since = min(moments)
    begins = _window(resolved.facts, PostingKind.STOCK_RECEIPT.value, since)
    yield Clock("RESTOCK_LATE", "restock", since, limit, value, told, begins)


def _window(facts: RmaFacts, kind: str, since: datetime) -> datetime:
    """The wait for the ERP's posting window is not counted (R076, R133)."""
    schedule = facts.policy.schedule.get(kind, "")
    if not windows.is_schedule(schedule):
        return since
    return windows.next_open(windows.parse(schedule), now=since, zone=facts.zone)


def _credit(resolved: Resolved) -> Iterator[Clock]:
    """Goods are back, the policy calls for their credit, and none left (R042, R094)."""
    facts = resolved.facts
    if facts.policy.credit_trigger not in _AFTER_GOODS or facts.order is None:
        return
    live = [row for row in facts.postings if row.kind == CREDIT]
    since = arrived_at(facts)
    graded = [line.fact.disposition_at for line in resolved.lines if line.fact.disposition_at]
    waits_for_run = facts.policy.schedule.get(CREDIT, "immediate") != "immediate"
    if since is None or waits_for_run or not live or sent_postings(facts, CREDIT):
        return
    if not is_credit_due(resolved):
        return
    gross = sum((row.gross for row in live), money.ZERO)
    limit = limits.credit(facts.policy)
    yield Clock(
        "RECEIVED_NOT_CREDITED", "credit", max([since, *graded]), limit, (gross, "credit due"), {}
    )


def _refund(resolved: Resolved) -> Iterator[Clock]:
    """A credit, or accepted goods, for which the customer was not paid (R018, R093)."""
    facts = resolved.facts
    is_paid = any(
        row.status in {RefundStatus.CONFIRMED, RefundStatus.PENDING, RefundStatus.UNKNOWN}
        for row in facts.refunds
    )
    if is_paid or _is_on_account(facts):
        return
    booked = [
        row
        for row in sent_postings(facts, CREDIT)
        if row.status == PostingStatus.CONFIRMED and row.confirmed_at is not None
    ]
    if booked:
        yield _unpaid_credit(facts, booked)
        return
    lines = [line for line in _items(resolved) if _is_refundable(line)]
    moments = [line.fact.disposition_at for line in lines if line.fact.disposition_at]
    is_accepted = all(line.fact.inspection == Inspection.PASSED for line in lines)
    if facts.refunds or not lines or len(moments) < len(lines) or not is_accepted:
        return
    value = _paid(resolved, lines)
    if value[0] > 0:
        yield Clock(
            "RECEIVED_NOT_REFUNDED", "refund", max(moments), limits.refund(facts.policy), value, {}
        )


def _unpaid_credit(facts: RmaFacts, booked: list[PostingFact]) -> Clock:
    gross = sum((row.gross for row in booked), Decimal(0))
    told = {"number": ", ".join(row.number for row in booked if row.number)}
    return Clock(
        "CM_NO_REFUND",
        "refund",
        max(row.confirmed_at for row in booked if row.confirmed_at),
        limits.refund(facts.policy),
        (gross, "credit gross"),
        {**told, "credit": money.text(gross, facts.currency)},
    )


def _is_on_account(facts: RmaFacts) -> bool:
    tenders = facts.order.tenders if facts.order else ()
    return bool(tenders) and all(row.kind == "account" for row in tenders)


def _is_refundable(line: ReturnedLine) -> bool:
    word = line.fact.resolution.casefold()
    return not any(part in word for part in _NO_REFUND)


def _exchange(resolved: Resolved) -> Iterator[Clock]:
    """One half of an exchange without the other (R065, R066, R072)."""
    facts = resolved.facts
    lines = [line for line in _items(resolved) if line.is_exchange]
    moments = [line.fact.disposition_at for line in lines if line.fact.disposition_at]
    is_accepted = all(line.fact.inspection == Inspection.PASSED for line in lines)
    if lines and facts.exchange == ExchangeAxis.NONE and is_accepted and len(moments) == len(lines):
        told = {"sku": ", ".join(sorted({line.fact.sku for line in lines}))}
        value = _paid(resolved, lines)
        yield Clock(
            "EXCHANGE_ORDER_MISSING",
            "exchange",
            max(moments),
            limits.exchange(facts.policy),
            value,
            told,
        )
    if facts.replacement and not receiving.is_here(facts):
        everything = _items(resolved)
        limit = limits.arrival(facts.policy)
        value = _paid(resolved, everything)
        told = {"number": facts.replacement}
        yield Clock("EXCHANGE_UNBALANCED", "exchange", facts.requested_at, limit, value, told)


def _drift(resolved: Resolved) -> Iterator[Clock]:
    """The platform is done with it, and documents of it are not in the ERP (R023, R095)."""
    facts = resolved.facts
    open_rows = [
        row
        for row in facts.postings
        if row.kind != PostingKind.PLATFORM_UPDATE and row.status != PostingStatus.CONFIRMED
    ]
    if resolved.approval != ApprovalAxis.CLOSED or not open_rows:
        return
    kinds = {str(PostingKind(row.kind).label).lower() for row in open_rows}
    since = min(row.created_at for row in open_rows)
    told = {"waiting": f"{', '.join(sorted(kinds))} {'is' if len(kinds) == 1 else 'are'}"}
    limit = limits.drift(facts.policy)
    yield Clock("STATUS_DRIFT", "status", since, limit, values.refund(facts), told)


def _promise(resolved: Resolved) -> Iterator[Clock]:
    """What the customer was promised, so many days after the goods arrived (R040, R119, R132)."""
    facts = resolved.facts
    since = arrived_at(facts)
    lines = [line for line in _items(resolved) if line.fact.inspection != Inspection.FAILED]
    is_over = resolved.approval == ApprovalAxis.CLOSED or not _is_owed(resolved, lines)
    if not facts.policy.promise_days or since is None or is_over:
        return
    limit = limits.promise(facts.policy)
    told = {"since": f"{since + limit:%Y-%m-%d %H:%M} UTC"}
    yield Clock("PROMISE_BREACH", "promise", since, limit, values.refund(facts), told)


def _is_owed(resolved: Resolved, lines: list[ReturnedLine]) -> bool:
    """Money that was not paid, or a replacement that is not released."""
    facts = resolved.facts
    goods = [line for line in lines if line.is_exchange]
    money_lines = [line for line in lines if not line.is_exchange and _is_refundable(line)]
    is_paid = any(row.status == RefundStatus.CONFIRMED for row in facts.refunds)
    if _is_on_account(facts):
        is_paid = is_paid or bool(sent_postings(facts, CREDIT))
    is_sent = facts.exchange == ExchangeAxis.RELEASED
    return bool(money_lines and not is_paid) or bool(goods and not is_sent)
