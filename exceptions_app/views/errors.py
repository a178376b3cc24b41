"""Pages for what went wrong; each says what was not done and what to do now."""

import secrets

import structlog
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import timezone

log = structlog.get_logger(__name__)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return render(request, "errors/403_csrf.html", status=403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "errors/404.html", status=404)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "errors/400.html", status=400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The capability's name is for us; people read that their role does not include the act."""
    return render(request, "errors/403.html", {"exception": ""}, status=403)


def server_error(request: HttpRequest) -> HttpResponse:
    """Without a context processor: what broke may be the database itself."""
    number = secrets.token_hex(4)
    log.error("server_error", error_number=number, path=request.path)
    context = {"error_number": number, "now": timezone.now()}
    return HttpResponse(render_to_string("errors/500.html", context), status=500)
