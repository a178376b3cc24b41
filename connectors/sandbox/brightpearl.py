"""A Brightpearl-like ERP: real paths, envelope, searches, quota and multi-messages.

Documented or seen: every path, the two schemes of signing in, the quota (200 calls in a rolling
minute, told by two headers, refused with 503 and words), id sets, searches, 207, the uniqueness of
`externalRef` with the instance, of `userBatchReference` and of `transactionRef` with its method,
"invoice pending" after a close, the period lock. Invented: error codes that begin with `SIM-` and
their words, and whatever is a switch (see `default_switches`). Unknown fields are taken without a
word, since no source says otherwise.

The records a twin loads are described in `brightpearl_store`; `goods_in` among them is how the
ERP's own staff check goods in.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar

from werkzeug.wrappers import Request, Response

from connectors.sandbox import brightpearl_columns as columns
from connectors.sandbox import brightpearl_wire as wire
from connectors.sandbox.base import Route
from connectors.sandbox.brightpearl_door import CREDENTIALS, Door
from connectors.sandbox.brightpearl_store import Note, Order, Store

_ORDERS = "/order-service"
_STOCK = "/warehouse-service"
_MONEY = "/accounting-service"
_NOTES = f"{_STOCK}/order/<orders>/goods-note/goods-in"
_SEARCHES = (
    (f"{_ORDERS}/order-search", "order_search"),
    (f"{_ORDERS}/sales-order-search", "sales_order_search"),
    ("/product-service/product-search", "product_search"),
    (f"{_STOCK}/goods-in-search", "goods_in_search"),
    (f"{_STOCK}/goods-movement-search", "goods_movement_search"),
    (f"{_MONEY}/customer-payment-search", "payment_search"),
)
_PATHS = (
    *(("GET", f"{path}{more}", name) for path, name in _SEARCHES for more in ("", "/meta-data")),
    ("GET", f"{_ORDERS}/order/<ids>", "get_orders"),
    ("GET", f"{_ORDERS}/sales-order/<ids>", "get_sales_orders"),
    ("GET", f"{_ORDERS}/sales-credit/<ids>", "get_sales_credits"),
    *(
        ("OPTIONS", f"{path}/<ids>", "get_uris")
        for path in (
            f"{_ORDERS}/order",
            f"{_ORDERS}/sales-order",
            f"{_ORDERS}/sales-credit",
            "/product-service/product",
        )
    ),
    ("POST", f"{_ORDERS}/sales-credit", "create_sales_credit"),
    ("POST", f"{_ORDERS}/sales-order", "create_sales_order"),
    ("POST", f"{_ORDERS}/sales-credit/<int:order_id>/close", "close_sales_credit"),
    ("POST", f"{_ORDERS}/order/<int:order_id>/row", "add_row"),
    ("PATCH", f"{_ORDERS}/order/<int:order_id>/row/<int:row_id>", "patch_row"),
    ("DELETE", f"{_ORDERS}/order/<int:order_id>/row/<int:row_id>", "delete_row"),
    ("POST", f"{_ORDERS}/order/<int:order_id>/note", "add_note"),
    ("GET", f"{_ORDERS}/order/<ids>/note", "get_order_notes"),
    ("PUT", f"{_ORDERS}/order/<int:order_id>/status", "set_status"),
    ("GET", "/product-service/product/<ids>", "get_products"),
    ("GET", "/contact-service/contact/<ids>", "get_contacts"),
    ("GET", "/integration-service/account-configuration", "get_configuration"),
    ("POST", f"{_ORDERS}/order", "create_order"),
    ("GET", f"{_ORDERS}/order-type", "list_order_types"),
    ("GET", f"{_STOCK}/product-availability/<ids>", "get_availability"),
    ("GET", f"{_STOCK}/warehouse", "list_warehouses"),
    ("GET", f"{_STOCK}/warehouse/<ids>", "list_warehouses"),
    ("GET", f"{_STOCK}/warehouse/<int:warehouse>/location", "list_locations"),
    ("GET", f"{_STOCK}/warehouse/<int:warehouse>/location/default", "default_location"),
    ("GET", f"{_STOCK}/warehouse/<int:warehouse>/location/quarantine", "quarantine_location"),
    ("POST", f"{_STOCK}/warehouse/<int:warehouse>/quarantine/release", "release_quarantine"),
    ("POST", f"{_STOCK}/warehouse/<int:warehouse>/stock-correction", "create_correction"),
    ("GET", f"{_STOCK}/warehouse/<int:warehouse>/stock-correction/<ids>", "get_corrections"),
    ("POST", f"{_STOCK}/order/<int:order_id>/goods-note/goods-in", "create_goods_in"),
    ("GET", _NOTES, "get_goods_in"),
    ("GET", f"{_NOTES}/<ids>", "get_goods_in"),
    ("GET", f"{_MONEY}/tax-code", "list_tax_codes"),
    ("GET", f"{_MONEY}/tax-code/<ids>", "list_tax_codes"),
    ("GET", f"{_MONEY}/accounting-period-lock", "get_period_lock"),
    ("POST", f"{_MONEY}/customer-payment", "create_payment"),
    ("POST", "/multi-message", "multi_message"),
)


class BrightpearlTwin(Door):
    """See the module's text."""

    name = "brightpearl"
    routes = (
        Route("POST", "/oauth/token", "token"),
        Route("POST", "/<account>/oauth/token", "token"),
        *(Route(method, f"/public-api/<account>{path}", name) for method, path, name in _PATHS),
    )
    default_switches: ClassVar[Mapping[str, Any]] = {
        # Calls in a rolling minute; 0 is no limit.
        "calls_per_minute": 200,
        # What a multi-message counts: 1, or as much as it has messages (0).
        "multi_message_weight": 1,
        # Answers every multi-message with 500, as it once did for hours.
        "multi_message_fails": False,
        # Seconds from the close of a credit to its invoice; accounting that fails writes none.
        "invoice_seconds": 1,
        "accounting_fails": False,
        # "allowed" or "refused": a goods-in note that leaves units of the credit behind.
        "partial_receipt": "allowed",
        # "refused" or "allowed": rows and receipts of an archived product.
        "archived_products": "refused",
        # "added" or "left": whether a bundle's row on a new credit brings its components' rows.
        "bundle_rows": "added",
        # "allowed" or "refused".
        "unknown_fields": "allowed",
        "page_cap": 500,
        "token_seconds": 3600,
        # Hands out another refresh token with each token.
        "rotates_refresh_tokens": False,
    }

    def credentials(self) -> dict[str, str]:
        return dict(CREDENTIALS)

    def clear(self) -> None:
        self._store = Store()
        self._asked: deque[datetime] = deque()
        self._tokens: dict[str, datetime] = {}
        self._refresh_token = CREDENTIALS["refresh_token"]

    @property
    def books(self) -> Store:
        """What it knows; asked under `lock`."""
        return self._store

    def load(self, records: Mapping[str, Any]) -> dict[str, int]:
        with self.lock:
            counts = self._store.load(records, self.moment())
            for record in records.get("goods_in", ()):
                self.check_in(record)
            return counts

    def documents(self) -> list[dict[str, Any]]:
        """Everything made here, by kind: orders and credits, notes, invoices, payments."""
        with self.lock:
            self.settle()
            made = [order for order in self._store.orders.values() if order.is_ours]
            return [
                *(self._order_told(order) for order in made),
                *(self._note_told(note) for note in self._store.notes.values()),
                *(self._invoice_told(order) for order in made if order.closed_at is not None),
                *(
                    {"kind": "customer_payment", "id": payment.payment_id, **payment.body}
                    for payment in self._store.payments.values()
                ),
            ]

    def settle(self) -> None:
        with self.lock:
            super().settle()
            self._run_accounting()

    def _order_told(self, order: Order) -> dict[str, Any]:
        return {
            "kind": {"SC": "sales_credit", "SO": "sales_order"}[order.type_code],
            **wire.order_shape(order, self._store),
            "notes": [words for _, words in order.notes],
            "units": wire.units(order),
        }

    def _invoice_told(self, order: Order) -> dict[str, Any]:
        return {
            "kind": "sales_credit_invoice",
            "id": order.order_id,
            "number": order.invoice,
            "status": "invoiced" if order.invoice else "pending",
            "units": wire.units(order),
            **wire.order_shape(order, self._store)["totalValue"],
        }

    def _note_told(self, note: Note) -> dict[str, Any]:
        kinds = {"GI": "goods_in", "SC": "stock_correction", "QR": "quarantine_release"}
        return {
            "kind": kinds[note.type_code],
            "id": note.note_id,
            "warehouse": note.warehouse_id,
            "order": note.order_id,
            "reference": note.reference,
            "reason": note.reason,
            "by_staff": note.by_staff,
            "moved": [
                {name: value for name, value in row.items() if name != "id"} for row in note.moved
            ],
        }

    # --- the rest -----------------------------------------------------------------------------

    def product_search(self, request: Request, account: str) -> Response:
        return self._searched(request, self._store.products.items(), columns.PRODUCTS)

    def get_products(self, request: Request, account: str, ids: str) -> Response:
        rows = []
        for number in wire.id_set(ids):
            record = self._store.products.get(number)
            if record is None:
                continue
            parts = [
                {"productId": int(part["product_id"]), "productQuantity": int(part["quantity"])}
                for part in record.get("components", ())
            ]
            rows.append(
                {
                    "id": number,
                    "identity": {
                        name: value
                        for name, value in (
                            ("sku", record["sku"]),
                            ("barcode", record.get("barcode")),
                        )
                        if value
                    },
                    "stock": {"stockTracked": not parts},
                    "financialDetails": {"taxCode": {"id": 1, "code": "T20"}},
                    "composition": {"bundle": bool(parts), "bundleComponents": parts},
                    "salesChannels": [
                        {"salesChannelName": "Brightpearl", "productName": record.get("name", "")}
                    ],
                    "status": record.get("status", "LIVE"),
                }
            )
        if not rows:
            raise wire.nothing_found()
        return self._yes(rows)

    def get_contacts(self, request: Request, account: str, ids: str) -> Response:
        rows = [
            {"contactId": number, "lastName": self._store.contacts[number].get("name", "")}
            for number in wire.id_set(ids)
            if number in self._store.contacts
        ]
        if not rows:
            raise wire.nothing_found()
        return self._yes(rows)

    def get_configuration(self, request: Request, account: str) -> Response:
        return self._yes(dict(self._store.configuration))
