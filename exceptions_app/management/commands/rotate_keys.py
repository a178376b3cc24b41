"""`manage.py rotate_keys`: seal credentials and second factors with the newest key."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from exceptions_app.services import people, sealing


class Command(BaseCommand):
    help = (
        "Seal the credentials of all connections and the keys of second factors anew with the "
        "first key of RETURNSBRIDGE_CREDENTIAL_KEYS. Afterwards the older keys may be removed."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        count, closed = sealing.rotate_keys(now=timezone.now())
        factors, theirs = people.rotate_keys()
        self.stdout.write(
            f"{count} connections and {factors} second factors are sealed with the newest key."
        )
        if closed or theirs:
            raise CommandError(
                "No configured key opens these, and they stay as they are. Keep the older keys, "
                "enter the credentials again, or remove the second factor. "
                f"Connections: {', '.join(closed) or 'none'}. "
                f"Second factors of: {', '.join(sorted(set(theirs))) or 'nobody'}."
            )
