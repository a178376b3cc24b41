"""What the tests of the Brightpearl connector share: a small account, drafts, a clock, a pacer."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from connectors import registry, types
from connectors.sandbox.brightpearl_door import ACCOUNT
from connectors.types import DocumentKind

ROOT = f"/public-api/{ACCOUNT}"
PRIVATE = {"app_ref": "sandbox_app", "account_token": "sandbox-brightpearl-token"}
OAUTH = {
    "app_ref": "sandbox_app",
    "dev_ref": "sandbox_dev",
    "client_secret": "sandbox-brightpearl-secret",
    "refresh_token": "sandbox-brightpearl-refresh",
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
        self.told = []

    def before(self, *, operation, is_write):
        self.operations.append(operation)

    def after(self, *, operation, status, headers):
        self.told.append((status, dict(headers)))


def row(number, product, quantity, net, tax, **changes):
    return {
        "id": number,
        "product_id": product,
        "quantity": quantity,
        "net": net,
        "tax": tax,
        "tax_code": "T20",
        **changes,
    }


def order(number, ref, rows, **changes):
    return {
        "id": number,
        "ref": ref,
        "contact_id": 200,
        "warehouse_id": 2,
        "currency": "GBP",
        "placed_on": "2026-02-01T09:30:00+00:00",
        "invoice": f"SI{number}",
        "rows": rows,
        **changes,
    }


def books():
    """Two warehouses, a dress, a hat that is archived, a set of two dresses, one order each."""
    dress, hat, gift = 1001, 1002, 1003
    return {
        "warehouses": [
            {"id": 2, "name": "London", "default_location": 20, "quarantine_location": 21},
            {"id": 3, "name": "Leeds", "default_location": 30, "quarantine_location": 31},
        ],
        "tax_codes": [
            {"id": 1, "code": "T20", "rate": 20},
            {"id": 2, "code": "T0"},
        ],
        "contacts": [{"id": 200, "name": "Cleo Customer"}],
        "products": [
            {"id": dress, "sku": "DRESS-M", "name": "Dress", "barcode": "5012345678900", "cost": 9},
            {"id": hat, "sku": "HAT", "name": "Hat", "status": "ARCHIVED"},
            {
                "id": gift,
                "sku": "SET",
                "name": "Gift set",
                "components": [{"product_id": dress, "quantity": 2}],
            },
        ],
        "orders": [
            order(501, "#1001", [row(7001, dress, 3, "75.00", "15.00", price="25.00")]),
            order(
                502,
                "#1002",
                [
                    row(7002, gift, 1, "60.00", "12.00"),
                    row(7003, dress, 2, "0", "0", parent_row_id=7002),
                ],
            ),
        ],
    }


def make_gateway(transport, pacer, *, secrets=None, settings=None):
    config = types.ConnectionConfig(
        kind="brightpearl",
        base_url="http://127.0.0.1:8999/brightpearl",
        settings={"account": ACCOUNT, "instance_id": "77", **(settings or {})},
        secrets=PRIVATE if secrets is None else secrets,
    )
    return registry.build_gateway(config, pacer, transport)


def make_line(**changes):
    values = {
        "line_no": 1,
        "component": "item",
        "sku": "DRESS-M",
        "item_erp_id": "1001",
        "quantity": 1,
        "order_line_id": "7001",
        "description": "Dress",
        "unit_price": Decimal("25.00"),
        "net": Decimal("25.00"),
        "tax": Decimal("5.00"),
        "tax_code": "T20",
    }
    return types.DraftLine(**{**values, **changes})


def goods_line(quantity=1, bucket="quarantine", **changes):
    """A line of a stock document: no money."""
    values = {"net": Decimal(0), "tax": Decimal(0), "tax_code": "", "unit_price": Decimal(0)}
    return make_line(**{**values, "quantity": quantity, "bucket": bucket, **changes})


def charge(component, code, net, tax="0", **changes):
    return make_line(
        component=component,
        sku="",
        item_erp_id="",
        order_line_id="",
        description=component.capitalize(),
        charge_code=code,
        net=Decimal(net),
        tax=Decimal(tax),
        **changes,
    )


def make_draft(kind=DocumentKind.RETURN_AUTHORISATION, key="RA-1", lines=None, **changes):
    values = {
        "kind": kind,
        "key": key,
        "date": date(2026, 3, 5),
        "division": "",
        "warehouse": "2",
        "customer_code": "200",
        "currency": "GBP",
        "rma_number": "RMA5001",
        "order_number": "#1001",
        "order_erp_id": "501",
        "invoice_number": "SI501",
        "authorisation_number": "",
        "note": "Return RMA5001",
        "lines": tuple(lines or (make_line(),)),
    }
    return types.DocumentDraft(**{**values, **changes})


def refund_draft(key="RF-1", amount="30.00", **changes):
    line = charge("refund", "CARD", amount)
    values = {"tender": "card", "reference": "ch_1", **changes}
    return make_draft(DocumentKind.REFUND_RECORD, key, [line], **values)
