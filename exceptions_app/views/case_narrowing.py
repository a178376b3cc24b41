"""What the queue is narrowed by, as its form offers it and its chips show it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from django import forms
from django.http import HttpRequest, QueryDict

from exceptions_app import permissions
from exceptions_app.catalogue import CATALOGUE
from exceptions_app.choices import Team
from exceptions_app.filters import CaseFilter
from exceptions_app.selectors.sums import Amount
from exceptions_app.selectors.today import teams_of
from exceptions_app.views import type_choices

# Named by what they are, and not by a choice of their field.
_THINGS = ("group", "person", "bridge")


def offer_types(request: HttpRequest, found: CaseFilter, counts: Mapping[str, int]) -> None:
    """Name the types by team in the form that is shown: the list's own team first, or one's own.

    One more is chosen at a time: those in use are carried along, and each has a chip to take off.
    """
    team = request.GET.get("team", "")
    own = {team} if team in Team.values else teams_of(permissions.roles_of(request.user))
    field = found.form.fields["type"]
    some = types_in_use(found)
    offered = type_choices.by_team(teams=own, counts=counts)
    field.choices = [("", "No other" if some else "Any"), *offered]
    # The field keeps its name for the chips; in the form it is one more.
    found.form["type"].label = "Or of type" if some else "Type"


def types_in_use(found: CaseFilter) -> list[str]:
    """Codes of the types the address names, also where something else in it is wrong."""
    return [code for code in found.form["type"].value() or () if code in CATALOGUE]


def offer_currencies(found: CaseFilter, values: Iterable[Amount]) -> None:
    """Let the reader choose among the currencies of what is open, and the one in use."""
    chosen = found.form.cleaned_data["currency"] if found.is_valid() else ""
    codes = sorted({each.currency for each in values} | {chosen} - {""})
    choices = [("", "Any"), *((code, code) for code in codes)]
    found.form.fields["currency"].widget = forms.Select(choices=choices)


def chips(
    found: CaseFilter, query: QueryDict, *, narrowed: Callable[..., str]
) -> list[dict[str, object]]:
    """One per value in use, team and "me" included, each with the address without it.

    `narrowed` gives the list's address with changes made.
    """
    if not found.is_valid():
        return []
    shown = []
    for name, asked in found.form.cleaned_data.items():
        field = found.form.fields[name]
        choices = dict(getattr(field, "choices", ()) if name not in _THINGS else ())
        values = asked if isinstance(asked, list) else [asked]
        for value in values:
            if value in ("", None):
                continue
            rest = [each for each in values if each != value]
            shown.append(
                {
                    "name": field.label,
                    "value": choices.get(value, str(value)),
                    "remove_url": narrowed(query, {name: rest or ""}),
                }
            )
    return shown
