"""Acts on requests beyond the single yes: edit one, decide on many, act alone, review that."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from exceptions_app import errors, permissions
from exceptions_app.choices import FixStatus
from exceptions_app.forms.approvals import AloneForm, ReviewForm, edit_form
from exceptions_app.models import BreakGlass, Fix
from exceptions_app.selectors import approvals as selector
from exceptions_app.selectors import cases as cases_selector
from exceptions_app.selectors import requests as requests_selector
from exceptions_app.services import break_glass, bulk_approvals, fix_batches, fix_edits
from exceptions_app.services.audit import name_of
from exceptions_app.views import asked as questions
from exceptions_app.views import fix_rights, fix_warnings
from exceptions_app.views import fixes as page

STATE_TONES = {
    FixStatus.APPLIED: "good",
    FixStatus.HELD: "wait",
    FixStatus.UNDONE: "calm",
}


@require_http_methods(["GET", "HEAD", "POST"])
@permissions.required("assign_case")
def edit(request: HttpRequest, fix_id: int) -> HttpResponse:
    """Another content for a request that waits; what it voids is said before."""
    now = timezone.now()
    fix = get_object_or_404(requests_selector.detail(fix_id))
    if not permissions.can(request.user, permissions.FIX_CAPABILITY[fix.kind]):
        raise PermissionDenied(permissions.FIX_CAPABILITY[fix.kind])
    if not fix_rights.may_edit(request, fix) or fix.case_id is None:
        messages.warning(request, "This request is decided, or has no form to edit it in.")
        return redirect("fix-detail", fix_id=fix.pk)
    case = get_object_or_404(cases_selector.detail(fix.case_id))
    answers = request.POST if request.method == "POST" else None
    requests_selector.name([fix])
    form = edit_form(fix, case, now=now, answers=answers)
    refusal = doubt = ""
    if answers is not None and form.is_valid():
        try:
            fix_edits.edit(
                fix_id=fix.pk,
                seen_hash=request.POST.get("payload_hash", ""),
                payload=form.payload,
                actor=permissions.actor_of(request),
                now=now,
                why=form.cleaned_data["note"],
                reason_code=form.chosen_reason(),
                in_spite=bool(request.POST.get("in_spite")),
            )
        except errors.InDoubt as error:
            doubt = error.told
        except errors.DeskError as error:
            refusal = str(error)
        else:
            messages.success(request, f"Edited: {fix}. All approvals it needs are asked for anew.")
            return redirect("fix-detail", fix_id=fix.pk)
    context = {
        "now": now,
        "fix": fix,
        "form": form,
        "change": requests_selector.change(fix),
        "given": list(fix.approvals.filter(payload_hash=fix.payload_hash)),
        "refusal": refusal,
        "doubt": doubt,
        "seen": request.POST.get("payload_hash", "") or fix.payload_hash,
    }
    status = 422 if refusal or doubt or form.errors else 200
    return render(request, "fixes/edit.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@permissions.required("approve_fix")
def act(request: HttpRequest) -> HttpResponse:
    """Approve what was ticked: count and sum are shown first, then each by itself.

    Question and result stand at addresses of their own (`views.asked`), so Back finds them. More
    than are done at once, and all that wait for the reader, are decided in the background
    (`services.bulk_approvals`), where the question stands too.
    """
    now = timezone.now()
    if request.method != "POST":
        return _said(request, now)
    if "all" in request.POST:
        return _freeze(request, None)
    picks = request.POST.getlist("fix")
    asked = dict(_pick(text) for text in picks)
    rows = _waiting(asked)
    if not rows:
        messages.warning(request, "Tick the requests to approve. Nothing was changed.")
        return redirect("fix-list")
    if len(rows) > fix_batches.MOST:
        return _freeze(request, asked)
    if not request.POST.get("confirmed"):
        return _to(request, {"picks": picks})
    if any(fix_warnings.of(fix) for fix in rows) and not request.POST.get("in_spite"):
        return _ask(request, rows, asked, now, must_confirm=True)
    try:
        done = fix_batches.approve(
            asked=list(asked.items()),
            actor=permissions.actor_of(request),
            now=now,
            note=request.POST.get("note", "").replace("\0", ""),
        )
    except errors.DeskError as error:
        messages.warning(request, str(error))
        return redirect("fix-list")
    outcomes = [asdict(each) for each in done.outcomes]
    return _to(request, {"outcomes": outcomes, "batch": done.batch.pk if done.batch else None})


def _freeze(request: HttpRequest, asked: dict[int, str] | None) -> HttpResponse:
    """The question about many: how many, how much, what will be left, and then its progress."""
    actor, now = permissions.actor_of(request), timezone.now()
    try:
        bulk = bulk_approvals.freeze(asked=asked, actor=actor, now=now, back=reverse("fix-list"))
    except errors.DeskError as error:
        messages.warning(request, str(error))
        return redirect("fix-list")
    return redirect("bulk", bulk_id=bulk.pk)


def _to(request: HttpRequest, said: dict[str, Any]) -> HttpResponse:
    return redirect(f"{reverse('fix-act')}?{questions.NAME}={questions.keep(request, said)}")


def _said(request: HttpRequest, now: datetime) -> HttpResponse:
    """The question, or what became of it, as the address names it in this session."""
    said = questions.kept(request)
    if said is not None and "outcomes" in said:
        return _tell(request, said, now)
    asked: dict[int, str] = dict(_pick(text) for text in said["picks"]) if said is not None else {}
    rows = _waiting(asked)
    if not rows:
        messages.warning(request, "That question is no longer open. Tick the requests again.")
        return redirect("fix-list")
    return _ask(request, rows, asked, now)


def _waiting(asked: dict[int, str]) -> list[Fix]:
    found = requests_selector.by_ids(list(asked))
    rows = list(found.filter(status=FixStatus.REQUESTED))
    requests_selector.name(rows)
    return rows


def _ask(
    request: HttpRequest,
    rows: list[Fix],
    asked: dict[int, str],
    now: datetime,
    *,
    must_confirm: bool = False,
) -> HttpResponse:
    amounts = selector.amounts_of(rows)
    context: dict[str, Any] = {
        "now": now,
        "rows": [
            {
                "fix": fix,
                "amount": amounts.get(fix.pk),
                "warnings": fix_warnings.of(fix),
                "seen": asked[fix.pk],
                "may": fix_rights.may_decide(request, fix),
            }
            for fix in rows
        ],
        "count": len(rows),
        "must_confirm": must_confirm,
        "sums": selector.sums(amounts.values()),
        "unknown": len(rows) - len(amounts),
    }
    context["is_doubtful"] = any(each["warnings"] for each in context["rows"])
    return render(request, "fixes/act.html", context, status=422 if must_confirm else 200)


def _tell(request: HttpRequest, said: dict[str, Any], now: datetime) -> HttpResponse:
    outcomes = said["outcomes"]
    rows = [
        {"row": each, "tone": {"released": "good", "part": "wait"}.get(each["state"], "warn")}
        for each in outcomes
    ]
    context = {
        "now": now,
        "rows": rows,
        "batch": selector.batch(said["batch"]).first() if said["batch"] else None,
        "released": sum(each["state"] == "released" for each in outcomes),
        "refused": sum(each["state"] == "refused" for each in outcomes),
    }
    return render(request, "fixes/acted.html", context)


def _pick(text: str) -> tuple[int, str]:
    """ "12:abc" as the list posts it."""
    number, _, seen = text.partition(":")
    if not (number.isascii() and number.isdigit() and len(number) < 16):
        raise Http404("That is not a request we know.")
    return int(number), seen[:64]


@require_safe
@permissions.required("view_desk")
def batch(request: HttpRequest, batch_id: int) -> HttpResponse:
    return _show_batch(request, batch_id)


@permissions.required("approve_fix")
@permissions.sent_from("fix-batch", "batch_id")
def batch_undo(request: HttpRequest, batch_id: int) -> HttpResponse:
    found, actor = get_object_or_404(selector.batch(batch_id)), permissions.actor_of(request)
    if found.released_by_id != actor.pk and not request.POST.get("sure"):
        who = name_of(found.released_by)
        words = f"{who} set this going. Tick that you take it back all the same."
        return _show_batch(request, batch_id, refusal=words)
    try:
        count = fix_batches.take_back(batch_id=batch_id, actor=actor, now=timezone.now())
    except errors.DeskError as error:
        return _show_batch(request, batch_id, refusal=str(error))
    messages.success(
        request, f"Taken back before anything left: {count} change{'' if count == 1 else 's'}."
    )
    return redirect("fix-batch", batch_id=batch_id)


def _show_batch(request: HttpRequest, batch_id: int, *, refusal: str = "") -> HttpResponse:
    now = timezone.now()
    found = get_object_or_404(selector.batch(batch_id))
    rows = selector.batch_rows(found)
    held = [row for row in rows if row.fix.status == FixStatus.HELD]
    context = {
        "now": now,
        "batch": found,
        "rows": [
            {"row": row, "tone": STATE_TONES.get(FixStatus(row.fix.status), "calm")} for row in rows
        ],
        "may_take_back": fix_rights.may_take_back_all(request, found, (row.fix for row in held)),
        "sums": selector.sums(row.amount for row in rows if row.amount),
        "held": len(held),
        "is_held": bool(held) and found.hold_until > now,
        "hold_seconds": int((found.hold_until - found.released_at).total_seconds()),
        "left": sum(row.fix.status == FixStatus.APPLIED for row in rows),
        "refusal": refusal,
    }
    return render(request, "fixes/batch.html", context, status=422 if refusal else 200)


@permissions.required("break_glass")
@permissions.sent_from("fix-detail", "fix_id")
@permissions.proven
def alone(request: HttpRequest, fix_id: int) -> HttpResponse:
    get_object_or_404(Fix.objects.only("pk"), pk=fix_id)
    form = AloneForm(request.POST, auto_id="alone_%s")
    if not form.is_valid():
        return page.show(request, fix_id, alone_form=form, status=422)
    try:
        fix = break_glass.use(
            fix_id=fix_id,
            seen_hash=request.POST.get("payload_hash", ""),
            actor=permissions.actor_of(request),
            now=timezone.now(),
            reason=form.cleaned_data["reason"],
        )
    except errors.DeskError as error:
        return page.show(request, fix_id, alone_form=form, refusal=str(error))
    messages.warning(request, f"In force by you alone: {fix}. It waits for a review.")
    return redirect("fix-detail", fix_id=fix.pk)


@permissions.required("review_glass")
@permissions.sent_from("fix-list")
def review(request: HttpRequest, glass_id: int) -> HttpResponse:
    row = get_object_or_404(BreakGlass.objects.only("pk", "fix_id"), pk=glass_id)
    form = ReviewForm(request.POST, auto_id="review_%s")
    if not form.is_valid():
        return page.show(request, row.fix_id, review_form=form, status=422)
    try:
        break_glass.review(
            glass_id=row.pk,
            actor=permissions.actor_of(request),
            now=timezone.now(),
            text=form.cleaned_data["review"],
        )
    except errors.DeskError as error:
        return page.show(request, row.fix_id, review_form=form, refusal=str(error))
    messages.success(request, "Reviewed. It has left the list.")
    return redirect("fix-detail", fix_id=row.fix_id)
