"""Credit runs started by a person, and postings keyed by hand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.contrib.auth.models import User
from django.db import transaction

from connectors.types import ManualTask
from exceptions_app import errors, jobs
from exceptions_app.choices import AttemptOutcome, HoldReason, PostingStatus
from exceptions_app.models import Bridge, CreditRun, Posting
from exceptions_app.rules import drafts, money
from exceptions_app.selectors import runs
from exceptions_app.services import attempts, audit, connections, ordering, rmas
from exceptions_app.services.claims import replan


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


def manual_task(*, posting: Posting) -> ManualTask:
    """The values a person keys into the ERP for a posting that has no API."""
    gateway = connections.gateway(connection=posting.connection, reason="plan-read")
    return gateway.manual_task(drafts.from_json(posting.draft))


@transaction.atomic
def key_by_hand(*, posting_id: int, number: str, actor: User, now: datetime) -> Posting:
    """Record the ERP's number of a document that was keyed by hand.

    Raises:
        InvalidChoice: no number given, or the posting is not a manual task.
    """
    posting = Posting.objects.select_for_update().get(pk=posting_id)
    clean = " ".join(number.split())
    if not clean or len(clean) > 80:
        raise errors.InvalidChoice("Give the ERP's document number, at most 80 characters.")
    if posting.status != PostingStatus.HELD or posting.hold_reason != HoldReason.MANUAL:
        raise errors.InvalidChoice(
            f"{posting.key} is not waiting to be keyed by hand "
            f"(it is {posting.get_status_display().lower()})."
        )
    _refuse_unfinished_predecessor(posting)
    posting.status = PostingStatus.CONFIRMED
    posting.hold_reason = HoldReason.NONE
    posting.number = clean
    posting.posted_at = now
    posting.confirmed_at = now
    posting.open_type = ""
    posting.open_facts = {}
    posting.save(
        update_fields=[
            "status",
            "hold_reason",
            "number",
            "posted_at",
            "confirmed_at",
            "open_type",
            "open_facts",
        ]
    )
    attempts.note(
        posting=posting,
        purpose="post",
        outcome=AttemptOutcome.KEYED,
        text=f"Keyed by {audit.name_of(actor)} as {clean}",
        evidence=None,
        now=now,
    )
    audit.record(
        actor=actor,
        act="posting.key_by_hand",
        subject=posting,
        text=f"Keyed by hand as {clean}",
        now=now,
        rma_id=posting.rma_id,
    )
    rmas.refresh_search(posting.rma)
    replan(posting, now)
    return posting


def _refuse_unfinished_predecessor(posting: Posting) -> None:
    earlier = (
        Posting.objects.filter(rma_id=posting.rma_id, sequence__lt=posting.sequence)
        .exclude(status__in=[PostingStatus.CONFIRMED, PostingStatus.CANCELLED])
        .order_by("sequence")
        .first()
    )
    if earlier is not None:
        raise errors.InvalidChoice(
            f"{earlier.get_kind_display()} {earlier.key} comes first and is "
            f"{earlier.get_status_display().lower()}."
        )
