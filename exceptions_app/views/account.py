"""Sign-in, sign-out, and a person's own account."""

from __future__ import annotations

from functools import wraps
from typing import Any

from allauth.account import views as allauth_views
from allauth.account.internal.flows import reauthentication
from allauth.account.utils import get_next_redirect_url
from allauth.mfa.base.views import IndexView
from allauth.mfa.webauthn.views import RemoveWebAuthnView
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import (
    require_GET,
    require_http_methods,
    require_safe,
)

from exceptions_app import errors, permissions
from exceptions_app.forms.account import InvitedForm, PreferencesForm
from exceptions_app.models import UserPreferences
from exceptions_app.permissions import actor_of
from exceptions_app.selectors import people as people_selector
from exceptions_app.services import people
from exceptions_app.views.middleware import must_set_up, preferences_of


class SignIn(allauth_views.LoginView):  # type: ignore[misc]
    """allauth's steps, our page. The session gets a new key, and `next` stays on this site."""

    template_name = "account/sign_in.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        return {**context, **door_context()}


def door_context() -> dict[str, Any]:
    """Which ways in there are; the page names no other."""
    accounts = settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"]
    return {"company": accounts[0] if accounts else None, "can_mail": settings.CAN_MAIL}


@permissions.sent_from("home")
def sign_out(request: HttpRequest) -> HttpResponse:
    """Also leaves a sign-in that waits for its second factor, and nothing to go back to."""
    answer: HttpResponse = allauth_views.logout(request)
    answer["Clear-Site-Data"] = '"cache"'
    return answer


class PasswordReset(allauth_views.PasswordResetView):  # type: ignore[misc]
    template_name = "account/password_reset.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {**super().get_context_data(**kwargs), **door_context()}


class SecondFactor(IndexView):  # type: ignore[misc]
    """allauth's page opens the codes to count them; ours counts them closed."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        return {**context, "factors": people_selector.factors_of(actor_of(self.request))}


def readable(view: permissions.View) -> permissions.View:
    """Lead back to the second factor, with the reason, when recovery codes cannot be opened."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except ValidationError as error:
            messages.error(request, error.messages[0])
            return redirect("mfa_index")

    return guarded


class RemovePasskey(RemoveWebAuthnView):  # type: ignore[misc]
    """allauth's page reads the account's own passkeys only; ours names the one."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        return {**context, "name": self.object.wrap().name}


@require_safe
@permissions.required("use_account")
def page(request: HttpRequest) -> HttpResponse:
    return _page(request, _preferences_form(request), status=200)


@permissions.required("use_account")
@permissions.sent_from("account")
def prefer(request: HttpRequest) -> HttpResponse:
    form = PreferencesForm(request.POST)
    if not form.is_valid():
        return _page(request, form, status=422)
    people.prefer(user=actor_of(request), **form.cleaned_data)
    messages.success(request, "Preferences kept.")
    return redirect("account")


@permissions.required("use_account")
@permissions.sent_from("account")
def end_session(request: HttpRequest, session_id: int) -> HttpResponse:
    if people.end_session(user=actor_of(request), session_id=session_id, now=timezone.now()):
        messages.success(request, "The session is ended.")
    else:
        messages.info(request, "The session had ended already.")
    return redirect("account")


@permissions.required("use_account")
@permissions.sent_from("account")
def end_other_sessions(request: HttpRequest) -> HttpResponse:
    key = request.session.session_key or ""
    ended = people.end_other_sessions(user=actor_of(request), keep=key, now=timezone.now())
    messages.success(request, f"{ended} other session{'' if ended == 1 else 's'} ended.")
    return redirect("account")


@sensitive_post_parameters("password1", "password2")
@never_cache
def invitation(request: HttpRequest, secret: str) -> HttpResponse:
    """The page behind an admin's link; after it the person signs in like everybody."""
    now = timezone.now()
    try:
        person = people.invited(secret=secret, now=now)
        form = InvitedForm(request.POST or None, user=person)
        if request.method == "POST" and form.is_valid():
            people.accept(secret=secret, password=form.cleaned_data["password1"], now=now)
            messages.success(request, f"Password kept. Sign in as {person.get_username()}.")
            return redirect("sign-in")
    except errors.InvitationOver as error:
        return render(request, "account/invitation_over.html", {"why": str(error)}, status=410)
    status = 422 if form.errors else 200
    context = {"form": form, "person": person}
    return render(request, "account/invitation.html", context, status=status)


@require_GET
def company_cancelled(request: HttpRequest) -> HttpResponse:
    if request.user.is_authenticated:
        messages.info(request, "You stopped at your company account. Nothing was changed.")
        return redirect("account")
    messages.info(request, "You stopped at your company account. You are not signed in.")
    return redirect("sign-in")


@require_http_methods(["GET", "POST"])
@permissions.required("use_account")
def confirm_company(request: HttpRequest) -> HttpResponse:
    """Prove who one is at the company's service, for people with no other way.

    Back from there they press once more: what they had sent before is an act, and no link may
    set it off.
    """
    company = door_context()["company"]
    if company is None:
        raise Http404("no company accounts")
    is_proven = permissions.is_proven(request)
    if request.method == "POST" and is_proven:
        answer = reauthentication.resume_request(request)
        return answer or redirect("account")
    context = {
        "company": company,
        "is_proven": is_proven,
        "here": request.get_full_path(),
        "redirect_field_name": "next",
        "redirect_field_value": get_next_redirect_url(request),
    }
    return render(request, "account/confirm_company.html", context)


def _preferences_form(request: HttpRequest) -> PreferencesForm:
    own = preferences_of(request) or UserPreferences()
    return PreferencesForm(
        initial={
            "time_zone": own.time_zone,
            "theme": own.theme,
            "has_single_keys": own.has_single_keys,
        }
    )


def _page(request: HttpRequest, form: PreferencesForm, *, status: int) -> HttpResponse:
    user, now = actor_of(request), timezone.now()
    roles = permissions.roles_of(user)
    sessions = [
        {
            "row": session,
            "browser": browser_of(session.user_agent),
            "is_here": session.session_key == request.session.session_key,
        }
        for session in people_selector.sessions_of(user, now=now)
    ]
    context = {
        "now": now,
        "form": form,
        "roles": people_selector.role_labels(user),
        "factors": people_selector.factors_of(user),
        "is_factor_needed": bool(roles & set(settings.MFA_ROLES)),
        "must_set_up": must_set_up(request),
        "has_password": user.has_usable_password(),
        "sessions": sessions,
        "others": sum(not session["is_here"] for session in sessions),
    }
    return render(request, "account/page.html", context, status=status)


def browser_of(user_agent: str) -> str:
    """ "Firefox on Windows": what the browser says of itself, which is no proof."""
    browsers = (("Edg/", "Edge"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"))
    systems = (
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Android", "Android"),
        ("Windows", "Windows"),
        ("Mac OS", "macOS"),
        ("Linux", "Linux"),
    )
    browser = next(
        (name for mark, name in (*browsers, ("Safari/", "Safari")) if mark in user_agent), ""
    )
    system = next((name for mark, name in systems if mark in user_agent), "")
    return " on ".join(part for part in (browser, system) if part) or "Not known"
