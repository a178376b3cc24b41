"""Credentials sealed with the keys of the environment (decision 0006)."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from datetime import datetime

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.db import transaction

from exceptions_app import errors
from exceptions_app.models import Connection
from exceptions_app.services import audit


def seal(secrets: Mapping[str, str]) -> bytes:
    """Encrypt credentials with the first key of the environment (decision 0006)."""
    return _box().encrypt(json.dumps(dict(secrets)).encode())


def reseal(sealed: bytes) -> bytes:
    """The same secret under the first key of the environment.

    Raises:
        ConnectionUnusable: no configured key opens it.
    """
    try:
        return _box().rotate(sealed)
    except InvalidToken as error:
        raise errors.ConnectionUnusable("No configured key opens it.") from error


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
def rotate_keys(*, now: datetime) -> tuple[int, list[str]]:
    """Seal every connection's credentials anew with the first key.

    Returns how many were sealed, and the codes of those that no key opens: they stay as they are.
    """
    count, unreadable = 0, []
    for row in Connection.objects.select_for_update().order_by("pk"):
        if not row.sealed_secrets:
            continue
        try:
            row.sealed_secrets = reseal(bytes(row.sealed_secrets))
        except errors.ConnectionUnusable:
            unreadable.append(row.code)
            continue
        row.save(update_fields=["sealed_secrets"])
        text = "Credentials sealed with the newest key"
        audit.record(actor=None, act="connection.rotate_key", subject=row, text=text, now=now)
        count += 1
    return count, unreadable


def _box() -> MultiFernet:
    return _box_of(tuple(settings.CREDENTIAL_KEYS))


@functools.lru_cache(maxsize=4)
def _box_of(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])
