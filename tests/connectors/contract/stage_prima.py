"""Prima by its shipped profile, behind a proxy that asks for a login as no Prima does itself."""

import dataclasses
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from importlib import resources

from connectors import ports, registry, types
from connectors.sandbox.base import Twin
from connectors.sandbox.prima import PrimaTwin
from connectors.sandbox.wsgi_transport import WsgiTransport
from connectors.types import DocumentDraft, DocumentKind
from tests.connectors.contract.stages import Clock, GatewayStage, Refusal

_TYPES = {
    DocumentKind.RETURN_AUTHORISATION: "SimReturn",
    DocumentKind.STOCK_RECEIPT: "SimGoodsIn",
    DocumentKind.STOCK_MOVE: "SimStockMove",
    DocumentKind.WRITE_OFF: "SimWriteOff",
    DocumentKind.CREDIT_MEMO: "SimCredit",
}
_PASSWORD = "sandbox-prima-password"
_PARTS = {"product": "00042", "mtrxcode1": "RED", "mtrxcode2": "M"}


def stages() -> tuple[GatewayStage, ...]:
    return (
        GatewayStage(
            name="prima",
            twin=_twin,
            make=_make,
            secrets=(_PASSWORD,),
            draft=_draft,
            write={
                kind: {"content": rf"Request RequestType=\W*(quot;)?{name}\b"}
                for kind, name in _TYPES.items()
            },
            refusals=_refusals(),
            order_number="#1001",
            sku="00042-RED-M",
            inactive_sku="HAT-OLD",
            bundle_line_id="77002",
            not_here={"paging": "Prima lists all its stock in one answer."},
        ),
    )


def profile_text() -> str:
    shipped = resources.files("connectors.profiled.profiles") / "prima-soap.toml"
    return shipped.read_text(encoding="utf-8")


def with_login() -> str:
    login = 'kind = "basic"\nuser = "user"\npassword = "password"'
    return profile_text().replace('kind = "none"', login)


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


def records() -> dict[str, list[dict[str, object]]]:
    return {
        "locations": [
            {"code": "LDN", "name": "London", "active": True},
            {"code": "QUA", "name": "Quarantine", "active": True},
        ],
        "items": [
            {
                "sku": "00042-RED-M",
                "product": "00042",
                "codes": ["RED", "M"],
                "barcode": "5012345678900",
                "description": "Midi dress",
                "unit_cost": "11.25",
                "available": 4,
            },
            {"sku": "HAT-OLD", "active": False},
            {"sku": "SET"},
            {"sku": "SET-TOP"},
        ],
        "customers": [{"code": "WEB", "name": "Web shop", "vat_setting": "vat_included"}],
        "orders": [
            {
                "number": "#1001",
                "customer": "WEB",
                "warehouse": "LDN",
                "currency": "GBP",
                "ordered_at": "2026-02-01T09:30:00+00:00",
                "invoice_number": "INV9",
                "shipping_net": "4.00",
                "shipping_tax": "0.80",
                "shipping_tax_code": "S",
                "lines": [
                    _line("77001", "00042-RED-M", 9),
                    _line("77002", "SET", 1),
                    _line("77003", "SET-TOP", 1, parent_line_id="77002"),
                ],
            }
        ],
    }


def _twin(clock: Clock) -> Twin:
    twin = PrimaTwin(now=clock)
    twin.set_switches({"needs_login": True})
    twin.load(records())
    return twin


def _make(
    transport: WsgiTransport, pacer: ports.Pacer, *, is_refused: bool = False
) -> ports.Gateway:
    config = types.ConnectionConfig(
        kind="prima",
        base_url="http://127.0.0.1:8999/twin/wsa/wsa1",
        settings={"profile_text": with_login()},
        secrets={
            "user": "sandbox-prima",
            "password": f"{_PASSWORD}-not" if is_refused else _PASSWORD,
        },
    )
    return registry.build_gateway(config, pacer, transport)


def _draft(kind: DocumentKind, key: str, based_on: Mapping[str, str]) -> DocumentDraft:
    line = types.DraftLine(
        line_no=1,
        component="item",
        sku="00042-RED-M",
        item_erp_id="00042|RED|M||",
        quantity=1,
        order_line_id="77001",
        description="Midi dress",
        reason_code="TOO_SMALL",
        bucket="QA",
        unit_price=Decimal("30.00"),
        net=Decimal("25.00"),
        tax=Decimal("5.00"),
        tax_code="S",
        key_parts=_PARTS,
    )
    return DocumentDraft(
        kind=kind,
        key=key,
        date=date(2026, 3, 5),
        division="",
        warehouse="LDN",
        customer_code="WEB",
        currency="GBP",
        rma_number="RMA5001",
        order_number="#1001",
        order_erp_id="#1001",
        invoice_number="INV9",
        authorisation_number="",
        note="Return RMA5001",
        lines=(line,),
        based_on=based_on,
    )


make_draft, make_gateway, make_twin = _draft, _make, _twin


def with_line(**changes: object):
    def change(draft: DocumentDraft) -> DocumentDraft:
        return dataclasses.replace(draft, lines=(dataclasses.replace(draft.lines[0], **changes),))

    return change


def _refusals() -> dict[str, Refusal]:
    credit = DocumentKind.CREDIT_MEMO
    return {
        "period_closed": Refusal(credit, records={"closed_periods": ["2026-03"]}),
        "unknown_item": Refusal(credit, with_line(key_parts={**_PARTS, "mtrxcode2": "XXL"})),
        "inactive_item": Refusal(credit, with_line(key_parts={"product": "HAT-OLD"})),
        "unknown_warehouse": Refusal(
            DocumentKind.STOCK_RECEIPT, lambda draft: dataclasses.replace(draft, warehouse="MARS")
        ),
        "quantity": Refusal(credit, with_line(quantity=10)),
        "amount": Refusal(credit, with_line(net=Decimal(0), tax=Decimal(0))),
    }
