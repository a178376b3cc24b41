"""What the lines leave of a difference, by amounts somebody declared.

Each candidate is an amount with a name. One of them, or two or three together, must be the
remainder exactly: fewer are taken before more, and earlier ones before later ones. Money that is
known to be under way explains as much of a missing refund as it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from itertools import combinations

from connectors.types import DocumentDraft
from exceptions_app.choices import RefundStatus
from exceptions_app.rules import credit as memo
from exceptions_app.rules import money
from exceptions_app.rules.facts import OrderFact, RefundFact, RmaFacts
from exceptions_app.rules.penny_parts import (
    FEE,
    GOODWILL,
    NOT_SETTLED,
    QUANTITY,
    ROUNDING,
    SHIPPING,
    TAX,
    TENDER,
    Cause,
    units_text,
)
from exceptions_app.rules.resolving import Resolved
from exceptions_app.rules.shares import is_credited, line_shares

_PARTS = {
    memo.FEE: FEE,
    memo.SHIPPING: SHIPPING,
    "goodwill": GOODWILL,
    memo.ADJUSTMENT: GOODWILL,
    "tender": TENDER,
    "tax": TAX,
}
_MOST = 12
_TOGETHER = 3


def rest_causes(
    resolved: Resolved, credit: DocumentDraft, rest: Decimal, currency: str
) -> list[Cause]:
    """Causes that bear `rest` or a part of it; the caller names what they leave."""
    if not rest:
        return []
    candidates = list(_candidates(resolved, credit, currency))[:_MOST]
    for count in range(1, _TOGETHER + 1):
        for chosen in combinations(candidates, count):
            if sum((row.amount for row in chosen), money.ZERO) == rest:
                return list(chosen)
    under_way = _under_way(resolved.facts, currency)
    if rest < 0 < under_way:
        amount = -min(under_way, -rest)
        given = {"refund": money.exact_text(under_way, currency)}
        return [Cause(NOT_SETTLED, amount, "refund", given)]
    if abs(rest) <= _roundable(resolved, currency):
        return [Cause(ROUNDING, rest, "refund", {})]
    return []


def _roundable(resolved: Resolved, currency: str) -> Decimal:
    """A minor unit for each partly returned line, or half of the step cash is rounded to."""
    partial = sum(1 for share in line_shares(resolved) if share.is_partial)
    step = Decimal(str(resolved.facts.policy.rounding.get("cash_step", "") or 0))
    return max(money.minor_unit(currency) * partial, step / 2)


def _candidates(resolved: Resolved, credit: DocumentDraft, currency: str) -> Iterator[Cause]:
    yield from _of_refunds(resolved.facts, currency)
    yield from _of_fees(resolved, currency)
    if resolved.facts.order is not None:
        yield from _of_shipping(resolved.facts.order, currency)
    yield from _only_credited(credit, currency)
    yield from _not_credited(resolved, currency)
    yield from _of_tenders(resolved.facts, currency)


def _of_refunds(facts: RmaFacts, currency: str) -> Iterator[Cause]:
    """Refunds that did not end yet or failed, and those made outside the platform."""
    under_way = _under_way(facts, currency)
    if under_way:
        given = {"refund": money.exact_text(under_way, currency)}
        yield Cause(NOT_SETTLED, -under_way, "refund", given)
    for row in sorted(facts.refunds, key=lambda each: each.external_id):
        if not row.amount or (row.currency or facts.currency) != currency:
            continue
        given = {"refund": money.exact_text(row.amount, currency), "number": row.external_id}
        if row.status == RefundStatus.FAILED:
            yield Cause(NOT_SETTLED, -row.amount, "refund", given)
        elif row.status == RefundStatus.CONFIRMED:
            yield from _of_confirmed(row, given, currency)


def _of_confirmed(row: RefundFact, given: dict[str, str], currency: str) -> Iterator[Cause]:
    """A refund made outside the platform as a whole; else the parts it names beside its goods."""
    if row.origin not in {"", "platform"}:
        yield Cause(GOODWILL, row.amount, "refund", {**given, "credit": _zero(currency)})
    for part in row.parts:
        if part.component in _PARTS and part.amount:
            told = {
                **given,
                "refund": money.exact_text(part.amount, currency),
                "credit": _zero(currency),
                "component": part.component,
            }
            yield Cause(_PARTS[part.component], part.amount, "refund", told)


def _zero(currency: str) -> str:
    return money.exact_text(money.ZERO, currency)


def _under_way(facts: RmaFacts, currency: str) -> Decimal:
    return sum(
        (
            row.amount
            for row in facts.refunds
            if row.status in {RefundStatus.PENDING, RefundStatus.UNKNOWN}
            and (row.currency or facts.currency) == currency
        ),
        money.ZERO,
    )


def _of_fees(resolved: Resolved, currency: str) -> Iterator[Cause]:
    """Fees the platform declared and did not keep: the customer has them back."""
    kept = memo.fees(resolved.facts, resolved)
    total = sum(kept.values(), money.ZERO)
    if len(kept) > 1 and total:
        yield _fee(" and ".join(kept), total, currency)
    for kind, amount in kept.items():
        yield _fee(kind, amount, currency)


def _fee(kind: str, amount: Decimal, currency: str) -> Cause:
    given = {"component": kind, "credit": money.exact_text(amount, currency)}
    return Cause(FEE, amount, "order", given)


def _of_shipping(order: OrderFact, currency: str) -> Iterator[Cause]:
    whole = order.shipping_net + order.shipping_tax
    left = whole - order.shipping_credited_net - order.shipping_credited_tax
    for amount in dict.fromkeys((left, whole)):
        if amount > 0:
            given = {
                "refund": money.exact_text(amount, currency),
                "credit": money.exact_text(whole - left, currency),
            }
            yield Cause(SHIPPING, amount, "order", given)


def _only_credited(credit: DocumentDraft, currency: str) -> Iterator[Cause]:
    """Shipping, corrections and variances of the credit, which the refund may be without."""
    pairs = ((memo.SHIPPING, SHIPPING), (memo.ADJUSTMENT, GOODWILL), (memo.VARIANCE, ROUNDING))
    for component, name in pairs:
        amount = sum(
            (
                row.net + row.tax
                for row in credit.lines
                if row.component == component and not row.order_line_id
            ),
            money.ZERO,
        )
        if amount:
            given = {
                "refund": _zero(currency),
                "credit": money.exact_text(amount, currency),
            }
            yield Cause(name, -amount, "order", given)


def _not_credited(resolved: Resolved, currency: str) -> Iterator[Cause]:
    """Units that did not come back or are exchanged, and were paid out all the same."""
    for line in sorted(resolved.lines, key=lambda each: each.line_no):
        unit = money.paid_unit_gross(line.fact)
        came = line.fact.quantity if line.came is None else line.came
        credited = came if is_credited(resolved, line) else 0
        if unit and credited < line.fact.quantity:
            units = {
                "refund": units_text(line.fact.quantity),
                "credit": units_text(credited),
            }
            paid = unit * (line.fact.quantity - credited)
            yield Cause(QUANTITY, paid, f"line:{line.line_no}", {"sku": line.fact.sku, **units})


def _of_tenders(facts: RmaFacts, currency: str) -> Iterator[Cause]:
    """What was paid with something else than a card, and is given back another way."""
    order = facts.order
    for tender in order.tenders if order else ():
        if tender.kind != "card" and tender.amount:
            given = {"refund": money.exact_text(tender.amount, currency), "component": tender.kind}
            yield Cause(TENDER, -tender.amount, "order", given)
