"""Whether news from a connection is held up, since when, and the exception that says why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from exceptions_app.choices import CASE_OPEN, BreakerState
from exceptions_app.models import Case, Connection, ConnectionHealth
from exceptions_app.selectors.doubt import OUT_OF_REACH

# With a connection that is told to slow down, all of its news comes late.
TOLD_BY = (*OUT_OF_REACH, "RATE_LIMITED")


@dataclass(frozen=True, slots=True)
class HeldUp:
    """Nothing new came from `connection` since `since`, None where that is not known.

    `case` is the open exception about the connection, None before it is one; `how` says in the
    end of a sentence what keeps it.
    """

    connection: Connection
    since: datetime | None
    how: str
    case: Case | None


def of(connection: Connection) -> HeldUp | None:
    """What holds the news from `connection` up; None while it answers. Two queries at most."""
    health = ConnectionHealth.objects.filter(connection=connection).first()
    how = _how(connection, health)
    if not how:
        return None
    cases = Case.objects.filter(connection=connection, type__in=TOLD_BY, status__in=CASE_OPEN)
    case = cases.only("pk", "title", "team", "opened_at").order_by("pk").first()
    return HeldUp(connection=connection, since=_since(health), how=how, case=case)


def _how(connection: Connection, health: ConnectionHealth | None) -> str:
    if not connection.is_active:
        return "an administrator has stopped this connection"
    if health is None:
        return ""
    if health.refused_at is not None:
        return "it refuses who we are"
    if health.state != BreakerState.CLOSED:
        return "it cannot be reached"
    return "it asks us to slow down" if health.throttled_since is not None else ""


def _since(health: ConnectionHealth | None) -> datetime | None:
    if health is None:
        return None
    told = (health.refused_at, health.opened_at, health.throttled_since, health.first_failure_at)
    return next((moment for moment in told if moment is not None), None)
