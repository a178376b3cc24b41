"""Messages from Shopify: signed over their raw body, REST-shaped, at least once, in any order.

Source: the vendor's delivery and compliance pages. The signature covers the body alone, so what
the headers say (topic, ids, version) is only a hint; a nudge leads to a reading and is never a
fact. Wishes of privacy are read from the signed body.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping

from connectors import wire_json
from connectors.shopify.reading import gid
from connectors.types import PrivacyKind, PrivacyRequest, WebhookNudge

MAX_BODY_BYTES = 1024 * 1024
UNREADABLE = WebhookNudge(topic="", rma_external_id="")
_TOPIC = re.compile(r"[a-z_]{1,40}/[a-z_]{1,40}")
_PLAIN = re.compile(r"[\x21-\x7e]{1,120}")
_PRIVACY = {
    "customers/data_request": (PrivacyKind.DISCLOSE, "orders_requested"),
    "customers/redact": (PrivacyKind.FORGET_CUSTOMER, "orders_to_redact"),
    "shop/redact": (PrivacyKind.FORGET_SHOP, ""),
}


class Door:
    """What one shop's messages must be like. Without the app's secret nothing is genuine."""

    def __init__(self, *, secret: str, domain: str, version: str) -> None:
        self._secret = secret.strip().encode()
        self._domain = domain
        self._version = version

    def is_genuine(self, *, headers: Mapping[str, str], body: bytes) -> bool:
        """Whether the signature fits the raw body and the message names our shop."""
        kept = _lowered(headers)
        expected = hmac.new(self._secret or b"\x00", body, hashlib.sha256).digest()
        given = kept.get("x-shopify-hmac-sha256", "").strip().encode("utf-8", "replace")
        fits = hmac.compare_digest(base64.b64encode(expected), given)
        shop = kept.get("x-shopify-shop-domain", "").strip().lower()
        return bool(self._secret) and fits and shop == self._domain

    def parse(self, *, headers: Mapping[str, str], body: bytes) -> WebhookNudge:
        """Never raises; what cannot be read has an empty topic.

        A message of another version than ours is not read for ids, since its body may mean
        something else: it still says that a poll is worth while.
        """
        kept = _lowered(headers)
        topic = kept.get("x-shopify-topic", "").strip().lower()
        message = _message(body)
        if message is None or not _TOPIC.fullmatch(topic):
            return UNREADABLE
        is_ours = kept.get("x-shopify-api-version", self._version).strip() == self._version
        return WebhookNudge(
            topic=topic,
            rma_external_id=_return_id(topic, message) if is_ours else "",
            delivery_id=_plain(kept.get("x-shopify-webhook-id", "")),
            cause_id=_plain(kept.get("x-shopify-event-id", "")),
            privacy=_privacy(topic, message),
        )


def _lowered(headers: Mapping[str, str]) -> dict[str, str]:
    return {str(name).lower(): str(value) for name, value in headers.items()}


def _message(body: bytes) -> Mapping[str, object] | None:
    if len(body) > MAX_BODY_BYTES:
        return None
    try:
        message = wire_json.decode(body.decode())
    except (ValueError, ArithmeticError):
        return None
    return message if isinstance(message, Mapping) else None


def _return_id(topic: str, message: Mapping[str, object]) -> str:
    """The return a message is about, where its body says so; orders and reverse orders do not."""
    if topic.startswith("returns/"):
        return _id(message.get("id")) or _id(message.get("admin_graphql_api_id"))
    linked = message.get("return")
    return _id(linked.get("id")) if isinstance(linked, Mapping) else ""


def _id(value: object) -> str:
    """A number, or the number at the end of the id of a return."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return ""
    number = str(value).removeprefix("gid://shopify/Return/")
    return number if gid("Return", number) else ""


def _privacy(topic: str, message: Mapping[str, object]) -> PrivacyRequest | None:
    if topic not in _PRIVACY:
        return None
    kind, orders_key = _PRIVACY[topic]
    customer = message.get("customer")
    email = customer.get("email") if isinstance(customer, Mapping) else ""
    orders = message.get(orders_key)
    request = message.get("data_request")
    return PrivacyRequest(
        kind=kind,
        request_id=_id(request.get("id")) if isinstance(request, Mapping) else "",
        email=email.strip()[:254] if isinstance(email, str) else "",
        order_ids=tuple(filter(None, map(_id, orders))) if isinstance(orders, list) else (),
    )


def _plain(text: str) -> str:
    return text.strip() if _PLAIN.fullmatch(text.strip()) else ""
