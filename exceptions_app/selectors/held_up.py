"""Whether a system answers at all: what it would tell may be what an exception waits for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from exceptions_app.catalogue import entry
from exceptions_app.choices import CASE_OPEN, BreakerState
from exceptions_app.models import Case, Connection, ConnectionHealth
from exceptions_app.selectors.doubt import OUT_OF_REACH

# With a connection that is told to slow down, all of its news comes late.
TOLD_BY = (*OUT_OF_REACH, "RATE_LIMITED")
# Closed by a credit, which may wait for what only the platform tells.
NO_CREDIT = frozenset({"REFUND_NO_CM", "RECEIVED_NOT_CREDITED"})


@dataclass(frozen=True, slots=True)
class HeldUp:
    """Nothing new comes from `connection`; `why` follows its name, as in "cannot be reached".

    `since` and `last_at`, its last good answer, are None where they are not known; `case` is the
    open exception about the connection, None before it is one.
    """

    connection: Connection
    why: str
    since: datetime | None
    last_at: datetime | None
    case: Case | None


def of(connection: Connection) -> HeldUp | None:
    """What holds the news from `connection` up; None while it answers. Two queries at most."""
    health = ConnectionHealth.objects.filter(connection=connection).first()
    why, since = _trouble(connection, health)
    if not why:
        return None
    cases = Case.objects.filter(connection=connection, type__in=TOLD_BY, status__in=CASE_OPEN)
    return HeldUp(
        connection=connection,
        why=why,
        since=since,
        last_at=health.last_ok_at if health else None,
        case=cases.only("pk", "title", "team").order_by("pk").first(),
    )


def of_case(case: Case) -> HeldUp | None:
    """The trouble with the platform whose word closes `case`; None while it answers.

    Asks nothing for an exception that does not wait for the platform.
    """
    known = entry(case.type)
    waits = known.is_waiting_type or "{platform}" in known.closes_by or case.type in NO_CREDIT
    if not waits or case.rma_id is None or case.bridge is None or case.status not in CASE_OPEN:
        return None
    return of(case.bridge.source)


def _trouble(
    connection: Connection, health: ConnectionHealth | None
) -> tuple[str, datetime | None]:
    if not connection.is_active:
        return "is switched off", None
    if health is None:
        return "", None
    if health.refused_at is not None:
        return "refuses our credentials", health.refused_at
    if health.state != BreakerState.CLOSED:
        return "cannot be reached", health.opened_at or health.first_failure_at
    if health.throttled_since is not None:
        return "turns our calls away", health.throttled_since
    return "", None
