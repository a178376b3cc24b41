"""`manage.py rotate_keys`: seal every connection's credentials with the newest key."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from exceptions_app.errors import DeskError
from exceptions_app.services import connections


class Command(BaseCommand):
    help = (
        "Seal the credentials of all connections anew with the first key of "
        "RETURNSBRIDGE_CREDENTIAL_KEYS. Afterwards the older keys may be removed."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            count = connections.rotate_keys(now=timezone.now())
        except DeskError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{count} connections are sealed with the newest key.")
