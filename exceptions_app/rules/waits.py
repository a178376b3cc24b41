"""When time alone changes what a return calls for, so that it is looked at again then."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from exceptions_app.choices import RefundStatus
from exceptions_app.rules import clocks, receiving
from exceptions_app.rules.facts import RmaFacts
from exceptions_app.rules.relevance import units_left_to_book
from exceptions_app.rules.resolving import Resolved, resolve, units_short


def first_after(resolved: Resolved, leaving_until: datetime | None = None) -> datetime | None:
    """The first moment after now at which any clock of the return is over, or a document that is
    about to leave should have left."""
    ends = [clock.ends_at for clock in clocks.running(resolved)]
    ends += [leaving_until] if leaving_until else []
    moments = [at for at in (*_limits(resolved), *ends) if at > resolved.facts.now]
    return min(moments, default=None)


def next_look(facts: RmaFacts) -> datetime | None:
    """The first moment after `facts.now` at which a document may be called for or missed.

    None where none is awaited; clocks that only tell somebody are left out.
    """
    is_instant = facts.policy.refund_timing == "instant"
    if not is_instant and not receiving.is_by_erp(facts.policy) and not facts.erp_receipts:
        return None
    moments = [at for at in _limits(resolve(facts)) if at > facts.now]
    return min(moments, default=None)


def _limits(resolved: Resolved) -> Iterator[datetime]:
    facts = resolved.facts
    if not resolved.is_approved:
        return
    if facts.policy.refund_timing == "instant" and not receiving.is_here(facts):
        paid = [
            row.confirmed_at
            for row in facts.refunds
            if row.status == RefundStatus.CONFIRMED and row.confirmed_at
        ]
        yield from (at + timedelta(days=facts.policy.arrival_days) for at in paid)
    grace = timedelta(hours=facts.policy.receipt_grace_hours)
    last = receiving.last_at(facts)
    if last is not None and units_short(resolved):
        yield last + grace
    if receiving.is_by_erp(facts.policy) and units_left_to_book(resolved):
        graded = [line.fact.disposition_at for line in resolved.lines if line.is_for_stock]
        yield from (at + grace for at in graded if at is not None)
