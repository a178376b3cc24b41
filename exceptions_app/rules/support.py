"""Documents the policy wants and the ERP cannot take: never planned, and told of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal

from exceptions_app.choices import PostingKind
from exceptions_app.rules import receiving, values
from exceptions_app.rules.facts import Finding, PlannedPosting, RmaFacts
from exceptions_app.rules.resolving import Resolved, sent_postings

# What an ERP's own stock documents may do at once: without them nothing is missing.
_DEMANDED = (
    PostingKind.RETURN_AUTHORISATION.value,
    PostingKind.STOCK_RECEIPT.value,
    PostingKind.CREDIT_MEMO.value,
)


def supported(facts: RmaFacts, postings: Iterable[PlannedPosting]) -> tuple[PlannedPosting, ...]:
    """The postings the ERP can take; what left stays, whatever the connection can do now."""
    sent = {row.slot for row in sent_postings(facts)}
    return tuple(row for row in postings if row.slot in sent or is_possible(facts, row.kind))


def is_possible(facts: RmaFacts, kind: str) -> bool:
    return kind == PostingKind.PLATFORM_UPDATE or facts.erp.can_create(kind)


def findings(resolved: Resolved, postings: Iterable[PlannedPosting]) -> Iterator[Finding]:
    """One for each kind of which a document was called for in vain."""
    facts = resolved.facts
    called_for = {row.kind for row in postings}
    value, formula = values.refund(facts)
    wanted = [(kind, str(PostingKind(kind).label).lower()) for kind in _DEMANDED]
    for kind, label in wanted:
        if kind in called_for and not is_possible(facts, kind):
            yield _finding(kind, label, value, formula)
    if receiving.is_by_erp(facts.policy) and facts.erp.creates and not facts.erp.can_read_receipts:
        yield _finding("erp_receipt", "receipt that can be read back", value, formula)


def _finding(kind: str, label: str, value: Decimal, formula: str) -> Finding:
    return Finding(
        type="STEP_UNSUPPORTED",
        subject=f"kind:{kind}",
        cause=kind,
        facts={"kind": label},
        value=value,
        value_formula=formula,
    )
