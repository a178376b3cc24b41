"""What a person does to a connection: ask whether it answers, and let calls leave again."""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction

from connectors.errors import ConnectorError
from exceptions_app import errors
from exceptions_app.models import Connection
from exceptions_app.services import audit, connections, health, reference

REASON = "check"


def check_connection(*, connection_id: int, actor: User, now: datetime) -> str:
    """Make one harmless call; returns what the other side said, fit for the screen.

    The answer moves the breaker like any other call: a good one closes it. No transaction is open
    during the call.

    Raises:
        ConnectionUnusable: its credentials cannot be read, or it is switched off.
    """
    connection = Connection.objects.get(pk=connection_id)
    if not connection.is_active:
        raise errors.ConnectionUnusable(f"{connection.name} is switched off.")
    try:
        outcome = connections.port(connection=connection, reason=REASON).check()
    except ConnectorError as error:
        health.note_failure(connection_id=connection.pk, error=error, now=now)
        text = f"{connection.name} did not pass: {error.text}"
    else:
        if outcome.is_ok:
            health.note_success(connection_id=connection.pk, now=now)
        text = f"{connection.name}: {outcome.text}"
    audit.record(actor=actor, act="connection.check", subject=connection, text=text, now=now)
    return text


def read_locations(*, connection_id: int, actor: User, now: datetime) -> str:
    """Read an ERP's or a shop's locations, whatever the age of our copy; what came of it, in words.

    Raises:
        ConnectionUnusable: it is switched off, or has no locations.
    """
    connection = Connection.objects.get(pk=connection_id)
    if not connection.is_active:
        raise errors.ConnectionUnusable(f"{connection.name} is switched off.")
    if not connections.has_locations(connection):
        text = f"{connection.name} is neither an ERP nor a shop: it has no locations."
        raise errors.ConnectionUnusable(text)
    try:
        count = reference.read_locations(connection=connection, reason=REASON, now=now)
    except ConnectorError as error:
        health.note_failure(connection_id=connection.pk, error=error, now=now)
        text = f"{connection.name} did not tell its locations: {error.text}"
    else:
        health.note_success(connection_id=connection.pk, now=now)
        text = f"{connection.name}: {count} location{'s' if count != 1 else ''} read."
    audit.record(actor=actor, act="connection.locations", subject=connection, text=text, now=now)
    return text


@transaction.atomic
def read_all_items(*, connection_id: int, actor: User, now: datetime) -> str:
    """Have an ERP's whole item master read anew by the workers; what was arranged, in words.

    Raises:
        ConnectionUnusable: it is switched off, or no ERP; nothing was arranged.
    """
    connection = Connection.objects.get(pk=connection_id)
    if not connection.is_active:
        raise errors.ConnectionUnusable(f"{connection.name} is switched off.")
    if not connections.kind_of(connection.kind).stands_as(connections.ERP):
        raise errors.ConnectionUnusable(f"{connection.name} is no ERP: it has no item master.")
    reference.ask_for_all_items(connection=connection, now=now)
    text = f"{connection.name}: all items are read anew, beginning within a minute."
    audit.record(actor=actor, act="connection.items", subject=connection, text=text, now=now)
    return text


@transaction.atomic
def resume(*, connection_id: int, actor: User, now: datetime) -> Connection:
    """Let the next call through as a probe, after someone repaired the connection."""
    connection = Connection.objects.select_for_update().get(pk=connection_id)
    health.resume(connection_id=connection.pk, now=now)
    audit.record(
        actor=actor,
        act="connection.resume",
        subject=connection,
        text=f"{connection.name}: the next call may leave as a probe",
        now=now,
    )
    return connection
