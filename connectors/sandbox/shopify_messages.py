"""Webhooks of the simulated shop: REST-shaped bodies, signed over the raw bytes.

Topics, headers and the fields of bodies follow the vendor's pages and samples. What identifies a
message is counted, so that a replay of the same calls sends the same ids.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from connectors import wire_json
from connectors.sandbox.shopify_store import REVERSE_ORDER as _REVERSE_ORDER
from connectors.sandbox.shopify_store import Record, decimal, derived, gid, told
from connectors.sandbox.webhooks import Post, WebhookSender

_STATE_TOPICS = {
    "REQUESTED": "returns/request",
    "OPEN": "returns/approve",
    "DECLINED": "returns/decline",
    "CANCELED": "returns/cancel",
    "CLOSED": "returns/close",
}


@dataclass(frozen=True)
class Message:
    topic: str
    body: dict[str, Any]


def signature(secret: str, body: bytes) -> str:
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()


def told_by(before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> Iterator[Message]:
    """What happened to an order between two of its states, as messages."""
    was = {str(row["id"]): row for row in (before or {}).get("returns") or ()}
    for row in after["returns"]:
        yield from _of_return(was.get(row["id"]), row, after)
    known = {str(row["id"]): row for row in (before or {}).get("refunds") or ()}
    for row in after["refunds"]:
        if row["id"] not in known:
            yield Message("refunds/create", _refund(row, after))
    yield Message("orders/updated", {"id": int(after["id"]), "name": after["name"]})


def _of_return(
    before: Mapping[str, Any] | None, row: Record, order: Mapping[str, Any]
) -> Iterator[Message]:
    status = row["status"]
    if before is None or before["status"] != status:
        is_reopened = before is not None and before["status"] == "CLOSED" and status == "OPEN"
        topic = "returns/reopen" if is_reopened else _STATE_TOPICS.get(status, "returns/update")
        yield Message(topic, _return(row, order, topic))
    elif before.get("lines") != row.get("lines"):
        yield Message("returns/update", _return(row, order, "returns/update"))
    known = {str(each["id"]) for each in (before or {}).get("dispositions") or ()}
    fresh = [e for e in row.get("dispositions") or () if str(e["id"]) not in known]
    if fresh:
        yield Message("reverse_fulfillment_orders/dispose", _dispositions(row, fresh))


def _return(row: Record, order: Mapping[str, Any], topic: str) -> dict[str, Any]:
    shared = {"id": int(row["id"]), "admin_graphql_api_id": gid("Return", row["id"])}
    if topic == "returns/update":
        return {**shared, "return_line_items": [], "restocking_fees": []}
    shared["status"] = row["status"].lower()
    if topic in ("returns/cancel", "returns/close", "returns/reopen"):
        return {**shared, "order_id": int(order["id"])}
    return {
        **shared,
        "name": row["name"],
        "order": {"id": int(order["id"]), "admin_graphql_api_id": gid("Order", order["id"])},
        "total_return_line_items": len(row.get("lines") or ()),
        "return_line_items": [
            {"id": int(line["id"]), "quantity": int(line.get("quantity", 1))}
            for line in row.get("lines") or ()
        ],
    }


def _dispositions(row: Record, fresh: list[Mapping[str, Any]]) -> dict[str, Any]:
    return {
        "id": int(derived(_REVERSE_ORDER, row["id"])),
        "total_dispositions": len(fresh),
        "dispositions": [
            {
                "id": int(each["id"]),
                "type": each["type"].lower(),
                "quantity": int(each.get("quantity", 1)),
            }
            for each in fresh
        ],
    }


def _refund(row: Record, order: Mapping[str, Any]) -> dict[str, Any]:
    linked = row.get("return_id")
    return {
        "id": int(row["id"]),
        "order_id": int(order["id"]),
        "created_at": told(row.get("created_at")),
        "processed_at": told(row.get("processed_at") or row.get("created_at")),
        "note": row.get("note"),
        "return": {"id": int(linked)} if linked else None,
        "refund_line_items": [
            {
                "line_item_id": int(line["line_id"]),
                "quantity": int(line["quantity"]),
                # Numbers here, texts elsewhere: both are seen in every sample.
                "subtotal": decimal(line.get("subtotal")),
                "total_tax": decimal(line.get("tax")),
            }
            for line in row.get("lines") or ()
        ],
        "order_adjustments": [],
        "transactions": [
            {
                "id": int(each["id"]),
                "kind": each.get("kind", "REFUND").lower(),
                "status": each.get("status", "SUCCESS").lower(),
                "amount": format(Decimal(decimal(each.get("amount"))), "f"),
            }
            for each in row.get("transactions") or ()
        ],
    }


class Postman:
    """Sends messages to whoever subscribed to their topic."""

    def __init__(self, *, secret: str, domain: str, post: Post | None) -> None:
        self._secret = secret
        self._domain = domain
        self._post = post
        self._senders: dict[str, WebhookSender] = {}
        self._sent = 0
        self._acts = 0

    def send(
        self,
        messages: list[Message],
        urls_of: Mapping[str, list[str]],
        *,
        at: datetime,
        version: str,
        copies: int,
        shuffle: int,
    ) -> None:
        """All messages of one act share an event id; each has an id of its own."""
        self._acts += 1
        for message in messages:
            body = wire_json.encode(message.body).encode()
            for url in urls_of.get(message.topic, ()):
                self._sent += 1
                sender = self._sender(url)
                sender.copies, sender.shuffle = copies, shuffle
                sender.send(body, self.headers(message.topic, body, at=at, version=version))

    def headers(self, topic: str, body: bytes, *, at: datetime, version: str) -> dict[str, str]:
        """What accompanies a message with this very body."""
        return {
            "X-Shopify-Topic": topic,
            "X-Shopify-Hmac-Sha256": signature(self._secret, body),
            "X-Shopify-Shop-Domain": self._domain,
            "X-Shopify-API-Version": version,
            "X-Shopify-Webhook-Id": f"00000000-0000-4000-8000-{self._sent:012d}",
            "X-Shopify-Event-Id": f"00000000-0000-4000-9000-{self._acts:012d}",
            "X-Shopify-Triggered-At": told(at) or "",
        }

    def drain(self) -> None:
        for sender in list(self._senders.values()):
            sender.drain()

    def _sender(self, url: str) -> WebhookSender:
        if url not in self._senders:
            self._senders[url] = WebhookSender(post=self._post) if self._post else WebhookSender()
            self._senders[url].subscribe(url)
        return self._senders[url]
