"""`manage.py seed_exceptions --every-type`: a defect for each type, found by the normal flow."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from exceptions_app.management.demo import every_type, twins
from exceptions_app.management.demo.world import Clock, World
from exceptions_app.models import Bridge

BASE_URL = "http://sandbox.test"


class Command(BaseCommand):
    help = (
        "Plant a defect for each type of exception in simulated systems of its own, or in what was"
        " read of them, and let the normal flow find it. Needs a database without bridges."
        " Ends with 1 and names the types that were not found."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--every-type", action="store_true", required=True, help="each type a check raises"
        )
        parser.add_argument(
            "--until", type=datetime.fromisoformat, help="the moment at which it ends (now)"
        )
        parser.add_argument("--json", action="store_true", help="print one object and nothing else")

    def handle(self, *args: Any, **options: Any) -> None:
        if Bridge.objects.exists():
            raise CommandError("This database has bridges. Give the command an empty one.")
        until = options["until"] or timezone.now()
        every_type.seed(World(Clock(until), twins.make()), base_url=BASE_URL, until=until)
        found = every_type.counts()
        if options["json"]:
            self.stdout.write(json.dumps({"cases": found}, sort_keys=True))
        else:
            for code, count in found.items():
                self.stdout.write(f"{code:24} {count}")
        if missing := sorted(every_type.watched() - set(found)):
            raise CommandError(f"Not raised: {', '.join(missing)}")
