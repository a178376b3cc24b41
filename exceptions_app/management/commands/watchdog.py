"""`manage.py watchdog`: for a container's health check."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from exceptions_app.management import liveness


class Command(BaseCommand):
    help = (
        "End with 1 when the oldest due row or a queue's heartbeat is older than three ticks of "
        "one minute, else with 0. Whoever supervises then kills the whole process group."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        complaints = liveness.complaints(now=timezone.now())
        if complaints:
            raise CommandError("; ".join(complaints), returncode=1)
        self.stdout.write("Background work is alive.")
