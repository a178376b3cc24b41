"""Ask the ERP about a document before a person links it; reads only, decides nothing."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from connectors.errors import ConnectorError
from connectors.types import DocumentDraft, DocumentKind, DocumentState
from exceptions_app import errors
from exceptions_app.choices import FixKind, PostingStatus
from exceptions_app.models import Posting
from exceptions_app.rules import confirming, drafts
from exceptions_app.rules.sayings import spoken
from exceptions_app.selectors import doubt
from exceptions_app.services import calls, connections, moments


@dataclass(frozen=True, slots=True)
class Look:
    """What a look at the ERP says of the number to link; `tone` is that of its badge."""

    tone: str
    text: str


def before(*, kind: str, payload: dict[str, Any], now: datetime) -> Look | None:
    """What to know of the one document that a link or another sending is about; else None."""
    if kind == FixKind.RETRY:
        return _before_sending(payload)
    return before_linking(kind=kind, payload=payload, now=now)


def _before_sending(payload: dict[str, Any]) -> Look:
    """Which document it is, and what stands between the approval and its leaving."""
    posting = Posting.objects.select_related("connection").get(pk=payload["posting_id"])
    erp = posting.connection.name
    amount = f" for {spoken(posting.gross, posting.currency)}" if posting.gross else ""
    named = f"{posting.get_kind_display()}{amount}, key {posting.key}, to {erp}."
    if posting.status == PostingStatus.FAILED:
        return Look("", f"{named} It is sent again as it stands below.")
    first = f"It is looked for in {erp} first, and sent only if it is surely not there."
    waits = doubt.of(posting)
    if waits is not None and waits.is_out_of_reach:
        since = f" since {moments.written(waits.down_since)}" if waits.down_since else ""
        first = (
            f"{erp} cannot be reached{since}: nothing leaves before it answers. {first} That look"
            " needs no approval; it goes by itself."
        )
        return Look("warn", f"{named} {first}")
    return Look("", f"{named} {first}")


def before_linking(*, kind: str, payload: dict[str, Any], now: datetime) -> Look | None:
    """What the ERP holds under our key, beside the number given; None for any other change.

    The ERP is asked by our key, the only question every gateway can answer, and by the number where
    it can be: a document keyed by hand has no key of ours, and the answer then says that the number
    could not be checked.
    """
    if kind != FixKind.LINK_DOCUMENT:
        return None
    posting = Posting.objects.select_related("connection").get(pk=payload["posting_id"])
    number = payload["number"]
    erp = posting.connection.name
    try:
        gateway = connections.gateway(connection=posting.connection, reason="lookup")
        known = calls.references([posting])[posting.key]
        found = gateway.find_documents(
            DocumentKind(posting.kind),
            [posting.key],
            {posting.key: dataclasses.replace(known, number=number)},
        )
    except (ConnectorError, errors.DeskError) as error:
        return Look("warn", f"{number} could not be checked in {erp}: {error} {_READ}")
    if not found:
        return Look(
            "warn",
            f"{number} could not be checked: {erp} has no document under our key {posting.key}, and"
            f" one keyed by hand carries another. {_READ}",
        )
    same = [state for state in found if number in (state.number, state.external_id)]
    if not same:
        named = ", ".join(state.number or state.external_id for state in found)
        read = f"Read in {erp} {moments.written(now)}"
        return Look("bad", f"{read}: it has {named} under our key, not {number}.")
    return _beside(drafts.from_json(posting.draft), same[0], number, (erp, moments.written(now)))


_READ = "Read it there before you go on."


def _beside(draft: DocumentDraft, state: DocumentState, number: str, read: tuple[str, str]) -> Look:
    """`read` is where it was read and when: an open page grows old."""
    erp, at = read
    comparison = confirming.compare(draft, [state])
    if comparison.verdict == confirming.Verdict.REJECTED:
        return Look("bad", f"{erp} refused {number}: it is not booked.")
    if not comparison.differences:
        return Look("good", f"Read in {erp} {at}: {number} is there and equals ours.")
    text = f"Read in {erp} {at}: {confirming.found_words(comparison)}."
    is_money = state.gross is not None and state.currency in ("", draft.currency)
    if state.gross is not None and is_money and state.gross != draft.gross:
        apart = state.gross - draft.gross
        more = f"{spoken(abs(apart), draft.currency)} {'more' if apart > 0 else 'less'}"
        text += (
            f" Linked, it counts here as it stands there: {more} than the"
            f" {spoken(draft.gross, draft.currency)} that were sent. Finance then has that"
            " difference as an exception, unless the bridge's tolerance lets it pass."
        )
    return Look("warn", text)
