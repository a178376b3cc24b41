"""On which day a document is posted: a month that is shut moves to the day a person chose (R059).

Only what has not left moves, and only out of a month the ERP is known to have closed, or for which
it refused a document of this very return. What was dated otherwise keeps its day over every night.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date

from exceptions_app.choices import POSTING_UNSENT, PostingStatus
from exceptions_app.rules.facts import PostingFact, RmaFacts

CLOSED = "PERIOD_CLOSED"


def day(facts: RmaFacts, slot: str) -> date:
    """The posting day of the document in `slot`: the live one's, moved if need be, else today.

    A refused document whose move was taken back has the day again on which it was refused.
    """
    for row in facts.postings:
        if row.slot == slot and row.draft is not None:
            return _moved(facts, row, row.draft.date)
    return facts.company_date


def _moved(facts: RmaFacts, row: PostingFact, own: date) -> date:
    if row.status not in POSTING_UNSENT:
        return own
    refused = refused_on(row)
    chosen = facts.decisions.posting_date
    if chosen is not None and month(chosen) not in facts.closed_periods:
        is_shut = month(own) in facts.closed_periods | _refused_months(facts)
        return chosen if refused or is_shut else own
    return refused or own


def refused_on(row: PostingFact) -> date | None:
    """The day for which the ERP refused this document as closed; None where it did not."""
    told = row.open_facts.get("posting_date", "")
    return date.fromisoformat(told) if row.open_type == CLOSED and told else None


def _refused_months(facts: RmaFacts) -> frozenset[str]:
    days = [refused_on(row) for row in facts.postings]
    return frozenset(month(each) for each in days if each is not None)


def month(of: date) -> str:
    """The accounting month a date falls in, as "2026-04"."""
    return f"{of:%Y-%m}"


def closed_after(period: str, closed: Iterable[str], *, is_told: bool) -> str:
    """The latest closed month after `period`, which closes it too; "" where nothing speaks of it.

    Books are closed in order. An ERP that tells its months itself (`is_told`) is believed instead:
    what it does not name is open there.
    """
    later = [month for month in closed if month > period]
    return max(later) if later and not is_told else ""


def with_day(facts: RmaFacts, chosen: date) -> RmaFacts:
    """The facts as they would be once `chosen` is in force: what was refused is free to leave."""
    decided = replace(facts, decisions=replace(facts.decisions, posting_date=chosen))
    if month(chosen) in facts.closed_periods | _refused_months(facts):
        return decided
    postings = tuple(_freed(row, chosen) for row in facts.postings)
    return replace(decided, postings=postings)


def _freed(row: PostingFact, chosen: date) -> PostingFact:
    if row.status not in POSTING_UNSENT or row.draft is None or refused_on(row) is None:
        return row
    return replace(
        row,
        status=PostingStatus.BLOCKED.value,
        open_type="",
        open_facts={},
        draft=replace(row.draft, date=chosen),
    )
