"""Drop findings that hold nothing back any more: all they could stop has been sent.

Without this an item put to sleep in the ERP would open a case on every return that was ever
finished with it.
"""

from __future__ import annotations

from exceptions_app.choices import PostingKind
from exceptions_app.rules.facts import Finding
from exceptions_app.rules.resolving import Resolved, sent_postings
from exceptions_app.rules.validation import FROM_STOCK_ON, STOCK_KINDS


def still_relevant(
    resolved: Resolved, found: list[Finding], *, owes_credit: bool = False
) -> list[Finding]:
    """`found` without those that block only kinds this return has fully sent.

    `owes_credit`: a part of the credit is still to follow the one that was sent.
    """
    open_kinds = _open_kinds(resolved)
    if owes_credit:
        open_kinds |= {PostingKind.CREDIT_MEMO.value}
    return [row for row in found if not row.blocks or _reason_to_block(row) & open_kinds]


def _reason_to_block(row: Finding) -> frozenset[str]:
    # Where goods go matters until they are booked; the credit only waits behind that.
    return STOCK_KINDS if row.blocks == FROM_STOCK_ON else row.blocks


def _open_kinds(resolved: Resolved) -> frozenset[str]:
    facts = resolved.facts
    kinds = set(PostingKind.values)
    needs_authorisation = resolved.facts.policy.authorise_first
    if not needs_authorisation or sent_postings(facts, PostingKind.RETURN_AUTHORISATION):
        kinds.discard(PostingKind.RETURN_AUTHORISATION.value)
    if sent_postings(facts, PostingKind.CREDIT_MEMO):
        kinds.discard(PostingKind.CREDIT_MEMO.value)
    if units_left_to_book(resolved) == 0:
        kinds -= STOCK_KINDS
    return frozenset(kinds)


def units_left_to_book(resolved: Resolved) -> int:
    """Units that are or may still be for stock, less those on receipts that were sent."""
    expected = sum(
        line.fact.quantity
        for line in resolved.lines
        if line.is_item and not line.is_not_returned and (line.is_for_stock or not line.is_final)
    )
    booked = sum(row.units for row in sent_postings(resolved.facts, PostingKind.STOCK_RECEIPT))
    return max(0, expected - booked)
