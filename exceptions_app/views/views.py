"""Saved views: shown beside a list with live counts, saved, renamed and deleted by plain forms.

A list page calls `shown` and includes `partials/_views.html` with what it returns as `saved`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django.contrib import messages
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from exceptions_app import errors, permissions
from exceptions_app.choices import Role, SavedPage, Team
from exceptions_app.models import SavedView
from exceptions_app.selectors import paging
from exceptions_app.selectors import views as selector
from exceptions_app.services import views as service
from exceptions_app.views.middleware import preferences_of

# Names of an address that say where in a list one is, not which list it is.
PLACES = ("cursor", "open", "picked", "done", "newest", "at")

# Asks the queue for all that is open: an address that asks for nothing opens with a view.
PLAIN = "view=all"

_HERE = "here"
# Before the code of a role in the form, where a team's code stands as it is.
_ROLE = "role:"
_ROLES = tuple((f"{_ROLE}{code}", label) for code, label in Role.choices)

Counter = Callable[[QueryDict, HttpRequest], Any]


def shown(
    request: HttpRequest,
    *,
    page: str,
    count: Counter | None = None,
    drop: Iterable[str] = (),
    rows_here: QuerySet[Any] | None = None,
    money: str = "",
) -> dict[str, Any]:
    """What `partials/_views.html` needs: the views with their counts, and the form's own facts.

    `count` turns a view's query into the rows it finds; without it no counts are shown. Two
    queries, however many views there are. `here` is how many rows the page's own list holds.
    `money` names the amount of a row that is summed beside its count, per currency.
    """
    user = permissions.actor_of(request)
    roles = permissions.roles_of(user)
    query = bare(request.GET, drop=drop)
    rows = selector.of_reader(page=page, user_id=user.pk, roles=roles)
    lists = {row.pk: count(QueryDict(row.query), request) for row in rows} if count else {}
    own = {} if rows_here is None else {_HERE: rows_here}
    numbers = paging.tallies({**lists, **own}, money=money)
    own_way = preferences_of(request)
    first = selector.first_of(rows, roles=roles, preferences=own_way)
    opens = first.pk if first and page == SavedPage.CASES else 0
    views = [
        {
            "pk": row.pk,
            "name": row.name,
            "team": _whose(row),
            "url": address(page, row.query),
            "count": paging.shown(numbers[row.pk].count) if count else "",
            "sums": numbers[row.pk].values if count else (),
            "is_cut": bool(count) and numbers[row.pk].is_cut,
            "is_current": row.query == query,
            "may_edit": _may_edit(row, user),
            "opens": row.pk == opens,
            "is_default": row.is_default,
            "may_default": selector.may_be_default(row, roles=roles),
        }
        for row in rows
    ]
    return {
        "views": views,
        "here": numbers[_HERE].count if own else 0,
        "page": page,
        "query": query,
        "teams": selector.teams(roles) if permissions.can(user, "assign_case") else (),
        "roles": _ROLES if permissions.can(user, selector.FOR_ROLES) else (),
        "is_current": any(view["is_current"] for view in views),
        "opened": next((view for view in views if view["opens"] and view["is_current"]), None),
        "can_open": page == SavedPage.CASES,
        "is_plain": own_way is not None and own_way.opens_plain,
        "is_own_way": own_way is not None and own_way.opens_with_id == opens > 0,
    }


def opening_address(request: HttpRequest) -> str:
    """Where the queue opens when its address asks for nothing; "" where that is all of it."""
    user = permissions.actor_of(request)
    view = selector.opening(
        user_id=user.pk,
        roles=permissions.roles_of(user),
        preferences=preferences_of(request),
    )
    return address(SavedPage.CASES.value, view.query) if view else ""


def own_address(request: HttpRequest) -> str:
    """The queue of the reader's own team; all of it for who works in none or several, or wants it.

    The figure beside the menu is that team's, so it leads to as many rows.
    """
    preferences = preferences_of(request)
    teams = selector.works_in(permissions.roles_of(request.user))
    is_plain = len(teams) != 1 or (preferences is not None and preferences.opens_plain)
    return address(SavedPage.CASES.value, "" if is_plain else f"team={teams[0]}")


def address(page: str, query: str) -> str:
    """A list's address; the queue without a filter says so, since else it opens with a view."""
    asked = PLAIN if page == SavedPage.CASES and not query else query
    return f"{reverse(page)}?{asked}"


def _whose(row: SavedView) -> str:
    """Of whom a view is that is not one's own."""
    if row.role:
        return str(Role(row.role).label)
    return str(Team(row.team).label) if row.team else ""


def _may_edit(row: SavedView, user: User) -> bool:
    if row.role:
        return permissions.can(user, selector.FOR_ROLES)
    return permissions.can(user, "assign_case") or row.owner_id == user.pk


def bare(query: QueryDict, *, drop: Iterable[str] = ()) -> str:
    """The query without places and empty values, its names in order, so that it can be compared."""
    gone = {*PLACES, *drop}
    kept = QueryDict(mutable=True)
    for name in sorted(query):
        values = [value for value in query.getlist(name) if value]
        if name not in gone and values and f"{name}={values[0]}" != PLAIN:
            kept.setlist(name, values)
    return str(kept.urlencode())


@permissions.required("view_desk")
@permissions.sent_from("case-list")
def save(request: HttpRequest) -> HttpResponse:
    page = request.POST.get("page", "")
    whose = request.POST.get("team", "")
    role = whose.removeprefix(_ROLE) if whose.startswith(_ROLE) else ""
    team = "" if role else whose
    if page not in SavedPage.values:
        raise Http404("Views of this list cannot be saved.")
    if team and not permissions.can(request.user, "assign_case"):
        team = "refused"
    query = bare(QueryDict(request.POST.get("query", "")))
    try:
        view = service.save(
            page=page,
            name=request.POST.get("name", ""),
            query=query,
            team=team,
            role=role,
            actor=permissions.actor_of(request),
            now=timezone.now(),
        )
    except errors.DeskError as error:
        messages.error(request, f"The view was not saved. {error}")
    else:
        messages.success(request, f"Saved as {view.name}.")
    return redirect(address(page, query))


@permissions.required("view_desk")
@permissions.sent_from("case-list")
def rename(request: HttpRequest, view_id: int) -> HttpResponse:
    try:
        view = service.rename(
            view_id=view_id,
            name=request.POST.get("name", ""),
            actor=permissions.actor_of(request),
            now=timezone.now(),
        )
    except SavedView.DoesNotExist as error:
        raise Http404("That view is gone.") from error
    except errors.DeskError as refusal:
        messages.error(request, f"The view keeps its name. {refusal}")
    else:
        messages.success(request, f"Renamed to {view.name}.")
    return _back(request)


@permissions.required("view_desk")
@permissions.sent_from("case-list")
def delete(request: HttpRequest, view_id: int) -> HttpResponse:
    try:
        name = service.delete(
            view_id=view_id, actor=permissions.actor_of(request), now=timezone.now()
        )
    except SavedView.DoesNotExist as error:
        raise Http404("That view is gone.") from error
    messages.success(request, f"View deleted: {name}.")
    return _back(request)


@permissions.required("view_desk")
@permissions.sent_from("case-list")
def opening(request: HttpRequest) -> HttpResponse:
    """What the queue opens with for the reader: a view by its id, "all", or "" for the team's."""
    wanted = request.POST.get("view", "")
    actor, now = permissions.actor_of(request), timezone.now()
    if wanted in ("", "all"):
        service.open_plain(actor=actor, now=now, is_plain=wanted == "all")
        what = "all that is open" if wanted else "what your team or role has"
        messages.success(request, f"The exceptions open with {what}.")
        return _back(request)
    try:
        view = service.open_with(view_id=_number(wanted), actor=actor, now=now)
    except SavedView.DoesNotExist as error:
        raise Http404("That view is gone.") from error
    except errors.DeskError as refusal:
        messages.error(request, f"Nothing was changed. {refusal}")
    else:
        messages.success(request, f"The exceptions open with {view.name}.")
    return _back(request)


@permissions.required("view_desk")
@permissions.sent_from("case-list")
def default(request: HttpRequest, view_id: int) -> HttpResponse:
    """Whether the queue opens with it for everybody of its team or role."""
    try:
        view = service.make_default(
            view_id=view_id,
            is_default=request.POST.get("is_default") == "1",
            actor=permissions.actor_of(request),
            now=timezone.now(),
        )
    except SavedView.DoesNotExist as error:
        raise Http404("That view is gone.") from error
    except errors.DeskError as refusal:
        messages.error(request, f"Nothing was changed. {refusal}")
    else:
        opens = "open" if view.is_default else "no longer open"
        messages.success(request, f"The exceptions {opens} with {view.name} for {_whose(view)}.")
    return _back(request)


def _back(request: HttpRequest) -> HttpResponse:
    page = request.POST.get("page", "")
    if page not in SavedPage.values:
        page = SavedPage.CASES.value
    query = bare(QueryDict(request.POST.get("query", "")))
    return redirect(address(page, query))


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else 0
