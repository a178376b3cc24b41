"""What an exception about a linked document is closed by: a link is no proof of equality."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from exceptions_app.choices import CaseStatus, Closure, Keyed, PostingStatus
from exceptions_app.models import Case, Posting
from exceptions_app.rules import drafts
from exceptions_app.rules.sayings import spoken
from exceptions_app.services import cases

LEAD = "Linked by hand as "


def proof(rows: Sequence[Posting], case: Case) -> str:
    """How far the linked document is that `case` was about; "" where none is."""
    for row in rows:
        if row.keyed == Keyed.LINKED and case.subject_part == f"posting:{row.slot}":
            return words(row)
    return ""


def words(row: Posting) -> str:
    """How a linked document stands, with the difference where it is not what was sent."""
    lead = f"{LEAD}{row.number}"
    if row.status != PostingStatus.CONFIRMED:
        return f"{lead}. What stands there is read back next."
    if row.keyed == Keyed.VERIFIED:
        return f"{lead}. Read back since: it equals what was sent."
    if row.meant:
        return f"{lead}, differs {_difference(row)}."
    return f"{lead}. It counts on the word of who linked it; it was not read back."


def _difference(row: Posting) -> str:
    sent, there = drafts.from_json(row.meant["draft"]), drafts.from_json(row.draft)
    gap = row.gross - Decimal(row.meant["gross"])
    more = there.units - sent.units
    told = []
    if gap:
        amounts = [spoken(each, row.currency) for each in (abs(gap), row.gross, row.gross - gap)]
        told.append("by {}: {} stands there, {} was sent".format(*amounts))
    if more:
        noun = "unit" if abs(more) == 1 else "units"
        told.append(f"by {abs(more)} {noun}: {there.units} there, {sent.units} sent")
    if not told and sent.tax != there.tax:
        taxes = [spoken(each, row.currency) for each in (there.tax, sent.tax)]
        told.append("in tax: {} there, {} sent".format(*taxes))
    return "; ".join(told) or "in its place"


def retell(*, rows: Sequence[Posting], now: datetime) -> None:
    """Let what a link closed say how far its document has come since."""
    for row in rows:
        if row.keyed not in (Keyed.LINKED, Keyed.VERIFIED):
            continue
        told = words(row)
        closed = Case.objects.filter(
            posting=row,
            status=CaseStatus.RESOLVED,
            closure=Closure.PROOF,
            proof__startswith=LEAD,
        ).exclude(proof=told)
        for case in closed:
            if Case.objects.filter(pk=case.pk, proof=case.proof).update(proof=told):
                cases.record(case, "case.proof", told, now)
