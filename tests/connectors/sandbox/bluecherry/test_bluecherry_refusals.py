"""The BlueCherry-like twin: what it refuses, each kind in its error shape."""

from __future__ import annotations

import pytest

from tests.connectors.sandbox.bluecherry.bluecherry_cast import (
    KEY,
    credit,
    make_detail,
    make_record,
    post,
)


def error_message_list(words):
    return {"errors": [{"errorMessage": words}]}


def errors_list(words):
    return {"errors": [{"message": words}]}


def message_list(words):
    return {"message": [{"message": words}]}


def message_text(words):
    return {"message": words}


REFUSALS = [
    pytest.param(
        {"detail": [make_detail(sim_sku="NONE")]},
        error_message_list("Style/colour/size not on file: NONE"),
        id="unknown_style",
    ),
    pytest.param(
        {"location": "W8"}, error_message_list("Location not on file: W8"), id="unknown_warehouse"
    ),
    pytest.param(
        {"location": "W3"}, error_message_list("Location not on file: W3"), id="closed_warehouse"
    ),
    pytest.param(
        {"doc_date": "04/30/2026"},
        error_message_list("Accounting period is closed for date 04/30/2026"),
        id="closed_period",
    ),
    pytest.param(
        {"detail": [make_detail(sim_sku="SHIRT-RED-3")]},
        errors_list("Style/colour/size is not active: SHIRT-RED-3"),
        id="inactive_style",
    ),
    pytest.param({"division": "07"}, errors_list("Division not on file: 07"), id="division"),
    pytest.param(
        {"detail": [make_detail(size_qty=4)]},
        errors_list("Credit quantity exceeds quantity shipped: #1001 line L-1"),
        id="quantity",
    ),
    pytest.param(
        {"detail": [make_detail(size_qty=2), make_detail(size_qty=2)]},
        errors_list("Credit quantity exceeds quantity shipped: #1001 line L-1"),
        id="quantity_over_two_rows",
    ),
    pytest.param(
        {"detail": [make_detail(order_line="L-9")]},
        errors_list("Credit quantity exceeds quantity shipped: #1001 line L-9"),
        id="line_not_on_order",
    ),
    pytest.param(
        {"detail": [make_detail(size_qty=-1)]},
        errors_list("Credit quantity exceeds quantity shipped: #1001 line L-1"),
        id="negative_quantity",
    ),
    pytest.param(
        {"customer": "C2", "ord_num": "#1002"},
        errors_list("Customer VAT setting does not allow posting: margin_scheme"),
        id="vat_setting",
    ),
    pytest.param(
        {"location": "W2"},
        message_list("Location does not belong to division: W2 / 01"),
        id="pair",
    ),
    pytest.param({"customer": "C9"}, message_list("Customer not on file: C9"), id="customer"),
    pytest.param(
        {"detail": [make_detail(net_amt=0, tax_amt=0)]},
        message_list("Document amount must be greater than zero: 0"),
        id="amount",
    ),
    pytest.param({"ord_num": "#9"}, message_text("Order not on file: #9"), id="unknown_order"),
    pytest.param(
        {"isa_num": "12"},
        error_message_list("Record cannot be read: isa_num must have nine digits"),
        id="isa_num",
    ),
    pytest.param(
        {"doc_date": "2026-05-04"},
        error_message_list("Record cannot be read: doc_date must be MM/DD/YYYY"),
        id="doc_date",
    ),
    pytest.param(
        {"detail": []},
        error_message_list("Record cannot be read: detail must hold at least one row"),
        id="detail",
    ),
    pytest.param(
        {"detail": [make_detail(size_qty="1.5")]},
        error_message_list("Record cannot be read: size_qty must be a whole number"),
        id="half_a_unit",
    ),
]


@pytest.mark.parametrize(("changes", "body"), REFUSALS)
def test_a_refusal_has_the_shape_of_its_kind_and_keeps_nothing(client, twin, changes, body):
    assert credit(client, **changes) == (400, body)
    assert twin.documents() == []


def test_the_status_of_a_refusal_is_a_switch(client, twin):
    twin.set_switches({"error_status": 200})

    assert credit(client, ord_num="#9") == (200, {"message": "Order not on file: #9"})


@pytest.mark.parametrize("body", ["", "{}", "[]", "[1]", '{"isa_num": "000000001"}'])
def test_a_body_that_is_no_array_of_records_is_refused(client, twin, body):
    reply = client.post("/api/SimCreditMemo", data=body, headers=KEY)

    assert reply.status_code == 400
    assert "errorMessage" in reply.json["errors"][0]
    assert twin.documents() == []


def test_a_shared_warehouse_serves_every_division(client):
    assert credit(client, location="W9")[0] == 200


def test_an_authorisation_may_be_dated_in_a_closed_month(client):
    record = make_record(doc_date="04/30/2026")

    assert post(client, "SimReturnAuthorization", record)[0] == 200


def test_stock_documents_need_neither_customer_nor_order(client):
    record = make_record(customer="", ord_num="", detail=[make_detail(size_qty=-2)])

    assert post(client, "SimStockAdjust", record)[0] == 200
    assert post(client, "SimCreditMemo", {**record, "isa_num": "900000000"})[0] == 400


def test_a_control_number_is_taken_once(client, twin):
    first = credit(client, isa_num="700000001")
    again = credit(client, isa_num="700000001", ref_num="CM-2")
    refused_as_taken = len(twin.documents())
    twin.set_switches({"unique_control_numbers": False})
    allowed = credit(client, isa_num="700000001", ref_num="CM-2")

    assert first[0] == 200
    assert again == (400, {"message": "Control number already used: 700000001"})
    assert refused_as_taken == 1
    assert allowed[0] == 200


def test_a_control_number_is_taken_once_within_a_batch(client, twin):
    records = [make_record(isa_num="700000002"), make_record(isa_num="700000002")]

    assert post(client, "SimReturnReceipt", *records)[0] == 400
    assert twin.documents() == []


def test_a_refused_record_does_not_use_up_its_control_number(client):
    credit(client, isa_num="700000003", ord_num="#9")

    assert credit(client, isa_num="700000003")[0] == 200


def test_what_was_credited_counts_against_what_was_shipped(client):
    two = [make_detail(size_qty=2)]

    assert credit(client, detail=two)[0] == 200
    assert credit(client, detail=two, ref_num="CM-2")[0] == 400
    assert credit(client, ref_num="CM-3")[0] == 200
    assert credit(client, ref_num="CM-4")[0] == 400


def test_a_line_may_be_named_by_its_position(client):
    assert credit(client, detail=[make_detail(size_qty=3, order_line="1")])[0] == 200
    assert credit(client, detail=[make_detail(order_line="L-1")])[0] == 400


def test_records_of_one_batch_share_what_was_shipped(client, twin):
    two = [make_detail(size_qty=2)]

    assert post(client, "SimCreditMemo", *[make_record(detail=two) for _ in "ab"])[0] == 400
    assert twin.documents() == []
