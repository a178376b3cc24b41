"""The audit trail as one list: who did what to which thing, and what differs since."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.apps import apps
from django.contrib.auth.models import User
from django.db.models import QuerySet

from exceptions_app.choices import Role
from exceptions_app.models import AuditEntry, Bridge, MappingImport
from exceptions_app.models import Mapping as MappingRow
from exceptions_app.selectors import setup
from exceptions_app.selectors.setup import Change

ORDER = ("-id",)
MOST_PEOPLE = 500
# What an entry can be about, by what people work on most. Never asked of the trail itself: that
# would read all of it.
KINDS: dict[str, str] = {
    "case": "Exception",
    "causegroup": "Cause",
    "rma": "Return",
    "posting": "Posting",
    "fix": "Change of a fact",
    "fixbatch": "Batch of changes",
    "bulk": "Act on many",
    "acceptance": "Accepted difference",
    "evidencefile": "Evidence",
    "teamcalendar": "Hours of a team",
    "delegation": "Delegation",
    "creditrun": "Credit run",
    "creditquote": "Credit quote",
    "mapping": "Mapping",
    "mappingimport": "File of mappings",
    "returnfile": "File of returns",
    "exchangefile": "File received",
    "assignmentrule": "Assignment rule",
    "bridge": "Bridge",
    "connection": "Connection",
    "inboundevent": "Message",
    "messageplace": "Place of messages",
    "user": "Person",
    "savedview": "Saved view",
}
# Who acted, where it is no single person.
SYSTEM, PEOPLE = "system", "people"


@dataclass(frozen=True, slots=True)
class Place:
    """What an entry on mappings leaves to be looked up: the bridge, the value, and the reason.

    `kind` and `value` lead to the page of the value; "" for a file, which has its own.
    """

    bridge: Bridge
    kind: str = ""
    value: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One entry with its kind in words and what it set otherwise; `place` of a mapping's."""

    entry: AuditEntry
    kind: str
    changes: tuple[Change, ...]
    place: Place | None = None


def entries(
    *,
    kind: str = "",
    number: str = "",
    person: str = "",
    since: datetime | None = None,
    before: datetime | None = None,
) -> QuerySet[AuditEntry]:
    """Entries of one kind of thing, of one thing, or of one person; unknown values find nothing.

    `number` counts only together with a kind. `person` is an id, SYSTEM for the desk itself, or
    PEOPLE for anybody else. `since` is part of the time asked for, `before` is not.
    """
    rows = AuditEntry.objects.all()
    if since is not None:
        rows = rows.filter(at__gte=since)
    if before is not None:
        rows = rows.filter(at__lt=before)
    if kind:
        rows = rows.filter(subject_kind=kind)
        if number:
            rows = rows.filter(subject_id=int(number)) if _is_id(number) else rows.none()
    if person in (SYSTEM, PEOPLE):
        rows = rows.filter(actor_user__isnull=person == SYSTEM)
    elif person:
        rows = rows.filter(actor_user_id=int(person)) if _is_id(person) else rows.none()
    return rows


def row_of(entry: AuditEntry, labels: Mapping[str, str], places: Mapping[int, Place]) -> Row:
    """`labels` are what the settings of a connection are called."""
    kind = KINDS.get(entry.subject_kind, entry.subject_kind)
    return Row(entry, kind, _changes_of(entry, labels), places.get(entry.pk))


def places_of(rows: Sequence[AuditEntry]) -> dict[int, Place]:
    """By entry, what is known of the mappings and files among them; two queries at most."""
    values = {row.subject_id for row in rows if row.subject_kind == "mapping"}
    files = {row.subject_id for row in rows if row.subject_kind == "mappingimport"}
    found: dict[tuple[str, int], Place] = {}
    if values:
        for one in MappingRow.objects.filter(pk__in=values).select_related("bridge"):
            found["mapping", one.pk] = Place(one.bridge, one.kind, one.source_value, one.reason)
    if files:
        known = MappingImport.objects.filter(pk__in=files).select_related("bridge")
        for file in known.only("bridge"):
            found["mappingimport", file.pk] = Place(file.bridge)
    places = {}
    for row in rows:
        place = found.get((row.subject_kind, row.subject_id))
        if place is not None:
            # The version's reason is why it was made, not why it was taken back.
            is_taken_back = row.act == "mapping.withdraw"
            places[row.pk] = replace(place, reason="") if is_taken_back else place
    return places


def _changes_of(entry: AuditEntry, labels: Mapping[str, str]) -> tuple[Change, ...]:
    """What stands in one state and not in the other, in the words of the thing's own page."""
    before, after = entry.before or {}, entry.after or {}
    if entry.subject_kind == "connection":
        return setup.connection_changes(entry, labels)
    if entry.act == "bridge.create":
        return setup.own_policy_changes({}, after.get("policy") or {})
    if entry.act == "bridge.policy":
        return setup.own_policy_changes(before, after)
    was, now, words = _flat(before), _flat(after), _choices_of(entry.subject_kind)
    return tuple(
        Change(
            label=name.replace("_", " ").capitalize(),
            before=_said(was.get(name), words.get(name, {})),
            after=_said(now.get(name), words.get(name, {})),
        )
        for name in dict.fromkeys((*was, *now))
        if was.get(name) != now.get(name)
    )


def _choices_of(kind: str) -> dict[str, dict[Any, str]]:
    """What the stored codes of a kind of thing are called, by the name of the value."""
    model = next((each for each in apps.get_models() if each._meta.model_name == kind), None)
    fields = model._meta.concrete_fields if model is not None else ()
    coded = {field.name: field.flatchoices for field in fields} | {"roles": Role.choices}
    return {name: {code: str(label) for code, label in pairs} for name, pairs in coded.items()}


def _said(value: Any, words: Mapping[Any, str]) -> str:
    if isinstance(value, list):
        return setup.in_short([_said(each, words) for each in value])
    is_code = isinstance(value, str) and value in words
    return words[value] if is_code else setup.in_short(value)


def people() -> list[tuple[str, str]]:
    """Who can be asked for, by name; those who left are among them."""
    rows = User.objects.order_by("first_name", "last_name", "username")[:MOST_PEOPLE]
    named = [(str(user.pk), user.get_full_name() or user.get_username()) for user in rows]
    return [(PEOPLE, "Any person"), (SYSTEM, "Returnsbridge itself"), *named]


def _flat(state: Mapping[str, Any] | None, above: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in (state or {}).items():
        whole = f"{above}{name}"
        if isinstance(value, dict):
            found |= _flat(value, f"{whole}, ")
        else:
            found[whole] = value
    return found


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 19
