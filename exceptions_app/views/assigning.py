"""Rules of assignment: for leads, with what they would do to what is open now."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from exceptions_app import errors, permissions
from exceptions_app.choices import Team
from exceptions_app.forms.assigning import RuleForm
from exceptions_app.models import AssignmentRule
from exceptions_app.rules import assigning
from exceptions_app.selectors import assigning as selector
from exceptions_app.selectors import today
from exceptions_app.services import assignment_rules as service
from exceptions_app.services.assignment_rules import Draft
from exceptions_app.views.ticked import number


@require_safe
@permissions.required("view_load")
def index(request: HttpRequest) -> HttpResponse:
    """The rules of one team in their order, and what each would do now."""
    return _show(request, team_of(request))


@require_http_methods(["GET", "HEAD", "POST"])
@permissions.required("lead_team")
def add(request: HttpRequest) -> HttpResponse:
    team = team_of(request)
    if team not in led(request):
        return _show(request, team, refusal=f"Only who leads {Team(team).label} sets its rules.")
    if request.method != "POST":
        initial = {"cause": number(request.GET.get("cause", "")) or None}
        return _form(request, RuleForm(team=team, initial=initial), None)
    form = RuleForm(request.POST, team=team)
    if not form.is_valid() or "look" in request.POST:
        return _form(request, form, None)
    draft, actor, now = form.draft, permissions.actor_of(request), timezone.now()
    try:
        service.add(draft=draft, actor=actor, now=now)
    except errors.DeskError as error:
        form.add_error(None, str(error))
        return _form(request, form, None)
    messages.success(request, "The rule holds for what is found or raised from now on.")
    return redirect(_address(team))


@require_http_methods(["GET", "HEAD", "POST"])
@permissions.required("lead_team")
def edit(request: HttpRequest, rule_id: int) -> HttpResponse:
    row = _row(request, rule_id)
    if request.method != "POST":
        return _form(request, RuleForm(team=row.team, row=row), row)
    form = RuleForm(request.POST, team=row.team, row=row)
    if not form.is_valid() or "look" in request.POST:
        return _form(request, form, row)
    try:
        service.edit(
            rule_id=row.pk,
            draft=form.draft,
            seen=number(request.POST.get("seen", "")),
            actor=permissions.actor_of(request),
            now=timezone.now(),
        )
    except errors.DeskError as error:
        form.add_error(None, str(error))
        return _form(request, form, row)
    messages.success(request, "The rule is changed. What was given by it stays where it is.")
    return redirect(_address(row.team))


@permissions.required("lead_team")
@permissions.sent_from("assignment-rules")
def turn(request: HttpRequest, rule_id: int) -> HttpResponse:
    """Move a rule before the one above it, or take it out of use."""
    row = _row(request, rule_id)
    acts = {"up": (service.move_up, "moved up"), "drop": (service.drop, "out of use")}
    wanted = acts.get(request.POST.get("act", ""))
    if wanted is None:
        raise Http404("That is not an act we know.")
    act, done = wanted
    seen, actor = number(request.POST.get("seen", "")), permissions.actor_of(request)
    try:
        act(rule_id=row.pk, seen=seen, actor=actor, now=timezone.now())
    except errors.DeskError as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, f"The rule for {selector.words_of(row)} is {done}.")
    return redirect(_address(row.team))


def led(request: HttpRequest) -> tuple[str, ...]:
    return today.teams_led(permissions.roles_of(request.user))


def team_of(request: HttpRequest) -> str:
    """The team asked for, else the reader's own, else the first."""
    chosen = request.GET.get("team", "")
    if chosen in Team.values:
        return chosen
    own = (*today.teams_of(permissions.roles_of(request.user)), *Team.values)
    return str(own[0])


def tabs(name: str, team: str) -> list[dict[str, object]]:
    return [
        {"url": f"{reverse(name)}?team={code}", "label": label, "is_current": code == team}
        for code, label in Team.choices
    ]


def _row(request: HttpRequest, rule_id: int) -> AssignmentRule:
    """A rule in use, of a team that the reader leads."""
    rows = AssignmentRule.objects.filter(is_active=True, team__in=led(request))
    return get_object_or_404(rows.select_related("bridge", "group"), pk=rule_id)


def _address(team: str) -> str:
    return f"{reverse('assignment-rules')}?team={team}"


def _show(request: HttpRequest, team: str, *, refusal: str = "") -> HttpResponse:
    rows = selector.listed(team=team)
    people = {row.pk: [turn.person for turn in row.turns.all()] for row in rows}
    rules = [selector.rule_of(row, [each.pk for each in people[row.pk]]) for row in rows]
    effect = _effect(team, rules, (person for each in people.values() for person in each))
    context = {
        "now": timezone.now(),
        "team": team,
        "label": Team(team).label,
        "tabs": tabs("assignment-rules", team),
        "may_edit": team in led(request),
        "refusal": refusal,
        "effect": effect,
        "rows": [
            {
                "row": row,
                "words": selector.words_of(row),
                "people": [
                    {"name": name_of(person), "is_there": person.pk in effect["present"]}
                    for person in people[row.pk]
                ],
                "count": sum(each["count"] for each in effect["given"] if each["rule"] == row.pk),
                "is_first": place == 0,
            }
            for place, row in enumerate(rows)
        ],
    }
    return render(request, "load/rules.html", context, status=403 if refusal else 200)


def _form(request: HttpRequest, form: RuleForm, row: AssignmentRule | None) -> HttpResponse:
    """The form; once its answers can be used, with what the rules would do with it among them."""
    is_asked = form.is_bound and form.is_valid()
    context = {
        "now": timezone.now(),
        "form": form,
        "row": row,
        "team": form.team,
        "label": Team(form.team).label,
        "back": _address(form.team),
        "seen": request.POST.get("seen", "") if form.is_bound else (row.version if row else ""),
        "effect": _tried(form.draft, row) if is_asked else None,
    }
    status = 422 if form.is_bound and form.errors else 200
    return render(request, "load/rule.html", context, status=status)


def _tried(draft: Draft, row: AssignmentRule | None) -> dict[str, Any]:
    """What the team's rules would do with this one in the place of `row`, or behind the others."""
    rows = selector.listed(team=draft.team)
    people = [turn.person for each in rows for turn in each.turns.all()]
    rules = [selector.rule_of(each, [turn.person_id for turn in each.turns.all()]) for each in rows]
    changed = draft.row(pk=row.pk if row else None, position=0)
    tried = selector.rule_of(changed, [person.pk for person in draft.people])
    place = next((i for i, rule in enumerate(rules) if row and rule.pk == row.pk), len(rules))
    rules[place : place + 1] = [tried]
    effect = _effect(draft.team, rules, [*people, *draft.people])
    effect["given"] = [each for each in effect["given"] if each["rule"] == tried.pk]
    return effect


def _effect(team: str, rules: Sequence[assigning.Rule], people: Iterable[User]) -> dict[str, Any]:
    """What `rules` would do to what is open, nobody has and nobody placed."""
    named = {person.pk: name_of(person) for person in people}
    there = selector.present(people=named, team=team, now=timezone.now())
    jobs, is_cut = selector.jobs(team=team, rules=rules)
    found = assigning.forecast(rules, jobs, present=there, loads=selector.loads(named))
    given = [
        {"rule": rule, "name": named[person], "count": count}
        for (rule, person), count in sorted(found.given.items(), key=lambda pair: -pair[1])
    ]
    return {
        "count": found.count,
        "is_cut": is_cut,
        "given": given,
        "left": found.left,
        "present": there,
    }


def name_of(person: User) -> str:
    return person.get_full_name() or person.get_username()
