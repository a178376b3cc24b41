"""The manual: who owns which exception, what it means, what to do, what closes it."""

import re

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from exceptions_app import permissions
from exceptions_app.catalogue import CATALOGUE, Entry
from exceptions_app.choices import FixKind
from exceptions_app.selectors import manual as selector

_PLACE = re.compile(r"\{([a-z_]+)\}")
# How a place is written where no case fills it.
_WORDS = {"erp": "the ERP", "platform": "the returns platform"}
FAMILIES = {
    "item": "Items",
    "location": "Locations",
    "stock": "Stock",
    "money": "Money",
    "exchange": "Exchanges",
    "integration": "Systems",
}
APPROVALS = {
    "none": "Nobody else has to agree.",
    "peer": "Another person with a working role must agree.",
    "finance": "Someone else from finance must agree.",
}


@require_safe
@permissions.required("view_desk")
def index(request: HttpRequest) -> HttpResponse:
    chapters = [
        {
            "code": chapter.code,
            "label": chapter.label,
            "rows": [
                {"entry": entry, "title": general(entry.title), "count": count}
                for entry, count in chapter.entries
            ],
        }
        for chapter in selector.chapters()
    ]
    return render(request, "manual/index.html", {"chapters": chapters})


@require_safe
@permissions.required("view_desk")
def page(request: HttpRequest, code: str) -> HttpResponse:
    entry = CATALOGUE.get(code)
    if entry is None:
        raise Http404
    context = {
        "entry": entry,
        "title": general(entry.title),
        "sentence": general(entry.sentence),
        "consequence": general(entry.consequence),
        "closes_by": general(entry.closes_by),
        "value_note": general(entry.value_note),
        "steps": _steps(entry),
        "actions": [FixKind(action).label for action in entry.actions],
        "family": FAMILIES[entry.family],
        "approval": APPROVALS[entry.approval],
        "count": selector.open_count(entry.code),
    }
    return render(request, "manual/type.html", context)


def _steps(entry: Entry) -> list[dict[str, str]]:
    return [
        {
            "text": general(step.text),
            "action": FixKind(step.action).label if step.action else "",
        }
        for step in entry.playbook
    ]


def general(template: str) -> str:
    """A template of the catalogue as it reads without a case: each place named in brackets."""
    return _PLACE.sub(_named, template)


def _named(place: re.Match[str]) -> str:
    name = place.group(1)
    word = _WORDS.get(name, f"[{name.replace('_', ' ')}]")
    is_first = not place.string[: place.start()].strip(" ") or place.string[
        : place.start()
    ].rstrip().endswith((".", "?", "!"))
    return word[0].upper() + word[1:] if is_first else word
