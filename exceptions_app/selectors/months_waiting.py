"""What goes on once a month noted as closed is open again, and who may say so (R059)."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db.models import Count, Sum

from exceptions_app.choices import CASE_OPEN, PostingStatus, Role
from exceptions_app.models import Case, Connection, Posting
from exceptions_app.rules import dating
from exceptions_app.selectors.sums import Amount, per_currency

# Named one by one; of more than these only the number is told.
_NAMED = 8
_PEOPLE = 4


@dataclass(frozen=True, slots=True)
class Waiting:
    """What a month holds back: `documents` wait for nothing else, `others` for more than that.

    `values` are the sums of `documents`, per currency. `cases` are the first of `case_count`
    exceptions, the oldest first.
    """

    documents: int
    others: int
    values: tuple[Amount, ...]
    cases: tuple[Case, ...]
    case_count: int

    @property
    def unnamed(self) -> int:
        return self.case_count - len(self.cases)


def of(*, erp: Connection, month: str) -> Waiting:
    """All that `month` ("2026-10") holds back on every bridge of `erp`; three queries."""
    held = Case.objects.filter(
        bridge__erp=erp, type=dating.CLOSED, status__in=CASE_OPEN, facts__period=month
    ).exclude(facts__has_key="key")
    found = list(held.select_related("rma").order_by("pk")[:_NAMED])
    rows = (
        Posting.objects.filter(
            rma__in=held.order_by().values("rma"),
            status=PostingStatus.BLOCKED,
            blocked_by__contains=dating.CLOSED,
            draft__date__startswith=month,
        )
        .order_by()
        .values("blocked_by", "currency")
        .annotate(count=Count("pk"), total=Sum("gross"))
    )
    own = [row for row in rows if row["blocked_by"] == dating.CLOSED]
    count = sum(row["count"] for row in own)
    return Waiting(
        documents=count,
        others=sum(row["count"] for row in rows) - count,
        values=per_currency((row["currency"], row["total"]) for row in own),
        cases=tuple(found),
        case_count=held.count() if len(found) == _NAMED else len(found),
    )


def openers() -> tuple[str, ...]:
    """A few people who may say that a month is open again, leads of finance first; two queries."""
    active = User.objects.filter(is_active=True).order_by("first_name", "username")
    leads = active.filter(groups__name=Role.LEAD).filter(groups__name=Role.FINANCE)[:_PEOPLE]
    admins = active.filter(groups__name=Role.ADMIN)[:_PEOPLE]
    people = dict.fromkeys([*leads, *admins])
    return tuple(each.get_full_name() or each.get_username() for each in people)[:_PEOPLE]
