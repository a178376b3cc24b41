"""How long something may take before it is an exception, and how that reads."""

from __future__ import annotations

from datetime import timedelta

from exceptions_app.rules.facts import Policy

INSPECTION = timedelta(hours=72)
QUARANTINE = timedelta(days=14)
# A refund is started by people, who do not work every day.
REFUND = timedelta(days=5)
# How long the systems may tell different stories.
DRIFT = timedelta(hours=72)
EXCHANGE = timedelta(hours=48)


def restock(policy: Policy) -> timedelta:
    """Twice the time a receipt may take: by then whatever stops it has an owner."""
    return timedelta(hours=2 * policy.receipt_grace_hours)


def receipt(policy: Policy) -> timedelta:
    return timedelta(hours=policy.receipt_grace_hours)


def credit(policy: Policy) -> timedelta:
    return timedelta(hours=policy.credit_grace_hours)


def arrival(policy: Policy) -> timedelta:
    return timedelta(days=policy.arrival_days)


def words(limit: timedelta) -> str:
    """ "24 hours", "14 days", "10 minutes"."""
    if limit < timedelta(hours=1):
        count, unit = limit // timedelta(minutes=1), "minute"
    elif limit < timedelta(days=4) or limit % timedelta(days=1):
        count, unit = limit // timedelta(hours=1), "hour"
    else:
        count, unit = limit.days, "day"
    return f"{count} {unit}{'' if count == 1 else 's'}"
