"""A question about chosen rows at an address of its own: Back and Reload find a page, not a form.

What was chosen is signed and may be long, so it is kept with the session and the address names it.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, QueryDict
from django.utils.crypto import get_random_string

NAME = "asked"
# Questions a person can have open side by side; the oldest is forgotten first.
MOST = 5


def keep(request: HttpRequest, said: dict[str, Any]) -> str:
    """Remember what was chosen and how; returns the key its address carries as `NAME`."""
    key = get_random_string(8)
    request.session[NAME] = [*request.session.get(NAME, []), [key, said]][-MOST:]
    return key


def kept(request: HttpRequest) -> dict[str, Any] | None:
    """What the address names; None where it is no question of this session, or no longer."""
    found: dict[str, dict[str, Any]] = dict(request.session.get(NAME, []))
    return found.get(request.GET.get(NAME, ""))


def place(request: HttpRequest) -> QueryDict:
    """The list's address within the question's own."""
    query = request.GET.copy()
    query.pop(NAME, None)
    return query
