"""Orrery, which does not exist: a profile written by the guide alone, and no code of its own."""

import dataclasses
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path

from connectors import ports, registry, types
from connectors.sandbox.base import Twin
from connectors.sandbox.wsgi_transport import WsgiTransport
from connectors.types import DocumentDraft, DocumentKind
from tests.connectors.contract.stages import Clock, GatewayStage, Refusal
from tests.connectors.orrery.orrery_twin import KEY, OrreryTwin

PROFILE = Path(__file__).parent.parent / "orrery" / "orrery.toml"
_VERBS = {
    DocumentKind.RETURN_AUTHORISATION: "Beckon",
    DocumentKind.STOCK_RECEIPT: "Homecoming",
    DocumentKind.CREDIT_MEMO: "Amends",
}


def stages() -> tuple[GatewayStage, ...]:
    return (
        GatewayStage(
            name="orrery",
            twin=make_twin,
            make=make_gateway,
            secrets=(KEY,),
            draft=make_draft,
            write={
                kind: {"path": "/v9/deed", "content": rf'"Verb": "{verb}"'}
                for kind, verb in _VERBS.items()
            },
            refusals=_refusals(),
            order_number="1001",
            sku="WARE-1",
            inactive_sku="WARE-OLD",
            before=dict.fromkeys(
                (DocumentKind.STOCK_RECEIPT, DocumentKind.CREDIT_MEMO),
                (DocumentKind.RETURN_AUTHORISATION,),
            ),
            crowd=_crowd,
            shifts=({"wares": [_ware("AAA")]}, {"wares": [_ware("WARE-103")]}),
        ),
    )


def make_twin(clock: Clock) -> Twin:
    twin = OrreryTwin(now=clock)
    twin.load(
        {
            "havens": [{"mark": "NORTH", "name": "North haven"}],
            "wares": [_ware("WARE-1"), _ware("WARE-OLD", awake="nej")],
            "errands": [
                {
                    "number": "1001",
                    "for": "HOUSE-7",
                    "coin": "DKK",
                    "haven": "NORTH",
                    "day": "01.02.2026",
                    "lines": [
                        {
                            "no": "a",
                            "ware": "WARE-1",
                            "count": "9",
                            "each": "25.00",
                            "worth": "225.00",
                            "toll": "56.25",
                            "toll_code": "T25",
                        }
                    ],
                }
            ],
        }
    )
    return twin


def make_gateway(
    transport: WsgiTransport, pacer: ports.Pacer, *, is_refused: bool = False
) -> ports.Gateway:
    config = types.ConnectionConfig(
        kind="other",
        base_url="http://127.0.0.1:8999/twin",
        settings={
            "profile_text": PROFILE.read_text(encoding="utf-8"),
            "profile_values": "guild = Tailors",
        },
        secrets={"api_key": f"{KEY}-not" if is_refused else KEY},
    )
    return registry.build_gateway(config, pacer, transport)


def make_draft(kind: DocumentKind, key: str, based_on: Mapping[str, str]) -> DocumentDraft:
    line = types.DraftLine(
        line_no=1,
        component="item",
        sku="WARE-1",
        item_erp_id="WARE-1",
        quantity=1,
        order_line_id="a",
        net=Decimal("25.00"),
        tax=Decimal("6.25"),
        tax_code="T25",
    )
    return DocumentDraft(
        kind=kind,
        key=key,
        date=date(2026, 3, 5),
        division="",
        warehouse="NORTH",
        customer_code="HOUSE-7",
        currency="DKK",
        rma_number="RMA5001",
        order_number="1001",
        order_erp_id="1001",
        invoice_number="",
        authorisation_number="",
        note="Return RMA5001",
        lines=(line,),
        based_on=based_on,
    )


def _ware(mark: str, **changes: str) -> dict[str, str]:
    return {"mark": mark, "name": "A ware", "awake": "ja", "turned": "01.03.2026", **changes}


def _crowd(twin: Twin) -> frozenset[str]:
    marks = [f"WARE-{number}" for number in range(100, 110)]
    twin.load({"wares": [_ware(mark) for mark in marks]})
    return frozenset({"WARE-1", *marks})


def _refusals() -> dict[str, Refusal]:
    credit = DocumentKind.CREDIT_MEMO

    def with_line(**changes: object):
        def change(draft: DocumentDraft) -> DocumentDraft:
            line = dataclasses.replace(draft.lines[0], **changes)
            return dataclasses.replace(draft, lines=(line,))

        return change

    return {
        "period_closed": Refusal(credit, records={"sealed": ["03.2026"]}),
        "unknown_item": Refusal(credit, with_line(sku="GHOST")),
        "inactive_item": Refusal(credit, with_line(sku="WARE-OLD")),
        "unknown_warehouse": Refusal(
            DocumentKind.STOCK_RECEIPT, lambda draft: dataclasses.replace(draft, warehouse="MARS")
        ),
        "quantity": Refusal(credit, with_line(quantity=10)),
    }
