"""Today: what to check, what is green, what waits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from exceptions_app import permissions
from exceptions_app.choices import PostingKind, Team
from exceptions_app.models import LastLook
from exceptions_app.selectors import (
    documents,
    finance,
    merchandising,
    news,
    operations,
    outlook,
    paging,
    proving,
    talking,
    today,
    warehouse,
)
from exceptions_app.views import looks

# Where a team's work stands, and the capability its room asks for.
ROOMS = {
    Team.CX: ("return-list", "Open Returns", "view_desk"),
    Team.WAREHOUSE: ("warehouse", "Open Warehouse", "view_warehouse"),
    Team.FINANCE: ("finance", "Open Finance", "view_finance"),
    Team.MERCHANDISING: ("merchandising", "Open Merchandising", "view_merchandising"),
    Team.OPERATIONS: ("operations", "Open Operations", "view_operations"),
}


@require_safe
@permissions.required("view_desk")
def home(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    roles = permissions.roles_of(request.user)
    chosen = request.GET.get("team", "")
    # A lead without a role of a team works on none.
    own = (*today.teams_of(roles), Team.CX)
    team = Team(chosen if chosen in Team.values else own[0])
    stuck = today.stuck(roles=roles)
    feeds = proving.feeds()
    room, room_label, room_capability = ROOMS[team]
    # A team's figures are its room's: who may not enter the room is not told them here either.
    may_enter = permissions.can(request.user, room_capability)
    told = news.news(
        team=team,
        user_id=request.user.pk or 0,
        feeds=feeds,
        now=now,
        has_customers=may_enter and team == Team.CX,
    )
    held, held_until = told.proofs["held"]
    checks = proving.checks(rows=feeds, unknown=stuck.unknown_count, proofs=told.proofs, now=now)
    open_documents = documents.in_sums()
    queue = today.queue(team=team, now=now)
    known = _Known(queue, open_documents, now, told.found)
    context: dict[str, Any] = {
        "now": now,
        "since": told.since,
        "queue": queue,
        "tabs": _tabs(team),
        "changes": told.changes,
        "mentions": told.mentions[: talking.SHOWN],
        "mentions_more": len(told.mentions) > talking.SHOWN,
        "questions": told.questions[: talking.SHOWN],
        "questions_more": len(told.questions) > talking.SHOWN,
        "looked": looks.shown(told.looked, page=LastLook.Page.TODAY, team=team, now=now),
        "figures": _FIGURES[team](known) if may_enter else [],
        "room": room if may_enter else "",
        "room_label": room_label,
        "fixes": today.approvals(roles=roles, user_id=request.user.pk or 0),
        "runs": outlook.waiting_runs(open_documents),
        "schedules": [{"row": row, "kind": PostingKind(row.kind).label} for row in told.schedules],
        "waiting": outlook.waiting(open_documents),
        "late": told.late,
        "held": held,
        "held_until": held_until,
        "unknown": stuck.unknown,
        "unknown_count": paging.shown(stuck.unknown_count),
        "feeds": feeds,
        "checks": checks,
        "proved": sum(check.is_green for check in checks),
    }
    if permissions.can(request.user, "key_by_hand"):
        context |= {"tasks": stuck.to_key, "task_count": paging.shown(stuck.to_key_count)}
    return render(request, "home/today.html", context)


def _tabs(team: str) -> list[dict[str, object]]:
    return [
        {"url": f"?team={code}", "label": label, "is_current": code == team}
        for code, label in Team.choices
    ]


# --- The figures of a team -------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Known:
    """What the page has read already when a team's figures are put together."""

    queue: today.Queue
    documents: tuple[documents.OpenDocuments, ...]
    now: datetime
    found: Mapping[Any, Any]


def _figure(
    label: str, shown: object, note: str = "", values: Any = (), query: str = ""
) -> dict[str, Any]:
    """`values` are sums per currency beside the note; `query` is where in the room it stands."""
    return {"label": label, "shown": shown, "note": note, "values": values, "query": query}


def _of_warehouse(known: _Known) -> list[dict[str, Any]]:
    board = warehouse.board(now=known.now)
    return [
        _figure("Expected, not here", paging.shown(board.expected), "returns"),
        _figure("To grade", paging.shown(board.to_grade), "returns", query="?view=grade"),
        _figure(
            "Graded, on no ERP stock record",
            board.unbooked_units,
            f"units; {board.stuck_units} need a person",
            query="?view=book",
        ),
        _figure(
            "Booked, last 24 hours", board.confirmed_units, "units, read back", query="?view=time"
        ),
    ]


def _of_finance(known: _Known) -> list[dict[str, Any]]:
    queue = known.queue
    count, values = queue.of_type(finance.NO_CREDIT)
    waiting = finance.waiting(known.documents)
    late = [row for row in waiting if row.is_late_only]
    stuck = [row for row in waiting if not row.is_late_only]
    return [
        _figure(
            "To decide",
            queue.count,
            f"in {queue.cause_count} cause{'' if queue.cause_count == 1 else 's'}",
            queue.values,
            "#why",
        ),
        _figure("Refunds without a credit", count, "past their time", values),
        _figure(
            "Credits that need a person",
            sum(row.count for row in stuck),
            "blocked, refused or unknown",
            finance.sums_of(stuck),
            "#waiting",
        ),
        _figure(
            "Credits that wait",
            sum(row.count for row in late),
            "not wrong",
            finance.sums_of(late),
            "#waiting",
        ),
    ]


def _of_merchandising(known: _Known) -> list[dict[str, Any]]:
    kinds = {"sku": merchandising.SKU_TYPES, "mapping": merchandising.MAPPING_TYPES}
    labels = {"sku": "SKU gaps", "mapping": "Mapping gaps"}
    return [
        _figure(
            labels[code],
            tally.causes,
            f"cause{'' if tally.causes == 1 else 's'}, "
            f"{tally.returns_shown} return{' waits' if tally.returns == 1 else 's wait'}",
            tally.values,
            f"?view={code}",
        )
        for code, tally in merchandising.tallies(kinds, now=known.now).items()
    ]


def _of_operations(known: _Known) -> list[dict[str, Any]]:
    return [
        _figure(row.label, paging.shown(row.count)) | {"oldest": row.oldest}
        for row in operations.backlog(now=known.now)
    ]


def _of_cx(known: _Known) -> list[dict[str, Any]]:
    found = news.customers(known.found)
    return [
        _figure(
            "Refund asked for",
            paging.shown(found.refund_pending),
            "not confirmed yet",
            query="?where=pending",
        ),
        _figure(
            "Refund failed",
            paging.shown(found.refund_failed),
            "the customer has no money",
            query="?where=failed",
        ),
        *(
            _figure(
                f"Held up with {Team(row.team).label}",
                paging.shown(row.returns),
                f"returns, {paging.shown(row.unpaid) if row.unpaid else 'none'} of them"
                " without a refund",
            )
            | {"url": f"{reverse('case-list')}?team={row.team}"}
            for row in found.held
        ),
    ]


_FIGURES: dict[str, Callable[[_Known], list[dict[str, Any]]]] = {
    Team.CX: _of_cx,
    Team.WAREHOUSE: _of_warehouse,
    Team.FINANCE: _of_finance,
    Team.MERCHANDISING: _of_merchandising,
    Team.OPERATIONS: _of_operations,
}
