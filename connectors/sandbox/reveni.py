"""A simulated Reveni: its documented model over an assumed wire.

Documented (help centre): types, modes, states, the decision per product with its restock choice or
reason, instant refunds before the goods, acceptance by itself after 30 days, no cancelling of
instant transactions by the merchant, ids of 32 hex digits, the event `return.updated`. Invented:
every path, header, field, code, the paging, the error bodies, the webhook's body and signature.

Load schema (`POST /_control/reveni/load` or `load`); only ids are required:

    {"transactions": [{
        "id", "mode": INSTANT | NOT_INSTANT, "state": IN_PROGRESS | SHIPPED | RECEIVED |
            FOR_REVIEW | CANCELLED, "order_name", "order_id", "currency", "created_at",
        "updated_at", "customer": {"name", "email"}, "refund_method",
        "products": [{
            "id", "quantity", "order_line_id", "sku", "barcode", "name", "price", "tax",
            "request_type": RETURN | EXCHANGE, "reason", "notes", "location", "status",
            "restock", "rejection_reason", "decided_at", "decided_by"}],
        "fees": [{"type", "amount"}], "bonuses": [{"type", "amount"}],
        "refunds": [{"id", "kind", "method", "status", "amount", "reference", "created_at",
            "updated_at"}],
        "new_orders": [{"id", "draft_id", "name"}],
        "shipments": [{"id", "status", "carrier", "tracking_number", "tracking_url"}]}],
     "changes": [{"id", "state", "decisions": {product id: {"status": ACCEPTED, "restock": RESTOCK |
        NO_RESTOCK} | {"status": REJECTED, "rejection_reason"} | {"status": FOR_REVIEW}},
        …any other key above…}]}

Final states are never loaded: they follow from the decisions. Without "refunds" the money moves as
mode and decisions have it. A known id replaces the transaction.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from werkzeug.wrappers import Request, Response

from connectors import wire_json
from connectors.sandbox import reveni_wire as wire
from connectors.sandbox.base import Route, Twin, utc_now
from connectors.sandbox.reveni_records import Position, Store, Transaction, moment
from connectors.sandbox.webhooks import Post, WebhookSender

API_KEY = "sandbox-reveni-key"
WEBHOOK_SECRET = "sandbox-reveni-webhook-secret"
WEBHOOK_EVENTS = frozenset({"return.created", "return.updated"})
ACCEPTED_AFTER = timedelta(days=30)
_MOST_ROWS = 100


class ReveniTwin(Twin):
    """One merchant's account.

    Switches: `units_apart` one entry per unit, else one with a quantity; `has_tax_fields` products
    carry their tax; `amounts_as_numbers` amounts are JSON numbers, else text; `automatic_is_told`
    an automatic acceptance moves the time of change and sends a webhook; `is_signed` webhooks are
    signed; `webhook_copies`, `webhook_shuffle` as in WebhookSender.
    """

    name = "reveni"
    routes = (
        Route("GET", "/v1/account", "account"),
        Route("GET", "/v1/transactions", "list_transactions"),
        Route("GET", "/v1/transactions/<transaction_id>", "read_transaction"),
        Route("POST", "/v1/transactions/<transaction_id>/notes", "add_note"),
        Route("GET", "/v1/refunds", "list_refunds"),
        Route("GET", "/v1/webhooks", "list_webhooks"),
        Route("POST", "/v1/webhooks", "create_webhook"),
        Route("DELETE", "/v1/webhooks/<webhook_id>", "delete_webhook"),
    )
    default_switches = {
        "units_apart": True,
        "has_tax_fields": True,
        "amounts_as_numbers": False,
        "automatic_is_told": True,
        "is_signed": True,
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
        return {"api_key": API_KEY, "webhook_secret": WEBHOOK_SECRET}

    def clear(self) -> None:
        self._store = Store(accept_after=ACCEPTED_AFTER)
        self._written: list[dict[str, Any]] = []
        self._subscriptions: dict[str, dict[str, str]] = {}
        self._next_subscription = 1
        self._senders: dict[str, WebhookSender] = {}

    @property
    def books(self) -> Store:
        """What it knows; asked under `lock`."""
        return self._store

    def load(self, records: Mapping[str, Any]) -> dict[str, int]:
        """Take transactions and changes in, in this order; a wrong one is a ValueError.

        What came before the wrong record stays.
        """
        transactions = records.get("transactions") or ()
        changes = records.get("changes") or ()
        with self.lock:
            self.settle()
            for facts in transactions:
                known = self._store.get(str(facts.get("id", ""))) is not None
                made = self._store.put(facts, at=self.moment())
                self._tell([made], "return.updated" if known else "return.created")
            for change in changes:
                self._tell([self._store.change(change, at=self.moment())])
        units = sum(
            product.get("quantity", 1)
            for facts in transactions
            for product in facts.get("products") or ()
        )
        return {"transactions": len(transactions), "units": units, "changes": len(changes)}

    def advance(self, transaction_id: str, **changes: Any) -> None:
        """Change parts of one transaction, like "changes" of the load schema."""
        self.load({"changes": [{"id": transaction_id, **changes}]})

    def settle(self) -> None:
        """Carry out late commits, and accept what nobody decided in time."""
        super().settle()
        with self.lock:
            is_told = bool(self.switches["automatic_is_told"])
            accepted = self._store.accept_due(now=self.moment(), is_told=is_told)
            if is_told:
                self._tell(accepted)

    def documents(self) -> list[dict[str, Any]]:
        """Every note made through the API, in order."""
        with self.lock:
            return list(self._written)

    def drain_webhooks(self) -> None:
        """Wait until every webhook so far has been sent."""
        for sender in list(self._senders.values()):
            sender.drain()

    def refusal(self, request: Request) -> Response | None:
        given = request.headers.get("X-Api-Key", "")
        if not hmac.compare_digest(given.encode(), API_KEY.encode()):
            return self._error(401, "unauthorized", "The API key is not known.")
        return None

    def unknown_path(self, request: Request, status: int) -> Response:
        return self._error(status, "not_found", "No such resource.")

    # --- handlers -----------------------------------------------------------------------------

    def account(self, request: Request) -> Response:
        return self.reply({"account": {"name": "Simulated merchant"}})

    def list_transactions(self, request: Request) -> Response:
        try:
            size, since, after = _asked(request)
        except ValueError as error:
            return self._error(400, "invalid_request", str(error))
        rows = list(islice(self._store.changed(since, after), size + 1))
        cursor = _cursor(rows[size - 1]) if len(rows) > size else None
        answer = [wire.list_row(row) for row in rows[:size]]
        return self.reply({"transactions": answer, "next_cursor": cursor})

    def read_transaction(self, request: Request, transaction_id: str) -> Response:
        record = self._store.get(transaction_id)
        if record is None:
            return self._error(404, "not_found", "No such transaction.")
        return self.reply({"transaction": wire.detail(record, self.switches)})

    def list_refunds(self, request: Request) -> Response:
        try:
            size, since, after = _asked(request)
        except ValueError as error:
            return self._error(400, "invalid_request", str(error))
        found = {
            (moment(refund.get("updated_at"), owner.created_at), number): (owner, refund)
            for number, owner, refund in self._store.refunds()
        }
        wanted = sorted(spot for spot in found if spot[0] >= since and (not after or spot > after))
        cursor = _packed(wanted[size - 1]) if len(wanted) > size else None
        answer = [wire.refund(*found[spot], self.switches) for spot in wanted[:size]]
        return self.reply({"refunds": answer, "next_cursor": cursor})

    def add_note(self, request: Request, transaction_id: str) -> Response:
        record = self._store.get(transaction_id)
        if record is None:
            return self._error(404, "not_found", "No such transaction.")
        text = _body(request).get("text")
        if not isinstance(text, str) or not text.strip():
            return self._error(422, "invalid_request", "text is required")
        at = self.moment()
        self._tell([self._store.note(record, text, at=at)])
        self._written.append(
            {"kind": "note", "at": at.isoformat(), "transaction_id": transaction_id, "text": text}
        )
        return self.reply({"note": {"id": f"n{len(self._written)}"}}, status=201)

    def list_webhooks(self, request: Request) -> Response:
        return self.reply({"webhooks": list(self._subscriptions.values())})

    def create_webhook(self, request: Request) -> Response:
        body = _body(request)
        url, event = body.get("url"), body.get("event")
        if not isinstance(url, str) or not url or event not in WEBHOOK_EVENTS:
            return self._error(422, "invalid_request", "url and a known event are required")
        webhook_id = str(self._next_subscription)
        self._next_subscription += 1
        subscription = {"id": webhook_id, "url": url, "event": str(event)}
        self._subscriptions[webhook_id] = subscription
        if url not in self._senders:
            self._senders[url] = WebhookSender(post=self._post) if self._post else WebhookSender()
            self._senders[url].subscribe(url)
        return self.reply({"webhook": subscription}, status=201)

    def delete_webhook(self, request: Request, webhook_id: str) -> Response:
        if self._subscriptions.pop(webhook_id, None) is None:
            return self._error(404, "not_found", "No such webhook.")
        return self.reply({"deleted": True})

    # --- inside -------------------------------------------------------------------------------

    def _tell(self, records: Iterable[Transaction], event: str = "return.updated") -> None:
        for record in records:
            facts = {"id": record.transaction_id, "state": record.state}
            body = wire_json.encode({"event": event, "transaction": facts}).encode()
            headers = {"X-Reveni-Signature": signed(body)} if self.switches["is_signed"] else {}
            for subscription in self._subscriptions.values():
                if subscription["event"] == event:
                    sender = self._senders[subscription["url"]]
                    sender.copies = int(self.switches["webhook_copies"])
                    sender.shuffle = int(self.switches["webhook_shuffle"])
                    sender.send(body, headers)

    def _error(self, status: int, code: str, message: str) -> Response:
        return self.reply({"error": {"code": code, "message": message}}, status=status)


def signed(body: bytes) -> str:
    """The signature of a webhook's body, as assumed."""
    return hmac.new(WEBHOOK_SECRET.encode(), body, hashlib.sha256).hexdigest()


def _asked(request: Request) -> tuple[int, datetime, Position | None]:
    """Page size, earliest change and place to go on from; raises ValueError with the answer."""
    text = request.args.get("limit", str(_MOST_ROWS))
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= _MOST_ROWS):
        raise ValueError(f"limit must be 1 to {_MOST_ROWS}")
    try:
        since = moment(request.args.get("updated_since"), datetime.min.replace(tzinfo=UTC))
    except ValueError:
        raise ValueError("updated_since must be a time") from None
    return int(text), since, _unpacked(request.args.get("cursor", ""))


def _cursor(record: Transaction) -> str:
    return _packed((record.updated_at, record.number))


def _packed(position: Position) -> str:
    text = f"{position[0].isoformat()} {position[1]}"
    return base64.urlsafe_b64encode(text.encode()).decode()


def _unpacked(cursor: str) -> Position | None:
    if not cursor:
        return None
    try:
        at, number = base64.urlsafe_b64decode(cursor.encode()).decode().split(" ")
        return datetime.fromisoformat(at), int(number)
    except (ValueError, binascii.Error):
        raise ValueError("cursor is not valid") from None


def _body(request: Request) -> Mapping[str, Any]:
    """The JSON object of the request, empty for anything else."""
    try:
        body = wire_json.decode(request.get_data(as_text=True))
    except ValueError:
        return {}
    return body if isinstance(body, Mapping) else {}
