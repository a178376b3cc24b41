"""Mappings: how much is mapped, what is not, every version of a value, and files out."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import tzinfo
from functools import partial
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from exceptions_app import errors, permissions
from exceptions_app.admin import trying
from exceptions_app.choices import MappingKind
from exceptions_app.forms.imports import MapForm
from exceptions_app.models import Bridge, Bulk, Mapping
from exceptions_app.permissions import actor_of
from exceptions_app.rules import change_words
from exceptions_app.rules.change_words import TARGET_FIELDS
from exceptions_app.rules.mapping import normalise
from exceptions_app.selectors import came_as, mapping_coverage, paging, seen_values
from exceptions_app.selectors import mappings as mappings_selector
from exceptions_app.services import bulk_freezing, mapping_files, mappings, previews, setup
from exceptions_app.templatetags.desk import when

_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_CHUNK = 2_000


@require_safe
@permissions.required("view_mappings")
def overview(request: HttpRequest) -> HttpResponse:
    """Every active bridge with all kinds of its mappings."""
    bridges = list(Bridge.objects.filter(is_active=True).select_related("source", "erp"))
    context = {
        "rows": sorted(mapping_coverage.coverage(bridges), key=_most_held_up),
        "recent": f"{seen_values.RECENT_RETURNS:,}",
        "now": timezone.now(),
    }
    return render(request, "admin/mappings/overview.html", context)


def _most_held_up(row: mapping_coverage.BridgeCoverage) -> tuple[int, str]:
    return -sum(each.waiting_returns for each in row.kinds), row.bridge.name


@require_safe
@permissions.required("view_mappings")
def kind_page(request: HttpRequest, bridge_id: int, kind: str) -> HttpResponse:
    """One kind of one bridge: what nobody mapped, and what is in force."""
    bridge = bridge_or_404(bridge_id, kind)
    text = request.GET.get("q", "")
    rows = mappings_selector.listed(bridge=bridge, kind=kind, text=text)
    page = paging.page(
        rows, order=mappings_selector.VERSION_ORDER, cursor=request.GET.get("cursor", "")
    )
    (covered,) = mapping_coverage.coverage([bridge])
    context = {
        "bridge": bridge,
        "kind": MappingKind(kind),
        "covered": next(each for each in covered.kinds if each.kind == kind),
        "unknowns": mapping_coverage.unknowns(bridge=bridge, kind=kind),
        "page": page,
        "rows": [
            {"row": row, "target": change_words.shown_target(kind, row.target)} for row in page.rows
        ],
        "count": paging.shown(paging.count(rows)),
        "q": text,
        "tabs": [
            {
                "url": reverse("admin:mapping-kind", args=[bridge.pk, each.kind]),
                "label": each.label,
                "note": f"{each.known:,} of {each.seen:,}" if each.seen else "none seen",
                "is_current": each.kind == kind,
            }
            for each in covered.kinds
        ],
        "latest": mappings_selector.latest_imports(bridge=bridge, kind=kind),
        "may_map": may_map(request, kind),
        "may_import": may_directly(request, kind),
        "recent": f"{seen_values.RECENT_RETURNS:,}",
    }
    return render(request, "admin/mappings/kind.html", context)


@require_safe
@permissions.required("view_mappings")
def history(request: HttpRequest, bridge_id: int, kind: str) -> HttpResponse:
    """Every version of one value, newest first."""
    bridge = bridge_or_404(bridge_id, kind)
    value = request.GET.get("value", "")
    versions = mappings_selector.versions(bridge=bridge, kind=kind, value=value)
    if not versions:
        raise Http404("no such mapping")
    context = {
        "bridge": bridge,
        "kind": MappingKind(kind),
        "value": versions[0].row.source_value,
        "versions": versions,
        "may_map": may_map(request, kind),
    }
    return render(request, "admin/mappings/history.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@permissions.required("view_mappings")
def map_value(request: HttpRequest, bridge_id: int, kind: str) -> HttpResponse:
    """Map one value, or go back to an earlier version; what it would do is shown first, and can be
    tried on returns of the past."""
    bridge = bridge_or_404(bridge_id, kind)
    if not may_map(request, kind):
        raise PermissionDenied("manage_mappings")
    if request.method != "POST":
        return _show_form(request, bridge, kind, _asked_form(request, bridge, kind))
    form = MapForm(request.POST, bridge=bridge, kind=kind)
    if not form.is_valid() or "preview" in request.POST:
        status = 200 if form.is_valid() else 422
        return _show_form(request, bridge, kind, form, status=status)
    try:
        if "history" in request.POST:
            return redirect("bulk", bulk_id=_try(request, form).pk)
        said = _act(request, form)
    except errors.DeskError as error:
        form.add_error(None, str(error))
        return _show_form(request, bridge, kind, form, status=422)
    messages.success(request, said)
    query = urlencode({"value": form.cleaned_data["value"]})
    return redirect(f"{reverse('admin:mapping-history', args=[bridge.pk, kind])}?{query}")


@require_safe
@permissions.required("view_mappings")  # type: ignore[arg-type]  # a stream is a response too
def export(
    request: HttpRequest, bridge_id: int, kind: str, file_format: str
) -> HttpResponse | StreamingHttpResponse:
    """The rows in force, every version with `?rows=all`, or only the heads with `?rows=none`."""
    bridge = bridge_or_404(bridge_id, kind)
    if file_format not in mapping_files.FORMATS:
        raise Http404("no such format")
    wanted = request.GET.get("rows", "")
    is_history = wanted == "all"
    heads = [*mapping_files.columns(kind), *(mapping_files.HISTORY_FIELDS if is_history else ())]
    found = mappings_selector.exported(bridge=bridge, kind=kind, is_history=is_history)
    if wanted == "none":
        found = found.none()
    # A stream is read when the request is over, and the reader's zone with it.
    zone = timezone.get_current_timezone()
    rows = (
        _file_row(row, zone, is_history=is_history) for row in found.iterator(chunk_size=_CHUNK)
    )
    suffix = {"all": "-history", "none": "-template"}.get(wanted, "")
    name = f"{bridge.code}-{kind}{suffix}.{file_format}"
    return file_answer(heads, rows, name, file_format)


@require_safe
@permissions.required("view_mappings")  # type: ignore[arg-type]  # a stream is a response too
def export_all(
    request: HttpRequest, bridge_id: int, file_format: str
) -> HttpResponse | StreamingHttpResponse:
    """What is in force of every kind of one bridge, in one file; each kind fills its columns."""
    bridge = get_object_or_404(Bridge, pk=bridge_id)
    if file_format not in mapping_files.FORMATS:
        raise Http404("no such format")
    fields = [name for names in TARGET_FIELDS.values() for name in names]
    heads = ["kind", "value", *fields, "reason", "version", "made_by", "approved_by", "since"]
    zone = timezone.get_current_timezone()
    found = mappings_selector.in_force_of(bridge=bridge).iterator(chunk_size=_CHUNK)
    rows = (_whole_row(row, fields, zone) for row in found)
    return file_answer(heads, rows, f"{bridge.code}-mappings.{file_format}", file_format)


def file_answer(
    heads: list[str], rows: Iterable[list[str]], name: str, file_format: str
) -> HttpResponse | StreamingHttpResponse:
    """A file as a download: CSV row by row as it is read, XLSX whole and capped."""
    answer: HttpResponse | StreamingHttpResponse
    if file_format == "csv":
        lines = mapping_files.streamed(heads=heads, rows=rows)
        answer = StreamingHttpResponse(lines, content_type=_TYPES[file_format])
    else:
        content = mapping_files.written(heads=heads, rows=rows, file_format=file_format)
        answer = HttpResponse(content, content_type=_TYPES[file_format])
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def bridge_or_404(bridge_id: int, kind: str) -> Bridge:
    if kind not in MappingKind.values:
        raise Http404("no such kind")
    return get_object_or_404(Bridge.objects.select_related("source", "erp"), pk=bridge_id)


def may_map(request: HttpRequest, kind: str) -> bool:
    """Whether the reader may change mappings of this kind, or end one: at once, or by asking."""
    return setup.may_map(actor=request.user, kind=kind)


def may_directly(request: HttpRequest, kind: str) -> bool:
    return setup.may_put_in_force(actor=request.user, kind=kind)


def _file_row(row: Mapping, zone: tzinfo, *, is_history: bool) -> list[str]:
    cells = [row.source_value, *(str(row.target.get(name, "")) for name in TARGET_FIELDS[row.kind])]
    cells.append(row.reason)
    if is_history:
        with timezone.override(zone):
            moments = when(row.created_at), when(row.ended_at, "")
        cells += [
            str(row.version),
            row.get_status_display(),
            row.created_by,
            moments[0],
            row.approved_by,
            moments[1],
        ]
    return cells


def _whole_row(row: Mapping, fields: list[str], zone: tzinfo) -> list[str]:
    with timezone.override(zone):
        since = when(row.activated_at, "")
    return [
        row.get_kind_display(),
        row.source_value,
        *(str(row.target.get(name, "")) for name in fields),
        row.reason,
        str(row.version),
        row.created_by,
        row.approved_by,
        since,
    ]


def _asked_form(request: HttpRequest, bridge: Bridge, kind: str) -> MapForm:
    """The form as the address fills it: a value, a target, or an earlier version to go back to."""
    given = {name: request.GET.get(name, "") for name in ("value", "reason", *TARGET_FIELDS[kind])}
    number = request.GET.get("version", "")
    if number.isascii() and number.isdigit() and len(number) < 9:
        rows = mappings_selector.versions(bridge=bridge, kind=kind, value=given["value"])
        earlier = next((each.row for each in rows if each.row.version == int(number)), None)
        if earlier is None:
            raise Http404("no such version")
        given |= {name: str(earlier.target.get(name, "")) for name in TARGET_FIELDS[kind]}
        given["reason"] = given["reason"] or f"Back to version {number}: "
    return MapForm(initial=given, bridge=bridge, kind=kind)


def _show_form(
    request: HttpRequest, bridge: Bridge, kind: str, form: MapForm, *, status: int = 200
) -> HttpResponse:
    value = _typed(form, "value")
    effect, seen = _effect(bridge, kind, form)
    versions = mappings_selector.versions(bridge=bridge, kind=kind, value=value)
    ranked: Any = {}
    mixed: dict[str, str] = {}
    if kind == MappingKind.SKU_ALIAS and value:
        mixed = came_as.mixed(bridge=bridge, skus=[value])
        ranked = mapping_coverage.suggestions(bridge=bridge, skus=[value])
    context = {
        "bridge": bridge,
        "kind": MappingKind(kind),
        "form": form,
        "value": value,
        "current": next((each for each in versions if each.row.status == "active"), None),
        "suggestions": next(iter(ranked.values()), ()),
        "mixed": mixed.get(normalise(value), ""),
        "locations": previews.location_choices(bridge=bridge) if kind == "location" else (),
        "effect": effect,
        "seen": seen,
        "is_direct": may_directly(request, kind),
        "history_days": bulk_freezing.HISTORY_DAYS,
    }
    return render(request, "admin/mappings/map.html", context, status=status)


def _effect(bridge: Bridge, kind: str, form: MapForm) -> tuple[previews.Effect | None, str]:
    """What the target on the form would do, and the sign of it; None while it is not usable."""
    asked: dict[str, Any] = {"bridge": bridge, "kind": kind, "source_value": _typed(form, "value")}
    target = {name: _typed(form, name) for name in TARGET_FIELDS[kind]}
    if not asked["source_value"] or not any(target.values()):
        return None, ""
    try:
        clean = mappings.clean_target(target=target, **asked)
        effect = setup.effect_of(target=clean, now=timezone.now(), **asked)
    except errors.InvalidChoice:
        return None, ""
    return effect, setup.stamp(target=clean, **asked)


def _typed(form: MapForm, name: str) -> str:
    """What stands in a field, sent or given; a NUL is no text for the database."""
    return str(form[name].value() or "").replace("\0", "")


def _try(request: HttpRequest, form: MapForm) -> Bulk:
    freeze = partial(
        bulk_freezing.freeze_mapping,
        bridge=form.bridge,
        kind=form.kind,
        source_value=form.cleaned_data["value"],
        target=form.target,
        reason=form.cleaned_data["reason"],
    )
    return trying.tried(request, request.POST["history"], freeze)


def _act(request: HttpRequest, form: MapForm) -> str:
    """One service call; returns what to say about it."""
    value = form.cleaned_data["value"]
    given: dict[str, Any] = {
        "bridge": form.bridge,
        "kind": form.kind,
        "source_value": value,
        "target": form.target,
        "reason": form.cleaned_data["reason"],
        "actor": actor_of(request),
        "now": timezone.now(),
        "seen": request.POST.get("seen", ""),
    }
    if may_directly(request, form.kind):
        row = setup.map_directly(**given)
        return f"Version {row.version} of {value} is in force. What waited for it is planned again."
    setup.ask_to_map(**given)
    return "Asked for. It is in force once another person approves it."
