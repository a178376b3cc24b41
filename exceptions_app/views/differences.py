"""Finance's workbench: returns whose refund and credit differ, why, and the list as a file."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.text import capfirst
from django.views.decorators.http import require_safe

from exceptions_app import permissions
from exceptions_app.catalogue import causes
from exceptions_app.catalogue import entry as catalogue_entry
from exceptions_app.models import Case
from exceptions_app.rules.penny_parts import NAMES
from exceptions_app.selectors import differences as selector
from exceptions_app.selectors import paging, rooms, selection
from exceptions_app.templatetags.amounts import money, signed_money
from exceptions_app.templatetags.desk import changed_query
from exceptions_app.views import exports, penny, ticked, triage
from exceptions_app.views.case_page import posting_tone


def asked(request: HttpRequest) -> dict[str, Any]:
    """What the address narrows the list to; a NUL is no text for PostgreSQL."""
    given = {name: request.GET.get(name, "").replace("\0", "") for name in ("bridge", "cause")}
    return {**given, "is_held": request.GET.get("view") == "held"}


@require_safe
@permissions.required("view_finance")
def index(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    wanted = asked(request)
    cases = selector.open_cases(now=now, **wanted)
    page = selector.listed(cases, cursor=request.GET.get("cursor", ""))
    sums = selector.totals(cases)
    opened = next((row for row in page.rows if str(row.case.pk) == request.GET.get("open")), None)
    context = {
        "now": now,
        "rows": [_shown(row) for row in page.rows],
        "newer": page.newer,
        "older": page.older,
        "totals": sums,
        "count": sum(total.count for total in sums),
        "chips": _chips(request, {**wanted, "now": now}),
        "is_held": wanted["is_held"],
        "held_count": paging.shown(
            paging.count(selector.open_cases(now=now, bridge=wanted["bridge"], is_held=True))
        ),
        "cause": causes.label(wanted["cause"]) if wanted["cause"] else "",
        "opened": _opened(opened) if opened else None,
        "query": changed_query(request.GET, {"open": "", "picked": "", "done": ""}),
        "picked": ticked.picked_of(request),
        "result": triage.result_of(request),
        "newest": selection.newest_id(),
        "selects": [
            {
                "name": "bridge",
                "label": "Bridge",
                "options": rooms.bridges(),
                "value": wanted["bridge"],
            }
        ],
    }
    return render(request, "finance/differences.html", context)


def _shown(row: selector.Row) -> dict[str, Any]:
    """A row with its causes in words; the title says it where nothing was compared yet."""
    found = row.found
    rows = found.causes if found else ()
    return {
        "case": row.case,
        "currency": row.currency,
        "found": found,
        "main": causes.label(found.main) if found and found.main else "",
        "causes": [
            f"{causes.label(each.name)} {signed_money(each.amount, row.currency)}" for each in rows
        ],
    }


def _chips(request: HttpRequest, wanted: dict[str, Any]) -> list[dict[str, Any]]:
    """One link for each main cause of the list, and one for all of them."""
    chosen = wanted.pop("cause")
    kinds = selector.kinds(selector.open_cases(**wanted))
    whole = {"url": _without(request, ""), "label": "All causes", "is_current": not chosen}
    return [
        {**whole, "note": str(sum(kind.count for kind in kinds))},
        *(
            {
                "url": _without(request, kind.name),
                "label": causes.label(kind.name),
                "is_current": kind.name == chosen,
                "note": ", ".join([str(kind.count), *(money(each) for each in kind.values)]),
            }
            for kind in kinds
        ),
    ]


def _without(request: HttpRequest, cause: str) -> str:
    return changed_query(request.GET, {"cause": cause, "open": "", "picked": "", "done": ""})


def _opened(row: selector.Row) -> dict[str, Any]:
    """Both sides, the causes and the order's credits, for the row that is unfolded."""
    credits_found = selector.credits_of_order(row.case)
    return {
        "id": row.case.pk,
        "case": row.case,
        "penny": penny.of_case(row.case),
        "credits": [{"row": each, "tone": posting_tone(each.posting)} for each in credits_found],
        "is_sent": selector.is_sent(credits_found),
    }


def _lines(request: HttpRequest) -> Iterator[list[exports.Cell]]:
    """The rows of the screen with a column for every cause, then the totals by currency."""
    yield [
        "Exception",
        "Return",
        "Order",
        "Bridge",
        "Type",
        "Main cause",
        "State",
        "Refund",
        "Credit",
        "Refund less credit",
        "Currency",
        *(causes.label(name) for name in NAMES),
        "Opened",
        "Act by",
    ]
    cases = selector.open_cases(now=timezone.now(), **asked(request))
    sums: dict[str, list[Decimal]] = {}
    for row in paging.every(
        lambda cursor: selector.listed(cases, cursor=cursor, size=paging.FILE_SIZE)
    ):
        figures = _figures(row)
        if figures:
            known = sums.setdefault(row.currency, [Decimal(0)] * len(figures))
            sums[row.currency] = [one + more for one, more in zip(known, figures, strict=True)]
        yield _line(row.case, row, figures)
    for currency in sorted(sums):
        refund, credit, difference, *each = sums[currency]
        yield [
            "Total",
            *[""] * 6,
            *(exports.amount(one, currency) for one in (refund, credit, difference)),
            currency,
            *(exports.amount(one, currency) for one in each),
            "",
            "",
        ]


def _figures(row: selector.Row) -> list[Decimal]:
    """Refund, credit, difference, then each cause; nothing where nothing was compared."""
    found = row.found
    if found is None:
        return []
    return [found.refund, found.credit, found.difference, *(found.of(name) for name in NAMES)]


def _line(case: Case, row: selector.Row, figures: list[Decimal]) -> list[exports.Cell]:
    cells: list[exports.Cell] = [exports.amount(each, row.currency) for each in figures]
    cells = cells or ["Not compared"] * (len(NAMES) + 3)
    return [
        f"EX-{case.pk}",
        str(case.rma),
        case.rma.order_name if case.rma else "",
        case.bridge.name if case.bridge else "",
        capfirst(catalogue_entry(case.type).short),
        causes.label(row.found.main) if row.found and row.found.main else "Not compared",
        case.get_status_display(),
        *cells[:3],
        row.currency,
        *cells[3:],
        exports.moment(case.opened_at),
        exports.moment(case.due_at),
    ]


export, export_xlsx = exports.doors(
    capability="view_finance", name="refund-and-credit", lines=_lines
)
