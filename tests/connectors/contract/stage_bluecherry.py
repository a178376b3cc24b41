"""BlueCherry by its shipped profile. All return documents are invented for the sandbox."""

import dataclasses
import zlib
from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from connectors import ports, registry, types
from connectors.sandbox.base import Twin
from connectors.sandbox.bluecherry import BlueCherryTwin
from connectors.sandbox.wsgi_transport import WsgiTransport
from connectors.types import DocumentDraft, DocumentKind
from tests.connectors.contract.stages import Clock, GatewayStage, Refusal

_PATHS = {
    DocumentKind.RETURN_AUTHORISATION: "/api/SimReturnAuthorization",
    DocumentKind.STOCK_RECEIPT: "/api/SimReturnReceipt",
    DocumentKind.STOCK_MOVE: "/api/SimStockAdjust",
    DocumentKind.WRITE_OFF: "/api/SimStockAdjust",
    DocumentKind.CREDIT_MEMO: "/api/SimCreditMemo",
}
_KEY = "sandbox-bluecherry-key"


def stages() -> tuple[GatewayStage, ...]:
    return (
        GatewayStage(
            name="bluecherry",
            twin=_twin,
            make=_make,
            secrets=(_KEY,),
            draft=_draft,
            write={kind: {"path": path} for kind, path in _PATHS.items()},
            refusals=_refusals(),
            order_number="#1001",
            sku="DRESS-RED-M",
            inactive_sku="HAT-OLD",
            bundle_line_id="77002",
            crowd=_crowd,
            shifts=({"items": [_item("AAA-FIRST", "00001")]}, {"items": [_item("SKU3", "S00003")]}),
        ),
    )


def _item(sku: str, style: str, **changes: object) -> dict[str, object]:
    return {
        "sku": sku,
        "style": style,
        "color_code": "RED",
        "lbl_code": "A",
        "dimension": "",
        "size_desc": "M",
        "upc": "",
        "description": "Midi dress",
        "division": "WOM",
        "active": True,
        "returnable": True,
        "unit_cost": "11.25",
        **changes,
    }


def _line(line_id: str, sku: str, quantity: int, **changes: object) -> dict[str, object]:
    return {
        "line_id": line_id,
        "sku": sku,
        "quantity": quantity,
        "unit_price": "30.00",
        "discount": "0",
        "net": f"{25 * quantity}.00",
        "tax": f"{5 * quantity}.00",
        "tax_code": "S",
        "description": "Midi dress",
        **changes,
    }


def _twin(clock: Clock) -> Twin:
    twin = BlueCherryTwin(now=clock)
    twin.load(
        {
            "locations": [
                {"code": "LDN", "name": "London", "division": "WOM", "active": True},
            ],
            "items": [
                _item("DRESS-RED-M", "00042", upc="5012345678900"),
                _item("HAT-OLD", "00077", active=False),
                _item("SET", "00100"),
                _item("SET-TOP", "00101"),
            ],
            "customers": [{"code": "WEB", "name": "Web shop", "vat_setting": "vat_included"}],
            "orders": [
                {
                    "number": "#1001",
                    "customer": "WEB",
                    "division": "WOM",
                    "warehouse": "LDN",
                    "currency": "GBP",
                    "ordered_at": "2026-02-01T09:30:00+00:00",
                    "invoice_number": "INV9",
                    "shipping_net": "4.00",
                    "shipping_tax": "0.80",
                    "shipping_tax_code": "S",
                    "lines": [
                        _line("77001", "DRESS-RED-M", 9),
                        _line("77002", "SET", 1),
                        _line("77003", "SET-TOP", 1, parent_line_id="77002"),
                    ],
                }
            ],
        }
    )
    return twin


def _make(
    transport: WsgiTransport, pacer: ports.Pacer, *, is_refused: bool = False
) -> ports.Gateway:
    config = types.ConnectionConfig(
        kind="bluecherry",
        base_url="http://127.0.0.1:8999/twin",
        settings={"vnd_id": "RETURNSBRIDGE"},
        secrets={"subscription_key": f"{_KEY}-not" if is_refused else _KEY},
    )
    return registry.build_gateway(config, pacer, transport)


def _draft(kind: DocumentKind, key: str, based_on: Mapping[str, str]) -> DocumentDraft:
    line = types.DraftLine(
        line_no=1,
        component="item",
        sku="DRESS-RED-M",
        item_erp_id="WOM|00042|RED|A||M",
        quantity=1,
        order_line_id="77001",
        description="Midi dress",
        reason_code="TOO_SMALL",
        bucket="QA",
        unit_price=Decimal("30.00"),
        net=Decimal("25.00"),
        tax=Decimal("5.00"),
        tax_code="S",
        key_parts={"style": "00042", "color_code": "RED", "lbl_code": "A", "size_desc": "M"},
    )
    return DocumentDraft(
        kind=kind,
        key=key,
        date=date(2026, 3, 5),
        division="WOM",
        warehouse="LDN",
        customer_code="WEB",
        currency="GBP",
        rma_number="RMA5001",
        order_number="#1001",
        order_erp_id="100007",
        invoice_number="INV9",
        authorisation_number="",
        note="Return RMA5001",
        lines=(line,),
        control_number=zlib.crc32(key.encode()) % 1_000_000_000,
        based_on=based_on,
    )


def _with_line(**changes: object):
    def change(draft: DocumentDraft) -> DocumentDraft:
        return dataclasses.replace(draft, lines=(dataclasses.replace(draft.lines[0], **changes),))

    return change


def _refusals() -> dict[str, Refusal]:
    credit = DocumentKind.CREDIT_MEMO
    return {
        "period_closed": Refusal(credit, records={"closed_periods": ["2026-03"]}),
        "unknown_item": Refusal(credit, _with_line(sku="GHOST")),
        "inactive_item": Refusal(credit, _with_line(sku="HAT-OLD")),
        "unknown_warehouse": Refusal(
            DocumentKind.STOCK_RECEIPT, lambda draft: dataclasses.replace(draft, warehouse="MARS")
        ),
        "quantity": Refusal(credit, _with_line(quantity=10)),
        "amount": Refusal(credit, _with_line(net=Decimal(0), tax=Decimal(0))),
    }


def _crowd(twin: Twin) -> frozenset[str]:
    twin.set_switches({"page_cap": 4})
    twin.load({"items": [_item(f"SKU{number}", f"S{number:05}") for number in range(10)]})
    return frozenset({"DRESS-RED-M", *(f"SKU{number}" for number in range(10))})
