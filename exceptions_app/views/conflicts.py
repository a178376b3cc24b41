"""The conflict report: who decided what for whom, for those who answer for the money."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from exceptions_app import permissions
from exceptions_app.selectors import conflicts as selector
from exceptions_app.selectors import paging
from exceptions_app.views import exports


@require_safe
@permissions.required("view_conflicts")
def index(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    kind, days = _asked(request)
    rows = selector.listed(kind=kind, days=days, now=now)
    page = selector.page(rows, cursor=request.GET.get("cursor", ""))
    counts = selector.counts(days=days, now=now)
    context = {
        "now": now,
        "days": days,
        "kind": kind,
        "spans": [
            {
                "url": f"?kind={kind}&days={span}",
                "label": f"Last {span} days",
                "is_current": span == days,
            }
            for span in selector.SPANS
        ],
        "kinds": [
            {"code": code, "label": label, "count": paging.shown(counts[code])}
            for code, label in selector.KINDS.items()
        ],
        "pairs": selector.pairs(days=days, now=now),
        "rows": [
            {"row": row, "why": [selector.KINDS[code] for code in row.why]}
            for row in selector.rows_of(page.rows, days=days, now=now)
        ],
        "newer": page.newer,
        "older": page.older,
        "query": f"?kind={kind}&days={days}",
    }
    return render(request, "fixes/conflicts.html", context)


def _asked(request: HttpRequest) -> tuple[str, int]:
    """The kind ("" for all) and the days of the address; what we do not know is left out."""
    kind, days = request.GET.get("kind", ""), request.GET.get("days", "")
    known = {str(span): span for span in selector.SPANS}
    return kind if kind in selector.KINDS else "", known.get(days, selector.SPANS[0])


def _lines(request: HttpRequest) -> Iterator[Sequence[exports.Cell]]:
    now = timezone.now()
    kind, days = _asked(request)
    rows = selector.listed(kind=kind, days=days, now=now)
    yield (
        "Request",
        "Change",
        "Bridge",
        "Return",
        "Asked for by",
        "Edited by",
        "Approved by",
        "Decided",
        "Amount",
        "Currency",
        "Listed for",
    )
    cursor = ""
    while True:
        found = selector.page(rows, cursor=cursor, size=paging.FILE_SIZE)
        for row in selector.rows_of(found.rows, days=days, now=now):
            yield _line(row)
        if not found.older:
            return
        cursor = found.older


def _line(row: selector.Row) -> Sequence[exports.Cell]:
    amount = row.amount
    return (
        row.fix.pk,
        str(row.fix),
        row.fix.bridge.name,
        str(row.fix.rma or ""),
        row.asked,
        ", ".join(row.edited),
        ", ".join(row.approved),
        exports.moment(row.fix.decided_at),
        exports.amount(amount.amount, amount.currency) if amount else "",
        amount.currency if amount else "",
        ", ".join(selector.KINDS[code] for code in row.why),
    )


export, export_xlsx = exports.doors(capability="view_conflicts", name="conflicts", lines=_lines)
