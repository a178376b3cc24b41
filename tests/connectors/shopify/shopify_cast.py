"""A shop with one order and one return; a test changes only what matters to it."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from werkzeug.test import Client

from connectors.sandbox.shopify import ACCESS_TOKEN, API_SECRET, SHOP_DOMAIN, ShopifyTwin
from connectors.sandbox.wsgi_transport import WsgiTransport
from connectors.shopify import port
from connectors.types import ConnectionConfig

MARCH = datetime(2026, 3, 1, tzinfo=UTC)
NOON = datetime(2026, 3, 5, 12, 0, tzinfo=UTC)
ENDPOINT = "/admin/api/2026-10/graphql.json"


class Clock:
    def __init__(self):
        self.now = NOON

    def __call__(self):
        return self.now

    def pass_seconds(self, seconds):
        self.now += timedelta(seconds=seconds)


class MeteredPacer:
    """Counts calls, and keeps what it is told of the other side's meter."""

    def __init__(self):
        self.operations = []
        self.readings = []

    def before(self, *, operation, is_write):
        self.operations.append(operation)

    def after(self, *, operation, status, headers):
        pass

    def note_meter(self, *, cost, available, restored_per_second):
        self.readings.append((cost, available, restored_per_second))


def make_twin(clock=None, *, post=None, **switches):
    twin = ShopifyTwin(now=clock or Clock(), post=post)
    twin.set_switches({"bucket_size": 1_000_000, **switches})
    twin.load({"locations": [{"id": 11, "name": "London"}, {"id": 12, "name": "Leeds"}]})
    return twin


def make_source(twin, pacer=None, *, secrets=None, **settings):
    config = ConnectionConfig(
        kind="shopify",
        base_url="http://127.0.0.1/shopify",
        settings={"shop_domain": SHOP_DOMAIN, **settings},
        secrets={"access_token": ACCESS_TOKEN, "api_secret": API_SECRET, **(secrets or {})},
    )
    return port.build(config, pacer or MeteredPacer(), WsgiTransport({"/shopify": twin}))


def make_line(number=800, **changes):
    """Two tees of 36.00 with 6.00 of VAT in each."""
    return {
        "id": str(number),
        "sku": "TEE-BLK-M",
        "name": "Logo Tee",
        "barcode": "5012345678900",
        "quantity": 2,
        "price": "36.00",
        "taxes": [{"title": "VAT", "rate": "0.2", "amount": "12.00"}],
        **changes,
    }


def make_return(number=42, *, line_id=800, line=None, **changes):
    """Two units of one order line come back."""
    rows = [{"id": f"9{number}", "line_id": str(line_id), "quantity": 2, "reason": "too-small"}]
    rows[0].update(line or {})
    return {
        "id": str(number),
        "status": "OPEN",
        "created_at": "2026-03-02T09:00:00",
        "lines": rows,
        **changes,
    }


def make_refund(number=70, **changes):
    """Both tees, paid back to the card."""
    return {
        "id": str(number),
        "return_id": "42",
        "created_at": "2026-03-04T09:00:00",
        "lines": [{"line_id": "800", "quantity": 2, "subtotal": "72.00", "tax": "12.00"}],
        "transactions": [make_payment()],
        **changes,
    }


def make_payment(number=71, amount="72.00", **changes):
    return {
        "id": str(number),
        "amount": amount,
        "payment_id": "re_42",
        "details": "CardPaymentDetails",
        **changes,
    }


def make_order(number=51, **changes):
    return {
        "id": str(number),
        "name": f"#10{number}",
        "created_at": "2026-02-20T08:00:00",
        "updated_at": "2026-03-04T10:00:00",
        "currency": "GBP",
        "taxes_included": True,
        "email": "ida@customer.example",
        "customer": {"id": "7", "name": "Ida Berg"},
        "lines": [make_line()],
        "payments": [make_payment(60, kind="SALE")],
        "returns": [make_return()],
        **changes,
    }


def read_rma(order, *, number="42", **switches):
    """The return as the connector tells it."""
    twin = make_twin(**switches)
    twin.load({"orders": [order]})
    return make_source(twin).rma(number)


def ask(twin, query, *, token=ACCESS_TOKEN, path=ENDPOINT, **variables):
    """A query of somebody else's client; status and answer."""
    reply = Client(twin).post(
        path,
        json={"query": query, "variables": variables},
        headers={"X-Shopify-Access-Token": token},
    )
    return reply.status_code, reply.get_json()


def pounds(text):
    return Decimal(text)
