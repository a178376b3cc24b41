"""ReturnGO after its API reference, with the drift of its real answers and without."""

from collections.abc import Callable
from decimal import Decimal

from connectors import ports, registry, types
from connectors.sandbox.base import Twin
from connectors.sandbox.returngo import API_KEY, SHOP_NAME, ReturnGoTwin
from connectors.sandbox.wsgi_transport import WsgiTransport
from tests.connectors.contract.stages import Clock, SourceStage

_RMA_ID = "6100042"


def stages() -> tuple[SourceStage, ...]:
    return tuple(
        SourceStage(
            name=name,
            twin=_twin(has_drift=has_drift),
            make=_make,
            secrets=(API_KEY,),
            rma_id=_RMA_ID,
            unknown_values={
                "rmas": [_rma(_RMA_ID, status="Teleported", resolution_type="Barter")],
            },
            unknown_status="Teleported",
            webhook=({}, b'{"eventName": "RMA_STATUS_UPDATED", "data": {"rmaId": "6100042"}}'),
            webhook_rma_id=_RMA_ID,
            crowd=_crowd,
            shifts=(
                {"rmas": [_rma("6999999")]},
                {"changes": [{"rma_id": "6100750", "status": "Received"}]},
            ),
        )
        for name, has_drift in (("returngo", False), ("returngo-drifting", True))
    )


def _rma(rma_id: str, *, status: str = "Approved", **item: object) -> dict[str, object]:
    return {
        "rma_id": rma_id,
        "status": status,
        "order_name": f"LUMA-{rma_id}",
        "order_id": f"51{rma_id}",
        "currency": "GBP",
        "created_at": "2026-03-05T09:00:00",
        "customer": {"name": "Ida Berg", "email": "ida@customer.example"},
        "items": [
            {
                "item_id": f"9{rma_id}",
                "quantity": 2,
                "line_item_id": f"8{rma_id}",
                "sku": "TEE-BLK-M",
                "name": "Logo Tee",
                "paid_price": Decimal("36.00"),
                "paid_tax": Decimal("6.00"),
                "reason": "Does not fit",
                **item,
            }
        ],
        "shipments": [{"shipment_id": f"7{rma_id}", "status": "Shipped", "carrier": "Evri"}],
        "transactions": [
            {
                "id": f"4{rma_id}",
                "amount": Decimal("72.00"),
                "external_reference_id": "re_42",
                "item_ids": [f"9{rma_id}"],
            }
        ],
    }


def _twin(*, has_drift: bool) -> Callable[[Clock], Twin]:
    def twin(clock: Clock) -> Twin:
        made = ReturnGoTwin(now=clock)
        made.set_switches({"type_drift": has_drift})
        made.load({"rmas": [_rma(_RMA_ID)]})
        return made

    return twin


def _make(
    transport: WsgiTransport, pacer: ports.Pacer, *, is_refused: bool = False
) -> ports.Source:
    config = types.ConnectionConfig(
        kind="returngo",
        base_url="http://127.0.0.1:8999/twin",
        settings={"shop_name": SHOP_NAME},
        secrets={"api_key": f"{API_KEY}-not" if is_refused else API_KEY},
    )
    return registry.build_source(config, pacer, transport)


def _crowd(twin: Twin) -> frozenset[str]:
    """Three pages of the 500 rows that the connector asks for."""
    ids = [str(6_100_100 + number) for number in range(1_005)]
    lean = ("rma_id", "status", "order_name", "currency", "created_at")
    twin.load({"rmas": [{name: _rma(one)[name] for name in lean} for one in ids]})
    return frozenset({_RMA_ID, *ids})
