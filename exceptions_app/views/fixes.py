"""Changes of facts: shown before they are saved, asked for, decided by another, taken back."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from connectors.errors import ConnectorError
from exceptions_app import errors, permissions
from exceptions_app.choices import CASE_OPEN, FixKind, FixStatus
from exceptions_app.forms.approvals import AloneForm, ReviewForm
from exceptions_app.forms.fixes import DecisionForm, FixForm
from exceptions_app.forms.kinds import FORMS
from exceptions_app.models import Case, Fix
from exceptions_app.selectors import approvals as approvals_selector
from exceptions_app.selectors import cases as cases_selector
from exceptions_app.selectors import delegations
from exceptions_app.selectors import requests as requests_selector
from exceptions_app.services import (
    document_edits,
    fix_payloads,
    fixes,
    looking,
    previews,
)
from exceptions_app.services.bulk_freezing import HISTORY_DAYS
from exceptions_app.templatetags.cases import fix_state
from exceptions_app.views import (
    case_offers,
    case_page,
    case_parts,
    case_past,
    fix_previews,
    fix_rights,
    fix_warnings,
    fix_words,
    roll_back,
    whole_progress,
)

DECIDED_TONES = {
    FixStatus.APPLIED: "good",
    FixStatus.HELD: "wait",
    FixStatus.REQUESTED: "wait",
    FixStatus.REJECTED: "bad",
}


RESULT_TONES = {"healed": "good", "moving": "wait", "held": "wait", "other": "bad", "still": "warn"}


@permissions.required("assign_case")
@permissions.sent_from("case-detail", "case_id")
def preview(request: HttpRequest, case_id: int) -> HttpResponse:
    case, form = _asked(request, case_id)
    if not form.is_valid():
        return _answer(request, case, form, None, status=422)
    return _answer(request, case, form, fix_previews.previewed(form, case_page.person(request)))


@permissions.required("assign_case")
@permissions.sent_from("case-detail", "case_id")
def ask(request: HttpRequest, case_id: int) -> HttpResponse:
    """Ask for the change that was shown; other answers than those are shown first."""
    case, form = _asked(request, case_id)
    if not form.is_valid() or case.bridge is None:
        return _answer(request, case, form, None, status=422)
    shown = fix_previews.previewed(form, case_page.person(request))
    if form.cleaned_data["previewed"] != shown.digest:
        return _answer(request, case, form, replace(shown, was_changed=True), status=422)
    if shown.needs_tick and not request.POST.get("in_spite"):
        return _answer(request, case, form, replace(shown, must_confirm=True), status=422)
    try:
        fix = fixes.request(
            kind=form.kind,
            bridge=case.bridge,
            actor=case_page.person(request),
            now=form.now,
            payload=form.payload,
            case=case,
            rma=None if form.is_mapping else case.rma,
            source_value=form.source_value if form.is_mapping else "",
            reason_code=form.chosen_reason(),
            note=form.cleaned_data["note"],
        )
    except errors.DeskError as error:
        form.add_error(None, str(error))
        return _answer(request, case, form, None, status=422)
    messages.success(request, _asked_words(fix))
    return redirect("case-detail", case_id=case.pk)


@require_safe
@permissions.required("view_desk")
def detail(request: HttpRequest, fix_id: int) -> HttpResponse:
    return show(request, fix_id)


@permissions.required("approve_fix")
@permissions.sent_from("fix-detail", "fix_id")
def approve(request: HttpRequest, fix_id: int) -> HttpResponse:
    """Approve what was read; what the asker had to tick, the approver ticks too.

    Who read another request than it is now hears of that first.
    """
    asked = get_object_or_404(requests_selector.detail(fix_id))
    seen = request.POST.get("payload_hash", "")
    is_as_read = asked.status == FixStatus.REQUESTED and asked.payload_hash == seen
    if is_as_read and fix_warnings.of(asked) and not request.POST.get("in_spite"):
        return show(request, fix_id, must_confirm=True, status=422)
    try:
        fix = fixes.approve(
            fix_id=_known(fix_id),
            seen_hash=seen,
            actor=case_page.person(request),
            now=timezone.now(),
            note=request.POST.get("note", "").replace("\0", ""),
            on_behalf_of_id=_away_id(request),
        )
    except errors.DeskError as error:
        return show(request, fix_id, refusal=str(error))
    messages.success(request, _approved_words(fix))
    return redirect("fix-detail", fix_id=fix.pk)


@permissions.required("assign_case")
@permissions.sent_from("fix-detail", "fix_id")
def reject(request: HttpRequest, fix_id: int) -> HttpResponse:
    """Refuse another's request, or withdraw one's own; either way with a reason."""
    form = DecisionForm(request.POST, auto_id="decide_%s")
    if not form.is_valid():
        return show(request, _known(fix_id), form=form, status=422)
    try:
        fix = fixes.reject(
            fix_id=_known(fix_id),
            actor=case_page.person(request),
            now=timezone.now(),
            note=form.cleaned_data["note"],
            seen_hash=request.POST.get("payload_hash", ""),
        )
    except errors.DeskError as error:
        return show(request, fix_id, form=form, refusal=str(error))
    messages.success(request, f"{fix_state(fix)}: {fix}.")
    return redirect("fix-detail", fix_id=fix.pk)


@permissions.required("approve_fix")
@permissions.sent_from("fix-detail", "fix_id")
def undo(request: HttpRequest, fix_id: int) -> HttpResponse:
    try:
        fix = fixes.undo(fix_id=_known(fix_id), actor=case_page.person(request), now=timezone.now())
    except errors.DeskError as error:
        return show(request, fix_id, refusal=str(error))
    messages.success(request, f"Taken back before anything left: {fix}.")
    return redirect("fix-detail", fix_id=fix.pk)


def _asked(request: HttpRequest, case_id: int) -> tuple[Case, FixForm]:
    """The exception and the form that was sent, for a reader who may ask for such a change."""
    case = get_object_or_404(cases_selector.detail(case_id))
    kind = request.POST.get("kind", "")
    if kind not in FORMS:
        raise Http404("That is not a change we know.")
    capability = permissions.fix_capability(kind, case.type)
    if not permissions.can(request.user, capability):
        raise PermissionDenied(capability)
    form = FORMS[kind](request.POST, kind=kind, case=case, now=timezone.now())
    return case, form


def _answer(
    request: HttpRequest,
    case: Case,
    form: FixForm,
    shown: fix_previews.Preview | None,
    status: int = 200,
) -> HttpResponse:
    """The fragment for htmx, the whole page otherwise, with every answer still in the form."""
    if case.status not in CASE_OPEN:
        form.add_error(None, f"This exception was closed meanwhile: {case.proof}")
        status = 422
    offered = replace(case_offers.offer(request, case, form.kind, form), preview=shown)
    if request.htmx and case.status in CASE_OPEN:  # type: ignore[attr-defined]
        context = {"case": case, "offer": offered, "now": form.now}
        return render(request, "cases/_fix.html", context, status=status)
    return case_page.show(request, case, now=form.now, offered=offered, status=status)


def _asked_words(fix: Fix) -> str:
    if fix.status == FixStatus.HELD:
        return f"Done: {fix}. It can be taken back until it leaves."
    return f"Asked for approval: {fix}. Nothing changes until another person approves."


def _approved_words(fix: Fix) -> str:
    if fix.status == FixStatus.REQUESTED:
        return f"Your approval is kept: {fix}. Another person must approve too; nothing leaves yet."
    return f"Approved: {fix}. It can be taken back until it leaves."


def _known(fix_id: int) -> int:
    return get_object_or_404(Fix.objects.only("pk"), pk=fix_id).pk


def _away_id(request: HttpRequest) -> int | None:
    """For whom the approval is given; None for the reader's own name."""
    given = request.POST.get("on_behalf_of", "")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 10 else None


def show(
    request: HttpRequest,
    fix_id: int,
    *,
    form: DecisionForm | None = None,
    alone_form: AloneForm | None = None,
    review_form: ReviewForm | None = None,
    refusal: str = "",
    must_confirm: bool = False,
    status: int = 200,
) -> HttpResponse:
    now = timezone.now()
    fix = get_object_or_404(requests_selector.detail(fix_id))
    requests_selector.name([fix])
    underway = case_offers.under_way([fix], request, now)[0]
    is_waiting = fix.status == FixStatus.REQUESTED
    documents, documents_refusal = _documents(fix, now)
    change = _change(fix)
    context = {
        "now": now,
        "fix": fix,
        "underway": underway,
        "warnings": fix_warnings.of(fix) if is_waiting else (),
        "must_confirm": must_confirm,
        "plain": fix_words.plain(fix, change["target_before"]),
        "tone": DECIDED_TONES.get(FixStatus(fix.status), "calm"),
        "change": change,
        "fate": case_past.fate(fix),
        "roll_back": roll_back.of_fix(fix, request),
        "reason": _reason(fix),
        "effect": requests_selector.effect(fix),
        "whole": whole_progress.of_fix(fix) if is_waiting else None,
        "results": _results(fix, now),
        "documents": documents,
        "documents_refusal": documents_refusal,
        "closing": _closing(fix),
        "history_days": HISTORY_DAYS,
        "look": looking.before(kind=fix.kind, payload=fix.payload, now=now) if is_waiting else None,
        "is_waiting": is_waiting,
        "may_approve": fix_rights.may_decide(request, fix),
        "away": list(delegations.held_by(request.user.pk or 0, now=now)),
        "edits": approvals_selector.edits_of(fix),
        "is_editor": fix_rights.is_party(request, fix) and fix.requested_by_id != request.user.pk,
        "may_edit": fix_rights.may_edit(request, fix),
        "glass": approvals_selector.glass_of(fix),
        "alone_form": alone_form or AloneForm(auto_id="alone_%s"),
        "review_form": review_form or ReviewForm(auto_id="review_%s"),
        "may_refuse": fix_rights.may_refuse(request, fix),
        "has_approved": fix_rights.has_approved(request, fix),
        "form": form or DecisionForm(auto_id="decide_%s"),
        "refusal": refusal,
    }
    return render(request, "fixes/detail.html", context, status=422 if refusal else status)


def _results(fix: Fix, now: datetime) -> dict[str, Any]:
    """The rows with their tone, and how many of each state, for the page."""
    rows = requests_selector.results(fix, now=now)
    tally = Counter(row.state for row in rows)
    return {
        "rows": [{"row": row, "tone": RESULT_TONES[row.state]} for row in rows],
        "done": tally["healed"] + tally["other"] + tally["still"],
        "total": len(rows),
        "healed": tally["healed"],
        "stuck": tally["other"] + tally["still"],
    }


def _change(fix: Fix) -> dict[str, Any]:
    """Before and after, one fact per line; of an edited document only what differs."""
    told = requests_selector.change(fix)
    if fix.kind == FixKind.CLOSE:
        after = f"state: closed by hand\nwhy: {fix_words.closing_reason(fix)}"
        return told | {"before": "state: open", "after": after}
    rows = document_edits.differences(fix)
    if not rows:
        return told
    return told | {
        "before": "\n".join(f"{row.label}: {row.before}" for row in rows),
        "after": "\n".join(f"{row.label}: {row.after}" for row in rows),
    }


def _reason(fix: Fix) -> str:
    """The coded reason in words; the code itself if it is one we no longer have."""
    if fix.kind == FixKind.CLOSE:
        return fix_words.closing_reason(fix)
    return dict(fix_payloads.MONEY_REASONS).get(fix.reason_code, fix.reason_code)


def _closing(fix: Fix) -> dict[str, Any] | None:
    """The exception that would be closed by hand, and what stays blocked all the same."""
    if fix.kind != FixKind.CLOSE or fix.case is None:
        return None
    held = case_parts.held_by(fix.case, cases_selector.postings_of(fix.case))
    return {"case": fix.case, "still_held": held}


def _documents(fix: Fix, now: datetime) -> tuple[tuple[previews.DocumentPreview, ...], str]:
    """What would be sent as things stand; only while the request waits."""
    rma = fix.rma or (fix.case.rma if fix.case else None)
    if rma is None or fix.status != FixStatus.REQUESTED or fix.kind == FixKind.CLOSE:
        return (), ""
    try:
        shown = previews.documents(
            rma=rma,
            kind=fix.kind,
            source_value=fix.source_value,
            payload=fix.payload,
            now=now,
        )
    except (errors.DeskError, ConnectorError) as error:
        return (), str(error)
    return shown, ""
