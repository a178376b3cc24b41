"""X12 release 4010 from the partner's side, for the sandbox's twin and for tests.

It reads what we send as a warehouse or an ERP would, and writes what they send us. Simulated: what
a real partner writes is in its own guide.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime

from connectors.exchange.layouts import X12_4010, LayoutSettings
from connectors.exchange.shapes import (
    Acknowledgement,
    Arrival,
    ArrivalLine,
    Inbound,
    InboundKind,
    LineResult,
    Regrade,
)
from connectors.exchange.x12 import advising, answering, inbound
from connectors.exchange.x12.checking import Checked
from connectors.exchange.x12.envelope import TransactionSet
from connectors.exchange.x12.files import DELIMITERS, Reader, addresses, numbered, written
from connectors.exchange.x12.inbound import DAMAGED
from connectors.exchange.x12.layout import Maker, acknowledged, parts
from connectors.exchange.x12.outbound import CUSTOMER_RETURN
from connectors.exchange.x12.sets import SETS
from connectors.exchange.x12.tokens import Segment, segment
from connectors.exchange.x12.values import (
    DESCRIPTION_CHARS,
    KEY,
    LINE,
    RECEIPT,
    REFERENCE_CHARS,
    RETURN_NUMBER,
    SKU,
    UNIT,
    Writer,
)

_UNLOADED, _TIME = "19", "ZZ"
_UNKNOWN_DAMAGE = "ZZ"
_SKU_CHARS, _RECEIPT_CHARS, _NUMBER_CHARS, _CONDITION_CHARS = 48, 12, 22, 2


class X12Partner:
    """The other side of `X12Layout`, built from the same settings."""

    version = f"{X12_4010}-1"
    file_suffix = ".x12"

    def __init__(self, settings: LayoutSettings) -> None:
        self._settings = settings

    def read_batch(self, name: str, content: bytes) -> tuple[Inbound, ...]:
        """Our batch as `DOCUMENTS` with the 997 owed for it; our 997 as acknowledgement.

        Raises:
            UnreadableReply, RefusedFile: as `X12Layout.read`.
        """
        ours, theirs = addresses(self._settings)
        reader = Reader(
            ours, theirs, charset=self._settings.charset, is_test=self._settings.is_test
        )
        return parts(reader, content, _PARTS)

    def acknowledge(self, found: Acknowledgement, *, number: int, at: datetime) -> bytes:
        """A 997 (`is_syntax_only`) or an 824."""
        if found.is_syntax_only:
            code = self._settings.authorisation_set
            body = _syntax(found, code)
            return self._file(answering.FUNCTION, [numbered(answering.CODE, 1, body)], number, at)
        sets = [numbered(advising.CODE, 1, advising.body(found, number, at))]
        return self._file(advising.FUNCTION, sets, number, at)

    def arrivals(self, found: tuple[Arrival, ...], *, number: int, at: datetime) -> bytes:
        sets = [numbered("944", place, _receipt(one)) for place, one in enumerate(found, start=1)]
        return self._file("RE", sets, number, at)

    def regrades(self, found: tuple[Regrade, ...], *, number: int, at: datetime) -> bytes:
        """One 947 for each change, as its head holds one receipt and one moment."""
        sets = [numbered("947", place, _change(one)) for place, one in enumerate(found, start=1)]
        return self._file("AW", sets, number, at)

    def _file(
        self, function: str, sets: Sequence[TransactionSet], number: int, at: datetime
    ) -> bytes:
        ours, theirs = addresses(self._settings)
        return written(
            theirs,
            ours,
            control=number,
            at=at.astimezone(UTC),
            is_test=self._settings.is_test,
            function=function,
            sets=sets,
        )


def _syntax(found: Acknowledgement, code: str) -> list[Segment]:
    body = [segment("AK1", SETS[code].group, str(found.batch_number))]
    for line in found.lines:
        body.append(segment("AK2", code, f"{line.line:04d}"))
        is_good = line.result is not LineResult.REJECTED
        body.append(segment("AK5", "A") if is_good else segment("AK5", "R", line.code or "5"))
    good = sum(line.result is not LineResult.REJECTED for line in found.lines)
    verdict = {True: "A", False: "R", None: "P"}[found.is_accepted]
    count = str(len(found.lines))
    body.append(segment("AK9", verdict, count, count, str(good if verdict != "R" else 0)))
    return body


def _receipt(found: Arrival) -> list[Segment]:
    writer = Writer(found.receipt_number, DELIMITERS)
    name = writer.identifier(found.authorisation, "authorisation", 75, is_needed=True)
    order = name if len(name) <= _NUMBER_CHARS else ""
    body = [
        segment(
            "W17",
            CUSTOMER_RETURN,
            _day(found.received_at),
            writer.identifier(found.receipt_number, "receipt_number", _RECEIPT_CHARS),
            order,
        ),
        writer.party("WH", found.warehouse, "warehouse"),
        *_named(name),
        _when(found.received_at),
    ]
    for line in found.lines:
        body.extend(_received(line, writer))
    return [*body, segment("W14", str(sum(line.quantity for line in found.lines)))]


def _named(name: str) -> list[Segment]:
    """The reference as it came: whole, in two pieces when it is longer than one holds."""
    return [segment("N9", KEY, name[:REFERENCE_CHARS], name[REFERENCE_CHARS:])]


def _received(line: ArrivalLine, writer: Writer) -> list[Segment]:
    quantity = writer.quantity(line.quantity)
    sku = writer.identifier(line.sku, "sku", _SKU_CHARS, is_needed=True)
    body = [segment("W07", quantity, UNIT, "", SKU, sku)]
    if line.po_line:
        body.append(segment("N9", LINE, writer.identifier(line.po_line, "po_line", 30)))
    if line.condition:
        condition = writer.identifier(line.condition, "condition", _CONDITION_CHARS)
        damage = writer.identifier(line.damage_reason, "damage_reason", _CONDITION_CHARS)
        if condition == DAMAGED and not damage:
            damage = _UNKNOWN_DAMAGE
        body.append(segment("W13", quantity, UNIT, condition, "", damage))
    return body


def _change(found: Regrade) -> list[Segment]:
    writer = Writer(found.number, DELIMITERS)
    sku = writer.identifier(found.sku, "sku", _SKU_CHARS, is_needed=True)
    body = [
        segment("W15", _day(found.at), writer.identifier(found.number, "number", _NUMBER_CHARS)),
        writer.party("WH", found.warehouse, "warehouse"),
    ]
    if found.authorisation:
        name = writer.identifier(found.authorisation, "authorisation", REFERENCE_CHARS)
        body.append(segment("N9", RETURN_NUMBER, name))
    body.append(_when(found.at))
    body.append(
        segment("W19", found.reason, str(found.quantity), UNIT, "", SKU, sku),
    )
    if found.from_condition or found.to_condition:
        after = writer.identifier(found.to_condition, "to_condition", REFERENCE_CHARS)
        before = writer.identifier(found.from_condition, "from_condition", DESCRIPTION_CHARS)
        body.append(segment("N9", KEY, after, before))
    if found.receipt_number:
        receipt = writer.identifier(found.receipt_number, "receipt_number", REFERENCE_CHARS)
        body.append(segment("N9", RECEIPT, receipt))
    return body


def _day(at: date | datetime) -> str:
    return (at.astimezone(UTC) if isinstance(at, datetime) else at).strftime("%Y%m%d")


def _when(at: date | datetime) -> Segment:
    if not isinstance(at, datetime):
        return segment("G62", _UNLOADED, _day(at))
    utc = at.astimezone(UTC)
    return segment("G62", _UNLOADED, _day(utc), _TIME, utc.strftime("%H%M"), "UT")


def _documents(sets: Sequence[Checked]) -> Inbound:
    found = tuple(_DOCUMENTS[one.code](one.part) for one in sets)
    return Inbound(InboundKind.DOCUMENTS, documents=found)


_DOCUMENTS = {"943": inbound.announced, "180": inbound.authorised, "812": inbound.credited}
_PARTS: dict[str, Maker] = {
    "AR": _documents,
    "AN": _documents,
    "CD": _documents,
    answering.FUNCTION: acknowledged,
}
