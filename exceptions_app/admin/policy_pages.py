"""A bridge's policy in plain words, and what else of a bridge may change."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from exceptions_app import errors, permissions
from exceptions_app.admin import trying
from exceptions_app.forms.bridges import BridgeChangeForm, PolicyReasonForm, policy_form
from exceptions_app.models import Bridge
from exceptions_app.permissions import actor_of
from exceptions_app.rules import policy as policies
from exceptions_app.selectors import setup as setup_selector
from exceptions_app.services import bridges, bulk_freezing

NOT_SHOWN = (
    "Nothing was changed yet: these are not the values whose effect was shown. It is shown now."
)


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
    if "history" in request.POST:
        return _try_policy(request, bridge, form)
    if "preview" in request.POST:
        return _show_policy(request, bridge, form, wanted=form.cleaned_data["policy"])
    return _change_policy(request, bridge, form)


def _try_policy(request: HttpRequest, bridge: Bridge, form: PolicyReasonForm) -> HttpResponse:
    """Replay the past under the values; it only reads, so it starts, and changes nothing."""
    wanted = form.cleaned_data["policy"]
    freeze = partial(bulk_freezing.freeze_policy, bridge=bridge, policy=wanted)
    try:
        found = trying.tried(request, request.POST["history"], freeze)
    except errors.DeskError as error:
        form.add_error(None, str(error))
        return _show_policy(request, bridge, form, wanted=wanted, status=422)
    return redirect("bulk", bulk_id=found.pk)


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
@permissions.required("manage_connections")
def bridge(request: HttpRequest, bridge_id: int) -> HttpResponse:
    """What a bridge is called, the zone its windows are in, and whether it works at all."""
    sides = Bridge.objects.select_related("source", "erp", "storefront")
    row = get_object_or_404(sides, pk=bridge_id)
    state = bridges.state(row)
    initial = {**state, "seen": state}
    form = BridgeChangeForm(request.POST.dict() if request.POST else None, initial=initial)
    if request.method == "POST" and form.is_valid():
        cleaned = form.cleaned_data
        try:
            bridges.change(
                bridge_id=row.pk,
                name=cleaned["name"],
                timezone_name=cleaned["timezone"],
                is_active=cleaned["is_active"],
                storefront=cleaned["storefront"],
                actor=actor_of(request),
                now=timezone.now(),
                reason=cleaned["reason"],
                seen=cleaned["seen"] or {},
            )
        except errors.DeskError as error:
            form.add_error(None, str(error))
            row.refresh_from_db()
            form.note(bridges.state(row))
        else:
            messages.success(request, "The change is in force. Open returns are planned again.")
            return redirect("admin:bridge-policy", bridge_id=row.pk)
    context = {
        "bridge": row,
        "preset": policies.PRESETS[row.preset],
        "form": form,
        "changes": setup_selector.bridge_history(row),
    }
    status = 422 if form.errors else 200
    return render(request, "admin/setup/bridge.html", context, status=status)


def _policy_form(request: HttpRequest, bridge: Bridge) -> PolicyReasonForm:
    """The policy in force; with `?back=` as it was after a change, with `?tried=` as tried."""
    form_class = policy_form()
    for name, find in (
        ("back", setup_selector.policy_at),
        ("tried", setup_selector.policy_tried),
    ):
        pk = trying.number(request.GET.get(name, ""))
        if pk:
            values = find(bridge, pk)
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
        wanted = form.as_read()
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
        "shown_reason": form["reason"].value() or "",
        "versions": setup_selector.policy_history(bridge),
        "may_change": permissions.can(request.user, "manage_connections"),
        "history_days": bulk_freezing.HISTORY_DAYS,
    }
    return render(request, "admin/setup/policy.html", context, status=status)
