"""What the page of one exception shows: evidence, the change where it stands, history, playbook."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, cast

from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from exceptions_app import permissions
from exceptions_app.catalogue import entry as catalogue_entry
from exceptions_app.catalogue import render as fill
from exceptions_app.choices import (
    CASE_OPEN,
    MONEY_FIXES,
    SEVERITY_RANK,
    Closure,
    FixKind,
    FixStatus,
    PostingStatus,
    Team,
)
from exceptions_app.filters import CaseFilter
from exceptions_app.forms.cases import AssignForm, CaseSnoozeForm, CloseForm
from exceptions_app.forms.clocks import PauseForm
from exceptions_app.forms.fixes import FixForm
from exceptions_app.forms.kinds import FORMS
from exceptions_app.forms.notes import NoteForm, TellingNoteForm
from exceptions_app.models import Case, Fix, Posting
from exceptions_app.selectors import cases as cases_selector
from exceptions_app.selectors import facts as facts_selector
from exceptions_app.selectors import order, paging
from exceptions_app.selectors.sums import Amount
from exceptions_app.services import triage
from exceptions_app.templatetags.amounts import money
from exceptions_app.templatetags.desk import when
from exceptions_app.views import bundles, case_parts, case_past, case_talk, fix_steps

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


_FACT_LABELS = {
    "sku": "SKU",
    "name": "Name",
    "units": "Units",
    "candidates": "Candidates",
    "source_value": "Value sent",
    "location": "Location",
    "division": "Division",
    "warehouse": "Warehouse",
    "order_division": "Division of the order",
    "component": "Charge",
    "setting": "VAT setting",
    "period": "Period",
    "posting_date": "Posting date",
    "sold": "Sold",
    "returned": "Returned",
    "excess": "Excess",
    "line_max": "Most for the line",
    "kind": "Document",
    "key": "Our key",
    "attempts": "Tries",
    "since": "Since",
    "reason": "Reason",
    "waiting": "Waits",
    "event": "Message",
    "field": "Field",
    "expected": "Expected",
    "got": "Came",
    "needs": "Needs",
}


@dataclass(frozen=True, slots=True)
class Offer:
    """One change this exception offers: its form if the reader may ask for it, or who may."""

    kind: str
    label: str
    form: FixForm | None
    level: str
    approvers: tuple[str, ...]
    preview: Any = None
    is_under_way: bool = False
    is_held: bool = False

    @property
    def holders(self) -> str:
        """The roles that may ask for it, as they are called on screen."""
        return permissions.holders(permissions.FIX_CAPABILITY[self.kind])

    @property
    def is_money(self) -> bool:
        return self.kind in MONEY_FIXES


def show(
    request: HttpRequest,
    case: Case,
    *,
    now: datetime,
    offered: Offer | None = None,
    assign_form: AssignForm | None = None,
    close_form: CloseForm | None = None,
    snooze_form: CaseSnoozeForm | None = None,
    note_form: NoteForm | None = None,
    pause_form: PauseForm | None = None,
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
        "sides": case_parts.sides(case),
        "vendor": case_parts.vendor_words(case),
        "postings": _postings(postings),
        "still_held": case_parts.held_by(case, postings) if case.closure != Closure.PROOF else "",
        "story": story,
        "refused": case_parts.refused(story) if is_open else None,
        "siblings": rows,
        "sibling_count": paging.shown(sibling_count),
        "facts": _facts(case, now),
        "note_form": note_form or TellingNoteForm(),
        **case_talk.beside(case, now),
    }
    if is_open:
        context["waiting_behind"] = order.waiting_behind(case) if case.rma_id else []
        context |= _acts(request, case, now, offered, assign_form, close_form)
        if permissions.can(request.user, "assign_case"):
            must = triage.is_late_of_others(case, actor=person(request), now=now)
            asleep: dict[str, Any] = {"case": case, "now": now, "must_say_why": must}
            context["snooze_form"] = snooze_form or CaseSnoozeForm(**asleep)
            context["is_late_of_others"] = must
            context["pause_form"] = pause_form or PauseForm(now=now)
        context["next"] = _next(request, case)
    else:
        # The plan calls it resolved as soon as the change is in force; until the change leaves it
        # can be taken back here.
        underway = under_way(cases_selector.fixes_under_way(case), request, now)
        context["under_way"] = [each for each in underway if each["is_held"]]
        context["held_back"] = cases_selector.held_back([case], now=now)
    if (
        not is_open
        and case.closure == Closure.BY_HAND
        and permissions.can(request.user, "close_case")
    ):
        context["may_reopen"] = True
    context["steps"] = case_parts.steps(entry, case, context, request)
    return render(request, "cases/detail.html", context, status=status)


def with_sums(text: str, values: Iterable[Amount]) -> str:
    """ "34, £2,299.08": a count with its sums, each in its own currency."""
    return ", ".join([text, *(money(each.amount, each.currency) for each in values)])


def person(request: HttpRequest) -> User:
    """Whoever is signed in; every view here is guarded, so there is somebody."""
    return cast(User, request.user)


def offer(
    request: HttpRequest,
    case: Case,
    kind: str,
    form: FixForm | None,
    beside: Iterable[Case] | None = None,
) -> Offer:
    level = cases_selector.approval_level(case=case, kind=kind, beside=beside)
    return Offer(
        kind=kind,
        label=_label(case, kind),
        form=form,
        level=level,
        approvers=cases_selector.approvers(
            kind=kind, level=level, requester_id=request.user.pk or 0
        ),
    )


def _label(case: Case, kind: str) -> str:
    """What is there is looked up, and not sent again while it is."""
    if kind == FixKind.RETRY and case.facts.get("found"):
        return f"Look for {case.facts.get('number') or 'it'} again"
    return FixKind(kind).label


def under_way(fixes: Iterable[Fix], request: HttpRequest, now: datetime) -> list[dict[str, Any]]:
    """Requests and held changes with what the reader may do about each."""
    names: dict[tuple[str, str, int, frozenset[int]], tuple[str, ...]] = {}
    shown = []
    for fix in fixes:
        editors = frozenset(row.editor_id for row in fix.edits.all())
        who = (fix.kind, fix.level, fix.requested_by_id, editors)
        if who not in names:
            names[who] = cases_selector.approvers(
                kind=who[0], level=who[1], requester_id=who[2], editor_ids=editors
            )
        is_held = fix.status == FixStatus.HELD and (fix.hold_until or now) > now
        shown.append(
            {
                "fix": fix,
                "approvers": ", ".join(names[who]),
                "is_mine": fix.requested_by_id == request.user.pk,
                "is_held": is_held,
                "steps": fix_steps.steps(fix, names[who], now),
                "hold_seconds": facts_selector.policy_of(fix.bridge).undo_seconds,
                "take_back_url": (
                    reverse("fix-undo", args=[fix.pk])
                    if is_held and permissions.can(request.user, "approve_fix")
                    else ""
                ),
            }
        )
    return shown


def _next(request: HttpRequest, case: Case) -> Case | None:
    """The next exception of the list the reader came from, or of the whole queue."""
    found = CaseFilter(request.GET, queryset=Case.objects.all(), request=request)
    rows = found.qs if found.is_valid() else cases_selector.open_cases()
    return cases_selector.next_after(rows, case)


def _acts(
    request: HttpRequest,
    case: Case,
    now: datetime,
    offered: Offer | None,
    assign_form: AssignForm | None,
    close_form: CloseForm | None,
) -> dict[str, Any]:
    """What can be done about an open exception, by this reader."""
    fixes = cases_selector.fixes_under_way(case)
    beside = cases_selector.of_same_document(case)
    acts: dict[str, Any] = {
        "under_way": under_way(fixes, request, now),
        "beside": beside,
        "offers": _offers(request, case, now, offered, _taken(fixes), beside),
    }
    if permissions.can(request.user, "assign_case"):
        acts["assign_form"] = assign_form or AssignForm(case=case, user=person(request))
    reasons = catalogue_entry(case.type, case.facts).close_reasons
    if reasons and permissions.can(request.user, "close_case"):
        acts["close_form"] = close_form or CloseForm(case=case)
    return acts


def _taken(fixes: Iterable[Fix]) -> dict[str, str]:
    """Kinds that cannot be asked for now, with the state of the change that stands in the way."""
    taken = {fix.kind: fix.status for fix in fixes}
    about_money = [status for kind, status in taken.items() if kind in MONEY_FIXES]
    return dict.fromkeys(MONEY_FIXES, about_money[0]) | taken if about_money else taken


def _offers(
    request: HttpRequest,
    case: Case,
    now: datetime,
    offered: Offer | None,
    taken: Mapping[str, str],
    beside: Sequence[Case],
) -> list[Offer]:
    if case.bridge is None:
        return []
    offers = []
    for kind in catalogue_entry(case.type, case.facts).actions:
        if kind not in FORMS:
            continue
        if offered is not None and offered.kind == kind:
            offers.append(offered)
            continue
        if kind in taken:
            asked = Offer(kind, FixKind(kind).label, None, "", (), is_under_way=True)
            offers.append(replace(asked, is_held=taken[kind] == FixStatus.HELD))
            continue
        is_allowed = permissions.can(request.user, permissions.FIX_CAPABILITY[kind])
        form = FORMS[kind](kind=kind, case=case, now=now) if is_allowed else None
        offers.append(
            offer(request, case, kind, form, beside)
            if is_allowed
            else Offer(kind, FixKind(kind).label, None, "", ())
        )
    return offers


def _postings(rows: Iterable[Posting]) -> list[dict[str, Any]]:
    return [{"row": row, "tone": posting_tone(row), "why": _why(row)} for row in rows]


def _why(row: Posting) -> str:
    if row.status == PostingStatus.BLOCKED:
        return ", ".join(
            catalogue_entry(code.strip()).short
            for code in row.blocked_by.split(",")
            if code.strip()
        )
    return row.get_hold_reason_display() if row.hold_reason else ""


def _facts(case: Case, now: datetime) -> list[dict[str, str]]:
    shown = [
        {"label": "Team", "value": Team(case.team).label},
        {"label": "With", "value": _name(case) or "Nobody yet"},
        {"label": "Opened", "value": when(case.opened_at)},
        {"label": "Act by", "value": when(case.due_at)},
        *([{"label": "Counted", "value": case.counted}] if case.counted else []),
        {"label": "At risk", "value": _at_risk(case)},
    ]
    base = catalogue_entry(case.type).severity
    if case.severity_rank > SEVERITY_RANK[base]:
        shown.append(
            {
                "label": "Raised",
                "value": f"From {base.label.lower()} to {case.get_severity_display().lower()}",
                "url": reverse("manual-type", args=[case.type]),
            }
        )
    if case.rma is not None:
        shown.append(
            {
                "label": "Return",
                "value": str(case.rma),
                "url": reverse("return-detail", args=[case.rma.pk]),
            }
        )
        shown.append({"label": "Order", "value": case.rma.order_name})
    if case.bridge is not None:
        shown.append({"label": "Bridge", "value": case.bridge.name})
    if case.reopened_count:
        times = "Once" if case.reopened_count == 1 else f"{case.reopened_count} times"
        shown.append({"label": "Came back", "value": times})
    shown += [
        {"label": label, "value": str(case.facts[name])}
        for name, label in _FACT_LABELS.items()
        if case.facts.get(name)
    ]
    return [*shown, {"label": "Code", "value": case.type}]


def _at_risk(case: Case) -> str:
    figure = money(case.value, case.currency) if case.currency else f"{case.value:f}"
    return f"{figure} = {case.value_formula}" if case.value_formula else figure


def _name(case: Case) -> str:
    person = case.assignee
    return (person.get_full_name() or person.get_username()) if person else ""
