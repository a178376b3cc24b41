"""Stock that customers are sending back, by item, and how fresh the item masters are."""

from __future__ import annotations

from collections.abc import Iterator

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from exceptions_app import permissions
from exceptions_app.selectors import confidence as selector
from exceptions_app.selectors import item_feeds, paging, rooms
from exceptions_app.templatetags.desk import changed_query
from exceptions_app.views import exports


@require_safe
@permissions.required("view_merchandising")
def index(request: HttpRequest) -> HttpResponse:
    now, bridge = timezone.now(), _bridge(request)
    page = selector.items(now=now, bridge=bridge, cursor=request.GET.get("cursor", ""))
    context = {
        "now": now,
        "rows": page.rows,
        "newer": page.newer,
        "older": page.older,
        "feeds": item_feeds.feeds(now=now, bridge=bridge),
        "days": selector.LOOKED_BACK.days,
        "compared_days": item_feeds.COMPARED_FOR.days,
        "query": changed_query(request.GET, {}),
        "selects": [
            {"name": "bridge", "label": "Bridge", "options": rooms.bridges(), "value": bridge}
        ],
    }
    return render(request, "merchandising/stock.html", context)


def _bridge(request: HttpRequest) -> str:
    return request.GET.get("bridge", "").replace("\0", "")


def _lines(request: HttpRequest) -> Iterator[list[exports.Cell]]:
    yield [
        "SKU",
        "Item",
        "Under way",
        "On their way",
        "To grade",
        "Graded, not in the ERP's stock",
        "Back in 30 days",
        "Of them proved in stock",
        "Nine of ten booked by",
    ]
    now, bridge = timezone.now(), _bridge(request)
    for row in paging.every(
        lambda cursor: selector.items(now=now, bridge=bridge, cursor=cursor, size=paging.FILE_SIZE)
    ):
        yield [
            row.sku,
            row.name,
            row.limbo,
            row.coming,
            row.to_grade,
            row.unbooked,
            row.back,
            row.proved,
            exports.moment(row.until) if row.until else "Not known",
        ]


export, export_xlsx = exports.doors(
    capability="view_merchandising", name="stock-under-way", lines=_lines
)
