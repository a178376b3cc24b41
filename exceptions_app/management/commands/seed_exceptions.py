"""`manage.py seed_exceptions --every-type`: a defect for each type, found by the normal flow."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from exceptions_app.management.demo import curing, every_type, twins
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
            "--cure",
            action="store_true",
            help="then end every defect as its owner would, and tell what closed",
        )
        parser.add_argument(
            "--until", type=datetime.fromisoformat, help="the moment at which it ends (now)"
        )
        parser.add_argument("--json", action="store_true", help="print one object and nothing else")

    def handle(self, *args: Any, **options: Any) -> None:
        if Bridge.objects.exists():
            raise CommandError("This database has bridges. Give the command an empty one.")
        until = options["until"] or timezone.now()
        is_curing = options["cure"]
        planted = until - curing.TAKES if is_curing else until
        world = World(Clock(planted), twins.make())
        every_type.seed(world, base_url=BASE_URL, until=planted)
        missing = every_type.watched() - set(every_type.counts())
        if is_curing:
            curing.cure(world, base_url=BASE_URL)
        told: dict[str, dict[str, int]] = {"cases": every_type.counts()}
        if is_curing:
            told["closed"] = every_type.counts(is_closed=True)
        self._tell(told, is_json=options["json"])
        self._check("Not raised", missing)
        if is_curing:
            self._check("Not closed", every_type.watched() - set(told["closed"]))

    def _tell(self, told: dict[str, dict[str, int]], *, is_json: bool) -> None:
        if is_json:
            self.stdout.write(json.dumps(told, sort_keys=True))
            return
        closed = told.get("closed")
        for code, count in told["cases"].items():
            ended = f" opened, {closed.get(code, 0)} closed" if closed is not None else ""
            self.stdout.write(f"{code:24} {count}{ended}")

    def _check(self, what: str, missing: Collection[str]) -> None:
        if missing:
            raise CommandError(f"{what}: {', '.join(sorted(missing))}")
