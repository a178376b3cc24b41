"""Acts of set-up by administrators: mappings in force at once, and what a connection may do."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from django.contrib.auth.models import User
from django.db import transaction

from connectors.profiled import load
from connectors.profiled.parts import EvidenceMark
from exceptions_app import errors
from exceptions_app.choices import MappingKind
from exceptions_app.models import Bridge, Connection, Mapping
from exceptions_app.rules import approval
from exceptions_app.rules.facts import Policy
from exceptions_app.rules.mapping import normalise
from exceptions_app.selectors import mappings as mappings_selector
from exceptions_app.services import audit, connections, mappings, previews

_UNPROVEN = frozenset({EvidenceMark.INFERRED, EvidenceMark.PLACEHOLDER})


def is_direct(kind: str) -> bool:
    """Whether an admin may put mappings of `kind` in force alone: never what changes money."""
    return approval.needs_approval(kind, Decimal(0), Policy()) != "finance"


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
) -> Mapping:
    """Put the next version of a mapping in force without a second person.

    Raises:
        InvalidChoice: no reason given, or the target is not usable.
        FixNotAllowed: the kind needs finance's approval.
        FixAlreadyDecided: somebody's request for this value is under way.
    """
    check_direct(kind=kind)
    keys = {normalise(source_value)}
    for fix in mappings_selector.under_way(bridge=bridge, kind=kind, keys=keys):
        who = audit.name_of(fix.requested_by)
        raise errors.FixAlreadyDecided(
            f"{who} has asked for a change of this value. Decide on that first."
        )
    if not reason.strip():
        raise errors.InvalidChoice("Say why, so that the next person understands the version.")
    mapping = mappings.propose(
        bridge=bridge,
        kind=kind,
        source_value=source_value,
        target=target,
        actor=actor,
        reason=reason,
        now=now,
    )
    return mappings.activate(mapping=mapping, actor=actor, now=now)


def operations_of(*, connection: Connection) -> tuple[load.OperationEvidence, ...]:
    """Every operation of the connection's profile with how it is known; none for a public API.

    Raises:
        Misconfigured: the profile cannot be read.
    """
    fields = {field.code: field for field in connections.kind_of(connection.kind).settings_fields}
    if "profile" not in fields:
        return ()
    text = connection.settings.get("profile_text", "")
    name = connection.settings.get("profile", "") or fields["profile"].default
    return (load.loads(text) if text else load.load(name)).evidence()


def confirm_operation(
    *, connection_id: int, operation: str, evidence: str, actor: User, now: datetime
) -> Connection:
    """Record what confirms an operation that was only inferred, so that live mode uses it.

    Raises:
        InvalidChoice: no evidence is given, or the operation needs none.
    """
    connection = Connection.objects.get(pk=connection_id)
    needing = {row.name for row in operations_of(connection=connection) if is_unproven(row)}
    if operation not in needing:
        raise errors.InvalidChoice("Choose an operation of the list that is not confirmed yet.")
    if operation in connection.confirmed_operations:
        raise errors.InvalidChoice(f"{operation} was confirmed already; see the history.")
    return connections.confirm_operation(
        connection_id=connection_id,
        operation=operation,
        evidence=evidence,
        actor=actor,
        now=now,
    )


def is_unproven(row: load.OperationEvidence) -> bool:
    """Whether live mode refuses the operation until somebody confirms it.

    A write is refused when it is only inferred, a read when it is a mere placeholder.
    """
    if row.is_write:
        return row.evidence in _UNPROVEN
    return row.evidence is EvidenceMark.PLACEHOLDER


@transaction.atomic
def switch_connection(
    *, connection_id: int, is_active: bool, actor: User, now: datetime
) -> Connection:
    """Let calls of a connection leave, or none at all."""
    row = Connection.objects.select_for_update().get(pk=connection_id)
    if row.is_active == is_active:
        return row
    row.is_active = is_active
    row.save(update_fields=["is_active"])
    audit.record(
        actor=actor,
        act="connection.switch",
        subject=row,
        text=f"{row.name} switched {'on' if is_active else 'off'}",
        now=now,
    )
    return row
