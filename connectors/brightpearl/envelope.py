"""Brightpearl's envelope: `{"response": …}` or `{"errors": [{"code", "message"}]}`, never both.

Documented: the envelope, 207 for mixed outcomes, 404 for a set that matches nothing, and the code
`WHSB-023`. The codes of a duplicate key, a locked period, an over-receipt and an archived product
are not published; they are told by their words here, and a refusal nobody can place is looked up by
key before it is believed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from connectors.errors import OutcomeUnknown, Rejected, RejectionCode, RetryLater, UnreadableReply
from connectors.http import Reply
from connectors.types import Evidence

NOTHING_SET = "CMNC-404"
QUOTA_WORDS = "too many requests"
_REMAINING = "brightpearl-requests-remaining"
_NEXT_PERIOD = "brightpearl-next-throttle-period"
_MINUTE_SECONDS = 60
_LONGEST_TEXT = 1_000

_BY_CODE = {"WHSB-023": (RejectionCode.QUANTITY, "quantity")}
# The first that is found decides.
_BY_WORDS: tuple[tuple[re.Pattern[str], str, str], ...] = tuple(
    (re.compile(words, re.I), code, field)
    for words, code, field in (
        (
            r"already (exists|used|been used|in use)|duplicate|must be unique|not unique",
            RejectionCode.DUPLICATE_KEY,
            "",
        ),
        (r"accounting period|period (is )?(locked|closed)", RejectionCode.PERIOD_CLOSED, "date"),
        (r"archived", RejectionCode.INACTIVE_ITEM, "item"),
        (
            r"quantity|more than (was|were|has|have)|exceed|fully received",
            RejectionCode.QUANTITY,
            "quantity",
        ),
        (r"product\b.*(not|unknown|invalid)", RejectionCode.UNKNOWN_ITEM, "item"),
        (
            r"(warehouse|location)\b.*(not|unknown|invalid)",
            RejectionCode.UNKNOWN_WAREHOUSE,
            "warehouse",
        ),
        (
            r"(contact|customer)\b.*(not|unknown|invalid)",
            RejectionCode.UNKNOWN_CUSTOMER,
            "customer",
        ),
        (r"(already|been) invoiced|already closed", RejectionCode.TRANSITION, "status"),
        (r"order\b.*(not (found|exist)|does not|unknown)", RejectionCode.UNKNOWN_ORDER, "order"),
        (r"tax ?code", RejectionCode.UNCLASSIFIED, "tax_code"),
    )
)


def quota_wait(headers: Mapping[str, str], text: str) -> int | None:
    """Seconds until calls are free again, from the header in milliseconds; None for an outage.

    Both are answered with 503; only the words tell them apart (documented).
    """
    if QUOTA_WORDS not in text.lower():
        return None
    wait = _whole(headers, _NEXT_PERIOD)
    return _MINUTE_SECONDS if wait is None else -(-wait // 1000)


def quota(headers: Mapping[str, str]) -> tuple[int | None, int]:
    """Calls left in this minute, where told, and seconds until more are free."""
    wait = _whole(headers, _NEXT_PERIOD)
    return _whole(headers, _REMAINING), 0 if wait is None else -(-wait // 1000)


def _whole(headers: Mapping[str, str], name: str) -> int | None:
    text = headers.get(name, "").strip()
    return int(text[:9]) if text.isascii() and text.isdigit() else None


def answered(reply: Reply) -> Any:
    """The `response` to a read; None where the set matches nothing."""
    document = reply.json()
    if isinstance(document, Mapping):
        if reply.status < 300 and "response" in document:
            return document["response"]
        if reply.status == 404 and refusals(document):
            return None
    text = words(document) or f"HTTP {reply.status}"
    raise UnreadableReply(
        f"Brightpearl did not answer the question: {text}", evidence=reply.evidence
    )


def accepted(status: int, document: object, evidence: Evidence | None) -> Any:
    """The `response` to a write that was accepted.

    Raises:
        Rejected: a well-formed refusal.
        RetryLater: turned away by the quota.
        OutcomeUnknown: neither.
    """
    if isinstance(document, Mapping):
        errors = refusals(document)
        if 200 <= status < 300 and "response" in document and not errors:
            return document["response"]
        if 400 <= status < 500 and errors:
            raise refused(errors, evidence)
        if status == 503 and QUOTA_WORDS in str(document.get("response", "")).lower():
            raise RetryLater("Brightpearl limits our calls.", is_throttled=True, evidence=evidence)
    raise OutcomeUnknown(
        f"Brightpearl's answer (HTTP {status}) is neither a yes nor a refusal.", evidence=evidence
    )


def refusals(document: object) -> list[tuple[str, str]]:
    """Code and message of each error; empty when the document holds none that can be read."""
    rows = document.get("errors") if isinstance(document, Mapping) else None
    if not isinstance(rows, list):
        return []
    return [
        (str(row.get("code", "")), str(row.get("message", "")))
        for row in rows
        if isinstance(row, Mapping)
    ]


def refused(errors: list[tuple[str, str]], evidence: Evidence | None) -> Rejected:
    """The refusal as ours, by the first of several errors that can be placed."""
    text = "; ".join(f"{message} ({code})" for code, message in errors)[:_LONGEST_TEXT]
    placed = [_place(code, message) for code, message in errors]
    known = [place for place in placed if place[0] != RejectionCode.UNCLASSIFIED]
    code, field = (known or placed)[0]
    return Rejected(text, code=code, field=field, evidence=evidence)


def words(document: object) -> str:
    """What an answer says in words, for people."""
    errors = refusals(document)
    if errors:
        return "; ".join(f"{message} ({code})" for code, message in errors)[:_LONGEST_TEXT]
    told = document.get("response") if isinstance(document, Mapping) else None
    return told[:_LONGEST_TEXT] if isinstance(told, str) else ""


def _place(code: str, message: str) -> tuple[str, str]:
    if code in _BY_CODE:
        return _BY_CODE[code]
    for pattern, ours, field in _BY_WORDS:
        if pattern.search(message):
            return ours, field
    return RejectionCode.UNCLASSIFIED, ""
