"""One cause: why its exceptions belong together, and merging or splitting it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from exceptions_app import errors, permissions
from exceptions_app.catalogue import entry as catalogue_entry
from exceptions_app.catalogue import together
from exceptions_app.forms.grouping import MergeForm, ReasonForm, SplitForm
from exceptions_app.models import CauseGroup, CauseRule
from exceptions_app.models.cause_rules import CauseRuleKind
from exceptions_app.rules.grouping import Edge
from exceptions_app.selectors import fixes as fixes_selector
from exceptions_app.selectors import grouping as selector
from exceptions_app.services import grouping


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asks for, in words: `question` and `button` name the act and its number."""

    kind: str
    question: str
    button: str
    edges: tuple[Edge, ...]
    effect: str
    target: CauseGroup | None = None
    rule: CauseRule | None = None
    fact: str = ""
    value: str = ""


@require_safe
@permissions.required("view_desk")
def about(request: HttpRequest, group_id: int) -> HttpResponse:
    """Why its exceptions stand together, its figures, what came back, and what people changed."""
    group, now = _group(group_id), timezone.now()
    target = selector.standing(group)
    context: dict[str, Any] = {
        "now": now,
        "group": group,
        "where": selector.place_name(group),
        "stands_in": target if target.pk != group.pk else None,
        "about": selector.about(group, now=now),
        "entry": catalogue_entry(group.type),
        "history": selector.history(group),
        "came_back": _came_back(group),
    }
    if permissions.can(request.user, "group_causes") and target.pk == group.pk:
        targets, parts = selector.possible_targets(group), selector.possible_splits(group)
        context["merge_form"] = MergeForm(targets=targets) if targets else None
        context["split_form"] = SplitForm(parts=parts) if parts else None
    return render(request, "causes/about.html", context)


def _came_back(group: CauseGroup) -> list[dict[str, Any]]:
    """The latest that came back, with the change that had settled each and did not hold."""
    found = []
    for case in selector.came_back(group):
        fix = fixes_selector.failed(case)
        words = fixes_selector.named_with_version(fix) if fix else ""
        found.append({"case": case, "fix": fix, "words": words})
    return found


@require_safe
@permissions.required("group_causes")
def preview(request: HttpRequest, group_id: int) -> HttpResponse:
    """What would move, before it does."""
    form = ReasonForm(initial={"choice": request.GET.get("choice", "")}, auto_id="why_%s")
    return _previewed(request, _group(group_id), form, request.GET.get("choice", ""))


@permissions.required("group_causes")
@permissions.sent_from("cause-about", "group_id")
def regroup(request: HttpRequest, group_id: int) -> HttpResponse:
    """Merge, split, or take one back."""
    group, form = _group(group_id), ReasonForm(request.POST, auto_id="why_%s")
    choice = request.POST.get("choice", "")
    if not form.is_valid():
        return _previewed(request, group, form, choice, status=422)
    try:
        asked = _asked(group, choice)
        words = _done(group, asked, form.cleaned_data["reason"], request, timezone.now())
    except errors.DeskError as error:
        messages.warning(request, str(error))
        return redirect("cause-about", group_id=group.pk)
    messages.success(request, words)
    return redirect("cause-about", group_id=asked.target.pk if asked.target else group.pk)


def _done(group: CauseGroup, asked: Asked, reason: str, request: HttpRequest, now: datetime) -> str:
    actor = permissions.actor_of(request)
    if asked.rule is not None:
        moved = grouping.take_back(rule_id=asked.rule.pk, reason=reason, actor=actor, now=now)
        return f"Taken back: {_number(moved)} moved."
    if asked.target is not None:
        _, moved = grouping.merge(
            group_id=group.pk, target_id=asked.target.pk, reason=reason, actor=actor, now=now
        )
        return f"Merged: {_number(moved)} moved here, and later ones will."
    rule, moved = grouping.split(
        group_id=group.pk,
        fact=asked.fact,
        value=asked.value,
        reason=reason,
        actor=actor,
        now=now,
    )
    return f"Split: {_number(moved)} moved to “{rule.target}”, and later ones will."


def _previewed(
    request: HttpRequest, group: CauseGroup, form: ReasonForm, choice: str, *, status: int = 200
) -> HttpResponse:
    try:
        asked = _asked(group, choice)
    except errors.DeskError as error:
        messages.warning(request, str(error))
        return redirect("cause-about", group_id=group.pk)
    start = asked.rule.group_id if asked.rule else group.pk
    context = {
        "now": timezone.now(),
        "group": group,
        "asked": asked,
        "moved": selector.moved_by(start, asked.edges),
        "form": form,
    }
    return render(request, "causes/preview.html", context, status=status)


def _asked(group: CauseGroup, choice: str) -> Asked:
    """What "merge:12", "split:sku:TEE" or "undo:3" means.

    Raises:
        InvalidChoice, CauseChanged: it cannot be done, or not any more.
    """
    kind, _, rest = choice.partition(":")
    edges = selector.edges_like(group)
    if kind == CauseRuleKind.MERGE:
        return _merging(group, rest, edges)
    if kind == CauseRuleKind.SPLIT:
        return _splitting(group, rest, edges)
    if kind == "undo":
        return _undoing(group, rest, edges)
    raise errors.InvalidChoice("Choose what to merge or to split off.")


def _merging(group: CauseGroup, number: str, edges: list[Edge]) -> Asked:
    target = CauseGroup.objects.filter(pk=_id(number)).first()
    if target is None:
        raise errors.InvalidChoice("That cause is not known.")
    grouping.check_merge(group, target, edges)
    return Asked(
        kind=CauseRuleKind.MERGE,
        question=f"Merge “{group}” into “{target}”?",
        button="Merge",
        edges=(*edges, Edge(group.pk, target.pk)),
        effect=f"They stand in “{target}”. What comes later with this cause stands there too.",
        target=target,
    )


def _splitting(group: CauseGroup, rest: str, edges: list[Edge]) -> Asked:
    fact, _, value = rest.partition(":")
    grouping.check_split(group, fact, value, edges)
    named = together.apart(fact, value, {})
    return Asked(
        kind=CauseRuleKind.SPLIT,
        question=f"Split those with {named} from “{group}”?",
        button="Split",
        # The part has no number yet; nothing stands in 0.
        edges=(*edges, Edge(group.pk, 0, fact, value)),
        effect=f"They stand apart. What comes later with {named} stands there too.",
        fact=fact,
        value=value,
    )


def _undoing(group: CauseGroup, number: str, edges: list[Edge]) -> Asked:
    row = CauseRule.objects.select_related("group", "target").filter(pk=_id(number)).first()
    if row is None or group.pk not in (row.group_id, row.target_id):
        raise errors.InvalidChoice("That merge or split is not known here.")
    if row.ended_at is not None:
        raise errors.CauseChanged("That was taken back already.")
    without = selector.edge_of(row)
    return Asked(
        kind="undo",
        question=f"Take back: {row}?",
        button="Take back",
        edges=tuple(edge for edge in edges if edge != without),
        effect="All stands where it would without it, and what comes later too.",
        rule=row,
    )


def _id(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else 0


def _number(moved: int) -> str:
    return f"{moved} exception{'' if moved == 1 else 's'}"


def _group(group_id: int) -> CauseGroup:
    return get_object_or_404(CauseGroup.objects.select_related("bridge", "connection"), pk=group_id)
