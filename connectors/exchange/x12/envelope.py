"""Envelopes: ISA, GS and ST with their ends, control numbers and counts.

A number or count that does not fit means that the file was cut or changed on its way, so the whole
file is refused and nothing is answered to a sender whose numbers cannot be trusted.

Source: ISA, GS and their lengths as in the public guides of release 4010. GS06 and ISA13 of what we
send are the batch's number; that a partner repeats them in AK102 is the standard.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from connectors.errors import UnreadableReply
from connectors.exchange.x12.tokens import (
    Delimiters,
    Segment,
    delimiters_of,
    segment,
    segments_of,
    text_of,
    written,
)

VERSION = "004010"
_INTERCHANGE_VERSION = "00401"
MAX_CONTROL_NUMBER = 999_999_999
_ISA_ELEMENTS, _GS_ELEMENTS = 16, 8
_ID_CHARS = 15
_AGAIN = "Ask the partner to send it again."
_NUMBER = re.compile("[0-9]+")
# What an answer repeats must be fit to be written again, whatever the partner's delimiters are.
_FUNCTION = re.compile("[A-Z0-9]{2}")
_SET_CODE = re.compile("[A-Z0-9]{3}")
_SET_CONTROL = re.compile("[A-Za-z0-9]{4,9}")


@dataclass(frozen=True, slots=True)
class Address:
    """Who sends or receives: qualifier and id of the ISA, and the id of the GS."""

    qualifier: str
    id: str
    group_id: str


@dataclass(frozen=True, slots=True)
class TransactionSet:
    """One document: `segments` from its ST to its SE, both included."""

    code: str
    control: str
    segments: tuple[Segment, ...]


@dataclass(frozen=True, slots=True)
class Group:
    function: str
    control: int
    sets: tuple[TransactionSet, ...]


@dataclass(frozen=True, slots=True)
class Interchange:
    """`control` is nine digits as written. `notices` are TA1 segments, in which a partner answers
    to a whole interchange."""

    sender: Address
    receiver: Address
    control: str
    made_at: datetime
    is_test: bool
    groups: tuple[Group, ...]
    notices: tuple[Segment, ...] = ()


def write(interchange: Interchange, delimiters: Delimiters) -> bytes:
    """The whole file in ASCII, ends and counts computed; sets are taken without ST and SE."""
    segments = [_isa(interchange, delimiters)]
    for group in interchange.groups:
        segments.append(_gs(interchange, group))
        for one in group.sets:
            segments.append(segment("ST", one.code, one.control))
            segments.extend(one.segments)
            segments.append(segment("SE", str(len(one.segments) + 2), one.control))
        segments.append(segment("GE", str(len(group.sets)), str(group.control)))
    segments.append(segment("IEA", str(len(interchange.groups)), interchange.control))
    return written(segments, delimiters).encode("ascii")


def _isa(interchange: Interchange, delimiters: Delimiters) -> Segment:
    sender, receiver = interchange.sender, interchange.receiver
    return segment(
        "ISA",
        "00",
        " " * 10,
        "00",
        " " * 10,
        sender.qualifier,
        sender.id.ljust(_ID_CHARS),
        receiver.qualifier,
        receiver.id.ljust(_ID_CHARS),
        interchange.made_at.strftime("%y%m%d"),
        interchange.made_at.strftime("%H%M"),
        "U",
        _INTERCHANGE_VERSION,
        interchange.control,
        "0",
        "T" if interchange.is_test else "P",
        delimiters.component,
    )


def _gs(interchange: Interchange, group: Group) -> Segment:
    return segment(
        "GS",
        group.function,
        interchange.sender.group_id,
        interchange.receiver.group_id,
        interchange.made_at.strftime("%Y%m%d"),
        interchange.made_at.strftime("%H%M"),
        str(group.control),
        "X",
        VERSION,
    )


def read(content: bytes, charset: str) -> tuple[Interchange, ...]:
    """Every interchange of the file, all counts and control numbers proved.

    Raises:
        UnreadableReply: cut, changed, or not X12 of release 4010.
    """
    text = text_of(content, charset)
    segments = list(segments_of(text, delimiters_of(text)))
    found = []
    at = 0
    while at < len(segments):
        interchange, at = _interchange(segments, at)
        found.append(interchange)
    return tuple(found)


def _interchange(segments: list[Segment], start: int) -> tuple[Interchange, int]:
    head = _expected(segments, start, "ISA", _ISA_ELEMENTS)
    at = start + 1
    while at < len(segments) and segments[at].name == "TA1":
        at += 1
    notices = tuple(segments[start + 1 : at])
    groups: list[Group] = []
    senders = []
    while at < len(segments) and segments[at].name == "GS":
        senders.append(segments[at])
        group, at = _group(segments, at)
        groups.append(group)
    end = _expected(segments, at, "IEA", 2)
    _same(end, 2, head[13], "ISA13")
    _counted(end, len(groups), "groups")
    _once([str(group.control) for group in groups], "GS06")
    return _opened(head, senders, tuple(groups), notices), at + 1


def _opened(
    head: Segment, senders: list[Segment], groups: tuple[Group, ...], notices: tuple[Segment, ...]
) -> Interchange:
    if head[12] != _INTERCHANGE_VERSION:
        raise _unreadable(head, 12, f"interchange version {head[12]!r}, not {_INTERCHANGE_VERSION}")
    if not re.fullmatch("[0-9]{9}", head[13]):
        raise _unreadable(head, 13, f"control number {head[13]!r}, not nine digits")
    if head[15] not in ("T", "P"):
        raise _unreadable(head, 15, f"usage {head[15]!r}, neither T nor P")
    gs = senders[0] if senders else segment("GS")
    return Interchange(
        sender=Address(head[5].strip(), head[6].strip(), gs[2]),
        receiver=Address(head[7].strip(), head[8].strip(), gs[3]),
        control=head[13],
        made_at=_moment(head),
        is_test=head[15] == "T",
        groups=groups,
        notices=notices,
    )


def _moment(head: Segment) -> datetime:
    try:
        return datetime.strptime(head[9] + head[10], "%y%m%d%H%M").replace(tzinfo=UTC)
    except ValueError:
        raise _unreadable(head, 9, f"no moment in {head[9]!r} {head[10]!r}") from None


def _group(segments: list[Segment], at: int) -> tuple[Group, int]:
    head = _expected(segments, at, "GS", _GS_ELEMENTS)
    if not head[8].startswith(VERSION):
        raise _unreadable(head, 8, f"version {head[8]!r}, not {VERSION}")
    if not _NUMBER.fullmatch(head[6]) or len(head[6]) > len(str(MAX_CONTROL_NUMBER)):
        raise _unreadable(head, 6, f"control number {head[6]!r}, not up to nine digits")
    _plain(head, 1, _FUNCTION, "two capitals or digits")
    at += 1
    sets: list[TransactionSet] = []
    while at < len(segments) and segments[at].name == "ST":
        one, at = _set(segments, at)
        sets.append(one)
    end = _expected(segments, at, "GE", 2)
    _same(end, 2, head[6], "GS06")
    _counted(end, len(sets), "transaction sets")
    _once([one.control for one in sets], "ST02")
    return Group(head[1], int(head[6]), tuple(sets)), at + 1


def _set(segments: list[Segment], at: int) -> tuple[TransactionSet, int]:
    head = _expected(segments, at, "ST", 2)
    _plain(head, 1, _SET_CODE, "three capitals or digits")
    _plain(head, 2, _SET_CONTROL, "four to nine letters or digits")
    stop = at + 1
    while stop < len(segments) and segments[stop].name not in ("SE", "ST", "GE", "GS", "IEA"):
        stop += 1
    end = _expected(segments, stop, "SE", 2)
    _same(end, 2, head[2], "ST02")
    _counted(end, stop - at + 1, "segments")
    inside = tuple(segments[at : stop + 1])
    return TransactionSet(head[1], head[2], inside), stop + 1


def _expected(segments: list[Segment], at: int, name: str, elements: int) -> Segment:
    if at >= len(segments):
        raise UnreadableReply(f"The file ends before its {name} segment. {_AGAIN}", field=name)
    found = segments[at]
    if found.name != name:
        raise UnreadableReply(
            f"Segment {found.place} is {found.name}, where {name} was expected. {_AGAIN}",
            field=found.name,
        )
    if len(found.elements) != elements:
        raise UnreadableReply(
            f"Segment {found.place} ({name}) has {len(found.elements)} elements, not {elements}.",
            field=name,
        )
    return found


def _plain(where: Segment, number: int, pattern: re.Pattern[str], what: str) -> None:
    if not pattern.fullmatch(where[number]):
        raise _unreadable(where, number, f"{where[number]!r} is not {what}")


def _same(end: Segment, number: int, control: str, name: str) -> None:
    if end[number] != control:
        raise _unreadable(end, number, f"{end[number]!r}, but {name} is {control!r}. {_AGAIN}")


def _counted(end: Segment, found: int, what: str) -> None:
    if not _NUMBER.fullmatch(end[1]) or int(end[1]) != found:
        raise _unreadable(end, 1, f"{end[1]!r} {what} counted, the file holds {found}. {_AGAIN}")


def _once(numbers: list[str], name: str) -> None:
    seen: set[str] = set()
    for number in numbers:
        if number in seen:
            raise UnreadableReply(f"{name} {number!r} stands in the file twice.", field=name)
        seen.add(number)


def _unreadable(where: Segment, number: int, text: str) -> UnreadableReply:
    name = f"{where.name}{number:02d}"
    return UnreadableReply(f"Segment {where.place} ({name}): {text}", field=name)


def turned(
    interchange: Interchange,
    sender: Address,
    receiver: Address,
    *,
    groups: tuple[Group, ...],
    control: int,
) -> Interchange:
    """An interchange back to who sent this one, stamped as what it answers, so that reading the
    same file twice gives the same answer. Addresses are the agreed ones, not those that came."""
    return replace(
        interchange,
        sender=sender,
        receiver=receiver,
        control=f"{control:09d}",
        groups=groups,
        notices=(),
    )
