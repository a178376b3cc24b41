"""What people are asked for and were not told of at a place: notes, questions, approvals."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models import Exists, F, Max, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.urls import reverse

from exceptions_app.choices import CASE_OPEN, FixKind, FixStatus, MessagePurpose, Role, Team
from exceptions_app.models import Case, Fix, FixEdit, Mention, Message, MessagePlace, Question
from exceptions_app.permissions import TEAM_OF_ROLE, roles_of
from exceptions_app.rules.telling_people import GATHER, Asked, Wanted
from exceptions_app.selectors import approvals, today

# More than these wait for the next message.
MOST = 200


def is_gathering(place: MessagePlace, purpose: MessagePurpose, now: datetime) -> bool:
    """Whether the place was told of such things a moment ago."""
    told = Message.objects.filter(place=place, purpose=purpose, created_at__gt=now - GATHER)
    return told.exists()


def mentions(place: MessagePlace, *, since: datetime) -> list[Mention]:
    """Unread notes that name the owner, oldest first."""
    rows = Mention.objects.filter(
        ~_told("mentions", place), person=place.owner, read_at__isnull=True, entry__at__gte=since
    )
    return list(rows.select_related("entry").order_by("pk")[:MOST])


def questions(place: MessagePlace, *, since: datetime) -> list[Question]:
    """Open questions to the teams of the place that somebody else asked, due first."""
    rows = Question.objects.filter(
        ~_told("questions", place),
        team__in=_answering(place),
        ended_at__isnull=True,
        asked_at__gte=since,
        case__status__in=CASE_OPEN,
    )
    if place.owner_id:
        rows = rows.exclude(asked_by=place.owner_id)
    return list(rows.select_related("case").order_by("due_at", "pk")[:MOST])


def fixes(place: MessagePlace, *, since: datetime) -> list[Fix]:
    """Requests that the owner, or anybody of the team, may decide on, oldest first.

    An edit voids what was agreed, so an edited request is told of again.
    """
    edits = FixEdit.objects.filter(fix=OuterRef("pk")).order_by().values("fix")
    rows = today.decidable(roles=_roles(place), user_id=place.owner_id or 0)
    rows = rows.annotate(
        asked=Coalesce(Subquery(edits.annotate(at=Max("at")).values("at")), F("requested_at"))
    )
    told = Message.objects.filter(
        place=place, fixes=OuterRef("pk"), created_at__gte=OuterRef("asked")
    )
    rows = rows.filter(~Exists(told), asked__gte=since)
    return list(rows.select_related("bridge", "rma", "case", "requested_by").order_by("pk")[:MOST])


def _told(name: str, place: MessagePlace) -> Exists:
    return Exists(Message.objects.filter(place=place, **{name: OuterRef("pk")}))


def _answering(place: MessagePlace) -> tuple[str, ...]:
    if place.owner is None:
        return (place.team,)
    return today.teams_of(roles_of(place.owner) - {Role.AUDITOR})


def _roles(place: MessagePlace) -> frozenset[str]:
    if place.owner is not None:
        return roles_of(place.owner)
    return frozenset(role for role, team in TEAM_OF_ROLE.items() if team == place.team)


def noted(place: MessagePlace, rows: Sequence[Mention]) -> list[Asked]:
    """The notes as a message lists them; of an exception also by when it is due."""
    cases = Case.objects.in_bulk([row.entry.case_id for row in rows if row.entry.case_id])
    found = []
    for row in rows:
        entry, case = row.entry, cases.get(row.entry.case_id or 0)
        is_answer = entry.act == "question.answer"
        said = "answered your question" if is_answer else "named you in a note"
        about = f"EX-{case.pk}" if case else entry.subject_label
        due_at = case.due_at if case and case.status in CASE_OPEN else None
        url = _case(place, case.pk) if case else today_url(place)
        if case is None and entry.rma_id:
            url = f"{place.desk_url}{reverse('return-detail', args=[entry.rma_id])}"
        found.append(Asked(f"{entry.actor} {said} about {about}", due_at, url))
    return found


def asked(place: MessagePlace, rows: Sequence[Question]) -> list[Asked]:
    return [
        Asked(
            f"{Team(row.case.team).label} asks {Team(row.team).label} about EX-{row.case_id}",
            row.due_at,
            _case(place, row.case_id),
        )
        for row in rows
    ]


def wanted(rows: Sequence[Fix]) -> list[Wanted]:
    """Requests in sums by kind and bridge, the largest first; three queries at most."""
    amounts = approvals.amounts_of(rows)
    kinds: dict[tuple[str, str], list[Fix]] = {}
    for row in rows:
        kinds.setdefault((FixKind(row.kind).label, row.bridge.name), []).append(row)
    found = []
    for (kind, bridge), fixes in kinds.items():
        sums = approvals.sums(amounts[fix.pk] for fix in fixes if fix.pk in amounts)
        due = [fix.case.due_at for fix in fixes if fix.case and fix.case.status in CASE_OPEN]
        askers = dict.fromkeys(
            fix.requested_by.get_full_name() or fix.requested_by.get_username() for fix in fixes
        )
        found.append(
            Wanted(
                what=f"{kind}, {bridge}",
                count=len(fixes),
                askers=tuple(askers),
                sums=tuple((each.currency, each.amount) for each in sums if each.currency),
                due_at=min(due, default=None),
            )
        )
    return sorted(found, key=lambda row: (-row.count, row.what))


def _case(place: MessagePlace, case_id: int) -> str:
    return f"{place.desk_url}{reverse('case-detail', args=[case_id])}"


def today_url(place: MessagePlace) -> str:
    team = f"?team={place.team}" if place.team else ""
    return f"{place.desk_url}{reverse('home')}{team}"


def fix_url(place: MessagePlace, rows: Sequence[Fix]) -> str:
    page = reverse("fix-detail", args=[rows[0].pk]) if len(rows) == 1 else reverse("fix-list")
    return f"{place.desk_url}{page}"


def is_over(message: Message) -> bool:
    """Whether nothing of what the message asks for waits any more; False where it asks nothing."""
    waits: dict[str, tuple[QuerySet[Any], Q]] = {
        MessagePurpose.MENTION: (message.mentions.all(), Q(read_at__isnull=True)),
        MessagePurpose.QUESTION: (message.questions.all(), Q(ended_at__isnull=True)),
        MessagePurpose.APPROVAL: (message.fixes.all(), Q(status=FixStatus.REQUESTED)),
    }
    if message.purpose not in waits:
        return False
    rows, is_waiting = waits[message.purpose]
    return not rows.filter(is_waiting).exists()
