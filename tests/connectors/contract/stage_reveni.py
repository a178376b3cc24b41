"""Reveni by its assumed contract, with units apart and together."""

from collections.abc import Callable

from connectors import ports, registry, types
from connectors.sandbox.base import Twin
from connectors.sandbox.reveni import API_KEY, WEBHOOK_SECRET, ReveniTwin, signed
from connectors.sandbox.wsgi_transport import WsgiTransport
from tests.connectors.contract.stages import Clock, SourceStage

_RMA_ID = "0" * 31 + "a"
_BODY = b'{"event": "return.updated", "transaction": {"id": "%s"}}' % _RMA_ID.encode()


def stages() -> tuple[SourceStage, ...]:
    return tuple(
        SourceStage(
            name=name,
            twin=_twin(units_apart=units_apart),
            make=_make,
            secrets=(API_KEY, WEBHOOK_SECRET),
            rma_id=_RMA_ID,
            unknown_values={"transactions": [_transaction(_RMA_ID, state="TELEPORTED")]},
            unknown_status="TELEPORTED",
            webhook=({"X-Reveni-Signature": signed(_BODY)}, _BODY),
            webhook_rma_id=_RMA_ID,
            crowd=_crowd,
            shifts=(
                {"transactions": [_transaction("f" * 32)]},
                {"changes": [{"id": f"{150:032x}", "state": "SHIPPED"}]},
            ),
        )
        for name, units_apart in (("reveni", True), ("reveni-quantities", False))
    )


def _transaction(transaction_id: str, *, state: str = "SHIPPED") -> dict[str, object]:
    return {
        "id": transaction_id,
        "mode": "INSTANT",
        "state": state,
        "order_name": "LUMA-2041",
        "order_id": "512041",
        "currency": "GBP",
        "created_at": "2026-03-05T09:00:00",
        "refund_method": "STORE_CREDIT",
        "customer": {"name": "Ida Berg", "email": "ida@customer.example"},
        "products": [
            {
                "id": f"p-{transaction_id[-8:]}",
                "quantity": 2,
                "order_line_id": "8",
                "sku": "TEE-BLK-M",
                "name": "Logo Tee",
                "price": "36.00",
                "tax": "6.00",
                "reason": "Does not fit",
            }
        ],
        "fees": [{"type": "RETURN_FEE", "amount": "2.95"}],
        "shipments": [{"id": f"s-{transaction_id[-8:]}", "status": "SHIPPED", "carrier": "Evri"}],
    }


def _twin(*, units_apart: bool) -> Callable[[Clock], Twin]:
    def twin(clock: Clock) -> Twin:
        made = ReveniTwin(now=clock)
        made.set_switches({"units_apart": units_apart})
        made.load({"transactions": [_transaction(_RMA_ID)]})
        return made

    return twin


def _make(
    transport: WsgiTransport, pacer: ports.Pacer, *, is_refused: bool = False
) -> ports.Source:
    config = types.ConnectionConfig(
        kind="reveni",
        base_url="http://127.0.0.1:8999/twin",
        secrets={
            "api_key": f"{API_KEY}-not" if is_refused else API_KEY,
            "webhook_secret": WEBHOOK_SECRET,
        },
    )
    return registry.build_source(config, pacer, transport)


def _crowd(twin: Twin) -> frozenset[str]:
    """Three pages of the 100 rows that the profile asks for."""
    ids = [f"{number:032x}" for number in range(100, 305)]
    lean = ("id", "state", "order_name", "currency", "created_at")
    twin.load({"transactions": [{name: _transaction(one)[name] for name in lean} for one in ids]})
    return frozenset({_RMA_ID, *ids})
