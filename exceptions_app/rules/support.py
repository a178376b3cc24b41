"""Documents the policy wants and the ERP cannot take: never planned, and told of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

from exceptions_app.choices import PostingKind
from exceptions_app.rules import bundles, receiving, values
from exceptions_app.rules.facts import Finding, PlannedPosting, RmaFacts
from exceptions_app.rules.resolving import Resolved, sent_postings

_CREDIT = PostingKind.CREDIT_MEMO.value
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


def findings(resolved: Resolved, postings: Sequence[PlannedPosting]) -> Iterator[Finding]:
    """One for each kind of which a document was called for in vain, and for one it would refuse."""
    facts = resolved.facts
    called_for = {row.kind for row in postings}
    value, formula = values.refund(facts)
    wanted = [(kind, str(PostingKind(kind).label).lower()) for kind in _DEMANDED]
    for kind, label in wanted:
        if kind in called_for and not is_possible(facts, kind):
            yield _finding(kind, label, value, formula)
    yield from _bundles(resolved, postings)
    if receiving.is_by_erp(facts.policy) and facts.erp.creates and not facts.erp.can_read_receipts:
        yield _finding("erp_receipt", "receipt that can be read back", value, formula)


def _bundles(resolved: Resolved, postings: Iterable[PlannedPosting]) -> Iterator[Finding]:
    """A credit of single parts where the ERP credits a bundle only as it was sold (R045)."""
    facts = resolved.facts
    if facts.erp.credits_bundle_parts or facts.order is None or sent_postings(facts, _CREDIT):
        return
    found = bundles.bundles(facts.order)
    parts = {row.line_id for bundle in found for row in bundle.parts}
    lines = [
        line
        for row in postings
        if row.kind == _CREDIT
        for line in row.draft.lines
        if line.order_line_id in parts and (line.net or line.tax)
    ]
    if lines:
        yield Finding(
            type="BUNDLE_CREDIT_LEVEL",
            subject="bundle",
            cause="parts of a bundle",
            facts={"sku": ", ".join(sorted({line.sku for line in lines}))},
            value=sum((line.net for line in lines), Decimal(0)),
            value_formula="line net",
            blocks=frozenset({_CREDIT}),
        )


def _finding(kind: str, label: str, value: Decimal, formula: str) -> Finding:
    return Finding(
        type="STEP_UNSUPPORTED",
        subject=f"kind:{kind}",
        cause=kind,
        facts={"kind": label},
        value=value,
        value_formula=formula,
    )
