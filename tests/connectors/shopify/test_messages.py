"""Shopify's messages: signed, repeated, of several versions, and of whatever body."""

import json

import pytest

from connectors.sandbox.shopify import API_SECRET, SHOP_DOMAIN
from connectors.shopify.webhooks import MAX_BODY_BYTES, UNREADABLE, Door
from connectors.types import PrivacyKind, PrivacyRequest, WebhookNudge
from tests.connectors.shopify.shopify_cast import make_twin

BODY = b'{"id": 42, "status": "open"}'


@pytest.fixture
def door():
    return Door(secret=API_SECRET, domain=SHOP_DOMAIN, version="2026-10")


@pytest.fixture
def twin():
    return make_twin()


def headers(topic="returns/approve", **changes):
    return {"X-Shopify-Topic": topic, "X-Shopify-API-Version": "2026-10", **changes}


def parse(door, body, topic="returns/approve", **changes):
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    return door.parse(headers=headers(topic, **changes), body=text)


def test_the_signature_is_over_the_raw_body_and_names_are_of_any_case(door, twin):
    signed = twin.signed("returns/approve", BODY)

    assert door.is_genuine(headers=signed, body=BODY)
    assert door.is_genuine(headers={k.lower(): v for k, v in signed.items()}, body=BODY)
    assert not door.is_genuine(headers=signed, body=BODY.replace(b" ", b""))
    assert not door.is_genuine(headers={}, body=BODY)


@pytest.mark.parametrize("secret", ["", "  ", "another"])
def test_with_another_secret_or_none_nothing_is_genuine(twin, secret):
    door = Door(secret=secret, domain=SHOP_DOMAIN, version="2026-10")

    assert not door.is_genuine(headers=twin.signed("returns/approve", BODY), body=BODY)


def test_a_message_for_another_shop_is_not_ours(twin):
    door = Door(secret=API_SECRET, domain="other.myshopify.com", version="2026-10")

    assert not door.is_genuine(headers=twin.signed("returns/approve", BODY), body=BODY)


@pytest.mark.parametrize(
    ("topic", "body", "rma_id"),
    [
        ("returns/request", {"id": 42}, "42"),
        ("returns/close", {"id": "42", "order_id": 51}, "42"),
        ("returns/update", {"admin_graphql_api_id": "gid://shopify/Return/42"}, "42"),
        ("refunds/create", {"id": 70, "order_id": 51, "return": {"id": 42}}, "42"),
        ("refunds/create", {"id": 70, "order_id": 51, "return": None}, ""),
        ("orders/updated", {"id": 51}, ""),
        ("reverse_fulfillment_orders/dispose", {"id": 9, "dispositions": []}, ""),
        ("reverse_deliveries/attach_deliverable", {"id": 9, "return": {"id": 42}}, "42"),
        ("returns/approve", {"id": True}, ""),
        ("returns/approve", {"id": "gid://shopify/Order/51"}, ""),
        ("returns/approve", {"id": "42; DROP"}, ""),
    ],
)
def test_a_message_names_its_return_where_its_body_does(door, topic, body, rma_id):
    nudge = parse(door, body, topic)

    assert (nudge.topic, nudge.rma_external_id, nudge.privacy) == (topic, rma_id, None)


def test_the_ids_of_delivery_and_act_are_told(door):
    ids = {"X-Shopify-Webhook-Id": " w-1 ", "X-Shopify-Event-Id": "e-1"}

    assert parse(door, BODY, **ids) == WebhookNudge("returns/approve", "42", "w-1", "e-1")
    spoilt = parse(door, BODY, **{"X-Shopify-Webhook-Id": "x" * 121, "X-Shopify-Event-Id": "a\tb"})
    assert (spoilt.delivery_id, spoilt.cause_id) == ("", "")


def test_a_body_of_another_version_is_not_read_for_ids(door):
    nudge = parse(door, BODY, **{"X-Shopify-API-Version": "2025-01"})

    assert (nudge.topic, nudge.rma_external_id) == ("returns/approve", "")


@pytest.mark.parametrize(
    ("topic", "body"),
    [
        ("", BODY),
        ("returns", BODY),
        ("returns/approve/../x", BODY),
        ("returns/approve", b""),
        ("returns/approve", b"[1]"),
        ("returns/approve", b"\xff"),
        ("returns/approve", b"{" * 200),
        ("returns/approve", b'{"id": 1e999999}'),
        ("returns/approve", b"x" * (MAX_BODY_BYTES + 1)),
    ],
)
def test_what_cannot_be_read_has_no_topic(door, topic, body):
    assert parse(door, body, topic) == UNREADABLE


@pytest.mark.parametrize(
    ("topic", "body", "wish"),
    [
        pytest.param(
            "customers/data_request",
            {
                "customer": {"id": 7, "email": "ida@customer.example", "phone": "555"},
                "orders_requested": [299938, 280263],
                "data_request": {"id": 9999},
            },
            PrivacyRequest(
                PrivacyKind.DISCLOSE, "9999", "ida@customer.example", ("299938", "280263")
            ),
            id="to know",
        ),
        pytest.param(
            "customers/redact",
            {"customer": {"email": "ida@customer.example"}, "orders_to_redact": []},
            PrivacyRequest(PrivacyKind.FORGET_CUSTOMER, "", "ida@customer.example"),
            id="to be forgotten, known by address alone",
        ),
        pytest.param(
            "shop/redact",
            {"shop_id": 1, "shop_domain": SHOP_DOMAIN},
            PrivacyRequest(PrivacyKind.FORGET_SHOP),
            id="of a shop that left",
        ),
        pytest.param(
            "customers/redact",
            {"customer": None, "orders_to_redact": "all"},
            PrivacyRequest(PrivacyKind.FORGET_CUSTOMER),
            id="of nobody",
        ),
    ],
)
def test_a_wish_of_privacy_is_read_from_the_body(door, topic, body, wish):
    nudge = parse(door, body, topic, **{"X-Shopify-API-Version": "2025-01"})

    assert (nudge.privacy, nudge.rma_external_id) == (wish, "")


def test_a_wish_shows_nobodys_address_where_it_is_logged():
    assert "ida" not in repr(PrivacyRequest(PrivacyKind.DISCLOSE, email="ida@customer.example"))
