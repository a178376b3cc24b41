"""The simulated ReturnGO on the wire: what it refuses, how it pages, what it tells subscribers."""

import base64
import json
from datetime import UTC, datetime, timedelta

import pytest
from werkzeug.test import Client

from connectors.sandbox.control import Control
from connectors.sandbox.returngo import API_KEY, SHOP_NAME, WEBHOOK_EVENTS, ReturnGoTwin

MARCH = datetime(2026, 3, 1, tzinfo=UTC)
HEADERS = {"x-api-key": API_KEY, "x-shop-name": SHOP_NAME}
HOOK = "http://127.0.0.1:9/hooks/returngo/secret"


class Clock:
    def __init__(self):
        self.now = MARCH

    def __call__(self):
        return self.now


class Mailbox:
    def __init__(self):
        self.messages = []

    def __call__(self, url, body, headers):
        self.messages.append((url, json.loads(body), dict(headers)))
        return 200

    def facts(self):
        return [(body["eventName"], body["data"].get("status", "")) for _, body, _ in self.messages]


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def mailbox():
    return Mailbox()


@pytest.fixture
def twin(clock, mailbox):
    return ReturnGoTwin(now=clock, post=mailbox)


@pytest.fixture
def client(twin):
    return Client(twin)


def make_rma(rma_id="1", **changes):
    return {
        "rma_id": rma_id,
        "status": "Approved",
        "order_name": f"LUMA-{rma_id}",
        "currency": "EUR",
        "items": [{"item_id": f"9{rma_id}", "sku": "TEE", "paid_price": 36, "paid_tax": 6}],
        "shipments": [
            {"shipment_id": f"7{rma_id}", "status": "Shipped", "tracking_number": f"H{rma_id}"}
        ],
        **changes,
    }


def subscribe(client, *event_names):
    for event_name in event_names:
        answer = client.post(
            "/webhook", json={"url": HOOK, "eventName": event_name}, headers=HEADERS
        )
        assert answer.status_code == 201


def listed(client, **query):
    answer = client.get("/rmas", query_string={"pagesize": 50, **query}, headers=HEADERS)
    assert answer.status_code == 200
    return [row["rmaId"] for row in answer.json["rmas"]]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({**HEADERS, "x-api-key": "wrong"}, 401),
        ({"x-api-key": API_KEY}, 403),
        ({**HEADERS, "x-shop-name": "other.myshopify.com"}, 403),
        (HEADERS, 200),
    ],
)
def test_both_headers_are_needed(client, headers, status):
    assert client.get("/rmas?pagesize=1", headers=headers).status_code == status


@pytest.mark.parametrize(
    "query",
    [
        "",
        "pagesize=0",
        "pagesize=501",
        "pagesize=ten",
        "pagesize=1&cursor=%21",
        "pagesize=1&rma_updated_at=2026-03-01T00:00:00",
        "pagesize=1&rma_updated_at=since:2026-03-01T00:00:00",
        "pagesize=1&rma_created_at=gte:2026-03-01T00:00:00+01:00",
        "pagesize=1&sort_by=+rma_updated_at",
        "pagesize=1&sort_by=%2Bcolour",
    ],
)
def test_a_list_query_that_cannot_be_read_is_refused(client, query):
    assert client.get(f"/rmas?{query}", headers=HEADERS).status_code == 400


@pytest.mark.parametrize(
    "query", ["pagesize=1", "pagesize=500", "pagesize=5&sort_by=%2Brma_updated_at"]
)
def test_a_list_query_that_can_be_read_is_answered(client, query):
    assert client.get(f"/rmas?{query}", headers=HEADERS).json == {"rmas": []}


def test_a_list_row_has_no_date_of_the_return(twin, client):
    twin.load({"rmas": [make_rma()]})

    answer = client.get("/rmas?pagesize=1", headers=HEADERS).json

    assert answer == {
        "rmas": [
            {
                "rmaId": "1",
                "status": "Approved",
                "order_name": "LUMA-1",
                "events": [
                    {
                        "eventName": "RMA_CREATED",
                        "eventDate": "2026-03-01T00:00:00+00:00",
                        "triggeredVia": "Return Portal",
                        "storeLocationId": "online",
                        "userDetails": None,
                    }
                ],
            }
        ]
    }


def test_the_cursor_walks_record_ids_newest_first_even_when_returns_change_meanwhile(
    twin, client, clock
):
    twin.load({"rmas": [make_rma(str(number)) for number in range(1, 6)]})
    first = client.get("/rmas?pagesize=2", headers=HEADERS).json
    clock.now += timedelta(hours=1)
    twin.advance("5", status="Done")
    twin.load({"rmas": [make_rma("6")]})

    second = client.get(
        "/rmas", query_string={"pagesize": 9, "cursor": first["next_cursor"]}, headers=HEADERS
    ).json

    assert [row["rmaId"] for row in first["rmas"]] == ["5", "4"]
    assert base64.b64decode(first["next_cursor"]) == b"returns.id:3"
    assert [row["rmaId"] for row in second["rmas"]] == ["3", "2", "1"]
    assert "next_cursor" not in second


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"status": "Approved,Done"}, ["3", "1"]),
        ({"order_name": "LUMA-2"}, ["2"]),
        ({"tracking_numbers": "H1,H3"}, ["3", "1"]),
        ({"rma_created_at": "lt:2026-02-02T00:00:00"}, ["1"]),
        ({"rma_created_at": "neq:2026-02-01T00:00:00"}, ["3", "2"]),
        ({"rma_updated_at": "gt:2026-02-02T00:00:00"}, ["3"]),
        ({"rma_updated_at": ["gte:2026-02-01T00:00:00", "lte:2026-02-02T00:00:00"]}, ["2", "1"]),
        ({"rma_updated_at": "eq:2026-02-02T00:00:00"}, ["2"]),
    ],
)
def test_filters_narrow_the_list(twin, client, query, expected):
    for number, status in ((1, "Approved"), (2, "Pending"), (3, "Done")):
        day = f"2026-02-0{number}T00:00:00"
        twin.load({"rmas": [make_rma(str(number), status=status, created_at=day)]})

    assert listed(client, **query) == expected


def test_a_quantity_stands_for_that_many_single_units(twin, client):
    items = [{"item_id": "9", "quantity": 3, "sku": "TEE", "paid_price": 36}, {"item_id": "8"}]
    transactions = [{"id": "77", "amount": 108, "item_ids": ["9", "8"]}]
    counts = twin.load({"rmas": [make_rma(items=items, transactions=transactions)]})

    answer = client.get("/rma/1", headers=HEADERS).json

    assert counts == {"rmas": 1, "units": 4, "changes": 0}
    assert [unit["returnedItemId"] for unit in answer["items"]] == ["9-1", "9-2", "9-3", "8"]
    assert [unit["itemValidationStatusResponse"]["returnedItemId"] for unit in answer["items"]] == [
        "9-1",
        "9-2",
        "9-3",
        "8",
    ]
    assert all("quantity" not in unit for unit in answer["items"])
    assert answer["transactions"][0]["returnItemIds"] == ["9-1", "9-2", "9-3", 8]


def test_a_unit_nobody_looked_at_has_both_flags_false_and_no_date(twin, client):
    twin.load({"rmas": [make_rma()]})

    [unit] = client.get("/rma/1", headers=HEADERS).json["items"]

    block = unit["itemValidationStatusResponse"]
    assert (block["isReturned"], block["isRestockable"]) == (False, False)
    assert {value for key, value in block.items() if not key.startswith(("is", "returned"))} == {
        None
    }


def test_types_drift_by_default_and_not_without_the_switch(twin, client):
    twin.load({"rmas": [make_rma(transactions=[{"id": "77", "amount": 36, "item_ids": ["91"]}])]})
    drifting = client.get("/rma/1", headers=HEADERS).json
    twin.set_switches({"type_drift": False})
    strict = client.get("/rma/1", headers=HEADERS).json

    assert (drifting["isOutOfPolicy"], drifting["transactions"][0]["id"]) == (0, 77)
    assert drifting["isOutOfPolicy"] is not False
    assert "barcode" not in drifting["items"][0]
    assert strict["isOutOfPolicy"] is False
    assert strict["transactions"][0]["id"] == "77"
    assert strict["items"][0]["barcode"] == ""


@pytest.mark.parametrize(("path", "status"), [("/rma/404", 404), ("/rma/abc", 400), ("/x", 404)])
def test_what_is_not_there_is_refused(client, path, status):
    assert client.get(path, headers=HEADERS).status_code == status


def test_a_changed_return_replaces_the_old_one_and_is_updated_now(twin, client, clock):
    twin.load({"rmas": [make_rma()]})
    clock.now += timedelta(hours=2)
    twin.load({"rmas": [make_rma(status="Done")]})

    answer = client.get("/rma/1", headers=HEADERS).json

    assert answer["rmaSummary"]["status"] == "Done"
    assert answer["createdAt"] == "2026-03-01T00:00:00+00:00"
    assert answer["lastUpdated"] == "2026-03-01T02:00:00+00:00"
    assert listed(client) == ["1"]


def test_a_given_update_time_is_kept(twin, client, clock):
    twin.load({"rmas": [make_rma()]})
    clock.now += timedelta(hours=2)
    twin.load({"rmas": [make_rma(status="Done", updated_at="2026-03-01T01:00:00")]})

    assert client.get("/rma/1", headers=HEADERS).json["lastUpdated"] == "2026-03-01T01:00:00+00:00"


@pytest.mark.parametrize("is_quiet", [True, False])
def test_whether_inspections_and_comments_move_the_update_time_is_a_switch(
    twin, client, clock, is_quiet
):
    twin.set_switches({"updates_do_not_bump": is_quiet})
    twin.load({"rmas": [make_rma()]})
    clock.now += timedelta(hours=1)
    twin.advance("1", validations={"91": {"is_returned": True, "is_restockable": True}})
    client.post("/rma/1/comment", json={"htmlText": "Seen"}, headers=HEADERS)

    answer = client.get("/rma/1", headers=HEADERS).json

    assert answer["items"][0]["itemValidationStatusResponse"]["isRestockable"] is True
    assert len(answer["comments"]) == 1
    moved = answer["lastUpdated"] != "2026-03-01T00:00:00+00:00"
    assert moved is not is_quiet


def test_a_comment_survives_the_next_load_of_its_return(twin, client):
    twin.load({"rmas": [make_rma()]})
    client.post("/rma/1/comment", json={"htmlText": "Credit posted"}, headers=HEADERS)
    twin.load({"rmas": [make_rma(status="Done")]})

    [comment] = client.get("/rma/1", headers=HEADERS).json["comments"]

    assert (comment["htmlText"], comment["triggeredBy"]) == ("Credit posted", "ReturnGO API")
    assert [document["kind"] for document in twin.documents()] == ["comment"]


@pytest.mark.parametrize("body", [{}, {"htmlText": ""}, {"htmlText": 5}, {"comment": "x"}])
def test_a_comment_without_text_is_refused(twin, client, body):
    twin.load({"rmas": [make_rma()]})

    assert client.post("/rma/1/comment", json=body, headers=HEADERS).status_code == 400
    assert twin.documents() == []


@pytest.mark.parametrize("moves_rma", [True, False])
def test_whether_a_shipment_moves_its_return_is_a_switch(twin, client, moves_rma):
    twin.set_switches({"shipment_moves_rma": moves_rma})
    twin.load({"rmas": [make_rma()]})

    answer = client.put(
        "/shipment/71", json={"status": "Received", "carrierName": "DHL"}, headers=HEADERS
    )

    rma = client.get("/rma/1", headers=HEADERS).json
    assert answer.status_code == 200
    assert rma["shipments"][0]["status"] == "Received"
    assert rma["shipments"][0]["carrierName"] == "DHL"
    assert rma["rmaSummary"]["status"] == ("Received" if moves_rma else "Approved")


def test_a_shipment_never_moves_its_return_back(twin, client):
    twin.load({"rmas": [make_rma(status="Done")]})

    client.put("/shipment/71", json={"status": "Received"}, headers=HEADERS)

    assert client.get("/rma/1", headers=HEADERS).json["rmaSummary"]["status"] == "Done"


@pytest.mark.parametrize(
    ("shipment", "status", "answer"), [("71", "Pending", 400), ("9", "x", 404)]
)
def test_a_move_that_is_not_in_the_table_changes_nothing(twin, client, shipment, status, answer):
    twin.load({"rmas": [make_rma()]})

    refused = client.put(f"/shipment/{shipment}", json={"status": status}, headers=HEADERS)

    assert refused.status_code == answer
    assert client.get("/rma/1", headers=HEADERS).json["shipments"][0]["status"] == "Shipped"
    assert twin.documents() == []


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, [72, 71]),
        ({"rma_ids": "1"}, [71]),
        ({"statuses": "Requested"}, [72]),
        ({"ids": "71,99"}, [71]),
        ({"created_at": "gte:2026-03-02T00:00:00"}, [72]),
        ({"updated_at": "lt:2026-03-02T00:00:00"}, [71]),
        ({"pagesize": 1}, [72]),
    ],
)
def test_transactions_are_a_feed_of_their_own(twin, client, query, expected):
    first = {"id": "71", "amount": 36, "created_at": "2026-03-01T00:00:00"}
    second = {"id": "72", "amount": 5, "status": "Requested", "created_at": "2026-03-02T00:00:00"}
    first["updated_at"], second["updated_at"] = first["created_at"], second["created_at"]
    twin.load({"rmas": [make_rma(transactions=[first]), make_rma("2", transactions=[second])]})

    answer = client.get("/transactions", query_string={"pagesize": 9, **query}, headers=HEADERS)

    assert [row["id"] for row in answer.json["transactions"]] == expected
    assert ("next_cursor" in answer.json) is (query == {"pagesize": 1})


def test_a_transactions_query_without_pagesize_is_refused(client):
    assert client.get("/transactions", headers=HEADERS).status_code == 400


def test_the_budget_counts_authenticated_calls_by_the_day(twin, client, clock):
    twin.set_switches({"daily_limit": 2})

    statuses = [client.get("/webhooks", headers=HEADERS).status_code for _ in range(3)]
    refused = client.get("/webhooks").status_code
    clock.now += timedelta(days=1)

    assert statuses == [200, 200, 429]
    assert refused == 401
    assert client.get("/webhooks", headers=HEADERS).status_code == 200


def test_subscriptions_are_made_listed_changed_and_deleted(client):
    made = client.post(
        "/webhook", json={"url": HOOK, "eventName": "RMA_CREATED"}, headers=HEADERS
    ).json
    changed = client.put(
        f"/webhook/{made['id']}", json={"eventName": "REFUND_CREATED"}, headers=HEADERS
    ).json

    assert changed == {"id": "1", "url": HOOK, "eventName": "REFUND_CREATED"}
    assert client.get("/webhooks", headers=HEADERS).json == {"webhooks": [changed]}
    assert client.delete("/webhook/1", headers=HEADERS).status_code == 200
    assert client.delete("/webhook/1", headers=HEADERS).status_code == 404
    assert client.get("/webhooks", headers=HEADERS).json == {"webhooks": []}


@pytest.mark.parametrize("body", [{}, {"url": HOOK}, {"url": HOOK, "eventName": "ITEM_VALIDATED"}])
def test_a_subscription_to_nothing_known_is_refused(client, body):
    assert client.post("/webhook", json=body, headers=HEADERS).status_code == 400
    assert client.get("/webhooks", headers=HEADERS).json == {"webhooks": []}


def test_a_subscriber_hears_only_of_its_events_and_nothing_is_signed(twin, client, mailbox):
    subscribe(client, "RMA_CREATED", "REFUND_CREATED")
    twin.load({"rmas": [make_rma(transactions=[{"id": "77", "amount": 36}])]})
    twin.advance("1", status="Done")
    twin.drain_webhooks()

    assert mailbox.messages == [
        (HOOK, {"eventName": "RMA_CREATED", "data": {"rmaId": "1", "status": "Approved"}}, {}),
        (HOOK, {"eventName": "REFUND_CREATED", "data": {"rmaId": "1", "transactionId": "77"}}, {}),
    ]


def test_moves_are_told_and_inspections_are_not(twin, client, mailbox):
    twin.load({"rmas": [make_rma()]})
    subscribe(client, *WEBHOOK_EVENTS)
    twin.advance("1", validations={"91": {"is_returned": True}})
    twin.advance("1", shipment_statuses={"71": "Received"}, status="Received")
    client.put("/shipment/71", json={"status": "Validated"}, headers=HEADERS)
    twin.drain_webhooks()

    assert mailbox.facts() == [
        ("RMA_STATUS_UPDATED", "Received"),
        ("SHIPMENT_STATUS_UPDATED", "Received"),
        ("RMA_STATUS_UPDATED", "Validated"),
        ("SHIPMENT_STATUS_UPDATED", "Validated"),
    ]


def test_webhooks_come_twice_and_out_of_order_on_demand(twin, client, mailbox):
    twin.load({"rmas": [make_rma()]})
    subscribe(client, "RMA_STATUS_UPDATED")
    twin.set_switches({"webhook_copies": 2, "webhook_shuffle": 4})
    twin.advance("1", status="Received")
    twin.advance("1", status="Done")
    twin.drain_webhooks()

    assert sorted(mailbox.facts()) == [
        ("RMA_STATUS_UPDATED", "Done"),
        ("RMA_STATUS_UPDATED", "Done"),
        ("RMA_STATUS_UPDATED", "Received"),
        ("RMA_STATUS_UPDATED", "Received"),
    ]
    assert mailbox.facts()[0] == ("RMA_STATUS_UPDATED", "Done")


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ("flat", {"eventName": "RMA_CREATED", "rmaId": "1", "status": "Approved"}),
        ("bare", {"eventName": "RMA_CREATED"}),
    ],
)
def test_the_unknown_body_of_a_webhook_has_several_shapes(twin, client, mailbox, shape, message):
    subscribe(client, "RMA_CREATED")
    twin.set_switches({"webhook_body": shape})
    twin.load({"rmas": [make_rma()]})
    twin.drain_webhooks()

    assert [body for _, body, _ in mailbox.messages] == [message]


def test_the_control_loads_changes_and_refuses_what_has_no_name(twin):
    control = Client(Control({"returngo": twin}))

    loaded = control.post("/returngo/load", json={"rmas": [make_rma()]})
    changed = control.post("/returngo/load", json={"changes": [{"rma_id": "1", "status": "Done"}]})
    refusals = [
        control.post("/returngo/load", json=body).status_code
        for body in (
            {"rmas": [{"rma_id": "2"}]},
            {"rmas": [make_rma("2", items=[{"sku": "TEE"}])]},
            {"rmas": [make_rma("2", transactions=[{"amount": 1}])]},
            {"rmas": [make_rma("2", created_at="soon")]},
            {"changes": [{"rma_id": "2", "status": "Done"}]},
        )
    ]

    assert loaded.json == {"rmas": 1, "units": 1, "changes": 0}
    assert changed.json == {"rmas": 0, "units": 0, "changes": 1}
    assert refusals == [400] * 5
    assert listed(Client(twin)) == ["1"]


def test_a_reset_forgets_everything(twin, client):
    twin.load({"rmas": [make_rma()]})
    subscribe(client, "RMA_CREATED")
    twin.set_switches({"type_drift": False})

    twin.reset()

    assert listed(client) == []
    assert client.get("/webhooks", headers=HEADERS).json == {"webhooks": []}
    assert twin.switches["type_drift"] is True


def test_a_return_of_twenty_thousand_units_is_whole_on_the_wire(twin, client):
    items = [{"item_id": "9", "quantity": 20_000, "sku": "TEE", "paid_price": 36}]
    twin.load({"rmas": [make_rma(items=items)]})

    text = client.get("/rma/1", headers=HEADERS).get_data(as_text=True)
    again = client.get("/rma/1", headers=HEADERS).get_data(as_text=True)

    assert text == again
    assert text.count('"shopLineItemId"') == 20_000
    assert text.count('"returnedItemId": "9-20000"') == 2
