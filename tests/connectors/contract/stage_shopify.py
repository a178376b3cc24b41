"""Shopify after its public schema, with the cursors that count rows: the harder of two guesses."""

from connectors import ports, registry, types
from connectors.sandbox.base import Twin
from connectors.sandbox.shopify import ACCESS_TOKEN, API_SECRET, SHOP_DOMAIN, ShopifyTwin
from connectors.sandbox.wsgi_transport import WsgiTransport
from tests.connectors.contract.stages import Clock, SourceStage

_RMA_ID = "6100042"


def stages() -> tuple[SourceStage, ...]:
    return (
        SourceStage(
            name="shopify",
            twin=_twin,
            make=_make,
            secrets=(ACCESS_TOKEN, API_SECRET),
            rma_id=_RMA_ID,
            unknown_values={"orders": [_order(_RMA_ID, status="TELEPORTED", reason="barter")]},
            unknown_status="TELEPORTED",
            webhook=(
                {"X-Shopify-Topic": "returns/approve", "X-Shopify-API-Version": "2026-10"},
                b'{"id": 6100042, "status": "open"}',
            ),
            webhook_rma_id=_RMA_ID,
            crowd=_crowd,
            shifts=(
                {"orders": [_order("6999999")]},
                {"changes": [{"order_id": "516100150", "note": "Changed while we read"}]},
            ),
            throttled={
                "kind": "status",
                "status": 200,
                "body": '{"errors": [{"message": "Throttled",'
                ' "extensions": {"code": "THROTTLED"}}]}',
            },
        ),
    )


def _order(rma_id: str, *, status: str = "OPEN", **line: object) -> dict[str, object]:
    return {
        "id": f"51{rma_id}",
        "name": f"#{rma_id}",
        "created_at": "2026-03-05T08:00:00",
        "currency": "GBP",
        "taxes_included": True,
        "email": "ida@customer.example",
        "customer": {"id": "1", "name": "Ida Berg"},
        "lines": [
            {
                "id": f"8{rma_id}",
                "sku": "TEE-BLK-M",
                "name": "Logo Tee",
                "quantity": 2,
                "price": "36.00",
                "taxes": [{"rate": "0.2", "amount": "12.00"}],
            }
        ],
        "returns": [
            {
                "id": rma_id,
                "status": status,
                "created_at": "2026-03-05T09:00:00",
                "lines": [
                    {
                        "id": f"9{rma_id}",
                        "line_id": f"8{rma_id}",
                        "quantity": 2,
                        "reason": "too-small",
                        **line,
                    }
                ],
                "deliveries": [{"id": f"7{rma_id}", "carrier": "Evri", "number": "H00A1"}],
            }
        ],
        "refunds": [
            {
                "id": f"4{rma_id}",
                "return_id": rma_id,
                "lines": [
                    {"line_id": f"8{rma_id}", "quantity": 2, "subtotal": "72.00", "tax": "12.00"}
                ],
                "transactions": [{"id": f"3{rma_id}", "amount": "72.00", "payment_id": "re_42"}],
            }
        ],
    }


def _twin(clock: Clock) -> Twin:
    made = ShopifyTwin(now=clock)
    # What a query costs has tests of its own.
    made.set_switches({"cursors": "offset", "bucket_size": 100_000_000})
    made.load({"orders": [_order(_RMA_ID)]})
    return made


def _make(
    transport: WsgiTransport, pacer: ports.Pacer, *, is_refused: bool = False
) -> ports.Source:
    config = types.ConnectionConfig(
        kind="shopify",
        base_url="http://127.0.0.1:8999/twin",
        settings={"shop_domain": SHOP_DOMAIN},
        secrets={
            "access_token": f"{ACCESS_TOKEN}-not" if is_refused else ACCESS_TOKEN,
            "api_secret": API_SECRET,
        },
    )
    return registry.build_source(config, pacer, transport)


def _crowd(twin: Twin) -> frozenset[str]:
    """Three pages of the hundred orders that the connector asks for."""
    ids = [str(6_100_100 + number) for number in range(205)]
    lean = ("id", "name", "created_at", "currency", "lines", "returns")
    rows = [_order(one) for one in ids]
    twin.load(
        {
            "orders": [
                {
                    **{name: row[name] for name in lean},
                    # As a shop is: few orders share the second they changed in.
                    "updated_at": f"2026-03-05T09:{number // 60:02d}:{number % 60:02d}",
                }
                for number, row in enumerate(rows)
            ]
        }
    )
    return frozenset({_RMA_ID, *ids})
