"""What more than one team's room reads: the bridges to choose from, and what blocks a document."""

from __future__ import annotations

from exceptions_app.catalogue import entry as catalogue_entry
from exceptions_app.models import Bridge, Posting


def bridges() -> list[tuple[str, str]]:
    """(code, name) of every bridge in use, by name."""
    return list(Bridge.objects.filter(is_active=True).order_by("name").values_list("code", "name"))


def bridge_names() -> list[tuple[int, str]]:
    """(id, name) of every bridge in use, by name."""
    return list(Bridge.objects.filter(is_active=True).order_by("name").values_list("pk", "name"))


def blockers_of(posting: Posting) -> tuple[str, ...]:
    """The exceptions that block a document, or the one it opened, as their types are called."""
    codes = posting.blocked_by.split(", ") if posting.blocked_by else [posting.open_type]
    return tuple(catalogue_entry(code).short for code in codes if code)
