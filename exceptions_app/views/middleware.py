"""Around every page: the person's time zone, the second factor their role needs, late mail."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

from allauth.account.authentication import get_authentication_records
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import Resolver404, reverse
from django.utils import timezone
from django_htmx.http import HttpResponseClientRedirect

from exceptions_app import permissions
from exceptions_app.models import UserPreferences
from exceptions_app.views import errors

Answer = Callable[[HttpRequest], HttpResponse]

# Where somebody may go who must set a second factor up first.
ON_THE_WAY = frozenset(
    {
        "account_confirm_company",
        "account_reauthenticate",
        "mfa_activate_totp",
        "mfa_add_webauthn",
        "mfa_download_recovery_codes",
        "mfa_generate_recovery_codes",
        "mfa_index",
        "mfa_reauthenticate",
        "mfa_reauthenticate_webauthn",
        "mfa_view_recovery_codes",
        "openid_connect_callback",
        "openid_connect_login",
        "socialaccount_login_cancelled",
        "account_login",
        "account_logout",
        "sign-in",
        "sign-out",
    }
)
NEEDED = "Your role needs a second factor. Set one up here, then go on."


def preferences_of(request: HttpRequest) -> UserPreferences | None:
    """The signed-in person's own, read with the person; None for strangers and for defaults."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return None
    found: UserPreferences | None = getattr(user, "preferences", None)
    return found


def own_time_zone(answer: Answer) -> Answer:
    """Times on pages are the reader's; what the API says stays in the desk's own zone."""

    def middleware(request: HttpRequest) -> HttpResponse:
        own = preferences_of(request)
        if own is None or not own.time_zone or request.path.startswith("/api/"):
            return answer(request)
        with timezone.override(ZoneInfo(own.time_zone)):
            return answer(request)

    return middleware


def kept_nowhere(answer: Answer) -> Answer:
    """What depends on who is signed in stays in no browser's and no proxy's cache."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = answer(request)
        if request.session.accessed and not response.has_header("Cache-Control"):
            response["Cache-Control"] = "private, no-store"
        return response

    return middleware


class SecondFactorFirst:
    """Leads people whose role needs a second factor to its set-up, from wherever they go."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.answer(request)

    def process_view(
        self, request: HttpRequest, view: Any, args: Any, kwargs: Any
    ) -> HttpResponse | None:
        found = request.resolver_match
        if found is None or found.url_name in ON_THE_WAY or not must_set_up(request):
            return None
        if request.path.startswith("/api/"):
            error = {"code": "second_factor_needed", "text": NEEDED, "field": ""}
            return JsonResponse({"error": error}, status=403)
        if getattr(request, "htmx", False):
            return HttpResponseClientRedirect(reverse("mfa_index"))
        if request.method == "GET":
            messages.warning(request, NEEDED)
        return redirect("mfa_index")


def must_set_up(request: HttpRequest) -> bool:
    """Whether this person's role needs a second factor that is not there."""
    if not settings.MFA_ROLES or not request.user.is_authenticated:
        return False
    if not permissions.roles_of(request.user) & set(settings.MFA_ROLES):
        return False
    if getattr(request.user, "has_second_factor", False):
        return False
    records = get_authentication_records(request, request.user)
    is_by_company = any(record["method"] == "socialaccount" for record in records)
    return not (is_by_company and settings.OIDC_HAS_SECOND_FACTOR)


def later(request: HttpRequest, work: Callable[[], None]) -> None:
    """Have `work` done once the answer has been sent."""
    waiting: list[Callable[[], None]] = request.__dict__.setdefault("_work_for_later", [])
    waiting.append(work)


def after_the_answer(answer: Answer) -> Answer:
    """The server closes an answer when its last byte is out; work set aside is done then."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = answer(request)
        for work in request.__dict__.pop("_work_for_later", []):
            response._resource_closers.append(work)  # type: ignore[attr-defined]
        return response

    return middleware


class OwnNotFound:
    """An address that leads nowhere gets our page in the demo too, not a list of our addresses.

    Without debug Django does the same by `handler404`.
    """

    def __init__(self, answer: Answer) -> None:
        self.answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.answer(request)
        if settings.DEBUG and response.status_code == 404 and request.resolver_match is None:
            return errors.not_found(request, Resolver404())
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        return errors.not_found(request, exception) if isinstance(exception, Http404) else None
