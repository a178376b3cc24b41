"""Which hours of each team count, and what another calendar would do before it is in force."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from exceptions_app import errors, permissions
from exceptions_app.choices import Team
from exceptions_app.forms.calendars import CalendarForm
from exceptions_app.rules import calendars as rules
from exceptions_app.selectors import calendars as selector
from exceptions_app.services import calendars

NOT_SHOWN = (
    "Nothing was changed yet: this is not the calendar whose effect was shown. It is shown now."
)


@require_safe
@permissions.required("manage_calendars")
def overview(request: HttpRequest) -> HttpResponse:
    return render(request, "admin/setup/calendars.html", {"rows": selector.overview()})


@require_http_methods(["GET", "HEAD", "POST"])
@permissions.required("manage_calendars")
def calendar(request: HttpRequest, team: str) -> HttpResponse:
    """A change is shown with what becomes overdue by it, and put in force after that."""
    if team not in Team.values:
        raise Http404("There is no such team.")
    in_force = selector.settings_of(team)
    if request.method != "POST":
        return _show(request, team, CalendarForm(settings=in_force))
    form = CalendarForm(request.POST, settings=in_force)
    if not form.is_valid():
        return _show(request, team, form, status=422)
    if "preview" in request.POST:
        return _show(request, team, form, is_previewed=True)
    try:
        if not form.is_shown():
            raise errors.InvalidChoice(NOT_SHOWN)
        done = calendars.change(
            team=team,
            settings=form.wanted,
            seen=form.cleaned_data["seen"] or {},
            reason=form.cleaned_data["reason"],
            actor=permissions.actor_of(request),
            now=timezone.now(),
        )
    except errors.DeskError as error:
        form.add_error(None, str(error))
        return _show(request, team, form, is_previewed=True, status=422)
    messages.success(
        request, f"The calendar is in force. {done.moved} of {done.count} got another time."
    )
    return redirect("admin:calendar", team=team)


def _show(
    request: HttpRequest,
    team: str,
    form: CalendarForm,
    *,
    is_previewed: bool = False,
    status: int = 200,
) -> HttpResponse:
    in_force = selector.settings_of(team)
    now = timezone.now()
    context: dict[str, Any] = {
        "now": now,
        "team": Team(team),
        "form": form,
        "counts": rules.words(rules.parse(in_force)),
        "is_previewed": is_previewed,
        "history": selector.history(team=team),
    }
    if is_previewed:
        wanted = rules.parse(form.wanted)
        context |= {
            "wanted": rules.words(wanted),
            "is_same": form.wanted == in_force,
            "effect": selector.effect(team=team, calendar=wanted, now=now),
        }
    form.note(seen=in_force, shown=form.wanted if is_previewed else None)
    return render(request, "admin/setup/calendar.html", context, status=status)
