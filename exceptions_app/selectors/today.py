"""What a person should look at first, and the figures beside the navigation."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.contrib.postgres.aggregates import JSONBAgg
from django.db.models import Exists, F, Min, OuterRef, Q, QuerySet, Subquery, TextField, Value
from django.db.models.functions import Cast, JSONObject, Now

from exceptions_app.choices import (
    CASE_OPEN,
    SEVERITY_OF_RANK,
    FixKind,
    FixStatus,
    PostingStatus,
    Role,
    Team,
)
from exceptions_app.models import (
    Approval,
    BreakGlass,
    Case,
    Connection,
    Fix,
    Posting,
    Watermark,
)
from exceptions_app.models.connections import SECOND_LOOKS
from exceptions_app.models.statements import Select
from exceptions_app.permissions import CAPABILITIES, TEAM_OF_ROLE, approving_roles, types_closed_by
from exceptions_app.selectors import causes, counts, keying, paging, requests
from exceptions_app.selectors.sums import Amount, per_currency

ROWS = 8
COUNT_CAP = 1_000


@dataclass(frozen=True, slots=True)
class Cause:
    """Open exceptions of one team that share a cause.

    `waiting` counts the customers among them whose refund is not confirmed.
    """

    group_id: int
    title: str
    severity: str
    count: int
    waiting: int
    values: tuple[Amount, ...]
    oldest_at: datetime
    due_at: datetime
    bridge: str = ""


@dataclass(frozen=True, slots=True)
class Queue:
    """What one team can work on now: all of it in figures, the first causes in rows.

    `put_off` counts those a person put off, `behind` those that wait behind another exception of
    their return (decision 0024); they are in no other figure.
    """

    team: str
    label: str
    count: int
    values: tuple[Amount, ...]
    oldest_at: datetime | None
    by_severity: tuple[tuple[str, int], ...]
    causes: tuple[Cause, ...]
    cause_count: int
    put_off: int
    behind: int
    by_type: tuple[tuple[str, int, tuple[Amount, ...]], ...] = ()

    def of_type(self, code: str) -> tuple[int, tuple[Amount, ...]]:
        """How many are of one type, and what they come to."""
        for kind, count, values in self.by_type:
            if kind == code:
                return count, values
        return 0, ()


@dataclass(frozen=True, slots=True)
class Shell:
    """What stands on every page. Counts beyond COUNT_CAP are read as COUNT_CAP + 1."""

    cases: int
    approvals: int
    to_key: int
    # Acts of one person alone that nobody has reviewed.
    reviews: int
    simulated: tuple[str, ...]
    data_as_of: datetime | None


def teams_of(roles: Iterable[str]) -> tuple[str, ...]:
    """The teams whose queue these roles work on, in the order of the teams.

    An auditor works on none and sees all.
    """
    roles = frozenset(roles)
    if Role.AUDITOR in roles:
        return tuple(Team.values)
    own = {TEAM_OF_ROLE[role] for role in roles if role in TEAM_OF_ROLE}
    return tuple(team.value for team in Team if team in own)


def teams_led(roles: Iterable[str]) -> tuple[str, ...]:
    """The teams these roles lead: a lead those they work on, an admin all."""
    roles = frozenset(roles)
    if Role.ADMIN in roles:
        return tuple(Team.values)
    return teams_of(roles - {Role.AUDITOR}) if Role.LEAD in roles else ()


def shell(*, roles: frozenset[str], user_id: int) -> Shell:
    """Counts, simulated systems and the age of our data, in one query."""
    found = paging.ask(_shell_question(roles, user_id))
    rows = json.loads(found["connections"] or "[]")
    moments = [datetime.fromisoformat(row["at"]) for row in rows if row["at"]]
    return Shell(
        cases=found["cases"] or 0,
        approvals=found["approvals"] or 0,
        to_key=found["to_key"] or 0,
        reviews=found["reviews"] or 0,
        simulated=tuple(dict.fromkeys(row["name"] for row in rows if row["mode"] == "sandbox")),
        data_as_of=min(moments, default=None),
    )


@lru_cache(maxsize=512)
def _shell_question(roles: frozenset[str], user_id: int) -> paging.Question:
    """Every page asks this: written once per person; the database says what time it is."""
    is_due = Q(snoozed_until__isnull=True) | Q(snoozed_until__lte=Now())
    workable = Case.objects.filter(is_due, behind__isnull=True, status__in=CASE_OPEN)
    fed = Watermark.objects.filter(
        connection=OuterRef("pk"), connection__source_bridges__is_active=True
    ).exclude(feed__in=SECOND_LOOKS)
    oldest = fed.order_by().values("connection").annotate(at=Min("read_at")).values("at")
    return paging.question(
        counted={
            "cases": workable.filter(team__in=teams_of(roles)),
            "approvals": decidable(roles=roles, user_id=user_id),
            "to_key": keying.waiting(kinds=keying.kinds_of(roles)),
            "reviews": BreakGlass.objects.filter(reviewed_at__isnull=True),
        },
        single={"connections": _as_text(name=F("name"), mode=F("mode"), at=Subquery(oldest))},
    )


def _as_text(**columns: Any) -> QuerySet[Any, Any]:
    """The active connections as one JSON text, so that they come with the counts."""
    rows: QuerySet[Any, Any] = (
        Connection.objects.filter(is_active=True).order_by().values(_one=Value(1))
    )
    whole = rows.annotate(told=JSONBAgg(JSONObject(**columns), order_by="pk"))
    found: QuerySet[Any, Any] = whole.values(text=Cast("told", TextField()))
    return found


def decidable(*, roles: frozenset[str], user_id: int) -> QuerySet[Fix]:
    """Requests this person may decide on: never what they asked for, edited or agreed to."""
    mine = Q(pk__in=[])
    for level in ("peer", "finance"):
        kinds = [kind for kind in FixKind.values if approving_roles(kind=kind, level=level) & roles]
        if level == "peer":
            # A closing by hand is a peer's only where the peer closes such a one too.
            kinds = [kind for kind in kinds if kind != FixKind.CLOSE]
            types = types_closed_by(roles & CAPABILITIES["approve_fix"])
            mine |= Q(level=level, kind=FixKind.CLOSE, case__type__in=types)
        mine |= Q(level=level, kind__in=kinds)
    waiting = Fix.objects.filter(mine, status=FixStatus.REQUESTED)
    agreed = Approval.objects.filter(
        fix=OuterRef("pk"), approver_id=user_id, payload_hash=OuterRef("payload_hash")
    )
    return (
        waiting.exclude(requested_by_id=user_id)
        .exclude(edits__editor_id=user_id)
        .exclude(Exists(agreed))
    )


def queue(*, team: str, now: datetime) -> Queue:
    """What `team` can work on now, in two queries however many are open."""
    scope = counts.Scope(now, team=team)
    rows = counts.by_type(scope)
    here = [row for row in rows if not row["is_off"] and not row["is_behind"]]
    by_severity: dict[str, int] = {}
    for row in sorted(here, key=lambda row: -row["severity_rank"]):
        code = SEVERITY_OF_RANK[row["severity_rank"]]
        by_severity[code] = by_severity.get(code, 0) + row["count"]
    return Queue(
        team=team,
        label=Team(team).label,
        count=sum(by_severity.values()),
        values=_values(here),
        oldest_at=here[0]["oldest"] if here else None,
        by_severity=tuple(by_severity.items()),
        causes=tuple(_cause(row) for row in causes.foremost(scope, size=ROWS)),
        cause_count=here[0]["causes"] if here else 0,
        put_off=sum(row["count"] for row in rows if row["is_off"]),
        behind=sum(row["count"] for row in rows if row["is_behind"] and not row["is_off"]),
        by_type=_by_type(here),
    )


def _by_type(
    rows: Iterable[Mapping[str, Any]],
) -> tuple[tuple[str, int, tuple[Amount, ...]], ...]:
    types: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        types.setdefault(row["type"], []).append(row)
    return tuple(
        (code, sum(row["count"] for row in own), _values(own)) for code, own in types.items()
    )


def _cause(row: causes.Cause) -> Cause:
    return Cause(
        group_id=row.pk,
        title=row.title,
        severity=row.severity,
        count=row.count,
        waiting=row.waiting,
        values=row.values,
        oldest_at=row.oldest,
        due_at=row.due_at,
        bridge=row.bridge,
    )


def _values(rows: Iterable[Mapping[str, Any]]) -> tuple[Amount, ...]:
    return per_currency((row["currency"], row["total"]) for row in rows)


@dataclass(frozen=True, slots=True)
class Stuck:
    """Documents that need a person, oldest first and at most ROWS; counts stop as `paging` says."""

    unknown: tuple[Posting, ...]
    unknown_count: int
    to_key: tuple[Posting, ...]
    to_key_count: int


def stuck(*, roles: frozenset[str]) -> Stuck:
    """Documents whose outcome is not known, and those these roles can key by hand; one query."""
    found: list[Any] = _stuck_question(keying.kinds_of(roles)).rows()
    unknown = [row for row in found if row.status == PostingStatus.UNCONFIRMED]
    to_key = [row for row in found if row.status == PostingStatus.HELD]
    return Stuck(
        tuple(unknown[:ROWS]),
        found[0].unknown_count if found else 0,
        tuple(to_key[:ROWS]),
        found[0].to_key_count if found else 0,
    )


@lru_cache(maxsize=64)
def _stuck_question(kinds: tuple[str, ...]) -> Select[Posting]:
    return Select(lambda: _stuck_rows(kinds))


def _stuck_rows(kinds: tuple[str, ...]) -> QuerySet[Posting]:
    lists = {
        "unknown": Posting.objects.filter(status=PostingStatus.UNCONFIRMED),
        "to_key": keying.waiting(kinds=kinds),
    }
    first = [rows.order_by("not_before", "pk").values("pk")[: ROWS + 1] for rows in lists.values()]
    return (
        # Not one or the other of two lists: that would be asked of every posting there is.
        Posting.objects.filter(pk__in=first[0].union(first[1], all=True))
        .annotate(
            unknown_count=paging.HowMany(lists["unknown"]),
            to_key_count=paging.HowMany(lists["to_key"]),
        )
        .select_related("rma", "connection")
        .defer("draft")
        .order_by("not_before", "pk")
    )


def approvals(*, roles: frozenset[str], user_id: int) -> list[Fix]:
    """Requests this person may decide on, oldest first, one more than is shown."""
    rows = _approvals_question(roles, user_id).rows()
    requests.name(rows, has_documents=False)
    return rows


@lru_cache(maxsize=512)
def _approvals_question(roles: frozenset[str], user_id: int) -> Select[Fix]:
    rows = decidable(roles=roles, user_id=user_id).select_related(
        "requested_by", "bridge", "case", "rma"
    )
    return Select(lambda: rows.order_by("pk")[: ROWS + 1])
