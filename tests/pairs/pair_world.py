"""A world of any pair of systems: two twins, one bridge, one clock, the same plain records.

The real code runs against the real database; what a pair's ERP holds afterwards is read from the
twin's own books, never from our rows.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connectors.sandbox.base import Twin
from connectors.sandbox.kits import roster
from connectors.sandbox.kits.kit import Booked, ErpKit, Kit, PlatformKit
from connectors.sandbox.wsgi_transport import WsgiTransport
from connectors.types import DocumentKind
from exceptions_app.choices import PostingStatus
from exceptions_app.models import Bridge, Case, Connection, ErpLocation, Posting, Rma, Watermark
from exceptions_app.services import bridges, connections, flow, mappings, polling
from tests import world as small
from tests.world import Clock

_MOVING = (
    PostingStatus.READY,
    PostingStatus.SENDING,
    PostingStatus.UNCONFIRMED,
    PostingStatus.POSTED,
)


@dataclass
class PairWorld:
    """`carry()` polls and lets time pass until nothing moves."""

    clock: Clock
    erp_kit: ErpKit
    platform_kit: PlatformKit
    erp: Twin
    platform: Twin
    transport: WsgiTransport
    bridge: Bridge

    @contextlib.contextmanager
    def connected(self) -> Iterator[None]:
        with connections.through(self.transport, self.clock):
            yield

    def add_order(
        self, number: str, *, shop_lines: Sequence[Mapping[str, Any]] = (), **values: Any
    ) -> None:
        """An order of the shop, which the ERP has as well; `shop_lines` where the shop's differ."""
        order = small.make_order(number, **values)
        self.load_erp({"orders": [order]})
        told = {**order, "lines": list(shop_lines)} if shop_lines else order
        self.platform.load(self.platform_kit.loads({"orders": [told]}))

    def add_return(self, rma_id: str, **values: Any) -> None:
        told = {"updated_at": self.clock.now.isoformat(), **values}
        records = {"rmas": [small.make_rma(rma_id, **told)]}
        self.platform.load(self.platform_kit.loads(records))

    def load_erp(self, records: Mapping[str, Any]) -> None:
        self.erp.load(self.erp_kit.loads(records))

    def carry(self, *, rounds: int = 40, seconds: int = 20) -> None:
        with self.connected():
            polling.poll_now(connection=self.bridge.source, now=self.clock.now)
            flow.poll(clock=self.clock)
            for _ in range(rounds):
                for step in (flow.ingest, flow.plan, flow.settle, flow.post, flow.settle):
                    step(clock=self.clock)
                flow.plan(clock=self.clock)
                if self.is_quiet():
                    return
                self.clock.advance(seconds=seconds)

    def check_in(self) -> None:
        """The ERP's own staff receive all that is announced, where they do; then all goes on."""
        announced = [
            self.erp_kit.check_in(row.key)
            for row in self.booked()
            if row.kind is DocumentKind.RETURN_AUTHORISATION
        ]
        for records in filter(None, announced):
            self.erp.load(records)
        if any(announced):
            self.clock.advance(minutes=30)
            self.carry()

    def is_quiet(self) -> bool:
        waits = Posting.objects.filter(status__in=_MOVING, parked_at__isnull=True).exists()
        return not waits and not Rma.objects.filter(plan_due_at__lte=self.clock.now).exists()

    def booked(self) -> tuple[Booked, ...]:
        return self.erp_kit.booked(self.erp.documents())

    def rma(self, rma_id: str) -> Rma:
        return Rma.objects.get(
            bridge=self.bridge, external_id=self.platform_kit.external_id(rma_id)
        )

    def open_types(self) -> list[str]:
        rows = Case.objects.exclude(status="resolved").order_by("type")
        return list(rows.values_list("type", flat=True))

    def unconfirmed(self) -> list[str]:
        """Keys of documents that are planned and not confirmed."""
        done = (PostingStatus.CONFIRMED, PostingStatus.CANCELLED)
        rows = Posting.objects.exclude(status__in=done)
        return [f"{row.key} {row.status} {row.blocked_by}" for row in rows]

    def place(self, name: str) -> dict[str, str]:
        """A place of the ERP by its name, as a mapping's target."""
        found = ErpLocation.objects.get(connection=self.bridge.erp, name=name)
        return {"division": found.division, "warehouse": found.code}

    def map(self, kind: str, source_value: str, target: dict[str, str]) -> None:
        row = mappings.propose(
            bridge=self.bridge,
            kind=kind,
            source_value=source_value,
            target=target,
            actor=None,
            reason="test",
            now=self.clock.now,
        )
        mappings.activate(mapping=row, actor=None, now=self.clock.now)


def make_pair(
    erp: str, platform: str, *, preset: str = "", policy: Mapping[str, Any] | None = None
) -> PairWorld:
    """A bridge between fresh twins of two systems, its places and items read, nothing mapped."""
    clock = Clock()
    erp_kit, platform_kit = roster.ERPS[erp], roster.PLATFORMS[platform]
    sleep = small._no_sleep(clock)
    erp_twin = erp_kit.twin(now=clock, sleep=sleep)
    platform_twin = platform_kit.twin(now=clock, sleep=sleep)
    erp_twin.load(erp_kit.loads(small.reference_records()))
    if "calls_per_minute" in erp_twin.switches:
        # A quota of so many calls a minute has tests of its own.
        erp_twin.set_switches({"calls_per_minute": 0})
    transport = WsgiTransport({f"/{erp}": erp_twin, f"/{platform}": platform_twin})
    source = _connection(platform_kit, platform_twin, clock)
    target = _connection(erp_kit, erp_twin, clock)
    bridge = bridges.create(
        code="uk",
        name="Alder UK",
        source=source,
        erp=target,
        preset=preset or f"{erp}+{platform}",
        currency="GBP",
        timezone_name="Europe/London",
        policy={"undo_seconds": 60, **(policy or {})},
        actor=None,
        now=clock.now,
    )
    world = PairWorld(clock, erp_kit, platform_kit, erp_twin, platform_twin, transport, bridge)
    with world.connected():
        polling.refresh_reference(now=clock.now)
    for feed in ("rmas", "refunds"):
        Watermark.objects.get_or_create(connection=source, feed=feed)
    return world


def _connection(kit: Kit, twin: Twin, clock: Clock) -> Connection:
    access = kit.access(twin.credentials())
    return connections.save(
        code=f"{kit.system}-test",
        name=kit.system.title(),
        kind=kit.system,
        mode="sandbox",
        base_url=access.base_url(f"http://127.0.0.1:1/{kit.system}"),
        settings_values=dict(access.settings),
        secrets=dict(access.secrets),
        actor=None,
        now=clock.now,
        daily_limit=100_000,
        refill_per_second=1000,
        capacity=1000,
    )
