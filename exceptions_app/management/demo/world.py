"""Drives the normal flow against the twins of this process on a clock of its own."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Min

from connectors.sandbox.kits import roster
from connectors.sandbox.kits.kit import Booked, ErpKit, PlatformKit
from connectors.sandbox.wsgi_transport import WsgiTransport
from connectors.types import DocumentKind
from exceptions_app import jobs
from exceptions_app.choices import PostingStatus
from exceptions_app.management.demo import depot, room, twins
from exceptions_app.management.demo.records import Record
from exceptions_app.management.demo.twins import Journal
from exceptions_app.models import Bridge, Posting, Rma
from exceptions_app.services import claims, confirming, connections, exchange, flow, polling

_MOVING = (PostingStatus.READY, PostingStatus.SENDING, PostingStatus.POSTED)
_LEAST = timedelta(seconds=1)
_PATIENCE = timedelta(minutes=15)
# How long staff of an ERP take to check in what was announced.
_STAFF = timedelta(minutes=30)


@dataclass
class Clock:
    now: datetime

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **delta: float) -> datetime:
        self.now += timedelta(**delta)
        return self.now


@dataclass
class World:
    """`served` are the twins by path; `bridges` come from setting up. `room` takes messages."""

    clock: Clock
    served: Mapping[str, Journal]
    bridges: dict[str, Bridge] = field(default_factory=dict)
    room: room.Room = field(default_factory=room.Room)

    def __post_init__(self) -> None:
        apps: dict[str, Any] = {f"/{name}": twin for name, twin in self.served.items()}
        self._transport = WsgiTransport({**apps, room.PATH: self.room})

    @contextlib.contextmanager
    def entered(self) -> Iterator[None]:
        """Calls go to the twins in process, time is the world's, and no worker is woken."""
        real = {name: twin.now for name, twin in self.served.items()}
        for twin in self.served.values():
            twin.now = self.clock
        try:
            with jobs.quiet(), connections.through(self._transport, self.clock):
                yield
        finally:
            for name, twin in self.served.items():
                twin.now = real[name]

    def platform(self, code: str = "uk") -> Journal:
        return self.served[twins.platform_name(code)]

    def platform_kit(self, code: str) -> PlatformKit:
        return roster.PLATFORMS[twins.SYSTEMS[code].platform]

    def erp(self, code: str = "uk") -> Journal:
        return self.served[twins.erp_name(code)]

    def erp_kit(self, code: str) -> ErpKit:
        return roster.ERPS[twins.SYSTEMS[code].erp]

    def load_erp(self, records: Record, code: str = "uk") -> None:
        self.erp(code).load(self.erp_kit(code).loads(records))
        # What a partner of files knows lies ready to be looked up.
        depot.visit(self.erp(code))

    def load_platform(self, records: Record, code: str = "uk") -> None:
        told = self.platform_kit(code).loads(records)
        if any(told.values()):
            self.platform(code).load(told)

    def sell(self, orders: Sequence[Record], code: str = "uk") -> None:
        """Orders that the shop and its ERP know alike."""
        self.load_erp({"orders": orders}, code)
        self.load_platform({"orders": orders}, code)

    def booked(self, code: str) -> tuple[Booked, ...]:
        """What the bridge's ERP holds in its own books."""
        return self.erp_kit(code).booked(self.erp(code).documents())

    def check_in(self, code: str) -> None:
        """Where staff of the ERP do so, they receive what is announced; then all goes on."""
        rows = self.booked(code)
        received = {row.key for row in rows if row.kind is DocumentKind.STOCK_RECEIPT}
        announced = [row.key for row in rows if row.kind is DocumentKind.RETURN_AUTHORISATION]
        found = [self.erp_kit(code).check_in(key) for key in announced if key not in received]
        for records in filter(None, found):
            self.erp(code).load(records)
        if any(found):
            self.clock.now += _STAFF
            self.carry(code)

    def poll(self, code: str = "uk") -> None:
        source = self.bridges[code].source
        # Two polls of one moment would look like one message that came twice.
        self.clock.advance(seconds=1)
        polling.poll_now(connection=source, now=self.clock.now)
        flow.poll(clock=self.clock)
        flow.ingest(clock=self.clock)

    def run(self, code: str = "uk") -> None:
        """One turn of every drain at the present moment; only the bridge's ERP is asked."""
        flow.ingest(clock=self.clock)
        flow.plan(clock=self.clock)
        self.settle(code)
        if flow.post(clock=self.clock):
            self.settle(code)
            flow.plan(clock=self.clock)
        self._swap_files(code)

    def _swap_files(self, code: str) -> None:
        """Where files are exchanged, the partner's program goes round, then we look."""
        if not depot.visit(self.erp(code)):
            return
        # A file is read once two looks found it alike.
        for _ in range(2):
            exchange.look(connection=self.bridges[code].erp, now=self.clock.now)
        self.settle(code)
        flow.plan(clock=self.clock)

    def carry(self, code: str = "uk", *, rounds: int = 40, until: timedelta = _PATIENCE) -> None:
        """Poll the bridge's platform, then go from one due moment to the next until none is left.

        Looks no further ahead than `until` from now.
        """
        end = self.clock.now + until
        self.poll(code)
        for _ in range(rounds):
            self.run(code)
            due = self.next_due(code)
            if due is None or due > end:
                return
            self.clock.now = max(due, self.clock.now + _LEAST)

    def next_due(self, code: str) -> datetime | None:
        """When a document of the bridge wants something next; None when none does."""
        bridge = self.bridges[code]
        moving = Posting.objects.filter(bridge=bridge, parked_at__isnull=True)
        soon = moving.filter(status__in=_MOVING).aggregate(at=Min("not_before"))["at"]
        due = Rma.objects.filter(bridge=bridge, plan_due_at__lte=self.clock.now)
        return self.clock.now if due.exists() else soon

    def settle(self, code: str) -> None:
        """Recover lost claims and read back what the bridge's ERP holds."""
        claims.recover_expired(now=self.clock.now)
        erp = self.bridges[code].erp
        for act in (confirming.settle_unknown, confirming.confirm_sent):
            while act(connection=erp, now=self.clock.now):
                pass
