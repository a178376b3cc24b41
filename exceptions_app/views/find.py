"""Find anything: one box for every identifier and page, as a palette, as you type, and plain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from exceptions_app import permissions
from exceptions_app.catalogue import CATALOGUE
from exceptions_app.models import Rma
from exceptions_app.rules.facts import LineFact
from exceptions_app.selectors import customers, find, rooms
from exceptions_app.selectors import sayings as sayings_selector
from exceptions_app.views import type_choices
from exceptions_app.views.context import PLACES

OPTIONS_SHOWN = 8
HITS_SHOWN = 20
TYPES_SHOWN = 5
# From this length on a text is looked up as an identifier.
LOOKED_UP_FROM = 2


@dataclass(frozen=True, slots=True)
class Hit:
    """A return the text led to, by which identifier, and the one line an agent may say of it."""

    rma: Rma
    match: find.Match
    customer: str
    sentence: str
    url: str
    items: str


@require_safe
@permissions.required("view_desk")
def index(request: HttpRequest) -> HttpResponse:
    """The plain page. A text that means one return only leads there at once."""
    text = request.GET.get("q", "")
    found = _found(request, HITS_SHOWN)
    if found.only is not None:
        return redirect(_address(found.only))
    context = {
        "q": find.clean(text),
        "found": found,
        "hits": _hits(request, found),
        "types": _types(text),
        "places": _places(request, text),
        "is_parcel_shown": permissions.can(request.user, "view_parcel_numbers"),
        "is_personal_shown": permissions.can(request.user, "view_personal_data"),
        "now": timezone.now(),
    }
    return render(request, "find/index.html", context)


@require_safe
@permissions.required("view_desk")
def options(request: HttpRequest) -> HttpResponse:
    """What the box offers while one types; pages and actions only in the palette (`all`).

    The frame around a page is not in it, so its figures are not asked for with every letter.
    """
    found = _found(request, OPTIONS_SHOWN)
    is_palette = bool(request.GET.get("all"))
    text = request.GET.get("q", "")
    context = {
        "q": find.clean(text),
        "found": found,
        "hits": _hits(request, found),
        "types": _types(text),
        "places": _places(request, text) if is_palette else [],
        "prefix": "palette" if is_palette else "find",
    }
    return HttpResponse(render_to_string("find/_options.html", context))


def _found(request: HttpRequest, limit: int) -> find.Found:
    text = find.clean(request.GET.get("q", ""))
    if len(text) < LOOKED_UP_FROM:
        return find.Found(text=text)
    is_shown = permissions.can(request.user, "view_personal_data")
    sees_parcels = permissions.can(request.user, "view_parcel_numbers")
    return find.find(
        text=text, is_personal_shown=is_shown, is_parcel_shown=sees_parcels, limit=limit
    )


def _hits(request: HttpRequest, found: find.Found) -> list[Hit]:
    """In the order of the matches; the same number of queries for one and for twenty."""
    is_shown = permissions.can(request.user, "view_personal_data")
    ids = [match.rma_id for match in found.matches]
    told = sayings_selector.of(ids, now=timezone.now()) if ids else {}
    return [
        Hit(
            rma=row.rma,
            match=match,
            customer=customers.customer_of(row.rma, is_shown=is_shown),
            sentence=row.saying.short,
            url=_address(match),
            items=_items(row.lines),
        )
        for match in found.matches
        if (row := told.get(match.rma_id)) is not None
    ]


def _items(lines: Sequence[LineFact]) -> str:
    """ "2 × Tee black M and 3 more": by name, else by SKU."""
    if not lines:
        return ""
    first = f"{lines[0].quantity} × {lines[0].name or lines[0].sku}"
    more = sum(line.quantity for line in lines[1:])
    return f"{first} and {more} more" if more else first


def _address(match: find.Match) -> str:
    """The return's page, told by what it was found; the text, perhaps an e-mail, stays out."""
    part = "" if match.is_exact else "&part=1"
    return f"{reverse('return-detail', args=[match.rma_id])}?by={match.kind}{part}"


def _types(text: str) -> list[dict[str, str]]:
    """Types of exception called like the text: what is open of each, and its page in the manual."""
    return [
        {
            "code": code,
            "name": type_choices.name_of(code),
            "team": CATALOGUE[code].team.label,
            "url": f"{reverse('case-list')}?{urlencode({'view': 'all', 'type': code})}",
            "manual": reverse("manual-type", args=[code]),
        }
        for code in type_choices.called(text, limit=TYPES_SHOWN)
    ]


def _places(request: HttpRequest, text: str) -> list[dict[str, Any]]:
    """Pages this reader may open whose name holds the text; all of the house's for an empty one."""
    wanted = text.strip().casefold()
    found: list[dict[str, Any]] = [
        {"label": place.label, "group": place.group, "icon": place.icon, "url": url}
        for place in PLACES
        if permissions.can(request.user, place.capability)
        and wanted in f"{place.group} {place.label}".casefold()
        and (url := reverse(place.url_name))
    ]
    return [*found, *_policies(request, wanted)] if wanted else found


def _policies(request: HttpRequest, wanted: str) -> list[dict[str, Any]]:
    """The policies of the bridges in use, for who may read them."""
    if not permissions.can(request.user, "view_mappings"):
        return []
    return [
        {"label": label, "group": "Set-up", "icon": "key", "url": url}
        for pk, name in rooms.bridge_names()
        if wanted in f"set-up {(label := f'Policy of {name}')}".casefold()
        and (url := reverse("admin:bridge-policy", args=[pk]))
    ]
