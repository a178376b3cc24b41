"""`manage.py check_file`: what an exchanged file says, and samples of ours."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from connectors.errors import ConnectorError
from connectors.exchange.shapes import Acknowledgement, Arrival, Inbound, PartnerDocument, Regrade
from connectors.types import DocumentKind
from exceptions_app.services import exchange_samples

_PROBLEM = 1
_REFUSED = 2


class Command(BaseCommand):
    help = (
        "Read a partner's FILE as a connection of file exchange would, and say what is in it and"
        " what is answered. With --ours, read a file of ours as a partner would; with --sample,"
        " write one to look at. Settings are those of the connection: --set layout=x12-4010 --set"
        " partner_id=DEPOT. Exit code 0: fine, 1: the file cannot be taken, 2: the command cannot"
        " be carried out."
    )

    # Nothing here needs a database.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE", nargs="?")
        parser.add_argument(
            "--set", action="append", default=[], metavar="NAME=VALUE", help="A setting."
        )
        parser.add_argument("--live", action="store_true", help="Live files, not test files.")
        parser.add_argument("--ours", action="store_true", help="The file is one of ours.")
        parser.add_argument(
            "--sample",
            default="",
            choices=[kind.value for kind in DocumentKind],
            help="Write a file of ours with one invented document.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        settings = dict(_pair(each) for each in options["set"])
        if bool(options["sample"]) == bool(options["file"]):
            message = "Name a FILE to read, or a document to write with --sample."
            raise CommandError(message, returncode=_REFUSED)
        try:
            if options["sample"]:
                kind = DocumentKind(options["sample"])
                self.stdout.write(
                    exchange_samples.sample(
                        settings=settings, is_live=options["live"], kind=kind, now=timezone.now()
                    )
                )
                return
            report = exchange_samples.look(
                settings=settings,
                is_live=options["live"],
                content=options["file"].read_bytes(),
                is_ours=options["ours"],
            )
        except ConnectorError as error:
            raise CommandError(error.text, returncode=_REFUSED) from error
        except OSError as error:
            message = f"The file cannot be read: {error}"
            raise CommandError(message, returncode=_REFUSED) from error
        self._tell(report)

    def _tell(self, report: exchange_samples.Report) -> None:
        if report.problem:
            place = f" ({report.field})" if report.field else ""
            self.stdout.write(f"Not taken{place}: {report.problem}")
        for part in report.parts:
            number = f" {part.number}" if part.number else ""
            self.stdout.write(f"File{number} from {part.partner}: {part.kind.value}")
            for line in _lines(part):
                self.stdout.write(f"  {line}")
        for answer in report.answers:
            self.stdout.write("The answer owed:")
            for line in answer.decode("ascii", "replace").splitlines():
                self.stdout.write(f"  {line}")
        if report.problem:
            raise SystemExit(_PROBLEM)


def _lines(part: Inbound) -> Iterable[str]:
    for told in part.acknowledgements:
        yield from _acknowledged(told)
    for arrival in part.arrivals:
        yield from _arrived(arrival)
    for change in part.regrades:
        yield _regraded(change)
    for document in part.documents:
        yield from _document(document)


def _acknowledged(told: Acknowledgement) -> Iterable[str]:
    verdict = {True: "yes", False: "no", None: "see the lines"}[told.is_accepted]
    about = "could be read" if told.is_syntax_only else "is accepted"
    yield f"Batch {told.batch_number} {about}: {verdict}. {told.text}".rstrip()
    for line in told.lines:
        words = (str(line.line or ""), line.key, line.result.value, line.number, line.code)
        yield "  " + " ".join(filter(None, (*words, line.text)))


def _arrived(arrival: Arrival) -> Iterable[str]:
    yield (
        f"Receipt {arrival.receipt_number} for {arrival.authorisation} at {arrival.warehouse},"
        f" {arrival.received_at}"
    )
    for line in arrival.lines:
        odd = (line.condition and f"condition {line.condition}", line.damage_reason)
        yield "  " + " ".join(filter(None, (f"{line.quantity} {line.sku}", *odd)))


def _regraded(change: Regrade) -> str:
    conditions = f"{change.from_condition or '?'} to {change.to_condition or '?'}"
    return f"{change.number}: {change.quantity} {change.sku}, {conditions}, reason {change.reason}"


def _document(document: PartnerDocument) -> Iterable[str]:
    money = "" if document.amount is None else f", {document.amount} {document.currency}"
    kind = document.kind.value if document.kind else "document"
    yield f"{kind} {document.key or document.number} of {document.date}{money}"
    for line in document.lines:
        amounts = f", {line.net} and {line.tax} tax" if line.net or line.tax else ""
        yield f"  {line.line}: {line.quantity} {line.sku or line.component}{amounts}"


def _pair(written: str) -> tuple[str, str]:
    name, equals, value = written.partition("=")
    if not equals:
        message = f"'{written}' is not of the form NAME=VALUE."
        raise CommandError(message, returncode=_REFUSED)
    return name.strip(), value.strip()
