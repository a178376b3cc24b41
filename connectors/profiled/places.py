"""Where in a profile's text a problem is: the line of a dotted place."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

_HEADER = re.compile(r"^\s*(\[\[?)\s*(.+?)\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(
    r"""^\s*((?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[A-Za-z0-9_-]+|"[^"]*"))*)\s*="""
)
_STEP = re.compile(r"""[A-Za-z0-9_-]+|"([^"]*)"|'([^']*)'""")
_FENCES = ('"""', "'''")

Steps = tuple[str, ...]


def line_of(text: str, place: Sequence[str]) -> int | None:
    """The line, from 1, that names `place` or the most of it; None where not even its start is.

    An entry of a list of tables is named by its position, from 0: ("errors", "2", "code").
    """
    wanted = tuple(part for step in place for part in step.split("."))
    best, line = 0, None
    for number, steps in _named(text):
        shared = _shared(steps, wanted)
        if shared == len(steps) and shared > best:
            best, line = shared, number
    return line


def _named(text: str) -> Iterator[tuple[int, Steps]]:
    """Every line that names a place, with the place."""
    table: Steps = ()
    counts: dict[Steps, int] = {}
    fence = ""
    for number, line in enumerate(text.splitlines(), start=1):
        if fence:
            fence = "" if fence in line else fence
            continue
        if header := _HEADER.match(line):
            table = _steps(header[2])
            if header[1] == "[[":
                counts[table] = counts.get(table, -1) + 1
                table = (*table, str(counts[table]))
            yield number, table
        elif key := _KEY.match(line):
            yield number, (*table, *_steps(key[1]))
        fence = next((mark for mark in _FENCES if line.count(mark) % 2), "")


def _steps(written: str) -> Steps:
    """The steps of a dotted name. A dot in a quoted name parts it too, as in a told place."""
    names = (found[1] or found[2] or found[0] for found in _STEP.finditer(written))
    return tuple(part for name in names for part in name.split("."))


def _shared(steps: Steps, wanted: Steps) -> int:
    count = 0
    for mine, theirs in zip(steps, wanted, strict=False):
        if mine != theirs:
            break
        count += 1
    return count
