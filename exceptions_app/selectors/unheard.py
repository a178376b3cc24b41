"""Whether what would close an exception can be heard at all: the platform may not be answering."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from exceptions_app.catalogue import entry
from exceptions_app.choices import CASE_OPEN, BreakerState
from exceptions_app.models import Case, Connection, ConnectionHealth
from exceptions_app.selectors.doubt import OUT_OF_REACH

_TYPES = (*OUT_OF_REACH, "RATE_LIMITED")


@dataclass(frozen=True, slots=True)
class Unheard:
    """A platform that tells nothing new; `case` is the open exception that says why, if any.

    `last_at` is its last good answer, None where there was none.
    """

    connection: Connection
    why: str
    since: datetime | None
    last_at: datetime | None
    case: Case | None


def of(case: Case) -> Unheard | None:
    """The trouble with the platform that `case` is closed by; None while it answers.

    One query for an exception that waits for the platform's word, one more while it is troubled.
    """
    known = entry(case.type)
    waits = known.is_waiting_type or "{platform}" in known.closes_by
    if not waits or case.rma_id is None or case.bridge is None or case.status not in CASE_OPEN:
        return None
    source = case.bridge.source
    health = ConnectionHealth.objects.filter(connection=source).first()
    why, since = _trouble(source, health)
    if not why:
        return None
    open_cases = Case.objects.filter(connection=source, type__in=_TYPES, status__in=CASE_OPEN)
    told = open_cases.only("pk", "title", "team").order_by("pk").first()
    last_at = health.last_ok_at if health else None
    return Unheard(connection=source, why=why, since=since, last_at=last_at, case=told)


def _trouble(source: Connection, health: ConnectionHealth | None) -> tuple[str, datetime | None]:
    if not source.is_active:
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
