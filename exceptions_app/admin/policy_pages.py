"""A bridge's policy in plain words, and a connection's history with what its writes rest on."""

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
from exceptions_app.forms.admin import ConfirmForm
from exceptions_app.forms.bridges import PolicyReasonForm, policy_form
from exceptions_app.models import Bridge, Connection
from exceptions_app.permissions import actor_of
from exceptions_app.rules import policy as policies
from exceptions_app.selectors import setup as setup_selector
from exceptions_app.services import bridges, setup

NOT_SHOWN = (
    "Nothing was changed yet: these are not the values whose effect was shown. It is shown now."
)
_MARKS = {
    "documented": ("Documented", "good"),
    "customer_confirmed": ("Confirmed by a customer", "good"),
    "inferred": ("Inferred", "warn"),
    "placeholder": ("Placeholder", "bad"),
}


@require_http_methods(["GET", "HEAD", "POST"])
@permissions.required("view_mappings")
def policy(request: HttpRequest, bridge_id: int) -> HttpResponse:
    """Every option with its words; a change is shown before it is saved, and can be taken back."""
    bridge = get_object_or_404(Bridge.objects.select_related("source", "erp"), pk=bridge_id)
    if request.method != "POST":
        return _show_policy(request, bridge, _policy_form(request, bridge))
    if not permissions.can(request.user, "manage_connections"):
        raise PermissionDenied("manage_connections")
    form = policy_form()(request.POST.dict(), instance=bridge)
    if not form.is_valid():
        return _show_policy(request, bridge, form, status=422)
    if "preview" in request.POST:
        return _show_policy(request, bridge, form, wanted=form.cleaned_data["policy"])
    return _change_policy(request, bridge, form)


def _change_policy(request: HttpRequest, bridge: Bridge, form: PolicyReasonForm) -> HttpResponse:
    """Put in force what was shown; anything else is shown first, with all that was typed."""
    wanted = form.cleaned_data["policy"]
    try:
        if not form.is_shown():
            raise errors.InvalidChoice(NOT_SHOWN)
        bridges.change_policy(
            bridge_id=bridge.pk,
            policy=wanted,
            actor=actor_of(request),
            now=timezone.now(),
            reason=form.cleaned_data["reason"],
            seen=form.cleaned_data["seen"] or {},
        )
    except errors.DeskError as error:
        form.add_error(None, str(error))
        bridge.refresh_from_db(fields=["policy"])
        return _show_policy(request, bridge, form, wanted=wanted, status=422)
    messages.success(request, "The policy is in force. Open returns are planned again.")
    return redirect("admin:bridge-policy", bridge_id=bridge.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@permissions.required("view_operations")
def connection(request: HttpRequest, connection_id: int) -> HttpResponse:
    """Who changed the connection, and which of its writes nobody has confirmed yet."""
    row = get_object_or_404(Connection, pk=connection_id)
    form = ConfirmForm(request.POST or None)
    if request.method == "POST":
        if not permissions.can(request.user, "manage_connections"):
            raise PermissionDenied("manage_connections")
        if form.is_valid():
            try:
                setup.confirm_operation(
                    connection_id=row.pk,
                    operation=form.cleaned_data["operation"],
                    evidence=form.cleaned_data["evidence"],
                    actor=actor_of(request),
                    now=timezone.now(),
                )
            except errors.DeskError as error:
                form.add_error(None, str(error))
            else:
                name = form.cleaned_data["operation"]
                messages.success(request, f"{name} is confirmed, with you as the witness.")
                return redirect("admin:connection-history", connection_id=row.pk)
    operations, refusal = _operations(row)
    waiting = [each for each in operations if each["needs"]]
    form.offer([each["name"] for each in waiting])
    context = {
        "connection": row,
        "operations": operations,
        "refusal": refusal,
        "waiting": waiting,
        "entries": setup_selector.connection_story(row),
        "form": form,
        "may_change": permissions.can(request.user, "manage_connections"),
        "may_edit": permissions.can(request.user, "use_admin"),
    }
    status = 422 if form.errors else 200
    return render(request, "admin/setup/connection.html", context, status=status)


def _operations(row: Connection) -> tuple[list[dict[str, Any]], str]:
    """The operations as the page shows them, or why the profile cannot be read."""
    try:
        found = setup.operations_of(connection=row)
    except (errors.DeskError, ConnectorError) as error:
        return [], str(error)
    shown = []
    for each in found:
        is_confirmed = each.name in row.confirmed_operations
        label, tone = _MARKS[each.evidence.value]
        if is_confirmed and setup.is_unproven(each):
            label, tone = "Confirmed by evidence", "good"
        shown.append(
            {
                "name": each.name,
                "does": "Writes" if each.is_write else "Reads",
                "label": label,
                "tone": tone,
                "source": each.source,
                "needs": setup.is_unproven(each) and not is_confirmed,
            }
        )
    return shown, ""


def _policy_form(request: HttpRequest, bridge: Bridge) -> PolicyReasonForm:
    """The policy in force, or with `?back=` as it was after an earlier change."""
    form_class = policy_form()
    number = request.GET.get("back", "")
    if number.isascii() and number.isdigit() and len(number) < 16:
        values = setup_selector.policy_at(bridge, int(number))
        if values is None:
            raise Http404("no such change")
        return form_class(instance=bridge, as_of=values)
    return form_class(instance=bridge)


def _show_policy(
    request: HttpRequest,
    bridge: Bridge,
    form: PolicyReasonForm,
    *,
    wanted: dict[str, Any] | None = None,
    status: int = 200,
) -> HttpResponse:
    if wanted is None:
        wanted = form.as_of
    if wanted is not None or not form.is_bound:
        form.note(seen=bridge.policy, shown=wanted)
    context = {
        "bridge": bridge,
        "preset": policies.PRESETS[bridge.preset],
        "form": form,
        "rows": setup_selector.policy_rows(bridge),
        "is_previewed": wanted is not None,
        "changes": setup_selector.policy_changes(bridge.preset, bridge.policy, wanted)
        if wanted is not None
        else (),
        "touched": len(setup_selector.open_return_ids(bridge)) if wanted is not None else 0,
        "versions": setup_selector.policy_history(bridge),
        "may_change": permissions.can(request.user, "manage_connections"),
    }
    return render(request, "admin/setup/policy.html", context, status=status)
