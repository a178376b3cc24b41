"""The books of a small shop, records to send, and calls that read well."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count

from connectors import wire_json
from connectors.sandbox.bluecherry import KEY_HEADER

START = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)
KEY = {KEY_HEADER: "sandbox-bluecherry-key"}


class Clock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


def make_item(number=1, **changes):
    return {
        "sku": f"SHIRT-RED-{number}",
        "style": "00042",
        "color_code": "RED",
        "lbl_code": "L1",
        "dimension": "R",
        "size_desc": str(number),
        "upc": f"50000000{number:04}",
        "description": "Shirt",
        "division": "01",
        "active": True,
        "unit_cost": "3.10",
        **changes,
    }


def make_line(**changes):
    return {
        "line_id": "L-1",
        "sku": "SHIRT-RED-1",
        "quantity": 3,
        "unit_price": "10.00",
        "discount": "1.50",
        "net": "23.75",
        "tax": "4.75",
        "tax_code": "T1",
        "description": "Shirt, red",
        **changes,
    }


def make_order(number="#1001", **changes):
    return {
        "number": number,
        "customer": "C1",
        "division": "01",
        "warehouse": "W1",
        "currency": "GBP",
        "ordered_at": "2026-04-02T10:11:12+01:00",
        "invoice_number": "I-77",
        "shipping_net": "3.33",
        "shipping_tax": "0.67",
        "shipping_tax_code": "T1",
        "lines": [make_line()],
        **changes,
    }


def make_books(**changes):
    return {
        "locations": [
            {"code": "W1", "name": "Leeds", "division": "01", "active": True},
            {"code": "W2", "name": "Derby", "division": "02", "active": True},
            {"code": "W3", "name": "Closed", "division": "01", "active": False},
            {"code": "W9", "name": "Shared", "division": "", "active": True},
        ],
        "items": [make_item(), make_item(2), make_item(3, active=False)],
        "customers": [
            {"code": "C1", "name": "Web shop", "vat_setting": "prices_include_vat"},
            {"code": "C2", "name": "Trade", "vat_setting": "margin_scheme"},
        ],
        "orders": [make_order(), make_order("#1002", customer="C2")],
        "closed_periods": ["2026-04"],
        "refuse_vat_settings": ["margin_scheme"],
        **changes,
    }


_isa_numbers = count(1)


def make_detail(**changes):
    return {
        "line_seq": 1,
        "component": "item",
        "sim_sku": "SHIRT-RED-1",
        "size_qty": 1,
        "reason_code": "FIT",
        "stock_status": "A",
        "order_line": "L-1",
        "price": Decimal("10.00"),
        "net_amt": Decimal("7.92"),
        "tax_amt": Decimal("1.58"),
        "tax_code": "T1",
        **changes,
    }


def make_record(**changes):
    return {
        "isa_num": f"{next(_isa_numbers):09}",
        "vnd_id": "RB",
        "vnd_qual": "ZZ",
        "ref_num": "CM-1",
        "ord_num": "#1001",
        "customer": "C1",
        "division": "01",
        "location": "W1",
        "doc_date": "05/04/2026",
        "curr_code": "GBP",
        "ra_num": "",
        "inv_num": "I-77",
        "note": "",
        "detail": [make_detail()],
        **changes,
    }


def get(client, path, **query):
    reply = client.get(path, query_string=query, headers=KEY)
    return reply.status_code, wire_json.decode(reply.text)


def headers(client, path, **query):
    status, body = get(client, path, **query)
    assert status == 200
    return body["data"]["header"]


def post(client, resource, *records):
    reply = client.post(
        f"/api/{resource}",
        data=wire_json.encode(records),
        content_type="application/json",
        headers=KEY,
    )
    return reply.status_code, wire_json.decode(reply.text)


def credit(client, **changes):
    return post(client, "SimCreditMemo", make_record(**changes))


def find(client, refs="CM-1", doc_type="CM"):
    return headers(client, "/api/SimDocument", doc_type=doc_type, refs=refs)
