"""Brightpearl signed in both ways: as a private app, and by OAuth with tokens that change."""

import dataclasses
from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from connectors import ports, registry, types
from connectors.sandbox.base import Twin
from connectors.sandbox.brightpearl import BrightpearlTwin
from connectors.sandbox.brightpearl_door import ACCOUNT
from connectors.sandbox.wsgi_transport import WsgiTransport
from connectors.types import DocumentDraft, DocumentKind
from tests.connectors.contract.stages import Clock, GatewayStage, Refusal

_ROOT = f"/public-api/{ACCOUNT}"
_WRITES = {
    DocumentKind.RETURN_AUTHORISATION: "/order-service/sales-credit",
    DocumentKind.STOCK_RECEIPT: "/warehouse-service/order/.*/goods-in",
    DocumentKind.STOCK_MOVE: "/multi-message",
    DocumentKind.WRITE_OFF: "/warehouse-service/warehouse/.*/stock-correction",
    DocumentKind.CREDIT_MEMO: "/order-service/sales-credit/.*/close",
    DocumentKind.REFUND_RECORD: "/accounting-service/customer-payment",
}
_AUTHORISATION = (DocumentKind.RETURN_AUTHORISATION,)
_GOODS = (*_AUTHORISATION, DocumentKind.STOCK_RECEIPT)
_PRIVATE = {"app_ref": "sandbox_app", "account_token": "sandbox-brightpearl-token"}
_OAUTH = {
    "app_ref": "sandbox_app",
    "dev_ref": "sandbox_dev",
    "client_secret": "sandbox-brightpearl-secret",
    "refresh_token": "sandbox-brightpearl-refresh",
}
_THROTTLED = {
    "kind": "status",
    "status": 503,
    "headers": {
        "brightpearl-requests-remaining": "0",
        "brightpearl-next-throttle-period": "7000",
    },
    "body": '{"response": "You have sent too many requests."}',
}


def stages() -> tuple[GatewayStage, ...]:
    return (
        _stage("brightpearl", _PRIVATE, "account_token"),
        _stage("brightpearl-oauth", _OAUTH, "refresh_token"),
    )


def _stage(name: str, secrets: Mapping[str, str], spoiled: str) -> GatewayStage:
    def make(
        transport: WsgiTransport, pacer: ports.Pacer, *, is_refused: bool = False
    ) -> ports.Gateway:
        changes = {spoiled: f"{secrets[spoiled]}-not"} if is_refused else {}
        config = types.ConnectionConfig(
            kind="brightpearl",
            base_url="http://127.0.0.1:8999/twin",
            settings={"account": ACCOUNT, "instance_id": "77"},
            secrets={**secrets, **changes},
        )
        return registry.build_gateway(config, pacer, transport)

    return GatewayStage(
        name=name,
        twin=_twin,
        make=make,
        secrets=(secrets[spoiled],),
        draft=_draft,
        write={
            kind: {"path": f"{_ROOT}{path}", "method": "POST"} for kind, path in _WRITES.items()
        },
        refusals=_refusals(),
        order_number="#1001",
        sku="DRESS-RED-M",
        inactive_sku="HAT-OLD",
        bundle_line_id="77002",
        before={
            DocumentKind.STOCK_RECEIPT: _AUTHORISATION,
            DocumentKind.STOCK_MOVE: _GOODS,
            DocumentKind.WRITE_OFF: _GOODS,
            DocumentKind.CREDIT_MEMO: _AUTHORISATION,
            DocumentKind.REFUND_RECORD: _AUTHORISATION,
        },
        read={"method": "GET"},
        # No call for a token: that is a POST as well.
        batch={"method": "POST", "path": "/public-api/"},
        crowd=_crowd,
        shifts=(
            {"products": [_product(1, "AAA-FIRST")]},
            {"products": [_product(2003, "SKU3", name="Renamed")]},
        ),
        throttled=_THROTTLED,
    )


def _product(number: int, sku: str, **changes: object) -> dict[str, object]:
    return {"id": number, "sku": sku, "name": "Midi dress", "cost": "11.25", **changes}


def _row(number: int, product: int, quantity: int, **changes: object) -> dict[str, object]:
    return {
        "id": number,
        "product_id": product,
        "quantity": quantity,
        "net": f"{25 * quantity}.00",
        "tax": f"{5 * quantity}.00",
        "tax_code": "T20",
        "price": "30.00",
        **changes,
    }


def _twin(clock: Clock) -> Twin:
    twin = BrightpearlTwin(now=clock)
    # A test's minute never passes; the quota has tests of its own.
    twin.set_switches({"calls_per_minute": 0, "rotates_refresh_tokens": True})
    twin.load(
        {
            "warehouses": [
                {"id": 2, "name": "London", "default_location": 20, "quarantine_location": 21}
            ],
            "tax_codes": [{"id": 1, "code": "T20", "rate": 20}, {"id": 2, "code": "T0"}],
            "contacts": [{"id": 200, "name": "Web shop"}],
            "products": [
                _product(1001, "DRESS-RED-M", barcode="5012345678900"),
                _product(1002, "HAT-OLD", status="ARCHIVED"),
                _product(1003, "SET", components=[{"product_id": 1001, "quantity": 1}]),
            ],
            "orders": [
                {
                    "id": 501,
                    "ref": "#1001",
                    "contact_id": 200,
                    "warehouse_id": 2,
                    "currency": "GBP",
                    "placed_on": "2026-02-01T09:30:00+00:00",
                    "invoice": "SI9",
                    "rows": [
                        _row(77001, 1001, 9),
                        _row(77002, 1003, 1),
                        _row(77003, 1001, 1, net="0", tax="0", parent_row_id=77002),
                        {
                            "id": 77004,
                            "name": "Shipping",
                            "quantity": 1,
                            "net": "4.00",
                            "tax": "0.80",
                            "tax_code": "T20",
                            "nominal_code": "4040",
                        },
                    ],
                }
            ],
        }
    )
    return twin


def _line(kind: DocumentKind) -> types.DraftLine:
    if kind is DocumentKind.REFUND_RECORD:
        return types.DraftLine(
            line_no=1,
            component="refund",
            sku="",
            item_erp_id="",
            quantity=1,
            net=Decimal("30.00"),
            charge_code="CARD",
        )
    has_money = kind in (DocumentKind.RETURN_AUTHORISATION, DocumentKind.CREDIT_MEMO)
    return types.DraftLine(
        line_no=1,
        component="item",
        sku="DRESS-RED-M",
        item_erp_id="1001",
        quantity=1,
        order_line_id="77001" if has_money else "",
        description="Midi dress",
        reason_code="TOO_SMALL",
        bucket="" if has_money or kind is DocumentKind.STOCK_MOVE else "quarantine",
        unit_price=Decimal("30.00") if has_money else Decimal(0),
        net=Decimal("25.00") if has_money else Decimal(0),
        tax=Decimal("5.00") if has_money else Decimal(0),
        tax_code="T20" if has_money else "",
    )


def _draft(kind: DocumentKind, key: str, based_on: Mapping[str, str]) -> DocumentDraft:
    return DocumentDraft(
        kind=kind,
        key=key,
        date=date(2026, 3, 5),
        division="",
        warehouse="2",
        customer_code="200",
        currency="GBP",
        rma_number="RMA5001",
        order_number="#1001",
        order_erp_id="501",
        invoice_number="SI9",
        authorisation_number="",
        note="Return RMA5001",
        lines=(_line(kind),),
        based_on=based_on,
        tender="card" if kind is DocumentKind.REFUND_RECORD else "",
        reference="ch_1" if kind is DocumentKind.REFUND_RECORD else "",
    )


def _with_line(**changes: object):
    def change(draft: DocumentDraft) -> DocumentDraft:
        return dataclasses.replace(draft, lines=(dataclasses.replace(draft.lines[0], **changes),))

    return change


def _refusals() -> dict[str, Refusal]:
    credit, receipt = DocumentKind.RETURN_AUTHORISATION, DocumentKind.STOCK_RECEIPT
    return {
        "period_closed": Refusal(
            DocumentKind.CREDIT_MEMO, records={"period_lock": {"locked_until": "2026-03-31"}}
        ),
        "unknown_item": Refusal(credit, _with_line(item_erp_id="9999", sku="GHOST")),
        "inactive_item": Refusal(credit, _with_line(item_erp_id="1002", sku="HAT-OLD")),
        "unknown_warehouse": Refusal(
            receipt, lambda draft: dataclasses.replace(draft, warehouse="99")
        ),
        "unknown_customer": Refusal(
            credit, lambda draft: dataclasses.replace(draft, customer_code="201")
        ),
        "unknown_order": Refusal(
            credit, lambda draft: dataclasses.replace(draft, order_erp_id="999")
        ),
        "quantity": Refusal(receipt, _with_line(quantity=10)),
    }


def _crowd(twin: Twin) -> frozenset[str]:
    twin.set_switches({"page_cap": 4})
    twin.load({"products": [_product(2000 + number, f"SKU{number}") for number in range(10)]})
    return frozenset({"DRESS-RED-M", *(f"SKU{number}" for number in range(10))})
