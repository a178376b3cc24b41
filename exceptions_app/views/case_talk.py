"""What people say to one another on the page of an exception or a return."""

from __future__ import annotations

from typing import Any

from exceptions_app.models import Case
from exceptions_app.selectors import paging, talking


def beside(case: Case) -> dict[str, Any]:
    """Whom a note can be put on the Today of; one query."""
    return {"names": names()}


def names() -> list[str]:
    """Everybody who may read notes, as a note calls them."""
    found = paging.answers(counted={}, listed={"people": talking.names()})
    return [person.names[0] for person in talking.people(found["people"])]
