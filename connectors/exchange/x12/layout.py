"""X12 release 4010 as a layout of file exchange: our side."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from connectors.errors import Rejected, RejectionCode, UnreadableReply
from connectors.exchange.layouts import X12_4010, LayoutSettings
from connectors.exchange.shapes import Batch, Inbound, InboundKind
from connectors.exchange.x12 import advising, answering, inbound, outbound
from connectors.exchange.x12.checking import Checked, element_faults
from connectors.exchange.x12.envelope import Interchange, TransactionSet
from connectors.exchange.x12.files import (
    DELIMITERS,
    Reader,
    addresses,
    numbered,
    written,
)
from connectors.exchange.x12.sets import SETS
from connectors.exchange.x12.values import Writer
from connectors.types import DocumentDraft, DocumentKind


class X12Layout:
    """Builds 943 or 180 and 812; reads 944, 947, 997, 824, 812 and 180, and answers with 997.

    The batch's number is the control number of interchange and group, a document's place in the
    batch that of its set: a partner's 997 and 824 name documents by them.
    """

    version = f"{X12_4010}-1"
    file_suffix = ".x12"
    kinds: frozenset[str] = frozenset({DocumentKind.RETURN_AUTHORISATION, DocumentKind.CREDIT_MEMO})

    def __init__(self, settings: LayoutSettings) -> None:
        self._settings = settings

    def build(self, batch: Batch) -> bytes:
        """One interchange with one set for each draft; every set is checked as a partner's is.

        Raises:
            Rejected: a draft cannot be expressed; `value` is its key.
            Misconfigured: an address is missing.
        """
        ours, theirs = addresses(self._settings)
        if not 0 < batch.number < answering.FIRST_ANSWER:
            raise Rejected(
                f"Batch {batch.number} has no control number: they end at "
                f"{answering.FIRST_ANSWER - 1}.",
                code=RejectionCode.UNCLASSIFIED,
                field="batch_number",
            )
        sets = [
            self._set(draft, batch.number, place)
            for place, draft in enumerate(batch.drafts, start=1)
        ]
        code = self._code(batch.kind)
        return written(
            ours,
            theirs,
            control=batch.number,
            at=batch.made_at,
            is_test=self._settings.is_test,
            function=SETS[code].group if code else "",
            sets=sets,
        )

    def _code(self, kind: DocumentKind) -> str:
        if kind is DocumentKind.RETURN_AUTHORISATION:
            return self._settings.authorisation_set
        return "812" if kind is DocumentKind.CREDIT_MEMO else ""

    def _set(self, draft: DocumentDraft, number: int, place: int) -> TransactionSet:
        code = self._code(draft.kind)
        writer = Writer(draft.key, DELIMITERS)
        if not code:
            raise writer.refused(
                f"X12 has no set for a {draft.kind.value.replace('_', ' ')} here. Send it as CSV "
                "or key it by hand.",
                "kind",
            )
        body = outbound.body(code, draft, f"{number}-{place}", writer)
        for position, one in enumerate(body, start=2):
            for fault in element_faults(one, position, DELIMITERS):
                raise writer.refused(fault.text, f"{fault.segment}{fault.element:02d}")
        return numbered(code, place, body)

    def read(self, name: str, content: bytes) -> tuple[Inbound, ...]:
        """One part for each group of the file; the name of a file says nothing here.

        Raises:
            UnreadableReply: cut, changed, from or for somebody else.
            RefusedFile: a set has a fault; the answer is the 997 that names it.
        """
        ours, theirs = addresses(self._settings)
        reader = Reader(
            theirs, ours, charset=self._settings.charset, is_test=self._settings.is_test
        )
        return parts(reader, content, _PARTS)


Maker = Callable[[Sequence[Checked]], Inbound]


def parts(reader: Reader, content: bytes, makers: dict[str, Maker]) -> tuple[Inbound, ...]:
    """Groups as parts; the answer to an interchange is with the first part that it is owed for."""
    made: list[Inbound] = []
    for interchange, groups in reader.read(content):
        answer = reader.answer(interchange, groups)
        made.extend(_noticed(interchange))
        for group, sets in groups:
            maker = makers.get(group.function)
            if maker is None:
                raise UnreadableReply(
                    f"Group {group.control} is of kind {group.function!r}, which does not come "
                    "this way.",
                    field="GS01",
                )
            is_owed = group.function != answering.FUNCTION
            made.append(
                _signed(maker(sets), interchange, group.control, answer=answer if is_owed else None)
            )
            answer = None if is_owed else answer
    return tuple(made)


def _noticed(interchange: Interchange) -> list[Inbound]:
    told = tuple(answering.notice(one) for one in interchange.notices)
    if not told:
        return []
    return [_signed(Inbound(InboundKind.ACKNOWLEDGEMENT, acknowledgements=told), interchange, 0)]


def _signed(
    part: Inbound, interchange: Interchange, control: int, *, answer: bytes | None = None
) -> Inbound:
    return Inbound(
        kind=part.kind,
        number=interchange.control,
        partner=interchange.sender.id,
        acknowledgements=part.acknowledgements,
        arrivals=part.arrivals,
        regrades=part.regrades,
        documents=part.documents,
        batch_number=control if part.kind is InboundKind.DOCUMENTS else 0,
        answer=answer,
    )


def acknowledged(sets: Sequence[Checked]) -> Inbound:
    """Groups FA and AG: what the other side says of files of ours."""
    told = tuple(
        one
        for checked in sets
        for one in (
            (answering.read(checked.part),)
            if checked.code == answering.CODE
            else advising.read(checked.part)
        )
    )
    return Inbound(InboundKind.ACKNOWLEDGEMENT, acknowledgements=told)


def _arrived(sets: Sequence[Checked]) -> Inbound:
    return Inbound(InboundKind.ARRIVALS, arrivals=tuple(inbound.arrival(one.part) for one in sets))


def _regraded(sets: Sequence[Checked]) -> Inbound:
    return Inbound(
        InboundKind.REGRADES,
        regrades=tuple(change for one in sets for change in inbound.regrades(one.part)),
    )


def _credited(sets: Sequence[Checked]) -> Inbound:
    return Inbound(
        InboundKind.CREDIT_ADVICE, documents=tuple(inbound.credited(one.part) for one in sets)
    )


def _authorised(sets: Sequence[Checked]) -> Inbound:
    return Inbound(
        InboundKind.AUTHORISATIONS, documents=tuple(inbound.authorised(one.part) for one in sets)
    )


_PARTS: dict[str, Maker] = {
    "FA": acknowledged,
    "AG": acknowledged,
    "RE": _arrived,
    "AW": _regraded,
    "CD": _credited,
    "AN": _authorised,
}
