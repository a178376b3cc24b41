"""The secret part of a connection's webhook address: shown once, kept as a digest."""

from __future__ import annotations

import hashlib
import secrets as random_secrets
from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction

from exceptions_app.models import Connection
from exceptions_app.services import audit


@transaction.atomic
def renew(*, connection_id: int, actor: User | None, now: datetime) -> str:
    """Make the secret part of the connection's webhook address; shown once, kept as a digest."""
    row = Connection.objects.select_for_update().get(pk=connection_id)
    secret = random_secrets.token_urlsafe(32)
    row.webhook_secret_hash = digest(secret)
    row.save(update_fields=["webhook_secret_hash"])
    audit.record(
        actor=actor,
        act="connection.webhook_secret",
        subject=row,
        text="A new webhook address was made; the old one no longer works",
        now=now,
    )
    return secret


def digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
