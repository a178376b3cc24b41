"""Saved views of lists: kept under a name, renamed, deleted; each act in the trail."""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from exceptions_app import errors
from exceptions_app.choices import Role, SavedPage, Team
from exceptions_app.models import SavedView, UserPreferences
from exceptions_app.permissions import can, roles_of
from exceptions_app.selectors import views as views_selector
from exceptions_app.services import audit

QUERY_LIMIT = 1000
NAME_LIMIT = 60


def save(
    *,
    page: str,
    name: str,
    query: str,
    team: str,
    actor: User,
    now: datetime,
    role: str = "",
) -> SavedView:
    """Keep the address of a list under a name, for oneself, for a `team` or for a `role`.

    Raises:
        InvalidChoice: no name, an address too long, or a list that keeps no views.
        FixNotAllowed: not a team of this person, or no admin for a role.
        NameTaken: the name is in use there already; nothing is written over.
    """
    if page not in SavedPage.values:
        raise errors.InvalidChoice("Views of this list cannot be saved.")
    if len(query) > QUERY_LIMIT:
        raise errors.InvalidChoice("This address is too long to keep. Use fewer filters.")
    _check_team(actor, team)
    _check_role(actor, role)
    clean = _name(name)
    with transaction.atomic():
        try:
            with transaction.atomic():
                view = SavedView.objects.create(
                    page=page,
                    name=clean,
                    query=query,
                    owner=None if team or role else actor,
                    team=team,
                    role=role,
                    created_by=audit.name_of(actor)[:150],
                    created_at=now,
                )
        except IntegrityError as error:
            raise errors.NameTaken(f"There is a view called {clean} already.") from error
        whose = Team(team).label if team else Role(role).label if role else "themselves"
        audit.record(
            actor=actor, act="view.save", subject=view, text=f"View for {whose}: {clean}", now=now
        )
    return view


def rename(*, view_id: int, name: str, actor: User, now: datetime) -> SavedView:
    """Give a view another name.

    Raises:
        SavedView.DoesNotExist: gone, or another person's.
        InvalidChoice, NameTaken: the name cannot be used.
    """
    with transaction.atomic():
        view = _editable(view_id, actor)
        clean = _name(name)
        before, view.name = view.name, clean
        try:
            with transaction.atomic():
                view.save(update_fields=["name"])
        except IntegrityError as error:
            raise errors.NameTaken(f"There is a view called {clean} already.") from error
        text = f"View renamed from {before} to {clean}"
        audit.record(actor=actor, act="view.rename", subject=view, text=text, now=now)
    return view


def delete(*, view_id: int, actor: User, now: datetime) -> str:
    """Remove a view; returns its name.

    Raises:
        SavedView.DoesNotExist: gone already, or another person's.
    """
    with transaction.atomic():
        view = _editable(view_id, actor)
        text = f"View deleted: {view.name}"
        audit.record(actor=actor, act="view.delete", subject=view, text=text, now=now)
        view.delete()
    return view.name


@transaction.atomic
def open_with(*, view_id: int, actor: User, now: datetime) -> SavedView:
    """Open the queue with this view for the actor, whatever their team or role has.

    Raises:
        SavedView.DoesNotExist: gone, or none the actor is offered.
        InvalidChoice: a view of another list.
    """
    rows = views_selector.visible(user_id=actor.pk, roles=roles_of(actor))
    view = rows.select_for_update(of=("self",)).get(pk=view_id)
    if view.page != SavedPage.CASES:
        raise errors.InvalidChoice("Only the exceptions open with a view.")
    _prefer(actor, view, is_plain=False)
    text = f"The exceptions open with the view {view.name}"
    audit.record(actor=actor, act="view.open", subject=view, text=text, now=now)
    return view


@transaction.atomic
def open_plain(*, actor: User, now: datetime, is_plain: bool) -> None:
    """Open the queue with all that is open for the actor; else with what their team or role has.

    What is so already changes nothing.
    """
    known = UserPreferences.objects.filter(user=actor).first() or UserPreferences()
    if known.opens_with_id is None and known.opens_plain == is_plain:
        return
    own = _prefer(actor, None, is_plain=is_plain)
    what = "all that is open" if is_plain else "the view of the team or the role"
    text = f"The exceptions open with {what}"
    audit.record(actor=actor, act="view.open", subject=own, text=text, now=now)


@transaction.atomic
def make_default(*, view_id: int, is_default: bool, actor: User, now: datetime) -> SavedView:
    """Let the queue open with this view for everybody it is kept for, or no longer.

    It takes the place of the one that did. Who chose for themselves keeps their choice.

    Raises:
        SavedView.DoesNotExist: gone, or none the actor is offered.
        FixNotAllowed: neither a lead of the team nor an admin.
    """
    roles = roles_of(actor)
    rows = views_selector.visible(user_id=actor.pk, roles=roles)
    rows |= views_selector.editable(user_id=actor.pk, roles=roles)
    view = rows.get(pk=view_id)
    if not views_selector.may_be_default(view, roles=roles):
        raise errors.FixNotAllowed("Leads say this for their team, and admins for a role.")
    same = SavedView.objects.filter(page=view.page, team=view.team, role=view.role)
    # All that could be in its place, so that of two who choose at once the later one counts.
    list(same.select_for_update(of=("self",)).order_by("pk"))
    view.refresh_from_db()
    same.filter(is_default=True).exclude(pk=view.pk).update(is_default=False)
    view.is_default = is_default
    view.save(update_fields=["is_default"])
    whose = view.get_team_display() or view.get_role_display()
    opens = "open" if is_default else "no longer open"
    text = f"The exceptions {opens} with the view {view.name} for {whose}"
    audit.record(actor=actor, act="view.default", subject=view, text=text, now=now)
    return view


def _prefer(actor: User, view: SavedView | None, *, is_plain: bool) -> UserPreferences:
    row, _ = UserPreferences.objects.update_or_create(
        user=actor, defaults={"opens_with": view, "opens_plain": is_plain}
    )
    return row


def _editable(view_id: int, actor: User) -> SavedView:
    rows = views_selector.editable(user_id=actor.pk, roles=roles_of(actor))
    return rows.select_for_update(of=("self",)).get(pk=view_id)


def _check_team(actor: User, team: str) -> None:
    if team and team not in dict(views_selector.teams(roles_of(actor))):
        raise errors.FixNotAllowed("Only people of a team keep views for it.")


def _check_role(actor: User, role: str) -> None:
    if role and (role not in Role.values or not can(actor, views_selector.FOR_ROLES)):
        raise errors.FixNotAllowed("Only admins keep views for a role.")


def _name(name: str) -> str:
    clean = " ".join(name.replace("\0", " ").split())
    if not clean or len(clean) > NAME_LIMIT:
        raise errors.InvalidChoice(f"Give the view a name of up to {NAME_LIMIT} characters.")
    return clean
