"""A NetSuite twin with one order, gateways onto it, and drafts that post."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import requests

from connectors import registry, types
from connectors.sandbox.netsuite import NetSuiteTwin
from connectors.sandbox.wsgi_transport import WsgiTransport
from connectors.types import DocumentDraft, DocumentKind, DraftLine

BASE_URL = "http://127.0.0.1:8999/netsuite"
SETTINGS = {"account": "TSTDRV0001", "adjustment_account": "120"}
OAUTH2 = ("client_id", "certificate_id", "private_key")
ORDER, DRESS, SET, TOP, HAT = "9001", "7001", "7003", "7004", "7002"
AUTHORISATION = DocumentKind.RETURN_AUTHORISATION
RECEIPT = DocumentKind.STOCK_RECEIPT
CREDIT = DocumentKind.CREDIT_MEMO
REFUND = DocumentKind.REFUND_RECORD


class Clock:
    def __init__(self):
        self.at = datetime(2026, 3, 5, 10, 0, tzinfo=UTC)

    def __call__(self):
        return self.at

    def pass_seconds(self, seconds):
        self.at += timedelta(seconds=seconds)


class CountingPacer:
    def __init__(self):
        self.operations = []

    def before(self, *, operation, is_write):
        self.operations.append(operation)

    def after(self, *, operation, status, headers):
        pass


def order_line(line_id, sku, quantity, **changes):
    return {
        "line_id": line_id,
        "sku": sku,
        "quantity": quantity,
        "unit_price": "25.00",
        "net": f"{25 * quantity}.00",
        "tax": f"{5 * quantity}.00",
        "tax_code": "7",
        **changes,
    }


def order(**changes):
    return {
        "id": ORDER,
        "number": "#1001",
        "customer": "501",
        "division": "2",
        "warehouse": "11",
        "currency": "GBP",
        "ordered_at": "2026-02-01T09:30:00+00:00",
        "lines": [
            order_line("1", "DRESS", 4),
            order_line("2", "SET", 2),
            order_line("3", "TOP", 4, parent_line_id="2", net="0", tax="0"),
        ],
        **changes,
    }


def make_twin(clock, *, sleep=time.sleep, **switches):
    twin = NetSuiteTwin(now=clock, sleep=sleep)
    twin.set_switches(switches)
    twin.load(
        {
            "locations": [
                {"code": "11", "name": "London", "division": "2"},
                {"code": "12", "name": "Quarantine", "division": "2"},
                {"code": "13", "name": "Repair", "division": "2"},
                {"code": "31", "name": "Paris", "division": "3"},
            ],
            "items": [
                {"sku": "DRESS", "id": DRESS, "upc": "5012345678900", "unit_cost": "9.50"},
                {"sku": "HAT", "id": HAT, "active": False},
                {"sku": "TOP", "id": TOP},
                {"sku": "SET", "id": SET, "members": [{"sku": "TOP", "quantity": 2}]},
                {"sku": "FEE", "id": "7100", "type": "OthCharge"},
            ],
            "customers": [{"code": "501", "name": "Web shop"}],
            "orders": [order()],
        }
    )
    return twin


def make_gateway(twin, pacer=None, *, settings=None, **changes):
    keys = twin.credentials()
    config = types.ConnectionConfig(
        kind="netsuite",
        base_url=changes.pop("base_url", BASE_URL),
        settings={**SETTINGS, **(settings or {})},
        secrets=changes.pop("secrets", {name: keys[name] for name in OAUTH2}),
    )
    transport = changes.pop("transport", None) or WsgiTransport({"/netsuite": twin})
    return registry.build_gateway(config, pacer or CountingPacer(), transport)


def line(**changes):
    values = {
        "line_no": 1,
        "component": "item",
        "sku": "DRESS",
        "item_erp_id": DRESS,
        "quantity": 1,
        **changes,
    }
    return DraftLine(**values)


def sold(quantity=1, **changes):
    """A line with the money of so many dresses."""
    values = {
        "quantity": quantity,
        "order_line_id": "1",
        "unit_price": Decimal("25.00"),
        "net": Decimal("25.00") * quantity,
        "tax": Decimal("5.00") * quantity,
        "tax_code": "7",
        **changes,
    }
    return line(**values)


def draft(kind, *lines, key="", **changes):
    values = {
        "kind": kind,
        "key": key or f"rb-{kind.value}-1",
        "date": date(2026, 3, 5),
        "division": "2",
        "warehouse": "11",
        "customer_code": "501",
        "currency": "GBP",
        "rma_number": "RMA5001",
        "order_number": "#1001",
        "order_erp_id": ORDER,
        "invoice_number": "",
        "authorisation_number": "",
        "note": "Return RMA5001",
        "lines": lines,
        **changes,
    }
    return DocumentDraft(**values)


def refund_line(amount):
    return DraftLine(1, "refund", "", "", 1, net=Decimal(amount), charge_code="8")


class Caller:
    """Somebody else's client: plain requests with a token of its own."""

    def __init__(self, twin):
        self._session = requests.Session()
        self._session.mount("http://", WsgiTransport({"/netsuite": twin}))
        self.headers = {}

    def __call__(self, method, path, json=None, headers=None, **options):
        return self._session.request(
            method,
            f"{BASE_URL}/services/rest{path}",
            json=json,
            headers={**self.headers, **(headers or {})},
            **options,
        )

    def query(self, text, headers=None, **params):
        prefer = {"Prefer": "transient"} if headers is None else headers
        path = "/query/v1/suiteql"
        return self("POST", path, json={"q": text}, headers=prefer, params=params)
