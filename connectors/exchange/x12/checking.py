"""A transaction set against its rule: what is wrong, told so that people and a 997 can name it.

The standard's own codes are kept: AK304 for a segment, AK403 for an element (Microsoft's and
edifabric's lists of them, read in November 2026).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from connectors.exchange.x12.codes import CODES
from connectors.exchange.x12.dictionary import SEGMENTS, Condition, Element, SegmentRule
from connectors.exchange.x12.envelope import TransactionSet
from connectors.exchange.x12.sets import SETS, Loop, Node, One
from connectors.exchange.x12.tokens import Delimiters, Segment

UNKNOWN_SEGMENT, UNEXPECTED, MISSING, TOO_OFTEN, BAD_ELEMENTS = "1", "2", "3", "5", "8"
NO_VALUE, NO_PARTNER_VALUE, TOO_MANY, TOO_SHORT, TOO_LONG = "1", "2", "3", "4", "5"
BAD_CHARACTER, BAD_CODE, BAD_DATE, BAD_TIME, EXCLUDED = "6", "7", "8", "9", "10"
MAX_FAULTS = 20

_NUMBERS = {
    "N0": re.compile("-?[0-9]+"),
    "N2": re.compile("-?[0-9]+"),
    "R": re.compile(r"-?(?:[0-9]+\.?[0-9]*|\.[0-9]+)"),
}
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\ufffd]")
_DATE = re.compile("[0-9]{8}")
_TIME = re.compile("(?:[01][0-9]|2[0-3])[0-5][0-9](?:[0-5][0-9](?:[0-9]{1,2})?)?")


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong. `position` counts the set's segments from its ST as 1; `element` from 1 in
    the segment (0: the segment itself)."""

    segment: str
    position: int
    segment_code: str
    text: str
    element: int = 0
    number: int = 0
    element_code: str = ""
    value: str = ""


@dataclass(slots=True)
class Part:
    """The segments of one loop (or of the whole set), and the loops inside it."""

    segments: list[Segment] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)

    def all(self, name: str) -> list[Segment]:
        return [one for one in self.segments if one.name == name]

    def first(self, name: str) -> Segment:
        """The first segment of this name; an empty one when there is none."""
        return next(iter(self.all(name)), Segment(name, ()))

    def loops(self, opener: str) -> list[Part]:
        return [part for part in self.parts if part.segments[0].name == opener]


@dataclass(frozen=True, slots=True)
class Checked:
    """A set taken apart; `part` is whole only when there are no faults."""

    code: str
    control: str
    part: Part
    faults: tuple[Fault, ...]
    # AK502: 1 the set is not known to us, 6 it does not belong into its group; "" neither.
    set_code: str = ""


def check(found: TransactionSet, function: str, delimiters: Delimiters | None = None) -> Checked:
    """Take a set apart by its rule; every fault up to `MAX_FAULTS`, none of them raised."""
    rule = SETS.get(found.code)
    if rule is None:
        return Checked(found.code, found.control, Part(), (), "1")
    if rule.group != function:
        return Checked(found.code, found.control, Part(), (), "6")
    faults: list[Fault] = []
    inside = found.segments[1:-1]
    for position, one in enumerate(inside, start=2):
        faults.extend(element_faults(one, position, delimiters))
    reader = _Reader(inside, faults)
    part = Part()
    reader.nodes(rule.nodes, part)
    reader.nothing_left()
    return Checked(found.code, found.control, part, tuple(faults[:MAX_FAULTS]))


class _Reader:
    """Walks a set's rule and its segments side by side; stops at the first misplaced segment."""

    def __init__(self, segments: Sequence[Segment], faults: list[Fault]) -> None:
        self._segments = segments
        self._faults = faults
        self._at = 0
        self._is_lost = False

    def nodes(self, nodes: Sequence[Node], part: Part) -> None:
        for node in nodes:
            if self._is_lost:
                return
            if isinstance(node, One):
                self._one(node, part)
            else:
                self._loop(node, part)

    def _next(self) -> str:
        return self._segments[self._at].name if self._at < len(self._segments) else ""

    def _one(self, node: One, part: Part) -> None:
        taken = 0
        while self._next() == node.name and taken < node.most:
            part.segments.append(self._segments[self._at])
            self._at += 1
            taken += 1
        self._needed(node.name, taken, node.least)

    def _loop(self, loop: Loop, part: Part) -> None:
        taken = 0
        while not self._is_lost and self._next() == loop.opener and taken < loop.most:
            inner = Part()
            self.nodes(loop.nodes, inner)
            part.parts.append(inner)
            taken += 1
        self._needed(loop.opener, taken, loop.least)

    def _needed(self, name: str, taken: int, least: int) -> None:
        if self._is_lost or taken >= least:
            return
        here = self._next()
        # An unknown or strange segment in between is the fault, not what it displaces.
        if here and here not in SEGMENTS:
            self.nothing_left()
            return
        title = SEGMENTS[name].title.lower()
        self._lose(name, MISSING, f"{name} ({title}) is missing before {here or 'SE'}.")

    def nothing_left(self) -> None:
        """Whatever is not read by now has no place in the set."""
        name = self._next()
        if self._is_lost or not name:
            return
        if name not in SEGMENTS:
            self._lose(name, UNKNOWN_SEGMENT, f"{name} is not a segment of this set.")
        elif self._at and self._segments[self._at - 1].name == name:
            self._lose(name, TOO_OFTEN, f"{name} stands there too often.")
        else:
            self._lose(name, UNEXPECTED, f"{name} has no place here.")

    def _lose(self, name: str, code: str, text: str) -> None:
        self._is_lost = True
        self._faults.append(Fault(name, self._at + 2, code, text))


def element_faults(
    found: Segment, position: int, delimiters: Delimiters | None = None
) -> list[Fault]:
    """What is wrong with a segment's elements; a segment nobody knows has none."""
    rule = SEGMENTS.get(found.name)
    if rule is None:
        return []
    faults = []
    if not rule.is_open and len(found.elements) > len(rule.elements):
        place = len(rule.elements) + 1
        faults.append(_fault(found, position, place, TOO_MANY, 0, "more elements than it has"))
    for place, value in enumerate(found.elements, start=1):
        if _CONTROL.search(value):
            known = rule.elements[place - 1].number if place <= len(rule.elements) else 0
            faults.append(
                _fault(
                    found, position, place, BAD_CHARACTER, known, "a character X12 does not know"
                )
            )
    for place, element in enumerate(rule.elements, start=1):
        code, text = _element_fault(element, found[place], delimiters)
        if code:
            faults.append(_fault(found, position, place, code, element.number, text))
    faults.extend(_condition_faults(rule, found, position))
    return faults


def _fault(found: Segment, position: int, place: int, code: str, number: int, text: str) -> Fault:
    rule = SEGMENTS[found.name]
    name = rule.elements[place - 1].name.lower() if place <= len(rule.elements) else "element"
    return Fault(
        found.name,
        position,
        BAD_ELEMENTS,
        f"{found.name}{place:02d} ({name}): {text}.",
        place,
        number,
        code,
        found[place],
    )


def _element_fault(element: Element, value: str, delimiters: Delimiters | None) -> tuple[str, str]:
    if not value:
        return (NO_VALUE, "is missing") if element.is_mandatory else ("", "")
    if element.type == "C":
        return "", ""
    if delimiters is not None and delimiters.component in value:
        return BAD_CHARACTER, "holds the component separator"
    long = _length(element, value)
    if long < element.least:
        return TOO_SHORT, f"{value!r} is shorter than {element.least}"
    if long > element.most:
        return TOO_LONG, f"{value!r} is longer than {element.most}"
    return _type_fault(element, value)


def _length(element: Element, value: str) -> int:
    """A number's sign and point do not count (standard's rule for N and R)."""
    return len(value.strip("-").replace(".", "")) if element.type in _NUMBERS else len(value)


def _type_fault(element: Element, value: str) -> tuple[str, str]:
    if element.type in _NUMBERS and not _NUMBERS[element.type].fullmatch(value):
        return BAD_CHARACTER, f"{value!r} is not a number"
    if element.type == "DT" and not _is_date(value):
        return BAD_DATE, f"{value!r} is not a date (CCYYMMDD)"
    if element.type == "TM" and not _TIME.fullmatch(value):
        return BAD_TIME, f"{value!r} is not a time (HHMM)"
    codes = CODES.get(element.number)
    if codes is not None and value not in codes:
        return BAD_CODE, f"{value!r} is not one of {', '.join(sorted(codes))}"
    return "", ""


def _is_date(value: str) -> bool:
    try:
        datetime.strptime(value, "%Y%m%d")  # noqa: DTZ007 - a day of no zone
    except ValueError:
        return False
    return _DATE.fullmatch(value) is not None


def _condition_faults(rule: SegmentRule, found: Segment, position: int) -> list[Fault]:
    faults = []
    for condition in rule.conditions:
        broken = _broken(condition, [place for place in condition.places if found[place]])
        if broken is None:
            continue
        place, code = broken
        names = ", ".join(f"{found.name}{one:02d}" for one in condition.places)
        text = f"of {names} {_SAYINGS[condition.kind]}"
        faults.append(_fault(found, position, place, code, rule.elements[place - 1].number, text))
    return faults


_SAYINGS = {
    "P": "all are there or none",
    "R": "at least one must be there",
    "E": "only one may be there",
    "C": "the first needs the others",
}


def _broken(condition: Condition, filled: list[int]) -> tuple[int, str] | None:
    """The place at fault and its code, or None. `filled` are the condition's places with a
    value."""
    places = condition.places
    absent = [place for place in places if place not in filled]
    if condition.kind == "P":
        return (absent[0], NO_PARTNER_VALUE) if filled and absent else None
    if condition.kind == "R":
        return None if filled else (places[0], NO_PARTNER_VALUE)
    if condition.kind == "E":
        return (filled[1], EXCLUDED) if len(filled) > 1 else None
    return (absent[0], NO_PARTNER_VALUE) if places[0] in filled and absent else None


def whole(value: str) -> int | None:
    """A quantity as a whole number of units; None for a fraction."""
    number = Decimal(value)
    return int(number) if number == number.to_integral_value() else None
