"""The breaker of a connection: one row all workers share, one case instead of thousands (B.5)."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.db.models import F, Q

from connectors.errors import ConnectorError, Misconfigured, RetryLater
from exceptions_app.choices import BreakerState, PostingStatus
from exceptions_app.models import Connection, ConnectionBudget, ConnectionHealth, Posting
from exceptions_app.models.statements import Select, Update
from exceptions_app.rules.facts import Finding
from exceptions_app.services import cases, subjects
from exceptions_app.services.pacing import BudgetSpent

FAILURES_TO_OPEN = 5
FAILURE_WINDOW = timedelta(minutes=5)
PROBE_EVERY = timedelta(seconds=30)
# Refused credentials do not heal by themselves; a rare probe notices a renewal at the other side.
REFUSED_PROBE_EVERY = timedelta(minutes=10)
THROTTLED_CASE_AFTER = timedelta(minutes=10)
_CLOSED = Select(
    lambda connection: ConnectionHealth.objects.filter(
        connection=connection, state=BreakerState.CLOSED, connection__is_active=True
    )
)
_STILL_WELL = Update(
    lambda connection, now: (
        ConnectionHealth.objects.filter(
            connection=connection,
            state=BreakerState.CLOSED,
            failures=0,
            throttled_since__isnull=True,
        ),
        {"last_ok_at": now},
    )
)


def may_call(*, connection_id: int, now: datetime) -> bool:
    """Whether a call may leave: the breaker is closed, or this caller won the one probe."""
    if _CLOSED.exists(connection=connection_id):
        return True
    won = ConnectionHealth.objects.filter(
        ~Q(state=BreakerState.CLOSED),
        connection_id=connection_id,
        connection__is_active=True,
        probe_at__lte=now,
    ).update(state=BreakerState.HALF_OPEN, probe_at=now + PROBE_EVERY)
    return won == 1


def note_success(*, connection_id: int, now: datetime) -> None:
    """A call was answered: close the breaker and its cases. One cheap update when all was well."""
    if _STILL_WELL.run(connection=connection_id, now=now):
        return
    with transaction.atomic():
        ConnectionHealth.objects.filter(connection_id=connection_id).update(
            state=BreakerState.CLOSED,
            failures=0,
            first_failure_at=None,
            opened_at=None,
            probe_at=None,
            throttled_since=None,
            refused_at=None,
            reason="",
            last_ok_at=now,
        )
        _sync(connection_id, now)


def note_failure(*, connection_id: int, error: ConnectorError, now: datetime) -> None:
    """Count a failure; open the breaker, slow the pace or stop the connection as the error says."""
    with transaction.atomic():
        health = ConnectionHealth.objects.select_for_update().get(connection_id=connection_id)
        health.last_failure_at = now
        if not (isinstance(error, BudgetSpent) and health.reason):
            # Why the other side slowed us down says more than that we obey it.
            health.reason = error.text[:300]
        if isinstance(error, Misconfigured):
            _refuse(health, now)
        elif isinstance(error, RetryLater) and error.is_throttled:
            health.throttled_since = health.throttled_since or now
            # Our own refusal must not prolong the rest it obeys: waiting rows would renew it
            # for ever.
            if not isinstance(error, BudgetSpent):
                _quiet(connection_id, error.after_seconds, now)
        else:
            _count(health, now)
        health.save()
        _sync(connection_id, now)


def _refuse(health: ConnectionHealth, now: datetime) -> None:
    health.refused_at = health.refused_at or now
    health.state = BreakerState.OPEN
    health.opened_at = health.opened_at or now
    health.probe_at = now + REFUSED_PROBE_EVERY


def _count(health: ConnectionHealth, now: datetime) -> None:
    if health.first_failure_at is None or now - health.first_failure_at > FAILURE_WINDOW:
        health.first_failure_at = now
        health.failures = 0
    health.failures += 1
    if health.failures >= FAILURES_TO_OPEN or health.state == BreakerState.HALF_OPEN:
        health.state = BreakerState.OPEN
        health.opened_at = health.opened_at or now
        health.probe_at = now + PROBE_EVERY


def _quiet(connection_id: int, after_seconds: int | None, now: datetime) -> None:
    until = now + timedelta(seconds=after_seconds if after_seconds is not None else 30)
    ConnectionBudget.objects.filter(
        Q(quiet_until__isnull=True) | Q(quiet_until__lt=until), connection_id=connection_id
    ).update(quiet_until=until)


def resume(*, connection_id: int, now: datetime) -> None:
    """Let the next call through as a probe, after someone repaired the connection."""
    ConnectionHealth.objects.filter(connection_id=connection_id).update(probe_at=now)
    ConnectionBudget.objects.filter(connection_id=connection_id).update(quiet_until=None)


def _sync(connection_id: int, now: datetime) -> None:
    connection = Connection.objects.get(pk=connection_id)
    health = ConnectionHealth.objects.get(connection_id=connection_id)
    cases.sync(
        subject=subjects.of_connection(connection),
        findings=findings(connection, health, now),
        now=now,
    )


def findings(
    connection: Connection, health: ConnectionHealth, now: datetime
) -> tuple[Finding, ...]:
    """What a person must know of a connection: at most one finding, the deepest cause."""
    # The reason stands in the middle of a sentence.
    facts = {"connection": connection.name, "reason": health.reason.rstrip(".")}
    if health.refused_at is not None:
        return (_finding("AUTH_EXPIRED", connection, facts),)
    if health.state != BreakerState.CLOSED:
        return (_finding("CONNECTION_DOWN", connection, facts),)
    throttled = health.throttled_since
    if throttled is not None and now - throttled >= THROTTLED_CASE_AFTER:
        return (_finding("RATE_LIMITED", connection, facts),)
    return ()


def _finding(case_type: str, connection: Connection, facts: dict[str, str]) -> Finding:
    waiting = Posting.objects.filter(
        connection=connection, status__in=[PostingStatus.READY, PostingStatus.UNCONFIRMED]
    )
    amounts = waiting.values_list(F("gross"), flat=True)
    return Finding(
        type=case_type,
        subject="connection",
        cause=connection.code,
        facts={**facts, "waiting": str(len(amounts))},
        value=sum(amounts, Decimal(0)),
        value_formula="sum of the documents waiting for this connection",
    )
