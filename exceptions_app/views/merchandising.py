"""The data owners' room: SKU and mapping gaps by money, and what was mapped lately."""

from __future__ import annotations

from collections.abc import Iterator

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from exceptions_app import permissions
from exceptions_app.choices import Severity
from exceptions_app.selectors import merchandising as selector
from exceptions_app.selectors import paging, rooms, selection
from exceptions_app.templatetags.desk import changed_query
from exceptions_app.views import exports, triage

VIEWS = {"sku": ("SKUs", selector.SKU_TYPES), "mapping": ("Mappings", selector.MAPPING_TYPES)}


@require_safe
@permissions.required("view_merchandising")
def index(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    view, bridge = _asked(request)
    tallies = selector.tallies(
        {code: types for code, (_, types) in VIEWS.items()}, now=now, bridge=bridge
    )
    context: dict[str, object] = {
        "now": now,
        "view": view,
        "tabs": [
            {
                "url": changed_query(QueryDict(), {"view": code, "bridge": bridge}),
                "label": label,
                "note": f"{tallies[code].causes} causes, {tallies[code].returns_shown} returns",
                "is_current": code == view,
            }
            for code, (label, _) in VIEWS.items()
        ]
        + [
            {
                "url": changed_query(QueryDict(), {"view": "recent", "bridge": bridge}),
                "label": "Mapped lately",
                "is_current": view == "recent",
            }
        ],
        "query": changed_query(request.GET, {}),
        "selects": [
            {"name": "bridge", "label": "Bridge", "options": rooms.bridges(), "value": bridge}
        ],
    }
    cursor = request.GET.get("cursor", "")
    if view == "recent":
        page = selector.recently_mapped(now=now, bridge=bridge, cursor=cursor)
        context["mapped"] = page.rows
    else:
        scope = selector.open_gaps(VIEWS[view][1], now=now, bridge=bridge)
        page = selector.gaps(scope, cursor=cursor)
        context |= {
            "tally": tallies[view],
            "rows": page.rows,
            "newest": selection.newest_id(),
            "result": triage.result_of(request),
        }
    context |= {"newer": page.newer, "older": page.older}
    return render(request, "merchandising/index.html", context)


def _asked(request: HttpRequest) -> tuple[str, str]:
    """The list and the bridge; a NUL can be in no stored text and is no text for PostgreSQL."""
    view = request.GET.get("view", "")
    bridge = request.GET.get("bridge", "").replace("\0", "")
    return view if view in {*VIEWS, "recent"} else "sku", bridge


def _lines(request: HttpRequest) -> Iterator[list[exports.Cell]]:
    view, bridge = _asked(request)
    return _mapped_lines(bridge) if view == "recent" else _gap_lines(view, bridge)


def _gap_lines(view: str, bridge: str) -> Iterator[list[exports.Cell]]:
    """One row per gap and currency, then the totals; counts stand on a gap's first row."""
    yield [
        "Gap",
        "Bridge",
        "Suggestion",
        "Why",
        "Severity",
        "Returns waiting",
        "At risk",
        "Currency",
        "Oldest",
        "Owner",
        "Team",
    ]
    scope = selector.open_gaps(VIEWS[view][1], now=timezone.now(), bridge=bridge)
    whole = exports.Totals()
    for row in paging.every(
        lambda cursor: selector.gaps(scope, cursor=cursor, size=paging.FILE_SIZE)
    ):
        for place, (currency, value) in enumerate(exports.per_currency(row.values)):
            whole.add(currency, [value])
            yield [
                row.title,
                row.bridge or "Connection",
                row.suggestion or "No suggestion",
                row.why if row.suggestion else "",
                Severity(row.severity).label,
                "" if place else row.returns,
                *whole.cells([value], currency, absent="Not known"),
                currency,
                exports.moment(row.oldest),
                row.owner or "Nobody yet",
                row.team,
            ]
    for currency, figures in whole.rows():
        cells = whole.cells(figures, currency)
        yield [f"Total {currency}", "", "", "", "", "", *cells, currency, "", "", ""]


def _mapped_lines(bridge: str) -> Iterator[list[exports.Cell]]:
    """The same of what was mapped lately."""
    yield [
        "Value",
        "Bridge",
        "Now means",
        "Kind",
        "By",
        "Approved by",
        "File",
        "In force",
        "Closed by proof",
        "At risk before",
        "Currency",
    ]
    whole = exports.Totals()
    now = timezone.now()
    for row in paging.every(
        lambda cursor: selector.recently_mapped(now=now, bridge=bridge, cursor=cursor)
    ):
        for place, (currency, value) in enumerate(exports.per_currency(row.values)):
            whole.add(currency, [value])
            yield [
                row.mapping.source_value,
                row.mapping.bridge.name,
                row.target or "Nothing",
                row.mapping.get_kind_display(),
                row.mapping.created_by,
                row.mapping.approved_by,
                row.mapping.file.file_name if row.mapping.file else "",
                exports.moment(row.mapping.activated_at),
                "" if place else row.healed,
                *whole.cells([value], currency, absent="None"),
                currency,
            ]
    for currency, figures in whole.rows():
        cells = whole.cells(figures, currency)
        yield [f"Total {currency}", "", "", "", "", "", "", "", "", *cells, currency]


export, export_xlsx = exports.doors(
    capability="view_merchandising", name="merchandising", lines=_lines
)
