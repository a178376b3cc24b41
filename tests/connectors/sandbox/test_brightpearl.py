"""The Brightpearl-like twin: what it answers to a client that is not ours, and what it refuses."""

import pytest
from werkzeug.test import Client

from connectors.sandbox.brightpearl import BrightpearlTwin
from connectors.sandbox.brightpearl_door import ACCOUNT
from tests.connectors.brightpearl.brightpearl_cast import Clock, books

ROOT = f"/public-api/{ACCOUNT}"
HEADERS = {
    "brightpearl-app-ref": "sandbox_app",
    "brightpearl-account-token": "sandbox-brightpearl-token",
}


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def twin(clock):
    twin = BrightpearlTwin(now=clock)
    twin.load(books())
    return twin


def test_a_search_names_the_numbers_of_its_columns_beside_the_answer(call):
    orders = call("GET", "/order-service/order-search").json
    products = call("GET", "/product-service/product-search").json

    assert set(orders) == {"response", "reference"}
    assert orders["reference"]["orderTypeNames"]["3"] == "SC"
    (column,) = [
        each for each in orders["response"]["metaData"]["columns"] if each["name"] == "orderTypeId"
    ]
    assert column["referenceData"] == ["orderTypeNames"]
    assert products["reference"] == {}


@pytest.fixture
def call(twin):
    client = Client(twin)

    def make(method, path, body=None, **query):
        return client.open(
            f"{ROOT}{path}", method=method, json=body, query_string=query, headers=HEADERS
        )

    return make


CREDIT = {
    "customer": {"id": 200},
    "parentId": 501,
    "externalRef": "K-1",
    "installedIntegrationInstanceId": 77,
    "rows": [{"productId": 1001, "quantity": "1", "taxCode": "T20", "net": "25.00", "tax": "5.00"}],
}


def errors_of(reply):
    return [(error["code"], error["message"]) for error in reply.json["errors"]]


@pytest.mark.parametrize(
    "headers",
    [{}, {**HEADERS, "brightpearl-account-token": "x"}, {"Authorization": "Bearer none"}],
)
def test_a_caller_it_does_not_know_gets_401_and_a_text(twin, headers):
    reply = Client(twin).get(f"{ROOT}/accounting-service/tax-code", headers=headers)

    assert (reply.status_code, list(reply.json)) == (401, ["response"])


def test_a_search_tells_its_columns_and_rows_in_their_order(call):
    reply = call(
        "GET",
        "/order-service/sales-order-search",
        customerRefs="#1001,#1002",
        columns="customerRef,salesOrderId",
        sort="salesOrderId.DESC",
        pageSize="1",
    )

    meta, results = reply.json["response"]["metaData"], reply.json["response"]["results"]
    assert [column["name"] for column in meta["columns"]] == ["salesOrderId", "customerRef"]
    assert results == [[502, "#1002"]]
    assert (meta["resultsAvailable"], meta["resultsReturned"]) == (2, 1)
    assert (meta["firstResult"], meta["lastResult"]) == (1, 1)
    assert meta["morePagesAvailable"] is True


def test_a_search_names_its_columns_when_asked(call):
    reply = call("GET", "/order-service/order-search/meta-data")

    names = [column["name"] for column in reply.json["response"]["metaData"]["columns"]]
    assert names[:3] == ["orderId", "orderTypeId", "contactId"]


def test_rows_read_by_their_place_are_as_the_vendor_lists_them(call):
    """A public client takes the first five columns of an order for granted."""
    orders = call("GET", "/order-service/order-search", orderStatusId="1").json["response"]
    products = call("GET", "/product-service/product-search").json["response"]

    assert [row[:5] for row in orders["results"]] == [[501, 1, 200, 1, 10], [502, 1, 200, 1, 10]]
    named = [column["name"] for column in products["metaData"]["columns"]]
    assert (named[2], named[15]) == ("SKU", "productStatus")
    assert {len(row) for row in products["results"]} == {len(named)} == {17}


def test_availability_keeps_quarantine_apart(call, twin):
    twin.load(
        {
            "stock": [
                {"product_id": 1001, "location_id": 20, "quantity": 4},
                {"product_id": 1001, "location_id": 21, "quantity": 2},
            ]
        }
    )

    found = call("GET", "/warehouse-service/product-availability/1001").json["response"]["1001"]

    assert found["total"] == {"inStock": 6, "onHand": 4, "allocated": 0, "inTransit": 0}
    assert found["warehouses"]["2"]["onHand"] == 4


def test_a_credit_can_be_made_head_first_and_row_by_row(call):
    head = {
        "orderTypeCode": "SC",
        "parentOrderId": 501,
        "parties": {"customer": {"contactId": 200}},
    }
    number = call("POST", "/order-service/order", head).json["response"]
    row = {
        "productId": 1001,
        "quantity": {"magnitude": "1"},
        "rowValue": {
            "taxCode": "T20", "rowNet": {"value": "25.00"}, "rowTax": {"value": "5.00"},
        },
    }  # fmt: skip

    added = call("POST", f"/order-service/order/{number}/row", row)

    (order,) = call("GET", f"/order-service/order/{number}").json["response"]
    assert list(order["orderRows"]) == [str(added.json["response"])]
    assert (order["orderTypeCode"], order["parentOrderId"]) == ("SC", 501)


@pytest.mark.parametrize("query", [{"reference": "x"}, {"columns": "nope"}, {"sort": "orderId"}])
def test_a_search_refuses_what_it_does_not_know(call, query):
    assert call("GET", "/order-service/order-search", **query).status_code == 400


@pytest.mark.parametrize(("ids", "found"), [("501,502", 2), ("501-503", 2), ("502,999", 1)])
def test_ids_are_lists_and_ranges(call, ids, found):
    reply = call("GET", f"/order-service/order/{ids}")

    assert (reply.status_code, len(reply.json["response"])) == (200, found)


@pytest.mark.parametrize("ids", ["503-501", "1-500", "abc", "1,,2"])
def test_a_set_that_cannot_be_read_or_is_too_long_is_refused(call, ids):
    assert call("GET", f"/order-service/order/{ids}").status_code == 400


def test_a_set_that_matches_nothing_is_404_but_for_sales_orders(call):
    missing = call("GET", "/order-service/order/999")
    partly = call("GET", "/order-service/sales-order/501,999")

    assert (missing.status_code, errors_of(missing)[0][0]) == (404, "CMNC-404")
    assert (partly.status_code, len(partly.json["response"])) == (207, 1)


def test_an_order_is_told_in_both_shapes(call):
    (order,) = call("GET", "/order-service/order/501").json["response"]
    (flat,) = call("GET", "/order-service/sales-order/501").json["response"]

    row = order["orderRows"]["7001"]
    assert row["rowValue"]["rowNet"] == {"currencyCode": "GBP", "value": "75.0000"}
    assert (flat["rows"][0]["net"], flat["rows"][0]["id"]) == ("75.0000", 7001)
    assert order["invoices"][0]["invoiceReference"] == flat["invoice"]["invoiceReference"]


def test_only_the_reference_and_the_instance_together_are_unique(call):
    first = call("POST", "/order-service/sales-credit", CREDIT)
    again = call("POST", "/order-service/sales-credit", CREDIT)
    other = call(
        "POST", "/order-service/sales-credit", {**CREDIT, "installedIntegrationInstanceId": 78}
    )

    assert isinstance(first.json["response"], int)
    assert (again.status_code, "already exists" in errors_of(again)[0][1]) == (400, True)
    assert other.status_code == 200


def test_a_credit_is_pending_until_accounting_has_run(call, twin, clock):
    twin.set_switches({"invoice_seconds": 10})
    number = call("POST", "/order-service/sales-credit", CREDIT).json["response"]
    path = f"/order-service/sales-credit/{number}/close"

    assert [call("POST", path, {}).status_code for _ in range(2)] == [200, 200]
    assert call("GET", f"/order-service/order/{number}").json["response"][0]["invoices"] == []
    clock.pass_seconds(11)

    assert len(call("GET", f"/order-service/order/{number}").json["response"][0]["invoices"]) == 1
    assert call("POST", path, {}).status_code == 409


def test_a_sales_order_can_be_made_for_an_exchange(call, twin):
    body = {**CREDIT, "externalRef": "EX-1", "rows": [{**CREDIT["rows"][0], "net": "0.00"}]}

    reply = call("POST", "/order-service/sales-order", body)

    (order,) = call("GET", f"/order-service/sales-order/{reply.json['response']}").json["response"]
    assert (order["externalRef"], order["parentId"]) == ("EX-1", 501)
    assert call("POST", "/order-service/sales-order", body).status_code == 400


def test_the_period_lock_is_absent_or_told(call, twin):
    path = "/accounting-service/accounting-period-lock"
    assert errors_of(call("GET", path))[0][0] == "CMNC-404"

    twin.load({"period_lock": {"locked_until": "2026-02-28", "locked_by": 7}})

    assert call("GET", path).json["response"] == {
        "lockedBy": 7,
        "lockedUntil": "2026-02-28T00:00:00.000+00:00",
    }


def test_a_tax_rate_of_zero_is_left_out(call):
    rows = call("GET", "/accounting-service/tax-code").json["response"]

    assert [("rate" in row, row["code"]) for row in rows] == [(True, "T20"), (False, "T0")]


def test_over_the_quota_the_answer_is_503_in_words_and_headers(call, twin):
    twin.set_switches({"calls_per_minute": 3})
    replies = [call("GET", "/accounting-service/tax-code") for _ in range(4)]

    assert [reply.status_code for reply in replies] == [200, 200, 200, 503]
    left = [reply.headers["brightpearl-requests-remaining"] for reply in replies]
    assert left == ["2", "1", "0", "0"]
    assert "too many requests" in replies[3].json["response"]
    assert replies[3].headers["brightpearl-next-throttle-period"] == "60000"


def test_what_the_quota_turned_away_is_not_remembered(clock):
    """A journal carries out again what was handled: a call turned away must not be among it."""
    handled = []

    class Kept(BrightpearlTwin):
        def _handle(self, request):
            handled.append(request.method)
            return super()._handle(request)

    twin = Kept(now=clock)
    twin.load(books())
    twin.set_switches({"calls_per_minute": 1})
    path = f"{ROOT}/order-service/sales-credit"

    statuses = [
        Client(twin).post(path, json={**CREDIT, "externalRef": key}, headers=HEADERS).status_code
        for key in ("K-1", "K-2")
    ]

    assert (statuses, handled) == ([200, 503], ["POST"])


def test_invoices_are_numbered_as_the_credits_were_closed(call, twin, clock):
    """Whenever it is looked at: what is brought back from a journal has the same numbers."""
    twin.set_switches({"invoice_seconds": 60})
    first = call("POST", "/order-service/sales-credit", CREDIT).json["response"]
    second = call("POST", "/order-service/sales-credit", {**CREDIT, "externalRef": "K-2"})
    for number in (second.json["response"], first):
        call("POST", f"/order-service/sales-credit/{number}/close", {})
        clock.pass_seconds(1)
    clock.pass_seconds(120)

    made = {row["id"]: row["number"] for row in twin.documents() if "number" in row}

    assert made[second.json["response"]] < made[first]


def multi(*messages, mode="SEQUENTIAL", on_fail="STOP"):
    rows = [
        {"label": label, "uri": uri, "httpMethod": method, "body": body}
        for label, uri, method, body in messages
    ]
    return {"processingMode": mode, "onFail": on_fail, "messages": rows}


def test_a_multi_message_stops_where_it_is_told_to(call, twin):
    good = ("a", "/order-service/sales-credit", "POST", CREDIT)
    bad = ("b", "/order-service/sales-credit", "POST", CREDIT)
    left = ("c", "/order-service/sales-credit", "POST", {**CREDIT, "externalRef": "K-2"})

    stopped = call("POST", "/multi-message", multi(good, bad, left))
    went_on = call("POST", "/multi-message", multi(bad, left, on_fail="CONTINUE"))

    assert (stopped.status_code, went_on.status_code) == (207, 207)
    response = stopped.json["response"]
    assert [row["statusCode"] for row in response["processedMessages"]] == [200, 400]
    assert response["unprocessedMessages"] == ["c"]
    assert [row["statusCode"] for row in went_on.json["response"]["processedMessages"]] == [
        400,
        200,
    ]
    assert len(twin.documents()) == 2


@pytest.mark.parametrize(
    "body",
    [
        multi(("a", "/order-service/order/501/note", "POST", {"text": "x"})),
        multi(*[("a", "/x", "POST", {})] * 11),
        multi(*[("a", "/x", "GET", {})] * 2),
        multi(*[("a", "/x", "POST", {})] * 2, mode="PARALLEL"),
    ],
)
def test_a_multi_message_of_one_of_eleven_or_of_reads_is_refused(call, twin, body):
    assert call("POST", "/multi-message", body).status_code == 400
    assert twin.documents() == []


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/order-service/sales-credit", []),
        ("POST", "/order-service/sales-credit", {"customer": "Cleo"}),
        ("POST", "/order-service/sales-credit", {**CREDIT, "rows": [7]}),
        ("POST", "/accounting-service/customer-payment", {"paymentType": "PAYMENT"}),
        ("PATCH", "/order-service/order/501/row/7001", {"op": "replace"}),
        ("GET", "/order-service/no-such-thing", None),
    ],
)
def test_nonsense_is_refused_in_the_envelope_and_changes_nothing(call, twin, method, path, body):
    reply = call(method, path, body)

    assert reply.status_code in (400, 404, 409)
    assert errors_of(reply)
    assert twin.documents() == []
