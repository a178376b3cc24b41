"""Today: what to check, what is green, what waits."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from exceptions_app import errors, permissions
from exceptions_app.choices import Team
from exceptions_app.models import Bridge
from exceptions_app.selectors import today
from exceptions_app.services import runs
from exceptions_app.templatetags.desk import money


@require_safe
@permissions.required("view_desk")
def home(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    roles = permissions.roles_of(request.user)
    teams = today.teams_of(roles)
    chosen = request.GET.get("team", "")
    team = chosen if chosen in Team.values else teams[0]
    unknown = today.unknown_postings()
    connections = today.connections()
    context = {
        "now": now,
        "queue": today.queue(team=team),
        "tabs": _tabs(team),
        "fixes": today.approvals(roles=roles, user_id=request.user.pk or 0),
        "runs": today.waiting_runs(),
        "unknown": unknown[: today.ROWS],
        "is_more_unknown": len(unknown) > today.ROWS,
        "connections": connections,
        "checks": today.checks(rows=connections, unknown=len(unknown), now=now),
    }
    if permissions.can(request.user, "key_by_hand"):
        tasks = today.to_key()
        context |= {"tasks": tasks[: today.ROWS], "is_more_tasks": len(tasks) > today.ROWS}
    return render(request, "home/today.html", context)


def _tabs(team: str) -> list[dict[str, object]]:
    return [
        {"url": f"?team={code}", "label": label, "is_current": code == team}
        for code, label in Team.choices
    ]


@require_POST
@permissions.required("start_run")
def start_run(request: HttpRequest, bridge_id: int) -> HttpResponse:
    bridge = get_object_or_404(Bridge, pk=bridge_id, is_active=True)
    try:
        run = runs.start(bridge=bridge, actor=permissions.actor_of(request), now=timezone.now())
    except errors.DeskError as error:
        messages.warning(request, str(error))
    else:
        total = money(run.total, run.currency)
        messages.success(request, f"Credit run {run.pk} started: {run.count} credits, {total}.")
    return redirect("home")
