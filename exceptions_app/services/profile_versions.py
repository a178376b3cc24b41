"""The history of a connection's own profile: one row whenever another text comes into force."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User

from exceptions_app.models import Connection, ProfileVersion

SETTING = "profile_text"
_NOT_SAID = "Not known"


def note(
    *,
    row: Connection,
    before: Mapping[str, Any],
    reason: str,
    actor: User | None,
    now: datetime,
) -> ProfileVersion | None:
    """Write the next version when the text of `row` differs from `before`; None when it does not,
    or when the connection has no text of its own any more. The caller holds the row locked.
    """
    text = str(row.settings.get(SETTING, ""))
    if not text or text == before.get(SETTING, ""):
        return None
    mine = ProfileVersion.objects.filter(connection=row)
    content_hash = hashlib.sha256(text.encode()).hexdigest()
    latest = mine.order_by("-number").values_list("number", flat=True).first() or 0
    name, version = _identity(text)
    return ProfileVersion.objects.create(
        connection=row,
        number=latest + 1,
        name=name,
        version=version,
        content_hash=content_hash,
        text=text,
        reason=reason[:500],
        activated_at=now,
        activated_by=actor,
        restores=mine.filter(content_hash=content_hash).order_by("number").first(),
    )


def _identity(text: str) -> tuple[str, str]:
    """Name and version as the text says them, even where it is no profile that can be used."""
    try:
        said = tomllib.loads(text).get("profile", {})
        return str(said["name"])[:80], str(said["version"])[:40]
    except (tomllib.TOMLDecodeError, KeyError, TypeError, AttributeError):
        return _NOT_SAID, _NOT_SAID
