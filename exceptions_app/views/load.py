"""Who of a team has how much, and all of it handed over at once."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from exceptions_app import errors, permissions
from exceptions_app.choices import BulkKind, Team
from exceptions_app.selectors import answering
from exceptions_app.selectors import load as selector
from exceptions_app.services import bulk_freezing
from exceptions_app.views.assigning import led, name_of, tabs, team_of


@require_safe
@permissions.required("view_load")
def index(request: HttpRequest) -> HttpResponse:
    team, now = team_of(request), timezone.now()
    nobody, *people = selector.of_team(team=team, now=now)
    context = {
        "now": now,
        "team": team,
        "label": Team(team).label,
        "tabs": tabs("load", team),
        "nobody": nobody,
        "rows": [
            {
                "load": row,
                "name": name_of(row.person) if row.person else "",
                "person_id": str(row.person.pk) if row.person else "",
                "delegate": name_of(row.away.delegate) if row.away and row.away.delegate else "",
            }
            for row in people
        ],
        "count": nobody.count + sum(row.count for row in people),
        "behind": nobody.behind + sum(row.behind for row in people),
        "may_lead": team in led(request),
        "waits": answering.waits(team=team, now=now),
    }
    return render(request, "load/people.html", context)


@permissions.required("lead_team")
@permissions.sent_from("load")
def hand_over(request: HttpRequest, person_id: int) -> HttpResponse:
    """Freeze all that a person has of a team; the next page shows it and asks who is given it."""
    team = team_of(request)
    person = get_object_or_404(User, pk=person_id)
    back = f"{reverse('load')}?team={team}"
    if team not in led(request):
        messages.warning(request, f"Only who leads {Team(team).label} hands over its work.")
        return redirect(back)
    try:
        frozen = bulk_freezing.freeze(
            kind=BulkKind.ASSIGN,
            cases=selector.held(person_id=person.pk, team=team),
            actor=permissions.actor_of(request),
            now=timezone.now(),
            back=back,
            words=f"All that {name_of(person)} has of {Team(team).label}",
        )
    except errors.DeskError as error:
        messages.warning(request, str(error))
        return redirect(back)
    return redirect("bulk", bulk_id=frozen.pk)
