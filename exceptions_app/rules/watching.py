"""What contradicts itself in a return, and holds nothing back: somebody must know of it.

Each of these closes by its own proof, and by hand where its type says so.
"""

from __future__ import annotations

from collections.abc import Iterator

from connectors.types import Inspection
from exceptions_app.choices import ApprovalAxis, PostingKind, PostingStatus, RefundStatus
from exceptions_app.rules import credit, mapping, matching, money, receiving, values
from exceptions_app.rules.facts import Finding, ItemFact, PostingFact, RefundFact, RmaFacts
from exceptions_app.rules.resolving import (
    Resolved,
    ReturnedLine,
    is_credit_due,
    refund_confirmed,
    sent_postings,
)

_AFTER_GOODS = frozenset({"goods_received", "goods_inspected"})
ACCOUNT = "account"


def findings(resolved: Resolved) -> Iterator[Finding]:
    """Findings of a return whatever its status says of it."""
    yield from _cancelled(resolved)
    yield from _instant(resolved)
    if not resolved.is_approved:
        return
    for line in resolved.lines:
        yield from _variant(resolved, line)
        yield from _ineligible(resolved, line)
    yield from _paid_early(resolved)
    yield from _credited_early(resolved)
    yield from _tax_code(resolved)
    yield from _invoice(resolved)
    yield from _on_account(resolved)
    yield from _foreign(resolved)


def _variant(resolved: Resolved, line: ReturnedLine) -> Iterator[Finding]:
    """The SKU the order sold leads to another item now (R036); an alias is somebody's decision."""
    item, facts = line.item, resolved.facts
    if item is None or mapping.sku_alias(facts.mappings, line.fact.sku):
        return
    today = {mapping.normalise(item.sku), mapping.normalise(item.erp_id)}
    sold = {
        row.sku
        for share in resolved.assignment.shares
        if share.line_no == line.line_no
        for row in (resolved.order_line(share.order_line_id),)
        if mapping.normalise(row.sku) in matching.codes(line.fact, facts.mappings)
    }
    others = sorted(sku for sku in sold if mapping.normalise(sku) not in today)
    if not others or len(others) < len(sold):
        return
    value, formula = values.paid(line, facts.currency)
    yield Finding(
        type="VARIANT_CHANGED",
        subject=f"variant:{line.line_no}",
        cause=mapping.normalise(line.fact.sku),
        facts={
            **_of_line(line, facts),
            "expected": ", ".join(others),
            "got": item.sku,
            "sold_on": facts.mappings.sold_on.isoformat() if facts.mappings.sold_on else "",
            "told": _leads_to(line, item, facts),
        },
        value=value,
        value_formula=formula,
    )


def _leads_to(line: ReturnedLine, item: ItemFact, facts: RmaFacts) -> str:
    meant = mapping.meant_at_sale(facts.mappings, line.fact.sku)
    beside = f"; then, by its alias, it {meant}" if meant else ""
    return f"leads to item {item.sku} today{beside}"


def _ineligible(resolved: Resolved, line: ReturnedLine) -> Iterator[Finding]:
    """The item master says that it may not come back (R047)."""
    # One that is put to sleep may not be returned anywhere: that is told already.
    item = line.item
    if item is None or not item.is_active or item.is_returnable or line.is_not_returned:
        return
    value, formula = values.paid(line, resolved.facts.currency)
    yield Finding(
        type="ITEM_INELIGIBLE",
        subject=f"eligible:{line.line_no}",
        cause=mapping.normalise(line.fact.sku),
        facts=_of_line(line, resolved.facts),
        value=value,
        value_formula=formula,
    )


def _of_line(line: ReturnedLine, facts: RmaFacts) -> dict[str, str]:
    return {
        "sku": line.fact.sku,
        "name": line.fact.name,
        "units": str(line.fact.quantity),
        "order": facts.order.number if facts.order else facts.order_name,
        "currency": facts.currency,
    }


def _paid_early(resolved: Resolved) -> Iterator[Finding]:
    """Money left before the goods, where the policy is goods first (R009, R019)."""
    facts = resolved.facts
    refund = refund_confirmed(facts)
    is_goods_first = facts.policy.credit_trigger in _AFTER_GOODS
    if not is_goods_first or facts.policy.refund_timing == "instant" or refund <= 0:
        return
    if receiving.is_here(facts) or any(line.is_not_returned for line in resolved.lines):
        return
    yield Finding(
        type="REFUND_BEFORE_RECEIPT",
        subject="early refund",
        cause="refund before the goods",
        facts={
            "refund": money.text(refund, facts.currency),
            "since": _first_paid(facts),
            "currency": facts.currency,
        },
        value=refund,
        value_formula="refund gross",
    )


def _first_paid(facts: RmaFacts) -> str:
    moments = [row.confirmed_at for row in _confirmed(facts) if row.confirmed_at]
    return f"{min(moments):%Y-%m-%d %H:%M} UTC" if moments else ""


def _confirmed(facts: RmaFacts) -> list[RefundFact]:
    return [row for row in facts.refunds if row.status == RefundStatus.CONFIRMED]


def _credited_early(resolved: Resolved) -> Iterator[Finding]:
    """A credit left before the goods, where the policy is goods first (R019, R020)."""
    facts = resolved.facts
    left = sent_postings(facts, PostingKind.CREDIT_MEMO)
    if facts.policy.credit_trigger not in _AFTER_GOODS or not left or receiving.is_here(facts):
        return
    gross = sum((row.gross for row in left), money.ZERO)
    yield Finding(
        type="CREDIT_BEFORE_RECEIPT",
        subject="early credit",
        cause="credit before the goods",
        facts={
            "number": _numbers(left),
            "credit": money.text(gross, facts.currency),
            "since": f"{left[0].created_at:%Y-%m-%d %H:%M} UTC",
            "currency": facts.currency,
        },
        value=gross,
        value_formula="credit gross",
    )


def _numbers(rows: list[PostingFact]) -> str:
    return ", ".join(row.number or row.key for row in rows)


def _tax_code(resolved: Resolved) -> Iterator[Finding]:
    """A credit that left under another tax code than the order has today (R049, R058)."""
    facts = resolved.facts
    codes = {row.line_id: row for row in facts.order.lines} if facts.order else {}
    for posting in sent_postings(facts, PostingKind.CREDIT_MEMO):
        for row in posting.draft.lines if posting.draft else ():
            sold = codes.get(row.order_line_id)
            if sold is None or sold.taxes or row.taxes or not (sold.tax_code and row.tax_code):
                continue
            if sold.tax_code != row.tax_code and row.component == credit.ITEM:
                yield Finding(
                    type="TAX_CODE_MISMATCH",
                    subject=f"tax:{posting.slot}:{row.line_no}",
                    cause=f"{row.tax_code}/{sold.tax_code}",
                    facts={
                        "number": posting.number or posting.key,
                        "sku": row.sku,
                        "got": row.tax_code,
                        "expected": sold.tax_code,
                        "order": facts.order.number if facts.order else "",
                        "currency": facts.currency,
                    },
                    value=abs(row.tax),
                    value_formula="tax of the credited line",
                )


def _invoice(resolved: Resolved) -> Iterator[Finding]:
    """A credit without an invoice to name, in an ERP that invoices its orders (R058)."""
    facts = resolved.facts
    order = facts.order
    if order is None or order.invoice_number or not facts.are_orders_invoiced:
        return
    if not is_credit_due(resolved) and not sent_postings(facts, PostingKind.CREDIT_MEMO):
        return
    value, formula = values.refund(facts)
    yield Finding(
        type="INVOICE_LINK_MISSING",
        subject="invoice",
        cause=mapping.normalise(order.number),
        facts={"order": order.number, "currency": facts.currency},
        value=value,
        value_formula=formula,
    )


def _on_account(resolved: Resolved) -> Iterator[Finding]:
    """An order on account that was paid back by other means (R062)."""
    facts = resolved.facts
    bought = facts.order.tenders if facts.order else ()
    if not bought or any(row.kind != ACCOUNT for row in bought):
        return
    paid = [row for refund in _confirmed(facts) for row in refund.tenders if row.kind != ACCOUNT]
    amount = sum((row.amount for row in paid), money.ZERO)
    if amount <= 0:
        return
    yield Finding(
        type="B2B_ACCOUNT_CREDIT",
        subject="account",
        cause="paid out instead of on account",
        facts={
            "refund": money.text(amount, facts.currency),
            "got": ", ".join(sorted({row.kind.replace("_", " ") for row in paid})),
            "order": facts.order.number if facts.order else "",
            "currency": facts.currency,
        },
        value=amount,
        value_formula="refund by other means than the account",
    )


def _foreign(resolved: Resolved) -> Iterator[Finding]:
    """All that was refunded is in another currency, so that no credit is called for at all.

    Where a part of it is in the return's own, refund and credit are compared, which tells the rest.
    """
    facts = resolved.facts
    foreign = [row for row in _confirmed(facts) if row.currency not in {"", facts.currency}]
    is_left = bool(sent_postings(facts, PostingKind.CREDIT_MEMO))
    if not foreign or refund_confirmed(facts) > 0 or is_left or is_credit_due(resolved):
        return
    draft = credit.draft(resolved, posting_date=facts.company_date, authorisation_number="")
    if draft is None:
        return
    yield Finding(
        type="CURRENCY_MISMATCH",
        subject="refund",
        cause="fx",
        facts={
            "got": ", ".join(f"{row.amount:.2f} {row.currency}" for row in foreign),
            "credit": money.text(draft.gross, facts.currency),
            "order": facts.order.number if facts.order else "",
            "currency": facts.currency,
        },
        value=draft.gross,
        value_formula="credit gross",
    )


def _instant(resolved: Resolved) -> Iterator[Finding]:
    """Paid at once, and the goods were rejected or never came (R019)."""
    facts = resolved.facts
    refund = refund_confirmed(facts)
    if facts.policy.refund_timing != "instant" or refund <= 0:
        return
    items = [line for line in resolved.lines if line.is_item]
    if resolved.approval == ApprovalAxis.REFUSED:
        what = "The return was rejected"
    elif items and all(line.fact.inspection == Inspection.NOT_RETURNED for line in items):
        what = "None of its goods came"
    else:
        # What came is credited, and the comparison with the refund tells the rest.
        return
    yield Finding(
        type="INSTANT_REJECTED",
        subject="instant",
        cause="rejected after an instant refund",
        facts={
            "refund": money.text(refund, facts.currency),
            "got": what,
            "currency": facts.currency,
        },
        value=refund,
        value_formula="refund gross",
    )


def _cancelled(resolved: Resolved) -> Iterator[Finding]:
    """Called off, and the ERP has documents of it (R022)."""
    facts = resolved.facts
    sent = [
        row
        for row in sent_postings(facts)
        if row.kind != PostingKind.PLATFORM_UPDATE and row.status != PostingStatus.UNCONFIRMED
    ]
    booked = [row for row in sent if row.kind != PostingKind.RETURN_AUTHORISATION]
    if not resolved.is_dead or not booked:
        return
    gross = sum((row.gross for row in booked), money.ZERO)
    stock = [values.stock(line, facts.currency) for line in resolved.lines if line.is_item]
    value, formula = (gross, "sum of the documents") if gross else values.total(stock)
    yield Finding(
        type="CANCELLED_AFTER_POST",
        subject="cancelled",
        cause="cancelled after it was booked",
        facts={
            "number": ", ".join(
                f"{str(PostingKind(row.kind).label).lower()} {row.number or row.key}"
                for row in sent
            ),
            "currency": facts.currency,
        },
        value=value,
        value_formula=formula,
    )
