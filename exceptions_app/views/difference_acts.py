"""Acts of the workbench: shown before with count, sum and effect; done row by row; told after."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from exceptions_app import errors, permissions
from exceptions_app.forms.cases import SnoozeForm
from exceptions_app.forms.differences import AcceptForm, SettleForm
from exceptions_app.models import Case
from exceptions_app.selectors import differences as selector
from exceptions_app.selectors import selection
from exceptions_app.selectors.selection import Selection
from exceptions_app.services import differences, previews
from exceptions_app.services import triage as triage_service
from exceptions_app.views import asked as questions
from exceptions_app.views import differences as page
from exceptions_app.views import ticked, triage

SHOWN = 20
HOLD = "hold"
_MONEY = {
    differences.ACCEPT: "Ask to accept the difference of {}",
    differences.CORRECT: "Ask to correct the draft of {}",
    differences.ISSUE: "Ask to credit what is missing of {}",
}
ACTS = {
    HOLD: triage.Act(HOLD, "Hold {}", "held", "assign_case"),
    **{key: triage.Act(key, asked, "asked for", "fix_money") for key, asked in _MONEY.items()},
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What one row would be asked for: its figure in words, and what that heals or breaks."""

    row: selector.Row
    text: str
    effect: previews.Effect | None


@require_http_methods(["GET", "HEAD", "POST"])
@permissions.required("fix_money")
def act(request: HttpRequest) -> HttpResponse:
    """Freeze what was ticked; ask for the reason; ask for each change; say what became of each.

    The question stands at an address of its own (`views.asked`), which is what is read here.
    """
    if request.method != "POST":
        return _question(request)
    wanted = _wanted(request.POST.get("act", ""))
    now = timezone.now()
    frozen = request.POST.get("frozen", "")
    chosen, at = ticked.thawed(frozen) if frozen else (_chosen(request, now), now)
    cases = selection.cases_of(chosen)
    if not cases:
        messages.warning(request, "Tick the rows to act on. Nothing was changed.")
        return _back(request, is_done=False)
    if not frozen:
        said = {name: request.POST.get(name, "") for name in ("act", "at", "solo")}
        said["frozen"] = ticked.frozen_text(chosen, at)
        query = questions.place(request)
        query[questions.NAME] = questions.keep(request, {**said, "is_cut": chosen.is_cut})
        return redirect(f"{reverse('difference-act')}?{query.urlencode()}")
    form = _form(wanted.key, request, now, is_sent=True)
    if not form.is_valid():
        return _ask(request, wanted, chosen, at, cases, form, said=request.POST)
    outcomes = triage_service.each(rows=chosen.rows, act=_service(wanted.key, form, request, now))
    triage.tell(request, wanted, outcomes, now)
    return _back(request, is_done=True)


def _question(request: HttpRequest) -> HttpResponse:
    """What was asked about the rows chosen in this session, again."""
    said = questions.kept(request)
    if said is None:
        messages.warning(request, "That question is no longer open. Choose the rows again.")
        return _back(request, is_done=False)
    wanted, now = _wanted(said["act"]), timezone.now()
    frozen, at = ticked.thawed(said["frozen"])
    chosen = replace(frozen, is_cut=said["is_cut"])
    form = _form(wanted.key, request, now, is_sent=False)
    return _ask(request, wanted, chosen, at, selection.cases_of(chosen), form, said=said)


def _wanted(key: str) -> triage.Act:
    wanted = ACTS.get(key)
    if wanted is None:
        raise Http404("That is not an act we know.")
    return wanted


def _chosen(request: HttpRequest, now: datetime) -> Selection:
    """Ticked rows, or all that match, as the list was drawn."""
    if request.POST.get("all"):
        cases = selector.open_cases(now=now, **page.asked(request))
        newest = ticked.number(request.POST.get("newest", ""))
        return selection.of_list(cases, newest=newest)
    picks = dict(ticked.pick(text) for text in request.POST.getlist("case"))
    return selection.of_picks(tuple(picks.items()))


def _form(key: str, request: HttpRequest, now: datetime, *, is_sent: bool) -> forms.Form:
    answers = request.POST if is_sent else None
    if key == HOLD:
        return SnoozeForm(answers, now=now)
    today = timezone.localdate(now)
    is_accept = key == differences.ACCEPT
    return (AcceptForm if is_accept else SettleForm)(answers, today=today)


def _service(key: str, form: forms.Form, request: HttpRequest, now: datetime) -> Callable[..., Any]:
    given = form.cleaned_data
    actor = permissions.actor_of(request)
    if isinstance(form, SnoozeForm):
        return partial(triage_service.snooze, **form.given, actor=actor, now=now)
    return partial(
        differences.settle,
        act=key,
        actor=actor,
        now=now,
        reason_code=given["reason_code"],
        note=given["note"],
        **{name: given[name] for name in ("until", "may_grow_by", "owner") if name in given},
    )


def _ask(
    request: HttpRequest,
    wanted: triage.Act,
    chosen: Selection,
    at: datetime,
    cases: list[Case],
    form: forms.Form,
    *,
    said: Mapping[str, Any],
) -> HttpResponse:
    what = f"{len(cases):,} return{'' if len(cases) == 1 else 's'}"
    shown = [selector.row_of(case) for case in cases[:SHOWN]]
    now = timezone.now()
    context = {
        "act": wanted,
        "asked": wanted.asked.format(what),
        "form": form,
        "frozen": ticked.frozen_text(chosen, at),
        "at": at,
        "rows": [_asked(wanted.key, row, now) for row in shown],
        "left": len(cases) - SHOWN,
        "count": len(cases),
        "is_cut": chosen.is_cut,
        "is_money": wanted.key != HOLD,
        "sums": selection.sums(cases),
        "query": _query(request),
        "row": said.get("at", ""),
        "solo": said.get("solo", ""),
    }
    status = 422 if form.errors else 200
    return render(request, "finance/difference_act.html", context, status=status)


def _asked(key: str, row: selector.Row, now: datetime) -> Asked:
    """What would be asked for, and what the plan makes of it; or why it cannot be."""
    case = row.case
    if key == HOLD or case.rma is None:
        return Asked(row, "", None)
    try:
        payload = differences.payload_of(case=case, act=key)
    except errors.DeskError as error:
        return Asked(row, str(error), None)
    kind = differences.KIND_OF[key]
    effect = previews.effect(
        bridge=case.rma.bridge, kind=kind, source_value="", payload=payload, rma=case.rma, now=now
    )
    return Asked(row, "", effect)


def _query(request: HttpRequest) -> str:
    query = request.GET.copy()
    for name in (ticked.PICKED, questions.NAME, "done"):
        query.pop(name, None)
    return f"?{query.urlencode()}" if query else ""


def _back(request: HttpRequest, *, is_done: bool) -> HttpResponse:
    """To the list as it was, at the row the reader was on."""
    query = request.GET.copy()
    for name in (ticked.PICKED, questions.NAME, "done"):
        query.pop(name, None)
    result = request.session.get("triage")
    if is_done and result:
        query["done"] = result["key"]
    address = reverse("difference-list")
    return redirect(f"{address}?{query.urlencode()}{ticked.anchor_of(request)}")
