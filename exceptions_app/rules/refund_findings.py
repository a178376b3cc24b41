"""Where the refund and the credit disagree: by line, in sum, and after the credit was sent."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from connectors.types import DocumentDraft
from exceptions_app.catalogue import causes
from exceptions_app.choices import RefundStatus
from exceptions_app.rules import credit, credit_additions, money, penny, shares
from exceptions_app.rules.facts import Finding, Policy, RmaFacts
from exceptions_app.rules.resolving import (
    Resolved,
    ReturnedLine,
    is_amount_decided,
    is_credit_due,
    refund_confirmed,
)
from exceptions_app.rules.validation import CREDIT


def is_comparable(resolved: Resolved) -> bool:
    """Every credited unit has its order line; else another finding says why the sums differ."""
    unmatched = resolved.assignment.unmatched
    if is_amount_decided(resolved.facts):
        return True
    return not any(
        line.is_item and line.line_no in unmatched and shares.is_credited(resolved, line)
        for line in resolved.lines
    )


def is_settled(resolved: Resolved, found: penny.Explanation) -> bool:
    """Inside rounding or the tolerance, or a difference finance accepted, up to its cap."""
    facts = resolved.facts
    difference = found.difference
    if facts.decisions.covers(difference, found.main):
        return True
    if abs(difference) <= shares.rounding_allowance(resolved):
        return True
    is_inside = bool(difference) and abs(difference) <= tolerated(facts.policy, found)
    return is_inside and is_in_budget(facts, found)


def is_in_budget(facts: RmaFacts, found: penny.Explanation) -> bool:
    """Whether the month still has room for it; what was let pass before stays let pass."""
    if any(row.residue == found.difference for row in facts.postings):
        return True
    budget = facts.policy.tolerance_budget.get(found.currency)
    return budget is None or facts.residues_elsewhere + abs(found.difference) <= budget


def residue(resolved: Resolved, draft: DocumentDraft | None) -> Decimal:
    """Refund less credit that nobody looks at; 0 where they agree, or finance decided.

    What a credit that left booked of it as a variance stays let pass.
    """
    facts = resolved.facts
    left = credit.sent(facts)
    booked = credit_additions.variance_of(left) if left else money.ZERO
    if booked:
        return booked
    document = left or draft
    if document is None or refund_confirmed(facts) in {money.ZERO, document.gross}:
        return money.ZERO
    found = penny.explain(resolved, document)
    is_decided = facts.decisions.covers(found.difference, found.main)
    is_passed = found.currency == facts.currency and is_settled(resolved, found)
    return found.difference if is_passed and not is_decided else money.ZERO


def tolerated(policy: Policy, found: penny.Explanation) -> Decimal:
    """The largest difference the policy lets pass, by amount, percent and cause; 0 for none.

    A cause's own amount stands in place of the currency's where nothing else is in the
    difference; a percentage of the credit never raises an amount.
    """
    if shares.is_to_the_penny(policy):
        return money.ZERO
    amount = policy.tolerance.get(found.currency)
    if {row.name for row in found.causes} == {found.main}:
        amount = policy.tolerance_causes.get(f"{found.currency}_{found.main}", amount)
    percent = policy.tolerance_percent.get(found.currency)
    if percent is None:
        return amount or money.ZERO
    share = abs(found.credit) * percent / 100
    return share if amount is None else min(amount, share)


def over_line(resolved: Resolved, draft: DocumentDraft) -> Iterator[Finding]:
    """Lines the platform paid more for than their share of the order bears (R051).

    Only while the whole refund is above the credit: a price the platform states and did not pay
    out is no overpayment, and a correction finance booked lifts the credit to the refund.
    """
    facts = resolved.facts
    if refund_confirmed(facts) <= max(draft.gross, money.ZERO):
        return
    found = penny.explain(resolved, draft)
    if is_settled(resolved, found):
        return
    for line in resolved.lines:
        paid = money.paid_gross(line.fact)
        if paid is None or not shares.is_credited(resolved, line):
            continue
        if line.charge is not None and line.line_no in resolved.assignment.unmatched:
            continue
        most = shares.gross_of(resolved, line)
        excess = paid - most
        if excess > shares.allowance(resolved):
            yield _over_line_finding(facts, line, paid, most, found)


def _over_line_finding(
    facts: RmaFacts,
    line: ReturnedLine,
    paid: Decimal,
    most: Decimal,
    found: penny.Explanation,
) -> Finding:
    subject = f"line:{line.line_no}"
    own = next((row.name for row in found.causes if row.subject == subject), found.main)
    return Finding(
        # Shared out in another way is not paid too much: it is told apart, and is less grave.
        type="DISCOUNT_ALLOCATION" if own == "discount" else "REFUND_OVER_LINE",
        subject=subject,
        cause=own,
        facts={
            **_explained(found, own),
            "refund": money.text(paid, facts.currency),
            "credit": money.text(most, facts.currency),
            "line_max": money.text(most, facts.currency),
            "excess": money.text(paid - most, facts.currency),
            "currency": facts.currency,
            "sku": line.fact.sku,
            "name": line.fact.name,
            "order": facts.order.number if facts.order else facts.order_name,
        },
        value=paid - most,
        value_formula="paid for the line − net and tax of its share",
        blocks=CREDIT,
    )


def against_refund(resolved: Resolved, draft: DocumentDraft) -> Iterator[Finding]:
    facts = resolved.facts
    foreign = [row for row in facts.refunds if _is_foreign(facts, row.currency, row.status)]
    if refund_confirmed(facts) <= 0 and not foreign:
        return
    compared = penny.explain(resolved, draft)
    if not foreign and draft.gross > 0 and is_settled(resolved, compared):
        return
    if not foreign and _is_explained_by_lines(resolved, draft, compared.difference):
        return
    if draft.gross <= 0 and facts.decisions.covers(compared.difference, compared.main):
        return
    yield _difference(facts, compared, blocks=CREDIT)


def _is_explained_by_lines(resolved: Resolved, draft: DocumentDraft, difference: Decimal) -> bool:
    """Whether the lines paid too much for are the whole difference: one cause, one finding."""
    excess = sum((finding.value for finding in over_line(resolved, draft)), money.ZERO)
    return bool(excess) and abs(excess - difference) <= shares.allowance(resolved)


def _is_foreign(facts: RmaFacts, currency: str, status: str) -> bool:
    order_currency = facts.order.currency if facts.order else facts.currency
    return status == RefundStatus.CONFIRMED and currency not in {"", order_currency}


def _explained(found: penny.Explanation, cause: str) -> dict[str, str]:
    """What every finding about a difference carries: both totals, and the causes."""
    return {
        "why": causes.why(cause),
        "refund_total": money.text(found.refund, found.currency),
        "credit_total": money.text(found.credit, found.currency),
        "difference": money.text(found.difference, found.currency),
        "main_cause": found.main,
        "causes": "; ".join(
            f"{row.name} {money.exact_text(row.amount, found.currency)}" for row in found.causes
        ),
        "explanation": penny.packed(found),
    }


def _difference(
    facts: RmaFacts,
    found: penny.Explanation,
    *,
    subject: str = "refund",
    blocks: frozenset[str] = frozenset(),
) -> Finding:
    """A difference taken apart: the causes sum to it exactly.

    Its cause is the one with the most money, so that differences of one kind stand together. Where
    all of it has one kind of cause, its type is that kind's own.
    """
    tenders = facts.order.tenders if facts.order else ()
    names = {row.name for row in found.causes}
    is_on_account = bool(tenders) and all(row.kind == "account" for row in tenders)
    return Finding(
        type=causes.type_of(names, is_on_account=is_on_account),
        subject=subject,
        cause=found.main,
        facts={
            **_explained(found, found.main),
            "refund": money.text(found.refund, found.currency),
            "credit": money.text(found.credit, found.currency),
            "currency": found.currency,
            "order": facts.order.number if facts.order else facts.order_name,
            "got": ", ".join(sorted({row.currency for row in facts.refunds})),
            "refund_currency": ", ".join(sorted({row.currency for row in facts.refunds})),
        },
        value=abs(found.difference),
        value_formula="refund − credit",
        blocks=blocks,
    )


def sent(resolved: Resolved, draft: DocumentDraft) -> Iterator[Finding]:
    """One finding at most: the refund against what was sent, else what was sent against today."""
    facts = resolved.facts
    sent = credit.sent(facts)
    if sent is None:
        return
    compared = penny.explain(resolved, sent)
    if facts.decisions.covers(compared.difference, compared.main):
        return
    if compared.refund > 0 and not is_settled(resolved, compared):
        yield _difference(facts, compared)
    elif credit_additions.missing(resolved, draft) is not None:
        # It is on its way; until it left, what was sent is not what is due.
        return
    elif is_credit_due(resolved) and (sent.net, sent.tax, sent.units) != (
        draft.net,
        draft.tax,
        draft.units,
    ):
        yield _differs(facts, sent, draft, compared)


def _differs(
    facts: RmaFacts, sent: DocumentDraft, draft: DocumentDraft, found: penny.Explanation
) -> Finding:
    gap = draft.gross - sent.gross
    is_of_units = sent.units != draft.units
    figures = (
        {"expected": str(draft.units), "got": str(sent.units)}
        if is_of_units
        else {
            "expected": money.text(draft.gross, facts.currency),
            "got": money.text(sent.gross, facts.currency),
        }
    )
    return Finding(
        type="CREDIT_QTY_GAP" if is_of_units else causes.GENERAL_TYPE,
        subject="posting:credit_memo",
        cause="credit sent differs from the credit due",
        facts={
            **_explained(found, ""),
            "refund": money.text(found.refund, found.currency),
            "credit": money.text(found.credit, found.currency),
            **figures,
            "currency": facts.currency,
        },
        value=abs(gap) or abs(draft.tax - sent.tax),
        value_formula="credit due − credit sent",
    )
