"""Credit runs started by a person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.contrib.auth.models import User
from django.db import transaction

from exceptions_app import errors, jobs
from exceptions_app.choices import HoldReason, PostingStatus
from exceptions_app.models import Bridge, CreditRun, Posting
from exceptions_app.rules import money
from exceptions_app.selectors import runs
from exceptions_app.services import audit, ordering


@dataclass(frozen=True, slots=True)
class Shown:
    """What the person who starts a run was shown: nothing else may leave for their yes."""

    count: int
    total: Decimal
    last_id: int


@transaction.atomic
def start(
    *,
    bridge: Bridge,
    actor: User,
    now: datetime,
    currency: str = "",
    shown: Shown | None = None,
) -> CreditRun:
    """Release the credits that wait for a run; the run's total is the sum of its members (R011).

    One currency a run: the bridge's own where none is named. With `shown`, credits that arrived
    after it wait for the next run.

    Raises:
        InvalidChoice: none is waiting, or what was shown has changed; nothing was started.
    """
    currency = currency or bridge.currency
    members = runs.members(bridge=bridge, currency=currency)
    if shown is not None:
        members = members.filter(pk__lte=shown.last_id)
    waiting = list(members.select_for_update().order_by("pk"))
    if not waiting:
        raise errors.InvalidChoice(f"No credit of {bridge.name} waits for a run.")
    total = sum((posting.gross for posting in waiting), Decimal(0))
    if shown is not None and (shown.count, shown.total) != (len(waiting), total):
        before = _credits(shown.count, shown.total, currency)
        after = _credits(len(waiting), total, currency)
        raise errors.InvalidChoice(
            f"Nothing was started. You were shown {before}; what waits now is {after}. Look again."
        )
    run = CreditRun.objects.create(
        bridge=bridge,
        started_by=audit.name_of(actor),
        started_at=now,
        count=len(waiting),
        total=total,
        currency=currency,
    )
    Posting.objects.filter(pk__in=[posting.pk for posting in waiting]).update(
        status=PostingStatus.PLANNED, hold_reason=HoldReason.NONE, run=run, not_before=now
    )
    ordering.promote_next(rma_ids=[posting.rma_id for posting in waiting], now=now)
    audit.record(
        actor=actor,
        act="run.start",
        subject=run,
        text=f"Credit run of {_credits(run.count, run.total, run.currency)}",
        now=now,
    )
    jobs.nudge("post")
    return run


def _credits(count: int, total: Decimal, currency: str) -> str:
    """ "1 credit over 1200 JPY": in the currency's own places."""
    noun = "credit" if count == 1 else "credits"
    return f"{count} {noun} over {money.exact_text(total, currency)} {currency}"
