"""`manage.py quote_credit --json < case.json`: what would be credited, line by line."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from exceptions_app.errors import InvalidCase
from exceptions_app.services.credit_cases import kinds
from exceptions_app.services.credit_cases.reading import Node

_REFUSED = 2
_KIND = "reversal"


class Command(BaseCommand):
    help = (
        "Read a case of kind reversal from standard input (an order and its returns) and print "
        "the credit of every return. Exit code 2: the case cannot be used; nothing is printed."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="Print one JSON object only.")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            found = kinds.solve(_case(sys.stdin.read()))
        except UnicodeDecodeError as error:
            raise CommandError("The case is not JSON in UTF-8.", returncode=_REFUSED) from error
        except InvalidCase as error:
            raise CommandError(str(error), returncode=_REFUSED) from error
        if options["json"]:
            self.stdout.write(json.dumps(found))
            return
        for memo in found["memos"]:
            self.stdout.write(f"Return {memo['seq']}")
            for line in memo["lines"]:
                self.stdout.write(f"  {line['ref']}: {_words(line)}")
            self.stdout.write(f"  Credit: {_words(memo['total'])}")


def _case(text: str) -> Node:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidCase("", f"The case is not JSON: {error}") from error
    if not isinstance(document, dict):
        raise InvalidCase("", "The case must be an object.")
    case = Node({"kind": _KIND} | document)
    if case.text("kind") != _KIND:
        raise case.refuse("kind", f"must be {_KIND}")
    return case


def _words(figures: dict[str, Any]) -> str:
    return f"net {figures['net']}, tax {figures['tax']}, gross {figures['gross']}"
