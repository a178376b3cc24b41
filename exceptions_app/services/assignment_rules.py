"""Leads write down who is given what: rules of assignment, their order, and their people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Max

from exceptions_app import errors
from exceptions_app.choices import AssignWay, Team
from exceptions_app.models import AssignmentRule, AssignmentTurn, Bridge, CauseGroup, ErpLocation
from exceptions_app.permissions import roles_of
from exceptions_app.selectors import assigning as selector
from exceptions_app.selectors.today import teams_led
from exceptions_app.services import audit


@dataclass(frozen=True, slots=True)
class Draft:
    """What a rule is to be: empty text and None fit all; an amount comes with its currency."""

    team: str
    way: str
    people: Sequence[User]
    type: str = ""
    bridge: Bridge | None = None
    group: CauseGroup | None = None
    at_least: Decimal | None = None
    currency: str = ""
    place: ErpLocation | None = None
    division: str = ""

    def row(self, *, pk: int | None, position: int) -> AssignmentRule:
        """The rule as it would be kept; not saved."""
        return AssignmentRule(
            pk=pk,
            team=self.team,
            position=position,
            type=self.type,
            bridge=self.bridge,
            group=self.group,
            at_least=self.at_least,
            currency=self.currency,
            place=self.place,
            division=self.division,
            way=self.way,
        )


@transaction.atomic
def add(*, draft: Draft, actor: User, now: datetime) -> AssignmentRule:
    """Put a rule behind the others of its team; it holds for what is found or raised from now on.

    Raises:
        FixNotAllowed: the actor does not lead the team.
        InvalidChoice: the people do not fit the rule.
    """
    _check(draft, actor)
    rows = AssignmentRule.objects.filter(team=draft.team, is_active=True)
    last = rows.aggregate(last=Max("position"))["last"] or 0
    row = draft.row(pk=None, position=last + 1)
    row.created_at = now
    row.save()
    _set_people(row, draft.people)
    text = f"Rule for {_told(row, draft.people)}"
    after = _state(row, draft.people)
    audit.record(actor=actor, act="assignment.add", subject=row, text=text, now=now, after=after)
    return row


@transaction.atomic
def edit(*, rule_id: int, draft: Draft, seen: int, actor: User, now: datetime) -> AssignmentRule:
    """Change a rule; its place and the turns of those who stay are kept.

    Raises:
        FixNotAllowed: the actor does not lead the team.
        InvalidChoice: the people do not fit the rule.
        CaseChanged: another edited it or took it out of use since `seen`.
    """
    _check(draft, actor)
    was = _locked(rule_id, seen, actor)
    if was.team != draft.team:
        raise errors.InvalidChoice("A rule stays with its team. Make another for that one.")
    before = _state(was, [turn.person for turn in was.turns.select_related("person")])
    row = draft.row(pk=was.pk, position=was.position)
    row.created_at = was.created_at
    row.version = was.version + 1
    row.save()
    _set_people(row, draft.people)
    text = f"Rule changed: {_told(row, draft.people)}"
    after = _state(row, draft.people)
    audit.record(
        actor=actor,
        act="assignment.edit",
        subject=row,
        text=text,
        now=now,
        before=before,
        after=after,
    )
    return row


@transaction.atomic
def drop(*, rule_id: int, seen: int, actor: User, now: datetime) -> AssignmentRule:
    """Take a rule out of use; whoever was given something by it keeps it.

    Raises:
        FixNotAllowed, CaseChanged: as for `edit`.
    """
    row = _locked(rule_id, seen, actor)
    row.is_active = False
    row.version += 1
    row.save(update_fields=["is_active", "version"])
    people = [turn.person for turn in row.turns.select_related("person")]
    text = f"Rule out of use: {_told(row, people)}"
    audit.record(actor=actor, act="assignment.drop", subject=row, text=text, now=now)
    return row


@transaction.atomic
def move_up(*, rule_id: int, seen: int, actor: User, now: datetime) -> AssignmentRule:
    """Let a rule be asked before the one above it; the first stays where it is.

    Raises:
        FixNotAllowed, CaseChanged: as for `edit`.
    """
    team = AssignmentRule.objects.only("team").get(pk=rule_id).team
    # All of the team, always from the first to the last, so that two who move wait for each other.
    rows = list(
        AssignmentRule.objects.select_for_update()
        .filter(team=team, is_active=True)
        .order_by("position", "pk")
    )
    row = _locked(rule_id, seen, actor)
    place = [each.pk for each in rows].index(row.pk)
    if place == 0:
        return row
    rows.insert(place - 1, rows.pop(place))
    for position, each in enumerate(rows, start=1):
        AssignmentRule.objects.filter(pk=each.pk).exclude(position=position).update(
            position=position
        )
    text = f"Asked before rule {rows[place].pk}: {selector.words_of(row)}"
    audit.record(actor=actor, act="assignment.move", subject=row, text=text, now=now)
    return row


def _locked(rule_id: int, seen: int, actor: User) -> AssignmentRule:
    rows = AssignmentRule.objects.select_for_update(of=("self",))
    row = rows.select_related("bridge", "group", "place__connection").get(pk=rule_id)
    _check_lead(row.team, actor)
    if row.version != seen or not row.is_active:
        raise errors.CaseChanged("Another changed this rule meanwhile. Look again.")
    return row


def _check(draft: Draft, actor: User) -> None:
    _check_lead(draft.team, actor)
    if not draft.people:
        raise errors.InvalidChoice("Choose who is given them.")
    if draft.way == AssignWay.PERSON and len(draft.people) != 1:
        raise errors.InvalidChoice("To one person: choose exactly one.")
    known = {mate.pk for mate in selector.mates(team=draft.team)}
    for person in draft.people:
        if person.pk not in known:
            team = Team(draft.team).label
            raise errors.InvalidChoice(f"{audit.name_of(person)} does not work for {team}.")


def _check_lead(team: str, actor: User) -> None:
    if team not in teams_led(roles_of(actor)):
        raise errors.FixNotAllowed(f"Only who leads {Team(team).label} sets its rules.")


def _set_people(row: AssignmentRule, people: Sequence[User]) -> None:
    """New ones come first, for they were given nothing yet; the others keep their turn."""
    wanted = {person.pk for person in people}
    known = set(row.turns.values_list("person", flat=True))
    row.turns.exclude(person__in=wanted).delete()
    AssignmentTurn.objects.bulk_create(
        AssignmentTurn(rule=row, person_id=pk) for pk in sorted(wanted - known)
    )


def _told(row: AssignmentRule, people: Sequence[User]) -> str:
    return f"{selector.words_of(row)}: {row.get_way_display().lower()}, {_names(people)}"


def _names(people: Sequence[User]) -> str:
    return ", ".join(sorted(audit.name_of(person) for person in people))


def _state(row: AssignmentRule, people: Sequence[User]) -> dict[str, Any]:
    return {"for": selector.words_of(row), "way": row.way, "people": _names(people)}
