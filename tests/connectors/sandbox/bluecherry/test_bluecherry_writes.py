"""The BlueCherry-like twin: staged and posted documents, switches, reading back."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from werkzeug.test import Client

from tests.connectors.sandbox.bluecherry.bluecherry_cast import (
    credit,
    find,
    get,
    headers,
    make_books,
    make_detail,
    make_item,
    make_record,
    post,
)


@pytest.mark.parametrize(
    ("resource", "doc_type", "gross"),
    [
        ("SimReturnAuthorization", "RA", 0),
        ("SimReturnReceipt", "RCV", 0),
        ("SimStockAdjust", "ADJ", 0),
        ("SimCreditMemo", "CM", Decimal("9.50")),
    ],
)
def test_a_document_is_staged_then_posted_with_a_number(client, clock, resource, doc_type, gross):
    status, body = post(client, resource, make_record(ref_num="K-1"))
    (staged,) = find(client, "K-1", doc_type)
    clock.advance(1)
    (posted,) = find(client, "K-1", doc_type)

    assert status == 200
    assert body == {"pkey": staged["pkey"]}
    assert (staged["status"], staged["doc_num"], staged["posted_at"]) == ("STAGED", "", "")
    assert (posted["status"], posted["doc_num"]) == ("POSTED", f"{doc_type}000001")
    assert posted["posted_at"] == "2026-05-04 09:00:01"
    assert (posted["total_qty"], posted["total_amt"]) == (1, gross)
    assert (posted["location"], posted["division"], posted["curr_code"]) == ("W1", "01", "GBP")
    assert posted["simdetail"]["rows"][0]["net_amt"] == Decimal("7.92")


def test_the_time_staged_is_a_switch(client, clock, twin):
    twin.set_switches({"staging_seconds": 120})

    credit(client)
    clock.advance(119)
    assert find(client)[0]["status"] == "STAGED"
    clock.advance(1)
    assert find(client)[0]["status"] == "POSTED"


def test_shipping_is_money_but_no_unit(client):
    shipping = make_detail(component="shipping", sim_sku="", order_line="", net_amt="3.33")
    status, _ = credit(client, detail=[make_detail(), shipping])

    assert status == 200
    assert find(client)[0]["total_qty"] == 1
    assert find(client)[0]["total_amt"] == Decimal("14.41")


def test_an_item_may_be_named_by_its_key_parts(client):
    parts = {name: make_item(2)[name] for name in ("style", "color_code", "lbl_code")}
    named = make_detail(sim_sku="", dimension="R", size_desc="2", order_line="", **parts)
    unknown = {**named, "size_desc": "99"}

    assert credit(client, detail=[named])[0] == 200
    assert credit(client, detail=[unknown])[0] == 400


def test_nothing_stops_a_second_document_with_the_same_reference(client, twin):
    credit(client)
    credit(client)

    assert [row["ref_num"] for row in find(client)] == ["CM-1", "CM-1"]
    assert len(twin.documents()) == 2


def test_a_batch_is_taken_whole_or_not_at_all(client, twin):
    status, body = post(
        client,
        "SimCreditMemo",
        make_record(ref_num="A"),
        make_record(ref_num="B", location="nowhere"),
    )
    kept_after_refusal = twin.documents()
    post(client, "SimCreditMemo", make_record(ref_num="A"), make_record(ref_num="B"))

    assert status == 400
    assert body == {"errors": [{"errorMessage": "Location not on file: nowhere"}]}
    assert kept_after_refusal == []
    assert [row["ref_num"] for row in find(client, "B,A")] == ["B", "A"]


def test_a_check_at_posting_accepts_first_and_rejects_later(client, clock, twin):
    twin.set_switches({"validate_at": "post"})

    status, body = credit(client, location="W2")
    (staged,) = find(client)
    clock.advance(1)
    (rejected,) = find(client)

    assert status == 200
    assert staged["status"] == "STAGED"
    assert rejected["pkey"] == body["pkey"]
    assert (rejected["status"], rejected["doc_num"]) == ("REJECTED", "")
    assert rejected["err_code"] == "division_warehouse_pair"
    assert rejected["err_field"] == "location"
    assert rejected["err_msg"] == "Location does not belong to division: W2 / 01"


def test_a_rejected_credit_leaves_its_units_to_the_next(client, clock, twin):
    twin.set_switches({"validate_at": "post"})
    three = [make_detail(size_qty=3)]

    credit(client, detail=three, location="W2", ref_num="bad")
    credit(client, detail=three, ref_num="good")
    credit(client, detail=three, ref_num="too much")
    clock.advance(1)

    assert [row["status"] for row in find(client, "bad,good,too much")] == [
        "REJECTED",
        "POSTED",
        "REJECTED",
    ]


def test_a_young_document_hides_while_the_search_lags(client, clock, twin):
    twin.set_switches({"search_lag_seconds": 30})
    credit(client)

    clock.advance(29)
    hidden = find(client)
    clock.advance(1)

    assert hidden == []
    assert len(find(client)) == 1
    assert len(twin.documents()) == 1


@pytest.mark.parametrize(
    ("edit", "units", "gross"), [("amount", 1, "10.50"), ("quantity", 2, "9.50")]
)
def test_somebody_edits_the_document_after_posting(client, clock, twin, edit, units, gross):
    twin.set_switches({"edit_after_post": edit})

    credit(client)
    clock.advance(1)

    assert find(client)[0]["total_qty"] == units
    assert find(client)[0]["total_amt"] == Decimal(gross)


def test_somebody_changes_a_booked_document_and_puts_it_back(client, clock, twin):
    credit(client)
    clock.advance(1)
    (number,) = [row["doc_num"] for row in find(client)]

    shown = []
    for what in ("amount", "quantity", "void", "restore"):
        assert twin.load({"edits": [{"doc_num": number, "what": what}]})["edits"] == 1
        (row,) = find(client)
        shown.append((row["status"], row["total_qty"], row["total_amt"]))

    ten, nine = Decimal("10.50"), Decimal("9.50")
    assert shown == [
        ("POSTED", 1, ten),
        ("POSTED", 2, ten),
        ("REJECTED", 2, ten),
        ("POSTED", 1, nine),
    ]
    with pytest.raises(ValueError, match="what must be one of"):
        twin.load({"edits": [{"doc_num": number, "what": "burn"}]})


def test_a_success_that_kept_nothing_says_yes_all_the_same(client, twin):
    twin.set_switches({"silent_success": True})

    status, body = credit(client)

    assert status == 200
    assert isinstance(body["pkey"], int)
    assert find(client) == []
    assert twin.documents() == []


def test_a_late_commit_is_staged_at_its_own_time(client, clock, twin):
    twin.faults.parse([{"kind": "late_commit", "seconds": 60, "method": "POST"}])

    with pytest.raises(ConnectionError):
        credit(client)
    assert find(client) == []
    clock.advance(300)

    (row,) = find(client)
    assert (row["status"], row["posted_at"]) == ("POSTED", "2026-05-04 09:01:01")
    assert twin.documents()[0]["staged_at"] == "2026-05-04T09:01:00+00:00"


def test_documents_are_found_by_type_and_reference(client):
    credit(client, ref_num="A")
    post(client, "SimReturnReceipt", make_record(ref_num="B"))

    assert [row["ref_num"] for row in find(client, "A,B,C")] == ["A"]
    assert [row["doc_type"] for row in find(client, "A,B,C", "RCV")] == ["RCV"]


@pytest.mark.parametrize(
    "query",
    [
        {"doc_type": "CM"},
        {"doc_type": "XX", "refs": "A"},
        {"doc_type": "CM", "refs": ",".join(map(str, range(51)))},
    ],
)
def test_a_look_up_it_cannot_serve_is_refused(client, query):
    assert get(client, "/api/SimDocument", **query)[0] == 400


def test_fifty_references_are_one_call(client, twin):
    refs = [f"R{number}" for number in range(50)]
    records = [make_record(ref_num=ref) for ref in refs]
    post(client, "SimReturnReceipt", *records)

    assert [row["ref_num"] for row in find(client, ",".join(refs), "RCV")] == refs
    assert twin.calls() == {"POST /api/SimReturnReceipt": 1, "GET /api/SimDocument": 1}


def test_a_reset_forgets_everything(client, twin):
    credit(client, isa_num="700000009")
    twin.set_switches({"page_cap": 1})

    twin.reset()

    assert twin.documents() == []
    assert twin.switches["page_cap"] == 200
    assert headers(client, "/api/pick") == []
    twin.load(make_books())
    assert credit(client, isa_num="700000009")[0] == 200


def test_many_callers_at_once_each_get_a_document_of_their_own(twin):
    def send(number):
        return credit(Client(twin), ref_num=f"T{number}", detail=[make_detail(order_line="")])

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(send, range(80)))

    pkeys = {body["pkey"] for status, body in answers if status == 200}
    assert len(pkeys) == 80
    assert {row["pkey"] for row in twin.documents()} == pkeys
