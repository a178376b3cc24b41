"""The manual: what each exception means, who owns what, and where the truth about each thing is.

Every page is made from the data the product runs on: the catalogue, the capability table, the
rules of approval and each bridge's policy.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, pgettext
from django.views.decorators.http import require_safe

from exceptions_app import permissions
from exceptions_app.catalogue import CATALOGUE, Entry, Step
from exceptions_app.catalogue.entry import GROUP_LIMIT, PERIOD_END_DAYS, lead_of
from exceptions_app.choices import FixKind, Role
from exceptions_app.selectors import manual as selector
from exceptions_app.selectors.manual import BridgeFacts
from exceptions_app.views import manual_data, manual_words

_PLACE = re.compile(r"\{([a-z_]+)\}")


@require_safe
@permissions.required("view_desk")
def index(request: HttpRequest) -> HttpResponse:
    wanted = request.GET.get("q", "").split()[:10]
    chapters = []
    for chapter in selector.chapters():
        rows = [
            {
                "entry": entry,
                "title": written(entry, entry.title),
                "count": count,
                "needs": written(entry, entry.waits_for) if entry.waits_for else "",
            }
            for entry, count in chapter.entries
            if _mentions(entry, chapter.label, wanted)
        ]
        if rows:
            chapters.append({"code": chapter.code, "label": chapter.label, "rows": rows})
    context = {
        "chapters": chapters,
        "q": request.GET.get("q", "").strip(),
        "found": sum(len(chapter["rows"]) for chapter in chapters),
    }
    return render(request, "manual/index.html", context)


@require_safe
@permissions.required("view_desk")
def page(request: HttpRequest, code: str) -> HttpResponse:
    entry = CATALOGUE.get(code)
    if entry is None:
        raise Http404
    people, bridges = selector.people_by_role(), selector.bridges()
    context = _described(entry, people, bridges, request)
    context["count"] = selector.open_count(entry.code)
    return render(request, "manual/type.html", context)


@require_safe
@permissions.required("view_desk")
def whole(request: HttpRequest) -> HttpResponse:
    """All playbooks as one document with its contents, to be printed and kept."""
    people, bridges = selector.people_by_role(), selector.bridges()
    chapters = [
        {
            "code": chapter.code,
            "label": chapter.label,
            "owners": people.get(chapter.code, ()),
            "types": [
                _described(entry, people, bridges, request) for entry, _count in chapter.entries
            ],
        }
        for chapter in selector.chapters()
    ]
    context = {
        "now": timezone.now(),
        "chapters": chapters,
        "bridges": [manual_data.described(facts) for facts in bridges],
        "glossary": manual_words.GLOSSARY,
    }
    return render(request, "manual/whole.html", context)


@require_safe
@permissions.required("view_desk")
def owners(request: HttpRequest) -> HttpResponse:
    """Who owns which kind, who may do what, and who these people are today."""
    people = selector.people_by_role()
    own = permissions.roles_of(request.user)
    context = {
        "chapters": selector.chapters(),
        "roles": [
            {"code": role.value, "label": role.label, "people": people[role.value]} for role in Role
        ],
        "own": own,
        "rights": [
            {
                "words": manual_words.CAPABILITIES.get(name, name),
                "cells": [(role.label, role in allowed, role.value in own) for role in Role],
            }
            for name, allowed in permissions.CAPABILITIES.items()
        ],
    }
    return render(request, "manual/owners.html", context)


@require_safe
@permissions.required("view_desk")
def data(request: HttpRequest) -> HttpResponse:
    """Which system each thing is taken from, per bridge, and how fresh our copy is."""
    context = {
        "now": timezone.now(),
        "bridges": [manual_data.described(facts) for facts in selector.bridges()],
    }
    return render(request, "manual/data.html", context)


@require_safe
@permissions.required("view_desk")
def words(request: HttpRequest) -> HttpResponse:
    return render(request, "manual/words.html", {"glossary": manual_words.GLOSSARY})


def _described(
    entry: Entry,
    people: Mapping[str, tuple[str, ...]],
    bridges: Sequence[BridgeFacts],
    request: HttpRequest,
) -> dict[str, Any]:
    """One type in the words of its page."""
    return {
        "entry": entry,
        "title": written(entry, entry.title),
        "sentence": written(entry, entry.sentence),
        "consequence": written(entry, entry.consequence),
        "closes_by": written(entry, entry.closes_by),
        "value_note": written(entry, entry.value_note),
        "needs": written(entry, entry.waits_for) if entry.waits_for else "",
        "steps": [_step(entry, step, request) for step in entry.playbook],
        "actions": [
            _action(action, entry.code, people, bridges, request) for action in entry.actions
        ],
        "reasons": [pgettext(entry.code, label) for _, label in entry.close_reasons],
        "family": manual_words.FAMILIES[entry.family],
        "owners": people.get(entry.team.value, ()),
        "group_limit": GROUP_LIMIT,
        "period_days": PERIOD_END_DAYS,
        "policies": manual_data.policies_of(entry, bridges),
    }


def _mentions(entry: Entry, team: str, wanted: list[str]) -> bool:
    """Whether every word that was typed is part of something the entry says."""
    texts = (entry.code, entry.short, entry.title, entry.sentence, entry.consequence)
    steps = (step.text for step in entry.playbook)
    actions = (FixKind(action).label for action in entry.actions)
    said = " ".join((team, *texts, *steps, *actions)).casefold()
    return all(word.casefold() in said for word in wanted)


def _step(entry: Entry, step: Step, request: HttpRequest) -> dict[str, Any]:
    text = written(entry, step.text)
    lead = lead_of(text)
    shown: dict[str, Any] = {
        "text": text,
        "lead": lead,
        "rest": text[len(lead) :],
        "action": FixKind(step.action).label if step.action else "",
    }
    if step.link:
        url_name, capability, label = manual_words.PAGES[step.link]
        if permissions.can(request.user, capability):
            query = f"?type={entry.code}" if url_name == "case-list" else ""
            shown |= {"url": reverse(url_name) + query, "url_label": label}
    return shown


def _action(
    action: str,
    code: str,
    people: Mapping[str, tuple[str, ...]],
    bridges: Sequence[BridgeFacts],
    request: HttpRequest,
) -> dict[str, Any]:
    """A change with those who may ask for it and those who must agree, here and there."""
    allowed = permissions.CAPABILITIES[permissions.fix_capability(action, code)]
    if action == FixKind.CLOSE:
        allowed = permissions.closing_roles(CATALOGUE[code])
    return {
        "label": FixKind(action).label,
        "askers": _role_labels(allowed),
        "is_mine": bool(allowed & permissions.roles_of(request.user)),
        "approvals": [
            {"where": where} | _approvers(action, code, level, people, request)
            for level, where in manual_data.approval_levels(action, code, bridges)
        ],
    }


def _approvers(
    action: str,
    code: str,
    level: str,
    people: Mapping[str, tuple[str, ...]],
    request: HttpRequest,
) -> dict[str, Any]:
    asked = "finance" if level == "two" else level.removesuffix("_above")
    approving: frozenset[str] = frozenset()
    if level != "none":
        approving = permissions.approving_roles(kind=action, level=asked, case_type=code)
    names = {name for role in approving for name in people[role]}
    reader = permissions.actor_of(request)
    own = reader.get_full_name() or reader.get_username()
    return {
        "level": level,
        "approval": manual_words.APPROVALS[level],
        # Nobody approves their own request: what the reader asks for is for the others.
        "approvers": sorted(names - {own}),
        "is_approver": own in names,
    }


def _role_labels(roles: frozenset[str]) -> str:
    return ", ".join(role.label for role in Role if role in roles)


def written(entry: Entry, text: str) -> str:
    """A text of the entry in the reader's language, as it reads without an exception."""
    return general(pgettext(entry.code, text))


def general(template: str) -> str:
    """A template of the catalogue as it reads without a case: each place named in brackets."""
    return _PLACE.sub(_named, template)


def _named(place: re.Match[str]) -> str:
    name = place.group(1)
    known = manual_words.PLACES.get(name)
    word = gettext(str(known)) if known else f"[{name.replace('_', ' ')}]"
    before = place.string[: place.start()].rstrip()
    is_first = not before or before.endswith((".", "?", "!"))
    return word[0].upper() + word[1:] if is_first else word
