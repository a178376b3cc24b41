"""The door for platforms that sign what they send."""

import json

import pytest

from connectors.sandbox.shopify import ACCESS_TOKEN, API_SECRET, SHOP_DOMAIN, ShopifyTwin
from connectors.sandbox.wsgi_transport import WsgiTransport
from exceptions_app.models import CallCount, Connection, InboundEvent, Rma
from exceptions_app.services import connections, flow, webhook_addresses
from tests import factories
from tests.connectors.shopify.shopify_cast import make_order, make_return, make_twin
from tests.factories import NOW

pytestmark = pytest.mark.django_db

BODY = json.dumps({"id": 945000954, "status": "open"}).encode()
DOOR = "/hooks/shop-uk/"


@pytest.fixture
def shop():
    return factories.BridgeFactory(
        source__code="shop-uk",
        source__kind="shopify",
        source__name="Shopify",
        source__base_url=f"https://{SHOP_DOMAIN}",
        source__settings={"shop_domain": SHOP_DOMAIN},
        source__sealed_secrets=connections.seal(
            {"access_token": ACCESS_TOKEN, "api_secret": API_SECRET}
        ),
    ).source


@pytest.fixture
def send(client, shop):
    twin = ShopifyTwin(now=lambda: NOW)

    def post(body=BODY, topic="returns/approve", door=DOOR, **changes):
        headers = {
            **twin.signed(topic, body),
            "X-Shopify-Webhook-Id": "w-1",
            "X-Shopify-Event-Id": "e-1",
            **changes,
        }
        return client.post(door, body, content_type="application/json", headers=headers)

    return post


def test_a_signed_message_is_kept_under_its_delivery_id(send, shop):
    answer = send()

    event = InboundEvent.objects.get()
    assert answer.status_code == 202
    assert (event.connection, event.external_id) == (shop, "w-1")
    assert (event.topic, event.subject_id) == ("returns/approve", "945000954")
    assert bytes(event.body) == BODY
    assert event.headers["Cause"] == "e-1"


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"X-Shopify-Hmac-Sha256": "bm90IGl0"}, id="another signature"),
        pytest.param({"X-Shopify-Hmac-Sha256": ""}, id="no signature"),
        pytest.param({"X-Shopify-Hmac-Sha256": "é"}, id="no base64"),
        pytest.param({"X-Shopify-Shop-Domain": "other.myshopify.com"}, id="another shop"),
        pytest.param({"X-Shopify-Shop-Domain": ""}, id="no shop"),
    ],
)
def test_a_forged_message_keeps_nothing(send, caplog, changes):
    answer = send(**changes)

    assert answer.status_code == 401
    assert not InboundEvent.objects.exists()
    assert "webhook_forged" in caplog.text


def test_one_byte_more_breaks_the_signature(client, shop):
    headers = ShopifyTwin(now=lambda: NOW).signed("returns/approve", BODY)

    answer = client.post(DOOR, BODY + b" ", content_type="application/json", headers=headers)

    assert answer.status_code == 401
    assert not InboundEvent.objects.exists()


def test_the_door_with_a_secret_asks_for_the_signature_too(send, shop):
    secret = webhook_addresses.renew(connection_id=shop.pk, actor=None, now=NOW)
    door = f"{DOOR}{secret}/"

    assert send(door=door, **{"X-Shopify-Hmac-Sha256": "bm90IGl0"}).status_code == 401
    assert send(door=f"{DOOR}guess/").status_code == 401
    assert not InboundEvent.objects.exists()
    assert send(door=door).status_code == 202


def test_a_platform_that_does_not_sign_has_no_such_door(client):
    factories.BridgeFactory(source__code="returngo-uk")

    answer = client.post("/hooks/returngo-uk/", BODY, content_type="application/json")

    assert answer.status_code == 401
    assert not InboundEvent.objects.exists()


def test_without_the_apps_secret_nobody_gets_in(send, shop):
    sealed = connections.seal({"access_token": ACCESS_TOKEN})
    Connection.objects.filter(pk=shop.pk).update(sealed_secrets=sealed)

    assert send().status_code == 401


def test_what_cannot_be_checked_now_is_asked_to_come_again(send, shop, caplog):
    Connection.objects.filter(pk=shop.pk).update(sealed_secrets=b"not ours")

    assert send().status_code == 503
    assert "webhook_not_checked" in caplog.text
    Connection.objects.filter(pk=shop.pk).update(is_active=False)
    assert send().status_code == 401
    assert not InboundEvent.objects.exists()


def test_a_repeat_is_counted_whether_by_its_own_id_or_by_that_of_the_act(send):
    send()
    send()
    send(**{"X-Shopify-Webhook-Id": "w-2"})

    event = InboundEvent.objects.get()
    assert (event.external_id, event.copies, event.differing_copies) == ("w-1", 2, 0)


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"topic": "returns/update"}, id="another topic of the act"),
        pytest.param({"body": BODY.replace(b"954", b"955")}, id="another return of the act"),
        pytest.param({"body": BODY.replace(b"open", b"closed")}, id="another state"),
        pytest.param({"X-Shopify-Event-Id": "e-2"}, id="another act"),
    ],
)
def test_messages_of_one_act_on_different_things_are_not_repeats(send, changes):
    send()
    send(**{"X-Shopify-Webhook-Id": "w-2", **changes})

    assert sorted(InboundEvent.objects.values_list("external_id", "copies")) == [
        ("w-1", 0),
        ("w-2", 0),
    ]


def test_a_message_of_another_version_only_hastens_the_poll(send):
    send(**{"X-Shopify-API-Version": "2025-01"})

    event = InboundEvent.objects.get()
    assert (event.topic, event.subject_id) == ("returns/approve", "")


def test_of_a_wish_of_privacy_only_the_wish_is_kept(send):
    body = json.dumps(
        {
            "shop_id": 1,
            "shop_domain": SHOP_DOMAIN,
            "customer": {"id": 7, "email": "ida@customer.example", "phone": "555"},
            "orders_to_redact": [299938, 280263],
        }
    ).encode()

    send(body=body, topic="customers/redact")

    event = InboundEvent.objects.get()
    assert (event.topic, event.external_id, event.headers) == ("PRIVACY", "w-1", {})
    assert json.loads(bytes(event.body)) == {
        "kind": "forget_customer",
        "request_id": "",
        "email": "ida@customer.example",
        "order_ids": ["299938", "280263"],
    }


def test_a_message_brings_the_return_and_a_wish_takes_the_person_out_again(send, shop):
    twin = make_twin(lambda: NOW)
    twin.load({"orders": [make_order(returns=[make_return(945000954)])]})
    factories.BudgetFactory(connection=shop)
    factories.HealthFactory(connection=shop)
    ida = json.dumps({"customer": {"email": "IDA@customer.example"}}).encode()

    with connections.through(WsgiTransport({"": twin}), clock=lambda: NOW):
        send()
        flow.ingest(clock=lambda: NOW)
        rma = Rma.objects.get()
        told = (rma.external_id, rma.order_name, rma.customer_name, rma.units_in)
        send(body=ida, topic="customers/redact", **{"X-Shopify-Webhook-Id": "w-2"})
        flow.ingest(clock=lambda: NOW)

    rma.refresh_from_db()
    assert told == ("945000954", "#1051", "Ida Berg", 2)
    assert (rma.customer_name, rma.customer_email, rma.units_in) == ("", "", 2)
    assert set(InboundEvent.objects.values_list("state", "body")) == {("processed", b"")}
    assert CallCount.objects.get().operation == "returns"
