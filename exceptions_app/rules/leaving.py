"""What is about to leave is not missing yet: a document that was freed gets its minutes to arrive.

Once the cause of a delay is fixed its documents are overdue by any clock, and on their way. Telling
that as an exception of its own would call people for a minute, and make the right fix look harmful.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from exceptions_app.choices import PostingKind, PostingStatus
from exceptions_app.rules.facts import Finding, PlannedPosting, PostingFact, RmaFacts

GRACE = timedelta(minutes=15)
_WAITING = frozenset(
    {PostingStatus.READY.value, PostingStatus.PLANNED.value, PostingStatus.HELD.value}
)
# Told of a document that is missing, by its kind.
LATE = {
    "RESTOCK_LATE": PostingKind.STOCK_RECEIPT.value,
    "RECEIVED_NOT_CREDITED": PostingKind.CREDIT_MEMO.value,
}


def is_leaving(
    facts: RmaFacts,
    postings: Iterable[PlannedPosting],
    found: Iterable[Finding],
    kinds: Collection[str],
) -> bool:
    """Whether documents of `kinds` were freed within GRACE."""
    ends = grace_ends(facts, postings, found, kinds)
    return ends is not None and ends > facts.now


def grace_ends(
    facts: RmaFacts,
    postings: Iterable[PlannedPosting],
    found: Iterable[Finding],
    kinds: Collection[str],
) -> datetime | None:
    """Until when documents of `kinds` that may leave are not missed; None where none may.

    Of several the one that was freed first counts, and one that follows another is free only when
    that one is. One that a finding blocks, that waits for a run, a window or a person, or that was
    tried already, is not about to leave.
    """
    blocked = frozenset().union(*(finding.blocks for finding in found))
    rows = {row.slot: row for row in facts.postings}
    moments: list[datetime] = []
    last = None
    for planned in sorted(postings, key=lambda each: each.sequence):
        is_free = planned.kind not in blocked and not planned.hold
        row = rows.get(planned.slot)
        freed = _freed_at(row, facts.now)
        if not is_free or freed is None or facts.erp.is_manual(planned.kind):
            continue
        if planned.kind in kinds:
            moments.append(freed if last is None else max(last, freed))
        if row is not None:
            last = freed if last is None else max(last, freed)
    return min(moments) + GRACE if moments else None


def _freed_at(row: PostingFact | None, now: datetime) -> datetime | None:
    """When a document was free to leave, `now` for one that a new plan frees; None once tried."""
    if row is None or row.status == PostingStatus.BLOCKED:
        return now
    return row.freed_at if row.status in _WAITING else None


def look_at(
    facts: RmaFacts, postings: Iterable[PlannedPosting], found: Collection[Finding]
) -> datetime | None:
    """When a return is looked at again of which something late is leaving; None where nothing is.

    What leaves in time is not looked at for this: every return would be planned once more.
    """
    if not any(finding.is_leaving for finding in found):
        return None
    kinds = {PostingKind.RETURN_AUTHORISATION.value, *LATE.values()}
    ends = grace_ends(facts, postings, found, kinds)
    return ends if ends is not None and ends > facts.now else None
