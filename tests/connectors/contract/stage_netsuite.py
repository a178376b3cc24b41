"""NetSuite by both ways to sign in, with conditions told by location and by inventory status."""

import dataclasses
from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from connectors import ports, registry, types
from connectors.sandbox.base import Twin
from connectors.sandbox.netsuite import NetSuiteTwin
from connectors.sandbox.wsgi_transport import WsgiTransport
from connectors.types import DocumentDraft, DocumentKind
from tests.connectors.contract.stages import Clock, GatewayStage, Refusal

_RECORDS = {
    DocumentKind.RETURN_AUTHORISATION: "returnAuthorization",
    DocumentKind.STOCK_RECEIPT: "itemReceipt",
    DocumentKind.STOCK_MOVE: "inventoryTransfer",
    DocumentKind.WRITE_OFF: "inventoryAdjustment",
    DocumentKind.CREDIT_MEMO: "creditMemo",
    DocumentKind.REFUND_RECORD: "customerRefund",
}
_BUCKETS = {DocumentKind.STOCK_RECEIPT: "quarantine", DocumentKind.STOCK_MOVE: "saleable"}
_OAUTH2 = ("client_id", "certificate_id", "private_key")
_TBA = ("consumer_key", "consumer_secret", "token_id", "token_secret")
_SETTINGS = {
    "account": "TSTDRV0001",
    "bucket_places": "quarantine=12, damaged=13",
    "adjustment_account": "120",
}


def stages() -> tuple[GatewayStage, ...]:
    """The second knows no places of conditions and no account, so stock is changed by hand."""
    whole = _stage("netsuite-oauth2", _OAUTH2, _SETTINGS)
    plain = _stage("netsuite-tba", _TBA, {"account": _SETTINGS["account"]})
    by_hand = (DocumentKind.STOCK_MOVE, DocumentKind.WRITE_OFF)
    return whole, dataclasses.replace(
        plain,
        write={kind: rule for kind, rule in plain.write.items() if kind not in by_hand},
        refusals={code: each for code, each in plain.refusals.items() if each.kind not in by_hand},
    )


def _stage(name: str, login: tuple[str, ...], settings: Mapping[str, str]) -> GatewayStage:
    secrets = {code: NetSuiteTwin().credentials()[code] for code in login}

    def make(
        transport: WsgiTransport, pacer: ports.Pacer, *, is_refused: bool = False
    ) -> ports.Gateway:
        wrong = {"client_id": "nobody", "token_id": "nobody"} if is_refused else {}
        config = types.ConnectionConfig(
            kind="netsuite",
            base_url="http://127.0.0.1:8999/twin",
            settings=settings,
            secrets={**secrets, **{code: wrong.get(code, secrets[code]) for code in login}},
        )
        return registry.build_gateway(config, pacer, transport)

    return GatewayStage(
        name=name,
        twin=_twin,
        make=make,
        secrets=tuple(secrets.values()),
        draft=_draft,
        before=_BEFORE,
        read={"path": "/services/rest/query/v1/suiteql"},
        write={
            kind: {"path": f"/services/rest/record/v1/.*{record}"}
            for kind, record in _RECORDS.items()
        },
        refusals=_refusals(),
        order_number="#1001",
        sku="DRESS-RED-M",
        inactive_sku="HAT-OLD",
        bundle_line_id="3",
        crowd=_crowd,
        shifts=({"items": [_item("AAA-FIRST")]}, {"items": [_item("SKU3", upc="999")]}),
    )


_BEFORE = {
    DocumentKind.STOCK_RECEIPT: (DocumentKind.RETURN_AUTHORISATION,),
    DocumentKind.CREDIT_MEMO: (DocumentKind.RETURN_AUTHORISATION,),
    DocumentKind.REFUND_RECORD: (DocumentKind.RETURN_AUTHORISATION, DocumentKind.CREDIT_MEMO),
}


def _item(sku: str, **changes: object) -> dict[str, object]:
    return {"sku": sku, "upc": "", "description": "Midi dress", "unit_cost": "11.25", **changes}


def _line(line_id: str, sku: str, quantity: int, **changes: object) -> dict[str, object]:
    return {
        "line_id": line_id,
        "sku": sku,
        "quantity": quantity,
        "unit_price": "25.00",
        "net": f"{25 * quantity}.00",
        "tax": f"{5 * quantity}.00",
        "tax_code": "7",
        "description": "Midi dress",
        **changes,
    }


def _twin(clock: Clock) -> Twin:
    twin = NetSuiteTwin(now=clock)
    twin.load(
        {
            "locations": [
                {"code": "11", "name": "London", "division": "2"},
                {"code": "12", "name": "London quarantine", "division": "2"},
                {"code": "13", "name": "London damaged", "division": "2"},
            ],
            "items": [
                _item("DRESS-RED-M", id="7001", upc="5012345678900"),
                _item("HAT-OLD", id="7002", active=False),
                _item("SET-TOP"),
                _item("SET", members=[{"sku": "SET-TOP", "quantity": 1}]),
            ],
            "charges": ["FEE"],
            "customers": [{"code": "501", "name": "Web shop"}],
            "orders": [
                {
                    "id": "9001",
                    "number": "#1001",
                    "customer": "501",
                    "division": "2",
                    "warehouse": "11",
                    "currency": "GBP",
                    "ordered_at": "2026-02-01T09:30:00+00:00",
                    "shipping_net": "4.00",
                    "shipping_tax": "0.80",
                    "shipping_tax_code": "7",
                    "lines": [
                        _line("1", "DRESS-RED-M", 900),
                        _line("2", "HAT-OLD", 1),
                        _line("3", "SET", 1),
                        _line("4", "SET-TOP", 1, parent_line_id="3", net="0", tax="0"),
                    ],
                }
            ],
        }
    )
    return twin


def _draft(kind: DocumentKind, key: str, based_on: Mapping[str, str]) -> DocumentDraft:
    if kind is DocumentKind.REFUND_RECORD:
        line = types.DraftLine(1, "refund", "", "", 1, net=Decimal("30.00"), charge_code="8")
    else:
        has_money = kind in (DocumentKind.RETURN_AUTHORISATION, DocumentKind.CREDIT_MEMO)
        line = types.DraftLine(
            line_no=1,
            component="item",
            sku="DRESS-RED-M",
            item_erp_id="7001",
            quantity=1,
            order_line_id="1" if has_money else "",
            description="Midi dress",
            bucket=_BUCKETS.get(kind, "damaged"),
            unit_price=Decimal("25.00") if has_money else Decimal(0),
            net=Decimal("25.00") if has_money else Decimal(0),
            tax=Decimal("5.00") if has_money else Decimal(0),
            tax_code="7" if has_money else "",
        )
    return DocumentDraft(
        kind=kind,
        key=key,
        date=date(2026, 3, 5),
        division="2",
        warehouse="11",
        customer_code="501",
        currency="GBP",
        rma_number="RMA5001",
        order_number="#1001",
        order_erp_id="9001",
        invoice_number="",
        authorisation_number="",
        note="Return RMA5001",
        lines=(line,),
        based_on=based_on,
    )


def _with_line(**changes: object):
    def change(draft: DocumentDraft) -> DocumentDraft:
        return dataclasses.replace(draft, lines=(dataclasses.replace(draft.lines[0], **changes),))

    return change


def _refusals() -> dict[str, Refusal]:
    credit, receipt = DocumentKind.CREDIT_MEMO, DocumentKind.STOCK_RECEIPT
    charge = {"component": "fee", "sku": "", "item_erp_id": "", "order_line_id": ""}
    return {
        "period_closed": Refusal(credit, records={"closed_periods": ["2026-03"]}),
        "unknown_item": Refusal(credit, _with_line(**charge, charge_code="99999")),
        "inactive_item": Refusal(
            DocumentKind.WRITE_OFF, _with_line(sku="HAT-OLD", item_erp_id="7002")
        ),
        "unknown_warehouse": Refusal(
            receipt, _with_bucketless(lambda draft: dataclasses.replace(draft, warehouse="99"))
        ),
        "quantity": Refusal(receipt, _with_line(quantity=10)),
        "amount": Refusal(credit, _with_line(net=Decimal(0), tax=Decimal("-1"))),
    }


def _with_bucketless(change):
    return lambda draft: change(_with_line(bucket="")(draft))


def _crowd(twin: Twin) -> frozenset[str]:
    twin.set_switches({"page_cap": 4})
    twin.load({"items": [_item(f"SKU{number}") for number in range(10)]})
    return frozenset({"DRESS-RED-M", *(f"SKU{number}" for number in range(10))})
