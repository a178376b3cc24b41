"""Between a change that counts and the plan made with it, up to a minute: what the page says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from exceptions_app.choices import CaseStatus, FixKind, FixStatus
from exceptions_app.models import Case, Fix

# What was not planned for so long waits for something else, and may be asked for again.
FOLLOWS_WITHIN = timedelta(minutes=10)


def is_applying(case: Case, fixes: Iterable[Fix]) -> bool:
    """Whether the exception still says that it waits for an approval that was given.

    `fixes` are the changes under way. Nothing is asked of the database.
    """
    is_asked = any(fix.status == FixStatus.REQUESTED for fix in fixes)
    return case.status == CaseStatus.AWAITING_APPROVAL and not is_asked


def kind(story: Iterable[Mapping[str, Any]], now: datetime) -> str:
    """The kind of change that the last word of the history put in force just now; "" for none."""
    last = next((entry for entry in story if entry.get("act", "").startswith("fix.")), None)
    if last is None or last["act"] != "fix.approve" or now - last["at"] > FOLLOWS_WITHIN:
        return ""
    named = (each for each in FixKind if f": {each.label}" in last["text"])
    return next(named, "")
