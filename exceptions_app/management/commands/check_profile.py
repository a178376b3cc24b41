"""`manage.py check_profile`: what a profile says, would send, and gets from a test address."""

from __future__ import annotations

import getpass
import os
from argparse import ArgumentParser
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from connectors.errors import ConnectorError
from exceptions_app.services import connections, profiles

_PROBLEMS = 1
_REFUSED = 2
# Where a secret may be given without typing it: PROFILE_SECRET_API_KEY for `--secret api_key`.
_SECRET_PREFIX = "PROFILE_SECRET_"


class Command(BaseCommand):
    help = (
        "Check the profile in FILE: every problem with its line, a sample of each request, and what"
        " is still a placeholder. With --address, ask a test system everything once; with --write,"
        " return one unit of --order there for real. Exit code 0: fine, 1: it does not serve even"
        " for a plain return, or a trial failed, 2: the command cannot be carried out."
    )

    # Nothing here needs a database.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument(
            "--source", action="store_true", help="It describes a returns platform: only check it."
        )
        parser.add_argument("--quiet", action="store_true", help="Leave the samples out.")
        parser.add_argument("--address", default="", help="A sandbox or test address to try it on.")
        parser.add_argument(
            "--set",
            action="append",
            default=[],
            metavar="NAME=VALUE",
            help="A setting it asks for.",
        )
        parser.add_argument(
            "--secret",
            action="append",
            default=[],
            metavar="NAME",
            help=f"A secret it names: asked for, or taken from {_SECRET_PREFIX}NAME.",
        )
        parser.add_argument("--order", default="", help="An order number the test system has.")
        parser.add_argument("--sku", default="", help="A SKU the test system has.")
        parser.add_argument("--write", action="store_true", help="Carry a return of --order.")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            text = options["file"].read_text(encoding="utf-8")
        except (OSError, UnicodeError) as error:
            message = f"The file cannot be read: {error}"
            raise CommandError(message, returncode=_REFUSED) from error
        if options["source"] and options["address"]:
            message = "A platform's profile is tried on its connection's page, not here."
            raise CommandError(message, returncode=_REFUSED)
        role = connections.SOURCE if options["source"] else connections.ERP
        report = profiles.check(text=text, role=role)
        if report.problems:
            self._tell_problems(options["file"], report.problems)
            raise SystemExit(_PROBLEMS)
        self.stdout.write(f"{report.label}: no problem found.")
        refused = [sample for sample in report.samples if sample.problem]
        self._tell_samples(refused if options["quiet"] else report.samples)
        self._tell_gaps(report)
        is_failed = any(sample.is_plain for sample in refused)
        if options["address"]:
            is_failed = self._try(text, options) or is_failed
        if is_failed:
            raise SystemExit(_PROBLEMS)

    def _tell_problems(self, file: Path, problems: Iterable[profiles.Problem]) -> None:
        for problem in problems:
            place = f"{file}:{problem.line}" if problem.line else str(file)
            self.stdout.write(f"{place}: {problem.text}")

    def _tell_samples(self, samples: Iterable[Any]) -> None:
        for sample in samples:
            self.stdout.write(f"\n{sample.scenario}: {sample.operation}")
            if sample.problem:
                self.stdout.write(f"  Cannot be sent: {sample.problem}")
                continue
            self.stdout.write(f"  {sample.line}")
            for line in sample.text.splitlines():
                self.stdout.write(f"  {line}")

    def _tell_gaps(self, report: profiles.Report) -> None:
        if report.unconfirmed:
            self.stdout.write("\nNot confirmed, so refused by a live connection:")
            for row in report.unconfirmed:
                self.stdout.write(f"  {row.name} ({row.evidence.value}): {row.source}")
        if report.missing:
            self.stdout.write(f"\nThe profile says nothing of: {', '.join(report.missing)}.")

    def _try(self, text: str, options: dict[str, Any]) -> bool:
        """Whether anything failed."""
        settings = dict(_pair(each) for each in options["set"])
        wrong = profiles.not_given(text=text, settings=settings, secrets=options["secret"])
        try:
            gateway = profiles.trial_gateway(
                text=text,
                address=options["address"],
                settings=settings,
                secrets={name: _secret(name) for name in options["secret"]},
            )
        except ConnectorError as error:
            message = "\n".join((error.text, *wrong))
            raise CommandError(message, returncode=_REFUSED) from error
        for sentence in wrong:
            self.stdout.write(sentence)
        self.stdout.write(f"\nTried at {options['address']}:")
        steps = list(
            profiles.ask(gateway=gateway, order_number=options["order"], sku=options["sku"])
        )
        if options["write"] and all(step.is_ok for step in steps):
            if not options["order"]:
                message = "Say which order to return a unit of: --order."
                raise CommandError(message, returncode=_REFUSED)
            steps += profiles.whole_return(
                gateway=gateway, order_number=options["order"], now=timezone.now()
            )
        for step in steps:
            self.stdout.write(f"  {'ok    ' if step.is_ok else 'FAILED'} {step.name}: {step.text}")
        return not all(step.is_ok for step in steps)


def _pair(written: str) -> tuple[str, str]:
    name, equals, value = written.partition("=")
    if not equals:
        message = f"'{written}' is not of the form NAME=VALUE."
        raise CommandError(message, returncode=_REFUSED)
    return name.strip(), value.strip()


def _secret(name: str) -> str:
    return os.environ.get(f"{_SECRET_PREFIX}{name.upper()}") or getpass.getpass(f"{name}: ")
