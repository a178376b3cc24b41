"""The manual's page for leads: which playbooks are used, and how exceptions really close."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from exceptions_app import permissions
from exceptions_app.catalogue import CATALOGUE
from exceptions_app.selectors import playbook_use as selector
from exceptions_app.selectors.playbook_use import PlaybookUse

DAYS = (30, 90)


@require_safe
@permissions.required("view_load")
def page(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    days = DAYS[1] if request.GET.get("days") == str(DAYS[1]) else DAYS[0]
    found = selector.of_days(days=days, now=now)
    used = [_row(use) for use in found if use.is_used or use.by_steps]
    unused = [_row(use) for use in found if not (use.is_used or use.by_steps)]
    context = {
        "now": now,
        "days": days,
        "switch": [
            {"url": f"?days={each}", "label": f"{each} days", "is_current": each == days}
            for each in DAYS
        ],
        "used": used,
        "unused": unused,
        "quiet": len(CATALOGUE) - len(found),
        "closed": sum(use.closed for use in found),
        "by_steps": sum(use.by_steps for use in found),
        "by_proof": sum(use.by_proof for use in found),
        "otherwise": sum(use.otherwise for use in found),
    }
    return render(request, "manual/use.html", context)


def _row(use: PlaybookUse) -> dict[str, Any]:
    return {"use": use, "entry": CATALOGUE[use.code], "has_steps": bool(use.steps)}
