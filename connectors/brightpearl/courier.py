"""Carries writes: up to ten in one multi-message, one by one where that does not work.

A multi-message is reported to count as one call of the quota (second hand), and has been out of
service on its own for hours. What it carries is keyed, so that sending each message again alone is
safe: one that did land is refused as a duplicate, and looked up.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connectors import errors
from connectors.brightpearl.client import BrightpearlClient, message, outcomes
from connectors.brightpearl.kind import MAX_MESSAGES
from connectors.brightpearl.memory import Memory
from connectors.types import DocumentDraft, DocumentStatus, Receipt

_OUT_NAME = "multi_message_is_out"
_OUT_SECONDS = 600

# What a call for several documents gives for each of them, in their order.
Outcomes = tuple[Receipt | errors.ConnectorError, ...]


@dataclass(frozen=True, slots=True)
class Message:
    """One write; `label` is the key of what it writes."""

    label: str
    method: str
    path: str
    body: object


class Courier:
    def __init__(self, *, client: BrightpearlClient, memory: Memory) -> None:
        self._client = client
        self._memory = memory

    def send(
        self, operation: str, messages: Sequence[Message], *, is_repeatable: bool = True
    ) -> dict[str, Any | errors.ConnectorError]:
        """What became of each message, by label; one call.

        Only repeatable messages are sent again alone when a multi-message fails.

        Raises:
            RetryLater, Misconfigured, OutcomeUnknown: of the call as a whole.
        """
        if not messages:
            return {}
        if len(messages) > MAX_MESSAGES:
            raise ValueError(f"a multi-message carries {MAX_MESSAGES} messages at most")
        # A multi-message of one is not supported.
        is_alone = len(messages) == 1
        if is_alone or (is_repeatable and self._memory.known(_OUT_NAME)):
            return self._one_by_one(operation, messages, is_doubtful=False)
        try:
            reply = self._client.post_messages(
                operation, [message(row.label, row.method, row.path, row.body) for row in messages]
            )
            return outcomes(reply, [row.label for row in messages])
        except errors.Rejected:
            return self._one_by_one(operation, messages, is_doubtful=False)
        except errors.OutcomeUnknown as error:
            status = error.evidence.status if error.evidence else None
            if not is_repeatable or status is None or status < 500:
                raise
            self._memory.put(_OUT_NAME, value=True, seconds=_OUT_SECONDS)
            return self._one_by_one(operation, messages, is_doubtful=True)

    def send_chain(
        self, operation: str, messages: Sequence[Message]
    ) -> dict[str, Any | errors.ConnectorError]:
        """A chain that stops at the first refusal, never sent one by one; one call."""
        reply = self._client.post_chain(
            operation, [message(row.label, row.method, row.path, row.body) for row in messages]
        )
        return outcomes(reply, [row.label for row in messages])

    def _one_by_one(
        self, operation: str, messages: Sequence[Message], *, is_doubtful: bool
    ) -> dict[str, Any | errors.ConnectorError]:
        """`is_doubtful`: the multi-message may have been carried out, so nothing is surely undone.

        What stops one message stops those after it; refusals stop nothing.
        """
        found: dict[str, Any | errors.ConnectorError] = {}
        stopped: errors.ConnectorError | None = None
        for row in messages:
            if stopped is not None:
                found[row.label] = _not_sent(stopped, is_doubtful=is_doubtful)
                continue
            try:
                found[row.label] = self._client.write(operation, row.method, row.path, row.body)
            except errors.Rejected as error:
                found[row.label] = error
            except errors.ConnectorError as error:
                stopped = error
                found[row.label] = _doubted(error) if is_doubtful else error
        return found


def _not_sent(cause: errors.ConnectorError, *, is_doubtful: bool) -> errors.ConnectorError:
    if is_doubtful:
        return _doubted(cause)
    if isinstance(cause, errors.OutcomeUnknown):
        return errors.RetryLater("Not sent: the message before it got no answer.")
    return cause


def _doubted(error: errors.ConnectorError) -> errors.ConnectorError:
    if isinstance(error, errors.OutcomeUnknown):
        return error
    return errors.OutcomeUnknown(
        f"The multi-message failed, and so did sending this again: {error.text}",
        evidence=error.evidence,
    )


def rendered(
    drafts: Sequence[DocumentDraft], render: Callable[[DocumentDraft], Message]
) -> dict[str, Message | errors.Rejected]:
    """Each draft's message by its key, or why there can be none."""
    found: dict[str, Message | errors.Rejected] = {}
    for draft in drafts:
        try:
            found[draft.key] = render(draft)
        except errors.Rejected as error:
            found[draft.key] = error
    return found


def settled(
    drafts: Sequence[DocumentDraft],
    answers: Mapping[str, Any | errors.ConnectorError],
    receipt: Callable[[DocumentDraft, Any], Receipt | errors.ConnectorError],
    is_there: Callable[[Sequence[DocumentDraft]], frozenset[str]],
) -> Outcomes:
    """The outcome of each draft; a refusal is believed once its document was looked for.

    No code of a duplicate key is published, and a document that landed late makes any refusal
    likely (too many units, already closed), so every refusal from there is looked up: in one set.
    """
    doubted = [draft for draft in drafts if _is_told(answers[draft.key])]
    there: frozenset[str] = frozenset()
    if doubted:
        try:
            there = is_there(doubted)
        except errors.ConnectorError:
            there = frozenset(draft.key for draft in doubted)
    return tuple(_outcome(draft, answers[draft.key], receipt, there) for draft in drafts)


def _is_told(answer: object) -> bool:
    return isinstance(answer, errors.Rejected) and answer.evidence is not None


def _outcome(
    draft: DocumentDraft,
    answer: Any | errors.ConnectorError,
    receipt: Callable[[DocumentDraft, Any], Receipt | errors.ConnectorError],
    there: frozenset[str],
) -> Receipt | errors.ConnectorError:
    if isinstance(answer, errors.Rejected) and draft.key in there:
        return errors.OutcomeUnknown(
            f"Brightpearl may hold this document already: {answer.text}",
            evidence=answer.evidence,
        )
    if isinstance(answer, errors.ConnectorError):
        return answer
    return receipt(draft, answer)


def id_receipt(
    response: object, client: BrightpearlClient, status: DocumentStatus = DocumentStatus.POSTED
) -> Receipt | errors.ConnectorError:
    """The receipt of a create that answers the new id; any other answer leaves it unknown."""
    if isinstance(response, Mapping):
        response = response.get("id")
    evidence = client.last_evidence
    is_id = isinstance(response, int) and not isinstance(response, bool)
    if not is_id and not (isinstance(response, str) and response.isdigit()):
        return errors.OutcomeUnknown("The answer to a create has no id.", evidence=evidence)
    return Receipt(str(response), str(response), status, "", evidence)
