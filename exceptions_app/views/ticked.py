"""What was ticked in a list, as it travels: frozen and signed, so that nobody adds to it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime

from django.core import signing
from django.core.exceptions import BadRequest
from django.http import HttpRequest

from exceptions_app.selectors.selection import Selection

FROZEN = "selection"
PICKED = "picked"
_ROW = re.compile(r"row-g?[0-9]{1,15}")


def frozen_text(chosen: Selection, at: datetime) -> str:
    """The selection as it was at `at`, for a signed field of the page that asks."""
    return signing.dumps([at.isoformat(), chosen.rows], salt=FROZEN, compress=True)


def thawed(frozen: str) -> tuple[Selection, datetime]:
    try:
        at, rows = signing.loads(frozen, salt=FROZEN)
    except signing.BadSignature as error:
        raise BadRequest("This selection is not one we made.") from error
    return Selection(tuple((pk, seen) for pk, seen in rows)), datetime.fromisoformat(at)


def picked_of(request: HttpRequest) -> frozenset[int]:
    """Ids that were ticked before the last act and still are."""
    token = request.GET.get(PICKED, "")
    if not token:
        return frozenset()
    try:
        return frozenset(signing.loads(token, salt=PICKED))
    except signing.BadSignature as error:
        raise BadRequest("This selection is not one we made.") from error


def anchor_of(request: HttpRequest) -> str:
    """The row the reader was on, as the end of an address."""
    row = request.POST.get("at", "")
    return f"#{row}" if _ROW.fullmatch(row) else ""


def signed(ids: Iterable[int]) -> str:
    return signing.dumps(sorted(ids), salt=PICKED, compress=True)


def pick(text: str) -> tuple[int, str]:
    pk, _, seen = text.partition(".")
    return number(pk), seen


def number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else 0
