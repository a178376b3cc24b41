"""Who may send a posting: claimed under a lease and a fence that every later write checks."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import connection as database
from django.db import transaction

from exceptions_app import jobs
from exceptions_app.choices import PostingStatus
from exceptions_app.errors import PostingSuperseded
from exceptions_app.models import Posting, Rma
from exceptions_app.services import leases

LEASE = leases.lease(seconds=90)
# A set may take longer than one document: some systems want several calls for it.
LEASE_PER_DOCUMENT = leases.lease(seconds=30)
# A file holds a hundred documents and is still one call.
LONGEST_LEASE = leases.lease(seconds=900)

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
    rows = Posting.objects.select_related("connection", "bridge__source", "bridge__erp", "rma")
    return list(rows.filter(pk__in=ids).order_by("not_before", "pk")) if ids else []


def is_ours(posting: Posting) -> bool:
    """Whether no other worker took over since the claim, as when this process was asleep.

    A fence checked after the call keeps our rows right, not the ERP's: the call itself would make
    a second document. Asked last thing before the first byte, once its attempt is committed.
    """
    return Posting.objects.filter(pk=posting.pk, fence=posting.fence).exists()


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
    changed = Posting.objects.filter(pk=posting.pk, fence=posting.fence).update(**values)
    if changed != 1:
        raise PostingSuperseded(posting.key)
    for name, value in values.items():
        setattr(posting, name, value)


@transaction.atomic
def recover_expired(*, now: datetime) -> int:
    """Turn claims whose lease ran out into unknown outcomes, never into ready; returns how many.

    The settle window starts now: a zombie's request may still be on the wire (B.3, rule 7).
    """
    expired = Posting.objects.filter(status=PostingStatus.SENDING, lease_until__lt=now)
    if not expired.exists():
        return 0
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
            "since": now.isoformat(),
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
    Rma.objects.filter(pk=posting.rma_id).update(plan_due_at=now)
    jobs.nudge("plan")
