"""People: who may sign in, with which roles; only admins come here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import structlog
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import User
from django.core.mail import send_mail
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from exceptions_app import errors, permissions
from exceptions_app.choices import Role
from exceptions_app.forms.people import FindForm, InviteForm, RolesForm, SwitchOffForm
from exceptions_app.permissions import actor_of
from exceptions_app.selectors import paging
from exceptions_app.selectors import people as people_selector
from exceptions_app.services import people
from exceptions_app.views.middleware import later

log = structlog.get_logger(__name__)

# Roles by which money leaves, or by which all others are given.
WATCHED = frozenset({Role.FINANCE, Role.ADMIN})


@require_safe
@permissions.required("manage_users")
def index(request: HttpRequest) -> HttpResponse:
    form = FindForm(request.GET)
    wanted = form.cleaned_data if form.is_valid() else {"q": "", "role": ""}
    found = people_selector.everyone(text=wanted["q"], role=wanted["role"])
    cursor = request.GET.get("cursor", "")
    page = paging.page(found, order=people_selector.ORDER, cursor=cursor)
    context = {
        "now": timezone.now(),
        "q": wanted["q"],
        "role": wanted["role"],
        "roles": form.fields["role"].choices,  # type: ignore[attr-defined]
        "rows": [_row(user) for user in page.rows],
        "newer": page.newer,
        "older": page.older,
        "count": paging.shown(paging.count(found)),
    }
    return render(request, "people/list.html", context)


@never_cache
@permissions.required("manage_users")
@permissions.proven
def invite(request: HttpRequest) -> HttpResponse:
    form = InviteForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            user, secret = people.invite(
                **form.cleaned_data, actor=actor_of(request), now=timezone.now()
            )
        except errors.InvalidChoice as error:
            form.add_error("email", str(error))
        else:
            _tell_admins(request, user, set(form.cleaned_data["roles"]))
            return _show_link(request, user, secret)
    status = 422 if form.errors else 200
    return render(request, "people/invite.html", {"form": form}, status=status)


@require_safe
@permissions.required("manage_users")
def detail(request: HttpRequest, user_id: int) -> HttpResponse:
    user = _found(user_id)
    form = RolesForm(initial={"roles": [group.name for group in user.groups.all()]})
    return _detail(request, user, form, status=200)


@permissions.required("manage_users")
@permissions.sent_from("person", "user_id")
@permissions.proven
def change_roles(request: HttpRequest, user_id: int) -> HttpResponse:
    user = _found(user_id)
    form = RolesForm(request.POST)
    before = {group.name for group in user.groups.all()}
    if form.is_valid():
        try:
            people.change_roles(
                user_id=user.pk,
                roles=form.cleaned_data["roles"],
                actor=actor_of(request),
                now=timezone.now(),
            )
        except errors.InvalidChoice as error:
            form.add_error("roles", str(error))
        else:
            _tell_admins(request, user, set(form.cleaned_data["roles"]) - before)
            messages.success(request, "Roles kept. They hold from the next click on.")
            return redirect("person", user_id=user.pk)
    return _detail(request, user, form, status=422)


@require_http_methods(["GET", "HEAD", "POST"])
@permissions.required("manage_users")
@permissions.proven
def deactivate(request: HttpRequest, user_id: int) -> HttpResponse:
    """What it does is shown first, and a reason is due; their exceptions go back to the teams."""
    user = _found(user_id)
    form = SwitchOffForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            freed = people.deactivate(
                user_id=user.pk,
                actor=actor_of(request),
                reason=form.cleaned_data["reason"],
                now=timezone.now(),
            )
        except errors.InvalidChoice as error:
            form.add_error(None, str(error))
        else:
            words = "1 exception is" if freed == 1 else f"{freed} exceptions are"
            text = f" {words} free again." if freed else ""
            messages.success(request, f"Switched off. All sessions are ended.{text}")
            return redirect("person", user_id=user.pk)
    context = {
        "person": user,
        "form": form,
        "sessions": people_selector.sessions_of(user, now=timezone.now()).count(),
        "held": people_selector.held_by(user),
    }
    return render(request, "people/switch_off.html", context, status=422 if form.errors else 200)


@permissions.required("manage_users")
@permissions.sent_from("person", "user_id")
@permissions.proven
def reactivate(request: HttpRequest, user_id: int) -> HttpResponse:
    return _act(request, user_id, people.reactivate, "Switched on, with the roles as before.")


@permissions.required("manage_users")
@permissions.sent_from("person", "user_id")
@permissions.proven
def remove_second_factor(request: HttpRequest, user_id: int) -> HttpResponse:
    done = "No second factor is left, and all sessions are ended."
    return _act(request, user_id, people.remove_second_factor, done)


@never_cache
@permissions.required("manage_users")
@permissions.sent_from("person", "user_id")
@permissions.proven
def renew_link(request: HttpRequest, user_id: int) -> HttpResponse:
    user = _found(user_id)
    try:
        user, secret = people.renew_link(
            user_id=user.pk, actor=actor_of(request), now=timezone.now()
        )
    except errors.InvalidChoice as error:
        messages.warning(request, str(error))
        return redirect("person", user_id=user_id)
    return _show_link(request, user, secret)


def _act(
    request: HttpRequest, user_id: int, service: Callable[..., User], done: str
) -> HttpResponse:
    user = _found(user_id)
    try:
        service(user_id=user.pk, actor=actor_of(request), now=timezone.now())
    except errors.InvalidChoice as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, done)
    return redirect("person", user_id=user.pk)


def _found(user_id: int) -> User:
    try:
        return people_selector.get(user_id=user_id)
    except User.DoesNotExist as error:
        raise Http404 from error


def _row(user: User) -> dict[str, Any]:
    word, tone = people_selector.state_of(user)
    return {
        "user": user,
        "roles": ", ".join(people_selector.role_labels(user)),
        "state": word,
        "tone": tone,
    }


def _detail(request: HttpRequest, user: User, form: RolesForm, *, status: int) -> HttpResponse:
    now = timezone.now()
    context = {
        "now": now,
        "row": _row(user),
        "person": user,
        "form": form,
        "is_self": user.pk == actor_of(request).pk,
        "sessions": people_selector.sessions_of(user, now=now).count(),
        "factors": people_selector.factors_of(user),
        "is_factor_needed": bool(
            {group.name for group in user.groups.all()} & set(settings.MFA_ROLES)
        ),
    }
    return render(request, "people/detail.html", context, status=status)


def _tell_admins(request: HttpRequest, person: User, granted: set[str]) -> None:
    """Money and access are given in the sight of the other admins, if there is a mail server."""
    watched = [Role(code).label for code in Role.values if code in granted & WATCHED]
    actor = actor_of(request)
    others = people_selector.other_admins(user_ids={actor.pk, person.pk})
    if not (settings.CAN_MAIL and watched and others):
        return
    context = {
        "person": person,
        "roles": " and ".join(watched),
        "by": actor.get_full_name() or actor.get_username(),
        "link": request.build_absolute_uri(reverse("person", args=[person.pk])),
    }
    text = render_to_string("people/granted.txt", context)
    subject = f"{person.get_username()} was given {context['roles']} in Returnsbridge"

    def send() -> None:
        try:
            for address in others:
                send_mail(subject, text, None, [address])
        except OSError:
            log.exception("mail_not_sent", template="people/granted.txt")

    later(request, send)


def _show_link(request: HttpRequest, user: User, secret: str) -> HttpResponse:
    """Shown this once, and not kept: the page must not be stored, and a reload asks again."""
    link = request.build_absolute_uri(reverse("invitation", args=[secret]))
    context = {
        "person": user,
        "link": link,
        "hours": settings.INVITATION_HOURS,
        "mail": _mail(user, link, request),
    }
    return render(request, "people/link.html", context)


def _mail(user: User, link: str, request: HttpRequest) -> str:
    """ "sent", "failed", or "off" without a mail server."""
    if not settings.CAN_MAIL:
        return "off"
    context = {
        "person": user,
        "link": link,
        "host": request.get_host(),
        "hours": settings.INVITATION_HOURS,
        "by": actor_of(request).get_full_name() or actor_of(request).get_username(),
    }
    text = render_to_string("people/invitation.txt", context)
    try:
        send_mail("Your access to Returnsbridge", text, None, [user.email])
    except OSError:
        return "failed"
    return "sent"
