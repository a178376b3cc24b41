"""Acts of set-up by administrators: mappings in force at once, switches, people and their roles."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from django.contrib.auth.models import Group, User
from django.db import IntegrityError, transaction

from connectors.profiled import load
from connectors.profiled.parts import EvidenceMark
from exceptions_app import errors
from exceptions_app.choices import MappingKind, Role
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


@transaction.atomic
def invite(
    *,
    username: str,
    names: tuple[str, str],
    email: str,
    roles: Iterable[str],
    password: str,
    actor: User,
    now: datetime,
) -> User:
    """Make an account; `names` are first and last name.

    Raises:
        InvalidChoice: the user name is taken, or a role is not one of ours.
    """
    wanted = _groups(roles)
    try:
        with transaction.atomic():
            user = User.objects.create_user(
                username, email, password, first_name=names[0], last_name=names[1]
            )
    except IntegrityError as error:
        raise errors.InvalidChoice(f"The user name {username} is taken.") from error
    user.groups.set(wanted)
    audit.record(
        actor=actor,
        act="user.invite",
        subject=user,
        text=f"Account {username} made",
        now=now,
        after={"roles": sorted(group.name for group in wanted)},
    )
    return user


@transaction.atomic
def change_user(
    *,
    user_id: int,
    names: tuple[str, str],
    email: str,
    roles: Iterable[str],
    is_active: bool,
    password: str,
    actor: User,
    now: datetime,
) -> User:
    """Change a person's names, roles or access; an empty `password` keeps the present one.

    Raises:
        InvalidChoice: people cannot lock themselves out, nor name a role that is not ours.
    """
    user = User.objects.select_for_update().get(pk=user_id)
    wanted = _groups(roles)
    before = _state(user)
    if user.pk == actor.pk and (not is_active or Role.ADMIN not in {one.name for one in wanted}):
        raise errors.InvalidChoice("You cannot take your own access away. Another admin can.")
    user.first_name, user.last_name = names
    user.email = email
    user.is_active = is_active
    if password:
        user.set_password(password)
    user.save(update_fields=["first_name", "last_name", "email", "is_active", "password"])
    user.groups.set(wanted)
    audit.record(
        actor=actor,
        act="user.change",
        subject=user,
        text=f"Account {user.get_username()} changed{', new password' if password else ''}",
        now=now,
        before=before,
        after=_state(user),
    )
    return user


def _state(user: User) -> dict[str, object]:
    names = user.groups.order_by("name").values_list("name", flat=True)
    return {"roles": list(names), "is_active": user.is_active}


def _groups(roles: Iterable[str]) -> list[Group]:
    wanted = set(roles)
    if wanted - set(Role.values):
        raise errors.InvalidChoice(f"Choose roles from: {', '.join(Role.labels)}.")
    return list(Group.objects.filter(name__in=wanted))
