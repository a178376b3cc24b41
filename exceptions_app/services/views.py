"""Saved views of lists: kept under a name, renamed, deleted; each act in the trail."""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from exceptions_app import errors
from exceptions_app.choices import Role, SavedPage, Team
from exceptions_app.models import SavedView
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
