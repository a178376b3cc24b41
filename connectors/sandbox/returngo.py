"""A simulated ReturnGO, after the vendor's API reference.

Simulated as documented: both headers (401 key, 403 shop), required `pagesize`, list rows without
dates, shipment moves, no quantity on a returned item. As inferred: cursors that walk record ids
newest first, validation flags false until inspected, unsigned webhooks. Invented: error bodies,
webhook bodies, answers to writes, when the daily budget begins anew (midnight UTC).

Load schema (`POST /_control/returngo/load` or `load`); only ids and status are required:

    {"rmas": [{
        "rma_id", "status", "order_name", "order_id", "currency", "created_at", "updated_at",
        "cancellation_fee", "is_out_of_policy", "customer": {"name", "email"},
        "items": [{
            "item_id", "quantity", "line_item_id", "product_id", "variant_id", "sku", "barcode",
            "name", "variant_name", "paid_price", "paid_tax", "tax_included", "reason",
            "extended_reason", "resolution_type", "resolution_name", "return_method",
            "return_fee", "restocking_fee", "shipment_fee", "shipment_id", "exchange_items",
            "validation": null | {"is_returned", "is_restockable", "non_returned_reason",
                "non_restockable_reason", "store_location_id", "at", "by"}}],
        "shipments": [{"shipment_id", "status", "carrier", "tracking_number", "tracking_url",
            "label_url", "is_outbound"}],
        "transactions": [{"id", "type", "amount", "status", "processor",
            "external_reference_id", "item_ids", "created_at", "updated_at"}],
        "comments": [{"text", "by", "type", "at"}],
        "exchange_orders": [{"draft_order_id", "order_id", "order_name", "type"}],
        "events": [{"name", "at", "via", "location", "user"}]}],
     "changes": [{"rma_id", …any key above…, "validations": {item_id: validation},
        "shipment_statuses": {shipment_id: status}}]}

Amounts are numbers in the RMA's currency; `paid_price`, `paid_tax` and `amount` may also be whole
Money objects in wire form. An item with "quantity" n stands for n units with ids "item_id-1" to
"item_id-n"; a transaction's `item_ids` may name it as a whole. A known `rma_id` replaces the return
and moves `updated_at` to now unless the record gives it. "changes" alter parts of known returns.
Records are kept as given: the caller does not change them afterwards.
"""

from __future__ import annotations

import html
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from typing import Any

from werkzeug.wrappers import Request, Response

from connectors import wire_json
from connectors.sandbox import returngo_filters as filters
from connectors.sandbox import returngo_query as query
from connectors.sandbox import returngo_wire as wire
from connectors.sandbox.base import Route, Twin, utc_now
from connectors.sandbox.returngo_records import (
    Happening,
    RecordInvalid,
    RmaRecord,
    Store,
    TransactionRecord,
    with_changes,
)
from connectors.sandbox.webhooks import Post, WebhookSender

API_KEY = "sandbox-returngo-key"
SHOP_NAME = "sandbox-shop.myshopify.com"
WEBHOOK_EVENTS = frozenset(
    {
        "RMA_CREATED",
        "RMA_STATUS_UPDATED",
        "SHIPMENT_CREATED",
        "SHIPMENT_STATUS_UPDATED",
        "SHIPMENT_TRACKER_STATUS_UPDATED",
        "TRANSACTION_CREATED",
        "REFUND_CREATED",
    }
)
# The simulation keeps its own table, so that a mistake in the connector's shows.
_MOVES = {
    "Pending": ("LabelCreated", "Shipped", "Received", "Canceled", "Validated"),
    "LabelCreated": ("Shipped", "Received", "Canceled", "Validated"),
    "Shipped": ("Received", "Canceled", "Validated"),
    "Canceled": ("Received", "Validated"),
    "Received": ("Validated",),
    "Validated": (),
}
_SHIPMENT_FIELDS = {
    "status": "status",
    "carrierName": "carrier",
    "trackingNumber": "tracking_number",
    "trackingURL": "tracking_url",
    "labelURL": "label_url",
}
_RMA_CURSOR = "returns.id:"
_TRANSACTION_CURSOR = "transactions.id:"
_KEPT_DETAILS = 64


class ReturnGoTwin(Twin):
    """One shop of one owner.

    Switches: `daily_limit` calls a day (429 beyond); `type_drift` numbers for ids and 0/1 for
    booleans; `updates_do_not_bump` inspections, comments and exchanges leave rma_updated_at;
    `shipment_moves_rma` a shipment's Received or Validated moves the return too;
    `webhook_copies`, `webhook_shuffle` as in WebhookSender; `webhook_body` "nested" | "flat" |
    "bare" (no id at all).
    """

    name = "returngo"
    routes = (
        Route("GET", "/rmas", "list_rmas"),
        Route("GET", "/rma/<rma_id>", "read_rma"),
        Route("POST", "/rma/<rma_id>/comment", "add_comment"),
        Route("PUT", "/shipment/<shipment_id>", "update_shipment"),
        Route("GET", "/transactions", "list_transactions"),
        Route("GET", "/webhooks", "list_webhooks"),
        Route("POST", "/webhook", "create_webhook"),
        Route("PUT", "/webhook/<webhook_id>", "update_webhook"),
        Route("DELETE", "/webhook/<webhook_id>", "delete_webhook"),
    )
    default_switches = {
        "daily_limit": 2000,
        "type_drift": True,
        "updates_do_not_bump": False,
        "shipment_moves_rma": True,
        "webhook_copies": 1,
        "webhook_shuffle": 0,
        "webhook_body": "nested",
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
        return {"api_key": API_KEY, "shop_name": SHOP_NAME}

    def clear(self) -> None:
        self._store = Store()
        self._written: list[dict[str, Any]] = []
        self._subscriptions: dict[str, dict[str, str]] = {}
        self._next_subscription = 1
        self._senders: dict[str, WebhookSender] = {}
        self._details: OrderedDict[tuple[str, bool], bytes] = OrderedDict()
        self._calls_on: tuple[date | None, int] = (None, 0)

    def load(self, records: Mapping[str, Any]) -> dict[str, int]:
        """Take returns and changes in, in this order; a wrong record is a ValueError.

        What came before the wrong record stays.
        """
        rmas = records.get("rmas") or ()
        changes = records.get("changes") or ()
        with self.lock:
            for facts in rmas:
                self._put(facts)
            for change in changes:
                self._change(change)
        units = sum(item.get("quantity", 1) for rma in rmas for item in rma.get("items") or ())
        return {"rmas": len(rmas), "units": units, "changes": len(changes)}

    @property
    def books(self) -> Store:
        """What it knows; asked under `lock`."""
        return self._store

    def nudge(self, rma_id: str) -> None:
        """Send the webhook of a changed return once more, though nothing changed."""
        record = self._store.rma(rma_id)
        if record is not None:
            facts = {"status": record.status}
            self._tell([Happening("RMA_STATUS_UPDATED", rma_id, facts)])

    def advance(self, rma_id: str, **changes: Any) -> None:
        """Change parts of one return as time passes, like "changes" of the load schema."""
        self.load({"changes": [{"rma_id": rma_id, **changes}]})

    def documents(self) -> list[dict[str, Any]]:
        """Every comment and shipment change made through the API, in order."""
        with self.lock:
            return list(self._written)

    def drain_webhooks(self) -> None:
        """Wait until every webhook so far has been sent."""
        for sender in list(self._senders.values()):
            sender.drain()

    def refusal(self, request: Request) -> Response | None:
        if request.headers.get("x-api-key") != API_KEY:
            return self._error(401, "Unauthorized")
        if request.headers.get("x-shop-name") != SHOP_NAME:
            return self._error(403, "Forbidden")
        day, count = self._calls_on
        today = self.moment().date()
        self._calls_on = (today, count + 1 if day == today else 1)
        if self._calls_on[1] > self.switches["daily_limit"]:
            return self._error(429, "Limit Exceeded")
        return None

    # --- handlers -----------------------------------------------------------------------------

    def list_rmas(self, request: Request) -> Response:
        args = request.args
        try:
            size = query.page_size(args)
            query.check_sort(args, columns=("rma_created_at", "rma_updated_at"))
            position = query.cursor_position(args, prefix=_RMA_CURSOR)
            is_wanted = filters.rma(request)
        except query.QueryInvalid as error:
            return self._error(400, str(error))
        matching = filter(is_wanted, self._store.rmas_below(position))
        rows, cursor = query.page(matching, size, prefix=_RMA_CURSOR)
        answer: dict[str, Any] = {"rmas": [wire.list_row(row) for row in rows]}
        return self.reply({**answer, "next_cursor": cursor} if cursor else answer)

    def read_rma(self, request: Request, rma_id: str) -> Response:
        record = self._store.rma(rma_id)
        if record is None:
            return self._missing(rma_id)
        return Response(self._detail(record), content_type="application/json; charset=utf-8")

    def add_comment(self, request: Request, rma_id: str) -> Response:
        record = self._store.rma(rma_id)
        if record is None:
            return self._missing(rma_id)
        text = _body(request).get("htmlText")
        if not isinstance(text, str) or not html.unescape(text).strip():
            return self._error(400, "htmlText is required")
        at = self.moment()
        comment = {"text": text, "by": "ReturnGO API", "type": "merchant", "at": at}
        bumped_at = None if self.switches["updates_do_not_bump"] else at
        self._store.change(record, at=bumped_at, comments=(*record.comments, comment))
        self._forget(rma_id)
        self._note("comment", rma_id=rma_id, html_text=text)
        return self.reply({"success": True})

    def update_shipment(self, request: Request, shipment_id: str) -> Response:
        record = self._store.owner_of(shipment_id)
        if record is None:
            return self._error(404, "Shipment not found")
        body = _body(request)
        rows = {str(row["shipment_id"]): row for row in record.rows("shipments")}
        current = str(rows[shipment_id].get("status", "Pending"))
        status = body.get("status", current)
        if status != current and status not in _MOVES.get(current, ()):
            return self._error(400, f"Shipment cannot move from {current} to {status}")
        updates = {name: body[key] for key, name in _SHIPMENT_FIELDS.items() if key in body}
        rows[shipment_id] = {**rows[shipment_id], **updates}
        facts: dict[str, Any] = {"shipments": list(rows.values())}
        if status != current and self.switches["shipment_moves_rma"]:
            facts["status"] = _rma_status(record.status, str(status))
        self._tell(self._store.change(record, at=self.moment(), **facts))
        self._forget(record.rma_id)
        self._note("shipment", rma_id=record.rma_id, shipment_id=shipment_id, status=status)
        return self.reply({"success": True})

    def list_transactions(self, request: Request) -> Response:
        args = request.args
        try:
            size = query.page_size(args)
            position = query.cursor_position(args, prefix=_TRANSACTION_CURSOR)
            is_wanted = filters.transaction(request)
        except query.QueryInvalid as error:
            return self._error(400, str(error))
        matching = filter(is_wanted, self._store.transactions_below(position))
        rows, cursor = query.page(matching, size, prefix=_TRANSACTION_CURSOR)
        answer = {"transactions": [self._transaction(row) for row in rows]}
        return self.reply({**answer, "next_cursor": cursor} if cursor else answer)

    def list_webhooks(self, request: Request) -> Response:
        return self.reply({"webhooks": list(self._subscriptions.values())})

    def create_webhook(self, request: Request) -> Response:
        webhook_id = str(self._next_subscription)
        self._next_subscription += 1
        return self._subscribe(webhook_id, _body(request), status=201)

    def update_webhook(self, request: Request, webhook_id: str) -> Response:
        known = self._subscriptions.get(webhook_id)
        if known is None:
            return self._error(404, "Webhook not found")
        return self._subscribe(webhook_id, {**known, **_body(request)}, status=200)

    def delete_webhook(self, request: Request, webhook_id: str) -> Response:
        if self._subscriptions.pop(webhook_id, None) is None:
            return self._error(404, "Webhook not found")
        return self.reply({"success": True})

    # --- inside -------------------------------------------------------------------------------

    def _put(self, facts: Mapping[str, Any]) -> None:
        always_bumps = not self.switches["updates_do_not_bump"]
        happened = self._store.put(facts, at=self.moment(), always_bumps=always_bumps)
        self._forget(str(facts["rma_id"]))
        self._tell(happened)

    def _change(self, change: Mapping[str, Any]) -> None:
        record = self._store.rma(str(change["rma_id"]))
        if record is None:
            raise RecordInvalid(f"no return {change['rma_id']}")
        self._put(with_changes(record, change))

    def _detail(self, record: RmaRecord) -> bytes:
        has_drift = bool(self.switches["type_drift"])
        key = (record.rma_id, has_drift)
        if key not in self._details:
            rows = self._store.transactions_of(record)
            self._details[key] = wire.detail(record, rows, has_drift=has_drift)
            if len(self._details) > _KEPT_DETAILS:
                self._details.popitem(last=False)
        return self._details[key]

    def _forget(self, rma_id: str) -> None:
        for has_drift in (False, True):
            self._details.pop((rma_id, has_drift), None)

    def _transaction(self, row: TransactionRecord) -> dict[str, Any]:
        owner = self._store.rma(row.rma_id)
        assert owner is not None
        return wire.transaction(row, owner, has_drift=bool(self.switches["type_drift"]))

    def _subscribe(self, webhook_id: str, wanted: Mapping[str, Any], *, status: int) -> Response:
        url, event_name = wanted.get("url"), wanted.get("eventName")
        if not isinstance(url, str) or not url or event_name not in WEBHOOK_EVENTS:
            return self._error(400, "url and a known eventName are required")
        subscription = {"id": webhook_id, "url": url, "eventName": str(event_name)}
        self._subscriptions[webhook_id] = subscription
        if url not in self._senders:
            self._senders[url] = WebhookSender(post=self._post) if self._post else WebhookSender()
            self._senders[url].subscribe(url)
        return self.reply(subscription, status=status)

    def _tell(self, happened: Iterable[Happening]) -> None:
        for happening in happened:
            body = wire_json.encode(_webhook(happening, str(self.switches["webhook_body"])))
            for subscription in self._subscriptions.values():
                if subscription["eventName"] == happening.event_name:
                    sender = self._senders[subscription["url"]]
                    sender.copies = int(self.switches["webhook_copies"])
                    sender.shuffle = int(self.switches["webhook_shuffle"])
                    sender.send(body.encode())

    def _note(self, kind: str, **facts: Any) -> None:
        self._written.append({"kind": kind, "at": self.moment().isoformat(), **facts})

    def _missing(self, rma_id: str) -> Response:
        if not rma_id.isdigit():
            return self._error(400, "rmaId is not valid")
        return self._error(404, "RMA not found")

    def _error(self, status: int, message: str) -> Response:
        return self.reply({"message": message}, status=status)


def _body(request: Request) -> Mapping[str, Any]:
    """The JSON object of the request, empty for anything else."""
    try:
        body = wire_json.decode(request.get_data(as_text=True))
    except ValueError:
        return {}
    return body if isinstance(body, Mapping) else {}


def _rma_status(current: str, shipment_status: str) -> str:
    """Received and Validated carry the return forward, never back."""
    ladder = ("Pending", "Approved", "Received", "Validated")
    if current not in ladder or shipment_status not in ("Received", "Validated"):
        return current
    return max(current, shipment_status, key=ladder.index)


def _webhook(happening: Happening, shape: str) -> dict[str, Any]:
    facts = {"rmaId": happening.rma_id, **happening.facts}
    if shape == "bare":
        return {"eventName": happening.event_name}
    if shape == "flat":
        return {"eventName": happening.event_name, **facts}
    return {"eventName": happening.event_name, "data": facts}
