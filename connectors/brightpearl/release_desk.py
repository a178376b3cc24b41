"""Releases from quarantine: several returns in one multi-message, each proved by its own note.

A release has no key. The note right behind it names what was released; the chain stops at the first
refusal, so that no note stands for a release that was not made. What the chain did not get to is
told by Brightpearl as not processed, and goes on without the return that stopped it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from connectors import errors
from connectors.brightpearl import reading, salescredits, stock
from connectors.brightpearl.client import BrightpearlClient, id_sets
from connectors.brightpearl.courier import Courier, Message, Outcomes
from connectors.brightpearl.credit_desk import credit_of
from connectors.brightpearl.kind import MAX_MESSAGES
from connectors.brightpearl.reference import Reference
from connectors.types import (
    DocumentDraft,
    DocumentRef,
    DocumentState,
    DocumentStatus,
    DraftLine,
    Receipt,
)

_NO_REFS: Mapping[str, DocumentRef] = {}


@dataclass(slots=True)
class _Release:
    """One return's messages that are not accepted yet, and what stopped it."""

    key: str
    credit_id: int
    left: list[Message]
    has_written: bool = False
    error: errors.ConnectorError | None = None

    @property
    def is_open(self) -> bool:
        return self.error is None and bool(self.left)

    def fail(self, error: errors.ConnectorError) -> None:
        """As unknown once anything was released."""
        self.error = _partly(error) if self.has_written else error


_Chain = Sequence[tuple[_Release, Message]]


class ReleaseDesk:
    def __init__(
        self, *, client: BrightpearlClient, courier: Courier, reference: Reference
    ) -> None:
        self._client = client
        self._courier = courier
        self._reference = reference

    def release(self, drafts: Sequence[DocumentDraft]) -> Outcomes:
        """One read of the notes on the credits, then one call per five lines of any return."""
        ids = {draft.key: credit_of(draft.based_on) for draft in drafts}
        notes = self._order_notes([found for found in ids.values() if found is not None])
        refused: dict[str, errors.ConnectorError] = {}
        releases: dict[str, _Release] = {}
        for draft in drafts:
            try:
                releases[draft.key] = self._release(draft, ids[draft.key], notes)
            except errors.ConnectorError as error:
                refused[draft.key] = error
        self._carry(list(releases.values()))
        return tuple(
            refused.get(draft.key) or self._outcome(releases[draft.key]) for draft in drafts
        )

    def find_releases(
        self, keys: Sequence[str], refs: Mapping[str, DocumentRef] | None
    ) -> list[DocumentState]:
        """One call per 200 credits; a key whose credit is not known is not found."""
        known = refs or _NO_REFS
        ids: dict[str, int] = {}
        for key in keys:
            ref = known.get(key, DocumentRef())
            told = int(ref.external_id) if ref.external_id.isdigit() else None
            credit_id = credit_of(ref.based_on) or told
            if credit_id is not None:
                ids[key] = credit_id
        notes = self._order_notes(list(ids.values()))
        evidence = self._client.last_evidence
        return [
            stock.release_state(key, credit_id, done, evidence)
            for key, credit_id in ids.items()
            if (done := stock.released(notes.get(credit_id, []), key))
        ]

    def _release(
        self, draft: DocumentDraft, credit_id: int | None, notes: Mapping[int, list[str]]
    ) -> _Release:
        """The lines that no note tells as released."""
        if credit_id is None:
            raise no_credit(draft)
        places = self._reference.places(salescredits.warehouse_id(draft))
        done = stock.released(notes.get(credit_id, []), draft.key)
        messages: list[Message] = []
        products = [self._reference.product_id(line) for line in draft.lines]
        for line, product_id in zip(draft.lines, products, strict=True):
            if line.bucket not in ("", stock.SALEABLE):
                raise errors.Rejected(
                    "What leaves Brightpearl's quarantine becomes saleable, and"
                    f" {line.sku} is meant to be {line.bucket}.",
                    code=errors.RejectionCode.UNCLASSIFIED,
                    field="bucket",
                    value=line.bucket,
                )
            if (product_id, line.quantity) in done:
                done.remove((product_id, line.quantity))
                continue
            messages.extend(_pair(draft, credit_id, product_id, line, places))
        return _Release(draft.key, credit_id, messages)

    def _outcome(self, release: _Release) -> Receipt | errors.ConnectorError:
        if release.error is not None:
            return release.error
        evidence = self._client.last_evidence
        return Receipt(str(release.credit_id), "", DocumentStatus.POSTED, "", evidence)

    def _carry(self, releases: Sequence[_Release]) -> None:
        """Send until each is done or stopped. What stops a whole call stops all that is left."""
        while standing := [release for release in releases if release.is_open]:
            messages = ((release, row) for release in standing for row in release.left)
            # Release and note are a pair, and a call carries an even number.
            chain = list(islice(messages, MAX_MESSAGES))
            try:
                self._send(chain)
            except errors.ConnectorError as error:
                sent = {release.key for release, _ in chain}
                for release in standing:
                    if release.is_open:
                        release.fail(error if release.key in sent else _not_sent(error))

    def _send(self, chain: _Chain) -> None:
        """One call; a multi-message refused as a whole carried nothing out, and is parted."""
        keys = dict.fromkeys(release.key for release, _ in chain)
        try:
            answers = self._courier.send_chain("release_quarantine", [row for _, row in chain])
        except errors.Rejected as error:
            if len(keys) == 1:
                chain[0][0].fail(error)
                return
            for key in keys:
                self._send([each for each in chain if each[0].key == key])
            return
        _note(chain, answers)

    def _order_notes(self, credit_ids: Sequence[int]) -> dict[int, list[str]]:
        found: dict[int, list[str]] = {}
        for ids_text in id_sets(credit_ids):
            rows = self._client.read("read_order_notes", f"/order-service/order/{ids_text}/note")
            for row in reading.rows(rows, "notes"):
                order_id = reading.whole(row, "orderId")
                found.setdefault(order_id, []).append(reading.text(row, "text"))
        return found


def _note(chain: _Chain, answers: Mapping[str, Any | errors.ConnectorError]) -> None:
    """Keep what was accepted and what was refused; the rest stays to be sent."""
    has_moved = False
    later: dict[str, tuple[_Release, errors.RetryLater]] = {}
    for release, row in chain:
        answer = answers[row.label]
        if release.error is not None:
            continue
        if isinstance(answer, errors.RetryLater):
            later.setdefault(release.key, (release, answer))
        elif isinstance(answer, errors.ConnectorError):
            release.fail(answer)
            has_moved = True
        else:
            release.left.remove(row)
            release.has_written = has_moved = True
    if not has_moved:
        # Nothing of it was carried out: the next call would do no better now.
        for release, error in later.values():
            release.fail(error)


def _pair(
    draft: DocumentDraft, credit_id: int, product_id: int, line: DraftLine, places: Any
) -> list[Message]:
    """The release, and the note that proves it, right behind it."""
    mark = stock.release_mark(draft.key, product_id, line.quantity)
    path = f"/warehouse-service/warehouse/{places.warehouse_id}/quarantine/release"
    body = {"productId": product_id, "quantity": line.quantity, "toLocationId": places.default}
    note = {"text": f"{mark} Released from quarantine. {draft.note}", "isPublic": False}
    return [
        # Two lines of a draft may say the same; no two labels do.
        Message(f"{mark} release {line.line_no}", "POST", path, body),
        Message(
            f"{mark} note {line.line_no}", "POST", f"/order-service/order/{credit_id}/note", note
        ),
    ]


def _partly(error: errors.ConnectorError) -> errors.OutcomeUnknown:
    return errors.OutcomeUnknown(
        f"Some lines were released and then it stopped: {error.text}", evidence=error.evidence
    )


def _not_sent(cause: errors.ConnectorError) -> errors.ConnectorError:
    if isinstance(cause, errors.OutcomeUnknown):
        return errors.RetryLater("Not sent: the call before it got no answer.")
    return cause


def no_credit(draft: DocumentDraft) -> errors.Rejected:
    """The refusal of goods of a return that has no sales credit."""
    return errors.Rejected(
        "Brightpearl moves a return's goods against its sales credit, and it has none of"
        f" {draft.rma_number}.",
        code=errors.RejectionCode.UNCLASSIFIED,
        field="return_authorisation",
    )
