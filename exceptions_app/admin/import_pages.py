"""Files of mappings coming in: uploaded, checked, shown, and applied as one act or put away."""

from __future__ import annotations

from decimal import Decimal
from functools import partial
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from exceptions_app import errors, permissions
from exceptions_app.admin import trying
from exceptions_app.admin.mapping_pages import bridge_or_404, file_answer, may_directly
from exceptions_app.choices import ImportStatus, MappingKind
from exceptions_app.forms.imports import UploadForm
from exceptions_app.models import Bridge, MappingImport
from exceptions_app.permissions import actor_of
from exceptions_app.rules.change_words import shown_target
from exceptions_app.selectors import mappings as mappings_selector
from exceptions_app.services import bulk_freezing, mapping_files, mapping_imports
from exceptions_app.services.mapping_imports import ADD, CHANGE, ERROR, SAME
from exceptions_app.services.previews import PLANNED_CAP

SHOWN = 50
_TONES = {
    ImportStatus.APPLIED: "good",
    ImportStatus.CHECKED: "wait",
    ImportStatus.DISCARDED: "calm",
    ImportStatus.REVERTED: "calm",
}


@require_http_methods(["GET", "HEAD", "POST"])
@permissions.required("manage_mappings")
def upload(request: HttpRequest, bridge_id: int, kind: str) -> HttpResponse:
    """Choose a file; what it would do is the next page."""
    bridge = bridge_or_404(bridge_id, kind)
    if not may_directly(request, kind):
        raise PermissionDenied("finance decides on these")
    form = UploadForm(
        request.POST or None,
        request.FILES or None,
        initial={"reason": _reason_before(request, bridge, kind)},
    )
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            found = mapping_imports.check(
                bridge=bridge,
                kind=kind,
                file_name=file.name,
                content=file.read(),
                reason=form.cleaned_data["reason"],
                actor=actor_of(request),
                now=timezone.now(),
            )
        except errors.DeskError as error:
            form.add_error("file", str(error))
        else:
            return redirect("admin:mapping-import", import_id=found.pk)
    context = {
        "bridge": bridge,
        "kind": MappingKind(kind),
        "form": form,
        "columns": mapping_files.columns(kind),
        "latest": mappings_selector.latest_imports(bridge=bridge, kind=kind),
    }
    status = 422 if form.errors else 200
    return render(request, "admin/mappings/upload.html", context, status=status)


def _reason_before(request: HttpRequest, bridge: Bridge, kind: str) -> str:
    """The reason given with the file that this one corrects (`?corrects=` its number)."""
    number = request.GET.get("corrects", "")
    if not (number.isascii() and number.isdigit() and len(number) < 16):
        return ""
    rows = MappingImport.objects.filter(pk=int(number), bridge=bridge, kind=kind)
    return rows.values_list("reason", flat=True).first() or ""


@require_safe
@permissions.required("view_mappings")
def detail(request: HttpRequest, import_id: int) -> HttpResponse:
    """What the file would do, or did: wrong rows first, then added, changed, the same."""
    found = import_or_404(import_id)
    return _show(request, found)


@permissions.required("manage_mappings")
@permissions.sent_from("admin:mapping-import", "import_id")
def apply(request: HttpRequest, import_id: int) -> HttpResponse:
    found = import_or_404(import_id)
    try:
        done = mapping_imports.apply(
            import_id=found.pk, actor=actor_of(request), now=timezone.now()
        )
    except errors.DeskError as error:
        messages.warning(request, str(error))
    else:
        number = mapping_imports.counts(done.rows)
        messages.success(
            request,
            f"{number[ADD]} added and {number[CHANGE]} changed. The returns that waited are "
            "planned again.",
        )
    return redirect("admin:mapping-import", import_id=found.pk)


@permissions.required("manage_mappings")
@permissions.sent_from("admin:mapping-import", "import_id")
def try_file(request: HttpRequest, import_id: int) -> HttpResponse:
    """Try all its rows together on returns of the past; it only reads, so it starts."""
    found = import_or_404(import_id)
    freeze = partial(bulk_freezing.freeze_file, found=found)
    try:
        bulk = trying.tried(request, request.POST.get("days", ""), freeze)
    except errors.DeskError as error:
        messages.warning(request, str(error))
        return redirect("admin:mapping-import", import_id=found.pk)
    return redirect("bulk", bulk_id=bulk.pk)


@permissions.required("manage_mappings")
@permissions.sent_from("admin:mapping-import", "import_id")
def discard(request: HttpRequest, import_id: int) -> HttpResponse:
    found = import_or_404(import_id)
    try:
        mapping_imports.discard(import_id=found.pk, actor=actor_of(request), now=timezone.now())
    except errors.DeskError as error:
        messages.warning(request, str(error))
        return redirect("admin:mapping-import", import_id=found.pk)
    messages.success(request, f"{found.file_name} is discarded. No mapping was changed.")
    return redirect("admin:mapping-kind", bridge_id=found.bridge_id, kind=found.kind)


@require_safe
@permissions.required("view_mappings")  # type: ignore[arg-type]  # a stream is a response too
def checked_file(
    request: HttpRequest, import_id: int, file_format: str
) -> HttpResponse | StreamingHttpResponse:
    """The whole file, each wrong row with what to do about it; corrected, it can come back."""
    found = import_or_404(import_id)
    if file_format not in mapping_files.FORMATS:
        raise Http404("no such format")
    heads = [*mapping_files.columns(found.kind), *mapping_files.IGNORED]
    rows = (mapping_imports.marked_row(found.kind, row) for row in found.rows)
    name = f"{found.bridge.code}-{found.kind}-checked.{file_format}"
    return file_answer(heads, rows, name, file_format)


def import_or_404(import_id: int) -> MappingImport:
    rows = MappingImport.objects.select_related("bridge__erp", "bridge__source", "uploaded_by")
    found = get_object_or_404(rows, pk=import_id)
    if found.kind not in MappingKind.values:
        raise Http404("no such kind")
    return found


def _show(request: HttpRequest, found: MappingImport) -> HttpResponse:
    number = mapping_imports.counts(found.rows)
    taken_back = mappings_selector.taking_back_of(found)
    left = mappings_selector.left_by(found) if taken_back else None
    # A file applied has become the mappings themselves; what it would do is over.
    effect = dict(found.effect)
    if effect:
        effect["freed"] = Decimal(effect["freed"])
        effect["rows"] = [
            {**row, "amount": Decimal(row["amount"])} for row in effect.get("rows", ())
        ]
    context = {
        "found": found,
        "bridge": found.bridge,
        "kind": MappingKind(found.kind),
        "tone": _TONES[ImportStatus(found.status)],
        "number": number,
        "total": len(found.rows),
        "will_change": number[ADD] + number[CHANGE],
        "refused": [row["source_value"] for row in found.rows if row.get("refused")],
        "groups": [
            _group(found, ERROR, "Wrong"),
            _group(found, CHANGE, "Changed"),
            _group(found, ADD, "Added"),
            _group(found, SAME, "As they are"),
        ],
        "effect": effect,
        "is_capped": effect.get("touched", 0) > len(effect.get("rows", ())),
        "planned_cap": PLANNED_CAP,
        "is_open": found.status == ImportStatus.CHECKED,
        "may_apply": may_directly(request, found.kind),
        "history_days": bulk_freezing.HISTORY_DAYS,
        "taken_back": taken_back,
        "left": list(left[:SHOWN]) if left is not None else [],
        "left_count": left.count() if left is not None else 0,
    }
    return render(request, "admin/mappings/import.html", context)


def _group(found: MappingImport, act: str, label: str) -> dict[str, Any]:
    rows = [row for row in found.rows if row["act"] == act]
    most = len(rows) if act == ERROR else SHOWN
    return {
        "act": act,
        "label": label,
        "count": len(rows),
        "left_out": max(0, len(rows) - most),
        "rows": [
            {
                "line": row["line"],
                "value": row["source_value"],
                "target": shown_target(found.kind, row["target"]),
                "before": shown_target(found.kind, row["before"]),
                "reason": row["reason"],
                "error": row["error"],
                "refused": row.get("refused", ""),
            }
            for row in rows[:most]
        ],
    }
