"""A BlueCherry twin with its own clock, a gateway onto it, and drafts that post."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from importlib import resources

import pytest
import requests

from connectors import registry, types
from connectors.sandbox.bluecherry import BlueCherryTwin
from connectors.sandbox.wsgi_transport import WsgiTransport

MASTER = {
    "locations": [
        {"code": "LDN", "name": "London returns", "division": "WOM", "active": True},
        {"code": "OLD", "name": "Closed depot", "division": "WOM", "active": False},
    ],
    "items": [
        {
            "sku": "DRESS-RED-M",
            "style": "00042",
            "color_code": "RED",
            "lbl_code": "A",
            "dimension": "",
            "size_desc": "M",
            "upc": "5012345678900",
            "description": "Midi dress",
            "division": "WOM",
            "active": True,
            "returnable": True,
            "unit_cost": "11.25",
        },
        {
            "sku": "DRESS-RED-L",
            "style": "00042",
            "color_code": "RED",
            "lbl_code": "A",
            "dimension": "",
            "size_desc": "L",
            "upc": "5012345678917",
            "description": "Midi dress",
            "division": "WOM",
            "active": True,
            "returnable": False,
            "unit_cost": "11.25",
        },
        {
            "sku": "HAT-OLD",
            "style": "00077",
            "color_code": "BLK",
            "lbl_code": "A",
            "dimension": "",
            "size_desc": "ONE",
            "upc": "",
            "description": "Hat",
            "division": "WOM",
            "active": False,
            "returnable": True,
            "unit_cost": "3.00",
        },
    ],
    "customers": [{"code": "WEB", "name": "Web shop", "vat_setting": "prices_include_vat"}],
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
                {
                    "line_id": "77001",
                    "sku": "DRESS-RED-M",
                    "quantity": 2,
                    "unit_price": "36.00",
                    "discount": "6.00",
                    "net": "55.00",
                    "tax": "11.00",
                    "tax_code": "S",
                    "description": "Midi dress, red, M",
                },
                {
                    "line_id": "77002",
                    "sku": "HAT-OLD",
                    "quantity": 0,
                    "unit_price": "9.00",
                    "discount": "0",
                    "net": "0",
                    "tax": "0",
                    "tax_code": "S",
                    "description": "Hat, never picked",
                },
            ],
        }
    ],
}


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
        self.operations.append((operation, is_write))

    def after(self, *, operation, status, headers):
        pass


class CannedTransport(requests.adapters.BaseAdapter):
    """Answers with what it is given, in turn, and keeps every request that left."""

    def __init__(self, *answers):
        super().__init__()
        self.answers = list(answers)
        self.requests = []

    def send(self, request, **_options):
        self.requests.append(request)
        status, body = self.answers.pop(0)

        def app(_environ, start_response):
            start_response(f"{status} -", [("Content-Type", "application/json")])
            return [body.encode()]

        return WsgiTransport({"/bluecherry": app}).send(request)

    def close(self):
        pass


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def twin(clock):
    twin = BlueCherryTwin(now=clock)
    twin.load(MASTER)
    return twin


@pytest.fixture
def pacer():
    return CountingPacer()


@pytest.fixture(scope="session")
def profile_text():
    shipped = resources.files("connectors.profiled.profiles") / "bluecherry-rest.toml"
    return shipped.read_text(encoding="utf-8")


@pytest.fixture
def make_gateway(pacer):
    """`make_gateway(transport, mode=…, confirmed=…, profile_text=…)`."""

    def make(transport, *, mode=types.Mode.SANDBOX, confirmed=(), profile_text=""):
        host = "https://erp.example.com" if mode is types.Mode.LIVE else "http://127.0.0.1:8999"
        settings = {"vnd_id": "RETURNSBRIDGE"}
        if profile_text:
            settings["profile_text"] = profile_text
        config = types.ConnectionConfig(
            kind="bluecherry",
            base_url=f"{host}/bluecherry",
            mode=mode,
            settings=settings,
            secrets={"subscription_key": "sandbox-bluecherry-key"},
            confirmed_operations=frozenset(confirmed),
        )
        return registry.build_gateway(config, pacer, transport)

    return make


@pytest.fixture
def gateway(make_gateway, twin):
    return make_gateway(WsgiTransport({"/bluecherry": twin}))


@pytest.fixture
def canned(make_gateway):
    """`canned(*answers, **options)`: (gateway, transport) for canned (status, body) answers."""

    def make(*answers, **options):
        transport = CannedTransport(*answers)
        return make_gateway(transport, **options), transport

    return make


@pytest.fixture(scope="session")
def make_line():
    def make(**changes):
        values = {
            "line_no": 1,
            "component": "item",
            "sku": "DRESS-RED-M",
            "item_erp_id": "WOM|00042|RED|A||M",
            "quantity": 1,
            "order_line_id": "77001",
            "description": "Midi dress, red, M",
            "reason_code": "TOO_SMALL",
            "bucket": "QA",
            "unit_price": Decimal("36.00"),
            "net": Decimal("27.50"),
            "tax": Decimal("5.50"),
            "tax_code": "S",
            "key_parts": {
                "style": "00042",
                "color_code": "RED",
                "lbl_code": "A",
                "size_desc": "M",
            },
        }
        return types.DraftLine(**{**values, **changes})

    return make


@pytest.fixture(scope="session")
def make_draft(make_line):
    def make(kind=types.DocumentKind.CREDIT_MEMO, **changes):
        values = {
            "kind": kind,
            "key": "CM-RMA5001",
            "date": date(2026, 3, 5),
            "division": "WOM",
            "warehouse": "LDN",
            "customer_code": "WEB",
            "currency": "GBP",
            "rma_number": "RMA5001",
            "order_number": "#1001",
            "order_erp_id": "100007",
            "invoice_number": "INV9",
            "authorisation_number": "",
            "note": "Return RMA5001",
            "lines": (make_line(),),
            "control_number": 41,
        }
        return types.DocumentDraft(**{**values, **changes})

    return make
