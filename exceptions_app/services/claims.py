"""Who may send a posting: claimed under a lease and a fence that every later write checks."""

from __future__ import annotations

import functools
from datetime import datetime, timedelta
from typing import Any

from django.db import connection as database
from django.db import transaction

from exceptions_app import jobs
from exceptions_app.choices import PostingStatus
from exceptions_app.errors import PostingSuperseded
from exceptions_app.models import Posting, Rma
from exceptions_app.models.statements import Select, Update, is_one_of
from exceptions_app.services import leases, moments

LEASE = leases.lease(seconds=90)
# A set may take longer than one document: some systems want several calls for it.
LEASE_PER_DOCUMENT = leases.lease(seconds=30)
# A file holds a hundred documents and is still one call.
LONGEST_LEASE = leases.lease(seconds=900)

_CLAIMED = Select(
    lambda ids: (
        Posting.objects.filter(is_one_of("pk", ids))
        .select_related("connection", "bridge__source", "bridge__erp", "rma")
        .order_by("not_before", "pk")
    )
)
_OURS = Select(lambda pk, fence: Posting.objects.filter(pk=pk, fence=fence))
_EXPIRED = Select(
    lambda now: Posting.objects.filter(status=PostingStatus.SENDING, lease_until__lt=now)
)
_REPLAN = Update(lambda rma, now: (Rma.objects.filter(pk=rma), {"plan_due_at": now}))


@functools.cache
def _guarded(names: tuple[str, ...]) -> Update:
    return Update(
        lambda its_pk, its_fence, **values: (
            Posting.objects.filter(pk=its_pk, fence=its_fence),
            {name: values[name] for name in names},
        )
    )


# The inner select is a table of its own: inside the condition it could be run once per row.
CLAIM = """
WITH due AS MATERIALIZED (
    SELECT p.id FROM exceptions_app_posting p
    JOIN exceptions_app_connectionhealth h ON h.connection_id = p.connection_id
    JOIN exceptions_app_connectionbudget b ON b.connection_id = p.connection_id
    WHERE p.status = 'ready' AND p.not_before <= %(now)s
      AND (%(kind)s = '' OR (p.connection_id = %(connection)s AND p.kind = %(kind)s
                             AND p.crashes = 0))
      AND (h.state = 'closed' OR h.probe_at <= %(now)s)
      AND (b.quiet_until IS NULL OR b.quiet_until <= %(now)s)
      AND NOT EXISTS (
        SELECT 1 FROM exceptions_app_posting e
        WHERE e.rma_id = p.rma_id AND e.id <> p.id
          AND (e.status IN ('sending', 'unconfirmed')
               OR ((e.sequence, e.id) < (p.sequence, p.id)
                   AND e.status NOT IN ('confirmed', 'cancelled'))))
    ORDER BY p.not_before, p.id
    FOR UPDATE OF p SKIP LOCKED LIMIT %(most)s)
UPDATE exceptions_app_posting SET
    status = 'sending', lease_until = %(lease)s, fence = fence + 1, attempts = attempts + 1,
    sent_at = %(now)s
WHERE id IN (SELECT id FROM due)
RETURNING id
"""


def claim(*, now: datetime) -> Posting | None:
    """Take the next due posting under a lease; earlier steps of its return must be finished."""
    found = _claim(most=1, kind="", connection_id=0, lease=LEASE, now=now)
    return found[0] if found else None


def claim_company(*, first: Posting, most: int, now: datetime) -> list[Posting]:
    """Take up to `most` more of the kind and connection of a claimed posting, the oldest first.

    Each is of another return and claimed by the same rules. One whose worker died stays alone:
    it must not take others with it a second time.
    """
    if first.crashes or most < 1:
        return []
    lease = min(LEASE + LEASE_PER_DOCUMENT * most, LONGEST_LEASE)
    found = _claim(
        most=most, kind=first.kind, connection_id=first.connection_id, lease=lease, now=now
    )
    if found:
        ours = Posting.objects.filter(pk=first.pk, fence=first.fence)
        ours.update(lease_until=now + lease)
    return found


def _claim(
    *, most: int, kind: str, connection_id: int, lease: timedelta, now: datetime
) -> list[Posting]:
    values: dict[str, Any] = {
        "now": now,
        "lease": now + lease,
        "most": most,
        "kind": kind,
        "connection": connection_id,
    }
    with transaction.atomic(), database.cursor() as cursor:
        cursor.execute(CLAIM, values)
        ids = [row[0] for row in cursor.fetchall()]
    return _CLAIMED.rows(ids=ids) if ids else []


def is_ours(posting: Posting) -> bool:
    """Whether no other worker took over since the claim, as when this process was asleep.

    A fence checked after the call keeps our rows right, not the ERP's: the call itself would make
    a second document. Asked last thing before the first byte, once its attempt is committed.
    """
    return _OURS.exists(pk=posting.pk, fence=posting.fence)


def release(posting: Posting, until: datetime) -> Posting:
    """Give an unsent claim back without burning a try: the connection is paused."""
    guarded_update(
        posting=posting,
        status=PostingStatus.READY,
        lease_until=None,
        attempts=posting.attempts - 1,
        not_before=until,
    )
    return posting


def guarded_update(*, posting: Posting, **values: Any) -> None:
    """Write named fields if the fence is still ours.

    Raises:
        PostingSuperseded: the lease was lost; nothing was written.
    """
    update = _guarded(tuple(values))
    if update.run(its_pk=posting.pk, its_fence=posting.fence, **values) != 1:
        raise PostingSuperseded(posting.key)
    for name, value in values.items():
        setattr(posting, name, value)


@transaction.atomic
def recover_expired(*, now: datetime) -> int:
    """Turn claims whose lease ran out into unknown outcomes, never into ready; returns how many.

    The settle window starts now: a zombie's request may still be on the wire (B.3, rule 7).
    """
    if not _EXPIRED.exists(now=now):
        return 0
    expired = Posting.objects.filter(status=PostingStatus.SENDING, lease_until__lt=now)
    rows = list(
        expired.select_for_update(skip_locked=True, of=("self",))
        .select_related("connection", "bridge", "rma")
        .order_by("pk")[:200]
    )
    for posting in rows:
        posting.fence += 1
        posting.crashes += 1
        posting.status = PostingStatus.UNCONFIRMED
        posting.unknown_since = now
        posting.lease_until = None
        posting.open_type = posting.open_type or "JOB_STUCK"
        posting.open_facts = posting.open_facts or {
            "kind": posting.get_kind_display(),
            "key": posting.key,
            "since": moments.written(posting.sent_at or now),
            "attempts": str(posting.attempts),
        }
        posting.save(
            update_fields=[
                "fence",
                "crashes",
                "status",
                "unknown_since",
                "lease_until",
                "open_type",
                "open_facts",
            ]
        )
        replan(posting, now)
    return len(rows)


def replan(posting: Posting, now: datetime) -> None:
    """The return's findings follow what happened to its posting."""
    _REPLAN.run(rma=posting.rma_id, now=now)
    jobs.nudge("plan")
