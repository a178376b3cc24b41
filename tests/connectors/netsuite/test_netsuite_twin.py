"""The twin as somebody else's client meets it: paths, headers, errors, jobs and SuiteQL."""

import threading

import pytest
from werkzeug.test import EnvironBuilder, run_wsgi_app

from tests.connectors.netsuite.netsuite_cast import DRESS, ORDER, Caller, make_twin

RMA = f"/record/v1/salesOrder/{ORDER}/!transform/returnAuthorization"
REPLACE = {"params": {"replace": "item"}}
ONE_DRESS = {
    "externalId": "x-1",
    "orderStatus": {"id": "B"},
    "item": {"items": [{"orderDoc": {"id": ORDER}, "orderLine": 1, "quantity": 1}]},
}


def _code(answer):
    assert answer.headers["Content-Type"] == "application/vnd.oracle.resource+json; type=error"
    body = answer.json()
    assert (body["status"], bool(body["title"])) == (answer.status_code, True)
    return answer.status_code, body["o:errorDetails"][0]["o:errorCode"]


def test_a_transform_answers_204_with_the_new_address_and_no_body(caller, twin):
    answer = caller("POST", RMA, json=ONE_DRESS, **REPLACE)

    (made,) = twin.documents()
    assert (answer.status_code, answer.text) == (204, "")
    assert answer.headers["Location"].endswith(f"/record/v1/returnAuthorization/{made['id']}")
    read = caller("GET", "/record/v1/returnauthorization/eid:x-1?expandSubResources=true").json()
    assert (read["id"], read["createdFrom"], read["total"]) == (made["id"], {"id": ORDER}, 30)
    assert [row["quantity"] for row in read["item"]["items"]] == [1]


def test_names_of_records_and_fields_may_be_written_in_any_case(caller, twin):
    body = {"ExternalID": "x-1", "Item": {"Items": []}}
    body["Item"] = {"items": [{"ORDERLINE": 1, "Quantity": 1}]}

    path = f"/record/v1/SALESORDER/{ORDER}/!transform/returnauthorization"
    answer = caller("POST", path, json=body, **REPLACE)

    assert answer.status_code == 204
    assert twin.documents()[0]["key"] == "x-1"


@pytest.mark.parametrize(("options", "units"), [(REPLACE, [1]), ({}, [4, 2, 1])])
def test_lines_are_copied_unless_they_are_replaced(caller, twin, options, units):
    added = {"items": [{"item": {"id": DRESS}, "quantity": 1, "rate": 1}]}

    answer = caller("POST", RMA, json={**ONE_DRESS, "item": added}, **options)

    assert answer.status_code == 204
    lines = [row["quantity"] for row in twin.documents()[0]["lines"] if not row["kit"]]
    assert lines == units


@pytest.mark.parametrize(
    ("name", "validation", "status"),
    [
        ("restock", "error", 400),
        ("restock", "Error", 400),
        ("restock", "Warning", 204),
        ("custcol_reason", "Error", 204),
    ],
)
def test_unknown_names_are_refused_where_that_is_asked_for(caller, twin, name, validation, status):
    row = {**ONE_DRESS["item"]["items"][0], name: True}
    headers = {"X-NetSuite-PropertyNameValidation": validation}
    body = {**ONE_DRESS, "item": {"items": [row]}}

    answer = caller("POST", RMA, json=body, headers=headers, **REPLACE)

    assert answer.status_code == status
    assert len(twin.documents()) == (status == 204)


def test_an_external_id_is_used_once_by_a_kind_of_record(caller, twin):
    assert caller("POST", RMA, json=ONE_DRESS, **REPLACE).status_code == 204

    again = caller("POST", RMA, json=ONE_DRESS, **REPLACE)

    assert _code(again) == (400, "USER_ERROR")
    assert "already exists" in again.json()["o:errorDetails"][0]["detail"]
    assert len(twin.documents()) == 1


def test_wrong_answers_have_the_documented_shape(caller, twin):
    nobody = Caller(twin)

    assert _code(nobody("GET", "/record/v1/salesOrder/1")) == (401, "INVALID_LOGIN")
    assert _code(caller("GET", "/record/v1/salesOrder/4711")) == (404, "NONEXISTENT_ID")
    assert _code(caller("GET", "/record/v1/spaceship/1")) == (404, "NONEXISTENT_ID")
    assert _code(caller("POST", RMA, data="{")) == (400, "INVALID_CONTENT")
    bad_item = {"item": {"items": [{"item": {"id": "4"}, "quantity": 1}]}}
    refused = caller("POST", RMA, json=bad_item, **REPLACE)
    assert _code(refused) == (400, "INVALID_CONTENT")
    assert refused.json()["o:errorDetails"][0]["o:errorPath"] == "item.items[0].item"
    assert twin.documents() == []


def test_a_token_is_given_for_a_good_assertion_only(twin):
    form = {"grant_type": "client_credentials", "client_assertion": "a.b.c"}

    answer = Caller(twin)("POST", "/auth/oauth2/v1/token", data=form)

    assert (answer.status_code, answer.json()) == (400, {"error": "invalid_grant"})


def test_work_asked_for_later_is_a_job_and_its_key_is_good_once(caller, twin):
    headers = {"Prefer": "respond-async", "X-NetSuite-Idempotency-Key": "8c5e"}

    taken = caller("POST", RMA, json=ONE_DRESS, headers=headers, **REPLACE)
    again = caller("POST", RMA, json=ONE_DRESS, headers=headers, **REPLACE)

    job = taken.headers["Location"].partition("/services/rest")[2]
    assert (taken.status_code, taken.headers["Preference-Applied"]) == (202, "respond-async")
    assert _code(again) == (400, "IDEMPOTENCY_ERROR")
    assert (again.json()["title"], again.headers["Location"]) == (
        "Conflict",
        taken.headers["Location"],
    )
    assert caller("GET", job).json()["progress"] == "succeeded"
    assert caller("GET", f"{job}/task").json()["items"][0]["id"] == "1"
    assert caller("GET", f"{job}/task/1/result").status_code == 204
    assert len(twin.documents()) == 1


def test_suiteql_answers_texts_by_lower_case_names_and_leaves_empty_ones_out(caller):
    answer = caller.query(
        "SELECT t.ID, t.tranid AS Number, t.memo, tl.quantity, BUILTIN.DF(t.status) st,"
        " NVL(tl.memo, 'none') AS note FROM Transaction t"
        " INNER JOIN transactionLine tl ON tl.transaction = t.id"
        " WHERE t.status IN ('SalesOrd:F') AND t.entity = 501"
        " AND tl.mainline = 'F' AND tl.taxline = 'F' ORDER BY tl.id",
        limit=1,
        offset=0,
    ).json()

    assert answer["items"] == [
        {"links": [], "id": ORDER, "number": "SO9001", "quantity": "-4", "st": "F", "note": "none"}
    ]
    found = {name: answer[name] for name in ("count", "hasMore", "offset", "totalResults")}
    assert found == {"count": 1, "hasMore": True, "offset": 0, "totalResults": 3}


def test_dates_come_in_the_accounts_own_form_unless_asked_otherwise(caller):
    query = "SELECT t.trandate, TO_CHAR(t.trandate, 'YYYY-MM-DD') AS day FROM transaction t"

    (row,) = caller.query(
        f"{query} WHERE t.trandate >= TO_DATE('2026-01-31', 'YYYY-MM-DD') FETCH FIRST 5 ROWS ONLY"
    ).json()["items"]

    assert (row["trandate"], row["day"]) == ("01/02/2026", "2026-02-01")


@pytest.mark.parametrize(
    ("query", "headers", "params"),
    [
        ("SELECT id FROM item", {}, {}),
        ("SELECT id FROM item", None, {"limit": 1001}),
        ("SELECT id FROM item", None, {"limit": 10, "offset": 5}),
        ("SELECT colour FROM item", None, {}),
        ("SELECT id FROM spaceship", None, {}),
        ("DELETE FROM item", None, {}),
        ("SELECT 1; SELECT 2", None, {}),
    ],
)
def test_a_question_that_cannot_be_answered_is_a_bad_request(caller, twin, query, headers, params):
    answer = caller.query(query, headers=headers, **params)

    assert answer.status_code == 400
    assert _code(answer)[1] in ("INVALID_PARAMETER", "INVALID_HEADER")
    assert len(caller.query("SELECT id FROM item").json()["items"]) == 5


def test_more_calls_at_once_than_the_account_has_are_refused(clock):
    """The one under way waits in its answer until the other was refused."""
    entered, leave = threading.Event(), threading.Event()

    def wait(_seconds):
        entered.set()
        leave.wait(10)

    twin = make_twin(clock, sleep=wait, concurrency_limit=1)
    twin.faults.parse([{"kind": "slow", "seconds": 1}])

    environ = EnvironBuilder(path="/").get_environ()
    slow = threading.Thread(target=lambda: run_wsgi_app(twin, environ))
    slow.start()
    assert entered.wait(10)

    refused = Caller(twin)("GET", "/record/v1/salesOrder/1")
    leave.set()
    slow.join()

    assert _code(refused)[0] == 429
    assert "Retry-After" not in refused.headers
    assert Caller(twin)("GET", "/record/v1/salesOrder/1").status_code == 401


def test_a_collection_is_listed_by_key_with_ids_only(caller):
    caller("POST", RMA, json=ONE_DRESS, **REPLACE)

    found = caller("GET", '/record/v1/returnAuthorization?q=externalId IS "x-1"').json()
    none = caller("GET", '/record/v1/returnAuthorization?q=externalId IS "x-2"').json()

    assert [sorted(row) for row in found["items"]] == [["id", "links"]]
    assert none["totalResults"] == 0


def test_an_order_is_made_once_by_its_external_id_billed_and_returned(caller, twin):
    sold = {
        "entity": {"id": "501"},
        "subsidiary": {"id": "2"},
        "item": {"items": [{"item": {"id": DRESS}, "quantity": 2, "rate": 0}]},
    }
    path = "/record/v1/salesOrder/eid:EX-1"

    first = caller("PUT", path, json=sold)
    again = caller("PUT", path, json={**sold, "memo": "Exchange"})

    assert (first.status_code, again.status_code) == (204, 204)
    assert first.headers["Location"] == again.headers["Location"]
    number = first.headers["Location"].rpartition("/")[2]
    assert caller("GET", path).json()["memo"] == "Exchange"
    rows = caller("GET", f"/record/v1/salesOrder/{number}/item").json()["items"]
    assert [(row["line"], row["quantity"], row["amount"]) for row in rows] == [(1, 2, 0)]
    made = {}
    for source, target in (
        ("salesOrder/eid:EX-1", "invoice"),
        ("salesOrder/eid:EX-1", "returnAuthorization"),
    ):
        answer = caller("POST", f"/record/v1/{source}/!transform/{target}", json={})
        made[target] = answer.headers["Location"].rpartition("/")[2]
    assert [each["created_from"] for each in twin.documents()] == ["", number, number]


def test_master_data_is_read_by_id_and_by_external_id(caller):
    by_id = caller("GET", f"/record/v1/inventoryItem/{DRESS}").json()
    by_key = caller("GET", "/record/v1/inventoryItem/eid:DRESS").json()

    assert by_id["itemId"] == by_key["itemId"] == "DRESS"
    assert caller("GET", "/record/v1/location/12").json()["name"] == "Quarantine"
    assert _code(caller("GET", "/record/v1/location/99")) == (404, "NONEXISTENT_ID")
