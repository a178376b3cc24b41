"""Drop findings that hold nothing back any more: all they could stop has been sent.

Without this an item put to sleep in the ERP would open a case on every return that was ever
finished with it.
"""

from __future__ import annotations

from exceptions_app.choices import PostingKind
from exceptions_app.rules import receiving, stock_routes
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
    if units_left_to_book(resolved) == 0 and not _has_more_to_move(resolved):
        kinds -= STOCK_KINDS
    return frozenset(kinds)


def _has_more_to_move(resolved: Resolved) -> bool:
    """Goods came in where they do not stay, and the next step has not left."""
    facts = resolved.facts
    is_first = facts.policy.first_bucket == stock_routes.QUARANTINE
    if not is_first and not receiving.of_others(facts):
        return False
    routes = stock_routes.routes(resolved)
    is_unclear = any(
        not route.via or (route.is_ours is False and not route.is_settled) for route in routes
    ) or any(line.is_for_stock and not line.bucket for line in resolved.lines)
    moved = [*sent_postings(facts, PostingKind.STOCK_MOVE)]
    moved += sent_postings(facts, PostingKind.WRITE_OFF)
    to_move = sum(route.line.fact.quantity for route in routes if not route.is_settled)
    return is_unclear or to_move > sum(row.units for row in moved)


def units_left_to_book(resolved: Resolved) -> int:
    """Units that are or may still be for stock, less those on receipts that were sent."""
    expected = sum(
        line.fact.quantity
        for line in resolved.lines
        if line.is_item and not line.is_not_returned and (line.is_for_stock or not line.is_final)
    )
    return max(0, expected - units_booked(resolved))


def units_booked(resolved: Resolved) -> int:
    """Units on receipts that were sent, and on those of the ERP's own staff."""
    ours = sum(row.units for row in sent_postings(resolved.facts, PostingKind.STOCK_RECEIPT))
    return ours + receiving.units_of_others(resolved.facts)
