"""What is new beside a page that stands: asked for in the background, put in by nobody."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from exceptions_app import permissions
from exceptions_app.choices import Team
from exceptions_app.selectors import live

_DRAWN = re.compile(r"[0-9]{1,11}(\.[0-9]{1,6})?")


@require_safe
@permissions.required("view_desk")
def news(request: HttpRequest) -> HttpResponse:
    """The words for `team` since `drawn`, of the approvals where no team is named; else nothing."""
    team, drawn = request.GET.get("team", ""), request.GET.get("drawn", "")
    words: tuple[str, ...] = ()
    if _DRAWN.fullmatch(drawn) and (not team or team in Team.values):
        words = live.told(
            team=team,
            roles=permissions.roles_of(request.user),
            user_id=request.user.pk or 0,
            drawn=datetime.fromtimestamp(float(drawn), UTC),
            now=timezone.now(),
        )
    page = request.htmx.current_url_abs_path or reverse("home")  # type: ignore[attr-defined]
    # Without the request: a background poll need not ask what the navigation says.
    context = {"words": ", ".join(words), "page": page}
    return HttpResponse(render_to_string("partials/_news.html", context))
