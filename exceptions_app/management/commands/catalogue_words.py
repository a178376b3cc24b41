"""`manage.py catalogue_words`: the catalogue's texts for translators (decision 0010)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand

from exceptions_app.catalogue import CATALOGUE, Entry
from exceptions_app.catalogue.entry import templates

_HEAD = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n'


class Command(BaseCommand):
    help = "Print every text of the exception catalogue in gettext's format, ready to translate."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(_HEAD)
        for entry in CATALOGUE.values():
            for text in _texts(entry):
                self.stdout.write(_message(entry.code, text))


def _texts(entry: Entry) -> Iterator[str]:
    """Each text once, in reading order; gettext refuses the same one twice in a context."""
    labels = (label for _, label in entry.close_reasons)
    needs = (entry.waits_for,) if entry.waits_for else ()
    yield from dict.fromkeys((entry.short, *templates(entry), *labels, *needs))


def _message(code: str, text: str) -> str:
    # Places keep their names in a translation, so a tool may check that none is lost.
    mark = "#, python-brace-format\n" if "{" in text else ""
    # JSON quotes a text as gettext does.
    quoted = json.dumps(text, ensure_ascii=False)
    return f'{mark}msgctxt "{code}"\nmsgid {quoted}\nmsgstr ""\n'
