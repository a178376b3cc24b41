"""What a reply means: a yes, a refusal with our code, or an outcome nobody knows."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Protocol

from connectors import errors
from connectors.http import Reply
from connectors.profiled import reading
from connectors.profiled.parts import ErrorRule, Refusal, Success

_REFUSAL_STATUS = range(400, 500)
_LONGEST_TEXT = 2_000
# To a question, these refusals say that what was asked for is not there.
_NOT_THERE = frozenset({errors.RejectionCode.UNKNOWN_ORDER, errors.RejectionCode.UNKNOWN_ITEM})


class Rules(Protocol):
    """What a profile says of errors."""

    @property
    def errors(self) -> tuple[ErrorRule, ...]: ...

    @property
    def error_texts(self) -> tuple[str, ...]: ...


class Replies(Protocol):
    """Parses what a transport brings, raising as `Reply.json` does."""

    def document(self, reply: Reply) -> Any: ...


class ReplyJudge:
    """Applies the success tests and error rules of one profile; `asked` is whom texts name."""

    def __init__(
        self,
        profile: Rules,
        *,
        asked: str = "The ERP",
        replies: Replies | None = None,
        refusal: Refusal | None = None,
    ) -> None:
        self._rules = profile.errors
        self._text_paths = profile.error_texts
        self._asked = asked
        self._read: Callable[[Reply], Any] = replies.document if replies else _json
        self._refusal = refusal

    def accepted(self, reply: Reply, success: Success) -> Any:
        """The parsed reply to a write that was accepted.

        Raises:
            Rejected, RetryLater, Misconfigured: a rule says so.
            OutcomeUnknown: neither a clear yes nor a well-formed refusal.
        """
        document = self._read(reply)
        says_no = self._says_no(document)
        is_yes = reply.status in success.status and reading.text_at(success.path, document)
        if is_yes and not says_no:
            return document
        is_refusal = says_no or reply.status in _REFUSAL_STATUS
        raise self._write_error(reply, document, is_refusal=is_refusal)

    def answered(self, reply: Reply) -> Any:
        """The parsed reply to a read.

        Raises:
            RetryLater, Misconfigured, NotFound: a rule says so.
            UnreadableReply: any other answer that is not a readable 2xx.
        """
        document = self._read(reply)
        if reply.status not in _REFUSAL_STATUS and not self._says_no(document):
            return document
        rule, text = self._matched(reply.status, document, is_refusal=True)
        error = _outcome(rule, text, reply)
        if rule.code in _NOT_THERE:
            error = errors.NotFound(text, evidence=reply.evidence)
        shown = text or f"HTTP {reply.status}"
        raise error or errors.UnreadableReply(
            f"{self._asked} did not answer the question: {shown}",
            field=rule.field,
            evidence=reply.evidence,
        )

    def refusal_rule(self, text: str) -> ErrorRule | None:
        """The rule that recognises `text` as a refusal, wherever it was found."""
        rules = [rule for rule in self._rules if rule.code and rule.match]
        return next((rule for rule in rules if _fits_text(rule, text)), None)

    def _says_no(self, document: object) -> bool:
        """Whether the document itself is a refusal, whatever the status."""
        return self._refusal is not None and bool(reading.search(self._refusal.path, document))

    def _write_error(
        self, reply: Reply, document: object, *, is_refusal: bool
    ) -> errors.ConnectorError:
        rule, text = self._matched(reply.status, document, is_refusal=is_refusal)
        if error := _outcome(rule, text, reply):
            return error
        if rule.code:
            return errors.Rejected(text, code=rule.code, field=rule.field, evidence=reply.evidence)
        if is_refusal and text:
            code = errors.RejectionCode.UNCLASSIFIED
            return errors.Rejected(text, code=code, evidence=reply.evidence)
        return errors.OutcomeUnknown(
            f"{self._asked} gave an answer (HTTP {reply.status}) that is neither a yes nor a"
            " refusal.",
            evidence=reply.evidence,
        )

    def _matched(self, status: int, document: object, *, is_refusal: bool) -> tuple[ErrorRule, str]:
        general = self._general_text(document)
        for rule in self._rules:
            text = reading.text_at(rule.path, document) if rule.path else general
            if _fits_status(rule, status, is_refusal=is_refusal) and _fits_text(rule, text):
                return rule, text or general
        return self._rules[-1], general

    def _general_text(self, document: object) -> str:
        texts = (reading.text_at(path, document) for path in self._text_paths)
        return next((text[:_LONGEST_TEXT] for text in texts if text), "")


def _json(reply: Reply) -> Any:
    return reply.json()


def _fits_status(rule: ErrorRule, status: int, *, is_refusal: bool) -> bool:
    if rule.outcome == "unknown":
        return True
    return status in rule.status if rule.status else is_refusal


def _fits_text(rule: ErrorRule, text: str) -> bool:
    if not rule.match:
        return bool(rule.status) or bool(text)
    return bool(text) and re.search(rule.match, text, re.IGNORECASE) is not None


def _outcome(rule: ErrorRule, text: str, reply: Reply) -> errors.ConnectorError | None:
    match rule.outcome:
        case "retry_later":
            return errors.RetryLater(text, evidence=reply.evidence)
        case "credentials":
            return errors.Misconfigured(text, is_credentials=True, evidence=reply.evidence)
        case "not_found":
            return errors.NotFound(text, evidence=reply.evidence)
        case _:
            return None
