"""Finance's room: refund against credit by cause, credits that wait, and credit runs."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal, InvalidOperation

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.views.decorators.http import require_safe

from exceptions_app import errors, permissions
from exceptions_app.choices import Severity
from exceptions_app.models import Bridge, CreditRun
from exceptions_app.selectors import accepted, documents, facts, outlook, paging, residues, rooms
from exceptions_app.selectors import finance as selector
from exceptions_app.selectors import runs as runs_selector
from exceptions_app.services import fix_payloads, runs
from exceptions_app.templatetags.amounts import money
from exceptions_app.templatetags.desk import changed_query
from exceptions_app.templatetags.rooms import refund_words
from exceptions_app.views import exports
from exceptions_app.views.returns import posting_tone


@require_safe
@permissions.required("view_finance")
def index(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    bridge = _bridge(request)
    scope = selector.open_cases(now=now, bridge=bridge)
    parts = selector.by_cause(scope)
    page = selector.differences(scope, cursor=request.GET.get("cursor", ""))
    open_documents = documents.in_sums(bridge=bridge)
    waiting = selector.waiting(open_documents)
    month = accepted.month_start(now=now, bridge=bridge)
    decided = accepted.in_force(since=month, bridge=bridge)
    sums = accepted.sums(decided)
    context = {
        "now": now,
        "figures": selector.figures(parts),
        "without_credit": selector.without_credit(parts),
        "rows": page.rows,
        "newer": page.newer,
        "older": page.older,
        "waiting": waiting,
        "waiting_count": sum(row.count for row in waiting),
        "waiting_sums": selector.sums_of(waiting),
        "schedules": outlook.schedules(
            outlook.bridges(code=bridge), now=now, kinds=("credit_memo",)
        ),
        "ready": outlook.waiting_runs(open_documents),
        "runs": runs_selector.started(bridge=bridge).rows[:5],
        # A day, so that no reader's zone moves it.
        "month": month.date(),
        "bridge": bridge,
        "query": changed_query(request.GET, {}),
        "accepted": [_decided(row) for row in accepted.newest(decided)] if sums else [],
        "accepted_sums": sums,
        "passed": residues.passed(since=month, bridge=bridge),
        "accepted_count": sum(row.count for row in sums),
        "selects": [
            {"name": "bridge", "label": "Bridge", "options": rooms.bridges(), "value": bridge}
        ],
    }
    return render(request, "finance/index.html", context)


def _decided(row: accepted.Accepted) -> dict[str, object]:
    """An accepted difference with its coded reason in words."""
    return {"row": row, "fix": row.fix, "reason": _reason(row)}


def _reason(row: accepted.Accepted) -> str:
    return dict(fix_payloads.MONEY_REASONS).get(row.fix.reason_code, row.fix.reason_code)


def _bridge(request: HttpRequest) -> str:
    """A NUL can be in no stored text and is no text for PostgreSQL."""
    return request.GET.get("bridge", "").replace("\0", "")


def _difference_lines(request: HttpRequest) -> Iterator[list[exports.Cell]]:
    """One row per cause and currency, then the totals; counts stand on a cause's first row."""
    yield [
        "Cause",
        "Bridge",
        "Difference",
        "Severity",
        "Exceptions",
        "Refunds are more by",
        "Credits are more by",
        "At risk",
        "Currency",
        "Oldest",
        "Due",
    ]
    scope = selector.open_cases(now=timezone.now(), bridge=_bridge(request))
    whole = exports.Totals()
    for row in paging.every(
        lambda cursor: selector.differences(scope, cursor=cursor, size=paging.FILE_SIZE)
    ):
        sides = {each.currency: each for each in row.more}
        risk = {each.currency: each.amount for each in row.values}
        for place, currency in enumerate(sorted({*sides, *risk}) or [""]):
            side = sides.get(currency)
            figures = [
                side.refund_more if side else None,
                side.credit_more if side else None,
                risk.get(currency),
            ]
            whole.add(currency, figures)
            yield [
                row.title,
                row.bridge or "Connection",
                _directions(side),
                Severity(row.severity).label,
                "" if place else row.count,
                *whole.cells(figures, currency, absent="Not known"),
                currency,
                exports.moment(row.oldest),
                exports.moment(row.due_at),
            ]
    for currency, figures in whole.rows():
        cells = whole.cells(figures, currency)
        yield [f"Total {currency}", "", "", "", "", *cells, currency, "", ""]


def _directions(side: selector.Direction | None) -> str:
    if side is None:
        return "Not compared"
    words = [
        refund_words(amount, side.currency)
        for amount in (side.refund_more, -side.credit_more)
        if amount
    ]
    return "; ".join(words) or "Refund and credit agree"


export, export_xlsx = exports.doors(
    capability="view_finance", name="differences", lines=_difference_lines
)


def _accepted_lines(request: HttpRequest) -> Iterator[list[exports.Cell]]:
    yield [
        "Return",
        "Bridge",
        "Difference",
        "Currency",
        "In words",
        "Reason",
        "Note",
        "Asked by",
        "Asked",
        "Agreed by",
        "Agreed",
    ]
    bridge = _bridge(request)
    month = accepted.month_start(now=timezone.now(), bridge=bridge)
    rows = accepted.in_force(since=month, bridge=bridge)
    for row in accepted.every(rows):
        fix, difference = row.fix, row.difference
        yield [
            str(fix.rma or "Not known"),
            fix.bridge.name,
            "Not known" if difference is None else exports.amount(difference, row.currency),
            row.currency,
            "Not known" if difference is None else refund_words(difference, row.currency),
            _reason(row),
            fix.note,
            fix.requested_by.get_full_name() or fix.requested_by.get_username(),
            exports.moment(fix.requested_at),
            " and ".join(row.agreed_by) or "Not known",
            exports.moment(fix.decided_at),
        ]
    for each in accepted.sums(rows):
        for words, figure in (("refunds more", each.above), ("credits more", each.below)):
            cell = exports.amount(figure, each.currency)
            title = f"Total {each.currency}, {words}"
            yield [title, "", cell, each.currency, "", "", "", "", "", "", ""]


accepted_export, accepted_export_xlsx = exports.doors(
    capability="view_finance", name="accepted-differences", lines=_accepted_lines
)


# --- Credit runs -----------------------------------------------------------------------------


@require_safe
@permissions.required("view_finance")
def run_list(request: HttpRequest) -> HttpResponse:
    page = runs_selector.started(cursor=request.GET.get("cursor", ""))
    context = {
        "now": timezone.now(),
        "ready": outlook.waiting_runs(documents.in_sums()),
        "rows": page.rows,
        "newer": page.newer,
        "older": page.older,
    }
    return render(request, "finance/runs.html", context)


def _run_lines(request: HttpRequest) -> Iterator[list[exports.Cell]]:
    yield [
        "Run",
        "Bridge",
        "ERP",
        "Started",
        "Started by",
        "Credits",
        "Sum",
        "Confirmed",
        "Confirmed sum",
        "Currency",
        "Stopped",
        "Not known",
        "Under way",
        "Cancelled",
    ]
    for row in paging.every(
        lambda cursor: runs_selector.started(cursor=cursor, size=paging.FILE_SIZE)
    ):
        run = row.run
        yield [
            f"Credit run {run.pk}",
            run.bridge.name,
            run.bridge.erp.name,
            exports.moment(run.started_at),
            run.started_by,
            run.count,
            exports.amount(run.total, run.currency),
            row.confirmed,
            exports.amount(row.confirmed_total, run.currency),
            run.currency,
            row.failed,
            row.unknown,
            row.under_way,
            row.left,
        ]


runs_export, runs_export_xlsx = exports.doors(
    capability="view_finance", name="credit-runs", lines=_run_lines
)


@require_safe
@permissions.required("view_finance")
def run_detail(request: HttpRequest, run_id: int) -> HttpResponse:
    try:
        row = runs_selector.one(run_id=run_id)
    except CreditRun.DoesNotExist as error:
        raise Http404 from error
    page = paging.page(
        runs_selector.postings(run_id), order=("id",), cursor=request.GET.get("cursor", "")
    )
    context = {
        "now": timezone.now(),
        "row": row,
        "run": row.run,
        "postings": [
            {
                "posting": posting,
                "tone": posting_tone(posting),
                "blockers": rooms.blockers_of(posting),
            }
            for posting in page.rows
        ],
        "newer": page.newer,
        "older": page.older,
    }
    return render(request, "finance/run.html", context)


def _credit_lines(request: HttpRequest, run_id: int) -> Iterator[list[exports.Cell]]:
    get_object_or_404(CreditRun, pk=run_id)
    return _credits_of(run_id)


def _credits_of(run_id: int) -> Iterator[list[exports.Cell]]:
    yield ["Credit", "Return", "ERP number", "State", "Why", "Read back", "Amount", "Currency"]
    rows = runs_selector.postings(run_id)
    for posting in paging.every(
        lambda cursor: paging.page(rows, order=("id",), cursor=cursor, size=paging.FILE_SIZE)
    ):
        yield [
            posting.key,
            str(posting.rma),
            posting.number or "None yet",
            posting.state_label,
            ", ".join(rooms.blockers_of(posting)),
            "" if posting.is_taken_on_word else exports.moment(posting.confirmed_at),
            exports.amount(posting.gross, posting.currency),
            posting.currency,
        ]


run_export, run_export_xlsx = exports.doors(
    capability="view_finance", name="credit-run", lines=_credit_lines
)


@require_safe
@permissions.required("view_finance")
def run_confirm(request: HttpRequest, bridge_id: int) -> HttpResponse:
    """What would leave, before anybody says yes to it."""
    bridge = get_object_or_404(Bridge.objects.select_related("erp"), pk=bridge_id, is_active=True)
    currency = request.GET.get("currency", "")[:3].replace("\0", "") or bridge.currency
    ready = runs_selector.ready(bridge=bridge, currency=currency)
    dates = [(parse_date(day) or day, count) for day, count in ready.dates] if ready else []
    context: dict[str, object] = {
        "now": timezone.now(),
        "bridge": bridge,
        "ready": ready,
        "dates": dates,
        "is_one_date": len(dates) == 1,
        "second_above": facts.policy_of(bridge).second_approver_above,
    }
    if ready is not None:
        page = runs_selector.listed(ready, cursor=request.GET.get("cursor", ""))
        context |= {"members": page.rows, "newer": page.newer, "older": page.older}
    return render(request, "finance/confirm.html", context)


@permissions.required("start_run")
@permissions.sent_from("run-confirm", "bridge_id")
def run_start(request: HttpRequest, bridge_id: int) -> HttpResponse:
    """Start what was shown; a request that was shown nothing is led to the question first."""
    bridge = get_object_or_404(Bridge, pk=bridge_id, is_active=True)
    shown = _shown(request)
    if shown is None:
        return redirect("run-confirm", bridge_id=bridge.pk)
    try:
        run = runs.start(
            bridge=bridge,
            actor=permissions.actor_of(request),
            now=timezone.now(),
            currency=request.POST.get("currency", "")[:3].replace("\0", ""),
            shown=shown,
        )
    except errors.DeskError as error:
        messages.warning(request, str(error))
        return redirect("run-confirm", bridge_id=bridge.pk)
    total = money(run.total, run.currency)
    noun = "credit" if run.count == 1 else "credits"
    messages.success(request, f"Credit run {run.pk} started: {run.count} {noun}, {total}.")
    return redirect("run-detail", run_id=run.pk)


def _shown(request: HttpRequest) -> runs.Shown | None:
    try:
        total = Decimal(request.POST.get("total", ""))
        count, last_id = (int(request.POST.get(name, "")) for name in ("count", "last_id"))
    except (ValueError, InvalidOperation):
        return None
    is_possible = total.is_finite() and 0 < last_id < 2**63
    return runs.Shown(count, total, last_id) if is_possible else None
