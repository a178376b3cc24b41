"""Ask the ERP about a document before a person links it; reads only, decides nothing."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

from connectors.errors import ConnectorError
from connectors.types import DocumentDraft, DocumentKind, DocumentState
from exceptions_app import errors
from exceptions_app.choices import FixKind
from exceptions_app.models import Posting
from exceptions_app.rules import confirming, drafts
from exceptions_app.rules.sayings import spoken
from exceptions_app.services import calls, connections


@dataclass(frozen=True, slots=True)
class Look:
    """What a look at the ERP says of the number to link; `tone` is that of its badge."""

    tone: str
    text: str


def before_linking(*, kind: str, payload: dict[str, Any]) -> Look | None:
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
        return Look("bad", f"{erp} has {named} under our key, not {number}.")
    return _beside(drafts.from_json(posting.draft), same[0], number, erp)


_READ = "Read it there before you go on."


def _beside(draft: DocumentDraft, state: DocumentState, number: str, erp: str) -> Look:
    comparison = confirming.compare(draft, [state])
    if comparison.verdict == confirming.Verdict.REJECTED:
        return Look("bad", f"{erp} refused {number}: it is not booked.")
    if not comparison.differences:
        return Look("good", f"Read in {erp} just now: {number} is there and equals ours.")
    text = f"Read in {erp} just now: {confirming.found_words(comparison)}."
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
