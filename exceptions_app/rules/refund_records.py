"""Records of refunds in the ERP: a payment against the confirmed credit for each that was made."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from connectors.types import DocumentDraft, DocumentKind, DraftLine, Tender
from exceptions_app.choices import PostingKind, RefundStatus
from exceptions_app.rules import mapping, money
from exceptions_app.rules.facts import Finding, RefundFact
from exceptions_app.rules.resolving import Resolved, sent_postings

REFUND = "refund"
# What stays on the customer's account is no payment: the credit itself is all of it (R062).
_ON_ACCOUNT = "account"
_KIND = PostingKind.REFUND_RECORD.value
_BLOCKS = frozenset({_KIND})


@dataclass(frozen=True, slots=True)
class RefundRecord:
    slot: str
    draft: DocumentDraft


def wanted(resolved: Resolved) -> tuple[RefundRecord, ...]:
    """One per confirmed refund, one per means of payment where it used several; dated today.

    None where the policy or the ERP has no such record. What left is planned as it left, whatever
    became of its refund since.
    """
    sent = {row.slot: row.draft for row in sent_postings(resolved.facts, _KIND)}
    rows = [RefundRecord(slot, draft) for slot, draft in sent.items() if draft is not None]
    rows += [
        RefundRecord(slot, _draft(resolved, refund, tender))
        for slot, refund, tender in _due(resolved)
        if slot not in sent
    ]
    return tuple(sorted(rows, key=lambda row: row.slot))


def findings(resolved: Resolved) -> Iterator[Finding]:
    """Means of payment nobody mapped to a payment method of the ERP, while the record is due."""
    sent = {row.slot for row in sent_postings(resolved.facts, _KIND)}
    told: set[str] = set()
    for slot, refund, tender in _due(resolved):
        key = mapping.tender_key(tender.kind)
        if slot in sent or key in told or _code(resolved, tender):
            continue
        told.add(key)
        yield Finding(
            type="TENDER_UNMAPPED",
            subject=f"refund:{refund.external_id}",
            cause=mapping.normalise(key),
            facts={
                "source_value": key,
                "component": tender.kind,
                "refund": money.text(refund.amount, _currency(resolved, refund)),
                "currency": _currency(resolved, refund),
            },
            value=tender.amount,
            value_formula="the part of the refund paid so",
            blocks=_BLOCKS,
        )


def tenders_of(refund: RefundFact) -> tuple[Tender, ...]:
    """How the refund was paid, its parts summing to it; by its processor where nobody told."""
    parts: dict[str, Decimal] = {}
    for tender in refund.tenders:
        parts[tender.kind] = parts.get(tender.kind, money.ZERO) + tender.amount
    if sum(parts.values(), money.ZERO) == refund.amount:
        return tuple(Tender(kind, parts[kind]) for kind in sorted(parts) if parts[kind] > 0)
    return (Tender(mapping.normalise(refund.processor) or "other", refund.amount),)


def _due(resolved: Resolved) -> Iterator[tuple[str, RefundFact, Tender]]:
    facts = resolved.facts
    is_wanted = facts.policy.record_refund and facts.order is not None
    if not is_wanted or not facts.erp.can_create(_KIND):
        return
    for refund in facts.refunds:
        if refund.status != RefundStatus.CONFIRMED or refund.amount <= 0:
            continue
        tenders = tenders_of(refund)
        for tender in tenders:
            part = f":{tender.kind}" if len(tenders) > 1 else ""
            if tender.kind != _ON_ACCOUNT:
                yield f"{_KIND}:{refund.external_id}{part}", refund, tender


def _code(resolved: Resolved, tender: Tender) -> str:
    target = mapping.fee(resolved.facts.mappings, mapping.tender_key(tender.kind))
    return target.erp_code if target else ""


def _currency(resolved: Resolved, refund: RefundFact) -> str:
    return refund.currency or resolved.facts.currency


def _draft(resolved: Resolved, refund: RefundFact, tender: Tender) -> DocumentDraft:
    facts = resolved.facts
    order = facts.order
    amount = money.quantise(tender.amount, _currency(resolved, refund))
    return DocumentDraft(
        kind=DocumentKind.REFUND_RECORD,
        key="",
        date=facts.company_date,
        division=order.division if order else "",
        warehouse="",
        customer_code=order.customer_code if order else "",
        currency=_currency(resolved, refund),
        rma_number=facts.external_id,
        order_number=order.number if order else "",
        order_erp_id=order.erp_id if order else "",
        invoice_number=order.invoice_number if order else "",
        authorisation_number="",
        note=f"Refund {refund.external_id} of return {facts.external_id}",
        lines=(
            DraftLine(
                line_no=1,
                component=REFUND,
                sku="",
                item_erp_id="",
                quantity=1,
                description=f"Refund {refund.external_id}",
                unit_price=amount,
                net=amount,
                charge_code=_code(resolved, tender),
            ),
        ),
        tender=tender.kind,
        reference=refund.reference or refund.external_id,
    )
