"""Returns: a list by number and state, and its file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from connectors.types import Money
from exceptions_app import permissions
from exceptions_app.choices import SavedPage
from exceptions_app.filters import ReturnFilter
from exceptions_app.models import Rma
from exceptions_app.selectors import paging, returns
from exceptions_app.services import audit
from exceptions_app.templatetags.amounts import money
from exceptions_app.templatetags.desk import changed_query
from exceptions_app.views import exports, penny
from exceptions_app.views import views as saved_views


@require_safe
@permissions.required("view_desk")
def list_returns(request: HttpRequest) -> HttpResponse:
    found = _filtered(request.GET, request)
    rows = _matching(found)
    page = paging.page(
        returns.listed(rows), order=returns.NEWEST, cursor=request.GET.get("cursor", "")
    )
    saved = saved_views.shown(request, page=SavedPage.RETURNS, count=_counted, rows_here=rows)
    count = saved["here"]
    is_shown = permissions.can(request.user, "view_personal_data")
    context = {
        "filter": found,
        "chips": _chips(found, request.GET),
        "q": request.GET.get("q", "").strip(),
        "rows": [returns.row_of(rma, is_personal_shown=is_shown) for rma in page.rows],
        "newer": page.newer,
        "older": page.older,
        "count": paging.shown(count),
        "is_one": count == 1,
        "query": changed_query(request.GET, {}),
        "saved": saved,
        "is_personal_shown": is_shown,
        "now": timezone.now(),
    }
    return render(request, "returns/list.html", context)


@require_safe
@permissions.required("view_desk")  # type: ignore[arg-type]  # a stream is a response too
def export(request: HttpRequest) -> StreamingHttpResponse:
    """The rows of the screen, its filters and columns, all pages, as CSV."""
    return exports.as_csv(_export_lines(request), name="returns")


@require_safe
@permissions.required("view_desk")
def export_xlsx(request: HttpRequest) -> HttpResponse:
    """The same rows as a workbook."""
    return exports.as_xlsx(_export_lines(request), name="returns")


def _filtered(query: QueryDict, request: HttpRequest) -> ReturnFilter:
    return ReturnFilter(query, queryset=Rma.objects.all(), request=request)


def _matching(found: ReturnFilter) -> Any:
    return found.qs if found.is_valid() else Rma.objects.none()


def _counted(query: QueryDict, request: HttpRequest) -> Any:
    return _matching(_filtered(query, request))


def _chips(found: ReturnFilter, query: QueryDict) -> list[dict[str, object]]:
    """One per filter in use, each with the address without it."""
    if not found.is_valid():
        return []
    chips = []
    for name, value in found.form.cleaned_data.items():
        if value in ("", None):
            continue
        field = found.form.fields[name]
        choices = {} if name == "bridge" else dict(getattr(field, "choices", ()))
        chips.append(
            {
                "name": field.label,
                "value": choices.get(value, str(value)),
                "remove_url": changed_query(query, {name: ""}),
            }
        )
    return chips


def _export_lines(request: HttpRequest) -> Iterator[list[exports.Cell]]:
    is_shown = permissions.can(request.user, "view_personal_data")
    if is_shown:
        actor = permissions.actor_of(request)
        audit.note_export(actor=actor, what="returns", now=timezone.now())
    rows = returns.listed(_matching(_filtered(request.GET, request)))
    shown = (
        returns.row_of(rma, is_personal_shown=is_shown)
        for rma in paging.every(
            lambda cursor: paging.page(
                rows, order=returns.NEWEST, cursor=cursor, size=paging.FILE_SIZE
            )
        )
    )
    return _lines(shown)


def _lines(rows: Iterable[returns.Row]) -> Iterator[list[exports.Cell]]:
    yield [
        "Return",
        "Bridge",
        "Order",
        "Customer",
        "Asked for",
        "Approval",
        "Parcel",
        "Inspection",
        "Refund",
        "Exchange",
        "Claimed",
        "Refunded",
        "Credited",
        "Currency",
        "Credit numbers",
        "Open exceptions",
        "Why refund and credit differ",
    ]
    for row in rows:
        rma = row.rma
        yield [
            str(rma),
            rma.bridge.name,
            rma.order_name,
            row.customer,
            exports.moment(rma.requested_at),
            rma.get_approval_display(),
            rma.get_logistics_display(),
            rma.get_inspection_display(),
            rma.get_money_display(),
            rma.get_exchange_display(),
            rma.amount_in,
            _sums(row.refunded, rma.currency),
            _sums(row.credited, rma.currency),
            rma.currency,
            ", ".join(row.numbers),
            row.open_cases,
            penny.in_words(row.cases),
        ]


def _sums(sums: tuple[Money, ...], currency: str) -> exports.Cell:
    """A figure to add up only where it is in the currency of its row, else words."""
    if not sums:
        return "Not yet"
    if len(sums) == 1 and sums[0].currency == currency:
        return sums[0].amount
    return "; ".join(money(total) for total in sums)
