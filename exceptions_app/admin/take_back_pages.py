"""Mappings taken back: what it affects is shown first, and a reason is due."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from exceptions_app import errors, permissions
from exceptions_app.admin.import_pages import import_or_404
from exceptions_app.admin.mapping_pages import bridge_or_404, may_directly, may_map
from exceptions_app.choices import ImportStatus, MappingKind
from exceptions_app.forms.imports import TakeBackForm
from exceptions_app.models import Bridge
from exceptions_app.permissions import actor_of
from exceptions_app.rules.change_words import shown_target
from exceptions_app.services import mapping_reversals, setup

SHOWN = 50


@require_http_methods(["GET", "HEAD", "POST"])
@permissions.required("view_mappings")
def withdraw(request: HttpRequest, bridge_id: int, kind: str) -> HttpResponse:
    """Take the version in force of one value back: admins of goods and places, others by asking."""
    bridge = bridge_or_404(bridge_id, kind)
    if not may_map(request, kind):
        raise PermissionDenied("manage_mappings")
    value = request.GET.get("value", "").replace("\0", "")
    form = TakeBackForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            said = _withdraw(request, bridge, kind, value, form.cleaned_data)
        except errors.DeskError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, said)
            query = urlencode({"value": value})
            return redirect(f"{reverse('admin:mapping-history', args=[bridge.pk, kind])}?{query}")
    reversal = mapping_reversals.of_value(bridge=bridge, kind=kind, value=value)
    if not reversal.going and not form.errors:
        raise Http404("nothing is in force")
    return _show(request, bridge, kind, form, reversal, {"value": value})


@require_http_methods(["GET", "HEAD", "POST"])
@permissions.required("manage_mappings")
def take_back(request: HttpRequest, import_id: int) -> HttpResponse:
    """Take back all that an applied file put in force and that is still so."""
    found = import_or_404(import_id)
    _check_may(request, found.kind)
    form = TakeBackForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            done, reversal = mapping_reversals.take_back(
                import_id=found.pk, actor=actor_of(request), now=timezone.now(), **form.cleaned_data
            )
        except errors.FixAlreadyDecided as error:
            messages.warning(request, str(error))
            return redirect("admin:mapping-import", import_id=found.pk)
        except errors.DeskError as error:
            form.add_error(None, str(error))
        else:
            messages.success(
                request,
                f"{done.file_name} is taken back: {reversal.again_count} as before, "
                f"{reversal.unmapped_count} mapped no more, {len(reversal.left)} left.",
            )
            return redirect("admin:mapping-import", import_id=found.pk)
    if found.status != ImportStatus.APPLIED:
        messages.warning(request, f"{found.file_name} is {found.get_status_display().lower()}.")
        return redirect("admin:mapping-import", import_id=found.pk)
    reversal = mapping_reversals.of_file(found=found)
    return _show(request, found.bridge, found.kind, form, reversal, {"found": found})


def _withdraw(
    request: HttpRequest, bridge: Bridge, kind: str, value: str, answers: dict[str, Any]
) -> str:
    """One service call; returns what to say about it."""
    asked: dict[str, Any] = {
        "bridge": bridge,
        "kind": kind,
        "source_value": value,
        "actor": actor_of(request),
        "now": timezone.now(),
        **answers,
    }
    if not may_directly(request, kind):
        mapping_reversals.ask_to_withdraw(**asked)
        return "Asked for. It holds until another person approves that it ends."
    row = mapping_reversals.withdraw(**asked)
    return (
        f"Version {row.version} of {row.source_value} is taken back. What it affects is planned "
        "again."
    )


def _check_may(request: HttpRequest, kind: str) -> None:
    if not may_directly(request, kind):
        raise PermissionDenied("finance decides on these")


def _show(
    request: HttpRequest,
    bridge: Bridge,
    kind: str,
    form: TakeBackForm,
    reversal: mapping_reversals.Reversal,
    about: dict[str, Any],
) -> HttpResponse:
    """`about` names the value or the file."""
    effect = mapping_reversals.effect_of(
        bridge=bridge, kind=kind, reversal=reversal, now=timezone.now()
    )
    context = {
        "bridge": bridge,
        "kind": MappingKind(kind),
        "form": form,
        "seen": reversal.stamp,
        "reversal": reversal,
        "going": [
            {
                "row": row,
                "now": shown_target(kind, row.target),
                "before": before,
                "after": shown_target(kind, before.target) if before else "",
            }
            for row, before in reversal.going[:SHOWN]
        ],
        "going_left_out": max(0, len(reversal.going) - SHOWN),
        "effect": effect,
        "is_direct": may_directly(request, kind),
        "is_money": not setup.is_direct(kind),
        **about,
    }
    status = 422 if form.errors else 200
    return render(request, "admin/mappings/take_back.html", context, status=status)
