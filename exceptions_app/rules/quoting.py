"""Credit quotes: what would be credited for some units now, and whether the credit still is that.

A quote is computed by the very rules that plan a credit, on facts that stand for a return which has
not been asked for yet. So a preview, a quote and the posted document cannot differ while the facts
are the same; when they are not, the credit waits and the difference is named (decision 0012).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from connectors.types import DocumentDraft, DraftLine, Inspection, TaxPart
from exceptions_app.choices import ApprovalAxis, LogisticsAxis
from exceptions_app.rules import credit, mapping, money, shares
from exceptions_app.rules.decisions import Decisions
from exceptions_app.rules.facts import (
    FeeFact,
    Finding,
    LineFact,
    Mappings,
    OrderFact,
    Policy,
    QuoteFact,
    RmaFacts,
)
from exceptions_app.rules.resolving import (
    Resolved,
    is_credit_due,
    refund_confirmed,
    sent_postings,
)
from exceptions_app.rules.validation import CREDIT

# What may have changed since, by the part of the facts that tells it.
CHANGES = {
    "units": "the units that came back",
    "sold": "the order’s own amounts",
    "taken": "what other credits took of the order",
    "shipping": "the shipping that is left",
    "fees": "the fees kept back",
    "rounding": "how amounts are rounded",
    "correction": "a correction by finance",
}
# None of these: the refund told what it was for, or our own rules are newer than the quote.
_REFUND = "what the refund was made for"
_OTHER = "not one of the facts the quote was made on"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a quote is asked for: whole units by order line, fees by kind, the shipping or not."""

    units: Mapping[str, int]
    fees: tuple[FeeFact, ...] = ()
    has_shipping: bool = False
    is_tax_included: bool = True


def facts_for(
    wanted: Wanted,
    *,
    order: OrderFact,
    mappings: Mappings,
    policy: Policy,
    bridge_code: str,
    timezone: str,
    now: datetime,
) -> RmaFacts:
    """Facts of the return that `wanted` would be: approved, come back, graded, not refunded."""
    lines = [row for row in order.lines if row.line_id in wanted.units]
    return RmaFacts(
        rma_id=0,
        bridge_code=bridge_code,
        external_id="",
        order_name=order.number,
        currency=order.currency,
        status_raw=ApprovalAxis.AUTHORISED.value,
        logistics=LogisticsAxis.RECEIVED.value,
        received_at=now,
        requested_at=now,
        company_date=now.astimezone(ZoneInfo(timezone)).date(),
        now=now,
        lines=tuple(
            LineFact(
                line_no=number,
                order_line_id=row.line_id,
                sku=row.sku,
                barcode="",
                name=row.description,
                quantity=wanted.units[row.line_id],
                unit_price=None,
                unit_tax=None,
                is_tax_included=wanted.is_tax_included,
                reason="",
                resolution="",
                inspection=Inspection.PASSED,
                disposition="quoted",
                disposition_at=now,
                location="",
                items=(),
                fees=wanted.fees if number == 1 else (),
            )
            for number, row in enumerate(lines, start=1)
        ),
        refunds=(),
        order=order,
        locations=frozenset(),
        mappings=mappings,
        decisions=Decisions(),
        policy=policy,
        postings=(),
        is_shipping_promised=wanted.has_shipping,
    )


def draft_of(resolved: Resolved) -> DocumentDraft | None:
    """The credit of `facts_for`, by the planner's own function; None without an order."""
    day = resolved.facts.company_date
    return credit.draft(resolved, posting_date=day, authorisation_number="")


def units_of(resolved: Resolved) -> dict[str, int]:
    """Units by order line that come back for money, graded or not; exchanges are left out."""
    found: dict[str, int] = {}
    for share in resolved.assignment.shares:
        line = resolved.line(share.line_no)
        if not line.is_exchange and not line.is_not_returned:
            found[share.order_line_id] = found.get(share.order_line_id, 0) + share.units
    return found


def is_bindable(resolved: Resolved, units: Mapping[str, int]) -> bool:
    """Whether this return is the one a quote for `units` was made for, and no credit has left."""
    facts = resolved.facts
    is_open = resolved.is_approved and not sent_postings(facts, "credit_memo")
    return is_open and not resolved.assignment.unmatched and units_of(resolved) == dict(units)


# --- The facts a quote rests on ----------------------------------------------------------------


def basis(resolved: Resolved) -> dict[str, Any]:
    """Everything the amounts depend on, as plain JSON; equal facts give equal text."""
    facts, order = resolved.facts, resolved.facts.order
    units = units_of(resolved)
    rows = [row for row in (order.lines if order else ()) if row.line_id in units]
    anchors = {
        share.order_line_id: shares.anchor(facts, resolved.line(share.line_no)).value
        for share in resolved.assignment.shares
    }
    return {
        "units": dict(sorted(units.items())),
        "sold": {
            row.line_id: [
                row.quantity,
                _plain(row.net),
                _plain(row.tax),
                _taxes_text(row.taxes),
            ]
            for row in rows
        },
        "taken": {
            row.line_id: [
                row.credited_units,
                _plain(row.credited_net),
                _plain(row.credited_tax),
                _taxes_text(row.credited_taxes),
            ]
            for row in rows
        },
        "shipping": _shipping(order) if facts.is_shipping_promised and order else [],
        "fees": {kind: _plain(amount) for kind, amount in credit.fees(facts, resolved).items()},
        "rounding": {
            "policy": dict(sorted(facts.policy.rounding.items())),
            "places": money.places(facts.currency),
            "anchors": dict(sorted(anchors.items())),
            "vat": mapping.vat(facts.mappings, order.vat_setting) if order else "",
        },
        "correction": _plain(facts.decisions.credit_adjustment or money.ZERO),
    }


def digest(found: Mapping[str, Any]) -> str:
    """A fingerprint of `basis`, as 64 hex digits."""
    text = json.dumps(found, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def changed(before: Mapping[str, Any], now: Mapping[str, Any]) -> tuple[str, ...]:
    """Which parts of the facts differ, by their codes, in the order of `CHANGES`."""
    return tuple(code for code in CHANGES if before.get(code) != now.get(code))


def _shipping(order: OrderFact) -> list[str]:
    amounts = (
        order.shipping_net,
        order.shipping_tax,
        order.shipping_credited_net,
        order.shipping_credited_tax,
    )
    return [_plain(amount) for amount in amounts]


def _taxes_text(taxes: tuple[TaxPart, ...]) -> list[list[str]]:
    return [[part.code, _plain(part.amount)] for part in taxes]


def _plain(amount: Decimal) -> str:
    # The database pads with zeros; zero has one form without a sign.
    return f"{amount.normalize():f}" if amount else "0"


# --- Promised and due --------------------------------------------------------------------------

Figures = dict[tuple[str, str], tuple[int, Decimal, dict[str, Decimal]]]


def tax_by_code(line: DraftLine) -> dict[str, Decimal]:
    """The line's tax by code; one code where it has one tax, none where it has no tax at all."""
    if not line.taxes:
        return {line.tax_code: line.tax} if line.tax or line.tax_code else {}
    found: dict[str, Decimal] = {}
    for part in line.taxes:
        found[part.code] = found.get(part.code, money.ZERO) + part.amount
    return found


def figures(draft: DocumentDraft) -> Figures:
    """Units, net and tax by code of each component of each order line."""
    found: Figures = {}
    for line in draft.lines:
        key = (line.component, line.order_line_id)
        units, net, taxes = found.get(key, (0, money.ZERO, {}))
        summed = dict(taxes)
        for code, amount in tax_by_code(line).items():
            summed[code] = summed.get(code, money.ZERO) + amount
        found[key] = (units + line.quantity, net + line.net, summed)
    return found


def is_kept(quote: QuoteFact, draft: DocumentDraft, decisions: Decisions) -> bool:
    """Whether `draft` credits what was promised, or finance decided that it need not.

    Decided is a difference finance accepted, up to its cap, or a correction that gives the
    promised sum.
    """
    gap = quote.draft.gross - draft.gross
    if figures(quote.draft) == figures(draft):
        return True
    if decisions.covers(gap):
        return True
    return decisions.credit_adjustment is not None and not gap


def findings(resolved: Resolved, draft: DocumentDraft) -> Iterator[Finding]:
    """QUOTE_CHANGED while the credit is due, has not left, and is not what was promised."""
    facts = resolved.facts
    quote = facts.quote
    if quote is None or not is_credit_due(resolved) or is_kept(quote, draft, facts.decisions):
        return
    codes = changed(quote.basis, basis(resolved))
    other = _REFUND if refund_confirmed(facts) else _OTHER
    gap = quote.draft.gross - draft.gross
    yield Finding(
        type="QUOTE_CHANGED",
        subject="quote",
        cause=", ".join(codes) or "other",
        facts={
            "quote": quote.number,
            "quoted": money.text(quote.draft.gross, facts.currency),
            "credit": money.text(draft.gross, facts.currency),
            "difference": money.text(gap, facts.currency),
            "currency": facts.currency,
            "order": facts.order.number if facts.order else facts.order_name,
            "changed": "; ".join(CHANGES[code] for code in codes) or other,
        },
        value=abs(gap),
        value_formula="quoted − credit due",
        blocks=CREDIT,
    )


def is_shipping_quotable(order: OrderFact, resolved: Resolved) -> bool:
    """Whether the order has shipping left to credit that no line stands for."""
    left = order.shipping_net - order.shipping_credited_net
    left += order.shipping_tax - order.shipping_credited_tax
    charges = (row.line.charge for row in shares.line_shares(resolved))
    has_line = any(charge and charge.component == credit.SHIPPING for charge in charges)
    return left > 0 and not has_line
