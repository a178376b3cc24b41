"""The credit: a reversal of the original order's own amounts, and its comparison with the refund.

Fees kept back, shipping and corrections are lines of their own; a fee's amount is taken as it was
kept, without tax of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

from connectors.types import DocumentDraft, DocumentKind, DraftLine
from exceptions_app.choices import RefundStatus
from exceptions_app.rules import mapping, matching, money
from exceptions_app.rules.facts import Mappings, OrderFact, RmaFacts
from exceptions_app.rules.resolving import Resolved, refund_confirmed, resolve, sent_postings
from exceptions_app.rules.shares import (
    DUTY,
    LineShare,
    allowance,
    gross_of,
    is_credited,
    line_shares,
    rounding_allowance,
    rounding_of,
)

ITEM = "item"
SHIPPING = "shipping"
FEE = "fee"
ADJUSTMENT = "adjustment"
VARIANCE = "variance"
# What the ERP booked beside the lines that were sent (`adopting`).
FOUND = "found"
OTHER = "other"
# What the adjustment line says that rounds a sum paid back in cash.
CASH_ROUNDING = "Cash rounding"


@dataclass(frozen=True, slots=True)
class Component:
    """One part of the comparison; `difference` is refund less credit."""

    name: str  # a draft line's component, or "other": what the refund holds and nothing explains
    refund: Decimal
    credit: Decimal

    @property
    def difference(self) -> Decimal:
        return self.refund - self.credit


@dataclass(frozen=True, slots=True)
class Comparison:
    """Refund against credit; the components' differences sum to `difference` exactly."""

    refund: Decimal
    credit: Decimal
    components: tuple[Component, ...]

    @property
    def difference(self) -> Decimal:
        return self.refund - self.credit


def draft(
    resolved: Resolved, *, posting_date: date, authorisation_number: str
) -> DocumentDraft | None:
    """The credit the facts call for, or None without a sales order (R055).

    It may sum to zero or less: then there is nothing to post, which is the planner's to decide.
    Whether a credit is due at all is not asked here.
    """
    facts = resolved.facts
    order = facts.order
    if order is None:
        return None
    lines = [*_item_lines(resolved), *_charge_lines(resolved), *_fee_lines(facts, resolved)]
    lines.extend(_extra_lines(resolved, order, lines))
    lines.extend(_adjustment_lines(facts))
    lines.extend(_cash_lines(facts, order, lines))
    return DocumentDraft(
        kind=DocumentKind.CREDIT_MEMO,
        key="",
        date=posting_date,
        division=order.division,
        warehouse=order.warehouse,
        customer_code=order.customer_code,
        currency=order.currency or facts.currency,
        rma_number=facts.external_id,
        order_number=order.number,
        order_erp_id=order.erp_id,
        invoice_number=order.invoice_number,
        authorisation_number=authorisation_number,
        note=note(resolved),
        lines=tuple(replace(line, line_no=number) for number, line in enumerate(lines, start=1)),
    )


def note(resolved: Resolved) -> str:
    """The ERP note: return, order and each line's reason in the platform's words (R031)."""
    facts = resolved.facts
    reasons = sorted(
        {f"{line.fact.sku}: {line.fact.reason}" for line in resolved.lines if line.fact.reason}
    )
    return "; ".join((facts.spoken, *reasons))


def _item_lines(resolved: Resolved) -> Iterator[DraftLine]:
    for share in line_shares(resolved):
        line, row = share.line, share.order_line
        charge = line.charge
        item = None if charge or _is_other(resolved, share) else line.item
        yield DraftLine(
            line_no=0,
            component=charge.component if charge else ITEM,
            sku="" if charge else _sku(resolved, share),
            item_erp_id=item.erp_id if item else "",
            quantity=share.units,
            order_line_id=row.line_id,
            description=row.description or line.fact.name,
            reason_code=line.reason_code,
            unit_price=row.unit_price,
            net=share.net,
            tax=share.tax,
            tax_code=_tax_code(share),
            taxes=share.taxes if len(share.taxes) > 1 else (),
            charge_code=charge.erp_code if charge else "",
            key_parts=item.key_parts if item else {},
        )


def _is_other(resolved: Resolved, share: LineShare) -> bool:
    """The order line is of the bundle the item belongs to, and not of the item itself."""
    codes = matching.codes(share.line.fact, resolved.facts.mappings)
    return mapping.normalise(share.order_line.sku) not in codes


def _sku(resolved: Resolved, share: LineShare) -> str:
    line = share.line
    if _is_other(resolved, share):
        return share.order_line.sku
    return line.item.sku if line.item else line.fact.sku


def _tax_code(share: LineShare) -> str:
    """The line's one tax code; of several none stands for the others."""
    return share.taxes[0].code if len(share.taxes) == 1 else ""


def _charge_lines(resolved: Resolved) -> Iterator[DraftLine]:
    """Declared charges the order did not sell as a line: the platform's own figures."""
    for line in resolved.lines:
        units = resolved.assignment.unmatched.get(line.line_no, 0)
        unit = money.paid_unit_gross(line.fact)
        if line.charge is None or not units or unit is None or not is_credited(resolved, line):
            continue
        tax = (line.fact.unit_tax or money.ZERO) * units
        yield DraftLine(
            line_no=0,
            component=line.charge.component,
            sku="",
            item_erp_id="",
            quantity=units,
            description=line.fact.name,
            unit_price=line.fact.unit_price or money.ZERO,
            net=unit * units - tax,
            tax=tax,
            charge_code=line.charge.erp_code,
        )


def fees(facts: RmaFacts, resolved: Resolved) -> Mapping[str, Decimal]:
    """What the platform kept back, by fee kind; fees of lines not credited are left out."""
    kept: dict[str, Decimal] = {}
    for line in resolved.lines:
        if is_credited(resolved, line):
            for fee in line.fact.fees:
                kept[fee.kind] = kept.get(fee.kind, money.ZERO) + fee.amount
    if facts.cancellation_fee:
        kept["cancellation"] = kept.get("cancellation", money.ZERO) + facts.cancellation_fee
    return {kind: kept[kind] for kind in sorted(kept) if kept[kind]}


def _fee_lines(facts: RmaFacts, resolved: Resolved) -> Iterator[DraftLine]:
    for kind, amount in fees(facts, resolved).items():
        target = mapping.fee(facts.mappings, kind)
        code = target.erp_code if target else ""
        yield charge_line(FEE, code, f"{kind.capitalize()} fee kept back", -amount)


def charge_line(
    component: str, code: str, description: str, net: Decimal, tax: Decimal = money.ZERO
) -> DraftLine:
    """A line without goods, not numbered yet."""
    return DraftLine(
        line_no=0,
        component=component,
        sku="",
        item_erp_id="",
        quantity=1,
        description=description,
        unit_price=net,
        net=net,
        tax=tax,
        charge_code=code,
    )


def _extra_lines(resolved: Resolved, order: OrderFact, lines: list[DraftLine]) -> list[DraftLine]:
    """What is left of the order's shipping, the duty of what came back, or both: where the refund
    is that much above items less fees. Neither is given back unasked.

    That much is meant to the penny of rounding. Within the policy's tolerance only where the
    tolerance would not let the refund pass without it: one that is wider than the shipping gives
    none back. Before any refund, shipping is credited where a quote promised it.
    """
    is_charged = any(line.component == SHIPPING for line in lines)
    shipping = [] if is_charged else list(_shipping_lines(resolved.facts, order))
    if resolved.facts.is_shipping_promised and not refund_confirmed(resolved.facts):
        return shipping
    duty = list(_duty_lines(resolved))
    excess = refund_confirmed(resolved.facts) - gross(lines)
    extras = [extra for extra in (shipping, duty, [*shipping, *duty]) if extra]
    rooms = [rounding_allowance(resolved)]
    if abs(excess) > allowance(resolved):
        rooms.append(allowance(resolved))
    for room in rooms:
        for extra in extras:
            left = abs(excess - gross(extra))
            if left <= room and left < abs(excess):
                return extra
    return []


def gross(lines: Iterable[DraftLine]) -> Decimal:
    """Net and tax of all lines."""
    return sum((line.net + line.tax for line in lines), money.ZERO)


def _duty_lines(resolved: Resolved) -> Iterator[DraftLine]:
    code = mapping.charge_for(resolved.facts.mappings, DUTY)
    for share in line_shares(resolved):
        if share.duty:
            line = charge_line(DUTY, code, f"Import duty of {share.order_line.sku}", share.duty)
            yield replace(line, order_line_id=share.order_line.line_id)


def _shipping_lines(facts: RmaFacts, order: OrderFact) -> Iterator[DraftLine]:
    net = order.shipping_net - order.shipping_credited_net
    tax = order.shipping_tax - order.shipping_credited_tax
    if net + tax <= 0:
        return
    code = mapping.charge_for(facts.mappings, SHIPPING)
    row = charge_line(SHIPPING, code, "Shipping of the original order", net, tax)
    yield replace(row, tax_code=order.shipping_tax_code)


def _adjustment_lines(facts: RmaFacts) -> Iterator[DraftLine]:
    amount = facts.decisions.credit_adjustment
    if amount:
        description = facts.decisions.adjustment_reason or "Correction by finance"
        yield charge_line(ADJUSTMENT, adjustment_code(facts), description, amount)


def _cash_lines(facts: RmaFacts, order: OrderFact, lines: list[DraftLine]) -> Iterator[DraftLine]:
    """What cash is rounded by, so that goods and tax stay as they were sold."""
    step = Decimal(facts.policy.rounding.get("cash_step") or 0)
    steps = Fraction(step) / Fraction(money.minor_unit(facts.currency))
    if steps.denominator != 1 or steps <= 1 or not _is_cash(facts, order):
        return
    whole = gross(lines)
    rounding = replace(rounding_of(facts.policy, facts.currency), step=int(steps))
    difference = rounding(whole) - whole
    if difference:
        code = mapping.charge_for(facts.mappings, "rounding") or adjustment_code(facts)
        yield charge_line(ADJUSTMENT, code, CASH_ROUNDING, difference)


def _is_cash(facts: RmaFacts, order: OrderFact) -> bool:
    """Paid back in cash by what the refunds tell of it, else by what the order was paid with."""
    told = [
        tender
        for refund in facts.refunds
        if refund.status == RefundStatus.CONFIRMED
        for tender in refund.tenders
    ]
    tenders = told or list(order.tenders)
    return bool(tenders) and all(tender.kind == "cash" for tender in tenders)


def adjustment_code(facts: RmaFacts) -> str:
    """The charge code a correction is booked under; goodwill's stands in where it has none."""
    return correction_code(facts.mappings)


def correction_code(mappings: Mappings) -> str:
    """The same from the mappings alone, before there is a correction."""
    code = mapping.charge_for(mappings, ADJUSTMENT)
    return code or mapping.charge_for(mappings, "goodwill")


def compare(resolved: Resolved, credit: DocumentDraft) -> Comparison:
    """Confirmed refunds against `credit` (planned or sent), component by component.

    The platform states item prices and fees, not shipping: shipping counts as refunded where the
    credit carries it and the refund has room for it. What is left of the refund is "other". Only
    refunds in the credit's own currency are counted.
    """
    refund = _refunded_in(resolved.facts, credit.currency)
    credited: dict[str, Decimal] = {}
    for line in credit.lines:
        credited[line.component] = credited.get(line.component, money.ZERO) + line.net + line.tax
    refunded = _refunded(resolved, credited, refund)
    names = [*dict.fromkeys((ITEM, SHIPPING, FEE, *credited, *refunded))]
    components = [
        Component(name, refunded.get(name, money.ZERO), credited.get(name, money.ZERO))
        for name in names
        if name in refunded or name in credited
    ]
    rest = refund - sum((part.refund for part in components), money.ZERO)
    if rest:
        components.append(Component(OTHER, rest, money.ZERO))
    return Comparison(refund, credit.gross, tuple(components))


def _refunded_in(facts: RmaFacts, currency: str) -> Decimal:
    if currency in {"", facts.currency}:
        return refund_confirmed(facts)
    confirmed = [row for row in facts.refunds if row.status == RefundStatus.CONFIRMED]
    return sum((row.amount for row in confirmed if row.currency == currency), money.ZERO)


def _refunded(
    resolved: Resolved, credited: Mapping[str, Decimal], refund: Decimal
) -> dict[str, Decimal]:
    refunded: dict[str, Decimal] = {}
    for line in resolved.lines:
        if not is_credited(resolved, line):
            continue
        name = line.charge.component if line.charge else ITEM
        paid = money.paid_gross(line.fact)
        # Without the platform's price the item counts as refunded at the order's own value.
        amount = gross_of(resolved, line) if paid is None else paid
        refunded[name] = refunded.get(name, money.ZERO) + amount
    kept = sum(fees(resolved.facts, resolved).values(), money.ZERO)
    if kept:
        refunded[FEE] = refunded.get(FEE, money.ZERO) - kept
    for name in (SHIPPING, DUTY):
        room = refund - sum(refunded.values(), money.ZERO)
        amount = credited.get(name, money.ZERO)
        if amount and name not in refunded and room >= amount:
            refunded[name] = amount
    variance = credited.get(VARIANCE, money.ZERO)
    if variance and refund - sum(refunded.values(), money.ZERO) == variance:
        refunded[VARIANCE] = variance
    return refunded


def sent(facts: RmaFacts) -> DocumentDraft | None:
    """Every credit that left as one document, the first one's head; None while none has."""
    left = [row.draft for row in sent_postings(facts, DocumentKind.CREDIT_MEMO) if row.draft]
    if not left:
        return None
    return replace(left[0], lines=tuple(line for document in left for line in document.lines))


def comparison(facts: RmaFacts) -> Comparison | None:
    """`compare` with the credit that was sent, else with the one the facts call for (R123).

    None without a sales order and without a sent credit.
    """
    resolved = resolve(facts)
    known = sent(facts) or draft(resolved, posting_date=facts.company_date, authorisation_number="")
    return None if known is None else compare(resolved, known)
