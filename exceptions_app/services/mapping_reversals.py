"""Mappings taken back: one value, or all that a file brought, as one act or not at all."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction

from exceptions_app import errors, jobs
from exceptions_app.choices import ImportStatus, MappingKind, MappingStatus
from exceptions_app.models import Bridge, Fix, Mapping, MappingImport
from exceptions_app.rules.mapping import NO_MORE, normalise
from exceptions_app.selectors import mappings as mappings_selector
from exceptions_app.services import audit, fixes, import_effects, mappings, previews, setup

_NO_REASON = "Say why, so that the next person understands the change."
_NOT_AS_SHOWN = (
    "Nothing was changed: the mappings are not those that were shown. This is what it would do now."
)


@dataclass(frozen=True, slots=True)
class Left:
    """A value that a file brought and that stays as it is now."""

    row: Mapping
    why: str


@dataclass(frozen=True, slots=True)
class Reversal:
    """`going` pairs each version to take back with the one then in force again, None for none."""

    going: tuple[tuple[Mapping, Mapping | None], ...]
    left: tuple[Left, ...] = ()

    @property
    def stamp(self) -> str:
        """The sign of what was shown; anything changed meanwhile gives another."""
        pairs = [(row.pk, before.pk if before else None) for row, before in self.going]
        shown = json.dumps([pairs, [each.row.pk for each in self.left]])
        return hashlib.sha256(shown.encode()).hexdigest()

    @property
    def again_count(self) -> int:
        return sum(1 for _, before in self.going if before is not None)

    @property
    def unmapped_count(self) -> int:
        return len(self.going) - self.again_count


def of_value(*, bridge: Bridge, kind: str, value: str) -> Reversal:
    """What withdrawing the version in force would change; nothing when none is."""
    row = mappings_selector.in_force(bridge=bridge, kind=kind, value=value)
    return _reversal([row] if row is not None else [])


def of_file(*, found: MappingImport) -> Reversal:
    """What taking the file back would change: the values it still decides, in their order."""
    rows = list(mappings_selector.brought_by(found).select_related("bridge"))
    asked = {
        normalise(fix.source_value): audit.name_of(fix.requested_by)
        for fix in mappings_selector.under_way(bridge=found.bridge, kind=found.kind)
    }
    left = []
    going = []
    for row in rows:
        why = _why_left(row, asked)
        if why:
            left.append(Left(row, why))
        else:
            going.append(row)
    return _reversal(going, left)


def effect_of(
    *, bridge: Bridge, kind: str, reversal: Reversal, now: datetime
) -> previews.Effect | None:
    """What it would do to the returns that wait or have something unsent; None without change."""
    if not reversal.going:
        return None
    targets = {row.source_key: before.target if before else None for row, before in reversal.going}
    return import_effects.effect(bridge=bridge, kind=kind, targets=targets, now=now)


@transaction.atomic
def withdraw(
    *,
    bridge: Bridge,
    kind: str,
    source_value: str,
    actor: User,
    reason: str,
    now: datetime,
    seen: str,
) -> Mapping:
    """Take the version in force back with a reason; the one before it is in force again.

    `seen` is the `stamp` of what the actor was shown.

    Raises:
        InvalidChoice: no reason is given, or nothing is in force.
        FixNotAllowed: the kind needs finance's approval.
        FixAlreadyDecided: somebody's request for this value is under way.
        MappingChanged: what is in force is not what was shown.
    """
    setup.check_direct(kind=kind)
    _check_reason(reason)
    Bridge.objects.select_for_update().get(pk=bridge.pk)
    setup.check_nobody_asked(bridge=bridge, kind=kind, source_value=source_value)
    reversal = of_value(bridge=bridge, kind=kind, value=source_value)
    if not reversal.going:
        raise errors.InvalidChoice("Nothing is in force for this value.")
    if seen != reversal.stamp:
        raise errors.MappingChanged(_NOT_AS_SHOWN)
    row = mappings.withdraw(mapping=reversal.going[0][0], actor=actor, now=now, why=reason.strip())
    jobs.nudge("settle")
    return row


@transaction.atomic
def ask_to_withdraw(
    *,
    bridge: Bridge,
    kind: str,
    source_value: str,
    actor: User,
    reason: str,
    now: datetime,
    seen: str,
) -> Fix:
    """Ask another person to take a mapping of money out of force, as `fixes.request` does.

    What is asked for is the version before it, or that the value is mapped no more.

    Raises:
        InvalidChoice: no reason is given, or nothing is in force.
        FixNotAllowed: the actor may not change mappings of this kind.
        FixAlreadyDecided: somebody's request for this value is under way.
        MappingChanged: what is in force is not what was shown.
    """
    _check_reason(reason)
    Bridge.objects.select_for_update(no_key=True).get(pk=bridge.pk)
    reversal = of_value(bridge=bridge, kind=kind, value=source_value)
    if not reversal.going:
        raise errors.InvalidChoice("Nothing is in force for this value.")
    if seen != reversal.stamp:
        raise errors.MappingChanged(_NOT_AS_SHOWN)
    _, before = reversal.going[0]
    return fixes.request(
        kind=kind,
        bridge=bridge,
        actor=actor,
        now=now,
        payload=before.target if before is not None else NO_MORE,
        source_value=source_value,
        note=reason.strip(),
    )


@transaction.atomic
def take_back(
    *, import_id: int, actor: User, reason: str, now: datetime, seen: str
) -> tuple[MappingImport, Reversal]:
    """Take back what a file put in force, with one audit entry; returns what changed and what not.

    Values changed since are left as they are.

    Raises:
        InvalidChoice: no reason is given, or nothing of the file is in force.
        FixNotAllowed: the kind needs finance's approval.
        FixAlreadyDecided: the file was never applied, or was taken back before.
        MappingChanged: what would change is not what was shown.
    """
    _check_reason(reason)
    found = MappingImport.objects.select_for_update().get(pk=import_id)
    setup.check_direct(kind=found.kind)
    if found.status != ImportStatus.APPLIED:
        raise errors.FixAlreadyDecided(
            f"Nothing was changed: {found.file_name} is {found.get_status_display().lower()}."
        )
    Bridge.objects.select_for_update().get(pk=found.bridge_id)
    reversal = of_file(found=found)
    if not reversal.going:
        raise errors.InvalidChoice("Nothing was changed: nothing of the file is in force.")
    if seen != reversal.stamp:
        raise errors.MappingChanged(_NOT_AS_SHOWN)
    mappings.put_back(rows=reversal.going, now=now)
    found.status = ImportStatus.REVERTED
    found.save(update_fields=["status"])
    _record(found, reversal, actor, reason.strip(), now)
    jobs.nudge("settle")
    return found, reversal


def _reversal(rows: Sequence[Mapping], left: Sequence[Left] = ()) -> Reversal:
    before = mappings_selector.versions_before(rows)
    return Reversal(tuple((row, before.get(row.pk)) for row in rows), tuple(left))


def _why_left(row: Mapping, asked: dict[str, str]) -> str:
    """Why the value is not the file's to take back; "" when it is."""
    if row.status == MappingStatus.WITHDRAWN:
        return "Taken back before"
    if row.status != MappingStatus.ACTIVE:
        return "Changed since"
    who = asked.get(row.source_key)
    return f"{who} has asked for a change" if who else ""


def _check_reason(reason: str) -> None:
    if not reason.strip():
        raise errors.InvalidChoice(_NO_REASON)


def _record(
    found: MappingImport, reversal: Reversal, actor: User, reason: str, now: datetime
) -> None:
    label = MappingKind(found.kind).label
    audit.record(
        actor=actor,
        act="mapping_import.take_back",
        subject=found,
        text=(
            f"{label} mappings of {found.bridge.name} from {found.file_name} taken back: "
            f"{reversal.again_count} as before, {reversal.unmapped_count} mapped no more, "
            f"{len(reversal.left)} left. {reason}"
        ),
        now=now,
        after={
            "reason": reason,
            "as_before": reversal.again_count,
            "mapped_no_more": reversal.unmapped_count,
            "left": len(reversal.left),
        },
    )
