"""What changed since the reader last looked: a line on a page, a list of it, and the mark."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from exceptions_app import errors, permissions
from exceptions_app.choices import Team
from exceptions_app.models import LastLook
from exceptions_app.selectors import looks as selector
from exceptions_app.services import looks as service
from exceptions_app.services import moments

# As `shown` writes them: a number of the trail, and a moment in seconds.
_ENTRY = re.compile(r"[0-9]{1,18}")
_DRAWN = re.compile(r"[0-9]{1,10}\.[0-9]{6}")


def shown(look: selector.Looked, *, page: str, team: str, now: datetime) -> dict[str, Any]:
    """What `cases/_looked.html` needs beside `now`."""
    return {
        "look": look,
        "page": page,
        "team": team,
        "of": Team(team).label if team else "all teams",
        "drawn": f"{now.timestamp():.6f}",
    }


@require_safe
@permissions.required("view_desk")
def changed(request: HttpRequest) -> HttpResponse:
    """The line alone for a page that asks for it, else the list of what changed."""
    page, team = _asked(request.GET.get("page", ""), request.GET.get("team", ""))
    now, user_id = timezone.now(), permissions.actor_of(request).pk
    look = selector.of_reader(user_id=user_id, page=page, team=team, now=now)
    context = shown(look, page=page, team=team, now=now) | {"now": now}
    cursor = request.GET.get("cursor", "")
    found = selector.acts(user_id=user_id, page=page, team=team, cursor=cursor)
    late = selector.overdue(user_id=user_id, page=page, team=team, now=now)
    return render(
        request,
        "cases/changed.html",
        {
            "now": now,
            "looked": context | {"is_list": True},
            "look": look,
            "rows": found.rows,
            "newer": found.newer,
            "older": found.older,
            "late": late,
            "late_count": look.figures[-1].count if look.figures else 0,
            "back": _page_url(page, team),
            "back_label": LastLook.Page(page).label,
        },
    )


@permissions.required("view_desk")
@permissions.sent_from("case-changed")
def mark(request: HttpRequest) -> HttpResponse:
    page, team = _asked(request.POST.get("page", ""), request.POST.get("team", ""))
    now = timezone.now()
    entry, drawn = request.POST.get("entry", ""), request.POST.get("drawn", "")
    if not _ENTRY.fullmatch(entry) or not _DRAWN.fullmatch(drawn):
        raise Http404("This is no mark of a page.")
    drawn_at = datetime.fromtimestamp(float(drawn), UTC)
    try:
        is_further = service.mark(
            page=page,
            team=team,
            entry=int(entry),
            drawn_at=drawn_at,
            actor=permissions.actor_of(request),
            now=now,
        )
    except errors.InvalidChoice as error:
        raise Http404(str(error)) from error
    if is_further:
        messages.success(request, f"Marked as read up to {moments.written(drawn_at)}.")
    else:
        messages.info(request, "More was marked as read already. Nothing was changed.")
    return redirect(_page_url(page, team))


def _asked(page: str, team: str) -> tuple[str, str]:
    """Page and team of an address; one we do not know is that of the exceptions of all teams."""
    known = page if page in LastLook.Page.values else LastLook.Page.CASES.value
    return known, team if team in Team.values else ""


def _page_url(page: str, team: str) -> str:
    return reverse(page) + (f"?team={team}" if team else "")
