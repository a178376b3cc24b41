"""What NetSuite's refusals mean at our border."""

import pytest

from connectors import wire_json
from connectors.errors import Misconfigured, OutcomeUnknown, Rejected, RetryLater
from connectors.http import Reply
from connectors.netsuite import refusals, tasks
from connectors.netsuite.options import account_of, read
from tests.connectors.netsuite.netsuite_cast import AUTHORISATION, draft, make_gateway, sold


def _reply(status=400, **detail):
    body = {"title": "Bad Request", "status": status, "o:errorDetails": [detail]}
    return Reply(status, {}, wire_json.encode(body), evidence=None, is_write=True)


@pytest.mark.parametrize(
    ("code", "path", "text", "expected"),
    [
        ("INVALID_CONTENT", "item.items[0].item", "Bad.", ("unknown_item", "sku")),
        ("INVALID_CONTENT", "item.items[12].location", "x", ("unknown_warehouse", "warehouse")),
        ("INVALID_CONTENT", "item.items[0].orderLine", "x", ("quantity", "order_line_id")),
        ("USER_ERROR", "subsidiary", "already exists", ("unknown_division", "division")),
        ("INVALID_CONTENT", "postingPeriod", "x", ("period_closed", "date")),
        ("NONEXISTENT_ID", "", "quantity", ("unknown_order", "order_erp_id")),
        ("USER_ERROR", "", "This record already exists.", ("duplicate_key", "key")),
        ("USER_ERROR", "", "The period is locked.", ("period_closed", "date")),
        ("USER_ERROR", "", "This item is inactive.", ("inactive_item", "sku")),
        ("USER_ERROR", "", "Wrong subsidiary.", ("division_warehouse_pair", "warehouse")),
        ("USER_ERROR", "", "Something else.", ("unclassified", "")),
        ("UNEXPECTED_ERROR", "", "This record already exists.", ("unclassified", "")),
    ],
)
def test_a_refusal_is_read_by_path_then_code_then_words(code, path, text, expected):
    error = refusals.of_write(_reply(detail=text, **{"o:errorCode": code, "o:errorPath": path}))

    assert isinstance(error, Rejected)
    assert (error.code, error.field) == expected


def test_a_record_saved_by_another_meanwhile_is_tried_again():
    detail = {"detail": "Record has been changed.", "o:errorCode": "RCRD_HAS_BEEN_CHANGED"}

    assert isinstance(refusals.of_write(_reply(409, **detail)), RetryLater)


def test_a_refusal_that_is_not_netsuites_leaves_the_outcome_open():
    body = Reply(400, {}, '{"message": "proxy"}', evidence=None, is_write=True)

    assert isinstance(refusals.of_write(body), OutcomeUnknown)


def test_workers_sent_away_together_do_not_come_back_together(gateway, twin):
    waits = set()
    gateway.find_orders(["#1001"])
    twin.faults.parse([{"kind": "status", "status": 429, "path": ".*transform.*", "times": None}])
    for number in range(30):
        with pytest.raises(RetryLater) as refused:
            gateway.create(draft(AUTHORISATION, sold(1), key=f"k{number}"))
        assert refused.value.is_throttled
        waits.add(refused.value.after_seconds)

    assert len(waits) > 1
    assert waits <= set(range(2, 10))
    assert twin.documents() == []


def test_a_job_taken_on_is_no_yes(gateway, twin):
    twin.faults.parse([{"kind": "status", "status": 202, "path": ".*transform.*"}])
    gateway.find_orders(["#1001"])

    with pytest.raises(OutcomeUnknown):
        gateway.create(draft(AUTHORISATION, sold(1)))


def test_the_address_tells_the_account_and_the_page_of_a_record():
    base = "https://123456-sb1.suitetalk.api.netsuite.com"

    assert account_of(base) == "123456_SB1"
    assert read({}, base).account == "123456_SB1"
    assert tasks.page_of(base, "creditMemo", "77") == (
        "https://123456-sb1.app.netsuite.com/app/accounting/transactions/custcred.nl?id=77"
    )
    assert tasks.page_of("http://127.0.0.1/netsuite", "creditMemo", "77") == ""


@pytest.mark.parametrize(
    "settings",
    [
        {"tax_engine": "vertex"},
        {"advanced_receiving": "maybe"},
        {"bucket_places": "quarantine:12"},
        {"order_fields": "memo"},
        {"sku_field": "1; DROP"},
    ],
)
def test_a_setting_that_cannot_be_is_told_before_any_call(twin, pacer, settings):
    with pytest.raises(Misconfigured, match=next(iter(settings))):
        make_gateway(twin, pacer, settings=settings)

    assert pacer.operations == []
