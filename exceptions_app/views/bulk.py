"""Acts on everything that matches: shown before, followed while they run, told row by row after."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from exceptions_app import errors, permissions
from exceptions_app.catalogue import entry as catalogue_entry
from exceptions_app.choices import BulkKind, BulkRowState, BulkState
from exceptions_app.forms.bulk import WindowForm, form_of, given_of
from exceptions_app.models import Bulk, BulkRow, Fix
from exceptions_app.selectors import bulk as selector
from exceptions_app.selectors import paging
from exceptions_app.selectors import requests as requests_selector
from exceptions_app.services import bulk as service
from exceptions_app.services import bulk_freezing, bulk_messages, hindsight
from exceptions_app.services.bulk_rows import CAPABILITY, UNDOABLE
from exceptions_app.views import exports, tried, whole_progress
from exceptions_app.views.ticked import number

SHOWN = 20
NOUNS: dict[str, str] = {
    BulkKind.REPLAY: "document",
    BulkKind.MESSAGES: "message",
    BulkKind.PREVIEW: "return",
    BulkKind.APPROVE: "request",
}
# What a change tried on history would decide, and how that is told.
VERDICTS = {
    hindsight.HEALED: ("Healed", "good"),
    hindsight.BROKEN: ("Newly broken", "bad"),
    hindsight.OTHERWISE: ("Otherwise", "mild"),
    hindsight.SAME: ("The same", "calm"),
}
POLL_SECONDS = 3
TONES: dict[str, str] = {
    BulkRowState.WAITING: "wait",
    BulkRowState.DONE: "good",
    BulkRowState.SKIPPED: "calm",
    BulkRowState.CHANGED: "warn",
    BulkRowState.REFUSED: "bad",
}
STATE_TONES: dict[str, str] = {
    BulkState.DRAFT: "calm",
    BulkState.RUNNING: "wait",
    BulkState.STOPPED: "warn",
    BulkState.DONE: "good",
}
# What can be done again to those that were left.
AGAIN = (
    BulkKind.MINE,
    BulkKind.ASSIGN,
    BulkKind.SNOOZE,
    BulkKind.CLOSE,
    BulkKind.NOTE,
    BulkKind.ACCEPT,
    BulkKind.RETRY,
)


@require_safe
@permissions.required("view_desk")
def index(request: HttpRequest) -> HttpResponse:
    """The latest acts of everybody, so that two do not do the same."""
    rows = [{"bulk": row, "tone": STATE_TONES[row.state]} for row in selector.latest()]
    return render(request, "cases/bulks.html", {"rows": rows, "now": timezone.now()})


@require_safe
@permissions.required("view_desk")
def detail(request: HttpRequest, bulk_id: int) -> HttpResponse:
    return _show(request, bulk_id)


@permissions.required("assign_case")
@permissions.sent_from("bulk", "bulk_id")
def start(request: HttpRequest, bulk_id: int) -> HttpResponse:
    bulk = get_object_or_404(selector.one(bulk_id))
    actor, now = permissions.actor_of(request), timezone.now()
    form = form_of(bulk, request.POST, user=actor, now=now)
    if form is not None and not form.is_valid():
        return _show(request, bulk_id, form=form)
    given = given_of(form)
    return _turned(
        request,
        bulk_id,
        lambda: service.start(bulk_id=bulk_id, given=given, actor=actor, now=now),
    )


@permissions.required("assign_case")
@permissions.sent_from("bulk", "bulk_id")
def stop(request: HttpRequest, bulk_id: int) -> HttpResponse:
    actor, now = permissions.actor_of(request), timezone.now()
    get_object_or_404(selector.one(bulk_id))
    return _turned(request, bulk_id, lambda: service.stop(bulk_id=bulk_id, actor=actor, now=now))


@permissions.required("assign_case")
@permissions.sent_from("bulk", "bulk_id")
def resume(request: HttpRequest, bulk_id: int) -> HttpResponse:
    actor, now = permissions.actor_of(request), timezone.now()
    get_object_or_404(selector.one(bulk_id))
    return _turned(request, bulk_id, lambda: service.resume(bulk_id=bulk_id, actor=actor, now=now))


@permissions.required("assign_case")
@permissions.sent_from("bulk", "bulk_id")
def undo(request: HttpRequest, bulk_id: int) -> HttpResponse:
    actor, now = permissions.actor_of(request), timezone.now()
    get_object_or_404(selector.one(bulk_id))
    return _turned(request, bulk_id, lambda: service.undo(bulk_id=bulk_id, actor=actor, now=now))


@permissions.required("assign_case")
@permissions.sent_from("bulk", "bulk_id")
def again(request: HttpRequest, bulk_id: int) -> HttpResponse:
    """Freeze those that were left, or those it was done to, as they are now, for another act."""
    bulk = get_object_or_404(selector.one(bulk_id))
    kind = request.POST.get("act", "")
    if kind not in AGAIN:
        raise Http404("That is not an act we know.")
    actor, now = permissions.actor_of(request), timezone.now()
    cases = selector.done(bulk) if request.POST.get("of") == "done" else selector.left(bulk)
    return _turned(
        request,
        bulk_id,
        lambda: bulk_freezing.freeze(kind=kind, cases=cases, actor=actor, now=now, back=bulk.back),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@permissions.required("retry_posting")
def window(request: HttpRequest) -> HttpResponse:
    """Choose a window of documents to send again, or of messages to handle again; what it holds is
    the next page."""
    now = timezone.now()
    form = WindowForm(request.POST if request.method == "POST" else None, now=now)
    if request.method == "POST" and form.is_valid():
        try:
            bulk = _frozen(form, permissions.actor_of(request), now)
        except errors.DeskError as error:
            form.add_error(None, str(error))
        else:
            return redirect("bulk", bulk_id=bulk.pk)
    status = 422 if form.errors else 200
    return render(request, "operations/window.html", {"form": form}, status=status)


def _frozen(form: WindowForm, actor: User, now: datetime) -> Bulk:
    since, until = form.span
    asked = form.cleaned_data
    given: dict[str, Any] = {
        "bridge": asked["bridge"],
        "since": since,
        "until": until,
        "per_minute": asked["per_minute"],
        "actor": actor,
        "now": now,
        "words": form.words,
    }
    if form.is_of_messages:
        return bulk_messages.freeze_window(topic=asked["topic"], **given)
    return bulk_freezing.freeze_window(kind=asked["kind"], case_type=asked["case_type"], **given)


@permissions.required("assign_case")
@permissions.sent_from("fix-detail", "fix_id")
def history(request: HttpRequest, fix_id: int) -> HttpResponse:
    """Try a mapping on returns of the past before it is in force; it only reads, so it starts."""
    fix = get_object_or_404(Fix.objects.select_related("bridge"), pk=fix_id)
    actor, now = permissions.actor_of(request), timezone.now()
    try:
        bulk = bulk_freezing.freeze_history(
            fix=fix, days=number(request.POST.get("days", "")), actor=actor, now=now
        )
        service.start(bulk_id=bulk.pk, given={}, actor=actor, now=now)
    except errors.DeskError as error:
        messages.warning(request, str(error))
        return redirect("fix-detail", fix_id=fix.pk)
    return redirect("bulk", bulk_id=bulk.pk)


def _lines(request: HttpRequest, bulk_id: int) -> Iterator[Sequence[exports.Cell]]:
    bulk = get_object_or_404(selector.one(bulk_id))
    state = _state(request)
    yield ("Row", "Exception", "Return", "Document, message or request", "Result", "Why", "At")
    cursor = ""
    while True:
        found = selector.rows_page(bulk, state=state, cursor=cursor, size=paging.FILE_SIZE)
        for row in found.rows:
            yield _line(row)
        if not found.older:
            return
        cursor = found.older


def _line(row: BulkRow) -> Sequence[exports.Cell]:
    return (
        row.position,
        f"EX-{row.case_id}" if row.case_id else "",
        str(row.rma or ""),
        _what(row),
        _row(row)["label"],
        row.text,
        exports.moment(row.settled_at),
    )


def _what(row: BulkRow) -> str:
    """The document, the message, or the request itself where the act decides on requests."""
    if row.posting:
        return row.posting.key
    if row.event:
        return row.event.external_id
    return "" if row.case_id else str(row.fix or "")


export, export_xlsx = exports.doors(capability="view_desk", name="result-per-row", lines=_lines)


def _turned(request: HttpRequest, bulk_id: int, act: Callable[[], Bulk]) -> HttpResponse:
    """Do it and show where it stands; refused, the page as it is now and why."""
    try:
        bulk = act()
    except errors.DeskError as error:
        messages.warning(request, str(error))
        return redirect("bulk", bulk_id=bulk_id)
    return redirect("bulk", bulk_id=bulk.pk)


def _show(request: HttpRequest, bulk_id: int, *, form: Any = None) -> HttpResponse:
    bulk = get_object_or_404(selector.one(bulk_id))
    now = timezone.now()
    user = permissions.actor_of(request)
    is_own, is_draft = bulk.asked_by_id == user.pk, bulk.state == BulkState.DRAFT
    if form is None and is_draft and is_own:
        form = form_of(bulk, None, user=user, now=now)
    counted = selector.tally(bulk)
    state = _state(request)
    size = SHOWN if is_draft else paging.PAGE_SIZE
    page = selector.rows_page(bulk, state=state, cursor=request.GET.get("cursor", ""), size=size)
    if bulk.kind == BulkKind.APPROVE:
        requests_selector.name(row.fix for row in page.rows)
    settled = bulk.count - counted[BulkRowState.WAITING]
    cannot = sum(each["count"] for each in bulk.forecast)
    context = {
        "bulk": bulk,
        "now": now,
        "form": form,
        "is_own": is_own,
        "is_draft": is_draft,
        "is_running": bulk.state == BulkState.RUNNING,
        "is_over": is_draft and bulk.expires_at <= now,
        "tone": STATE_TONES[bulk.state],
        "noun": NOUNS.get(bulk.kind, "exception"),
        "tried": tried.source(bulk, request),
        "whole": whole_progress.shown(bulk) if "whole" in bulk.given else None,
        "is_preview": bulk.kind == BulkKind.PREVIEW,
        "verdicts": _verdicts(bulk),
        "tried_types": _tried_types(bulk),
        "tried_credits": selector.credits_tried(bulk) if bulk.kind == BulkKind.PREVIEW else [],
        "sums": selector.sums(bulk),
        "settled": settled,
        "left": counted[BulkRowState.REFUSED] + counted[BulkRowState.CHANGED],
        "done": counted[BulkRowState.DONE],
        "may_act_again": bulk.kind in AGAIN and bulk.state in (BulkState.DONE, BulkState.STOPPED),
        "cannot": cannot,
        "can_be": bulk.count - cannot,
        "rows": [_row(row) for row in page.rows],
        "newer": "" if is_draft else page.newer,
        "older": "" if is_draft else page.older,
        "left_words": "newly broken" if bulk.kind == BulkKind.PREVIEW else "left as they were",
        "states": [] if bulk.kind == BulkKind.PREVIEW else _states(counted, state),
        "undone_by": getattr(bulk, "undone_by", None),
        "can_undo": _can_undo(bulk, counted),
        "again": [
            {"code": kind.value, "label": kind.label}
            for kind in AGAIN
            if permissions.can(user, CAPABILITY[kind])
        ],
        "poll_seconds": POLL_SECONDS,
        "query": f"?state={state}" if state else "",
    }
    return render(request, "cases/bulk.html", context, status=422 if form and form.errors else 200)


def _verdicts(bulk: Bulk) -> list[dict[str, Any]]:
    if bulk.kind != BulkKind.PREVIEW:
        return []
    return [
        {**row, "label": VERDICTS[row["verdict"]][0], "tone": VERDICTS[row["verdict"]][1]}
        for row in selector.verdicts(bulk)
    ]


def _tried_types(bulk: Bulk) -> list[dict[str, Any]]:
    if bulk.kind != BulkKind.PREVIEW:
        return []
    return [
        {"short": catalogue_entry(code).short, "opened": opened, "closed": closed}
        for code, opened, closed in selector.types_tried(bulk)
    ]


def _row(row: BulkRow) -> dict[str, Any]:
    if "verdict" in row.before:
        label, tone = VERDICTS[row.before["verdict"]]
        amount, currency = Decimal(row.before["amount"]), row.before["currency"]
        return {"row": row, "label": label, "tone": tone, "amount": amount, "currency": currency}
    if "amount" in row.before:
        told = {"amount": Decimal(row.before["amount"]), "currency": row.before["currency"]}
        return {"row": row, "label": row.get_state_display(), "tone": TONES[row.state], **told}
    return {"row": row, "label": row.get_state_display(), "tone": TONES[row.state]}


def _can_undo(bulk: Bulk, counted: dict[str, int]) -> bool:
    return (
        bulk.kind in UNDOABLE
        and bulk.state in (BulkState.DONE, BulkState.STOPPED)
        and counted[BulkRowState.DONE] > 0
        and getattr(bulk, "undone_by", None) is None
    )


def _state(request: HttpRequest) -> str:
    state = request.GET.get("state", "")
    return state if state in BulkRowState.values else ""


def _states(counted: dict[str, int], state: str) -> list[dict[str, Any]]:
    """The results as links, each with its count; those nobody got are left out."""
    total = sum(counted.values())
    tabs = [{"url": "?", "label": "All rows", "note": f"{total:,}", "is_current": not state}]
    return tabs + [
        {
            "url": f"?state={code}",
            "label": BulkRowState(code).label,
            "note": f"{count:,}",
            "is_current": code == state,
        }
        for code, count in counted.items()
        if count
    ]
