"""The change after which an exception closed, or one that was to settle its value and did not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from exceptions_app.choices import CASE_OPEN, Closure, FixKind, FixStatus, MappingStatus
from exceptions_app.models import Case, Fix
from exceptions_app.selectors import fixes as fixes_selector
from exceptions_app.templatetags.desk import when


@dataclass(frozen=True, slots=True)
class Past:
    """An earlier change in words: what it was, whose, and what became of its version.

    `title` is "" where the exception is closed and the change is what settled it.
    """

    fix: Fix
    named: str
    people: str
    fate: str
    title: str = ""
    lead: str = ""

    @property
    def claim(self) -> str:
        """What only a person's word says of where goods are; "" for every other change."""
        if self.fix.kind != FixKind.SET_LOCATION:
            return ""
        why = f", because: {self.fix.note.rstrip('.')}." if self.fix.note else ", without a reason."
        return (
            f"Set by {_name(self.fix.requested_by)}: {self.fix.payload['location']}{why} The proof"
            " says that the place is valid; that the goods are there is that person's word."
        )


def of(case: Case) -> Past | None:
    """What an earlier change has to do with the exception; None where no change has (R111)."""
    if case.status not in CASE_OPEN:
        if case.closure != Closure.PROOF or case.resolved_at is None:
            return None
        fix = fixes_selector.settled_by(case, closed_at=case.resolved_at)
        return _past(fix) if fix is not None else None
    if case.reopened_count:
        fix = fixes_selector.failed(case)
        told = {"title": "It came back", "lead": "It had closed after"}
    else:
        fix = fixes_selector.earlier(case)
        told = {"title": "The same value was settled before", "lead": "That was"}
    return _past(fix, **told) if fix is not None else None


def fate(fix: Fix) -> str:
    """How the version it put in force ended; "" while it stands, or where it put none in force."""
    row = fix.mapping
    if row is None or fix.status != FixStatus.APPLIED or row.ended_at is None:
        return ""
    ended = "was taken out of force" if row.status == MappingStatus.WITHDRAWN else "was replaced"
    return f"Version {row.version} {ended}, {when(row.ended_at)}."


def _past(fix: Fix, **told: Any) -> Past:
    named = fixes_selector.named_with_version(fix)
    return Past(fix, named, _people(fix), fate(fix), **told)


def _people(fix: Fix) -> str:
    asked, since = _name(fix.requested_by), when(fix.decided_at)
    if fix.is_break_glass:
        return f"put in force by {asked} alone, {since}"
    if fix.level == "none" or fix.decided_by is None:
        return f"done by {asked}, {since}"
    return f"asked for by {asked} and approved by {_name(fix.decided_by)}, {since}"


def _name(person: Any) -> str:
    return str(person.get_full_name() or person.get_username())
