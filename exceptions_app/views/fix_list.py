"""The approvals page: what waits for the reader first, and what can still be taken back."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from exceptions_app import permissions
from exceptions_app.choices import FixKind, FixStatus
from exceptions_app.models import Fix, FixBatch
from exceptions_app.selectors import approvals as approvals_selector
from exceptions_app.selectors import cases as cases_selector
from exceptions_app.selectors import delegations
from exceptions_app.selectors import requests as requests_selector
from exceptions_app.views import case_offers, fix_rights
from exceptions_app.views.fixes import DECIDED_TONES


@require_safe
@permissions.required("view_desk")
def index(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    waiting = _with_approvers(requests_selector.waiting())
    mine = [fix for fix in waiting if fix.requested_by_id == request.user.pk]
    others = [fix for fix in waiting if fix.requested_by_id != request.user.pk]
    held, decided = requests_selector.held(now=now), requests_selector.decided(now=now)
    requests_selector.name(waiting, held, decided)
    for_me = [fix for fix in others if fix_rights.may_decide(request, fix)]
    amounts = approvals_selector.amounts_of(for_me)
    context = {
        "now": now,
        "for_me": [{"fix": fix, "amount": amounts.get(fix.pk)} for fix in for_me],
        "sums": approvals_selector.sums(amounts.values()),
        "cap": requests_selector.WAITING_CAP,
        "is_capped": len(waiting) == requests_selector.WAITING_CAP,
        "for_others": [fix for fix in others if not fix_rights.may_decide(request, fix)],
        "mine": mine,
        "held": case_offers.under_way([fix for fix in held if fix.batch_id is None], request, now),
        "batches": _batches(request, held),
        "glass": list(approvals_selector.open_glass()[: approvals_selector.REVIEWS_SHOWN]),
        "away": list(delegations.held_by(request.user.pk or 0, now=now)),
        "decided": [
            {"fix": fix, "tone": DECIDED_TONES.get(FixStatus(fix.status), "calm")}
            for fix in decided
        ],
    }
    return render(request, "fixes/list.html", context)


def _batches(request: HttpRequest, held: list[Fix]) -> list[dict[str, Any]]:
    """Batches that can still be taken back, each with how many changes it holds, and by whom."""
    found: dict[FixBatch, list[Fix]] = {}
    for fix in held:
        if fix.batch is not None:
            found.setdefault(fix.batch, []).append(fix)
    return [
        {
            "batch": batch,
            "count": len(rows),
            "seconds": int((batch.hold_until - batch.released_at).total_seconds()),
            "may_take_back": fix_rights.may_take_back_all(request, batch, rows),
        }
        for batch, rows in found.items()
    ]


def _with_approvers(waiting: list[Fix]) -> list[Fix]:
    """`waiting`, each with `who` may approve it by name; one question per kind and requester."""
    names: dict[tuple[str, str, int, frozenset[int], str], str] = {}
    for fix in waiting:
        editors = frozenset(row.editor_id for row in fix.edits.all())
        closed = fix.case.type if fix.kind == FixKind.CLOSE and fix.case else ""
        asked = (fix.kind, fix.level, fix.requested_by_id, editors, closed)
        if asked not in names:
            found = cases_selector.approvers(
                kind=fix.kind,
                level=fix.level,
                requester_id=fix.requested_by_id,
                editor_ids=editors,
                case_type=closed,
            )
            names[asked] = ", ".join(found)
        fix.who = names[asked]  # type: ignore[attr-defined]  # for the template only
    return waiting
