"""How long something may take before it is an exception, and how that reads."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from exceptions_app.choices import PostingKind
from exceptions_app.rules.facts import Finding, Policy

# What must arrive in the ERP before these can end, where nothing else stops it.
_AWAITED = {
    "RESTOCK_LATE": PostingKind.STOCK_RECEIPT.value,
    "RECEIPT_NOT_POSTED": PostingKind.STOCK_RECEIPT.value,
    "RECEIVED_NOT_CREDITED": PostingKind.CREDIT_MEMO.value,
    "REFUND_NO_CM": PostingKind.CREDIT_MEMO.value,
}
_KINDS = {str(kind.label): kind.value for kind in PostingKind}


def awaited_document(finding: Finding) -> str:
    """The kind of document whose posting window the exception waits for; "" for none."""
    return awaited_kind(finding.type, finding.facts)


def awaited_kind(code: str, facts: Mapping[str, object]) -> str:
    """As `awaited_document`, of an exception's type and facts."""
    if code == "ERP_BATCH_WAIT":
        return _KINDS.get(str(facts.get("kind", "")), "")
    return _AWAITED.get(code, "")


def restock(policy: Policy) -> timedelta:
    """Twice the time a receipt may take: by then whatever stops it has an owner."""
    return timedelta(hours=2 * policy.receipt_grace_hours)


def receipt(policy: Policy) -> timedelta:
    return timedelta(hours=policy.receipt_grace_hours)


def credit(policy: Policy) -> timedelta:
    return timedelta(hours=policy.credit_grace_hours)


def inspection(policy: Policy) -> timedelta:
    return timedelta(hours=policy.inspection_hours)


def quarantine(policy: Policy) -> timedelta:
    return timedelta(days=policy.quarantine_days)


def refund(policy: Policy) -> timedelta:
    return timedelta(days=policy.refund_days)


def exchange(policy: Policy) -> timedelta:
    return timedelta(hours=policy.exchange_hours)


def drift(policy: Policy) -> timedelta:
    return timedelta(hours=policy.drift_hours)


def arrival(policy: Policy) -> timedelta:
    return timedelta(days=policy.arrival_days)


def promise(policy: Policy) -> timedelta:
    return timedelta(days=policy.promise_days)


def words(limit: timedelta) -> str:
    """ "24 hours", "14 days", "10 minutes"."""
    if limit < timedelta(hours=1):
        count, unit = limit // timedelta(minutes=1), "minute"
    elif limit < timedelta(days=4) or limit % timedelta(days=1):
        count, unit = limit // timedelta(hours=1), "hour"
    else:
        count, unit = limit.days, "day"
    return f"{count} {unit}{'' if count == 1 else 's'}"
