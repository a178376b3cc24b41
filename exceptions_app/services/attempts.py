"""The log of tries: a row before the first byte leaves, completed after the answer; append-only."""

from __future__ import annotations

from datetime import datetime

from connectors.types import Evidence
from exceptions_app.choices import AttemptOutcome
from exceptions_app.models import Posting, PostingAttempt


def begin(*, posting: Posting, purpose: str, request: str, now: datetime) -> PostingAttempt:
    attempt = _of(posting, purpose, request, now)
    attempt.save(force_insert=True)
    return attempt


def end(
    *,
    attempt: PostingAttempt,
    outcome: str,
    text: str,
    evidence: Evidence | None,
    now: datetime,
) -> None:
    """Complete a try; an earlier one's row is never touched again (lesson 9)."""
    attempt.save(update_fields=_complete(attempt, outcome, text, evidence, now))


def note(
    *,
    posting: Posting,
    purpose: str,
    outcome: str,
    text: str,
    evidence: Evidence | None,
    now: datetime,
) -> None:
    """A try that needed no row beforehand (a read cannot double anything)."""
    attempt = _of(posting, purpose, "", now)
    _complete(attempt, outcome, text, evidence, now)
    attempt.save(force_insert=True)


def _of(posting: Posting, purpose: str, request: str, now: datetime) -> PostingAttempt:
    return PostingAttempt(
        posting=posting,
        fence=posting.fence,
        purpose=purpose,
        started_at=now,
        outcome=AttemptOutcome.STARTED,
        request=request[:4000],
    )


def _complete(
    attempt: PostingAttempt, outcome: str, text: str, evidence: Evidence | None, now: datetime
) -> list[str]:
    """Give the try its outcome; returns the fields that changed."""
    attempt.outcome = outcome
    attempt.text = text[:500]
    attempt.ended_at = now
    fields = ["outcome", "text", "ended_at"]
    if evidence is not None:
        attempt.request = evidence.request_body[:4000] or attempt.request
        attempt.response = evidence.response_body[:4000]
        attempt.status_code = evidence.status
        fields += ["request", "response", "status_code"]
    return fields
