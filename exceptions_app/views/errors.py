"""Pages for what went wrong; each says what was not done and what to do now.

A page with a number is in the log under that number.
"""

from __future__ import annotations

import secrets
import sys
from typing import Any

import structlog
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import timezone
from psycopg.errors import QueryCanceled

from exceptions_app import permissions
from exceptions_app.choices import Role
from exceptions_app.selectors import manual
from exceptions_app.views.manual_words import CAPABILITIES

log = structlog.get_logger(__name__)

RETRY_AFTER_SECONDS = "30"


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    number = _noted("csrf_failure", request, reason=reason)
    return _page(request, "errors/403_csrf.html", 403, error_number=number)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(request, "errors/404.html", 404)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    number = _noted("bad_request", request, reason=type(exception).__name__)
    return _page(request, "errors/400.html", 400, error_number=number)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Names the act that was refused and who may do it; the names only to colleagues."""
    name = str(exception) if isinstance(exception, PermissionDenied) else ""
    allowed = permissions.CAPABILITIES.get(name)
    context: dict[str, Any] = {}
    if allowed and permissions.can(request.user, "view_desk"):
        people = manual.people_by_role()
        context = {
            "act": CAPABILITIES.get(name, ""),
            "holders": [
                {"role": role.label, "people": people[role.value]}
                for role in Role
                if role in allowed
            ],
            "own": [role.label for role in Role if role in permissions.roles_of(request.user)],
        }
    return _page(request, "errors/403.html", 403, **context)


def server_error(request: HttpRequest) -> HttpResponse:
    """Without a context processor: what broke may be the database itself."""
    # Django calls this while it handles the exception.
    error = sys.exc_info()[1]
    number = _noted("server_error", request, reason=type(error).__name__)
    template, status = _said_of(error)
    context = {"error_number": number, "now": timezone.now()}
    answer = HttpResponse(render_to_string(template, context), status=status)
    if status == 503:
        answer["Retry-After"] = RETRY_AFTER_SECONDS
    return answer


def _said_of(error: BaseException | None) -> tuple[str, int]:
    """The page and status for what broke: too slow, no database, or our own mistake."""
    if isinstance(error, DatabaseError) and isinstance(error.__cause__, QueryCanceled):
        return "errors/503_slow.html", 503
    if isinstance(error, OperationalError | InterfaceError):
        return "errors/503.html", 503
    return "errors/500.html", 500


def _page(request: HttpRequest, template: str, status: int, **context: Any) -> HttpResponse:
    """The page inside the house for those who have a role, and bare for everybody else."""
    user = getattr(request, "user", None)
    is_inside = user is not None and permissions.can(user, "view_desk")
    layout = "errors/_inside.html" if is_inside else "errors/_outside.html"
    return render(
        request, template, {"layout": layout, "now": timezone.now(), **context}, status=status
    )


def _noted(event: str, request: HttpRequest, *, reason: str) -> str:
    number = f"E-{secrets.token_hex(4).upper()}"
    log_it = log.error if event == "server_error" else log.warning
    log_it(event, error_number=number, path=request.path, reason=reason)
    return number
