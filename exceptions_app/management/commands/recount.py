"""`manage.py recount`: the counts of what is open, written anew."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from exceptions_app.services import counts


class Command(BaseCommand):
    help = (
        "Write the counts of open exceptions and documents anew. They are kept exact, so this is"
        " for after rows were copied in past the database's triggers. Safe to repeat."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        counts.recount()
        self.stdout.write("The counts are written anew.")
