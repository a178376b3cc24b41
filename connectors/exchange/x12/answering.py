"""997, both ways: what we answer to a file, and what a partner answered to ours.

A 997 says whether a file was well formed, nothing more: AK5 for each set, AK3 and AK4 for what was
wrong in it, AK9 for the group. Groups of acknowledgments (FA) are never answered. Source: the
standard's notes to 997, codes as in Microsoft's and edifabric's lists (November 2026).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

from connectors.exchange.shapes import AckLine, Acknowledgement, LineResult
from connectors.exchange.x12.checking import BAD_ELEMENTS, Checked, Fault, Part
from connectors.exchange.x12.envelope import (
    Address,
    Group,
    Interchange,
    TransactionSet,
    turned,
)
from connectors.exchange.x12.tokens import Delimiters, Segment, segment

FUNCTION = "FA"
CODE = "997"
# Our own files and theirs count elsewhere: answers have the numbers above these, one for each
# interchange answered.
FIRST_ANSWER = 900_000_000
_ANSWERS = 100_000_000
_YES, _NO = "AE", "MRWX"
_SEGMENT_ERRORS = "5"
_BAD_CHARS = 99

_ELEMENT_SAYINGS = {
    "1": "is missing",
    "2": "is missing, or its partner is",
    "3": "is one too many",
    "4": "is too short",
    "5": "is too long",
    "6": "holds a character that is not allowed",
    "7": "holds a code that is not known",
    "8": "is not a date",
    "9": "is not a time",
    "10": "excludes another one",
}
_SEGMENT_SAYINGS = {
    "1": "is not known",
    "2": "was not expected",
    "3": "is missing",
    "4": "repeats its loop too often",
    "5": "stands there too often",
    "6": "does not belong to the set",
    "7": "is out of order",
    "8": "has a wrong element",
}
_SET_SAYINGS = {
    "1": "The set is not supported.",
    "2": "Its trailer is missing.",
    "3": "Its control numbers differ.",
    "4": "Its segment count is wrong.",
    "5": "It has a wrong segment.",
    "6": "Its set code is wrong.",
    "7": "Its control number is wrong.",
    "23": "Its control number was used before.",
}


def answer(
    interchange: Interchange,
    groups: Sequence[tuple[Group, Sequence[Checked]]],
    sender: Address,
    receiver: Address,
) -> Interchange | None:
    """The interchange owed for this one; None when it holds acknowledgments only.

    One fault anywhere refuses every set of every group here, because nothing of such a file is
    taken; a set without a fault of its own is refused without a reason.
    """
    owed = [(group, checked) for group, checked in groups if group.function != FUNCTION]
    if not owed:
        return None
    is_good = not any(one.faults or one.set_code for _, checked in owed for one in checked)
    control = FIRST_ANSWER + int(interchange.control) % _ANSWERS
    sets = tuple(
        TransactionSet(CODE, f"{place:04d}", _report(group, checked, is_good=is_good))
        for place, (group, checked) in enumerate(owed, start=1)
    )
    answers = (Group(FUNCTION, control, sets),)
    return turned(interchange, sender, receiver, groups=answers, control=control)


def _report(group: Group, checked: Sequence[Checked], *, is_good: bool) -> tuple[Segment, ...]:
    found = [segment("AK1", group.function, str(group.control))]
    for one in checked:
        found.append(segment("AK2", one.code, one.control))
        found.extend(_faults(one.faults))
        found.append(_verdict(one, is_good=is_good))
    count = str(len(checked))
    found.append(segment("AK9", "A" if is_good else "R", count, count, count if is_good else "0"))
    return tuple(found)


def _verdict(checked: Checked, *, is_good: bool) -> Segment:
    if is_good:
        return segment("AK5", "A")
    return segment("AK5", "R", checked.set_code or (_SEGMENT_ERRORS if checked.faults else ""))


def _faults(faults: Iterable[Fault]) -> Iterable[Segment]:
    ordered = sorted(faults, key=lambda one: one.position)
    for (name, position), group in groupby(ordered, key=lambda one: (one.segment, one.position)):
        same = list(group)
        yield segment("AK3", name[:3], str(position), "", same[0].segment_code)
        for one in same:
            if one.segment_code == BAD_ELEMENTS and one.element:
                number = str(one.number) if one.number else ""
                yield segment("AK4", str(one.element), number, one.element_code, _copy(one.value))


def _copy(value: str) -> str:
    """The bad value, unless it would itself be a fault in the answer."""
    bare = value[:_BAD_CHARS].strip()
    is_plain = all(" " <= c <= "~" and c not in Delimiters().all for c in bare)
    return bare if is_plain else ""


# --- Reading ---------------------------------------------------------------------------------


def read(part: Part) -> Acknowledgement:
    """A 997 as what its partner says of our batch; a set's number is its document's place."""
    ends = part.first("AK9")[1]
    lines = tuple(_line(loop) for loop in part.loops("AK2"))
    wrong = [line for line in lines if line.result is LineResult.REJECTED]
    return Acknowledgement(
        batch_number=int(part.first("AK1")[2]),
        is_syntax_only=True,
        is_accepted=True if ends in _YES else False if ends in _NO else None,
        text=" ".join(line.text for line in wrong[:3]),
        lines=lines,
    )


def _line(loop: Part) -> AckLine:
    end = loop.first("AK5")
    control = loop.first("AK2")[2]
    is_good = end[1] in _YES
    codes = [code for code in end.elements[1:] if code]
    sayings = [text for one in loop.loops("AK3") for text in _said(one)]
    if not sayings:
        sayings = [_SET_SAYINGS.get(code, f"Code {code}.") for code in codes]
    return AckLine(
        key="",
        line=int(control) if control.isascii() and control.isdigit() else 0,
        result=LineResult.ACCEPTED if is_good else LineResult.REJECTED,
        code="" if is_good else " ".join(codes),
        text="" if is_good else " ".join(sayings) or "The partner could not read it.",
    )


def _said(part: Part) -> list[str]:
    note = part.first("AK3")
    where = f"Segment {note[2]} ({note[1]})"
    elements = part.all("AK4")
    if not elements:
        return [f"{where} {_SEGMENT_SAYINGS.get(note[4], f'has error {note[4]}')}."]
    return [
        f"{where}, element {one[1]} {_ELEMENT_SAYINGS.get(one[3], f'has error {one[3]}')}"
        + (f": {one[4]}." if one[4] else ".")
        for one in elements
    ]


def notice(found: Segment) -> Acknowledgement:
    """A TA1: the partner's word on a whole interchange (01 its number, 04 A, E or R, 05 why)."""
    number = found[1]
    return Acknowledgement(
        batch_number=int(number) if number.isascii() and number.isdigit() else 0,
        is_syntax_only=True,
        is_accepted=found[4] in ("A", "E"),
        text="" if found[4] == "A" else f"The whole file has error {found[5] or 'unknown'} (TA1).",
    )
