"""A connection: who changed what and why, and what its writes rest on."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from connectors.errors import ConnectorError
from exceptions_app import errors, permissions
from exceptions_app.forms.admin import ConfirmForm, WithdrawForm
from exceptions_app.models import Connection, ErpLocation
from exceptions_app.permissions import actor_of
from exceptions_app.selectors import call_costs, mapping_coverage
from exceptions_app.selectors import setup as setup_selector
from exceptions_app.services import connections, setup

MARKS = {
    "documented": ("Documented", "good"),
    "customer_confirmed": ("Confirmed by a customer", "good"),
    "inferred": ("Inferred", "warn"),
    "placeholder": ("Placeholder", "bad"),
}


@require_http_methods(["GET", "HEAD", "POST"])
@permissions.required("view_operations")
def history(request: HttpRequest, connection_id: int) -> HttpResponse:
    """Who changed the connection, and which of its writes nobody has confirmed yet."""
    row = get_object_or_404(Connection, pk=connection_id)
    is_withdrawal = "withdraw" in request.POST
    sent = request.POST.dict()
    confirm = ConfirmForm(sent if sent and not is_withdrawal else None)
    withdraw = WithdrawForm(sent if is_withdrawal else None)
    if request.method == "POST":
        if not permissions.can(request.user, "manage_connections"):
            raise PermissionDenied("manage_connections")
        act, form = (_withdraw, withdraw) if is_withdrawal else (_confirm, confirm)
        if form.is_valid() and (said := act(request, row, form)):
            messages.success(request, said)
            return redirect("admin:connection-history", connection_id=row.pk)
        row.refresh_from_db()
    operations, refusal = _operations(row)
    waiting = [each["name"] for each in operations if each["needs"]]
    confirm.offer(waiting)
    confirm.note(connections.basis_stamp(row))
    withdraw.offer(row.confirmed_operations)
    context = {
        "connection": row,
        "operations": operations,
        "refusal": refusal,
        "waiting": waiting,
        "entries": setup_selector.connection_story(row, connections.labels_of(row.kind)),
        "most": setup_selector.HISTORY,
        "form": confirm,
        "withdraw_form": withdraw,
        "cost": call_costs.of_connections([row], now=timezone.now())[row.pk],
        "locations": _locations(row),
        "is_erp": row.kind in connections.codes_of(connections.ERP),
        "shop_of": setup_selector.shop_of(row),
        "periods": list(row.closed_periods.values_list("period", flat=True)),
        "coverage": mapping_coverage.coverage(setup_selector.bridges_of(row)),
        "may_change": permissions.can(request.user, "manage_connections"),
        "has_profile": "profile" in connections.labels_of(row.kind),
        "may_edit": permissions.can(request.user, "use_admin"),
    }
    status = 422 if confirm.errors or withdraw.errors else 200
    return render(request, "admin/setup/connection.html", context, status=status)


def _locations(row: Connection) -> list[ErpLocation] | None:
    """What the ERP or shop told of its locations; None for a system that has none."""
    names = (*connections.codes_of(connections.ERP), *connections.codes_of(connections.STOREFRONT))
    if row.kind not in names:
        return None
    return setup_selector.locations_of(row)


def _confirm(request: HttpRequest, row: Connection, form: Any) -> str:
    """What to say about it; empty when it was refused, with the words on the form."""
    name = form.cleaned_data["operation"]
    try:
        setup.confirm_operation(
            connection_id=row.pk,
            operation=name,
            evidence=form.cleaned_data["evidence"],
            seen=form.cleaned_data["seen"],
            actor=actor_of(request),
            now=timezone.now(),
        )
    except (errors.DeskError, ConnectorError) as error:
        form.add_error(None, str(error))
        return ""
    return f"{name} is confirmed, with you as the witness."


def _withdraw(request: HttpRequest, row: Connection, form: Any) -> str:
    name = form.cleaned_data["operation"]
    try:
        setup.withdraw_confirmation(
            connection_id=row.pk,
            operation=name,
            reason=form.cleaned_data["reason"],
            actor=actor_of(request),
            now=timezone.now(),
        )
    except errors.DeskError as error:
        form.add_error(None, str(error))
        return ""
    return f"{name} is confirmed no more. A live connection does not use it from now on."


def _operations(row: Connection) -> tuple[list[dict[str, Any]], str]:
    """The operations as the page shows them, or why the profile cannot be read."""
    try:
        found = setup.operations_of(connection=row)
    except (errors.DeskError, ConnectorError) as error:
        return [], str(error)
    shown = []
    for each in found:
        is_confirmed = each.name in row.confirmed_operations
        label, tone = MARKS[each.evidence.value]
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
