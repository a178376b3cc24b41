"""Connections: sealed secrets, and ports built from the registry. The registry's only caller."""

from __future__ import annotations

import contextlib
import hashlib
import json
import secrets as random_secrets
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from datetime import datetime
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction

from connectors import registry, types
from connectors.errors import Misconfigured
from connectors.http import check_base_url
from connectors.ports import Gateway, Source
from exceptions_app import errors
from exceptions_app.models import Connection, ConnectionBudget, ConnectionHealth
from exceptions_app.selectors.clock import database_now
from exceptions_app.services import audit
from exceptions_app.services.pacing import DatabasePacer

# The sides of a bridge.
SOURCE, ERP = registry.Role.SOURCE.value, registry.Role.ERP.value

# A requests adapter that tests and the simulation put in the place of the network.
_transport: ContextVar[Any] = ContextVar("transport", default=None)
_clock: ContextVar[Callable[[], datetime]] = ContextVar("clock", default=database_now)


@contextlib.contextmanager
def through(transport: object, clock: Callable[[], datetime] | None = None) -> Iterator[None]:
    """Send every call of this context through `transport`, pacing on `clock` when given."""
    token = _transport.set(transport)
    clock_token = _clock.set(clock) if clock is not None else None
    try:
        yield
    finally:
        _transport.reset(token)
        if clock_token is not None:
            _clock.reset(clock_token)


def moment() -> datetime:
    """The present moment by the clock of this context: the database's, unless simulated."""
    return _clock.get()()


def source(*, connection: Connection, reason: str) -> Source:
    """The returns platform behind `connection`; `reason` is booked with each call."""
    return registry.build_source(
        config_of(connection), _pacer(connection, reason), transport=_transport.get()
    )


def gateway(*, connection: Connection, reason: str) -> Gateway:
    """The ERP behind `connection`; `reason` is booked with each call."""
    return registry.build_gateway(
        config_of(connection), _pacer(connection, reason), transport=_transport.get()
    )


def kinds() -> tuple[registry.Kind, ...]:
    """Every kind of system a connection can be, by label, with the fields its form asks for."""
    return tuple(sorted(registry.KINDS.values(), key=lambda kind: kind.label))


def codes_of(role: str) -> tuple[str, ...]:
    """Codes of the kinds that stand on one side of a bridge: `SOURCE` or `ERP`."""
    return tuple(kind.code for kind in kinds() if kind.role == role)


def kind_of(code: str) -> registry.Kind:
    """The kind `code`.

    Raises:
        ConnectionUnusable: this release has no such connector.
    """
    kind = registry.KINDS.get(code)
    if kind is None:
        raise errors.ConnectionUnusable(f"This release has no connector of the kind {code}.")
    return kind


def config_of(connection: Connection) -> types.ConnectionConfig:
    """What the connector may know.

    Raises:
        Misconfigured: its secrets cannot be read with the present keys; the connection stops.
    """
    try:
        secrets = unseal(bytes(connection.sealed_secrets))
    except errors.ConnectionUnusable as error:
        raise Misconfigured(str(error), is_credentials=True) from error
    return types.ConnectionConfig(
        kind=connection.kind,
        base_url=connection.base_url,
        mode=types.Mode(connection.mode),
        settings={str(key): str(value) for key, value in connection.settings.items()},
        secrets=secrets,
        confirmed_operations=frozenset(connection.confirmed_operations),
    )


def seal(secrets: Mapping[str, str]) -> bytes:
    """Encrypt credentials with the first key of the environment (decision 0006)."""
    return _box().encrypt(json.dumps(dict(secrets)).encode())


def reseal(sealed: bytes) -> bytes:
    """The same secret under the first key of the environment."""
    return _box().rotate(sealed)


def unseal(sealed: bytes) -> dict[str, str]:
    """Decrypt with any configured key; empty for a connection without secrets."""
    if not sealed:
        return {}
    try:
        return json.loads(_box().decrypt(sealed))  # type: ignore[no-any-return]
    except InvalidToken as error:
        raise errors.ConnectionUnusable(
            "The credentials cannot be read with the configured keys. Enter them again, or add the "
            "key they were sealed with to RETURNSBRIDGE_CREDENTIAL_KEYS."
        ) from error


@transaction.atomic
def rotate_keys(*, now: datetime) -> int:
    """Seal every connection's credentials anew with the first key; returns how many."""
    rows = list(Connection.objects.select_for_update().order_by("pk"))
    for row in rows:
        if row.sealed_secrets:
            row.sealed_secrets = reseal(bytes(row.sealed_secrets))
            row.save(update_fields=["sealed_secrets"])
            audit.record(
                actor=None,
                act="connection.rotate_key",
                subject=row,
                text="Credentials sealed with the newest key",
                now=now,
            )
    return len(rows)


@transaction.atomic
def save(
    *,
    code: str,
    name: str,
    kind: str,
    mode: str,
    base_url: str,
    settings_values: Mapping[str, str],
    secrets: Mapping[str, str] | None,
    actor: User | None,
    now: datetime,
    daily_limit: int | None = None,
    refill_per_second: int = 5,
    capacity: int = 20,
) -> Connection:
    """Create or change a connection; `secrets` None keeps those it has.

    Raises:
        Misconfigured: the address is not one we may call in this mode.
    """
    check_base_url(base_url, types.Mode(mode))
    defaults: dict[str, Any] = {
        "name": name,
        "kind": kind,
        "mode": mode,
        "base_url": base_url,
        "settings": dict(settings_values),
    }
    if secrets is not None:
        defaults["sealed_secrets"] = seal(secrets)
    row, is_new = Connection.objects.update_or_create(code=code, defaults=defaults)
    ConnectionBudget.objects.get_or_create(
        connection=row,
        defaults={
            "refilled_at": now,
            "day": now.date(),
            "daily_limit": daily_limit,
            "write_reserve": (daily_limit or 0) // 10,
            "refill_per_second": refill_per_second,
            "capacity": capacity,
            "tokens": capacity,
        },
    )
    ConnectionHealth.objects.get_or_create(connection=row)
    audit.record(
        actor=actor,
        act="connection.create" if is_new else "connection.change",
        subject=row,
        text=f"{name} set up" if is_new else f"{name} changed",
        now=now,
        after={
            "kind": kind,
            "mode": mode,
            "base_url": base_url,
            "settings": dict(settings_values),
            "secrets_changed": secrets is not None,
        },
    )
    return row


@transaction.atomic
def new_webhook_secret(*, connection_id: int, actor: User | None, now: datetime) -> str:
    """Make the secret part of the connection's webhook address; shown once, kept as a digest."""
    row = Connection.objects.select_for_update().get(pk=connection_id)
    secret = random_secrets.token_urlsafe(32)
    row.webhook_secret_hash = webhook_digest(secret)
    row.save(update_fields=["webhook_secret_hash"])
    audit.record(
        actor=actor,
        act="connection.webhook_secret",
        subject=row,
        text="A new webhook address was made; the old one no longer works",
        now=now,
    )
    return secret


@transaction.atomic
def confirm_operation(
    *, connection_id: int, operation: str, evidence: str, actor: User, now: datetime
) -> Connection:
    """Record what confirms an undocumented operation, so that live mode may use it."""
    if not evidence.strip():
        raise errors.InvalidChoice("Say which document or test confirms the operation.")
    row = Connection.objects.select_for_update().get(pk=connection_id)
    row.confirmed_operations = sorted({*row.confirmed_operations, operation})
    row.save(update_fields=["confirmed_operations"])
    audit.record(
        actor=actor,
        act="connection.confirm_operation",
        subject=row,
        text=f"{operation} confirmed by: {evidence}"[:500],
        now=now,
    )
    return row


def webhook_digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _pacer(connection: Connection, reason: str) -> DatabasePacer:
    return DatabasePacer(connection=connection, reason=reason, clock=_clock.get())


def _box() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in settings.CREDENTIAL_KEYS])
