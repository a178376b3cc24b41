"""What the answer to a send makes of its posting (DESIGN section 4, the table of border errors).

Every outcome is written under the fence of the claim, together with the end of its attempt.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
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
from exceptions_app.models import Posting, PostingAttempt
from exceptions_app.rules import confirming, dating, drafts, retry
from exceptions_app.services import attempts, claims, health, moments, periods
from exceptions_app.services.faultpoints import reach

# How long after an accepted create the first read-back is made.
CONFIRM_AFTER = timedelta(seconds=getattr(settings, "RETURNSBRIDGE_CONFIRM_AFTER_SECONDS", 2))
# A posting whose worker died this often is handed to a person (poison).
CRASHES_BEFORE_PARKING = 3


@transaction.atomic
def settle(
    posting: Posting, attempt: PostingAttempt, receipt: Receipt | None, now: datetime
) -> Posting:
    if _accept(posting, attempt, receipt, now):
        health.note_success(connection_id=posting.connection_id, now=now)
    return posting


@transaction.atomic
def settle_error(
    posting: Posting, attempt: PostingAttempt | None, error: ConnectorError, now: datetime
) -> Posting:
    if not _refuse(posting, attempt, error, now):
        return posting
    if isinstance(error, Misconfigured | RetryLater | OutcomeUnknown):
        health.note_failure(connection_id=posting.connection_id, error=error, now=now)
    if isinstance(error, Rejected):
        health.note_success(connection_id=posting.connection_id, now=now)
    return posting


def settle_set(
    *,
    sent: Sequence[tuple[Posting, PostingAttempt]],
    answers: Sequence[Receipt | ConnectorError],
    now: datetime,
) -> None:
    """Settle each document of one call by its own answer; the connection's health hears once.

    Each is a transaction of its own: what one of them meets leaves the others alone.
    """
    for (posting, attempt), answer in zip(sent, answers, strict=True):
        with transaction.atomic():
            if isinstance(answer, ConnectorError):
                _refuse(posting, attempt, answer, now)
            else:
                _accept(posting, attempt, answer, now)
    if sent:
        _note_health(sent[0][0].connection_id, answers, now)


def _note_health(
    connection_id: int, answers: Sequence[Receipt | ConnectorError], now: datetime
) -> None:
    """One call is one answer, however many documents it carried: ten would open the breaker."""
    failures = [
        each for each in answers if isinstance(each, Misconfigured | RetryLater | OutcomeUnknown)
    ]
    stops = [each for each in failures if _slows_all(each)]
    if stops or len(failures) == len(answers):
        health.note_failure(connection_id=connection_id, error=[*stops, *failures][0], now=now)
    else:
        health.note_success(connection_id=connection_id, now=now)


def _slows_all(error: ConnectorError) -> bool:
    is_throttled = isinstance(error, RetryLater) and error.is_throttled
    return is_throttled or isinstance(error, Misconfigured)


def _accept(
    posting: Posting, attempt: PostingAttempt, receipt: Receipt | None, now: datetime
) -> bool:
    """Note a yes; False when another worker has overtaken this one."""
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
        proved = {"open_type": "", "open_facts": {}}
        values |= {"status": PostingStatus.CONFIRMED, "confirmed_at": now, **proved}
    else:
        values |= {
            "external_id": receipt.external_id,
            "number": receipt.number,
            "url": receipt.url,
        }
    if not _write(posting, attempt, AttemptOutcome.ACCEPTED, "Accepted", receipt, now, values):
        return False
    jobs.nudge("settle")
    if receipt is None:
        claims.replan(posting, now)
    return True


def _refuse(
    posting: Posting, attempt: PostingAttempt | None, error: ConnectorError, now: datetime
) -> bool:
    """Note what an error makes of a posting; False when another worker has overtaken this one."""
    outcome, values = _verdict(posting, error, now)
    attempt = attempt or attempts.begin(posting=posting, purpose="post", request="", now=now)
    if not _write(posting, attempt, outcome, error.text, error, now, values):
        return False
    if isinstance(error, Rejected):
        periods.note_refusal(connection_id=posting.connection_id, code=error.code, now=now)
    if posting.status == PostingStatus.FAILED:
        claims.replan(posting, now)
    return True


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
        claims.guarded_update(posting=posting, **values)
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


def withdraw(posting: Posting, attempt: PostingAttempt, now: datetime) -> Posting:
    attempts.end(
        attempt=attempt,
        outcome=AttemptOutcome.SUPERSEDED,
        text="Overtaken by another worker before anything was sent",
        evidence=None,
        now=now,
    )
    return posting


def is_spent(posting: Posting) -> bool:
    return (
        retry.is_exhausted(attempts=posting.attempts - 1)
        or posting.crashes >= CRASHES_BEFORE_PARKING
    )


@transaction.atomic
def give_up(posting: Posting, now: datetime) -> Posting:
    last = list(
        posting.attempt_rows.exclude(text="").order_by("-id").values_list("text", flat=True)[:3]
    )
    first = posting.attempt_rows.order_by("id").values_list("started_at", flat=True).first()
    claims.guarded_update(
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
    claims.replan(posting, now)
    return posting


def refusal_facts(posting: Posting, code: str, field: str, value: str, text: str) -> dict[str, str]:
    return {
        "kind": posting.get_kind_display(),
        "key": posting.key,
        "vendor_code": code,
        "vendor_text": text,
        "field": field,
        "value_refused": value,
        "period": dating.month(drafts.from_json(posting.draft).date),
        "posting_date": str(posting.draft["date"]),
        "warehouse": str(posting.draft["warehouse"]),
        "division": str(posting.draft["division"]),
    }


def fraction(posting: Posting) -> float:
    """A fixed pseudo-random share per posting and try: jitter that a replayed history repeats."""
    digest = hashlib.sha256(f"{posting.key}:{posting.attempts}".encode()).digest()
    return int.from_bytes(digest[:4], "big") / 2**32
