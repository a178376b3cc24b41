"""`manage.py golden_cases`: published figures of other systems, computed by our own rules."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from exceptions_app.errors import InvalidCase
from exceptions_app.services.credit_cases import golden

_FAILED = 1
_REFUSED = 2


class Command(BaseCommand):
    help = (
        "Compute every golden case of FILE with the product's own rules. Exit code 0: all pass, "
        "1: some do not, 2: the file cannot be used."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument("--json", action="store_true", help="Print one JSON object only.")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            document = json.loads(options["file"].read_text(encoding="utf-8"))
            found = list(golden.results(document))
        except OSError as error:
            raise CommandError(f"The file cannot be read: {error}", returncode=_REFUSED) from error
        except (ValueError, RecursionError) as error:
            message = f"The file is not JSON: {error}"
            raise CommandError(message, returncode=_REFUSED) from error
        except InvalidCase as error:
            raise CommandError(str(error), returncode=_REFUSED) from error
        failed = [row for row in found if not row["pass"]]
        if options["json"]:
            # In ASCII: half a character pair in a file's own words would not print.
            self.stdout.write(json.dumps({"cases": found}))
        else:
            for row in failed:
                self.stdout.write(f"{json.dumps(row['id'])}: {json.dumps(row['got'])}")
            self.stdout.write(f"{len(found) - len(failed)} of {len(found)} cases pass.")
        if failed:
            raise SystemExit(_FAILED)
