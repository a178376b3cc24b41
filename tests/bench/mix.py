"""Returns as a season brings them (reliability E.3): which kinds, in which shares, always alike."""

from __future__ import annotations

from decimal import Decimal

from tests.world import World, make_order, make_order_line, make_rma, make_unit, make_validation

KINDS = ("one line", "several lines", "exchange", "partial", "not restocked", "erroneous")
# Of twenty returns: 60 % one line, 20 % several, 10 % exchange, 5 % partial or unsold, 5 % wrong.
_TWENTY = (
    *("one line",) * 6,
    *("several lines",) * 2,
    "exchange",
    "partial",
    *("one line",) * 6,
    *("several lines",) * 2,
    "exchange",
    "erroneous",
)
_SKUS = ("TEE-BLK-M", "TEE-BLK-L", "MUG-RED")


def kind_of(number: int) -> str:
    if _TWENTY[number % 20] == "partial" and number % 40 >= 20:
        return "not restocked"
    return _TWENTY[number % 20]


def add(world: World, *, number: int, kind: str) -> None:
    """Load one order with the ERP and its return with the platform."""
    rma_id, order = str(10_000 + number), f"SO-{10_000 + number}"
    skus = _skus(kind, number)
    lines = [make_order_line(line_id=str(n + 1), sku=sku) for n, sku in enumerate(skus)]
    if kind == "erroneous":
        skus = ["NOT-KNOWN"]
    units = [
        make_unit(
            f"{rma_id}-{n + 1}",
            line_item_id=f"L{n + 1}",
            sku=sku,
            validation=make_validation(is_restockable=kind != "not restocked"),
        )
        for n, sku in enumerate(skus)
    ]
    world.erp.load({"orders": [make_order(order, lines=lines)]})
    refunded = Decimal("20.00") * len(units)
    # The clock of the world moves: a return that changed before the last poll would not be listed.
    at = f"{world.clock.now:%Y-%m-%dT%H:%M:%S}"
    rma = make_rma(rma_id, order_name=order, items=units, refunded=refunded, updated_at=at)
    for refund in rma["transactions"]:
        refund["updated_at"] = at
    world.platform.load({"rmas": [rma]})


def _skus(kind: str, number: int) -> list[str]:
    if kind == "several lines":
        return [_SKUS[n] for n in range(2 + number % 2)]
    return [_SKUS[number % 2]]
