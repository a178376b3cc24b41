"""Who decides for whom while a person is away. A delegate never gains a right by it."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.db import transaction

from exceptions_app import errors
from exceptions_app.models import Delegation, Fix
from exceptions_app.permissions import CAPABILITIES, can, roles_of
from exceptions_app.selectors import delegations
from exceptions_app.selectors import fixes as fixes_selector
from exceptions_app.services import audit, moments

# Longer than that is no absence: the person's roles are to be looked at.
AT_MOST = timedelta(days=92)


@transaction.atomic
def name(
    *,
    actor: User,
    delegate: User | None,
    starts_at: datetime,
    ends_at: datetime,
    now: datetime,
    note: str = "",
) -> Delegation:
    """Mark `actor` as away from `starts_at` up to `ends_at`; `delegate` decides for them meanwhile.

    Without a delegate nobody does. Rules and the next in the queue give them nothing either way.

    Raises:
        InvalidChoice: the time cannot be used, overlaps another, or the delegate shares no role
            that approves.
    """
    if not starts_at < ends_at or ends_at <= now:
        raise errors.InvalidChoice("Give an end that is after the beginning and still to come.")
    if ends_at - starts_at > AT_MOST:
        raise errors.InvalidChoice(f"Be away for at most {AT_MOST.days} days at a time.")
    if delegate is not None:
        _check(delegate, actor)
    # Of two that are named at once the second waits here.
    User.objects.select_for_update(no_key=True).get(pk=actor.pk)
    rows = Delegation.objects.filter(person=actor, ended_at__isnull=True)
    if rows.filter(starts_at__lt=ends_at, ends_at__gt=starts_at).exists():
        raise errors.InvalidChoice("You are away for a part of that time already. End that first.")
    row = Delegation.objects.create(
        person=actor,
        delegate=delegate,
        starts_at=starts_at,
        ends_at=ends_at,
        note=note[:200],
        created_at=now,
    )
    until = f"{moments.written(starts_at)} to {moments.written(ends_at)}"
    text = f"{audit.name_of(actor)} is away, {until}"
    if delegate is not None:
        text = f"{audit.name_of(delegate)} decides for {audit.name_of(actor)}, {until}"
    audit.record(actor=actor, act="delegation.name", subject=row, text=text, now=now)
    return row


def _check(delegate: User, actor: User) -> None:
    if delegate.pk == actor.pk or not delegate.is_active:
        raise errors.InvalidChoice("Choose another person who can sign in.")
    if not CAPABILITIES["approve_fix"] & roles_of(actor) & roles_of(delegate):
        raise errors.InvalidChoice(
            f"{audit.name_of(delegate)} holds none of your roles, and a delegate gains no right."
        )


@transaction.atomic
def end(*, delegation_id: int, actor: User, now: datetime) -> Delegation:
    """End an absence early: whoever it is of, or who manages people.

    Raises:
        FixNotAllowed: somebody else's.
        FixAlreadyDecided: it is over already.
    """
    row = Delegation.objects.select_related("person", "delegate").get(pk=delegation_id)
    if row.person_id != actor.pk and not can(actor, "manage_users"):
        raise errors.FixNotAllowed("Only who is away, or an admin, can end that.")
    open_ones = Delegation.objects.filter(pk=row.pk, ended_at__isnull=True, ends_at__gt=now)
    if open_ones.update(ended_at=now) != 1:
        raise errors.FixAlreadyDecided("That was over already.")
    text = f"{audit.name_of(row.person)} is away no longer"
    if row.delegate is not None:
        text = f"{audit.name_of(row.delegate)} no longer decides for {audit.name_of(row.person)}"
    audit.record(actor=actor, act="delegation.end", subject=row, text=text, now=now)
    row.ended_at = now
    return row


def check(*, delegate: User, person_id: int | None, fix: Fix, now: datetime) -> User | None:
    """The person who is away and for whom `delegate` decides; None for oneself.

    Raises:
        FixNotAllowed: no such delegation holds now, or the one who is away could not have
            approved this either.
    """
    if person_id is None:
        return None
    row = delegations.held_by(delegate.pk, now=now).filter(person=person_id).first()
    if row is None:
        raise errors.FixNotAllowed("You are not named to decide for that person now.")
    if not fixes_selector.approving(fix) & roles_of(row.person):
        raise errors.FixNotAllowed(
            f"{audit.name_of(row.person)} could not approve this either. Decide in your own name."
        )
    return row.person
