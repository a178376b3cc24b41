"""The warehouse's lists as files: each with the columns and the filters of its page."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.text import slugify

from exceptions_app.choices import Severity
from exceptions_app.selectors import paging, restock, rooms, unreceipted
from exceptions_app.selectors import warehouse as selector
from exceptions_app.templatetags.rooms import took
from exceptions_app.views import exports
from exceptions_app.views.warehouse import VIEWS, days_of, decided_on, text_of

Lines = Iterator[list[exports.Cell]]


def _to_grade(request: HttpRequest, now: datetime) -> Lines:
    yield ["Return", "Bridge", "Order", "To grade", "Units", "Grade it in", "Its id", "Arrived"]
    rows = selector.to_grade(bridge=text_of(request, "bridge"))

    def read(cursor: str) -> paging.Page:
        page = _page(rows.select_related("bridge__source"), selector.GRADE_ORDER, cursor)
        return paging.Page(selector.graded_rows(page.rows), page.newer, page.older)

    for row in paging.every(read):
        yield [
            str(row.rma),
            row.rma.bridge.name,
            row.rma.order_name,
            ", ".join(row.items) or "Not known",
            row.units,
            row.rma.bridge.source.name,
            row.rma.external_id,
            exports.moment(row.rma.received_at),
        ]


def _without_place(request: HttpRequest, now: datetime) -> Lines:
    yield [
        "Exception",
        "Cause",
        "Return",
        "Item",
        "Units",
        "Bridge",
        "Severity",
        "At risk",
        "Currency",
        "Opened",
        "Team",
    ]
    cases = unreceipted.cases(bridge=text_of(request, "bridge"))
    found = cases.select_related("rma", "bridge", "group")
    for case in paging.every(lambda cursor: _page(found, unreceipted.CASE_ORDER, cursor)):
        units = str(case.facts.get("units", ""))
        yield [
            f"EX-{case.pk}",
            case.group.title,
            str(case.rma or "Not known"),
            str(case.facts.get("sku") or "Not known"),
            int(units) if units.isdecimal() else "Not known",
            case.bridge.name if case.bridge else "",
            Severity(case.severity).label,
            exports.amount(case.value, case.currency) if case.currency else "Not known",
            case.currency,
            exports.moment(case.opened_at),
            case.get_team_display(),
        ]


def _to_book(request: HttpRequest, now: datetime) -> Lines:
    yield ["Return", "Bridge", "Key", "Place", "Units", "State", "Why", "Planned"]
    chosen = {name: text_of(request, name) for name in ("bridge", "place", "state")}
    rows = selector.receipt_rows(selector.receipts(**chosen))
    for posting in paging.every(lambda cursor: _page(rows, selector.RECEIPT_ORDER, cursor)):
        blockers = ", ".join(rooms.blockers_of(posting))
        yield [
            str(posting.rma),
            posting.bridge.name,
            posting.key,
            posting.place or "Not known",
            posting.units,
            posting.state_label,
            blockers or selector.waits_for(posting),
            exports.moment(posting.created_at),
        ]


def _to_decide(request: HttpRequest, now: datetime) -> Lines:
    yield [
        "SKU",
        "Item",
        "Return",
        "Bridge",
        "Where",
        "Bucket",
        "Grade",
        "Units",
        "At price paid",
        "Currency",
        "Graded",
        "Decide in",
        "Its id",
    ]
    since = now - timedelta(days=days_of(request))
    rows = restock.graded(since=since, bridge=text_of(request, "bridge"))
    found, chosen = decided_on(request, restock.buckets(rows))
    for line in paging.every(lambda cursor: _page(found, restock.ORDER, cursor)):
        bucket, currency = restock.bucket_of(line, chosen), line.rma.currency
        yield [
            line.sku,
            line.name,
            str(line.rma),
            line.rma.bridge.name,
            line.location or "Not known",
            bucket.label if bucket else "",
            line.disposition,
            line.quantity,
            "Not known" if line.paid is None else exports.amount(line.paid, currency),
            currency,
            exports.moment(line.disposition_at),
            line.rma.bridge.source.name if bucket and bucket.is_waiting else "Decided",
            line.rma.external_id,
        ]


def _times(request: HttpRequest, now: datetime) -> Lines:
    yield [
        "Place",
        "Name",
        "Receipts",
        "Units",
        "Half within",
        "Nine in ten within",
        "Worst",
        "Share before the receipt was planned, %",
    ]
    chosen = {name: text_of(request, name) for name in ("bridge", "place")}
    since = now - timedelta(days=days_of(request))
    for row in selector.latency(selector.confirmed(since=since, until=now, **chosen)):
        yield [
            row.place,
            row.name,
            row.receipts,
            row.units,
            took(row.median),
            took(row.nine_in_ten),
            took(row.worst),
            row.before,
        ]


_LISTS = {
    "grade": _to_grade,
    "place": _without_place,
    "book": _to_book,
    "decide": _to_decide,
    "time": _times,
}


def _lines(request: HttpRequest) -> Lines:
    view = request.GET.get("view", "")
    return _LISTS[view if view in VIEWS else "grade"](request, timezone.now())


def _page(rows: QuerySet[Any], order: tuple[str, ...], cursor: str) -> paging.Page:
    return paging.page(rows, order=order, cursor=cursor, size=paging.FILE_SIZE)


def _name(request: HttpRequest) -> str:
    view = request.GET.get("view", "")
    return f"warehouse-{slugify(VIEWS[view if view in VIEWS else 'grade'])}"


export, export_xlsx = exports.doors(capability="view_warehouse", name=_name, lines=_lines)
