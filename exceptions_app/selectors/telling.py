"""What messages are about: open causes of a team or a person, their day; and the messages."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.urls import reverse

from exceptions_app.choices import (
    CASE_OPEN,
    EscalationStep,
    MessagePurpose,
    MessageState,
    Role,
    Team,
)
from exceptions_app.models import Case, CauseGroup, Escalation, Message, MessagePlace
from exceptions_app.models.cases import to_do
from exceptions_app.permissions import can, roles_of
from exceptions_app.rules import telling
from exceptions_app.selectors import counts, today
from exceptions_app.selectors.sums import per_currency

# Beyond these the least urgent causes are in the queue only.
MOST = 300


def hours(place: MessagePlace) -> telling.Hours:
    return telling.Hours(
        zone=place.time_zone,
        quiet_from=place.quiet_from,
        quiet_until=place.quiet_until,
        is_quiet_at_weekends=place.is_quiet_at_weekends,
        digest=place.digest_hour,
    )


def teams_of(place: MessagePlace) -> tuple[str, ...]:
    """The teams whose exceptions the place is told of; none once its owner left."""
    if place.owner is None:
        return (place.team,)
    return today.teams_of(roles_of(place.owner))


def whose(place: MessagePlace) -> str:
    if place.owner is None:
        return Team(place.team).label
    if place.is_only_mine:
        return "you"
    return ", ".join(Team(team).label for team in teams_of(place))


def open_causes(place: MessagePlace, *, now: datetime) -> list[telling.Cause]:
    """What the place can work on now, gravest first, MOST of a team; a query or two each."""
    found = []
    for scope in _scopes(place, now):
        rows = counts.causes(scope, is_back=False, after=(), limit=MOST)
        units = _units(scope) if rows else {}
        found += [_cause(place, row, units.get(row["group"], 0)) for row in rows]
    return sorted(found, key=lambda cause: (-cause.rank, cause.due_at, cause.group))


def _scopes(place: MessagePlace, now: datetime) -> list[counts.Scope]:
    person = place.owner_id if place.is_only_mine else None
    return [counts.Scope(now, team=team, assignee=person) for team in teams_of(place)]


def _open_rows(scope: counts.Scope) -> list[dict[str, Any]]:
    """What can be worked on, in sums by cause and type."""
    return [row for row in counts.by_cause_and_type(scope) if not row["is_behind"]]


def _units(scope: counts.Scope) -> dict[int, int]:
    units: dict[int, int] = {}
    for row in counts.by_cause_and_type(scope):
        units[row["group_id"]] = units.get(row["group_id"], 0) + int(row["units"] or 0)
    return units


def _cause(place: MessagePlace, row: dict[str, Any], units: int) -> telling.Cause:
    parts = row["parts"]
    owner, _ = counts.people_of(parts)
    count = sum(part["count"] for part in parts)
    sums = per_currency((part["currency"], part["total"]) for part in parts)
    page = ("case-detail", row["first"]) if count == 1 else ("cause-list", row["group"])
    return telling.Cause(
        group=row["group"],
        title=row["title"],
        bridge=row["bridge"],
        rank=row["rank"],
        count=count,
        returns=row["returns"],
        waiting=row["waiting"],
        units=units,
        sums=tuple((each.currency, each.amount) for each in sums if each.currency),
        team=", ".join(team.label for team in Team if team in {part["team"] for part in parts}),
        owner=owner,
        since=row["oldest"],
        due_at=row["due"],
        url=f"{place.desk_url}{reverse(page[0], args=[page[1]])}",
    )


def escalations(
    place: MessagePlace, *, since: datetime, now: datetime
) -> dict[CauseGroup, list[Escalation]]:
    """Steps the place was not told of, of what is open still, by cause; two queries at most.

    To the lead goes what is of a team they lead, to that team's room too; to the admins, and to
    the room of operations, what went further. More of a cause that the place was told of in the
    last hours waits, unless it went further.
    """
    rows = Escalation.objects.filter(
        _goes_to(place),
        ~Exists(Message.objects.filter(place=place, escalations=OuterRef("pk"))),
        at__gte=since,
        case__status__in=CASE_OPEN,
        case__reopened_count=F("opening"),
    )
    found: dict[CauseGroup, list[Escalation]] = {}
    for row in rows.select_related("case__group").order_by("pk")[:MOST]:
        found.setdefault(row.case.group, []).append(row)
    steps = _steps_told(place, now - telling.BACK_AFTER) if found else {}
    return {
        group: rows
        for group, rows in found.items()
        if max(row.step for row in rows) > steps.get(group.pk, EscalationStep.NONE)
    }


def _steps_told(place: MessagePlace, since: datetime) -> dict[int, int]:
    """How far what the place was told of went, by cause, in messages written since then."""
    told = Message.objects.filter(
        place=place, purpose=MessagePurpose.ESCALATION, created_at__gte=since
    )
    rows = told.values_list("groups", "escalations__step")
    found: dict[int, int] = {}
    for group, step in rows:
        found[group] = max(found.get(group, 0), step or 0)
    return found


def _goes_to(place: MessagePlace) -> Q:
    to_lead, to_next = Q(step=EscalationStep.LEAD), Q(step=EscalationStep.NEXT)
    if place.owner is None:
        is_room_of_admins = place.team == Team.OPERATIONS
        own = to_lead & Q(case__team=place.team)
        return own | to_next if is_room_of_admins else own
    roles = roles_of(place.owner)
    if Role.LEAD in roles:
        led = to_lead & Q(case__team__in=today.teams_of(roles - {Role.AUDITOR}))
        return led | to_next if Role.ADMIN in roles else led
    return to_next if Role.ADMIN in roles else Q(pk__in=[])


def late_cause(place: MessagePlace, group: CauseGroup, told: Sequence[Escalation]) -> telling.Late:
    """What one message says of the steps of one cause."""
    cases = list({row.case_id: row.case for row in told}.values())
    page = ("case-detail", cases[0].pk) if len(cases) == 1 else ("cause-list", group.pk)
    sums = per_currency((case.currency, case.value) for case in cases if case.currency)
    last = max(told, key=lambda row: (row.step, row.pk))
    team = Team(last.case.team).label
    whom = f"the lead of {team}" if last.step == EscalationStep.LEAD else "the admins"
    return telling.Late(
        title=group.title,
        count=len(cases),
        sums=tuple((each.currency, each.amount) for each in sums),
        since=min(case.due_at for case in cases),
        team=team,
        told=f"{whom} ({', '.join(last.told) or 'nobody holds that role'})",
        url=f"{place.desk_url}{reverse(page[0], args=[page[1]])}",
    )


def queue_url(place: MessagePlace) -> str:
    """Where all that the place is told of stands."""
    teams = teams_of(place)
    narrowed = f"?team={teams[0]}" if len(teams) == 1 else ""
    return f"{place.desk_url}{reverse('case-list')}{narrowed}"


def today_url(place: MessagePlace) -> str:
    return f"{place.desk_url}{reverse('home')}?team={teams_of(place)[0]}"


def day(place: MessagePlace, open_now: list[telling.Cause], *, now: datetime) -> telling.Day:
    """The figures of a digest, of all causes however many `open_now` holds; who waits, of those."""
    own = Case.objects.filter(team__in=teams_of(place))
    if place.is_only_mine:
        own = own.filter(assignee=place.owner_id)
    since = now - timedelta(days=1)
    is_open = Q(status__in=CASE_OPEN)
    rows = [row for scope in _scopes(place, now) for row in _open_rows(scope)]
    return telling.Day(
        count=sum(row["count"] for row in rows),
        causes=len({row["group_id"] for row in rows}),
        late=own.filter(is_open, to_do(now), due_at__lt=now).count(),
        opened=own.filter(is_open | Q(resolved_at__gte=since), opened_at__gte=since).count(),
        closed=own.filter(resolved_at__gte=since).count(),
        waiting=sum(cause.waiting for cause in open_now),
        sums=tuple(
            (each.currency, each.amount)
            for each in per_currency((row["currency"], row["total"]) for row in rows)
            if each.currency
        ),
    )


def is_any_open(message: Message) -> bool:
    """Whether something of what the message is about is open still."""
    return Case.objects.filter(group__in=message.groups.all(), status__in=CASE_OPEN).exists()


def messages(*, user: Any, team: str = "", state: str = "", place: str = "") -> QuerySet[Message]:
    """Messages this person may read: of a person's own mailbox only they themselves."""
    rows = Message.objects.filter(Q(owner_id__isnull=True) | Q(owner_id=user.pk))
    if team:
        rows = rows.filter(team=team)
    if state in MessageState.values:
        rows = rows.filter(state=state)
    if place.isdecimal() and len(place) < 10:
        rows = rows.filter(place=int(place))
    return rows.defer("body")


def places_of_teams() -> QuerySet[MessagePlace]:
    return MessagePlace.objects.filter(owner=None).defer("sealed_address")


def may_edit(user: Any, place: MessagePlace) -> bool:
    """A team's place is its leads'; a person's own is theirs alone."""
    if place.owner_id:
        return bool(place.owner_id == user.pk)
    return can(user, "lead_team") and place.team in today.teams_led(roles_of(user))
