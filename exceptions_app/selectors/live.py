"""What happened around a page since it was drawn: told beside it, and nothing on it moves.

By the clock of the page, for these pages know no number of the trail: what was under way at that
very moment may be told twice or not at all. The list of exceptions, where one works, counts by
numbers (`since`).
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import QuerySet

from exceptions_app.models import AuditEntry, Case, Fix
from exceptions_app.selectors import paging, since, today

# A page left open for longer is told what happened within this; the index by day keeps it cheap.
LONGEST = timedelta(days=1)
OPENED = ("case.open",)
DECIDED = ("fix.approve", "fix.reject", "fix.undo")


def told(
    *, team: str, roles: frozenset[str], user_id: int, drawn: datetime, now: datetime
) -> tuple[str, ...]:
    """ "2 new", "1 closed", "1 to approve": what joined and left since `drawn`; one query.

    Of the exceptions of `team`; without one of the requests alone, with what was decided.
    """
    after = max(drawn, now - LONGEST)
    asked = today.decidable(roles=roles, user_id=user_id).filter(requested_at__gt=after)
    counted: dict[str, QuerySet[Case] | QuerySet[Fix]] = {}
    if team:
        own = Case.objects.filter(team=team)
        counted = {
            "new": own.filter(pk__in=_acted(OPENED, after)),
            "came back": own.filter(pk__in=_acted(since.BACK, after)),
            "woke": own.filter(pk__in=_acted(since.WOKE, after)),
            "closed": own.filter(pk__in=_acted(since.CLOSED, after)),
        }
    else:
        decided = _acts("fix", DECIDED, after).values("subject_id")
        counted = {"decided": Fix.objects.filter(pk__in=decided)}
    found = paging.answers(counted={**counted, "to approve": asked})
    return tuple(f"{paging.shown(count)} {what}" for what, count in found.items() if count)


def _acted(acts: tuple[str, ...], after: datetime) -> QuerySet[AuditEntry, int | None]:
    """The exceptions of such acts."""
    rows = _acts("case", acts, after).filter(case_id__isnull=False)
    return rows.values_list("case_id", flat=True)


def _acts(subject: str, acts: tuple[str, ...], after: datetime) -> QuerySet[AuditEntry]:
    return AuditEntry.objects.filter(at__gt=after, subject_kind=subject, act__in=acts)
