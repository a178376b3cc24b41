"""A connection's profile: checked, rehearsed, tried, put in force, and every version of it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from connectors.errors import ConnectorError
from exceptions_app import errors, permissions
from exceptions_app.admin.connection_pages import MARKS
from exceptions_app.forms.profiles import ACTIVATE, TRY, ProfileForm
from exceptions_app.models import Connection
from exceptions_app.permissions import actor_of
from exceptions_app.selectors import profiles as profiles_selector
from exceptions_app.services import connections, profiles


@require_http_methods(["GET", "HEAD", "POST"])
@permissions.required("view_operations")
def profile(request: HttpRequest, connection_id: int) -> HttpResponse:
    """What a profile says and would send; `?version=` shows an earlier one."""
    row = get_object_or_404(Connection, pk=connection_id)
    if "profile" not in connections.labels_of(row.kind):
        raise Http404("its API is documented: there is no profile")
    text = _asked_for(request, row)
    if request.method != "POST":
        return _page(request, row, _form(row, text), text)
    if not permissions.can(request.user, "manage_connections"):
        raise PermissionDenied("manage_connections")
    form = ProfileForm(request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, row, form, form.cleaned_data.get("profile") or text, status=422)
    return _act(request, row, form)


def _act(request: HttpRequest, row: Connection, form: ProfileForm) -> HttpResponse:
    text, act = form.cleaned_data["profile"], form.cleaned_data["act"]
    steps: tuple[Any, ...] = ()
    try:
        if act == ACTIVATE:
            return _activate(request, row, form)
        if act == TRY:
            steps = profiles.try_out(
                connection_id=row.pk,
                text=text,
                order_number=form.cleaned_data["order_number"].strip(),
                sku=form.cleaned_data["sku"].strip(),
                actor=actor_of(request),
                now=timezone.now(),
            )
    except (errors.DeskError, ConnectorError) as error:
        # What is wrong with the profile itself stands above the form, line by line.
        if not profiles.check(text=text, role=_role(row)).problems:
            form.add_error(None, str(error))
    # The page shows what was checked, also where it came as a file.
    shown = _form(row, text, {**form.cleaned_data, "text": text})
    if form.errors:
        shown.full_clean()
        shown.add_error(None, form.non_field_errors())
    return _page(request, row, shown, text, steps=steps, status=422 if form.errors else 200)


def _activate(request: HttpRequest, row: Connection, form: ProfileForm) -> HttpResponse:
    version = profiles.activate(
        connection_id=row.pk,
        text=form.cleaned_data["profile"],
        reason=form.cleaned_data["reason"],
        seen=form.cleaned_data["seen"],
        actor=actor_of(request),
        now=timezone.now(),
    )
    messages.success(request, f"{version} is in force from the next call on.")
    return redirect("admin:connection-profile", connection_id=row.pk)


def _asked_for(request: HttpRequest, row: Connection) -> str:
    """The text of `?version=`, else the one in force."""
    number = request.GET.get("version", "")
    if number:
        is_number = number.isascii() and number.isdigit() and len(number) < 9
        found = profiles_selector.version(row, int(number)) if is_number else None
        if found is None:
            raise Http404("no such version")
        return found.text
    try:
        return profiles.text_of(row)
    except ConnectorError:
        return ""


def _form(row: Connection, text: str, values: dict[str, Any] | None = None) -> ProfileForm:
    seen = connections.stamp(row)
    if values is None:
        return ProfileForm(initial={"text": text, "seen": seen})
    return ProfileForm({**values, "seen": seen, "file": None})


def _role(row: Connection) -> str:
    return connections.kind_of(row.kind).role


def _page(
    request: HttpRequest,
    row: Connection,
    form: ProfileForm,
    text: str,
    *,
    steps: tuple[Any, ...] = (),
    status: int = 200,
) -> HttpResponse:
    report = profiles.check(text=text, role=_role(row), settings=row.settings) if text else None
    context = {
        "connection": row,
        "form": form,
        "report": report,
        "unconfirmed": [
            (each, *MARKS[each.evidence.value]) for each in (report.unconfirmed if report else ())
        ],
        "steps": steps,
        "asked": request.GET.get("version", ""),
        "versions": profiles_selector.versions(row),
        "most": profiles_selector.SHOWN,
        "has_orders": _role(row) == connections.ERP,
        "may_change": permissions.can(request.user, "manage_connections"),
    }
    is_wrong = status == 200 and report is not None and bool(report.problems)
    is_sent = request.method == "POST"
    return render(
        request,
        "admin/setup/profile.html",
        context,
        status=422 if is_wrong and is_sent else status,
    )
