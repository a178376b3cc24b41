"""One budget per connection for all workers, kept in one row (reliability B.5).

Every call asks here first, in a statement of its own outside any transaction. Day quota, bucket and
a peer's "not before" are checked and taken in one UPDATE, so that N hosts together keep one quota.

Where the connection's setting `concurrent_calls` limits calls under way at once, each holds one of
so many advisory locks of the database: a worker that dies gives its own back with its session.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import connection as database
from django.db.models import Q

from connectors.errors import RetryLater
from exceptions_app.models import CallCount, Connection, ConnectionBudget
from exceptions_app.services import moments

# However empty the other side's meter looks.
MOST_METER_WAIT = Decimal(60)

# One statement takes and counts, so that nothing is taken and not counted.
_TAKE = """
WITH taken AS (UPDATE exceptions_app_connectionbudget SET
    tokens = LEAST(capacity, tokens
        + refill_per_second * GREATEST(0, EXTRACT(EPOCH FROM %(now)s - refilled_at))) - 1,
    refilled_at = GREATEST(refilled_at, %(now)s),
    calls_today = CASE WHEN day = %(day)s THEN calls_today ELSE 0 END + 1,
    writes_today = CASE WHEN day = %(day)s THEN writes_today ELSE 0 END + %(write)s,
    day = %(day)s
WHERE connection_id = %(connection)s
  AND (quiet_until IS NULL OR quiet_until <= %(now)s)
  AND LEAST(capacity, tokens
        + refill_per_second * GREATEST(0, EXTRACT(EPOCH FROM %(now)s - refilled_at))) >= 1
  AND (daily_limit IS NULL OR
       CASE WHEN day = %(day)s THEN calls_today ELSE 0 END
       < daily_limit - CASE WHEN %(write)s = 1 THEN 0 ELSE write_reserve END)
RETURNING connection_id)
INSERT INTO exceptions_app_callcount (connection_id, day, operation, reason, count)
SELECT connection_id, %(day)s, %(operation)s, %(reason)s, 1 FROM taken
ON CONFLICT (connection_id, day, operation, reason)
DO UPDATE SET count = exceptions_app_callcount.count + 1
RETURNING count
"""

_MOST_SLOTS = 60
# The first half of the locks' names; no other code here takes advisory locks of two halves.
_SLOTS = 0x5342
_TAKE_SLOT = """
SELECT slot FROM generate_series(%(first)s::int, %(last)s::int) AS slot
WHERE pg_try_advisory_lock(%(slots)s, slot) LIMIT 1
"""

_COUNT = """
INSERT INTO exceptions_app_callcount (connection_id, day, operation, reason, count)
VALUES (%s, %s, %s, %s, 1)
ON CONFLICT (connection_id, day, operation, reason)
DO UPDATE SET count = exceptions_app_callcount.count + 1
"""


class BudgetSpent(RetryLater):
    """Our own pace lets no call out now; the other side was not asked and said nothing."""


@dataclass(slots=True)
class CallLimit:
    """How many calls may still leave for one purpose, however much budget there is."""

    left: int


class DatabasePacer:
    """`ports.Pacer` over the connection's budget row; `reason` is why the calls are made (E.3)."""

    def __init__(
        self,
        *,
        connection: Connection,
        reason: str,
        clock: Callable[[], datetime],
        limit: CallLimit | None = None,
    ) -> None:
        self.connection_id = connection.pk
        self._most_at_once = _most_at_once(connection)
        self._slot: int | None = None
        self._reason = reason
        self._clock = clock
        self._limit = limit

    def before(self, *, operation: str, is_write: bool) -> None:
        """Take one call from the budget and count it.

        Raises:
            BudgetSpent: throttled; `after_seconds` says when a call may be free, None where the
                purpose has had all its calls.
        """
        if self._limit is not None and self._limit.left <= 0:
            raise BudgetSpent("This purpose has had all the calls it may make.", is_throttled=True)
        self._take_slot()
        try:
            self._take(operation=operation, is_write=is_write)
        except BaseException:
            self._free_slot()
            raise
        if self._limit is not None:
            self._limit.left -= 1

    def _take(self, *, operation: str, is_write: bool) -> None:
        now = self._clock()
        with database.cursor() as cursor:
            cursor.execute(
                _TAKE,
                {
                    "now": now,
                    "day": now.date(),
                    "write": int(is_write),
                    "connection": self.connection_id,
                    "operation": operation,
                    "reason": self._reason,
                },
            )
            if cursor.fetchone() is None:
                raise self._refusal(now=now, is_write=is_write)

    def after(self, *, operation: str, status: int | None, headers: Mapping[str, str]) -> None:
        """Note a throttled answer as wasted; the services slow the connection down."""
        self._free_slot()
        if status == 429:
            CallCount.objects.bulk_create(
                [
                    CallCount(
                        connection_id=self.connection_id,
                        day=self._clock().date(),
                        operation=operation,
                        reason="wasted-429",
                        count=0,
                    )
                ],
                ignore_conflicts=True,
            )
            with database.cursor() as cursor:
                cursor.execute(
                    _COUNT,
                    [self.connection_id, self._clock().date(), operation, "wasted-429"],
                )

    def _take_slot(self) -> None:
        if not self._most_at_once:
            return
        first = self.connection_id * (_MOST_SLOTS + 1)
        last = first + self._most_at_once - 1
        with database.cursor() as cursor:
            cursor.execute(_TAKE_SLOT, {"first": first, "last": last, "slots": _SLOTS})
            found = cursor.fetchone()
        if found is None:
            raise BudgetSpent(
                "As many calls as this connection may make at once are under way.",
                after_seconds=1,
                is_throttled=True,
            )
        self._slot = found[0]

    def _free_slot(self) -> None:
        if self._slot is None:
            return
        with database.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [_SLOTS, self._slot])
        self._slot = None

    def note_meter(
        self, *, cost: Decimal, available: Decimal, restored_per_second: Decimal
    ) -> None:
        """Let no call of any worker out before one like the last can be paid.

        The other side's meter counts points and ours counts calls; so only its shortage is kept.
        """
        if cost <= available or restored_per_second <= 0:
            return
        seconds = min((cost - available) / restored_per_second, MOST_METER_WAIT)
        until = self._clock() + timedelta(seconds=float(seconds))
        ConnectionBudget.objects.filter(
            Q(quiet_until__isnull=True) | Q(quiet_until__lt=until),
            connection_id=self.connection_id,
        ).update(quiet_until=until)

    def _refusal(self, *, now: datetime, is_write: bool) -> BudgetSpent:
        budget = ConnectionBudget.objects.get(connection_id=self.connection_id)
        return BudgetSpent(
            _why(budget, now=now, is_write=is_write),
            after_seconds=_wait_seconds(budget, now=now, is_write=is_write),
            is_throttled=True,
        )


def has_room(*, connection: Connection, now: datetime) -> bool:
    """Whether less than half of the day's calls are used, those kept for writing apart.

    What only looks again at what is known gives way to what has to be read and sent.
    """
    budget = ConnectionBudget.objects.filter(connection=connection).first()
    if budget is None or budget.daily_limit is None or budget.day != now.date():
        return True
    return budget.calls_today * 2 < budget.daily_limit - budget.write_reserve


def _most_at_once(connection: Connection) -> int:
    """Calls this connection may have under way; 0 for any number."""
    text = str(connection.settings.get("concurrent_calls", "")).strip()
    return min(int(text), _MOST_SLOTS) if text.isdecimal() else 0


def _is_day_spent(budget: ConnectionBudget, *, now: datetime, is_write: bool) -> bool:
    reserve = 0 if is_write else budget.write_reserve
    calls = budget.calls_today if budget.day == now.date() else 0
    return budget.daily_limit is not None and calls >= budget.daily_limit - reserve


def _why(budget: ConnectionBudget, *, now: datetime, is_write: bool) -> str:
    """Which of the three keeps the call back, in the order they are waited for."""
    if budget.quiet_until is not None and budget.quiet_until > now:
        until = moments.written(budget.quiet_until)
        return f"No call leaves before {until}: it turned calls away. It was not asked now."
    if _is_day_spent(budget, now=now, is_write=is_write):
        kept = "" if is_write or not budget.write_reserve else "; the rest is kept for sending"
        return f"The calls that may be made in a day are used up{kept}."
    return "Calls leave only so fast, and the next may leave within moments: try again then."


def _wait_seconds(budget: ConnectionBudget, *, now: datetime, is_write: bool) -> int:
    if budget.quiet_until is not None and budget.quiet_until > now:
        return int((budget.quiet_until - now).total_seconds()) + 1
    if _is_day_spent(budget, now=now, is_write=is_write):
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        return 86_400 - int((now - midnight).total_seconds()) + 1
    return int(Decimal(1) / max(budget.refill_per_second, Decimal("0.001"))) + 1
