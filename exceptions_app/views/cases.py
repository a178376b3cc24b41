"""Exceptions: the queue by cause or one by one, one exception, giving and closing."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from datetime import datetime

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from exceptions_app import errors, permissions
from exceptions_app.filters import CaseFilter
from exceptions_app.forms.cases import AssignForm, CloseForm
from exceptions_app.models import Case, CauseGroup
from exceptions_app.selectors import cases as cases_selector
from exceptions_app.selectors import paging
from exceptions_app.services import cases
from exceptions_app.templatetags.desk import changed_query, when
from exceptions_app.views import case_page

EXPORT_CHUNK = 500
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


@require_safe
@permissions.required("view_desk")
def index(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    found = _filtered(request)
    is_listed = request.GET.get("view") == "list"
    order = cases_selector.ORDERS.get(request.GET.get("o", ""), cases_selector.QUEUE_ORDER)
    cursor = request.GET.get("cursor", "")
    rows = found.qs if found.is_valid() else Case.objects.none()
    page = (
        paging.page(cases_selector.listed(rows), order=order, cursor=cursor)
        if is_listed
        else cases_selector.causes(rows, cursor=cursor)
    )
    totals = cases_selector.totals(rows)
    switch: list[dict[str, object]] = [
        {"url": changed_query(request.GET, {"view": "", "o": ""}), "label": "By cause"},
        {"url": changed_query(request.GET, {"view": "list"}), "label": "One by one"},
    ]
    switch[int(is_listed)]["is_current"] = True
    context = {
        "now": now,
        "filter": found,
        "chips": _chips(found, request.GET),
        "tabs": _tabs(request),
        "switch": switch,
        "is_listed": is_listed,
        "page": page,
        "totals": totals,
        "count": paging.shown(totals.count),
        "opened": _opened(request, rows, is_listed=is_listed),
        "query": _shared_query(request.GET),
    }
    return render(request, "cases/list.html", context)


@require_safe
@permissions.required("view_desk")
def cause(request: HttpRequest, group_id: int) -> HttpResponse:
    """The exceptions of one cause: a fragment, or the queue with the cause open without scripts."""
    group = get_object_or_404(CauseGroup, pk=group_id)
    if not request.htmx:  # type: ignore[attr-defined]
        return redirect(f"{reverse('case-list')}{changed_query(request.GET, {'open': group.pk})}")
    found = _filtered(request)
    rows = found.qs if found.is_valid() else Case.objects.none()
    context = _cause_context(rows, group.pk) | {"now": timezone.now(), "group_id": group.pk}
    return render(request, "cases/_cause_cases.html", context)


@require_safe
@permissions.required("view_desk")  # type: ignore[arg-type]  # a stream is a response too
def export(request: HttpRequest) -> StreamingHttpResponse:
    """The rows of the screen with the same filters, order and columns, all pages, as CSV."""
    found = _filtered(request)
    rows = found.qs if found.is_valid() else Case.objects.none()
    if request.GET.get("view") == "list":
        order = cases_selector.ORDERS.get(request.GET.get("o", ""), cases_selector.QUEUE_ORDER)
        lines = _case_lines(cases_selector.listed(rows).order_by(*order))
    else:
        lines = _cause_lines(cases_selector.every_cause(rows))
    response = StreamingHttpResponse(_csv(lines), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="exceptions.csv"'
    return response


@require_safe
@permissions.required("view_desk")
def detail(request: HttpRequest, case_id: int) -> HttpResponse:
    case = get_object_or_404(cases_selector.detail(case_id))
    return case_page.show(request, case, now=timezone.now())


@require_POST
@permissions.required("assign_case")
def assign(request: HttpRequest, case_id: int) -> HttpResponse:
    case = get_object_or_404(cases_selector.detail(case_id))
    given = request.POST.copy()
    if given.get("assignee") == "me":
        given["assignee"] = str(request.user.pk)
    form = AssignForm(given, case=case, user=case_page.person(request))
    now = timezone.now()
    if not form.is_valid():
        return case_page.show(request, case, now=now, assign_form=form, status=422)
    person = form.cleaned_data["assignee"]
    try:
        cases.assign(case_id=case.pk, assignee=person, actor=case_page.person(request), now=now)
    except errors.DeskError as error:
        form.add_error(None, str(error))
        return case_page.show(request, case, now=now, assign_form=form, status=422)
    who = "you" if person == request.user else person.get_full_name() or person.get_username()
    messages.success(request, f"EX-{case.pk} is with {who}.")
    return redirect("case-detail", case_id=case.pk)


@require_POST
@permissions.required("close_case")
def close(request: HttpRequest, case_id: int) -> HttpResponse:
    case = get_object_or_404(cases_selector.detail(case_id))
    form = CloseForm(request.POST, case=case)
    now = timezone.now()
    if form.is_valid():
        try:
            cases.close_by_hand(
                case_id=case.pk,
                reason=form.cleaned_data["reason"],
                note=form.cleaned_data["note"],
                actor=case_page.person(request),
                now=now,
            )
        except errors.DeskError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, f"EX-{case.pk} is closed by hand.")
            return redirect("case-detail", case_id=case.pk)
    return case_page.show(request, case, now=now, close_form=form, status=422)


def _filtered(request: HttpRequest) -> CaseFilter:
    return CaseFilter(request.GET, queryset=Case.objects.all(), request=request)


def _tabs(request: HttpRequest) -> list[dict[str, object]]:
    """Teams and one's own; every other filter of the address stays."""
    shown = []
    team, assignee = request.GET.get("team", ""), request.GET.get("assignee", "")
    current = "me" if assignee == "me" else team
    for tab in cases_selector.tabs(user_id=request.user.pk or 0):
        is_mine = tab.key == "me"
        changes = {
            "team": "" if is_mine else tab.key,
            "assignee": "me" if is_mine else ("" if assignee == "me" else assignee),
            "open": "",
        }
        shown.append(
            {
                "url": changed_query(request.GET, changes),
                "label": tab.label,
                "note": case_page.with_sums(paging.shown(tab.count), tab.values),
                "is_current": tab.key == current,
            }
        )
    return shown


def _chips(found: CaseFilter, query: QueryDict) -> list[dict[str, object]]:
    """One per filter in use, team and "me" included, each with the address without it."""
    if not found.is_valid():
        return []
    chips = []
    for name, value in found.form.cleaned_data.items():
        if value in ("", None):
            continue
        choices = dict(getattr(found.form.fields[name], "choices", ()) if name != "group" else ())
        chips.append(
            {
                "name": found.form.fields[name].label,
                "value": choices.get(value, str(value)) if name != "bridge" else str(value),
                "remove_url": changed_query(query, {name: ""}),
            }
        )
    return chips


def _opened(request: HttpRequest, rows: object, *, is_listed: bool) -> dict[str, object]:
    """The cause unfolded by address, for readers without scripts."""
    wanted = request.GET.get("open", "")
    if is_listed or not wanted.isascii() or not wanted.isdigit() or len(wanted) > 15:
        return {}
    return _cause_context(rows, int(wanted)) | {"group_id": int(wanted)}


def _cause_context(rows: object, group_id: int) -> dict[str, object]:
    own = cases_selector.listed(rows).filter(group=group_id)  # type: ignore[arg-type]
    page = paging.page(own, order=cases_selector.QUEUE_ORDER)
    return {"cases": page.rows, "has_more": bool(page.older)}


def _shared_query(query: QueryDict) -> str:
    """What the links of this list carry along: its filters, without place and unfolded cause."""
    return changed_query(query, {"open": ""})


def _case_lines(rows: Iterable[Case]) -> Iterator[list[str]]:
    yield [
        "Exception",
        "What",
        "Return",
        "Severity",
        "State",
        "Team",
        "Value at risk",
        "Currency",
        "Opened",
        "Due",
        "Assigned to",
    ]
    for case in rows.iterator(chunk_size=EXPORT_CHUNK):  # type: ignore[attr-defined]
        yield [
            f"EX-{case.pk}",
            case.title,
            str(case.rma or ""),
            case.get_severity_display(),
            case.get_status_display(),
            case.get_team_display(),
            f"{case.value:f}",
            case.currency,
            _moment(case.opened_at),
            _moment(case.due_at),
            case.assignee.get_full_name() or case.assignee.get_username() if case.assignee else "",
        ]


def _cause_lines(rows: Iterable[cases_selector.Cause]) -> Iterator[list[str]]:
    yield [
        "Cause",
        "Bridge",
        "Severity",
        "Exceptions",
        "Value at risk",
        "Customers waiting",
        "Oldest",
        "Team",
    ]
    for row in rows:
        yield [
            row.title,
            row.bridge,
            row.severity.capitalize(),
            str(row.count),
            " + ".join(f"{each.amount:f} {each.currency}" for each in row.values),
            str(row.waiting),
            _moment(row.oldest),
            row.team,
        ]


def _moment(at: datetime) -> str:
    return when(at)


class _Echo:
    """What csv.writer writes to: gives each line back instead of keeping it."""

    def write(self, line: str) -> str:
        return line


def _csv(lines: Iterable[list[str]]) -> Iterator[str]:
    writer = csv.writer(_Echo())
    for line in lines:
        yield writer.writerow([_harmless(cell) for cell in line])


def _harmless(cell: str) -> str:
    """A quote before what a spreadsheet would run as a formula."""
    return f"'{cell}" if cell.startswith(_FORMULA_STARTS) else cell
