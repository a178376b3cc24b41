"""What stops a credit, and where refund and credit disagree; none of it holds back stock."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal

from connectors.types import DocumentDraft, DocumentKind
from exceptions_app.choices import RefundStatus
from exceptions_app.rules import (
    authorising,
    credit,
    credit_additions,
    mapping,
    money,
    quoting,
    refund_findings,
    shares,
)
from exceptions_app.rules.facts import Finding, OrderFact, RmaFacts
from exceptions_app.rules.resolving import (
    Resolved,
    is_credit_due,
    refund_confirmed,
    sent_postings,
)
from exceptions_app.rules.validation import CREDIT

# Parts of the order a credit may hold beside its lines, each under a charge code.
_EXTRAS = frozenset({credit.SHIPPING, shares.DUTY})


def findings(resolved: Resolved, draft: DocumentDraft | None) -> tuple[Finding, ...]:
    """Money findings of a return whose credit is `draft` (None: no order to reverse).

    Amounts in the facts are plain digits in the return's currency. Once the credit has left, what
    was sent is compared with the refund, and nothing is held back any more.
    """
    found = list(_refund_status(resolved.facts))
    sent = sent_postings(resolved.facts, DocumentKind.CREDIT_MEMO)
    if draft is None:
        return tuple(found)
    if sent:
        return (*found, *refund_findings.sent(resolved, draft), *_of_missing(resolved, draft))
    found.extend(_vat(resolved, draft))
    found.extend(_used_up(resolved, draft))
    found.extend(_unmapped(resolved, draft))
    if is_credit_due(resolved):
        found.extend(_period(resolved.facts, draft))
        found.extend(quoting.findings(resolved, authorising.without_unpaid(resolved, draft)))
    if is_credit_due(resolved) and refund_findings.is_comparable(resolved):
        found.extend(refund_findings.over_line(resolved, draft))
        found.extend(refund_findings.against_refund(resolved, draft))
    return tuple(found)


def _of_missing(resolved: Resolved, draft: DocumentDraft) -> Iterator[Finding]:
    """What stops a further credit after the one that left: its charge code, or its month."""
    extra = credit_additions.missing(resolved, draft)
    if extra is not None:
        yield from _uncoded(resolved.facts)
        yield from _period(resolved.facts, replace(extra, date=resolved.facts.company_date))


def _refund_status(facts: RmaFacts) -> Iterator[Finding]:
    for refund in facts.refunds:
        if refund.status == RefundStatus.UNKNOWN:
            yield Finding(
                type="STATUS_UNMAPPED",
                subject=f"refund:{refund.external_id}",
                cause=f"refund {mapping.normalise(refund.status_raw)}",
                facts={"source_value": refund.status_raw, "currency": refund.currency},
                value=refund.amount,
                value_formula="refund gross",
                blocks=CREDIT,
            )


def _vat(resolved: Resolved, draft: DocumentDraft) -> Iterator[Finding]:
    facts = resolved.facts
    order = facts.order
    if order is None or not order.vat_setting.strip():
        return
    rule = mapping.vat(facts.mappings, order.vat_setting)
    charged = sum((line.tax for line in draft.lines), money.ZERO)
    # What was charged is reversed as it was: a rule that denies it is not simply obeyed.
    is_denied = rule in mapping.VAT_FREE and charged != 0
    if not rule or is_denied:
        told = {"charged": money.text(charged, facts.currency)} if is_denied else {}
        yield Finding(
            type="VAT_SETTING",
            subject="order",
            cause=mapping.normalise(order.vat_setting),
            facts={
                "setting": order.vat_setting,
                "order": order.number,
                "currency": facts.currency,
                **told,
            },
            value=draft.tax,
            value_formula="tax of the returned lines",
            blocks=CREDIT,
        )


def _used_up(resolved: Resolved, draft: DocumentDraft) -> Iterator[Finding]:
    """A credit above what other returns left of the order, in any channel: returns, refunds made
    outside them, goodwill.

    What finance decided for this return by itself, seeing both figures, is not asked again.
    """
    facts = resolved.facts
    order = facts.order
    if order is None or facts.decisions.accepted_difference is not None:
        return
    refund = refund_confirmed(facts)
    left = max(order_left(order), money.ZERO)
    # Goodwill of this return takes nothing of the order; what finance took off the credit counts.
    added = max(facts.decisions.credit_adjustment or money.ZERO, money.ZERO)
    credit_due = draft.gross - added
    excess = credit_due - left
    if order.taken_elsewhere <= 0 or excess <= shares.allowance(resolved):
        return
    yield Finding(
        type="OVER_RETURN",
        subject="order",
        cause=mapping.normalise(order.number),
        facts={
            "order": order.number,
            "credit": money.text(credit_due, facts.currency),
            "line_max": money.text(left, facts.currency),
            "excess": money.text(excess, facts.currency),
            "currency": facts.currency,
            # What may be accepted: the whole return's refund less its credit.
            **({"difference": money.text(refund - draft.gross, facts.currency)} if refund else {}),
        },
        value=excess,
        value_formula="credit − what is left of the order",
        blocks=CREDIT,
    )


def order_left(order: OrderFact) -> Decimal:
    """What the order was sold for, less what its other returns took in money."""
    shipping = order.shipping_net + order.shipping_tax
    sold = sum((row.net + row.tax + row.duty for row in order.lines), shipping)
    return sold - order.taken_elsewhere


def _unmapped(resolved: Resolved, draft: DocumentDraft) -> Iterator[Finding]:
    """Components of the credit without a charge code; charge lines of the return have their own."""
    facts = resolved.facts
    for kind, amount in credit.fees(facts, resolved).items():
        target = mapping.fee(facts.mappings, kind)
        if target is None or not target.erp_code:
            yield _component(facts, f"fee:{kind}", kind, amount)
    has_declared = any(line.charge is not None for line in resolved.lines)
    for line in draft.lines:
        if line.component in _EXTRAS and not line.charge_code and not has_declared:
            gross = line.net + line.tax
            yield _component(facts, f"component:{line.component}", line.component, abs(gross))
        if line.description == credit.CASH_ROUNDING and not line.charge_code:
            yield _component(facts, "component:rounding", "rounding", abs(line.net))
    yield from _uncoded(facts)


def _uncoded(facts: RmaFacts) -> Iterator[Finding]:
    """Asked of the decision, not of the draft: a declared charge may be an adjustment as well."""
    correction = facts.decisions.credit_adjustment
    if correction and not credit.adjustment_code(facts):
        name = credit.ADJUSTMENT
        yield _component(facts, f"component:{name}", name, abs(correction))


def _component(facts: RmaFacts, subject: str, name: str, amount: Decimal) -> Finding:
    return Finding(
        type="COMPONENT_MISSING",
        subject=subject,
        cause=mapping.normalise(name),
        facts={
            "component": name,
            "refund": money.text(refund_confirmed(facts), facts.currency),
            "currency": facts.currency,
        },
        value=amount,
        value_formula="the unmapped part",
        blocks=CREDIT,
    )


def period_of(day: date) -> str:
    """The accounting month a date falls in, as "2026-04"."""
    return f"{day:%Y-%m}"


def _period(facts: RmaFacts, draft: DocumentDraft) -> Iterator[Finding]:
    period = period_of(draft.date)
    if period in facts.closed_periods:
        yield Finding(
            type="PERIOD_CLOSED",
            subject="posting:credit_memo",
            cause=period,
            facts={
                "period": period,
                "posting_date": draft.date.isoformat(),
                "currency": facts.currency,
            },
            value=draft.gross,
            value_formula="credit gross",
            blocks=CREDIT,
        )
