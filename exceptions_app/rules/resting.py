"""A return whose status lets nothing leave: nothing is wrong with it, and nothing is booked."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from exceptions_app.choices import ApprovalAxis, PostingKind
from exceptions_app.rules import mapping, money
from exceptions_app.rules.facts import RmaFacts
from exceptions_app.rules.resolving import refund_confirmed, sent_postings


@dataclass(frozen=True, slots=True)
class Rest:
    """`status` as the platform says it; `uncredited` is refunded money that no credit carries."""

    status: str
    uncredited: Decimal


def rest(facts: RmaFacts) -> Rest | None:
    """Why nothing is booked for a return that is only asked for (R027); None for any other."""
    if mapping.approval(facts.mappings, facts.status_raw) != ApprovalAxis.REQUESTED:
        return None
    is_credited = bool(sent_postings(facts, PostingKind.CREDIT_MEMO))
    return Rest(facts.status_raw, money.ZERO if is_credited else refund_confirmed(facts))
