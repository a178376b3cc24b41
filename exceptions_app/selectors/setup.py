"""Policies and connections as the set-up pages show them, with who changed what and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet

from exceptions_app.choices import CASE_OPEN, POSTING_UNSENT, ApprovalAxis, BulkKind
from exceptions_app.models import (
    AuditEntry,
    Bridge,
    Bulk,
    Case,
    Connection,
    ErpLocation,
    Posting,
    Rma,
)
from exceptions_app.rules import policy as policies
from exceptions_app.rules import touching
from exceptions_app.selectors import standing
from exceptions_app.selectors.policy_words import in_words

# Where returns stand that are not at their end; each is found by an index of its own.
_UNFINISHED = ("coming", "inspect", "unrefunded")
HISTORY = 50
LOCATIONS = 200
# What the modes of a connection are called on every page.
MODES = {"sandbox": "Simulated", "live": "Live"}
# Acts that set the values of a connection.
_STATES = ("connection.create", "connection.change")
# The setting that chooses the calls a day; kinds without a limit have none.
DAILY_LIMIT = "daily_call_limit"
_CONNECTION_LABELS = {
    "name": "Name",
    "mode": "Mode",
    "base_url": "Address",
    "console_url": "Where people open it",
    "is_active": "Calls may leave",
    "confirmed_operations": "Confirmed operations",
}
_LONGEST = 80
_BRIDGE_LABELS = {
    "name": "Name",
    "timezone": "Time zone",
    "is_active": "In use",
    "storefront": "Shop",
}


@dataclass(frozen=True, slots=True)
class OptionRow:
    """One option of a policy: `words` is what is in force, `preset` what the preset says."""

    option: policies.Option
    words: str
    preset: str
    is_own: bool


@dataclass(frozen=True, slots=True)
class Change:
    """One option that differs between two policies, in words."""

    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class PolicyVersion:
    """A change of a policy as the trail has it; `values` is what was in force after it."""

    entry: AuditEntry
    changes: tuple[Change, ...]
    values: dict[str, Any]
    # What documents say that were decided by it; "" where it holds a value no release reads now.
    sign: str = ""


def policy_rows(bridge: Bridge) -> tuple[OptionRow, ...]:
    preset = policies.PRESETS[bridge.preset].policy
    rows = []
    for option in policies.OPTIONS:
        own = bridge.policy.get(option.name)
        is_own = option.name in bridge.policy
        rows.append(
            OptionRow(
                option=option,
                words=in_words(option, own if is_own else preset.get(option.name)),
                preset=in_words(option, preset.get(option.name)),
                is_own=is_own,
            )
        )
    return tuple(rows)


def policy_changes(
    preset: str, before: Mapping[str, Any], after: Mapping[str, Any]
) -> tuple[Change, ...]:
    """What is otherwise in force after a change, option by option."""
    base = policies.PRESETS[preset].policy
    found = []
    for option in policies.OPTIONS:
        was, will = (
            in_words(option, values.get(option.name, base.get(option.name)))
            for values in (before, after)
        )
        is_preset_now = option.name in before and option.name not in after
        is_own_now = option.name in after and option.name not in before
        if was != will or is_preset_now or is_own_now:
            note = " (as the preset)" if option.name not in after else ""
            if is_own_now and was == will:
                note = " (set here)"
            found.append(Change(option.label, was, will + note))
    return tuple(found)


def own_policy_changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Change, ...]:
    """Which values of its own a bridge took on or gave up, whatever its preset says."""

    def words(option: policies.Option, values: Mapping[str, Any]) -> str:
        if option.name not in values:
            return "as the preset"
        return in_words(option, values[option.name])

    told = [(each.label, words(each, before), words(each, after)) for each in policies.OPTIONS]
    return tuple(Change(label, was, now) for label, was, now in told if was != now)


def policy_history(bridge: Bridge) -> list[PolicyVersion]:
    """Changes of the policy, newest first, at most HISTORY."""
    entries = AuditEntry.objects.filter(
        subject_kind="bridge", subject_id=bridge.pk, act__in=("bridge.policy", "bridge.create")
    ).order_by("-id")[:HISTORY]
    found = []
    for entry in entries:
        after = entry.after or {}
        values = after.get("policy", {}) if entry.act == "bridge.create" else after
        before = entry.before or {}
        found.append(
            PolicyVersion(
                entry,
                policy_changes(bridge.preset, before, values),
                dict(values),
                _sign(bridge.preset, values),
            )
        )
    return found


def _sign(preset: str, values: Mapping[str, Any]) -> str:
    try:
        return touching.policy_print(policies.parse({**policies.PRESETS[preset].policy, **values}))
    except policies.PolicyInvalid:
        return ""


def bridge_history(bridge: Bridge) -> list[dict[str, Any]]:
    """Changes of name, zone and use, newest first, each with what differs."""
    entries = AuditEntry.objects.filter(
        subject_kind="bridge", subject_id=bridge.pk, act="bridge.change"
    ).order_by("-id")[:HISTORY]
    return [
        {"at": entry.at, "actor": entry.actor, "text": entry.text, "detail": _difference(entry)}
        for entry in entries
    ]


def _difference(entry: AuditEntry) -> str:
    before, after = entry.before or {}, entry.after or {}
    return "; ".join(
        f"{label}: {_told(before.get(name))} → {_told(after.get(name))}"
        for name, label in _BRIDGE_LABELS.items()
        if (before.get(name) or None) != (after.get(name) or None)
    )


def _told(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "none" if value in ("", None) else str(value)


def policy_at(bridge: Bridge, entry_id: int) -> dict[str, Any] | None:
    """The values in force after one change of the trail; None when it is not of this bridge."""
    return next((each.values for each in policy_history(bridge) if each.entry.pk == entry_id), None)


def policy_tried(bridge: Bridge, bulk_id: int) -> dict[str, Any] | None:
    """The values an act tried on returns of the past; None when it tried none of this bridge's."""
    given = Bulk.objects.filter(pk=bulk_id, kind=BulkKind.PREVIEW).values_list("given", flat=True)
    found = given.first() or {}
    return found.get("policy") if found.get("bridge") == bridge.pk else None


def open_return_ids(bridge: Bridge) -> list[int]:
    """Returns that follow the policy: not at their end, or with something open.

    Open is an exception, or a document that has not left. Not at its end is one whose goods or
    money are not there yet: another policy may call for a document at once that this one waited
    with.
    """
    cases = Case.objects.filter(bridge=bridge, status__in=CASE_OPEN, rma__isnull=False)
    postings = Posting.objects.filter(bridge=bridge, status__in=POSTING_UNSENT)
    found = {*cases.values_list("rma_id", flat=True), *postings.values_list("rma_id", flat=True)}
    for state in _UNFINISHED:
        _, condition = standing.WHERE[state]
        rows = Rma.objects.filter(condition, bridge=bridge).exclude(
            approval__in=(ApprovalAxis.REQUESTED, ApprovalAxis.UNKNOWN)
        )
        found |= set(rows.order_by().values_list("pk", flat=True))
    return sorted(number for number in found if number is not None)


def bridges_of(connection: Connection) -> list[Bridge]:
    """Bridges in use that the connection is a side of, by name."""
    sides = Q(source=connection) | Q(erp=connection)
    return list(Bridge.objects.filter(sides, is_active=True).order_by("name", "pk"))


def shop_of(connection: Connection) -> list[Bridge]:
    """Bridges in use that the connection is the shop of, by name."""
    return list(connection.storefront_bridges.filter(is_active=True).order_by("name", "pk"))


def locations_of(connection: Connection) -> list[ErpLocation]:
    """The ERP's or shop's locations as last read, those in use first, at most LOCATIONS."""
    rows = ErpLocation.objects.filter(connection=connection)
    return list(rows.order_by("-is_active", "division", "code")[:LOCATIONS])


def connection_story(connection: Connection, labels: Mapping[str, str]) -> list[dict[str, Any]]:
    """Who did what to a connection and why, newest first; the trail never holds a secret.

    `labels` are what its settings are called. `back` is the change to go back to, None for the
    newest one and for acts that changed no value.
    """
    entries = _of_connection(connection).order_by("-id")[:HISTORY]
    newest = next((entry.pk for entry in entries if entry.act in _STATES), None)
    return [
        {
            "at": entry.at,
            "actor": entry.actor,
            "text": entry.text,
            "changes": connection_changes(entry, labels),
            "back": entry.pk if entry.pk != newest and _is_state(entry) else None,
        }
        for entry in entries
    ]


def connection_at(connection: Connection, entry_id: int) -> dict[str, Any] | None:
    """The values in force after one change of the trail; None when it is not of this connection."""
    entry = _of_connection(connection).filter(pk=entry_id, act__in=_STATES).first()
    if entry is None or not _is_state(entry):
        return None
    names = ("name", "mode", "base_url", "console_url", "is_active", "settings", "daily_limit")
    after = entry.after or {}
    return {name: after[name] for name in names if name in after}


def connection_changes(entry: AuditEntry, labels: Mapping[str, str]) -> tuple[Change, ...]:
    """What a change set otherwise; for a new connection, all that it was set to."""
    before, after = _flat(entry.before, labels), _flat(entry.after, labels)
    found = []
    for label in dict.fromkeys((*before, *after)):
        was, now = before.get(label), after.get(label)
        if was == now or (was is None and not entry.before and now in ("", [])):
            continue
        words, other = in_short(was), in_short(now)
        note = " (another text)" if words == other else ""
        found.append(Change(label, words if entry.before else "", other + note))
    if (entry.after or {}).get("secrets_changed"):
        found.append(Change("Credentials", "", "entered anew"))
    return tuple(found)


def going_back(
    current: Mapping[str, Any], earlier: Mapping[str, Any], labels: Mapping[str, str]
) -> tuple[Change, ...]:
    """What going back to `earlier` would set otherwise than it is."""
    before, after = _flat(current, labels), _flat({**current, **earlier}, labels)
    return tuple(
        Change(label, in_short(before.get(label)), in_short(after.get(label)))
        for label in dict.fromkeys((*before, *after))
        if before.get(label) != after.get(label)
    )


def _is_state(entry: AuditEntry) -> bool:
    """Whether an act kept the values it left behind."""
    return entry.act in _STATES and bool(entry.after)


def _of_connection(connection: Connection) -> QuerySet[AuditEntry]:
    return AuditEntry.objects.filter(subject_kind="connection", subject_id=connection.pk)


def _flat(state: Mapping[str, Any] | None, labels: Mapping[str, str]) -> dict[str, Any]:
    """Every value of a state under the name a person knows it by."""
    if not state:
        return {}
    found = {label: state[name] for name, label in _CONNECTION_LABELS.items() if name in state}
    if "mode" in state:
        found[_CONNECTION_LABELS["mode"]] = MODES.get(state["mode"], state["mode"])
    settings = dict(state.get("settings") or {})
    if "daily_limit" in state:
        # What was in force, also where nobody had chosen it.
        settings[DAILY_LIMIT] = str(state["daily_limit"])
    named = {name: labels.get(name) or name.replace("_", " ").capitalize() for name in settings}
    return found | {named[name]: value for name, value in sorted(settings.items())}


def in_short(value: Any) -> str:
    """A value on one line; a long text by its size, since the trail keeps it whole."""
    if value is None or value in ("", []):
        return "nothing"
    if isinstance(value, list):
        return ", ".join(str(each) for each in value)
    text = _told(value)
    if len(text) <= _LONGEST and "\n" not in text:
        return text
    return f"a text of {len(text.splitlines())} lines, {len(text):,} characters"
