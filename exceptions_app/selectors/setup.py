"""Policies and connections as the set-up pages show them, with who changed what and why."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from exceptions_app.choices import CASE_OPEN, POSTING_UNSENT
from exceptions_app.models import AuditEntry, Bridge, Case, Connection, Posting
from exceptions_app.rules import policy as policies
from exceptions_app.selectors.policy_words import in_words

HISTORY = 50
_BRIDGE_LABELS = {"name": "Name", "timezone": "Time zone", "is_active": "In use"}


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
            found.append(Change(option.label, was, will + note))
    return tuple(found)


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
            PolicyVersion(entry, policy_changes(bridge.preset, before, values), dict(values))
        )
    return found


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
        if before.get(name) != after.get(name)
    )


def _told(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def policy_at(bridge: Bridge, entry_id: int) -> dict[str, Any] | None:
    """The values in force after one change of the trail; None when it is not of this bridge."""
    return next((each.values for each in policy_history(bridge) if each.entry.pk == entry_id), None)


def open_return_ids(bridge: Bridge) -> list[int]:
    """Returns with an open exception or something that has not left: they follow the policy."""
    cases = Case.objects.filter(bridge=bridge, status__in=CASE_OPEN, rma__isnull=False)
    postings = Posting.objects.filter(bridge=bridge, status__in=POSTING_UNSENT)
    found = {*cases.values_list("rma_id", flat=True), *postings.values_list("rma_id", flat=True)}
    return sorted(number for number in found if number is not None)


def connection_story(connection: Connection) -> list[dict[str, Any]]:
    """Who did what to a connection, newest first; the trail never holds a secret."""
    entries = AuditEntry.objects.filter(
        subject_kind="connection", subject_id=connection.pk
    ).order_by("-id")[:HISTORY]
    return [
        {"at": entry.at, "actor": entry.actor, "text": entry.text, "detail": _detail(entry.after)}
        for entry in entries
    ]


def _detail(after: dict[str, Any] | None) -> str:
    if not after:
        return ""
    parts = [f"address {after['base_url']}"] if after.get("base_url") else []
    if after.get("mode"):
        parts.append(f"mode {after['mode']}")
    settings = {
        name: value
        for name, value in (after.get("settings") or {}).items()
        if len(str(value)) <= 80
    }
    if settings:
        parts.append(f"settings {json.dumps(settings, sort_keys=True)}")
    if after.get("secrets_changed"):
        parts.append("credentials entered anew")
    return ", ".join(parts)
