"""The warehouse's room: scan, what waits for a grade or a place, what the ERP has not booked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from exceptions_app import permissions
from exceptions_app.models import RmaLine
from exceptions_app.selectors import causes, paging, restock, rooms, scanning, unreceipted
from exceptions_app.selectors import warehouse as selector
from exceptions_app.templatetags.desk import changed_query
from exceptions_app.views.returns import posting_tone

MAX_SCAN = 120
VIEWS = {
    "grade": "To grade",
    "place": "On no receipt",
    "book": "Not booked yet",
    "decide": "To decide",
    "time": "From arrival to stock",
}
# What of the filters a list understands.
NARROWED_BY = {
    "grade": ("bridge",),
    "place": ("bridge",),
    "book": ("bridge", "place"),
    "decide": ("bridge",),
    "time": ("bridge", "place"),
}


@require_safe
@permissions.required("view_warehouse")
def index(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    scanned = text_of(request, "scan")[:MAX_SCAN].strip()
    is_shown = permissions.can(request.user, "view_personal_data")
    found = scanning.scan(
        text=scanned,
        is_personal_shown=is_shown,
        is_parcel_shown=permissions.can(request.user, "view_parcel_numbers"),
    )
    if found.only_id is not None:
        address = reverse("return-detail", args=[found.only_id])
        return redirect(f"{address}?by={found.only_kind}&scan=1")
    view = request.GET.get("view", "")
    view = view if view in VIEWS else "grade"
    board = selector.board(now=now)
    context = {
        "now": now,
        "scanned": scanned,
        "is_empty_scan": "scan" in request.GET and not scanned,
        "is_scanning": view == "grade" or "scan" in request.GET,
        "matches": found.rows,
        "has_more": found.has_more,
        "board": board,
        "shown": {
            "expected": paging.shown(board.expected),
            "to_grade": paging.shown(board.to_grade),
        },
        "view": view,
        "tabs": _tabs(view, request),
        "query": changed_query(request.GET, {"scan": ""}),
        **_LISTS[view](request, now),
    }
    return render(request, "warehouse/index.html", context)


def _tabs(view: str, request: HttpRequest) -> list[dict[str, object]]:
    """Each list with the filters it shares with this one."""
    kept = {name: text_of(request, name) for name in ("bridge", "place")}
    shared = {
        code: {name: value for name, value in kept.items() if name in NARROWED_BY[code]}
        for code in VIEWS
    }
    return [
        {
            "url": changed_query(QueryDict(), {"view": code, **shared[code]}),
            "label": label,
            "is_current": code == view,
        }
        for code, label in VIEWS.items()
    ]


def _to_grade(request: HttpRequest, now: datetime) -> dict[str, Any]:
    bridge = text_of(request, "bridge")
    rows = selector.to_grade(bridge=bridge).select_related("bridge__source")
    page = _page(request, rows, selector.GRADE_ORDER)
    return {
        "rows": selector.graded_rows(page.rows),
        "newer": page.newer,
        "older": page.older,
        "selects": [_select("bridge", "Bridge", rooms.bridges(), bridge)],
    }


def _without_place(request: HttpRequest, now: datetime) -> dict[str, Any]:
    bridge = text_of(request, "bridge")
    page = causes.page(
        unreceipted.cases(bridge=bridge),
        cursor=request.GET.get("cursor", ""),
        scope=unreceipted.scope(bridge=bridge),
    )
    without, planned = unreceipted.units(bridge=bridge)
    return {
        "units_without": without,
        "units_planned": planned,
        "causes": page.rows,
        "newer": page.newer,
        "older": page.older,
        "selects": [_select("bridge", "Bridge", rooms.bridges(), bridge)],
    }


def _to_book(request: HttpRequest, now: datetime) -> dict[str, Any]:
    chosen = {name: text_of(request, name) for name in ("bridge", "place", "state")}
    found = selector.receipts(**chosen)
    page = _page(request, selector.receipt_rows(found), selector.RECEIPT_ORDER)
    return {
        # Without filters it is the figure of the card, which was read already.
        "units": selector.units_of(found) if any(chosen.values()) else None,
        "rows": [
            {
                "posting": posting,
                "tone": posting_tone(posting),
                "why": selector.waits_for(posting),
                "blockers": rooms.blockers_of(posting),
            }
            for posting in page.rows
        ],
        "newer": page.newer,
        "older": page.older,
        "selects": [
            _select("state", "State", list(selector.STATE_LABELS), chosen["state"]),
            _select("place", "Place", selector.places(), chosen["place"]),
            _select("bridge", "Bridge", rooms.bridges(), chosen["bridge"]),
        ],
    }


def _to_decide(request: HttpRequest, now: datetime) -> dict[str, Any]:
    bridge, bucket = text_of(request, "bridge"), text_of(request, "bucket")
    days = days_of(request)
    rows = restock.graded(since=now - timedelta(days=days), bridge=bridge)
    buckets = restock.buckets(rows)
    found, chosen = decided_on(request, buckets)
    page = _page(request, found, restock.ORDER)
    is_one_page = not page.newer and not page.older
    count = len(page.rows) if is_one_page else paging.count(found)
    return {
        "days": days,
        "buckets": buckets,
        "bucket": bucket,
        "chosen": chosen,
        "is_all": not bucket or bucket in restock.WAITING,
        "count": paging.shown(count),
        "is_one": count == 1,
        "rows": [
            {
                "line": line,
                "bucket": restock.bucket_of(line, chosen),
            }
            for line in page.rows
        ],
        "newer": page.newer,
        "older": page.older,
        "selects": [
            _select("bucket", "Bucket", list(restock.LABELS.items()), bucket)
            | {"any": "Waiting for a decision"},
            _select("days", "Graded in", _periods(), str(days)) | {"is_asked": True},
            _select("bridge", "Bridge", rooms.bridges(), bridge),
        ],
    }


def decided_on(
    request: HttpRequest, buckets: Sequence[restock.InBucket]
) -> tuple[QuerySet[RmaLine], Sequence[restock.Meant]]:
    """The lines of the chosen bucket: whole where they wait, else those of the period."""
    bucket, bridge = text_of(request, "bucket"), text_of(request, "bridge")
    chosen: Sequence[restock.Meant]
    if bucket and bucket not in restock.WAITING:
        since = timezone.now() - timedelta(days=days_of(request))
        chosen = restock.chosen(buckets, code=bucket)
        return restock.lines(restock.graded(since=since, bridge=bridge), chosen), chosen
    chosen = restock.waiting(code=bucket)
    return restock.lines(restock.graded(bridge=bridge), chosen), chosen


def _times(request: HttpRequest, now: datetime) -> dict[str, Any]:
    chosen = {name: text_of(request, name) for name in ("bridge", "place")}
    days = days_of(request)
    rows = selector.confirmed(since=now - timedelta(days=days), until=now, **chosen)
    *by_place, whole = selector.latency(rows) or (None,)
    return {
        "days": days,
        "by_place": by_place,
        "whole": whole,
        "slowest": selector.slowest(rows) if whole else [],
        "selects": [
            _select("days", "Period", _periods(), str(days)) | {"is_asked": True},
            _select("place", "Place", selector.places(), chosen["place"]),
            _select("bridge", "Bridge", rooms.bridges(), chosen["bridge"]),
        ],
    }


_LISTS = {
    "grade": _to_grade,
    "place": _without_place,
    "book": _to_book,
    "decide": _to_decide,
    "time": _times,
}


def days_of(request: HttpRequest) -> int:
    asked = request.GET.get("days", "")
    return int(asked) if asked in {str(each) for each in selector.PERIODS} else 7


def _periods() -> list[tuple[str, str]]:
    return [(str(each), f"{each} days" if each > 1 else "24 hours") for each in selector.PERIODS]


def _page(request: HttpRequest, rows: Any, order: tuple[str, ...]) -> paging.Page:
    return paging.page(rows, order=order, cursor=request.GET.get("cursor", ""))


def text_of(request: HttpRequest, name: str) -> str:
    """A NUL can be in no stored text and is no text for PostgreSQL."""
    return request.GET.get(name, "").replace("\0", "")


def _select(name: str, label: str, options: list[tuple[str, str]], value: str) -> dict[str, Any]:
    return {"name": name, "label": label, "options": options, "value": value}
