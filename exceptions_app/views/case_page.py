"""What the page of one exception shows: evidence, the change where it stands, history, playbook."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, cast

from django import forms
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from exceptions_app import permissions
from exceptions_app.catalogue import entry as catalogue_entry
from exceptions_app.catalogue import render as fill
from exceptions_app.choices import (
    CASE_OPEN,
    Closure,
    FixKind,
    PostingStatus,
)
from exceptions_app.filters import CaseFilter
from exceptions_app.forms.cases import AssignForm, CaseSnoozeForm, CloseForm
from exceptions_app.forms.clocks import PauseForm
from exceptions_app.forms.months import MonthOpenForm
from exceptions_app.forms.notes import NoteForm, TellingNoteForm
from exceptions_app.models import Case, Posting
from exceptions_app.selectors import cases as cases_selector
from exceptions_app.selectors import doubt, held_up, order, paging
from exceptions_app.selectors.sums import Amount
from exceptions_app.services import triage
from exceptions_app.templatetags.amounts import money
from exceptions_app.views import (
    bundles,
    case_applying,
    case_closing,
    case_facts,
    case_items,
    case_message,
    case_months,
    case_offers,
    case_parts,
    case_past,
    case_playbook,
    case_settled,
    case_talk,
    case_waits,
)

TONES = {
    "open": "calm",
    "assigned": "calm",
    "waiting": "wait",
    "awaiting_approval": "wait",
    "resolved": "good",
}
POSTING_TONES = {
    PostingStatus.CONFIRMED: "good",
    PostingStatus.FAILED: "bad",
    PostingStatus.BLOCKED: "warn",
    PostingStatus.UNCONFIRMED: "warn",
    PostingStatus.PLANNED: "calm",
    PostingStatus.CANCELLED: "calm",
}


def posting_tone(posting: Posting) -> str:
    """As here, but never good where only a person's word says that it is booked."""
    if posting.is_taken_on_word:
        return "mild"
    return POSTING_TONES.get(PostingStatus(posting.status), "wait")


def show(
    request: HttpRequest,
    case: Case,
    *,
    now: datetime,
    offered: case_offers.Offer | None = None,
    assign_form: AssignForm | None = None,
    close_form: CloseForm | None = None,
    snooze_form: CaseSnoozeForm | None = None,
    note_form: NoteForm | None = None,
    pause_form: PauseForm | None = None,
    month_form: MonthOpenForm | None = None,
    refusal: str = "",
    status: int = 200,
) -> HttpResponse:
    """The whole page; `offered` and the forms replace fresh ones when one of them was sent.

    `refusal` says who was faster with what, when an act came too late.
    """
    entry = catalogue_entry(case.type, case.facts)
    is_open = case.status in CASE_OPEN
    rows, sibling_count = cases_selector.siblings(case)
    postings = cases_selector.postings_of(case)
    story = case_parts.story(case)
    context: dict[str, Any] = {
        "now": now,
        "case": case,
        "late_refusal": refusal,
        "carried": f"?{request.GET.urlencode()}" if request.GET else "",
        "back": case_parts.back(request, case),
        "is_snoozed": case.snoozed_until is not None and case.snoozed_until > now,
        "touches": case_parts.touches(case),
        "past": case_past.of(case),
        "entry": entry,
        "is_open": is_open,
        "is_late": is_open and case.due_at < now,
        "is_paused": is_open and case.paused_until is not None and case.paused_until > now,
        "tone": TONES.get(case.status, "calm"),
        "sentence": fill(entry.sentence, case.facts),
        "consequence": fill(entry.consequence, case.facts),
        "closes_by": fill(entry.closes_by, case.facts),
        "difference": case_parts.difference(case, postings),
        **bundles.beside_case(case, now),
        **case_message.beside(case),
        "sides": case_items.sides(case),
        "vendor": case_parts.vendor_words(case),
        "postings": _postings(postings, now),
        "still_held": case_parts.held_by(case, postings) if case.closure != Closure.PROOF else "",
        "story": story,
        "refused": case_parts.refused(story) if is_open else None,
        "siblings": rows,
        "sibling_count": paging.shown(sibling_count),
        "facts": case_facts.of(case),
        "note_form": note_form or TellingNoteForm(),
        **case_talk.beside(case, now),
    }
    if is_open:
        context["waiting_behind"] = order.waiting_behind(case) if case.rma_id else []
        context |= _acts(request, case, now, offered, assign_form, close_form, story)
        if permissions.can(request.user, "assign_case"):
            must = triage.is_late_of_others(case, actor=person(request), now=now)
            asleep: dict[str, Any] = {"case": case, "now": now, "must_say_why": must}
            context["snooze_form"] = snooze_form or CaseSnoozeForm(**asleep)
            context["is_late_of_others"] = must
            context["pause_form"] = pause_form or PauseForm(now=now)
        context |= case_months.beside(request, case, month_form)
        context["next"] = _next(request, case)
        context |= case_waits.beside(case, postings)
        context["item_there"] = case_items.there(case, request, now)
        context["doubt"] = doubt.of(case.posting)
        context["held_up"] = held_up.of_case(case)
    else:
        # The plan calls it resolved as soon as the change is in force; until the change leaves it
        # can be taken back here.
        underway = case_offers.under_way(cases_selector.fixes_under_way(case), request, now)
        # A closing that others agreed to is taken back by opening it again, as any other.
        context["under_way"] = [
            each for each in underway if each["is_held"] and each["fix"].kind != FixKind.CLOSE
        ]
        context["held_back"] = cases_selector.held_back([case], now=now)
        context |= case_settled.after(request, case, postings, now)
    if (
        not is_open
        and case.closure == Closure.BY_HAND
        and permissions.can(request.user, "close_case")
    ):
        context["may_reopen"] = True
    case_talk.answers(context, request)
    context["steps"] = case_playbook.steps(entry, case, context, request)
    sent = (close_form, snooze_form, pause_form, month_form, assign_form)
    context["is_form_gone"] = any(form and not _is_shown(form, context) for form in sent)
    return render(request, "cases/detail.html", context, status=status)


def _is_shown(form: forms.BaseForm, context: dict[str, Any]) -> bool:
    """Whether the page still offers what `form` asked for: things may have moved meanwhile."""
    if isinstance(form, CloseForm):
        closing = context.get("closing")
        return closing is not None and closing.form is form
    if isinstance(form, CaseSnoozeForm):
        return context.get("snooze_form") is form and not context["is_snoozed"]
    if isinstance(form, PauseForm):
        is_free = not context["is_paused"] and not context["is_late"]
        return context.get("pause_form") is form and is_free
    if isinstance(form, MonthOpenForm):
        return context.get("month_form") is form
    return context.get("assign_form") is form


def with_sums(text: str, values: Iterable[Amount]) -> str:
    """ "34, £2,299.08": a count with its sums, each in its own currency."""
    return ", ".join([text, *(money(each.amount, each.currency) for each in values)])


def person(request: HttpRequest) -> User:
    """Whoever is signed in; every view here is guarded, so there is somebody."""
    return cast(User, request.user)


def _next(request: HttpRequest, case: Case) -> Case | None:
    """The next exception of the list the reader came from, or of the whole queue."""
    found = CaseFilter(request.GET, queryset=Case.objects.all(), request=request)
    rows = found.qs if found.is_valid() else cases_selector.open_cases()
    return cases_selector.next_after(rows, case)


def _acts(
    request: HttpRequest,
    case: Case,
    now: datetime,
    offered: case_offers.Offer | None,
    assign_form: AssignForm | None,
    close_form: CloseForm | None,
    story: Sequence[dict[str, Any]],
) -> dict[str, Any]:
    """What can be done about an open exception, by this reader."""
    fixes = cases_selector.fixes_under_way(case)
    beside = cases_selector.of_same_document(case)
    taken = case_offers.taken(fixes, case)
    offers = case_offers.offers(request, case, now, offered, taken, beside)
    is_applying = case_applying.is_applying(case, fixes)
    if is_applying:
        applied = case_applying.kind(story, now)
        offers = [
            replace(each, is_applying=each.kind == applied and not each.is_under_way)
            for each in offers
        ]
    acts: dict[str, Any] = {
        "under_way": case_offers.under_way(fixes, request, now),
        "beside": beside,
        "offers": offers,
        "is_applying": is_applying,
        "shut": case_offers.shut(offers),
    }
    if permissions.can(request.user, "assign_case"):
        acts["assign_form"] = assign_form or AssignForm(case=case, user=person(request))
    acts["closing"] = case_closing.of(request, case, close_form, taken)
    return acts


def _postings(rows: Iterable[Posting], now: datetime) -> list[dict[str, Any]]:
    return [{"row": row, "tone": posting_tone(row), "why": _why(row, now)} for row in rows]


def _why(row: Posting, now: datetime) -> str:
    if row.status == PostingStatus.BLOCKED:
        return case_settled.blockers(row)
    return case_settled.held_words(row, now)
