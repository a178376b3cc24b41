"""The simulated world that many seeds share: one bridge, set up once, put back between seeds.

Only what a history leaves behind is removed, so that a seed costs its own work and little else.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection as database

from exceptions_app.choices import BreakerState
from exceptions_app.models import (
    Bridge,
    Connection,
    ConnectionBudget,
    ConnectionHealth,
    Watermark,
)
from exceptions_app.models.connections import SECOND_LOOKS
from tests.world import START, Clock, World, make_world, reference_records

# Children before parents.
_HISTORY = (
    "acceptance",
    "fix",
    "case",
    "causegroup",
    "credittaking",
    "postingattempt",
    "posting",
    "refund",
    "rmaevent",
    "rmaline",
    "shipment",
    "rma",
    "salesorderline",
    "salesorder",
    "itemmiss",
    "itemcheck",
    "inboundevent",
    "callcount",
)
_FORGET = (
    ";".join(f"DELETE FROM exceptions_app_{table}" for table in _HISTORY)
    + ";ALTER SEQUENCE exceptions_app_inboundevent_id_seq RESTART"
)
POLL_SECONDS = 120


@dataclass
class Stage:
    """`world` is fresh after `reset`; its bridge and connections keep their rows."""

    world: World
    seeds_played: int = 0

    @property
    def clock(self) -> Clock:
        return self.world.clock

    @property
    def source(self) -> Connection:
        return self.world.bridge.source

    @property
    def erp(self) -> Connection:
        return self.world.bridge.erp

    def reset(self, **switches: Any) -> None:
        """Back to the first moment: nothing happened yet, no faults, all connections well."""
        self.clock.now = START
        self.world.platform.reset()
        self.world.erp.reset()
        self.world.erp.load(reference_records())
        self.world.erp.set_switches(switches)
        with database.cursor() as cursor:
            cursor.execute(_FORGET)
            if self.seeds_played % 500 == 499:
                # The audit trail cannot be deleted row by row, and only grows.
                cursor.execute("TRUNCATE exceptions_app_auditentry")
        self.seeds_played += 1
        _make_well(START)


def build() -> Stage:
    """Make the one bridge all seeds use."""
    return Stage(make_world())


def _make_well(at: datetime) -> None:
    bridge = Bridge.objects.get()
    Connection.objects.filter(pk=bridge.source_id).update(
        settings={**bridge.source.settings, "poll_seconds": str(POLL_SECONDS)}
    )
    ConnectionHealth.objects.update(
        state=BreakerState.CLOSED,
        failures=0,
        first_failure_at=None,
        last_failure_at=None,
        last_ok_at=None,
        opened_at=None,
        probe_at=None,
        throttled_since=None,
        refused_at=None,
        reason="",
    )
    ConnectionBudget.objects.update(
        refilled_at=at, day=at.date(), calls_today=0, writes_today=0, tokens=1000, quiet_until=None
    )
    # Second looks begin with their first due moment, and where they have come is history.
    Watermark.objects.filter(feed__in=SECOND_LOOKS).delete()
    Watermark.objects.update(read_at=at, next_at=at, lease_until=None)
