"""The segments we write and read, as data: elements with type, lengths, duty and code list.

A row reads "duty, element number, type, least/most, name". Duty is M (mandatory), O (optional) or X
(by a condition of the segment). Types are those of the standard: AN text, ID code, DT date, TM
time, N0 and N2 whole numbers with implied decimals, R decimal number; C marks a composite, which is
never looked into. Conditions use the standard's notation: P0405 (both or none), R0304 (at least
one), E0203 (at most one), C0706 (the first requires the others).

Source: public references of release 4010 and its neighbours (Stedi, zenbridge, kasoftware,
chinlinktech; read in November 2026): W04, W06, W07, W13, W15, W17, W19, RDR, BLI, BCD, CDD, OTI,
TED, AK3 and AK4 element by element. N1, N9, G62, REF, DTM, CUR, W03, W14, W27, PRF, LIN and NTE
from general knowledge of the release, so a partner's guide wins. Codes are in `codes`; a list that
is not public in full is not checked.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from connectors.exchange.x12 import goods_tables, tables


@dataclass(frozen=True, slots=True)
class Element:
    """A place in a segment. `number` is the one of the standard's data element dictionary."""

    number: int
    name: str
    type: str
    least: int
    most: int
    is_mandatory: bool


@dataclass(frozen=True, slots=True)
class Condition:
    """Which elements of a segment need each other; places count from 1."""

    kind: str
    places: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class SegmentRule:
    """A segment's elements in order. `is_open`: allowed by the standard, never read by us, so only
    its characters are checked."""

    name: str
    title: str
    elements: tuple[Element, ...] = ()
    conditions: tuple[Condition, ...] = ()
    is_open: bool = False


_ROW = re.compile(r"([MOX]) (\d+) (AN|ID|DT|TM|N0|N2|R|C) (\d+)/(\d+) (.+)")


def _element(row: str) -> Element:
    found = _ROW.fullmatch(row)
    if found is None:
        raise ValueError(f"not a row of the dictionary: {row}")
    duty, number, kind, least, most, name = found.groups()
    return Element(int(number), name, kind, int(least), int(most), duty == "M")


def _conditions(text: str) -> tuple[Condition, ...]:
    return tuple(
        Condition(word[0], tuple(int(word[at : at + 2]) for at in range(1, len(word), 2)))
        for word in text.split()
    )


SEGMENTS: dict[str, SegmentRule] = {
    name: SegmentRule(name, title, tuple(map(_element, rows)), _conditions(conditions))
    for name, (title, conditions, rows) in (tables.SEGMENTS | goods_tables.SEGMENTS).items()
} | {name: SegmentRule(name, title, is_open=True) for name, title in tables.OPEN.items()}
