"""`manage.py install_schedules`: the one-minute safety nets of every queue."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from exceptions_app import jobs


class Command(BaseCommand):
    help = "Create or correct the schedules that wake every queue once a minute. Safe to repeat."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"{jobs.install_schedules()} schedules are in place.")
