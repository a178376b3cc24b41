"""What a GraphQL call to the simulated shop leads to: the root fields, read and written."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from graphql import GraphQLResolveInfo, get_directive_values

from connectors.sandbox.shopify_amounts import View
from connectors.sandbox.shopify_paging import connection, refusal
from connectors.sandbox.shopify_parts import location
from connectors.sandbox.shopify_returns import MOVES, ReturnDesk, ReturnRefused
from connectors.sandbox.shopify_search import parse
from connectors.sandbox.shopify_stock import Refused, StockRoom, balance_rows, payout
from connectors.sandbox.shopify_store import (
    REVERSE_ORDER,
    Record,
    Store,
    gid,
    moment,
    original,
    parts,
    told,
)
from connectors.sandbox.shopify_views import OrderViews

Told = Callable[[Mapping[str, Any] | None, Mapping[str, Any]], None]

CURRENCY = "GBP"


class Shop:
    """Root values for one call; `switches` are the twin's, `happened` hears what changed."""

    def __init__(
        self,
        store: Store,
        *,
        desk: ReturnDesk,
        switches: Mapping[str, Any],
        domain: str,
        at: datetime,
        happened: Told,
        written: list[dict[str, Any]],
        keys: dict[str, tuple[str, View]],
    ) -> None:
        self._store = store
        self._desk = desk
        self._switches = switches
        self._domain = domain
        self._at = at
        self._happened = happened
        self._written = written
        self._keys = keys
        self._orders = OrderViews(store)
        self._room = StockRoom(store)

    # --- reading ------------------------------------------------------------------------------

    def query(self) -> View:
        return {
            "shop": {
                "__typename": "Shop",
                "id": gid("Shop", 1),
                "name": "Sandbox shop",
                "myshopifyDomain": self._domain,
                "currencyCode": CURRENCY,
                "ianaTimezone": "Europe/London",
            },
            "currentAppInstallation": {
                "id": gid("AppInstallation", 1),
                "accessScopes": [
                    {"handle": scope, "description": scope} for scope in self._switches["scopes"]
                ],
            },
            "node": lambda info, id: self.node(id),  # noqa: A006 (the vendor's argument)
            "nodes": lambda info, ids: [self.node(each) for each in ids],
            "order": lambda info, id: self._of("Order", id),  # noqa: A006
            "return": lambda info, id: self._of("Return", id),  # noqa: A006
            "inventoryItem": lambda info, id: self._of("InventoryItem", id),  # noqa: A006
            "orders": self._list_orders,
            "locations": self._list_locations,
            "products": self._list_products,
            "productVariants": self._list_variants,
            "shopifyPaymentsAccount": self._payments(),
            "webhookSubscriptions": self._list_subscriptions,
            "returnReasonDefinitions": connection([], dict),
        }

    def node(self, named: str) -> View | None:
        noun, number = parts(named)
        if not noun:
            raise refusal(f"Invalid global id '{named}'", "RESOURCE_NOT_FOUND")
        look = {
            "Order": self._order,
            "Return": self._return,
            "Refund": self._refund,
            "ReverseFulfillmentOrder": self._reverse,
            "InventoryItem": self._item,
            "Location": self._location,
            "Product": self._product,
        }.get(noun)
        return look(number) if look else None

    def _of(self, noun: str, named: str) -> View | None:
        if parts(named)[0] != noun:
            raise refusal("Invalid id", "RESOURCE_NOT_FOUND")
        return self.node(named)

    def _order(self, number: str) -> View | None:
        row = self._store.orders.get(number)
        return self._orders.order(row) if row else None

    def _return(self, number: str) -> View | None:
        found = self._store.row("returns", number)
        return self._orders.returned(*found) if found else None

    def _refund(self, number: str) -> View | None:
        found = self._store.row("refunds", number)
        return self._orders.refund(*found) if found else None

    def _reverse(self, number: str) -> View | None:
        if int(number) < REVERSE_ORDER:
            return None
        found = self._store.row("returns", original(REVERSE_ORDER, number))
        return self._orders.reverse(*found) if found else None

    def _item(self, number: str) -> View | None:
        row = self._store.item(number)
        return self._room.item(row) if row else None

    def _location(self, number: str) -> View | None:
        row = self._store.locations.get(number)
        return location(row) if row else None

    def _product(self, number: str) -> View | None:
        row = self._store.products.get(number)
        return self._room.product(row) if row else None

    def _list_orders(self, info: Any, **asked: Any) -> View:
        match = parse(
            asked.get("query"),
            {
                "id": lambda row: row["id"],
                "name": lambda row: row["name"],
                "updated_at": lambda row: moment(row["updated_at"]),
                "created_at": lambda row: moment(row["created_at"]),
            },
        )
        key = _ORDER_KEYS.get(asked.get("sortKey") or "", _by_number)
        rows = sorted(filter(match, self._store.orders.values()), key=key)
        holds = self._switches["cursors"] == "keyset"
        answer: View = connection(rows, self._orders.order, key=key if holds else None)(
            info, **asked
        )
        return answer

    def _list_locations(self, info: Any, **asked: Any) -> View:
        rows = [
            row
            for row in self._store.locations.values()
            if asked.get("includeInactive") or row.get("active", True)
        ]
        answer: View = connection(rows, location)(info, **asked)
        return answer

    def _list_products(self, info: Any, **asked: Any) -> View:
        match = parse(asked.get("query"), {"id": lambda row: row["id"]})
        rows = list(filter(match, self._store.products.values()))
        answer: View = connection(rows, self._room.product)(info, **asked)
        return answer

    def _list_variants(self, info: Any, **asked: Any) -> View:
        match = parse(
            asked.get("query"),
            {"sku": lambda row: row.get("sku") or "", "id": lambda row: str(row["id"])},
        )
        rows = [pair for pair in self._store.variants() if match(pair[1])]
        answer: View = connection(rows, lambda pair: self._room.variant(*pair))(info, **asked)
        return answer

    def _list_subscriptions(self, info: Any, **asked: Any) -> View:
        rows = list(self._store.subscriptions.values())
        answer: View = connection(rows, _subscription)(info, **asked)
        return answer

    def _payments(self) -> View | None:
        if not self._switches["has_payments"]:
            return None
        return {
            "id": gid("ShopifyPaymentsAccount", 1),
            "activated": True,
            "defaultCurrency": CURRENCY,
            "payouts": self._list_payouts,
            "balanceTransactions": self._list_balance,
        }

    def _list_payouts(self, info: Any, **asked: Any) -> View:
        match = parse(
            asked.get("query"),
            {"issued_at": lambda row: moment(row["issued_at"]), "id": lambda row: row["id"]},
        )
        rows = sorted(
            filter(match, self._store.payouts.values()), key=lambda row: str(row["issued_at"])
        )
        answer: View = connection(rows, lambda row: payout(row, CURRENCY))(info, **asked)
        return answer

    def _list_balance(self, info: Any, **asked: Any) -> View:
        match = parse(asked.get("query"), {"payments_transfer_id": lambda row: row["payout"]})
        pairs = balance_rows(self._store.payouts, self._store.orders, CURRENCY)
        rows = [view for number, view in pairs if match({"payout": number})]
        answer: View = connection(rows, lambda view: view)(info, **asked)
        return answer

    # --- writing ------------------------------------------------------------------------------

    def mutation(self) -> View:
        moves = {name: self._mover(name) for name in MOVES}
        return {
            **moves,
            "orderUpdate": self._update_order,
            "inventoryAdjustQuantities": self._stocker("adjust"),
            "inventoryMoveQuantities": self._stocker("move"),
            "reverseFulfillmentOrderDispose": self._dispose,
            "refundCreate": self._create_refund,
            "webhookSubscriptionCreate": self._subscribe,
            "webhookSubscriptionDelete": self._unsubscribe,
        }

    def _update_order(self, info: Any, input: Mapping[str, Any]) -> View:  # noqa: A002
        order = self._store.orders.get(parts(input["id"])[1])
        if order is None:
            error = {"field": ["id"], "message": "Order does not exist"}
            return {"order": None, "userErrors": [error]}
        changes = {key: input[key] for key in ("note", "tags", "email") if key in input}
        if len(changes.get("note") or "") > 5000:
            error = {"field": ["note"], "message": "Note is too long (maximum is 5000 characters)"}
            return {"order": None, "userErrors": [error]}
        self._change(order, changes)
        self._note("order_update", order_id=order["id"], **changes)
        return {"order": self._order(order["id"]), "userErrors": []}

    def _mover(self, name: str) -> Callable[..., View]:
        def resolve(info: Any, **asked: Any) -> View:
            given = asked.get("input") or {"id": asked.get("id")}
            decline = None
            if name == "returnDeclineRequest":
                decline = {"reason": given["declineReason"], "note": given.get("declineNote")}
            return self._moved(name, given["id"], decline)

        return resolve

    def _moved(self, name: str, named: str, decline: Mapping[str, Any] | None) -> View:
        before = self._order_with(named)
        try:
            order, row, is_changed = self._desk.move(name, named, at=self._at, decline=decline)
        except ReturnRefused as refused:
            return {"return": None, "userErrors": [refused.error]}
        if is_changed:
            self._happened(before, order)
            self._note(name, return_id=row["id"])
        return {"return": self._orders.returned(order, row), "userErrors": []}

    def _dispose(self, info: Any, dispositionInputs: list[Mapping[str, Any]]) -> View:
        before = dict(self._store.orders)
        bumps = not self._switches["dispositions_do_not_bump"]
        try:
            order, row, line_ids = self._desk.dispose(dispositionInputs, at=self._at, bumps=bumps)
        except ReturnRefused as refused:
            return {"reverseFulfillmentOrderLineItems": None, "userErrors": [refused.error]}
        self._happened(before.get(order["id"]), order)
        self._note("dispose", return_id=row["id"], lines=line_ids)
        lines = [line for line in row["lines"] if str(line["id"]) in line_ids]
        views = [self._orders.reverse_line(order, row, line) for line in lines]
        return {"reverseFulfillmentOrderLineItems": views, "userErrors": []}

    def _create_refund(self, info: Any, input: Mapping[str, Any]) -> View:  # noqa: A002
        def carry_out() -> View:
            before = self._store.orders.get(parts(input["orderId"])[1])
            try:
                order, row = self._desk.refund(input, at=self._at)
            except ReturnRefused as refused:
                return {"refund": None, "order": None, "userErrors": [refused.error]}
            self._happened(before, order)
            self._note("refund", refund_id=row["id"], order_id=order["id"])
            refund, order_view = self._orders.refund(order, row), self._orders.order(order)
            return {"refund": refund, "order": order_view, "userErrors": []}

        mismatch = {"field": None, "message": "The key was used with other parameters"}
        return self._once(info, input, carry_out, {"refund": None, "userErrors": [mismatch]})

    def _stocker(self, name: str) -> Callable[..., View]:
        def resolve(info: Any, input: Mapping[str, Any]) -> View:  # noqa: A002
            def carry_out() -> View:
                act = self._room.adjust if name == "adjust" else self._room.move
                can_omit = bool(self._switches["may_omit_expected_quantity"])
                try:
                    group = act(input, at=self._at, can_omit=can_omit)
                except Refused as refused:
                    return {"inventoryAdjustmentGroup": None, "userErrors": [refused.error]}
                self._note(f"stock_{name}", group_id=group["id"], reason=input["reason"])
                return {"inventoryAdjustmentGroup": group, "userErrors": []}

            mismatch = {
                "field": [],
                "message": "The idempotency key was used with other parameters.",
                "code": "IDEMPOTENCY_KEY_PARAMETER_MISMATCH",
            }
            other = {"inventoryAdjustmentGroup": None, "userErrors": [mismatch]}
            return self._once(info, input, carry_out, other)

        return resolve

    def _once(
        self, info: Any, asked: Mapping[str, Any], carry_out: Callable[[], View], other: View
    ) -> View:
        """The same key answers as before; with other parameters it is refused. A refused attempt
        leaves its key free."""
        key = _key_of(info)
        written = json.dumps(asked, sort_keys=True, default=str)
        if key in self._keys:
            known, answer = self._keys[key]
            return answer if known == written else other
        answer = carry_out()
        if key and not answer["userErrors"]:
            self._keys[key] = (written, answer)
        return answer

    def _subscribe(self, info: Any, topic: str, webhookSubscription: Mapping[str, Any]) -> View:
        uri = webhookSubscription.get("uri") or webhookSubscription.get("callbackUrl")
        if not uri:
            error = {"field": ["webhookSubscription", "uri"], "message": "Address can't be blank"}
            return {"webhookSubscription": None, "userErrors": [error]}
        row = {"id": self._desk.number(), "topic": topic, "uri": uri, "at": self._at}
        taken = any(
            each["topic"] == topic and each["uri"] == uri
            for each in self._store.subscriptions.values()
        )
        if taken:
            error = {
                "field": ["webhookSubscription", "uri"],
                "message": "Address for this topic has already been taken",
            }
            return {"webhookSubscription": None, "userErrors": [error]}
        self._store.subscriptions[row["id"]] = row
        return {"webhookSubscription": _subscription(row), "userErrors": []}

    def _unsubscribe(self, info: Any, id: str) -> View:  # noqa: A002
        if self._store.subscriptions.pop(parts(id)[1], None) is None:
            error = {"field": ["id"], "message": "Webhook subscription does not exist"}
            return {"deletedWebhookSubscriptionId": None, "userErrors": [error]}
        return {"deletedWebhookSubscriptionId": id, "userErrors": []}

    def _order_with(self, named: str) -> Record | None:
        return self._store.order_of("returns", parts(named)[1])

    def _change(self, order: Record, changes: Mapping[str, Any]) -> None:
        self._store.change(order, changes, at=self._at)
        self._happened(order, self._store.orders[order["id"]])

    def _note(self, kind: str, **facts: Any) -> None:
        self._written.append({"kind": kind, "at": self._at.isoformat(), **facts})


def _key_of(info: GraphQLResolveInfo[Any]) -> str:
    """The key of `@idempotent` on the running field."""
    directive = info.schema.get_directive("idempotent")
    assert directive is not None
    found = get_directive_values(directive, info.field_nodes[0], info.variable_values)
    return str(found["key"]) if found else ""


def _by_number(row: Mapping[str, Any]) -> str:
    return f"{int(row['id']):020d}"


def _by_change(row: Mapping[str, Any]) -> str:
    return f"{told(row['updated_at'])}|{_by_number(row)}"


_ORDER_KEYS = {"UPDATED_AT": _by_change, "ID": _by_number}


def _subscription(row: Mapping[str, Any]) -> View:
    return {
        "id": gid("WebhookSubscription", row["id"]),
        "legacyResourceId": row["id"],
        "topic": row["topic"],
        "uri": row["uri"],
        "format": "JSON",
        "createdAt": told(row["at"]),
    }
