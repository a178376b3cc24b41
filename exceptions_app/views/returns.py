"""One return: a page with everything known of it, and notes about it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_safe

from exceptions_app import errors, permissions
from exceptions_app.catalogue import entry as catalogue_entry
from exceptions_app.choices import HoldReason, PostingKind, PostingStatus, Role
from exceptions_app.forms.notes import NoteForm, TellingNoteForm
from exceptions_app.models import Case, Posting, Rma
from exceptions_app.rules import bundle_proof, handling, resting
from exceptions_app.rules import stages as stage_rules
from exceptions_app.selectors import customers, exchange, lookups, refunds, returns, rooms
from exceptions_app.services import notes
from exceptions_app.services.sweeping import PEOPLE_KEPT_FOR
from exceptions_app.templatetags.desk import when
from exceptions_app.views import case_talk, fix_rights, penny

POSTING_TONES = {
    PostingStatus.CONFIRMED: "good",
    PostingStatus.FAILED: "bad",
    PostingStatus.BLOCKED: "bad",
    PostingStatus.UNCONFIRMED: "warn",
    PostingStatus.CANCELLED: "calm",
}


def posting_tone(posting: Posting) -> str:
    """A person's word is no proof: what only it says is booked is to be looked at."""
    if posting.is_taken_on_word:
        return "mild"
    return POSTING_TONES.get(PostingStatus(posting.status), "wait")


SOURCES = {"platform": "source", "erp": "erp"}


@require_safe
@permissions.required("view_desk")
def detail(request: HttpRequest, rma_id: int) -> HttpResponse:
    return _show(request, rma_id)


@permissions.required("write_note")
@permissions.sent_from("return-detail", "rma_id")
def note(request: HttpRequest, rma_id: int) -> HttpResponse:
    """Words in the history of the return; nothing else changes."""
    rma = get_object_or_404(Rma, pk=rma_id)
    actor, now = permissions.actor_of(request), timezone.now()
    form = TellingNoteForm(request.POST)
    if not form.is_valid():
        return _show(request, rma_id, note_form=form, status=422)
    try:
        given = form.cleaned_data
        notes.about_return(rma_id=rma.pk, text=given["note"], to=given["to"], actor=actor, now=now)
    except errors.DeskError as error:
        form.add_error("note", str(error))
        return _show(request, rma_id, note_form=form, status=422)
    messages.success(request, f"The note stands in the history of {rma}.")
    return redirect(f"{reverse('return-detail', args=[rma.pk])}#hist")


def _show(
    request: HttpRequest, rma_id: int, *, note_form: NoteForm | None = None, status: int = 200
) -> HttpResponse:
    now = timezone.now()
    may_see_attempts = permissions.can(request.user, "view_operations")
    before = _moment(request.GET.get("before", ""))
    try:
        found = returns.get(rma_id=rma_id, now=now, has_attempts=may_see_attempts, before=before)
    except Rma.DoesNotExist as error:
        raise Http404 from error
    is_shown = permissions.can(request.user, "view_personal_data")
    sees_parcels = permissions.can(request.user, "view_parcel_numbers")
    rma = found.rma
    in_files = exchange.lines_by_posting(found.postings)
    context = {
        "now": now,
        "detail": found,
        "rma": rma,
        "customer": customers.customer_of(rma, is_shown=is_shown),
        "is_forgotten": _is_forgotten(rma, now),
        "found_by": _found_by(request.GET),
        "parcels": [_parcel(parcel, is_shown=sees_parcels) for parcel in _parcels(rma)],
        "stages": [_stage(stage, found) for stage in found.stages if stage.state != "not_needed"],
        "proved": sum(stage.state == "done" for stage in found.stages),
        "documents": [
            {**_document(posting, now), "in_file": in_files.get(posting.pk)}
            for posting in found.postings
        ],
        "unopened": [catalogue_entry(code).short for code in found.unopened],
        "held": _held(found, request, now),
        "checks": _checks(found.postings),
        "rests_on": _rests_on(found),
        "penny": penny.of_return(found),
        "bundles": bundle_proof.of_return(found.facts),
        "before": before,
        "receipts": returns.receipts(found.facts),
        "refunds": refunds.rows(found.facts.refunds),
        "is_scanning": bool(request.GET.get("scan"))
        and permissions.can(request.user, "view_warehouse"),
        "needs": _needs(found, request),
        "unpaid": returns.unpaid(found),
        "rest": resting.rest(found.facts),
        "note_form": note_form or TellingNoteForm(),
        "names": case_talk.names(),
    }
    return render(request, "returns/detail.html", context, status=status)


def _needs(found: returns.Detail, request: HttpRequest) -> list[dict[str, Any]]:
    """What the goods need, for those whose hands they are in; nothing for anybody else."""
    if Role.WAREHOUSE not in permissions.roles_of(request.user):
        return []
    cases = {case.type: case for case in reversed(found.cases)}

    def called(code: str) -> str:
        number = f"EX-{cases[code].pk} " if code in cases else ""
        return f"{number}{catalogue_entry(code).short}"

    source = found.rma.bridge.source.name
    return [
        {
            "need": need,
            "url": reverse("case-detail", args=[cases[need.type].pk]) if need.type in cases else "",
        }
        for need in handling.needs(found.facts, found.findings, source=source, called=called)
    ]


def _found_by(query: QueryDict) -> str:
    """ "order", "part of its order": which number led here; "" when none did."""
    label = lookups.KINDS.get(query.get("by", ""), "")
    words = label if label[:2].isupper() else label[:1].lower() + label[1:]
    return f"part of its {words}" if words and query.get("part") else words


def _moment(text: str) -> datetime | None:
    """A place in the history; one we cannot read is its beginning."""
    try:
        at = parse_datetime(text)
    except ValueError:
        return None
    return at if at is not None and timezone.is_aware(at) else None


def _is_forgotten(rma: Rma, now: datetime) -> bool:
    """Past the time names are kept, so that "none" may mean "no longer"."""
    is_empty = not rma.customer_name and not rma.customer_email
    return is_empty and rma.source_updated_at < now - PEOPLE_KEPT_FOR


def _parcels(rma: Rma) -> list[dict[str, Any]]:
    return list(getattr(rma, "parcels", None) or [])


def _parcel(parcel: dict[str, Any], *, is_shown: bool) -> dict[str, Any]:
    number = parcel["number"] if is_shown else customers.mask(parcel["number"])
    return {**parcel, "number": number}


def _stage(stage: stage_rules.Stage, found: returns.Detail) -> dict[str, Any]:
    side = SOURCES.get(stage.source)
    blocking = _blocking(stage, found) if stage.state == "blocked" else None
    return {
        "code": stage.code,
        "label": stage.label,
        "state": stage.state,
        "source": getattr(found.rma.bridge, side).name if side else "",
        "at": stage.at,
        "proof": stage.proof,
        "note": _in_the_way(stage, found) or stage_rules.why_open(found.facts, stage),
        "case": blocking,
    }


def _in_the_way(stage: stage_rules.Stage, found: returns.Detail) -> str:
    """What holds a blocked stage back, by name; "" when nothing named does."""
    kind = stage_rules.KINDS.get(stage.code)
    if stage.state != "blocked" or kind is None:
        return ""
    types = (finding.type for finding in found.findings if kind in finding.blocks)
    named = ", ".join(dict.fromkeys(catalogue_entry(code).short for code in types))
    return f"In the way: {named}" if named else ""


def _rests_on(found: returns.Detail) -> list[str]:
    """What proves the sentence: its stages with source and moment, then what is no stage."""
    claims = found.saying.rests_on
    codes = {claim.stage for claim in claims}
    # Goods counted at the inspection are said to have come, too.
    codes |= {"received"} if "inspected" in codes else set()
    proved = [stage for stage in found.stages if stage.code in codes and stage.proof]
    known = {stage.code for stage in found.stages}
    return [_proof(stage, found.rma) for stage in proved] + [
        claim.proof for claim in claims if claim.stage not in known
    ]


def _proof(stage: stage_rules.Stage, rma: Rma) -> str:
    source = getattr(rma.bridge, SOURCES[stage.source]).name
    moment = f", {when(stage.at)}" if stage.at else ""
    return f"{stage.label}: {source}, {stage.proof}{moment}"


def _blocking(stage: stage_rules.Stage, found: returns.Detail) -> Case | None:
    """The open exception that holds this stage's document back, if one is open yet."""
    kind = stage_rules.KINDS.get(stage.code)
    types = {finding.type for finding in found.findings if kind in finding.blocks}
    return next((case for case in found.cases if case.type in types), None)


def _document(posting: Posting, now: datetime) -> dict[str, Any]:
    return {
        "posting": posting,
        "tone": posting_tone(posting),
        "note": _note(posting, now),
        "has_money": posting.kind == PostingKind.CREDIT_MEMO or bool(posting.gross),
    }


def _note(posting: Posting, now: datetime) -> str:
    """Why it has not left, in the words of its hold."""
    if posting.status == PostingStatus.HELD:
        is_over = posting.hold_reason == HoldReason.UNDO and not returns.is_undoable(posting, now)
        return "Leaves next" if is_over else HoldReason(posting.hold_reason).label
    if posting.status == PostingStatus.BLOCKED and posting.blocked_by:
        return f"Blocked by: {', '.join(rooms.blockers_of(posting))}"
    if posting.parked_at:
        return "Read-back could not decide; waits for a person"
    if posting.status == PostingStatus.READY and posting.not_before > now:
        return "Leaves later"
    return ""


def _held(found: returns.Detail, request: HttpRequest, now: datetime) -> list[dict[str, Any]]:
    """What can still be taken back, by change, with the reader's way to do so."""
    waiting = [row for row in found.postings if returns.is_undoable(row, now)]
    freed = ", ".join(dict.fromkeys(row.get_kind_display() for row in waiting))
    shown = [
        {
            "title": str(fix),
            "until": fix.hold_until,
            "url": reverse("fix-undo", args=[fix.pk])
            if fix_rights.may_take_back(request, fix)
            else "",
            "detail": f"Held until then: {freed}. Whoever may approve such a change can take it"
            " back.",
        }
        for fix in found.held
    ]
    # Without its change, which was just taken back, a document still waits for the next plan.
    return shown or [
        {"title": row.get_kind_display(), "until": row.hold_until, "url": "", "detail": ""}
        for row in waiting
    ]


def _checks(postings: tuple[Posting, ...]) -> list[str]:
    """The checks behind the latest plan of this return, each once."""
    live = [posting for posting in postings if posting.status != PostingStatus.CANCELLED]
    texts = [check[1] for posting in live for check in posting.checks]
    return list(dict.fromkeys(texts))
