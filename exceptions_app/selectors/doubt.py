"""Whether a document in doubt was looked for already, and whether it can be: in figures."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Max

from exceptions_app.choices import CASE_OPEN, BreakerState, PostingStatus
from exceptions_app.models import Case, Connection, ConnectionHealth, Posting, PostingAttempt

# Exceptions that tell of a connection as a whole: nothing of it is answered while they are open.
OUT_OF_REACH = ("CONNECTION_DOWN", "AUTH_EXPIRED")


@dataclass(frozen=True, slots=True)
class Doubt:
    """A document that may stand in the ERP, while the look-up of it is still to come.

    `looked` counts the look-ups that were answered, `last_at` is the latest. `down_since` is None
    while the ERP answers; `case` is the open exception that says why it does not. A connection an
    admin has stopped `is_stopped`, and nothing is asked of it at all.
    """

    posting: Posting
    connection: Connection
    looked: int
    last_at: datetime | None
    down_since: datetime | None
    is_stopped: bool
    case: Case | None

    @property
    def is_out_of_reach(self) -> bool:
        return self.is_stopped or self.down_since is not None


def of(posting: Posting | None) -> Doubt | None:
    """The doubt about `posting`; None where there is none, or where only a person goes on.

    Two queries, and one more while the connection does not answer.
    """
    if posting is None or posting.status != PostingStatus.UNCONFIRMED or posting.parked_at:
        return None
    rows = PostingAttempt.objects.filter(posting=posting, purpose="lookup")
    told = rows.aggregate(looked=Count("pk"), last_at=Max("started_at"))
    health = (
        ConnectionHealth.objects.select_related("connection")
        .filter(connection=posting.connection_id)
        .first()
    )
    connection = health.connection if health else posting.connection
    since = _down_since(health)
    is_stopped = not connection.is_active
    case = None
    if is_stopped or since:
        open_cases = Case.objects.filter(
            connection=connection, type__in=OUT_OF_REACH, status__in=CASE_OPEN
        )
        case = open_cases.only("pk", "title", "opened_at").order_by("pk").first()
    return Doubt(
        posting=posting,
        connection=connection,
        looked=told["looked"],
        last_at=told["last_at"],
        down_since=since,
        is_stopped=is_stopped,
        case=case,
    )


def _down_since(health: ConnectionHealth | None) -> datetime | None:
    if health is None or health.state == BreakerState.CLOSED:
        return None
    # The first failure of a window moves on while nothing answers.
    return health.opened_at or health.refused_at or health.first_failure_at
