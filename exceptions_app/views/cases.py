"""The queue of exceptions: by cause or one by one, what is new in it, and as a file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from exceptions_app import permissions
from exceptions_app.choices import CaseStatus
from exceptions_app.filters import ANY, CaseFilter
from exceptions_app.models import Case, CauseGroup
from exceptions_app.selectors import cases as cases_selector
from exceptions_app.selectors import causes, counts, paging, selection, since
from exceptions_app.templatetags.desk import changed_query
from exceptions_app.views import (
    case_files,
    case_narrowing,
    case_page,
    exports,
    ticked,
    triage,
    views,
)
from exceptions_app.views.context import OWN

NEWS_SECONDS = 30


@require_safe
@permissions.required("view_desk")
def index(request: HttpRequest) -> HttpResponse:
    asked = request.META.get("QUERY_STRING", "")
    if asked == OWN:
        return redirect(views.opening_address(request) or views.own_address(request))
    opening = "" if asked else views.opening_address(request)
    if opening:
        return redirect(opening)
    now = timezone.now()
    found = filtered(request)
    is_listed = request.GET.get("view") == "list"
    cursor = request.GET.get("cursor", "")
    rows, scope = matching(found), found.scope
    page = (
        _listed_page(rows, request.GET.get("o", ""), cursor)
        if is_listed
        else causes.page(rows, cursor=cursor, now=now, scope=scope)
    )
    if cursor and not page.rows:
        # Its rows left the list meanwhile; an empty page would say that none are open.
        return redirect(f"{reverse('case-list')}{_narrowed(request.GET, {})}")
    tabs, totals, types = cases_selector.board(
        user_id=request.user.pk or 0, scope=scope or counts.Scope(now)
    )
    if scope is None:
        totals = cases_selector.totals(rows)
    behind = totals.behind if scope else _waiting(request, found)
    picked, opened = ticked.picked_of(request), _opened(request, rows, now, is_listed=is_listed)
    switch: list[dict[str, object]] = [
        {"url": _narrowed(request.GET, {"view": "", "o": ""}), "label": "By cause"},
        {"url": changed_query(request.GET, {"view": "list"}), "label": "One by one"},
    ]
    switch[int(is_listed)]["is_current"] = True
    chips = case_narrowing.chips(found, request.GET, narrowed=_narrowed)
    case_narrowing.offer_types(request, found, types)
    case_narrowing.offer_currencies(found, tabs[0].values)
    context = {
        "now": now,
        "filter": found,
        "types": case_narrowing.types_in_use(found),
        "chips": chips,
        "tabs": _tabs(request, tabs),
        "switch": switch,
        "is_listed": is_listed,
        "closed_days": causes.CLOSED_DAYS if found.is_valid() and found.is_bounded else 0,
        "page": page,
        "totals": totals,
        "count": totals.shown,
        "behind": paging.shown(behind) if behind else "",
        "behind_query": changed_query(request.GET, {"behind": "only", "view": "list", "open": ""}),
        "opened": opened,
        "query": _shared_query(request.GET),
        "carried": place_of(request.GET),
        "drawn": since.mark(),
        "news_seconds": NEWS_SECONDS,
        "looked_team": request.GET.get("team", "") if found.is_valid() else "",
        "picked": picked,
        "held_back": cases_selector.held_back(page.rows, now=now) if is_listed else frozenset(),
        "whole": frozenset() if is_listed else _whole(page, picked, opened),
        "result": triage.result_of(request),
        "saved": views.shown(request, page="case-list", count=_counted, money="value"),
    }
    return render(request, "cases/list.html", context)


@require_safe
@permissions.required("view_desk")
def cause(request: HttpRequest, group_id: int) -> HttpResponse:
    """The exceptions of one cause: a fragment, or the queue with the cause open without scripts."""
    group = get_object_or_404(CauseGroup, pk=group_id)
    if not request.htmx:  # type: ignore[attr-defined]
        return redirect(f"{reverse('case-list')}{changed_query(request.GET, {'open': group.pk})}")
    rows, now = matching(filtered(request)), timezone.now()
    context = _cause_context(rows, group.pk, now) | {
        "now": now,
        "group_id": group.pk,
        "carried": place_of(request.GET, group_id=group.pk),
        "picked": ticked.picked_of(request),
    }
    return render(request, "cases/_cause_cases.html", context)


@require_safe
@permissions.required("view_desk")
def news(request: HttpRequest) -> HttpResponse:
    """What joined, came back, woke or was closed since this list was drawn; offered, never put in
    by itself."""
    drawn = since.Mark(*(_number(request.GET.get(name, "")) for name in ("newest", "acts")))
    listed = matching(filtered(request))
    told = since.told(listed=listed, closed=_closed(request), mark=drawn)
    context = {"words": told.words, "query": _shared_query(request.GET)}
    return render(request, "cases/_news.html", context)


@require_safe
@permissions.required("view_desk")  # type: ignore[arg-type]  # a stream is a response too
def export(request: HttpRequest) -> StreamingHttpResponse:
    """The rows of the screen with the same filters, order and columns, all pages, as CSV."""
    return exports.as_csv(_lines(request), name="exceptions")


@require_safe
@permissions.required("view_desk")
def export_xlsx(request: HttpRequest) -> HttpResponse:
    """The same rows as a workbook."""
    return exports.as_xlsx(_lines(request), name="exceptions")


def filtered(request: HttpRequest) -> CaseFilter:
    return CaseFilter(request.GET, queryset=Case.objects.all(), request=request)


def matching(found: CaseFilter) -> Any:
    """The exceptions a filter finds; none when the address holds one we do not know."""
    return found.shown if found.is_valid() else Case.objects.none()


def _closed(request: HttpRequest) -> Any:
    """The closed ones that fit the list's filters; none where it holds one open state only."""
    query = request.GET.copy()
    if query.get("status") not in (None, "", ANY, CaseStatus.RESOLVED):
        return Case.objects.none()
    query["status"], query["view"] = CaseStatus.RESOLVED, "list"
    query.pop("behind", None)
    return _counted(query, request)


def _waiting(request: HttpRequest, found: CaseFilter) -> int:
    """How many more the list would hold if it left out none that waits behind another."""
    if not found.is_valid() or not found.leaves_out_behind:
        return 0
    query = request.GET.copy()
    query["behind"] = "only"
    return paging.count(_counted(query, request))


def place_of(query: QueryDict, *, group_id: int = 0) -> str:
    """The list as it stands, as a page of one exception carries it to know what is next and back.

    `group_id` is the cause that a script unfolded, which the address does not tell.
    """
    names = (*CaseFilter.base_filters, "view", "o", "open", "cursor")
    kept: dict[str, object] = {
        name: some for name in names if (some := [each for each in query.getlist(name) if each])
    }
    if group_id:
        kept["open"] = group_id
    return changed_query(QueryDict(), kept) if kept else ""


def _narrowed(query: QueryDict, changes: Mapping[str, object]) -> str:
    """The list with `changes`; where nothing narrows it, as the address that opens no view."""
    plain = {"view": ""} if query.get("view") == "all" else {}
    found = changed_query(query, {**plain, **changes})
    return found if found != "?" else f"?{views.PLAIN}"


def _counted(query: QueryDict, request: HttpRequest) -> Any:
    return matching(CaseFilter(query, queryset=Case.objects.all(), request=request))


def _lines(request: HttpRequest) -> Iterator[list[exports.Cell]]:
    found = filtered(request)
    rows = matching(found)
    if request.GET.get("view") != "list":
        return case_files.by_cause(causes.every(rows, now=timezone.now(), scope=found.scope))
    listed, order = cases_selector.in_order(cases_selector.listed(rows), request.GET.get("o", ""))
    return case_files.one_by_one(listed.order_by(*order))


def _listed_page(rows: QuerySet[Case], asked: str, cursor: str) -> paging.Page:
    listed, order = cases_selector.in_order(cases_selector.listed(rows), asked)
    return paging.page(listed, order=order, cursor=cursor)


def _tabs(request: HttpRequest, tabs: Iterable[cases_selector.Tab]) -> list[dict[str, object]]:
    """Teams, one's own, and what was put off; every other filter of the address stays."""
    shown = []
    assignee = request.GET.get("assignee", "")
    current = _current_tab(request.GET)
    for tab in tabs:
        is_mine, is_snoozed = tab.key == "me", tab.key == "snoozed"
        changes = {
            "team": "" if is_mine or is_snoozed else tab.key,
            "assignee": "me" if is_mine else ("" if assignee == "me" else assignee),
            "snoozed": "only" if is_snoozed else "",
            "open": "",
        }
        shown.append(
            {
                "url": _narrowed(request.GET, changes),
                "label": tab.label,
                "note": case_page.with_sums(paging.shown(tab.count), tab.values),
                "is_current": tab.key == current,
            }
        )
    return shown


def _current_tab(query: QueryDict) -> str:
    if query.get("snoozed") == "only":
        return "snoozed"
    return "me" if query.get("assignee") == "me" else query.get("team", "")


def _opened(
    request: HttpRequest, rows: Any, now: datetime, *, is_listed: bool
) -> dict[str, object]:
    """The cause unfolded by address, for readers without scripts."""
    wanted = _number(request.GET.get("open", ""))
    if is_listed or not wanted:
        return {}
    return _cause_context(rows, wanted, now) | {"group_id": wanted}


def _whole(page: paging.Page, picked: frozenset[int], opened: dict[str, object]) -> frozenset[int]:
    """Causes to tick: all they hold is picked, and no row of theirs shows it."""
    folded = {row.pk: row.count for row in page.rows if row.pk != opened.get("group_id")}
    return selection.whole_causes(picked, causes=folded)


def _cause_context(rows: Any, group_id: int, now: datetime) -> dict[str, object]:
    own = cases_selector.listed(rows).filter(group=group_id)
    page = paging.page(own, order=cases_selector.QUEUE_ORDER)
    return {
        "cases": page.rows,
        "has_more": bool(page.older),
        "held_back": cases_selector.held_back(page.rows, now=now),
    }


def _shared_query(query: QueryDict) -> str:
    """What the links of this list carry along: its filters, without place and unfolded cause."""
    return changed_query(query, {"open": "", "picked": "", "done": "", "newest": "", "acts": ""})


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else 0
