"""The simulated shop, asked by somebody else's client: it answers and refuses as documented."""

import json
from threading import Event

import pytest
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request

from connectors.sandbox.shopify import SHOP_DOMAIN
from connectors.shopify.webhooks import Door
from tests.connectors.shopify.shopify_cast import (
    ENDPOINT,
    Clock,
    ask,
    make_line,
    make_order,
    make_return,
    make_twin,
)

SUBSCRIBE = """
mutation($topic: WebhookSubscriptionTopic!, $uri: String!) {
  webhookSubscriptionCreate(topic: $topic, webhookSubscription: {uri: $uri}) {
    webhookSubscription { id topic }
    userErrors { field message }
  }
}
"""
MOVE = """
mutation($input: InventoryMoveQuantitiesInput!) {
  inventoryMoveQuantities(input: $input) @idempotent(key: "k") {
    inventoryAdjustmentGroup { id }
    userErrors { field message code }
  }
}
"""
DISPOSE = """
mutation($inputs: [ReverseFulfillmentOrderDisposeInput!]!) {
  reverseFulfillmentOrderDispose(dispositionInputs: $inputs) {
    reverseFulfillmentOrderLineItems { id dispositions { type quantity } }
    userErrors { field message code }
  }
}
"""
REFUND = """
mutation($input: RefundInput!) {
  refundCreate(input: $input) @idempotent(key: "r-1") {
    refund { id totalRefundedSet { shopMoney { amount } } }
    userErrors { field message }
  }
}
"""


@pytest.fixture
def twin():
    made = make_twin()
    made.load({"orders": [make_order()]})
    return made


def code_of(answer):
    return answer["errors"][0]["extensions"]["code"]


def act(twin, name, arguments, number="42"):
    text = arguments.replace("$ID", f'"gid://shopify/Return/{number}"')
    query = f"mutation {{ {name}({text}) {{ return {{ status }} userErrors {{ code field }} }} }}"
    return ask(twin, query)[1]["data"][name]


# --- the door ------------------------------------------------------------------------------------


def test_without_its_token_nobody_gets_in(twin):
    status, answer = ask(twin, "{ shop { name } }", token="guess")

    assert status == 401
    assert answer["errors"].startswith("[API] Invalid API key or access token")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/admin/api/2026-07/graphql.json", 200),
        ("/admin/api/2025-01/graphql.json", 200),
        ("/admin/api/2031-01/graphql.json", 404),
        ("/admin/api/latest/graphql.json", 404),
        ("/admin/api/2026-10/orders.json", 404),
    ],
)
def test_versions_that_were_retired_fall_forward_and_others_are_not_there(twin, path, status):
    assert ask(twin, "{ shop { name } }", path=path)[0] == status


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{ shop { nonsense } }", "undefinedField"),
        ("{ shop(id: 1) { name } }", "argumentNotAccepted"),
        ("{ node { id } }", "missingRequiredArguments"),
        ("{ shop { name }", "PARSE_ERROR"),
        ("{ orders { nodes { id } } }", "BAD_REQUEST"),
        ("{ orders(first: 251) { nodes { id } } }", "BAD_REQUEST"),
        ('{ orders(first: 1, after: "%%") { nodes { id } } }', "BAD_REQUEST"),
        ("{ orders(first: 1, query: \"updated_at:>'no time'\") { nodes { id } } }", "BAD_REQUEST"),
        ('{ node(id: "42") { id } }', "RESOURCE_NOT_FOUND"),
        ('{ return(id: "gid://shopify/Order/51") { id } }', "RESOURCE_NOT_FOUND"),
    ],
)
def test_a_wrong_query_is_refused_with_a_code_and_status_200(twin, query, code):
    status, answer = ask(twin, query)

    assert (status, code_of(answer)) == (200, code)


def test_an_unknown_value_of_an_enum_fails_before_anything_runs(twin):
    _, answer = ask(twin, SUBSCRIBE, topic="RETURNS_BLESSED", uri="http://127.0.0.1/x")

    assert code_of(answer) == "INVALID_VARIABLE"
    assert "data" not in answer


def test_what_the_token_may_not_do_is_denied_with_the_scope_it_lacks(twin):
    twin.set_switches({"scopes": ["read_orders"]})

    _, answer = ask(twin, '{ return(id: "gid://shopify/Return/42") { id } }')

    assert answer["data"] == {"return": None}
    assert answer["errors"][0]["extensions"] == {
        "code": "ACCESS_DENIED",
        "requiredAccess": "`read_returns` access scope.",
    }


def test_answers_tell_their_cost_and_the_bucket_fills_again():
    clock = Clock()
    twin = make_twin(clock, bucket_size=10, restore_rate=2)

    _, first = ask(twin, "{ shop { name } }")
    cost = first["extensions"]["cost"]
    clock.pass_seconds(60)
    left = ask(twin, "{ shop { name } }")[1]["extensions"]["cost"]["throttleStatus"]

    assert cost == {
        "requestedQueryCost": 1,
        "actualQueryCost": 1,
        "throttleStatus": {"maximumAvailable": 10, "currentlyAvailable": 9, "restoreRate": 2},
    }
    assert left["currentlyAvailable"] == 9


def test_a_throttled_query_has_no_data_and_still_its_cost():
    twin = make_twin(bucket_size=20)

    _, answer = ask(twin, "{ orders(first: 250) { nodes { id } } }")

    assert code_of(answer) == "THROTTLED"
    assert "data" not in answer
    assert answer["extensions"]["cost"]["actualQueryCost"] is None
    assert answer["extensions"]["cost"]["requestedQueryCost"] == 27


def test_amounts_are_texts_without_trailing_zeros_but_one(twin):
    query = "{ orders(first: 1) { nodes { lineItems(first: 1) { nodes { originalTotalSet {"
    _, answer = ask(twin, f"{query} shopMoney {{ amount currencyCode }} }} }} }} }} }} }}")

    (line,) = answer["data"]["orders"]["nodes"][0]["lineItems"]["nodes"]
    assert line["originalTotalSet"]["shopMoney"] == {"amount": "72.0", "currencyCode": "GBP"}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("{ shop { name } }", True),
        ("query A { shop { name } }", True),
        (SUBSCRIBE, True),
        ("no query {", True),
        (7, True),
        (MOVE, False),
        (REFUND, False),
    ],
)
def test_a_call_that_only_asks_is_known_as_one(twin, query, expected):
    builder = EnvironBuilder(method="POST", path=ENDPOINT, json={"query": query})

    assert twin.changes_nothing(Request(builder.get_environ())) is expected


# --- returns -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "name", "arguments", "expected"),
    [
        ("REQUESTED", "returnApproveRequest", "input: {id: $ID}", "OPEN"),
        (
            "REQUESTED",
            "returnDeclineRequest",
            "input: {id: $ID, declineReason: FINAL_SALE}",
            "DECLINED",
        ),
        ("OPEN", "returnClose", "id: $ID", "CLOSED"),
        ("CLOSED", "returnClose", "id: $ID", "CLOSED"),
        ("CLOSED", "returnReopen", "id: $ID", "OPEN"),
        ("OPEN", "returnCancel", "id: $ID", "CANCELED"),
    ],
)
def test_a_return_moves_as_the_vendor_lets_it(status, name, arguments, expected):
    twin = make_twin()
    twin.load({"orders": [make_order(returns=[make_return(status=status)])]})

    answer = act(twin, name, arguments)

    assert answer == {"return": {"status": expected}, "userErrors": []}
    assert len(twin.documents()) == (status != expected)


@pytest.mark.parametrize(
    ("row", "name", "arguments", "field"),
    [
        ({"status": "OPEN"}, "returnApproveRequest", "input: {id: $ID}", ["input", "id"]),
        ({"status": "REQUESTED"}, "returnClose", "id: $ID", ["id"]),
        ({"status": "DECLINED"}, "returnReopen", "id: $ID", ["id"]),
        ({"status": "OPEN", "line": {"processed": 1}}, "returnCancel", "id: $ID", ["id"]),
    ],
)
def test_a_return_in_another_state_stays_as_it_is(row, name, arguments, field):
    twin = make_twin()
    twin.load({"orders": [make_order(returns=[make_return(**row)])]})

    answer = act(twin, name, arguments)

    assert answer == {"return": None, "userErrors": [{"code": "INVALID_STATE", "field": field}]}
    assert twin.documents() == []


def test_a_return_nobody_has_is_not_found(twin):
    answer = act(twin, "returnClose", "id: $ID", number="99")

    assert answer["userErrors"] == [{"code": "NOT_FOUND", "field": ["id"]}]


def disposition(**changes):
    return {
        "reverseFulfillmentOrderLineItemId": "gid://shopify/ReverseFulfillmentOrderLineItem/"
        f"{710_000_000_000 + 942}",
        "quantity": 1,
        "dispositionType": "RESTOCKED",
        "locationId": "gid://shopify/Location/11",
        **changes,
    }


def dispose(twin, **changes):
    answer = ask(twin, DISPOSE, inputs=[disposition(**changes)])[1]
    return answer["data"]["reverseFulfillmentOrderDispose"]


@pytest.mark.parametrize("is_silent", [False, True])
def test_a_disposition_is_kept_and_may_or_may_not_change_its_order(twin, is_silent):
    twin.set_switches({"dispositions_do_not_bump": is_silent})

    answer = dispose(twin)

    (line,) = answer["reverseFulfillmentOrderLineItems"]
    assert line["dispositions"] == [{"type": "RESTOCKED", "quantity": 1}]
    changed = ask(twin, "{ orders(first: 1) { nodes { updatedAt } } }")[1]["data"]["orders"]
    at = "2026-03-04T10:00:00Z" if is_silent else "2026-03-05T12:00:00Z"
    assert changed["nodes"] == [{"updatedAt": at}]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"locationId": None}, "locationId"),
        ({"locationId": "gid://shopify/Location/99"}, "locationId"),
        (
            {"reverseFulfillmentOrderLineItemId": "gid://shopify/LineItem/800"},
            "reverseFulfillmentOrderLineItemId",
        ),
    ],
)
def test_a_refused_disposition_answers_null_and_changes_nothing(twin, changes, field):
    answer = dispose(twin, **changes)

    assert answer["reverseFulfillmentOrderLineItems"] is None
    assert answer["userErrors"][0]["code"] == "NOT_FOUND"
    assert answer["userErrors"][0]["field"] == ["dispositionInputs", "0", field]
    assert twin.documents() == []


# --- refunds -------------------------------------------------------------------------------------


def refund(twin, units=1, amount="36.00", **changes):
    payment = {
        "orderId": "gid://shopify/Order/51",
        "kind": "REFUND",
        "gateway": "shopify_payments",
        "amount": amount,
    }
    asked = {
        "orderId": "gid://shopify/Order/51",
        "refundLineItems": [{"lineItemId": "gid://shopify/LineItem/800", "quantity": units}],
        "transactions": [payment],
        **changes,
    }
    return ask(twin, REFUND, input=asked)[1]["data"]["refundCreate"]


def test_a_refund_is_made_once_under_its_key(twin):
    first, again = refund(twin), refund(twin)

    assert first["userErrors"] == []
    assert first["refund"]["totalRefundedSet"]["shopMoney"]["amount"] == "36.0"
    assert again == first
    assert [row["kind"] for row in twin.documents()] == ["refund"]
    assert refund(twin, units=2)["userErrors"][0]["message"] == (
        "The key was used with other parameters"
    )


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        pytest.param({"units": 3}, ["refundLineItems", "0", "quantity"], id="too many"),
        pytest.param({"amount": "72.01"}, None, id="more than was paid"),
        pytest.param({"orderId": "gid://shopify/Order/99"}, ["orderId"], id="no such order"),
    ],
)
def test_a_refund_beyond_what_was_sold_is_refused(twin, changes, field):
    answer = refund(twin, **changes)

    assert answer["refund"] is None
    assert answer["userErrors"][0]["field"] == field
    assert "code" not in answer["userErrors"][0]
    assert twin.documents() == []


# --- what the schema does not say ----------------------------------------------------------------


def move(**source):
    end = {"locationId": "gid://shopify/Location/11", "changeFromQuantity": None}
    return {
        "reason": "restock",
        "referenceDocumentUri": "gid://app/R/1",
        "changes": [
            {
                "inventoryItemId": "gid://shopify/InventoryItem/31",
                "quantity": 1,
                "from": {**end, "name": "quality_control", "ledgerDocumentUri": "gid://app/L/1"}
                | source,
                "to": {**end, "name": "available"},
            }
        ],
    }


def test_a_write_of_stock_without_its_key_is_refused(twin):
    query = MOVE.replace('@idempotent(key: "k")', "")

    _, answer = ask(twin, query, input=move())

    assert (answer["data"], code_of(answer)) == (None, "BAD_REQUEST")


def test_an_expected_quantity_left_out_is_refused_though_the_schema_allows_it(twin):
    asked = move()
    del asked["changes"][0]["to"]["changeFromQuantity"]

    _, answer = ask(twin, MOVE, input=asked)

    assert code_of(answer) == "INVALID_FIELD_ARGUMENTS"
    twin.set_switches({"may_omit_expected_quantity": True})
    (error,) = ask(twin, MOVE, input=asked)[1]["data"]["inventoryMoveQuantities"]["userErrors"]
    assert error["code"] == "INVALID_INVENTORY_ITEM"


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ({"locationId": "gid://shopify/Location/12"}, "DIFFERENT_LOCATIONS"),
        ({"name": "available", "ledgerDocumentUri": None}, "SAME_QUANTITY_NAME"),
    ],
)
def test_a_move_that_is_none_is_refused(twin, source, code):
    _, answer = ask(twin, MOVE, input=move(**source))

    (error,) = answer["data"]["inventoryMoveQuantities"]["userErrors"]
    assert error["code"] == code


# --- webhooks ------------------------------------------------------------------------------------


class Box:
    """Takes what is posted, as the app would."""

    def __init__(self):
        self.messages = []
        self.came = Event()

    def __call__(self, url, body, headers):
        self.messages.append((headers, body))
        return 202


def subscribed(*topics, **switches):
    box = Box()
    twin = make_twin(post=box, **switches)
    for topic in topics:
        ask(twin, SUBSCRIBE, topic=topic, uri="http://127.0.0.1:9/hooks/shop/")
    return twin, box


def topics_of(box):
    return [headers["X-Shopify-Topic"] for headers, _ in box.messages]


def test_what_happens_to_a_return_is_told_signed_under_one_act():
    twin, box = subscribed("RETURNS_REQUEST", "RETURNS_APPROVE", "RETURNS_CLOSE", "REFUNDS_CREATE")

    twin.load({"orders": [make_order(returns=[make_return(status="REQUESTED")])]})
    made = {"id": "70", "return_id": "42"}
    twin.advance("51", returns=[{"id": "42", "status": "OPEN"}], refunds=[made])
    twin.drain_webhooks()

    assert topics_of(box) == ["returns/request", "returns/approve", "refunds/create"]
    door = Door(secret=twin.credentials()["api_secret"], domain=SHOP_DOMAIN, version="2026-10")
    assert all(door.is_genuine(headers=headers, body=body) for headers, body in box.messages)
    assert [json.loads(body)["id"] for _, body in box.messages] == [42, 42, 70]
    assert len({headers["X-Shopify-Webhook-Id"] for headers, _ in box.messages}) == 3
    acts = [headers["X-Shopify-Event-Id"] for headers, _ in box.messages]
    assert acts[0] != acts[1] == acts[2]


def test_messages_come_twice_and_out_of_order_when_asked():
    twin, box = subscribed("RETURNS_APPROVE", webhook_copies=2, webhook_shuffle=4)
    lines = [make_line(), make_line(801)]
    second = make_return(43, line_id=801, line={"id": "943"})

    twin.load({"orders": [make_order(lines=lines, returns=[make_return(), second])]})
    twin.drain_webhooks()

    assert [json.loads(body)["id"] for _, body in box.messages] == [43, 43, 42, 42]


def test_a_wish_of_privacy_goes_to_every_address_without_a_subscription_of_its_own():
    twin, box = subscribed("RETURNS_APPROVE")

    twin.load({"privacy": [{"topic": "shop/redact", "body": {"shop_domain": SHOP_DOMAIN}}]})
    twin.drain_webhooks()

    assert topics_of(box) == ["shop/redact"]


def test_a_second_subscription_to_the_same_address_is_refused():
    twin, _ = subscribed("RETURNS_APPROVE")

    _, answer = ask(twin, SUBSCRIBE, topic="RETURNS_APPROVE", uri="http://127.0.0.1:9/hooks/shop/")

    (error,) = answer["data"]["webhookSubscriptionCreate"]["userErrors"]
    assert error["message"] == "Address for this topic has already been taken"
