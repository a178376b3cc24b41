"""Credentials that the other side replaces as they are used, kept for all workers and for good.

Such a secret is used up by one worker at a time: of two at once, the second would send one that is
worth nothing any more, and some systems take that for theft. What came in its place is sealed
beside what a person entered, and counts only as long as that is the same. The trail tells nothing
of it: no person did it, and nothing that a person set is changed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import connection as database
from django.db import transaction

from connectors.errors import Misconfigured, RetryLater
from exceptions_app import errors
from exceptions_app.models import Connection
from exceptions_app.services import sealing

# The first half of the locks' names; the calls under way at once have another.
_HELD = 0x5345
_RENEWED, _OF = ":renewed", ":renewed_of"
_WAIT_SECONDS = 2


@dataclass(frozen=True, slots=True)
class Held:
    """`connectors.ports.HeldSecret` of one connection's row; read and written as it is asked."""

    connection_id: int
    name: str

    @property
    def value(self) -> str:
        """Raises Misconfigured when the credentials cannot be read."""
        row = Connection.objects.only("sealed_secrets").get(pk=self.connection_id)
        try:
            return _in_force(sealing.unseal(bytes(row.sealed_secrets)), self.name)
        except errors.ConnectionUnusable as error:
            raise Misconfigured(str(error), is_credentials=True) from error

    @transaction.atomic
    def replace(self, value: str) -> None:
        row = Connection.objects.select_for_update().get(pk=self.connection_id)
        secrets = sealing.unseal(bytes(row.sealed_secrets))
        origin = _sign(secrets.get(self.name, ""))
        renewed = {f"{self.name}{_RENEWED}": value, f"{self.name}{_OF}": origin}
        row.sealed_secrets = sealing.seal({**secrets, **renewed})
        row.save(update_fields=["sealed_secrets"])


@contextmanager
def hold(*, connection_id: int, name: str) -> Iterator[Held]:
    """The secret of the connection, for one worker at a time; freed with its session at the latest.

    Raises:
        RetryLater: another worker uses it at this moment.
    """
    with database.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [_HELD, connection_id])
        (is_ours,) = cursor.fetchone()
    if not is_ours:
        raise RetryLater(
            "Another worker is signing in at this moment.", after_seconds=_WAIT_SECONDS
        )
    try:
        yield Held(connection_id, name)
    finally:
        with database.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [_HELD, connection_id])


def entered(row: Connection) -> str:
    """What people entered as credentials, as one text; "unreadable" where no key opens them."""
    try:
        secrets = sealing.unseal(bytes(row.sealed_secrets))
    except errors.ConnectionUnusable:
        return "unreadable"
    return json.dumps({name: secrets[name] for name in sorted(secrets) if ":" not in name})


def _in_force(secrets: Mapping[str, str], name: str) -> str:
    """As last replaced, unless a person has entered another since."""
    typed = secrets.get(name, "")
    is_its_own = secrets.get(f"{name}{_OF}") == _sign(typed)
    return secrets.get(f"{name}{_RENEWED}", typed) if is_its_own else typed


def _sign(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
