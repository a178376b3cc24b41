"""Send one posting: claim, call, settle. No transaction is open during the call (decision 0004).

The intent is committed before the first byte leaves; the claim carries a lease and a fence that
every
later write checks; a lost reply makes the posting unconfirmed and is never sent again blindly.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection as database
from django.db import transaction

from connectors.errors import (
    ConnectorError,
    Misconfigured,
    NotFound,
    OutcomeUnknown,
    Rejected,
    RetryLater,
)
from connectors.types import Receipt
from exceptions_app import jobs
from exceptions_app.choices import AttemptOutcome, PostingStatus
from exceptions_app.errors import PostingSuperseded
from exceptions_app.models import Connection, Posting, PostingAttempt, Rma
from exceptions_app.rules import confirming, drafts, retry
from exceptions_app.services import attempts, calls, connections, health, leases, moments
from exceptions_app.services.faultpoints import reach

LEASE = leases.lease(seconds=90)
# How long after an accepted create the first read-back is made.
CONFIRM_AFTER = timedelta(seconds=getattr(settings, "RETURNSBRIDGE_CONFIRM_AFTER_SECONDS", 2))
# A posting whose worker died this often is handed to a person (poison).
CRASHES_BEFORE_PARKING = 3

_CLAIM = """
UPDATE exceptions_app_posting SET
    status = 'sending', lease_until = %(lease)s, fence = fence + 1, attempts = attempts + 1,
    sent_at = %(now)s
WHERE id = (
    SELECT p.id FROM exceptions_app_posting p
    JOIN exceptions_app_connectionhealth h ON h.connection_id = p.connection_id
    JOIN exceptions_app_connectionbudget b ON b.connection_id = p.connection_id
    WHERE p.status = 'ready' AND p.not_before <= %(now)s
      AND (h.state = 'closed' OR h.probe_at <= %(now)s)
      AND (b.quiet_until IS NULL OR b.quiet_until <= %(now)s)
      AND NOT EXISTS (
        SELECT 1 FROM exceptions_app_posting e
        WHERE e.rma_id = p.rma_id AND e.id <> p.id
          AND (e.status IN ('sending', 'unconfirmed')
               OR ((e.sequence, e.id) < (p.sequence, p.id)
                   AND e.status NOT IN ('confirmed', 'cancelled'))))
    ORDER BY p.not_before, p.id
    FOR UPDATE OF p SKIP LOCKED LIMIT 1)
RETURNING id
"""


def post_next(*, now: datetime) -> Posting | None:
    """Claim and send the next due posting; None when nothing is due.

    Connector errors never leave here: each ends as a later time, an unknown outcome or a case.
    """
    posting = claim(now=now)
    if posting is None:
        return None
    reach("after_claim", posting.key)
    if not health.may_call(connection_id=posting.connection_id, now=now):
        return _release(posting, now + health.PROBE_EVERY)
    if _is_spent(posting):
        return _give_up(posting, now)
    return send(posting=posting, now=now)


def claim(*, now: datetime) -> Posting | None:
    """Take the next due posting under a lease; earlier steps of its return must be finished."""
    with transaction.atomic(), database.cursor() as cursor:
        cursor.execute(_CLAIM, {"now": now, "lease": now + LEASE})
        row = cursor.fetchone()
    if row is None:
        return None
    return Posting.objects.select_related("connection", "bridge__source", "bridge__erp", "rma").get(
        pk=row[0]
    )


def send(*, posting: Posting, now: datetime) -> Posting:
    """Make the call for a claimed posting and settle it by the answer."""
    try:
        call = calls.prepare(posting=posting)
    except ConnectorError as error:
        return _settle_error(posting, None, error, now)
    attempt = attempts.begin(posting=posting, purpose="post", request=call.preview, now=now)
    if not _is_ours(posting):
        return _withdraw(posting, attempt, now)
    reach("before_call", posting.key)
    try:
        receipt = call()
    except ConnectorError as error:
        # The settle window counts from the lost reply: the claim may be a lease ago by now.
        answered_at = connections.moment()
        reach("after_call", posting.key)
        return _settle_error(posting, attempt, error, answered_at)
    answered_at = connections.moment()
    reach("after_call", posting.key)
    return _settle(posting, attempt, receipt, answered_at)


def _is_ours(posting: Posting) -> bool:
    """Whether no other worker took over since the claim, as when this process was asleep.

    A fence checked after the call keeps our rows right, not the ERP's: the call itself would make
    a second document. Asked last thing before the first byte, once its attempt is committed.
    """
    return Posting.objects.filter(pk=posting.pk, fence=posting.fence).exists()


def _withdraw(posting: Posting, attempt: PostingAttempt, now: datetime) -> Posting:
    attempts.end(
        attempt=attempt,
        outcome=AttemptOutcome.SUPERSEDED,
        text="Overtaken by another worker before anything was sent",
        evidence=None,
        now=now,
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
    rows = list(
        Posting.objects.select_for_update(skip_locked=True, of=("self",))
        .select_related("connection", "bridge", "rma")
        .filter(status=PostingStatus.SENDING, lease_until__lt=now)
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


def fraction(posting: Posting) -> float:
    """A fixed pseudo-random share per posting and try: jitter that a replayed history repeats."""
    digest = hashlib.sha256(f"{posting.key}:{posting.attempts}".encode()).digest()
    return int.from_bytes(digest[:4], "big") / 2**32


@transaction.atomic
def _settle(
    posting: Posting, attempt: PostingAttempt, receipt: Receipt | None, now: datetime
) -> Posting:
    reach("before_settle")
    values: dict[str, Any] = {
        "lease_until": None,
        "unknown_since": None,
        "posted_at": now,
        "not_before": now + CONFIRM_AFTER,
        "status": PostingStatus.POSTED,
        "lookups": 0,
    }
    if receipt is None:
        # A note is its own proof: the port read the timeline before it wrote.
        values |= {"status": PostingStatus.CONFIRMED, "confirmed_at": now}
    else:
        values |= {
            "external_id": receipt.external_id,
            "number": receipt.number,
            "url": receipt.url,
        }
    if not _write(posting, attempt, AttemptOutcome.ACCEPTED, "Accepted", receipt, now, values):
        return posting
    health.note_success(connection_id=posting.connection_id, now=now)
    jobs.nudge("settle")
    if receipt is None:
        replan(posting, now)
    return posting


@transaction.atomic
def _settle_error(
    posting: Posting, attempt: PostingAttempt | None, error: ConnectorError, now: datetime
) -> Posting:
    outcome, values = _verdict(posting, error, now)
    attempt = attempt or attempts.begin(posting=posting, purpose="post", request="", now=now)
    if not _write(posting, attempt, outcome, error.text, error, now, values):
        return posting
    if isinstance(error, Misconfigured | RetryLater | OutcomeUnknown):
        health.note_failure(connection_id=posting.connection_id, error=error, now=now)
    if outcome == AttemptOutcome.REJECTED:
        health.note_success(connection_id=posting.connection_id, now=now)
    if posting.status == PostingStatus.FAILED:
        replan(posting, now)
    return posting


def _verdict(posting: Posting, error: ConnectorError, now: datetime) -> tuple[str, dict[str, Any]]:
    """What an error makes of a claimed posting (DESIGN section 4, the table of border errors)."""
    free: dict[str, Any] = {"lease_until": None}
    if isinstance(error, Rejected):
        return AttemptOutcome.REJECTED, {
            **free,
            "status": PostingStatus.FAILED,
            "open_type": confirming.refusal_type(error.code, posting.kind),
            "open_facts": refusal_facts(posting, error.code, error.field, error.value, error.text),
        }
    if isinstance(error, Misconfigured):
        # The connection stops, not the posting: no try is burnt.
        later = now + health.PROBE_EVERY
        return AttemptOutcome.MISCONFIGURED, {
            **free,
            "status": PostingStatus.READY,
            "attempts": posting.attempts - 1,
            "not_before": later,
        }
    if isinstance(error, RetryLater | NotFound):
        return AttemptOutcome.RETRY_LATER, {**free, **_later(posting, error, now)}
    return AttemptOutcome.UNKNOWN, {
        **free,
        "status": PostingStatus.UNCONFIRMED,
        "unknown_since": now,
    }


def _later(posting: Posting, error: ConnectorError, now: datetime) -> dict[str, Any]:
    after = error.after_seconds if isinstance(error, RetryLater) else None
    is_throttled = isinstance(error, RetryLater) and error.is_throttled
    tries = posting.attempts - 1 if is_throttled else posting.attempts
    delay = retry.next_delay_seconds(
        attempts=max(tries, 1), fraction=fraction(posting), after_seconds=after
    )
    return {
        "status": PostingStatus.READY,
        "attempts": tries,
        "not_before": now + timedelta(seconds=float(delay)),
    }


def _write(
    posting: Posting,
    attempt: PostingAttempt,
    outcome: str,
    text: str,
    answer: Receipt | ConnectorError | None,
    now: datetime,
    values: dict[str, Any],
) -> bool:
    """Write the outcome under the fence; False when another worker has overtaken this one."""
    evidence = answer.evidence if answer is not None else None
    try:
        guarded_update(posting=posting, **values)
    except PostingSuperseded:
        text = f"Overtaken by another worker; its own answer was: {text}"
        attempts.end(
            attempt=attempt,
            outcome=AttemptOutcome.SUPERSEDED,
            text=text,
            evidence=evidence,
            now=now,
        )
        return False
    attempts.end(attempt=attempt, outcome=outcome, text=text, evidence=evidence, now=now)
    return True


def refusal_facts(posting: Posting, code: str, field: str, value: str, text: str) -> dict[str, str]:
    return {
        "kind": posting.get_kind_display(),
        "key": posting.key,
        "vendor_code": code,
        "vendor_text": text,
        "field": field,
        "value_refused": value,
        "period": drafts.from_json(posting.draft).date.strftime("%B %Y"),
        "posting_date": str(posting.draft["date"]),
        "warehouse": str(posting.draft["warehouse"]),
        "division": str(posting.draft["division"]),
    }


def _release(posting: Posting, until: datetime) -> Posting:
    """Give an unsent claim back without burning a try: the connection is paused."""
    guarded_update(
        posting=posting,
        status=PostingStatus.READY,
        lease_until=None,
        attempts=posting.attempts - 1,
        not_before=until,
    )
    return posting


def _is_spent(posting: Posting) -> bool:
    return (
        retry.is_exhausted(attempts=posting.attempts - 1)
        or posting.crashes >= CRASHES_BEFORE_PARKING
    )


@transaction.atomic
def _give_up(posting: Posting, now: datetime) -> Posting:
    last = list(
        posting.attempt_rows.exclude(text="").order_by("-id").values_list("text", flat=True)[:3]
    )
    first = posting.attempt_rows.order_by("id").values_list("started_at", flat=True).first()
    guarded_update(
        posting=posting,
        status=PostingStatus.FAILED,
        lease_until=None,
        attempts=posting.attempts - 1,
        open_type="RETRY_EXHAUSTED",
        open_facts={
            "kind": posting.get_kind_display(),
            "key": posting.key,
            "attempts": str(posting.attempts - 1),
            "since": moments.written(first) if first else "",
            "vendor_text": " · ".join(last) or "The worker ended each time.",
        },
    )
    replan(posting, now)
    return posting


def usable_erps() -> list[Connection]:
    return list(Connection.objects.filter(is_active=True, erp_bridges__isnull=False).distinct())
