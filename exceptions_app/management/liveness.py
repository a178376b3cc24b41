"""Whether the background work is alive: judged by rows that wait and by heartbeats (A.7)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q

from exceptions_app.choices import POSTING_FINISHED, BreakerState, EventState, PostingStatus
from exceptions_app.models import Heartbeat, InboundEvent, Posting, Rma

TICK = timedelta(minutes=1)
LIMIT = 3 * TICK


def complaints(*, now: datetime) -> tuple[str, ...]:
    """What is late, in words; empty when all is well. A queue that never beat is late too."""
    return (*late_rows(now=now), *(f"{name} has not run" for name in silent(now=now)))


def silent(*, now: datetime, queues: Iterable[str] | None = None) -> tuple[str, ...]:
    """The queues (of all that ever beat, or of `queues`) without a sign of life for LIMIT."""
    beats = dict(Heartbeat.objects.values_list("queue", "beat_at"))
    wanted = beats if queues is None else queues
    return tuple(name for name in sorted(wanted) if name not in beats or now - beats[name] > LIMIT)


def late_rows(*, now: datetime) -> tuple[str, ...]:
    """Due rows nobody has taken for LIMIT; what waits for a broken connection is not due."""
    since = now - LIMIT
    late = {
        "messages": _late_messages(since, now),
        "plans": Rma.objects.filter(plan_due_at__lt=since, bridge__is_active=True)
        .exclude(plan_lease_until__gt=now)
        .exists(),
        "documents": _late_documents(since, now),
    }
    return tuple(
        f"{name} have been due for more than 3 ticks" for name, is_late in late.items() if is_late
    )


def _late_messages(since: datetime, now: datetime) -> bool:
    return (
        InboundEvent.objects.filter(state=EventState.NEW, received_at__lt=since)
        .filter(Q(not_before__isnull=True) | Q(not_before__lt=since))
        .exclude(lease_until__gt=now)
        .exists()
    )


def _late_documents(since: datetime, now: datetime) -> bool:
    before = Posting.objects.filter(rma=OuterRef("rma"), sequence__lte=OuterRef("sequence"))
    unfinished = before.exclude(pk=OuterRef("pk")).exclude(status__in=POSTING_FINISHED)
    return (
        Posting.objects.filter(
            ~Exists(unfinished),
            status=PostingStatus.READY,
            not_before__lt=since,
            connection__health__state=BreakerState.CLOSED,
        )
        .exclude(connection__budget__quiet_until__gt=since)
        .exists()
    )
