"""Returns: one search box for every number, and one page with everything known of a return."""

from datetime import datetime
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from exceptions_app import permissions
from exceptions_app.choices import HoldReason, PostingStatus
from exceptions_app.models import Posting, Rma
from exceptions_app.selectors import paging, returns

POSTING_TONES = {
    PostingStatus.CONFIRMED: "good",
    PostingStatus.FAILED: "bad",
    PostingStatus.BLOCKED: "bad",
    PostingStatus.UNCONFIRMED: "warn",
    PostingStatus.CANCELLED: "calm",
}
SOURCES = {"platform": "source", "erp": "erp"}


@require_safe
@permissions.required("view_desk")
def list_returns(request: HttpRequest) -> HttpResponse:
    text = request.GET.get("q", "")
    found = returns.search(text=text)
    page = paging.page(found, order=("-id",), cursor=request.GET.get("cursor", ""))
    is_shown = permissions.can(request.user, "view_personal_data")
    context = {
        "q": text[: returns.MAX_QUERY],
        "is_cut": len(text) > returns.MAX_QUERY,
        "rows": [returns.row_of(rma, is_personal_shown=is_shown) for rma in page.rows],
        "newer": page.newer,
        "older": page.older,
        "now": timezone.now(),
    }
    return render(request, "returns/list.html", context)


@require_safe
@permissions.required("view_desk")
def detail(request: HttpRequest, rma_id: int) -> HttpResponse:
    now = timezone.now()
    may_see_attempts = permissions.can(request.user, "view_operations")
    try:
        found = returns.get(rma_id=rma_id, now=now, has_attempts=may_see_attempts)
    except Rma.DoesNotExist as error:
        raise Http404 from error
    is_shown = permissions.can(request.user, "view_personal_data")
    rma = found.rma
    context = {
        "now": now,
        "detail": found,
        "rma": rma,
        "customer": returns.customer_of(rma, is_shown=is_shown),
        "parcels": [_parcel(parcel, is_shown=is_shown) for parcel in _parcels(rma)],
        "stages": [_stage(stage, rma) for stage in found.stages if stage.state != "not_needed"],
        "proved": sum(stage.state == "done" for stage in found.stages),
        "documents": [_document(posting, now) for posting in found.postings],
        "held": [posting for posting in found.postings if _is_undoable(posting, now)],
        "checks": _checks(found.postings),
    }
    return render(request, "returns/detail.html", context)


def _parcels(rma: Rma) -> list[dict[str, Any]]:
    return list(getattr(rma, "parcels", None) or [])


def _parcel(parcel: dict[str, Any], *, is_shown: bool) -> dict[str, Any]:
    number = parcel["number"] if is_shown else returns.mask(parcel["number"])
    return {**parcel, "number": number}


def _stage(stage: Any, rma: Rma) -> dict[str, Any]:
    side = SOURCES.get(stage.source)
    return {
        "label": stage.label,
        "state": stage.state,
        "source": getattr(rma.bridge, side).name if side else "",
        "at": stage.at,
        "proof": stage.proof,
    }


def _document(posting: Posting, now: datetime) -> dict[str, Any]:
    return {
        "posting": posting,
        "tone": POSTING_TONES.get(PostingStatus(posting.status), "wait"),
        "note": _note(posting, now),
    }


def _note(posting: Posting, now: datetime) -> str:
    """Why it has not left, in the words of its hold."""
    if posting.status == PostingStatus.HELD:
        return HoldReason(posting.hold_reason).label
    if posting.status == PostingStatus.BLOCKED and posting.blocked_by:
        return f"Waits for: {posting.blocked_by.replace('_', ' ').lower()}"
    if posting.parked_at:
        return "Read-back could not decide; waits for a person"
    if posting.status == PostingStatus.READY and posting.not_before > now:
        return "Leaves later"
    return ""


def _is_undoable(posting: Posting, now: datetime) -> bool:
    return (
        posting.status == PostingStatus.HELD
        and posting.hold_reason == HoldReason.UNDO
        and posting.hold_until is not None
        and posting.hold_until > now
    )


def _checks(postings: tuple[Posting, ...]) -> list[str]:
    """The checks behind the latest plan of this return, each once."""
    live = [posting for posting in postings if posting.status != PostingStatus.CANCELLED]
    texts = [check[1] for posting in live for check in posting.checks]
    return list(dict.fromkeys(texts))
