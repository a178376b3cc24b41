"""What Today tells a team beside its queue: what changed, is proved, leaves, and who waits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.db.models import F, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce

from exceptions_app.choices import MoneyAxis, Team
from exceptions_app.models import BehindCount, CaseCount, LastLook, Rma
from exceptions_app.models.statements import Slot
from exceptions_app.selectors import counts, late, looks, outlook, paging, proving, talking

HELD = 2
_UNPAID = (MoneyAxis.PENDING, MoneyAxis.FAILED)


@dataclass(frozen=True, slots=True)
class Held:
    """Returns with an exception that one team can work on; how many of them are not refunded yet.

    Both stop at COUNT_CAP + 1.
    """

    team: str
    returns: int
    unpaid: int


@dataclass(frozen=True, slots=True)
class Customers:
    """Returns by what their customers wait for, none counted beyond COUNT_CAP + 1.

    `held`: the HELD teams that can work on the most exceptions of returns, most first.
    """

    refund_pending: int
    refund_failed: int
    held: tuple[Held, ...]


@dataclass(frozen=True, slots=True)
class News:
    """What changed since `since`, what is proved, what leaves when, what leads were told of, what
    changed since the reader looked, what people say, and under `found` all of the answers."""

    since: datetime
    changes: tuple[outlook.Change, ...]
    proofs: Mapping[str, proving.Proof]
    schedules: tuple[outlook.Schedule, ...]
    late: late.Late
    looked: looks.Looked
    mentions: tuple[talking.Unread, ...]
    questions: tuple[talking.Waiting, ...]
    found: Mapping[Any, Any]


def news(
    *,
    team: str,
    user_id: int,
    feeds: Sequence[proving.Feed],
    now: datetime,
    has_customers: bool = False,
) -> News:
    """A few rows each, so one query brings them all; `has_customers` asks for `customers`, too."""
    since = now - proving.SINCE
    asked = _question(
        team, user_id, tuple(feed.connection.pk for feed in feeds), has_customers=has_customers
    )
    found = paging.ask(asked, now=now, since=since)
    return News(
        since=since,
        changes=outlook.changes(found["moved"]),
        proofs=proving.proofs(found["proved"]),
        schedules=outlook.schedules(found["bridges"], now=now),
        late=late.told(found),
        looked=looks.told(found),
        mentions=talking.told(found["mentions"]),
        questions=talking.asked(found["questions"], team=team),
        found=found,
    )


@lru_cache(maxsize=512)
def _question(
    team: str, user_id: int, connections: tuple[int, ...], *, has_customers: bool
) -> paging.Question:
    """Written once per team and person; `now` and `since` are given each time (decision 0023)."""
    now, since = Slot("now"), Slot("since")
    unpaid = {state: Rma.objects.filter(money=state) for state in _UNPAID}
    return paging.question(
        single={each: _of_returns(each) for each in Team} if has_customers else {},
        counted={
            **(unpaid if has_customers else {}),
            **late.counted(team=team, now=now),
        },
        listed={
            **looks.asked(user_id=user_id, page=LastLook.Page.TODAY, team=team, now=now),
            "mentions": talking.unread(user_id),
            "questions": talking.waiting(team),
            "escalated": late.escalated(team=team),
            "moved": outlook.moved(team=team, since=since),
            "proved": proving.proved(connections=connections, since=since),
            "bridges": outlook.bridges(),
        },
    )


def customers(found: Mapping[Any, Any]) -> Customers:
    """What customers wait for, over all teams, of the answers to `news` that `has_customers`
    and one query."""
    ranked = sorted((team for team in Team if found[team]), key=lambda team: -found[team])
    scopes = {
        (team, is_unpaid): counts.Scope(None, team=team, has_snoozed=True, is_unpaid=is_unpaid)
        for team in ranked[:HELD]
        for is_unpaid in (False, True)
    }
    returns = counts.returns(scopes)
    return Customers(
        refund_pending=found[MoneyAxis.PENDING],
        refund_failed=found[MoneyAxis.FAILED],
        held=tuple(
            Held(team.value, returns[team, False], returns[team, True]) for team in ranked[:HELD]
        ),
    )


def _of_returns(team: Team) -> QuerySet[Any, Any]:
    """How many exceptions of returns the team can work on, put off or not, as the only value."""
    waits = Coalesce(Subquery(_summed(BehindCount, team)), 0)
    free = _summed(CaseCount, team).annotate(free=F("about") - waits)
    found: QuerySet[Any, Any] = free.values("free")
    return found


def _summed(counted: type[CaseCount] | type[BehindCount], team: Team) -> QuerySet[Any, Any]:
    whole: QuerySet[Any, Any] = counted.objects.filter(team=team).order_by()
    one = whole.annotate(whole=Value(1)).values("whole")
    found: QuerySet[Any, Any] = one.annotate(about=Sum("returns")).values("about")
    return found
