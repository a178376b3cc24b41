"""Acts of set-up by administrators: mappings in force at once, and what a connection may do."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from decimal import Decimal

from django.contrib.auth.models import User
from django.db import transaction

from connectors.profiled import load, source_load
from connectors.profiled.parts import EvidenceMark
from exceptions_app import errors
from exceptions_app.choices import MappingKind, MappingStatus
from exceptions_app.models import Bridge, Connection, Fix, Mapping
from exceptions_app.permissions import FIX_CAPABILITY, Actor, can
from exceptions_app.rules import approval
from exceptions_app.rules.facts import Policy
from exceptions_app.rules.mapping import normalise
from exceptions_app.selectors import mappings as mappings_selector
from exceptions_app.services import audit, connections, fixes, mappings, previews

_UNPROVEN = frozenset({EvidenceMark.INFERRED, EvidenceMark.PLACEHOLDER})


def is_direct(kind: str) -> bool:
    """Whether an admin may put mappings of `kind` in force alone: never what changes money."""
    return approval.needs_approval(kind, Decimal(0), Policy()) != "finance"


def may_put_in_force(*, actor: Actor, kind: str) -> bool:
    """Whether the actor changes mappings of `kind` alone."""
    return can(actor, "manage_mappings") and is_direct(kind)


def may_map(*, actor: Actor, kind: str) -> bool:
    """Whether the actor may change mappings of `kind`, or end one: at once, or by asking."""
    return may_put_in_force(actor=actor, kind=kind) or can(actor, FIX_CAPABILITY[kind])


def check_direct(*, kind: str) -> None:
    """Admins put mappings of goods and places in force themselves; money is finance's.

    Raises:
        FixNotAllowed: the kind needs finance's approval, whoever asks.
    """
    if not is_direct(kind):
        raise errors.FixNotAllowed(
            f"{MappingKind(kind).label} mappings change money or tax. Someone of finance asks for "
            "each on its exception, and another of finance approves it."
        )


def effect_of(
    *, bridge: Bridge, kind: str, source_value: str, target: dict[str, str], now: datetime
) -> previews.Effect:
    """What one mapping would do, before it is saved.

    Raises:
        InvalidChoice: the target is not usable.
    """
    clean = mappings.clean_target(
        bridge=bridge, kind=kind, source_value=source_value, target=target
    )
    return previews.effect(
        bridge=bridge, kind=kind, source_value=source_value, payload=clean, rma=None, now=now
    )


def stamp(*, bridge: Bridge, kind: str, source_value: str, target: dict[str, str]) -> str:
    """The sign of what a preview showed: this value, this target, over this version in force."""
    key = normalise(source_value)
    version = (
        Mapping.objects.filter(
            bridge=bridge, kind=kind, source_key=key, status=MappingStatus.ACTIVE
        )
        .values_list("version", flat=True)
        .first()
    )
    shown = json.dumps([bridge.pk, kind, key, target, version], sort_keys=True)
    return hashlib.sha256(shown.encode()).hexdigest()


@transaction.atomic
def map_directly(
    *,
    bridge: Bridge,
    kind: str,
    source_value: str,
    target: dict[str, str],
    actor: User,
    reason: str,
    now: datetime,
    seen: str | None = None,
) -> Mapping:
    """Put the next version of a mapping in force without a second person.

    `seen` is the `stamp` of what the actor was shown; None when nothing was shown.

    Raises:
        InvalidChoice: no reason given, or the target is not usable.
        FixNotAllowed: the kind needs finance's approval.
        FixAlreadyDecided: somebody's request for this value is under way.
        MappingChanged: the mapping in force, or what is asked for, is not what was shown.
    """
    check_direct(kind=kind)
    if not reason.strip():
        raise errors.InvalidChoice("Say why, so that the next person understands the version.")
    _lock_as_seen(bridge, kind, source_value, target, seen)
    check_nobody_asked(bridge=bridge, kind=kind, source_value=source_value)
    effect = effect_of(bridge=bridge, kind=kind, source_value=source_value, target=target, now=now)
    mapping = mappings.propose(
        bridge=bridge,
        kind=kind,
        source_value=source_value,
        target=target,
        actor=actor,
        reason=reason,
        now=now,
    )
    mapping.effect = effect.figures()
    mapping.save(update_fields=["effect"])
    return mappings.activate(mapping=mapping, actor=actor, now=now)


def check_nobody_asked(*, bridge: Bridge, kind: str, source_value: str) -> None:
    """No change is made beside a request for another.

    Raises:
        FixAlreadyDecided: somebody's request for this value is under way.
    """
    keys = {normalise(source_value)}
    for fix in mappings_selector.under_way(bridge=bridge, kind=kind, keys=keys):
        who = audit.name_of(fix.requested_by)
        raise errors.FixAlreadyDecided(
            f"{who} has asked for a change of this value. Decide on that first."
        )


@transaction.atomic
def ask_to_map(
    *,
    bridge: Bridge,
    kind: str,
    source_value: str,
    target: dict[str, str],
    actor: User,
    reason: str,
    now: datetime,
    seen: str,
) -> Fix:
    """Ask another person for the next version of a mapping, as `fixes.request` does.

    Raises:
        MappingChanged: the mapping in force, or what is asked for, is not what was shown.
    """
    _lock_as_seen(bridge, kind, source_value, target, seen)
    return fixes.request(
        kind=kind,
        bridge=bridge,
        actor=actor,
        now=now,
        payload=target,
        source_value=source_value,
        note=reason,
    )


def _lock_as_seen(
    bridge: Bridge, kind: str, source_value: str, target: dict[str, str], seen: str | None
) -> None:
    """Hold the bridge, so that nothing of its mappings changes after it was compared."""
    Bridge.objects.select_for_update().get(pk=bridge.pk)
    if seen is None:
        return
    if seen != stamp(bridge=bridge, kind=kind, source_value=source_value, target=target):
        raise errors.MappingChanged(
            "Nothing was changed: the value, what it stands for, or the mapping in force is not"
            " what was shown. This is what it would do now."
        )


def operations_of(*, connection: Connection) -> tuple[load.OperationEvidence, ...]:
    """Every operation of the connection's profile with how it is known; none without a profile.

    Raises:
        Misconfigured: the profile cannot be read.
    """
    kind = connections.kind_of(connection.kind)
    fields = {field.code: field for field in kind.settings_fields}
    if "profile" not in fields:
        return ()
    text = connection.settings.get("profile_text", "")
    name = connection.settings.get("profile", "") or fields["profile"].default
    if not (text or name):
        return ()
    if kind.role == connections.SOURCE:
        return (source_load.loads(text) if text else source_load.load(name)).evidence()
    return (load.loads(text) if text else load.load(name)).evidence()


@transaction.atomic
def confirm_operation(
    *,
    connection_id: int,
    operation: str,
    evidence: str,
    actor: User,
    now: datetime,
    seen: str | None = None,
) -> Connection:
    """Record what confirms an operation that was only inferred, so that live mode uses it.

    `seen` is the `basis_stamp` of what the actor was shown; None when nothing was shown.

    Raises:
        InvalidChoice: no evidence is given, or the operation needs none.
        ConnectionChanged: profile or mode are not as shown; the evidence may be of others.
    """
    if not evidence.strip():
        raise errors.InvalidChoice("Say which document or test confirms the operation.")
    row = Connection.objects.select_for_update().get(pk=connection_id)
    if seen is not None and seen != connections.basis_stamp(row):
        raise errors.ConnectionChanged(
            "Nothing was confirmed: the profile or the mode changed since you opened the page."
            " Look at the operations again."
        )
    if operation in row.confirmed_operations:
        raise errors.InvalidChoice(f"{operation} was confirmed already; see the history.")
    if operation not in {each.name for each in operations_of(connection=row) if is_unproven(each)}:
        raise errors.InvalidChoice("Choose an operation of the list that is not confirmed yet.")
    return _note_confirmed(
        row,
        {*row.confirmed_operations, operation},
        act="connection.confirm_operation",
        text=f"{operation} confirmed by: {evidence}",
        actor=actor,
        now=now,
    )


@transaction.atomic
def withdraw_confirmation(
    *, connection_id: int, operation: str, reason: str, actor: User, now: datetime
) -> Connection:
    """Take back what confirmed an operation: live mode refuses it from the next call on.

    Raises:
        InvalidChoice: no reason is given, or the operation is not confirmed.
    """
    if not reason.strip():
        raise errors.InvalidChoice("Say why, so that the next person understands the change.")
    row = Connection.objects.select_for_update().get(pk=connection_id)
    if operation not in row.confirmed_operations:
        raise errors.InvalidChoice("Choose an operation that is confirmed.")
    return _note_confirmed(
        row,
        {*row.confirmed_operations} - {operation},
        act="connection.withdraw_operation",
        text=f"{operation} is confirmed no more: {reason.strip()}",
        actor=actor,
        now=now,
    )


def _note_confirmed(
    row: Connection, confirmed: set[str], *, act: str, text: str, actor: User, now: datetime
) -> Connection:
    row.confirmed_operations = sorted(confirmed)
    row.save(update_fields=["confirmed_operations"])
    audit.record(actor=actor, act=act, subject=row, text=text, now=now)
    return row


def is_unproven(row: load.OperationEvidence) -> bool:
    """Whether live mode refuses the operation until somebody confirms it.

    A write is refused when it is only inferred, a read when it is a mere placeholder.
    """
    if row.is_write:
        return row.evidence in _UNPROVEN
    return row.evidence is EvidenceMark.PLACEHOLDER
