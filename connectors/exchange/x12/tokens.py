"""Bytes to segments and back: delimiters are the file's own, read from its ISA.

The ISA has a fixed length of 106 characters; its fourth is the element separator, its last two are
the component separator and the segment terminator. Line ends after a terminator mean nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from connectors.errors import UnreadableReply

ISA_CHARS = 106
MAX_BYTES = 16 * 1024 * 1024
_ELEMENT_AT, _COMPONENT_AT, _TERMINATOR_AT = 3, 104, 105
# Where the element separator stands in every ISA, its elements being of fixed width.
_SEPARATORS_AT = (3, 6, 17, 20, 31, 34, 50, 53, 69, 76, 81, 83, 89, 99, 101, 103)
_NAME = re.compile("[A-Z][A-Z0-9]{1,2}")
_LINE_ENDS = "\r\n"


@dataclass(frozen=True, slots=True)
class Delimiters:
    element: str = "*"
    component: str = ">"
    terminator: str = "~"

    @property
    def all(self) -> str:
        return self.element + self.component + self.terminator


@dataclass(frozen=True, slots=True)
class Segment:
    """A segment's name and its elements as text, absent ones empty. `place` counts the segments of
    the file from 1 (0: not read from a file)."""

    name: str
    elements: tuple[str, ...]
    place: int = 0

    def __getitem__(self, number: int) -> str:
        """The element of this number, counted from 1 as the standard does; "" when absent."""
        return self.elements[number - 1] if number <= len(self.elements) else ""


def segment(name: str, *elements: str) -> Segment:
    """A segment to be written; empty elements at its end are left out."""
    kept = list(elements)
    while kept and not kept[-1]:
        kept.pop()
    return Segment(name, tuple(kept))


def written(segments: Sequence[Segment], delimiters: Delimiters) -> str:
    """One segment a line; every value must be free of delimiters already."""
    end = delimiters.terminator + "\n"
    return "".join(delimiters.element.join((one.name, *one.elements)) + end for one in segments)


def text_of(content: bytes, charset: str) -> str:
    """The file as text, without a mark or blank lines before its ISA.

    Raises:
        UnreadableReply: empty, too large, or bytes the declared charset does not know.
    """
    if len(content) > MAX_BYTES:
        raise UnreadableReply(f"The file is larger than {MAX_BYTES // 1024 // 1024} MB.")
    try:
        text = content.decode(charset).lstrip("\ufeff \t\r\n")
    except UnicodeDecodeError as error:
        raise UnreadableReply(
            f"Byte {error.start + 1} is not {charset}. Set the charset the partner writes.",
            field="charset",
        ) from None
    if not text:
        raise UnreadableReply("The file is empty.")
    return text


def delimiters_of(text: str) -> Delimiters:
    """Raises UnreadableReply when `text` does not begin with a whole ISA."""
    if not text.startswith("ISA"):
        raise UnreadableReply(
            "The file does not begin with ISA, so it is not an X12 interchange.", field="ISA"
        )
    if len(text) < ISA_CHARS:
        raise UnreadableReply(
            "The file ends inside its ISA segment. Ask the partner to send it again.", field="ISA"
        )
    found = Delimiters(text[_ELEMENT_AT], text[_COMPONENT_AT], text[_TERMINATOR_AT])
    if any(text[at] != found.element for at in _SEPARATORS_AT):
        raise UnreadableReply(
            "The ISA segment is not 106 characters of fixed width, so its delimiters cannot be "
            "read. Ask the partner to send it unchanged.",
            field="ISA",
        )
    # A space or a letter as a delimiter means that the ISA is not what it seems.
    if len(set(found.all)) != len(found.all) or any(c.isalnum() or c == " " for c in found.all):
        raise UnreadableReply(
            "The ISA names delimiters that cannot be told from data.", field="ISA16"
        )
    return found


def segments_of(text: str, delimiters: Delimiters) -> Iterator[Segment]:
    """Every segment of the file in order.

    Raises:
        UnreadableReply: the file ends inside a segment, or a segment has no proper name.
    """
    pieces = text.split(delimiters.terminator)
    rest = pieces.pop()
    if rest.strip():
        raise UnreadableReply(
            f"The file ends inside segment {len(pieces) + 1}. Ask the partner to send it again.",
            field=rest.strip(_LINE_ENDS)[:3],
        )
    for place, piece in enumerate(pieces, start=1):
        name, *elements = piece.lstrip(_LINE_ENDS).split(delimiters.element)
        if not _NAME.fullmatch(name):
            raise UnreadableReply(
                f"Segment {place} has no proper name: {name[:12]!r}.", field=name[:12]
            )
        yield Segment(name, tuple(elements), place)
