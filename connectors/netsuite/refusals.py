"""What NetSuite's refusals mean: by `o:errorCode` and `o:errorPath` first, by words last.

Documented: the body's shape, INVALID_LOGIN, INVALID_CONTENT with a JSON path, NONEXISTENT_ID, and
USER_ERROR for any business rule. For USER_ERROR no further code exists; its words are assumed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from connectors.errors import ConnectorError, OutcomeUnknown, Rejected, RejectionCode, RetryLater
from connectors.http import Reply

_LONGEST_TEXT = 2_000
# Somebody saved the same record meanwhile: nothing was done.
_PASSING = frozenset({"RCRD_HAS_BEEN_CHANGED", "RECORD_HAS_BEEN_CHANGED"})

# The last name in the path of an error, and what is wrong then.
_BY_PATH = {
    "item": (RejectionCode.UNKNOWN_ITEM, "sku"),
    "location": (RejectionCode.UNKNOWN_WAREHOUSE, "warehouse"),
    "transferlocation": (RejectionCode.UNKNOWN_WAREHOUSE, "warehouse"),
    "adjlocation": (RejectionCode.UNKNOWN_WAREHOUSE, "warehouse"),
    "subsidiary": (RejectionCode.UNKNOWN_DIVISION, "division"),
    "entity": (RejectionCode.UNKNOWN_CUSTOMER, "customer_code"),
    "customer": (RejectionCode.UNKNOWN_CUSTOMER, "customer_code"),
    "trandate": (RejectionCode.PERIOD_CLOSED, "date"),
    "postingperiod": (RejectionCode.PERIOD_CLOSED, "date"),
    "quantity": (RejectionCode.QUANTITY, "quantity"),
    "orderline": (RejectionCode.QUANTITY, "order_line_id"),
    "amount": (RejectionCode.AMOUNT, "net"),
    "rate": (RejectionCode.AMOUNT, "net"),
    "taxcode": (RejectionCode.VAT_SETTING, "tax_code"),
    "externalid": (RejectionCode.DUPLICATE_KEY, "key"),
}

_BY_WORDS = (
    (r"already exists|has already been used", RejectionCode.DUPLICATE_KEY, "key"),
    (r"period.*(closed|locked)|(closed|locked).*period", RejectionCode.PERIOD_CLOSED, "date"),
    (r"inactive", RejectionCode.INACTIVE_ITEM, "sku"),
    (r"subsidiar", RejectionCode.DIVISION_WAREHOUSE_PAIR, "warehouse"),
    (r"quantity|remaining", RejectionCode.QUANTITY, "quantity"),
    (r"amount", RejectionCode.AMOUNT, "net"),
    (r"status|approv|transform", RejectionCode.TRANSITION, ""),
)


@dataclass(frozen=True, slots=True)
class Detail:
    """The first detail of an error body; every part may be empty."""

    code: str
    path: str
    text: str


def of_write(reply: Reply) -> ConnectorError:
    """The error a write's 4xx answer stands for.

    `OutcomeUnknown` when the body is not NetSuite's; so does an unreadable one raise it.
    """
    detail = first_detail(reply.json())
    if detail is None:
        return OutcomeUnknown(
            f"NetSuite's answer (HTTP {reply.status}) is neither a yes nor a refusal.",
            evidence=reply.evidence,
        )
    if detail.code in _PASSING:
        return RetryLater(detail.text, evidence=reply.evidence)
    code, field = _meaning(detail, reply.status)
    return Rejected(detail.text, code=code, field=field, value=detail.path, evidence=reply.evidence)


def first_detail(document: Any) -> Detail | None:
    """The first error told; None for a body that is no error of NetSuite's."""
    if not isinstance(document, dict):
        return None
    details = document.get("o:errorDetails")
    first = details[0] if isinstance(details, list) and details else None
    if not isinstance(first, dict):
        return None
    text = str(first.get("detail") or document.get("title") or "No reason given.")
    return Detail(
        code=str(first.get("o:errorCode", "")),
        path=str(first.get("o:errorPath", "")),
        text=text[:_LONGEST_TEXT],
    )


def _meaning(detail: Detail, status: int) -> tuple[str, str]:
    last = re.sub(r"\[\d+\]", "", detail.path).rpartition(".")[2].lower()
    if last in _BY_PATH:
        return _BY_PATH[last]
    if detail.code == "NONEXISTENT_ID" or (status == 404 and not detail.path):
        return RejectionCode.UNKNOWN_ORDER, "order_erp_id"
    if detail.code in ("USER_ERROR", ""):
        for words, code, field in _BY_WORDS:
            if re.search(words, detail.text, re.IGNORECASE):
                return code, field
    return RejectionCode.UNCLASSIFIED, ""
