"""A simulated Shopify: its Admin GraphQL API for orders, returns, refunds, stock and payouts.

Queries are really executed, against a part of the vendor's schema. As documented or recorded:
paths and versions, the token's header (401), answers of 200 with `errors` and codes, `userErrors`,
costs with `throttleStatus`, THROTTLED, `@idempotent` and `changeFromQuantity` where they are
required, states of returns, ledgers of stock, signed webhooks. Invented: what a row costs, the
texts of some refusals, the numbers of derived records, what shops of another state answer in words.

Load schema (`POST /_control/shopify/load` or `load`); ids are numbers, written as text or not:

    {"orders": [{
        "id", "name", "created_at", "updated_at", "currency", "taxes_included", "tax_exempt",
        "email", "customer": {"id", "name"}, "note", "tags",
        "lines": [{"id", "sku", "name", "quantity", "price", "barcode", "gift_card",
            "discounts": [{"amount", "method"}], "duties": [{"amount", "taxes"}],
            "taxes": [{"title", "rate", "amount", "source", "channel_liable"}],
            "group": {"id", "title", "quantity", "sku"}}],
        "shipping": [{"title", "price", "discounted", "taxes"}],
        "payments": [{"id", "kind", "status", "gateway", "amount", "details"}],
        "returns": [{"id", "name", "status", "created_at", "approved_at", "closed_at", "decline",
            "lines": [{"id", "line_id", "quantity", "processed", "reason", "note",
                "customer_note", "restocking_fee", "unit_price"}],
            "exchange_lines": [{"id", "quantity", "processed", "variant_id", "line_ids"}],
            "shipping_fees": [amount],
            "dispositions": [{"id", "line_id", "type", "quantity", "location", "at"}],
            "deliveries": [{"id", "carrier", "number", "url"}]}],
        "refunds": [{"id", "return_id", "created_at", "processed_at", "updated_at", "note",
            "lines": [{"line_id", "quantity", "restock_type", "restocked", "subtotal", "tax"}],
            "shipping": [{"amount", "tax"}], "duties": [{"amount"}],
            "adjustments": [{"amount", "tax", "reason"}],
            "transactions": [{"id", "kind", "status", "gateway", "amount", "payment_id",
                "details", "processed_at"}]}]}],
     "changes": [{"order_id", …any key above; rows of returns and refunds are laid over by id}],
     "locations": [{"id", "name", "active"}],
     "products": [{"id", "title", "tags", "metafields": {"namespace.key": value},
        "variants": [{"id", "sku", "barcode", "title", "metafields", "inventory_item_id",
            "levels": [{"location_id", "quantities": {state: units}}]}]}],
     "payouts": [{"id", "issued_at", "status", "net", "currency",
        "rows": [{"id", "type", "source_type", "source_id", "transaction_id", "order_id",
            "amount", "fee", "net", "at"}]}],
     "privacy": [{"topic", "body": {…}}]}

A returned line's `line_id` is the order's line; without one it is unverified. A disposition's
`line_id` is the returned line. "privacy" sends a compliance message to the subscribed addresses.
Loading an order anew or changing it moves `updated_at` to now unless the record gives it.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from graphql import (
    DocumentNode,
    GraphQLEnumType,
    GraphQLError,
    GraphQLSchema,
    build_schema,
    execute_sync,
    parse,
    validate,
)
from werkzeug.wrappers import Request, Response

from connectors import wire_json
from connectors.sandbox import shopify_costs as costs
from connectors.sandbox import shopify_gate as gate
from connectors.sandbox.base import Route, Twin, utc_now
from connectors.sandbox.shopify_messages import Message, Postman, told_by
from connectors.sandbox.shopify_returns import ReturnDesk
from connectors.sandbox.shopify_shop import Shop
from connectors.sandbox.shopify_store import RecordInvalid, Store
from connectors.sandbox.webhooks import Post

ACCESS_TOKEN = "shpat_sandbox0000000000000000000000"
API_SECRET = "shpss_sandbox0000000000000000000000"
SHOP_DOMAIN = "sandbox-shop.myshopify.com"
VERSIONS = ("2026-04", "2026-07", "2026-10")
SCOPES = (
    "write_orders",
    "read_all_orders",
    "write_returns",
    "write_inventory",
    "read_products",
    "read_locations",
    "read_customers",
    "read_shopify_payments_payouts",
)
_SHUT = {
    402: "Unavailable Shop",
    404: "Not Found",
    423: "Locked",
    430: "Shopify Security Rejection",
}


class ShopifyTwin(Twin):
    """One shop and one app.

    Switches: `scopes` of the token; `shop_state` 402, 404, 423 or 430 answers nothing else;
    `bucket_size`, `restore_rate` and `max_query_cost` in points; `throttle_status` the HTTP status
    of THROTTLED (200 in samples, 429 accepted too); `cursors` "keyset" or "offset" (not
    documented); `dispositions_do_not_bump` a disposition leaves its order's `updated_at` (not
    documented); `may_omit_expected_quantity` and `may_omit_key` as before 2026-04;
    `has_payments`; `deprecation` text of its header, "" for none; `webhook_version`,
    `webhook_copies`, `webhook_shuffle`.
    """

    name = "shopify"
    routes = (Route("POST", "/admin/api/<version>/graphql.json", "graphql"),)
    default_switches = {
        "scopes": list(SCOPES),
        "shop_state": 200,
        "bucket_size": 2_000,
        "restore_rate": 100,
        "max_query_cost": 1_000,
        "throttle_status": 200,
        "cursors": "keyset",
        "dispositions_do_not_bump": False,
        "may_omit_expected_quantity": False,
        "may_omit_key": False,
        "has_payments": True,
        "deprecation": "",
        "webhook_version": VERSIONS[-1],
        "webhook_copies": 1,
        "webhook_shuffle": 0,
    }

    def __init__(
        self,
        *,
        now: Callable[[], datetime] = utc_now,
        sleep: Callable[[float], None] = time.sleep,
        post: Post | None = None,
    ) -> None:
        """`post` carries the webhooks; by default they go over HTTP to this machine only."""
        self._post = post
        super().__init__(now=now, sleep=sleep)

    def credentials(self) -> dict[str, str]:
        return {
            "access_token": ACCESS_TOKEN,
            "api_secret": API_SECRET,
            "shop_domain": SHOP_DOMAIN,
        }

    def clear(self) -> None:
        self._store = Store()
        self._desk = ReturnDesk(self._store)
        self._bucket = costs.Bucket()
        self._written: list[dict[str, Any]] = []
        self._keys: dict[str, tuple[str, dict[str, Any]]] = {}
        self._postman = Postman(secret=API_SECRET, domain=SHOP_DOMAIN, post=self._post)

    @property
    def books(self) -> Store:
        """What it knows; asked under `lock`."""
        return self._store

    def load(self, records: Mapping[str, Any]) -> dict[str, int]:
        """Take records in; a wrong one is a ValueError, and what came before it stays."""
        with self.lock:
            for row in records.get("locations") or ():
                self._store.locations[str(row["id"])] = {**row, "id": str(row["id"])}
            for row in records.get("products") or ():
                self._store.put_product(row)
            for row in records.get("payouts") or ():
                self._store.payouts[str(row["id"])] = {**row, "id": str(row["id"])}
            for row in records.get("orders") or ():
                before = self._store.orders.get(str(row.get("id")))
                self._tell(before, self._store.put_order(row, at=self.moment()))
            for row in records.get("changes") or ():
                self._change(row)
            for row in records.get("privacy") or ():
                self._send([Message(row["topic"], dict(row["body"]))])
        return {kind: len(rows) for kind, rows in records.items()}

    def advance(self, order_id: str, **changes: Any) -> None:
        """Change an order as time passes, like "changes" of the load schema."""
        self.load({"changes": [{"order_id": order_id, **changes}]})

    def documents(self) -> list[dict[str, Any]]:
        """Every change made through the API, in order."""
        with self.lock:
            return list(self._written)

    def signed(self, topic: str, body: bytes) -> dict[str, str]:
        """Headers of a genuine message with this body."""
        with self.lock:
            version = str(self.switches["webhook_version"])
            return self._postman.headers(topic, body, at=self.moment(), version=version)

    def drain_webhooks(self) -> None:
        """Wait until every webhook so far has been sent."""
        self._postman.drain()

    def refusal(self, request: Request) -> Response | None:
        state = int(self.switches["shop_state"])
        if state in _SHUT:
            return self.reply({"errors": _SHUT[state]}, status=state)
        if request.headers.get("X-Shopify-Access-Token") != ACCESS_TOKEN:
            text = "[API] Invalid API key or access token (unrecognized login or wrong password)"
            return self.reply({"errors": text}, status=401)
        return None

    def changes_nothing(self, request: Request) -> bool:
        """Queries, and where messages go: an address holds for one run of a server only."""
        query = _body(request).get("query")
        try:
            fields = gate.mutations(_checked(query)[0]) if isinstance(query, str) else []
        except GraphQLError:
            return True
        return all(name.startswith("webhookSubscription") for name in fields)

    def unknown_path(self, request: Request, status: int) -> Response:
        return self.reply({"errors": "Not Found"}, status=status)

    # --- handlers -----------------------------------------------------------------------------

    def graphql(self, request: Request, version: str) -> Response:
        served = _served(version)
        if served is None:
            return self.reply({"errors": "Not Found"}, status=404)
        headers = {"X-Shopify-API-Version": served}
        if self.switches["deprecation"]:
            headers["X-Shopify-API-Deprecated-Reason"] = str(self.switches["deprecation"])
        status, body = self._answered(request)
        return self.reply(gate.without_floats(body), status=status, headers=headers)

    def _answered(self, request: Request) -> tuple[int, dict[str, Any]]:
        asked = _body(request)
        query, variables = asked.get("query"), asked.get("variables") or {}
        if not isinstance(query, str) or not isinstance(variables, Mapping):
            return 400, {"errors": {"query": "Required parameter missing or invalid"}}
        try:
            document, problems = _checked(query)
        except GraphQLError as error:
            return 200, {"errors": [gate.told(error, "PARSE_ERROR")]}
        if problems:
            return 200, {"errors": [gate.told(each, gate.lint_code(each)) for each in problems]}
        return self._paid(document, dict(variables), asked.get("operationName"))

    def _paid(
        self, document: DocumentNode, variables: dict[str, Any], name: object
    ) -> tuple[int, dict[str, Any]]:
        cost = costs.cost_of(document, variables)
        limit = int(self.switches["max_query_cost"])
        if cost > limit:
            text = f"Query cost is {cost}, which exceeds the single query max cost limit ({limit})."
            extensions = {"code": "MAX_COST_EXCEEDED", "cost": cost, "maxCost": limit}
            return 200, {"errors": [{"message": text, "extensions": extensions}]}
        left = self._points()
        if cost > left:
            error = {"message": "Throttled", "extensions": {"code": "THROTTLED"}}
            answer = {"errors": [error], "extensions": self._meter(cost, None)}
            return int(self.switches["throttle_status"]), answer
        problem = gate.forbidden(
            document, self.switches["scopes"], may_omit_key=bool(self.switches["may_omit_key"])
        )
        if problem is not None:
            return 200, problem
        actual = max(cost // 2, 1)
        self._bucket.take(actual)
        result = self._run(document, variables, name)
        return 200, {**result, "extensions": self._meter(cost, actual)}

    def _run(
        self, document: DocumentNode, variables: dict[str, Any], name: object
    ) -> dict[str, Any]:
        shop = Shop(
            self._store,
            desk=self._desk,
            switches=self.switches,
            domain=SHOP_DOMAIN,
            at=self.moment(),
            happened=self._tell,
            written=self._written,
            keys=self._keys,
        )
        result = execute_sync(
            _schema(),
            document,
            root_value=shop.mutation() if gate.mutations(document) else shop.query(),
            variable_values=variables,
            operation_name=name if isinstance(name, str) else None,
        )
        if not result.errors:
            return {"data": result.data}
        errors = [gate.told(each, "INVALID_VARIABLE") for each in result.errors]
        return {"data": result.data, "errors": errors} if result.data else {"errors": errors}

    # --- inside -------------------------------------------------------------------------------

    def _change(self, change: Mapping[str, Any]) -> None:
        order = self._store.orders.get(str(change["order_id"]))
        if order is None:
            raise RecordInvalid(f"no order {change['order_id']}")
        changes = {key: value for key, value in change.items() if key != "order_id"}
        self._store.change(order, changes, at=self.moment())
        self._tell(order, self._store.orders[order["id"]])

    def _tell(self, before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> None:
        self._send(list(told_by(before, after)))

    def _send(self, messages: list[Message]) -> None:
        urls: dict[str, list[str]] = defaultdict(list)
        for row in self._store.subscriptions.values():
            urls[_topic(row["topic"])].append(row["uri"])
        everybody = sorted({row["uri"] for row in self._store.subscriptions.values()})
        for topic in ("customers/data_request", "customers/redact", "shop/redact"):
            # These are set in the app's configuration and need no subscription.
            urls[topic] = everybody
        self._postman.send(
            messages,
            urls,
            at=self.moment(),
            version=str(self.switches["webhook_version"]),
            copies=int(self.switches["webhook_copies"]),
            shuffle=int(self.switches["webhook_shuffle"]),
        )

    def _points(self) -> Decimal:
        return self._bucket.left(
            now=self.moment(),
            size=int(self.switches["bucket_size"]),
            rate=int(self.switches["restore_rate"]),
        )

    def _meter(self, cost: int, actual: int | None) -> dict[str, Any]:
        status = {
            "maximumAvailable": int(self.switches["bucket_size"]),
            "currentlyAvailable": int(self._points()),
            "restoreRate": int(self.switches["restore_rate"]),
        }
        told = {"requestedQueryCost": cost, "actualQueryCost": actual, "throttleStatus": status}
        return {"cost": told}


@lru_cache(maxsize=64)
def _checked(query: str) -> tuple[DocumentNode, list[GraphQLError]]:
    """A document and what the schema has against it; a client sends the same few all day.

    Raises:
        GraphQLError: it cannot be parsed.
    """
    document = parse(query)
    return document, validate(_schema(), document)


@cache
def _schema() -> GraphQLSchema:
    text = (Path(__file__).parent / "shopify_schema.graphql").read_text(encoding="utf-8")
    schema = build_schema(text)
    for kind in schema.type_map.values():
        if isinstance(kind, GraphQLEnumType):
            # A later version may know more values than this text: they are told as they are kept.
            kind.serialize = _as_it_is  # type: ignore[assignment]
            kind.coerce_output_value = _as_it_is  # type: ignore[assignment]
    return schema


def _as_it_is(value: Any) -> Any:
    return value


def _served(version: str) -> str | None:
    """The version that answers: one that was retired falls forward, others are not there."""
    if version in VERSIONS:
        return version
    is_quarter = len(version) == 7 and version[4:] in ("-01", "-04", "-07", "-10")
    if is_quarter and version[:4].isdigit() and version < VERSIONS[0]:
        return VERSIONS[0]
    return None


def _topic(name: str) -> str:
    """ "RETURNS_APPROVE" is "returns/approve"; the act is the last word."""
    noun, _, act = name.lower().rpartition("_")
    if noun.endswith("_attach"):
        return f"{noun.removesuffix('_attach')}/attach_{act}"
    return f"{noun}/{act}"


def _body(request: Request) -> Mapping[str, Any]:
    try:
        body = wire_json.decode(request.get_data(as_text=True))
    except ValueError:
        return {}
    return body if isinstance(body, Mapping) else {}
