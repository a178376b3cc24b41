"""Whole interchanges, as both sides read and write them: addresses, checks, the answer owed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from connectors.errors import Misconfigured, UnreadableReply
from connectors.exchange.layouts import LayoutSettings, RefusedFile
from connectors.exchange.x12 import answering, inbound
from connectors.exchange.x12.checking import Checked, Fault, check
from connectors.exchange.x12.envelope import (
    Address,
    Group,
    Interchange,
    TransactionSet,
    read,
    write,
)
from connectors.exchange.x12.tokens import Delimiters, Segment

DELIMITERS = Delimiters()
_ID_CHARS, _LEAST_GROUP_ID = 15, 2
GroupRead = tuple[Group, Sequence[Checked]]


def addresses(settings: LayoutSettings) -> tuple[Address, Address]:
    """Our address and the partner's, as the settings give them.

    Raises:
        Misconfigured: one is missing, or is none that X12 can carry.
    """
    ours = Address(
        settings.our_qualifier, settings.our_id, settings.our_group_id or settings.our_id
    )
    theirs = Address(
        settings.partner_qualifier,
        settings.partner_id,
        settings.partner_group_id or settings.partner_id,
    )
    for whose, one in (("our own", ours), ("the partner's", theirs)):
        if not _is_usable(one):
            raise Misconfigured(
                f"X12 needs {whose} qualifier of 2 characters, an id of up to {_ID_CHARS} and a "
                f"group id of {_LEAST_GROUP_ID} to {_ID_CHARS}, as agreed with the partner."
            )
    return ours, theirs


def _is_usable(address: Address) -> bool:
    texts = (address.qualifier, address.id, address.group_id)
    are_plain = all(
        text == text.strip() and all(" " <= c <= "~" and c not in DELIMITERS.all for c in text)
        for text in texts
    )
    return (
        are_plain
        and len(address.qualifier) == 2
        and 0 < len(address.id) <= _ID_CHARS
        and _LEAST_GROUP_ID <= len(address.group_id) <= _ID_CHARS
    )


def written(
    sender: Address,
    receiver: Address,
    *,
    control: int,
    at: datetime,
    is_test: bool,
    function: str,
    sets: Sequence[TransactionSet],
) -> bytes:
    """One interchange of one group, both under the same control number."""
    return write(
        Interchange(
            sender,
            receiver,
            f"{control:09d}",
            at,
            is_test,
            (Group(function, control, tuple(sets)),),
        ),
        DELIMITERS,
    )


def numbered(code: str, place: int, body: Sequence[Segment]) -> TransactionSet:
    return TransactionSet(code, f"{place:04d}", tuple(body))


class Reader:
    """Reads files that `sender` addressed to `receiver`; refuses all others."""

    def __init__(self, sender: Address, receiver: Address, *, charset: str, is_test: bool) -> None:
        self._sender = sender
        self._receiver = receiver
        self._charset = charset
        self._is_test = is_test

    def read(self, content: bytes) -> tuple[tuple[Interchange, Sequence[GroupRead]], ...]:
        """Every interchange with its sets taken apart, all of them without a fault.

        Raises:
            UnreadableReply: cut, changed, or not for us.
            RefusedFile: a set has a fault; the answer names it.
        """
        found = []
        for interchange in read(content, self._charset):
            self._prove(interchange)
            found.append((interchange, [_checked(group) for group in interchange.groups]))
        self._refuse(found)
        return tuple(found)

    def answer(self, interchange: Interchange, groups: Sequence[GroupRead]) -> bytes | None:
        """The 997 owed for an interchange, as a file; None where none is owed."""
        owed = answering.answer(interchange, groups, self._receiver, self._sender)
        return write(owed, DELIMITERS) if owed else None

    def _prove(self, found: Interchange) -> None:
        """The ids are compared, not the group ids, which some partners set as they like."""
        for whose, name, told, wanted in (
            ("sender", "ISA06", found.sender, self._sender),
            ("receiver", "ISA08", found.receiver, self._receiver),
        ):
            if (told.qualifier, told.id) != (wanted.qualifier, wanted.id):
                raise UnreadableReply(
                    f"The {whose} is {told.qualifier} {told.id!r} ({name}), but "
                    f"{wanted.qualifier} {wanted.id!r} is agreed. The file is not for this "
                    "connection.",
                    field=name,
                )
        if found.is_test != self._is_test:
            sent, agreed = ("test", "live") if found.is_test else ("live", "test")
            raise UnreadableReply(
                f"It is a {sent} file (ISA15), and this connection exchanges {agreed} files.",
                field="ISA15",
            )
        if not found.groups and not found.notices:
            raise UnreadableReply("The interchange holds nothing.", field="IEA01")

    def _refuse(self, found: Sequence[tuple[Interchange, Sequence[GroupRead]]]) -> None:
        wrong = [
            (group, one)
            for _, groups in found
            for group, sets in groups
            for one in sets
            if one.faults or one.set_code
        ]
        if not wrong:
            return
        text, field = _told(*wrong[0], more=len(wrong) - 1)
        owed = b"".join(
            answer for interchange, groups in found if (answer := self.answer(interchange, groups))
        )
        if owed:
            raise RefusedFile(text, field=field, answer=owed)
        raise UnreadableReply(text, field=field)


def _checked(group: Group) -> GroupRead:
    return group, [_content_checked(one, check(one, group.function)) for one in group.sets]


def _content_checked(found: TransactionSet, checked: Checked) -> Checked:
    """Content is looked at only where the syntax holds."""
    if checked.faults or checked.set_code:
        return checked
    wrong = inbound.faults(checked.code, checked.part, found.segments[0].place)
    return replace(checked, faults=tuple(wrong)) if wrong else checked


def _told(group: Group, one: Checked, *, more: int) -> tuple[str, str]:
    where = f"Set {one.control} ({one.code}) of group {group.control}"
    if one.set_code:
        return f"{where} is not one we read in a group {group.function!r}.", "ST01"
    first: Fault = one.faults[0]
    place = f"{first.segment}{first.element:02d}" if first.element else first.segment
    others = len(one.faults) - 1
    tail = f" {others} more in this set." if others else ""
    tail += f" {more} more sets have faults." if more else ""
    return (
        f"{where}, segment {first.position}: {first.text}{tail} Nothing of the file was taken: "
        "ask the partner to correct it and send it again.",
        place,
    )
