"""A whole small world in one process: both simulated systems, one bridge, one virtual clock.

The real code runs against the real database; only time and the network are ours.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from connectors.sandbox.bluecherry import BlueCherryTwin
from connectors.sandbox.returngo import ReturnGoTwin
from connectors.sandbox.wsgi_transport import WsgiTransport
from exceptions_app.choices import PostingStatus
from exceptions_app.models import Bridge, Case, Posting, Rma, Watermark
from exceptions_app.services import bridges, connections, flow, mappings, polling

START = datetime(2026, 5, 20, 9, 0, tzinfo=UTC)


@dataclass
class Clock:
    now: datetime = START

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **delta: float) -> datetime:
        self.now += timedelta(**delta)
        return self.now


@dataclass
class World:
    """`run()` drains every queue at the present moment; `settle()` lets time pass until quiet."""

    clock: Clock
    platform: ReturnGoTwin
    erp: BlueCherryTwin
    transport: WsgiTransport
    bridge: Bridge
    loaded: dict[str, Any] = field(default_factory=dict)

    @contextlib.contextmanager
    def connected(self) -> Iterator[None]:
        with connections.through(self.transport, self.clock):
            yield

    def run(self) -> None:
        with self.connected():
            for step in (flow.ingest, flow.plan, flow.settle, flow.post, flow.settle, flow.plan):
                step(clock=self.clock)

    def poll(self) -> None:
        with self.connected():
            polling.poll_now(connection=self.bridge.source, now=self.clock.now)
            flow.poll(clock=self.clock)

    def settle(self, *, seconds: int = 5, rounds: int = 30) -> None:
        for _ in range(rounds):
            self.run()
            if self.is_quiet():
                return
            self.clock.advance(seconds=seconds)

    def is_quiet(self) -> bool:
        moving = (
            PostingStatus.READY,
            PostingStatus.SENDING,
            PostingStatus.UNCONFIRMED,
            PostingStatus.POSTED,
        )
        waits = Posting.objects.filter(status__in=moving, parked_at__isnull=True).exists()
        return not waits and not Rma.objects.filter(plan_due_at__lte=self.clock.now).exists()

    def add_order(self, number: str = "SO-1", **values: Any) -> None:
        self.erp.load({"orders": [make_order(number, **values)]})

    def add_return(self, rma_id: str = "5001", **values: Any) -> None:
        self.platform.load({"rmas": [make_rma(rma_id, **values)]})

    def carry(self) -> None:
        """Poll, then let everything run until nothing moves."""
        self.poll()
        self.settle()

    def documents(self, doc_type: str = "") -> list[dict[str, Any]]:
        """The ERP's own ledger, optionally of one kind (RA, RCV, ADJ, CM)."""
        rows = self.erp.documents()
        return [row for row in rows if not doc_type or row["doc_type"] == doc_type]

    def open_types(self) -> list[str]:
        rows = Case.objects.exclude(status="resolved").order_by("type")
        return list(rows.values_list("type", flat=True))


def make_world(
    *, policy: dict[str, Any] | None = None, clock: Clock | None = None, **settings: str
) -> World:
    """A bridge between two fresh simulated systems, with items, locations and usual mappings."""
    clock = clock or Clock()
    platform = ReturnGoTwin(now=clock, sleep=_no_sleep(clock))
    erp = BlueCherryTwin(now=clock, sleep=_no_sleep(clock))
    erp.load(reference_records())
    transport = WsgiTransport({"/returngo": platform, "/bluecherry": erp})
    credentials = platform.credentials()
    common = {"actor": None, "now": clock.now, "mode": "sandbox"}
    source = connections.save(
        code="returngo-test",
        name="ReturnGO",
        kind="returngo",
        base_url="http://127.0.0.1:1/returngo",
        settings_values={"shop_name": credentials["shop_name"], "overlap_seconds": "60"},
        secrets={"api_key": credentials["api_key"]},
        daily_limit=2000,
        refill_per_second=1000,
        capacity=1000,
        **common,
    )
    target = connections.save(
        code="bluecherry-test",
        name="BlueCherry",
        kind="bluecherry",
        base_url="http://127.0.0.1:1/bluecherry",
        settings_values={"vnd_id": "RB", **settings},
        secrets={"subscription_key": next(iter(erp.credentials().values()))},
        refill_per_second=1000,
        capacity=1000,
        **common,
    )
    bridge = bridges.create(
        code="uk",
        name="Alder UK",
        source=source,
        erp=target,
        preset="bluecherry+returngo",
        currency="GBP",
        timezone_name="Europe/London",
        policy={"note_to_platform": False, "undo_seconds": 60, **(policy or {})},
        actor=None,
        now=clock.now,
    )
    world = World(clock, platform, erp, transport, bridge)
    with world.connected():
        polling.refresh_reference(now=clock.now)
    add_mapping(world, "location", "Leeds DC", {"division": "10", "warehouse": "WH1"})
    add_mapping(world, "reason", "Does not fit", {"code": "FIT"})
    for feed in ("rmas", "refunds"):
        Watermark.objects.get_or_create(connection=source, feed=feed)
    return world


def add_mapping(world: World, kind: str, source_value: str, target: dict[str, str]) -> None:
    """Put a mapping in force at once, as an admin would."""
    row = mappings.propose(
        bridge=world.bridge,
        kind=kind,
        source_value=source_value,
        target=target,
        actor=None,
        reason="test",
        now=world.clock.now,
    )
    mappings.activate(mapping=row, actor=None, now=world.clock.now)


def reference_records() -> dict[str, Any]:
    return {
        "locations": [
            {"code": "WH1", "name": "Leeds", "division": "10", "active": True},
            {"code": "WH2", "name": "Hull", "division": "10", "active": True},
            {"code": "WH9", "name": "Paris", "division": "20", "active": True},
        ],
        "customers": [
            {"code": "WEB", "name": "Web customers", "vat_setting": ""},
            {"code": "VATIN", "name": "Includes VAT", "vat_setting": "prices_include_vat"},
        ],
        "items": [
            make_item("TEE-BLK-M", "T-shirt black M"),
            make_item("TEE-BLK-L", "T-shirt black L"),
            make_item("MUG-RED", "Mug red"),
            make_item("OLD-HAT", "Hat, discontinued", active=False),
        ],
    }


def make_item(sku: str, description: str, **values: Any) -> dict[str, Any]:
    style, _, rest = sku.partition("-")
    return {
        "sku": sku,
        "style": f"{style}{rest}",
        "color_code": "001",
        "size_desc": "OS",
        "upc": "5" + str(abs(hash_text(sku)) % 10**11).zfill(11),
        "description": description,
        "division": "10",
        "active": True,
        "unit_cost": "4.00",
        **values,
    }


def hash_text(text: str) -> int:
    return int.from_bytes(text.encode(), "big")


def make_order(number: str, **values: Any) -> dict[str, Any]:
    """Two T-shirts at 20.00 each, of which 6.66 VAT; shipping 3.95 without tax."""
    return {
        "number": number,
        "customer": "WEB",
        "division": "10",
        "warehouse": "WH1",
        "currency": "GBP",
        "ordered_at": "2026-05-01 10:00:00",
        "invoice_number": f"INV-{number}",
        "shipping_net": "3.95",
        "shipping_tax": "0.00",
        "shipping_tax_code": "Z",
        "lines": [make_order_line()],
        **values,
    }


def make_order_line(**values: Any) -> dict[str, Any]:
    return {
        "line_id": "1",
        "sku": "TEE-BLK-M",
        "description": "T-shirt black M",
        "quantity": 2,
        "unit_price": "20.00",
        "discount": "0.00",
        "net": "33.34",
        "tax": "6.66",
        "tax_code": "S",
        **values,
    }


def make_rma(rma_id: str, **values: Any) -> dict[str, Any]:
    """One T-shirt back, inspected and restockable at Leeds, refunded 20.00."""
    at = "2026-05-20T08:00:00"
    refunded = values.pop("refunded", Decimal("20.00"))
    items = values.pop("items", None) or [make_unit(f"{rma_id}-1")]
    transactions = values.pop("transactions", None)
    if transactions is None:
        transactions = [make_refund(rma_id, items, refunded)] if refunded is not None else []
    return {
        "rma_id": rma_id,
        "status": "Validated",
        "order_name": "SO-1",
        "order_id": "9001",
        "currency": "GBP",
        "created_at": "2026-05-19T08:00:00",
        "updated_at": at,
        "customer": {"name": "Cara Customer", "email": "cara@example.com"},
        "items": items,
        "shipments": [],
        "transactions": transactions,
        **values,
    }


def make_unit(item_id: str, **values: Any) -> dict[str, Any]:
    return {
        "item_id": item_id,
        "line_item_id": "L1",
        "sku": "TEE-BLK-M",
        "name": "T-shirt black M",
        "paid_price": "20.00",
        "paid_tax": "3.33",
        "tax_included": True,
        "reason": "Does not fit",
        "resolution_type": "RefundToPaymentMethod",
        "return_method": "Ship with any carrier",
        "shipment_id": "",
        "validation": make_validation(),
        **values,
    }


def make_validation(**values: Any) -> dict[str, Any]:
    return {
        "is_returned": True,
        "is_restockable": True,
        "non_returned_reason": None,
        "non_restockable_reason": None,
        "store_location_id": "Leeds DC",
        "at": "2026-05-20T07:30:00",
        "by": "Wanda",
        **values,
    }


def make_refund(
    rma_id: str, items: list[dict[str, Any]], amount: Decimal, **values: Any
) -> dict[str, Any]:
    return {
        "id": f"9{rma_id}",
        "type": "RefundToPaymentMethod",
        "amount": str(amount),
        "status": "Success",
        "processor": "Shopify",
        "external_reference_id": f"R-{rma_id}",
        "item_ids": [item["item_id"] for item in items],
        "created_at": "2026-05-20T07:45:00",
        "updated_at": "2026-05-20T07:50:00",
        **values,
    }


def _no_sleep(clock: Clock) -> Callable[[float], None]:
    return lambda seconds: clock.advance(seconds=seconds) and None
