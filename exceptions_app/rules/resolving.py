"""Read a return through its mappings once: what each line is, where it goes, what it reverses."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from connectors.types import Inspection
from exceptions_app.choices import (
    POSTING_SENT,
    ApprovalAxis,
    InspectionAxis,
    LogisticsAxis,
    PostingStatus,
    RefundStatus,
)
from exceptions_app.rules import bundles, gifts, mapping, matching, money, receiving
from exceptions_app.rules.facts import (
    FeeTarget,
    ItemFact,
    LineFact,
    LocationTarget,
    Mappings,
    OrderLineFact,
    PostingFact,
    RmaFacts,
)


@dataclass(frozen=True, slots=True)
class ReturnedLine:
    """A line of the return read through the mappings.

    `charge` is set for a line that is no item but a declared charge. `item` is the one item of the
    master it stands for (it may be inactive: that is a finding, not a doubt), None while unknown or
    ambiguous. `bucket` is "" while the disposition is not final or not mapped, `mapping.NO_STOCK`
    where stock does not move. `location` is the line's own, else the one set by hand.
    """

    fact: LineFact
    charge: FeeTarget | None
    item: ItemFact | None
    pool: tuple[ItemFact, ...]
    bucket: str
    location: str
    target: LocationTarget | None
    reason_code: str
    # Units that came in, where a credit is for those only; None where it is for what was announced.
    came: int | None = None

    @property
    def line_no(self) -> int:
        return self.fact.line_no

    @property
    def is_item(self) -> bool:
        return self.charge is None

    @property
    def is_not_returned(self) -> bool:
        """The platform's final word is that the goods did not come."""
        return self.fact.inspection == Inspection.NOT_RETURNED or mapping.is_not_returned(
            self.fact.disposition
        )

    @property
    def is_final(self) -> bool:
        return bool(self.fact.disposition)

    @property
    def is_for_stock(self) -> bool:
        """A final disposition of goods that came back, whether or not it is mapped yet."""
        return (
            self.is_item
            and self.is_final
            and not self.is_not_returned
            and self.bucket != mapping.NO_STOCK
        )

    @property
    def is_exchange(self) -> bool:
        """The customer gets goods for it, not money; platforms know several such resolutions."""
        return "exchange" in mapping.normalise(self.fact.resolution)


@dataclass(frozen=True, slots=True)
class Resolved:
    """A return read through the mappings; `approval` is `unknown` when nobody mapped it.

    `memo` keeps figures of these facts that many rules ask for: a return of a thousand lines
    would else compute each of them a thousand times. `gifts` are lines that no document names, by
    a policy: neither `lines` nor `facts` hold them.
    """

    facts: RmaFacts
    approval: str
    lines: tuple[ReturnedLine, ...]
    assignment: matching.Assignment
    gifts: tuple[ReturnedLine, ...] = ()
    memo: dict[str, Any] = field(default_factory=dict, init=False, compare=False, repr=False)

    @property
    def is_approved(self) -> bool:
        return self.approval in {ApprovalAxis.AUTHORISED, ApprovalAxis.CLOSED}

    @property
    def is_dead(self) -> bool:
        return self.approval in {ApprovalAxis.REFUSED, ApprovalAxis.CANCELLED}

    @property
    def is_waiting_for_items(self) -> bool:
        """A line has no item and the master was not read to its end: nobody can say yet."""
        return not self.facts.is_master_complete and any(
            line.is_item and not line.pool for line in self.lines
        )

    def line(self, line_no: int) -> ReturnedLine:
        if "lines" not in self.memo:
            self.memo["lines"] = {line.line_no: line for line in self.lines}
        found: ReturnedLine = self.memo["lines"][line_no]
        return found

    def order_line(self, line_id: str) -> OrderLineFact:
        if "order_lines" not in self.memo:
            rows = self.facts.order.lines if self.facts.order else ()
            self.memo["order_lines"] = {row.line_id: row for row in rows}
        found: OrderLineFact = self.memo["order_lines"][line_id]
        return found


def resolve(facts: RmaFacts) -> Resolved:
    """Read every line of `facts` through its mappings; the order of the lines is kept.

    The order's bundles are priced as the bridge's policy wants them.
    """
    assignment = matching.Assignment(shares=(), unmatched={})
    came: dict[int, int] = {}
    told = [line for line in facts.lines if gifts.has_no_effect(line, facts)]
    if told:
        facts = replace(facts, lines=tuple(line for line in facts.lines if line not in told))
    if receiving.limits_credit(facts.policy):
        came = receiving.came(facts, _announced(facts))
    if facts.order is not None:
        policy = facts.policy.bundle_credit
        order = bundles.priced(facts.order, policy, money.places(facts.currency))
        facts = replace(facts, order=order)
        came_back = receiving.creditable(facts, _announced(facts), came)
        assignment = matching.match_order_lines(came_back, order, facts.mappings)
        assignment = bundles.assigned(assignment, order, policy)
    return Resolved(
        facts=facts,
        approval=mapping.approval(facts.mappings, facts.status_raw),
        lines=tuple(_line(line, facts, came.get(line.line_no)) for line in facts.lines),
        assignment=assignment,
        gifts=tuple(replace(_line(line, facts, None), bucket=mapping.NO_STOCK) for line in told),
    )


def _announced(facts: RmaFacts) -> list[LineFact]:
    return [line for line in facts.lines if not _never_came(line)]


def _never_came(line: LineFact) -> bool:
    return line.inspection == Inspection.NOT_RETURNED or mapping.is_not_returned(line.disposition)


def _line(line: LineFact, facts: RmaFacts, came: int | None) -> ReturnedLine:
    mappings = facts.mappings
    pool = line.alias_items if mapping.sku_alias(mappings, line.sku) else line.items
    location = _location(line, facts)
    return ReturnedLine(
        fact=line,
        charge=mapping.fee(mappings, line.sku) if line.sku else None,
        item=_choose(pool, facts),
        pool=pool,
        bucket=mapping.bucket(mappings, line.disposition) if line.disposition else "",
        location=location,
        target=mapping.location(mappings, location) if location else None,
        reason_code=mapping.reason(mappings, line.reason),
        came=came,
    )


def _location(line: LineFact, facts: RmaFacts) -> str:
    place = line.location.strip() or facts.decisions.location.strip()
    return depot_value(
        place=place, reason=line.reason, depot_by=facts.policy.depot_by, mappings=facts.mappings
    )


def depot_value(*, place: str, reason: str, depot_by: str, mappings: Mappings) -> str:
    """What decides the depot: by policy the reason where it is mapped, else the place (R034)."""
    if depot_by != "reason" or not reason.strip():
        return place
    key = mapping.depot_key(reason.strip())
    return place if place and mapping.location(mappings, key) is None else key


def _choose(pool: tuple[ItemFact, ...], facts: RmaFacts) -> ItemFact | None:
    """The one item meant: the order's line decides between several, then what we sent before."""
    candidates = [item for item in pool if item.is_active] or list(pool)
    if len(candidates) < 2:
        return candidates[0] if candidates else None
    order = facts.order
    on_order = {mapping.normalise(row.sku) for row in order.lines} if order else set()
    by_order = [
        item
        for item in candidates
        if {mapping.normalise(item.sku), mapping.normalise(item.erp_id)} & on_order
    ]
    if len(by_order) == 1:
        return by_order[0]
    sent = {
        row.item_erp_id
        for posting in sent_postings(facts)
        if posting.draft
        for row in posting.draft.lines
    }
    by_history = [item for item in candidates if item.erp_id in sent]
    return by_history[0] if len(by_history) == 1 else None


def sent_postings(facts: RmaFacts, kind: str = "") -> list[PostingFact]:
    """Postings that left, oldest first, of one kind or of all."""
    rows = [row for row in facts.postings if row.status in POSTING_SENT]
    return sorted((row for row in rows if not kind or row.kind == kind), key=lambda row: row.id)


def confirmed_number(facts: RmaFacts, kind: str) -> str:
    """The ERP's number of the first confirmed posting of `kind`, or ""."""
    for row in sent_postings(facts, kind):
        if row.status == PostingStatus.CONFIRMED and row.number:
            return row.number
    return ""


def refund_confirmed(facts: RmaFacts) -> Decimal:
    """Sum of the confirmed refunds in the return's currency; 0 when none."""
    return sum(
        (
            row.amount
            for row in facts.refunds
            if row.status == RefundStatus.CONFIRMED and row.currency in {"", facts.currency}
        ),
        money.ZERO,
    )


def has_refund_under_way(facts: RmaFacts) -> bool:
    """A refund whose end we do not know yet (asked for, or a status we cannot read)."""
    return any(row.status in {RefundStatus.PENDING, RefundStatus.UNKNOWN} for row in facts.refunds)


def is_amount_decided(facts: RmaFacts) -> bool:
    """A person decided on the credit's amount: a correction or an accepted difference, even 0."""
    decisions = facts.decisions
    return decisions.accepted_difference is not None or decisions.credit_adjustment is not None


def is_credit_due(resolved: Resolved) -> bool:
    """Whether the policy's trigger for the credit holds (R018, R019); never before approval."""
    facts = resolved.facts
    if not resolved.is_approved:
        return False
    trigger = facts.policy.credit_trigger
    if receiving.limits_credit(facts.policy) and not has_arrived(resolved):
        return False
    if trigger == "goods_received":
        if receiving.is_by_erp(facts.policy):
            return True
        return facts.logistics == LogisticsAxis.RECEIVED or facts.received_at is not None
    if trigger == "goods_inspected":
        return inspection_axis(resolved.lines) == InspectionAxis.INSPECTED
    return refund_confirmed(facts) > 0 and not has_refund_under_way(facts)


def has_arrived(resolved: Resolved) -> bool:
    """Goods came in, and all of them or no more within the time given to the rest."""
    items = [line for line in resolved.lines if line.is_item and not line.is_not_returned]
    if not any(line.came for line in items):
        return False
    return not units_short(resolved) or receiving.is_overdue(resolved.facts)


def units_short(resolved: Resolved) -> int:
    """Announced units that are on no receipt, where a credit is only for those that are."""
    return sum(
        line.fact.quantity - line.came
        for line in resolved.lines
        if line.is_item and not line.is_not_returned and line.came is not None
    )


def inspection_axis(lines: Iterable[ReturnedLine]) -> str:
    """`InspectionAxis` over the item lines."""
    final = [line.is_final for line in lines if line.is_item]
    if final and all(final):
        return InspectionAxis.INSPECTED.value
    return (InspectionAxis.PARTLY if any(final) else InspectionAxis.NOT_INSPECTED).value
