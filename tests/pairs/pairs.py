"""The five pairs as a customer would set them up, and the returns each of them carries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from connectors.types import DocumentKind
from exceptions_app.models import Case
from tests import world as small
from tests.pairs.pair_world import PairWorld, make_pair

DAMAGED = "Arrived broken"
WHOLE, PARTIAL, BUNDLE, EXCHANGE = "5001", "5002", "5003", "5004"
BROKEN, STRANGE, NOWHERE, LATE = "5005", "5006", "5007", "5008"
_SHORT = {
    DocumentKind.RETURN_AUTHORISATION: "authorised",
    DocumentKind.STOCK_RECEIPT: "received",
    DocumentKind.STOCK_MOVE: "moved",
    DocumentKind.WRITE_OFF: "written off",
    DocumentKind.CREDIT_MEMO: "credited",
    DocumentKind.REFUND_RECORD: "refunded",
}
_MEMBERS = [{"sku": "TEE-BLK-L", "quantity": 1}, {"sku": "MUG-RED", "quantity": 1}]
_SET = small.make_order_line(
    sku="SET-1", description="Gift set", quantity=1, unit_price="28.00", net="23.33", tax="4.67"
)
_PART = {"quantity": 1, "net": "0.00", "tax": "0.00", "parent_line_id": "1"}


@dataclass(frozen=True)
class Pair:
    """`policy` is what a customer adds to the preset; `tender` a payment's kind, if recorded."""

    erp: str
    platform: str
    policy: Mapping[str, Any] = field(default_factory=dict)
    tender: str = ""

    @property
    def preset(self) -> str:
        return f"{self.erp}+{self.platform}"


PAIRS = (
    Pair("bluecherry", "returngo", {"note_to_platform": False}),
    Pair("bluecherry", "reveni"),
    Pair("prima", "returngo", {"note_to_platform": False}),
    # A refund that does not say how it was paid names who paid it.
    Pair("brightpearl", "returngo", {"note_to_platform": False}, tender="shopify"),
    Pair("netsuite", "shopify", tender="card"),
)


def set_up(pair: Pair) -> PairWorld:
    world = make_pair(pair.erp, pair.platform, policy=pair.policy)
    world.load_erp({"items": [small.make_item("SET-1", "Gift set", members=_MEMBERS)]})
    world.map("location", "Leeds DC", world.place("Leeds"))
    world.map("reason", "Does not fit", {"code": "FIT"})
    # Where staff of an ERP check goods in, its own place tells the bucket.
    world.map("disposition", "place:quarantine", {"bucket": "quarantine"})
    world.map("disposition", f"not_restockable/{DAMAGED}", {"bucket": "damaged"})
    if pair.tender:
        charge = {"component": "refund", "erp_code": "8"}
        world.map("fee", f"tender:{pair.tender}", charge)
    return world


def load_mix(world: PairWorld) -> None:
    """A return of each kind that every pair must carry or explain."""
    one = [small.make_order_line(quantity=1, net="16.67", tax="3.33")]
    _add(world, WHOLE, order={"lines": one})
    _add(world, PARTIAL)
    part = {"sku": "MUG-RED", "paid_price": "8.00", "paid_tax": "1.33"}
    _add(world, BUNDLE, order={"lines": _bundle()}, unit=part, refunded=Decimal("8.00"))
    _add(world, EXCHANGE, unit={"resolution_type": "ExchangeSameItem"}, refunded=None)
    _add(world, BROKEN, unit=_judged(is_restockable=False, non_restockable_reason=DAMAGED))
    _add(
        world,
        STRANGE,
        order={"shop_lines": [small.make_order_line(sku="GHOST")]},
        unit={"sku": "GHOST"},
    )
    _add(world, NOWHERE, unit=_judged(store_location_id="Mars"))


def load_after_the_close(world: PairWorld) -> None:
    """The ERP closes its month, and one more return comes."""
    world.load_erp({"closed_periods": ["2026-05"]})
    _add(world, LATE)


def add_plain(world: PairWorld, rma_id: str) -> None:
    """One of two shirts of an order of its own, which nothing is wrong with."""
    _add(world, rma_id)


def outcome(world: PairWorld, rma_id: str) -> tuple[str, str]:
    """What the ERP's books hold of a return, in words, and the open exceptions about it."""
    rma = world.rma(rma_id)
    told = [
        " ".join(filter(None, (_SHORT[row.kind], f"{row.gross:.2f}" if row.gross else "")))
        for row in world.booked()
        if f"-{rma.external_id}-" in row.key and row.is_final
    ]
    cases = Case.objects.filter(rma=rma).exclude(status="resolved").order_by("type")
    return ", ".join(told), ", ".join(cases.values_list("type", flat=True))


def _add(
    world: PairWorld,
    rma_id: str,
    *,
    order: Mapping[str, Any] | None = None,
    unit: Mapping[str, Any] | None = None,
    refunded: Decimal | None = Decimal("20.00"),
) -> None:
    number = f"SO-{rma_id}"
    world.add_order(number, **(order or {}))
    made = small.make_unit(f"{rma_id}-1", **(unit or {}))
    world.add_return(rma_id, order_name=number, items=[made], refunded=refunded)


def _judged(**values: Any) -> dict[str, Any]:
    return {"validation": small.make_validation(**values)}


def _bundle() -> list[dict[str, Any]]:
    shirt = {"line_id": "2", "sku": "TEE-BLK-L", "unit_price": "20.00"}
    mug = {"line_id": "3", "sku": "MUG-RED", "unit_price": "8.00"}
    parts = [small.make_order_line(**each, **_PART) for each in (shirt, mug)]
    return [_SET, *parts]
