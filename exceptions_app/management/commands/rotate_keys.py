"""`manage.py rotate_keys`: seal credentials and second factors with the newest key."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from exceptions_app.services import people, sealing, telling_places


class Command(BaseCommand):
    help = (
        "Seal the credentials of all connections, the addresses of places of messages and the "
        "keys of second factors anew with the "
        "first key of RETURNSBRIDGE_CREDENTIAL_KEYS. Afterwards the older keys may be removed."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        count, closed = sealing.rotate_keys(now=timezone.now())
        factors, theirs = people.rotate_keys()
        rooms, shut = telling_places.rotate_keys()
        places = f", {rooms} places of messages" if rooms else ""
        self.stdout.write(
            f"{count} connections{places} and {factors} second factors are sealed with the newest"
            " key."
        )
        if closed or theirs or shut:
            raise CommandError(
                "No configured key opens these, and they stay as they are. Keep the older keys, "
                "enter the credentials again, or remove the second factor. "
                f"Connections: {', '.join(closed) or 'none'}. "
                f"{self._places(shut)}"
                f"Second factors of: {', '.join(sorted(set(theirs))) or 'nobody'}."
            )

    def _places(self, shut: list[str]) -> str:
        return f"Places of messages: {', '.join(shut)}. " if shut else ""
