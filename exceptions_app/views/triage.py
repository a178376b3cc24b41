"""Acts on many exceptions: shown before with count and sum, done row by row, told after.

The list posts what was ticked. Ids and versions are frozen once, in a signed field of the page
that asks; the act is about exactly these, and a row that changed meanwhile is named and left.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import get_random_string
from django.views.decorators.http import require_http_methods

from exceptions_app import errors, permissions
from exceptions_app.catalogue import entry as catalogue_entry
from exceptions_app.filters import CaseFilter
from exceptions_app.forms.cases import SnoozeForm, TeamsAssignForm, closing_form
from exceptions_app.models import Case
from exceptions_app.selectors import selection
from exceptions_app.selectors.selection import Selection
from exceptions_app.selectors.today import teams_of
from exceptions_app.services import bulk_freezing, closing, triage
from exceptions_app.templatetags.desk import when
from exceptions_app.views import asked as questions
from exceptions_app.views.ticked import (
    PICKED,
    anchor_of,
    frozen_text,
    number,
    pick,
    signed,
    thawed,
)

# Lists whose ticked causes may be acted on, by URL name; the queue itself without a name.
QUEUE = "case-list"
ROOMS = ("merchandising",)
SHOWN = 20


@dataclass(frozen=True, slots=True)
class Act:
    """`asked` is the question and its button, "Assign {} to me"; `done` is the outcome."""

    key: str
    asked: str
    done: str
    capability: str


ACTS = {
    act.key: act
    for act in (
        Act("mine", "Assign {} to me", "assigned to you", "assign_case"),
        Act("assign", "Assign {}", "assigned", "assign_case"),
        Act("snooze", "Snooze {}", "snoozed", "assign_case"),
        Act("wake", "Bring back {}", "brought back", "assign_case"),
        Act("close", "Close {} by hand", "closed by hand", "close_case"),
        Act("note", "Add a note to {}", "noted", "write_note"),
        Act("accept", "Ask to accept {}", "asked for", "fix_money"),
        Act("retry", "Ask to send {} again", "asked for", "retry_posting"),
    )
}


# Always done in the background, however few the rows are.
IN_BACKGROUND = ("note", "accept", "retry")


@require_http_methods(["GET", "HEAD", "POST"])
@permissions.required("assign_case")
def act(request: HttpRequest) -> HttpResponse:
    """Freeze what was chosen; ask what is still to be said; do it; say what became of each row.

    The question stands at an address of its own (`views.asked`), which is what is read here.
    """
    if request.method != "POST":
        return _question(request)
    wanted = _wanted(request, request.POST.get("act", ""))
    now = timezone.now()
    frozen = request.POST.get("frozen", "")
    chosen, at = thawed(frozen) if frozen else (_chosen(request), now)
    cases = selection.cases_of(chosen)
    query = _place(request, cases)
    if not cases:
        messages.warning(request, "Tick the rows to act on. Nothing was changed.")
        return _back(request, query, ())
    if not frozen and (chosen.is_cut or _is_for_background(wanted, cases)):
        return _in_background(request, wanted, query, now)
    if not frozen and not _is_at_once(wanted, request):
        said = {name: request.POST.get(name, "") for name in ("act", "at", "solo", "room")}
        query[questions.NAME] = questions.keep(request, {**said, "frozen": frozen_text(chosen, at)})
        return redirect(f"{reverse('case-act')}?{query.urlencode()}")
    form = _form(wanted, request, cases, now, is_sent=bool(frozen))
    if form is not None and not form.is_valid():
        return _ask(request, wanted, chosen, at, cases, form, query, said=request.POST)
    outcomes = triage.each(rows=chosen.rows, act=_service(wanted, form, request, now))
    tell(request, _named(wanted, form), outcomes, now)
    done = tuple(each.case_id for each in outcomes if each.is_done)
    return _back(request, query, () if request.POST.get("solo") else done)


def _question(request: HttpRequest) -> HttpResponse:
    """What was asked about the rows chosen in this session, again."""
    said, query = questions.kept(request), questions.place(request)
    if said is None:
        messages.warning(request, "That question is no longer open. Choose the rows again.")
        return redirect(f"{reverse(QUEUE)}{_address(query)}")
    wanted = _wanted(request, said["act"])
    chosen, at = thawed(said["frozen"])
    cases = selection.cases_of(chosen)
    form = _form(wanted, request, cases, timezone.now(), is_sent=False)
    return _ask(request, wanted, chosen, at, cases, form, query, said=said)


def _wanted(request: HttpRequest, key: str) -> Act:
    wanted = ACTS.get(key)
    if wanted is None:
        raise Http404("That is not an act we know.")
    if not permissions.can(request.user, wanted.capability):
        raise PermissionDenied(wanted.capability)
    return wanted


def _is_for_background(wanted: Act, cases: Sequence[Case]) -> bool:
    """Rows of several kinds share few reasons: there each kind's are offered, with how many fit."""
    if wanted.key == "close":
        types = {case.type for case in cases}
        return len(types) > 1 and any(catalogue_entry(code).close_reasons for code in types)
    return wanted.key in IN_BACKGROUND


@permissions.required("assign_case")
@permissions.sent_from("case-list")
def take_next(request: HttpRequest) -> HttpResponse:
    """Give the reader the first free exception of the list, of their own teams unless it names one.

    Who it is with, its state and what was put off narrow a list, not this: only the free are taken.
    """
    asked = request.GET.copy()
    for name in ("assignee", "status", "snoozed", PICKED, "done"):
        asked.pop(name, None)
    actor = permissions.actor_of(request)
    found = CaseFilter(asked, queryset=Case.objects.all(), request=request)
    rows = found.qs if found.is_valid() else Case.objects.none()
    teams = teams_of(permissions.roles_of(actor))
    if teams and not asked.get("team"):
        rows = rows.filter(team__in=teams)
    try:
        case = triage.take_next(rows=rows, actor=actor, now=timezone.now())
    except errors.InvalidChoice as error:
        messages.warning(request, str(error))
        return redirect(f"{reverse(QUEUE)}{_address(request.GET)}")
    if case is None:
        messages.warning(request, "Nothing here is free: somebody has it, or it waits.")
        return redirect(f"{reverse(QUEUE)}{_address(request.GET)}")
    messages.success(request, f"EX-{case.pk} is with you.")
    return redirect(f"{reverse('case-detail', args=[case.pk])}{_address(asked)}")


def result_of(request: HttpRequest) -> dict[str, Any] | None:
    """What became of each row of the act this address names."""
    kept: dict[str, Any] | None = request.session.get("triage")
    if kept is None or kept["key"] != request.GET.get("done"):
        return None
    titles = selection.titles_of([pk for pk, _, _ in kept["rows"]])
    rows = [
        {"id": pk, "title": titles.get(pk, ""), "is_done": is_done, "text": text or kept["done"]}
        for pk, is_done, text in kept["rows"]
    ]
    return {**kept, "rows": rows}


def _chosen(request: HttpRequest) -> Selection:
    """Ticked exceptions, those of ticked causes, or all that match, as the list was drawn."""
    picks = dict(pick(text) for text in request.POST.getlist("case"))
    newest = number(request.POST.get("newest", ""))
    groups = [number(text) for text in request.POST.getlist("group")]
    found = CaseFilter(request.GET, queryset=Case.objects.all(), request=request)
    rows = found.shown if found.is_valid() else Case.objects.none()
    if request.POST.get("all"):
        return selection.of_list(rows, newest=newest)
    chosen = selection.of_picks(tuple(picks.items()))
    if not groups:
        return chosen
    return selection.joined(chosen, selection.of_list(rows, newest=newest, group_ids=groups))


def _everything(request: HttpRequest) -> QuerySet[Case]:
    """What `_chosen` is the first part of, all of it."""
    picked = Q(pk__in=[pick(text)[0] for text in request.POST.getlist("case")])
    groups = [number(text) for text in request.POST.getlist("group")]
    if not groups and not request.POST.get("all"):
        return Case.objects.filter(picked)
    found = CaseFilter(request.GET, queryset=Case.objects.all(), request=request)
    if not found.is_valid():
        return Case.objects.none()
    rows = found.shown.filter(pk__lte=number(request.POST.get("newest", "")))
    if request.POST.get("all"):
        return rows
    listed = rows.filter(group__in=groups).order_by().values("pk")
    return Case.objects.filter(picked | Q(pk__in=listed))


def _in_background(
    request: HttpRequest, wanted: Act, query: QueryDict, now: datetime
) -> HttpResponse:
    """Freeze all that was chosen, however many; the next page shows it and asks."""
    try:
        frozen = bulk_freezing.freeze(
            kind=wanted.key,
            cases=_everything(request),
            actor=permissions.actor_of(request),
            now=now,
            back=f"{reverse(_list(request.POST))}{_address(query)}",
        )
    except errors.DeskError as error:
        messages.warning(request, str(error))
        return _back(request, query, ())
    return redirect("bulk", bulk_id=frozen.pk)


def _is_at_once(wanted: Act, request: HttpRequest) -> bool:
    """Taking ticked rows oneself asks nothing more; whole causes are shown first."""
    is_whole = bool(request.POST.get("all") or request.POST.getlist("group"))
    return wanted.key in ("mine", "wake") and not is_whole


def _form(
    wanted: Act, request: HttpRequest, cases: list[Case], now: datetime, *, is_sent: bool
) -> forms.Form | None:
    answers = request.POST if is_sent else None
    user = permissions.actor_of(request)
    if wanted.key == "assign":
        return TeamsAssignForm(answers, teams=sorted({case.team for case in cases}), user=user)
    if wanted.key == "snooze":
        must = bool(_late_of_others(cases, user, now))
        return SnoozeForm(answers, now=now, must_say_why=must)
    if wanted.key == "close":
        return closing_form(answers, cases)
    return None


def _late_of_others(cases: Iterable[Case], user: User, now: datetime) -> list[Case]:
    return [case for case in cases if triage.is_late_of_others(case, actor=user, now=now)]


def _service(
    wanted: Act, form: forms.Form | None, request: HttpRequest, now: datetime
) -> Callable[..., object]:
    actor = permissions.actor_of(request)
    given = form.cleaned_data if form is not None else {}
    if wanted.key == "mine":
        return partial(triage.assign, assignee=actor, actor=actor, now=now)
    if wanted.key == "assign":
        return partial(triage.assign, assignee=given["assignee"], actor=actor, now=now)
    if isinstance(form, SnoozeForm):
        return partial(triage.snooze, **form.given, actor=actor, now=now)
    if wanted.key == "wake":
        return partial(triage.wake, actor=actor, now=now)
    return partial(closing.close, reason=given["reason"], note=given["note"], actor=actor, now=now)


def _ask(
    request: HttpRequest,
    wanted: Act,
    chosen: Selection,
    at: datetime,
    cases: list[Case],
    form: forms.Form | None,
    query: QueryDict,
    *,
    said: Mapping[str, Any],
) -> HttpResponse:
    what = f"{len(cases):,} exception{'' if len(cases) == 1 else 's'}"
    context = {
        "act": wanted,
        "asked": wanted.asked.format(what),
        "form": form,
        "frozen": frozen_text(chosen, at),
        "at": at,
        "now": timezone.now(),
        "cases": cases[:SHOWN],
        "left": len(cases) - SHOWN,
        "count": len(cases),
        "sums": selection.sums(cases),
        "theirs": _theirs(wanted, request, cases, at),
        "cannot": _by_proof_only(cases) if wanted.key == "close" else (),
        "query": _address(query),
        "back": _address(query if said.get("solo") else _with_picks(query, cases)),
        "row": said.get("at", ""),
        "solo": said.get("solo", ""),
        "list": _list(said),
    }
    status = 422 if form is not None and form.errors else 200
    return render(request, "cases/act.html", context, status=status)


def _by_proof_only(cases: Sequence[Case]) -> list[tuple[str, str]]:
    """Codes and names of the rows' types, where nobody may close any of them by hand."""
    found = [catalogue_entry(code) for code in sorted({case.type for case in cases})]
    if any(entry.close_reasons for entry in found):
        return []
    return [(entry.code, entry.short[:1].upper() + entry.short[1:]) for entry in found]


def _theirs(
    wanted: Act, request: HttpRequest, cases: Sequence[Case], now: datetime
) -> dict[str, Any] | None:
    """How many of the rows are other teams' late work, and whose; None for any other act."""
    if wanted.key != "snooze":
        return None
    late = _late_of_others(cases, permissions.actor_of(request), now)
    teams = dict.fromkeys(case.get_team_display() for case in late)
    return {"count": len(late), "teams": " and ".join(teams)} if late else None


def _named(wanted: Act, form: forms.Form | None) -> Act:
    """The act with the name of who has the rows now."""
    if not isinstance(form, TeamsAssignForm):
        return wanted
    person = form.cleaned_data["assignee"]
    if person is None:
        return replace(wanted, done="given back to the team")
    return replace(wanted, done=f"assigned to {person.get_full_name() or person.get_username()}")


def tell(
    request: HttpRequest, wanted: Act, outcomes: Sequence[triage.Outcome], now: datetime
) -> None:
    """A sentence for all, and a short line per row kept for the page that follows."""
    done = sum(1 for each in outcomes if each.is_done)
    left = len(outcomes) - done
    words = triage.told(outcomes, done=wanted.done)
    level = messages.warning if left else messages.success
    level(request, words)
    request.session["triage"] = {
        "key": get_random_string(8),
        "label": words,
        "done": wanted.done.capitalize(),
        "at": when(now),
        "rows": [[each.case_id, each.is_done, each.text] for each in outcomes],
        "left": left,
    }


def _back(request: HttpRequest, query: QueryDict, picked: tuple[int, ...]) -> HttpResponse:
    """To the list as it was, with what was done still ticked, at the row the reader was on."""
    if picked:
        query[PICKED] = signed(picked)
    result = request.session.get("triage")
    if result and (len(result["rows"]) > 1 or result["left"]):
        query["done"] = result["key"]
    return redirect(f"{reverse(_list(request.POST))}?{query.urlencode()}{anchor_of(request)}")


def _list(said: Mapping[str, Any]) -> str:
    """The list the rows were ticked in, which is where the reader comes back to."""
    room = said.get("room", "")
    return room if room in ROOMS else QUEUE


def _place(request: HttpRequest, cases: Sequence[Case]) -> QueryDict:
    """The list's address with the cause unfolded whose rows were ticked in it.

    A cause that a script unfolded is not in the address, and its ticks would be lost with it.
    """
    query = request.GET.copy()
    for name in (PICKED, "done"):
        query.pop(name, None)
    is_whole = bool(request.POST.get("all") or request.POST.getlist("group"))
    is_queue = _list(request.POST) == QUEUE and query.get("view") != "list"
    if cases and is_queue and not is_whole and not request.POST.get("frozen"):
        row = request.POST.get("at", "")
        here = next((case for case in cases if row == f"row-{case.pk}"), cases[0])
        query["open"] = str(here.group_id)
    return query


def _with_picks(query: QueryDict, cases: Sequence[Case]) -> QueryDict:
    picked = query.copy()
    picked[PICKED] = signed(case.pk for case in cases)
    return picked


def _address(query: QueryDict) -> str:
    return f"?{query.urlencode()}" if query else ""
