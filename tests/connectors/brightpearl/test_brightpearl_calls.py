"""Calls: how many a return costs, the quota, signing in, and several messages in one."""

import json
from collections import Counter

import pytest

from connectors import errors, types
from connectors.brightpearl import client, envelope, memory
from connectors.errors import RejectionCode
from connectors.types import DocumentKind, DocumentRef
from tests.connectors.brightpearl.brightpearl_cast import (
    OAUTH,
    PRIVATE,
    ROOT,
    CountingPacer,
    make_draft,
    make_gateway,
    make_line,
    order,
    refund_draft,
    row,
)

AUTHORISATION, MEMO = DocumentKind.RETURN_AUTHORISATION, DocumentKind.CREDIT_MEMO


def load_orders(twin, count):
    twin.load(
        {
            "orders": [
                order(1000 + at, f"#{at}", [row(9000 + at, 1001, 1, "25.00", "5.00")])
                for at in range(count)
            ]
        }
    )


def authorisations(count):
    return [
        make_draft(
            key=f"RA-{at}",
            lines=[make_line(order_line_id=str(9000 + at))],
            order_erp_id=str(1000 + at),
        )
        for at in range(count)
    ]


def warm(gateway, twin):
    """What is read once a day or so: settings, tax codes, locations, the lock."""
    gateway.find_orders(["#1001"])
    based_on = {"return_authorisation": gateway.create(make_draft(key="RA-W")).external_id}
    twin.load({"goods_in": [{"credit": "RA-W"}]})
    gateway.receipts([based_on["return_authorisation"]])
    gateway.create(make_draft(MEMO, "CM-W", based_on=based_on))


def whole_chain(gateway, twin, clock, count):
    """Every step of `count` returns whose goods the ERP's staff check in; nothing is left out but
    the read-back of the authorisation, which the read before the credit makes good."""
    orders = gateway.find_orders([f"#{at}" for at in range(count)])
    assert len(orders) == count
    made = gateway.create_many(authorisations(count))
    ids = [receipt.external_id for receipt in made]
    twin.load({"goods_in": [{"credit": credit_id} for credit_id in ids]})
    assert len(gateway.receipts(ids)) == count
    based_on = [{"return_authorisation": credit_id} for credit_id in ids]
    memos = [make_draft(MEMO, f"CM-{at}", based_on=based_on[at]) for at in range(count)]
    closed = gateway.create_many(memos)
    clock.pass_seconds(2)
    refs = {
        memo.key: DocumentRef(external_id=receipt.external_id, based_on=memo.based_on)
        for memo, receipt in zip(memos, closed, strict=True)
    }
    states = gateway.find_documents(MEMO, list(refs), refs)
    assert [state.status for state in states] == [types.DocumentStatus.POSTED] * count
    refunds = [refund_draft(f"RF-{at}", based_on=based_on[at]) for at in range(count)]
    gateway.create_many(refunds)
    refs = {draft.key: DocumentRef(based_on=draft.based_on) for draft in refunds}
    assert len(gateway.find_documents(DocumentKind.REFUND_RECORD, list(refs), refs)) == count


def test_ten_returns_cost_nine_calls(gateway, twin, clock, pacer):
    load_orders(twin, 10)
    warm(gateway, twin)
    pacer.operations.clear()

    whole_chain(gateway, twin, clock, 10)

    assert pacer.operations == [
        "find_orders",
        "read_orders",
        "create_sales_credit",
        "read_goods_in",
        "read_sales_credits",
        "close_sales_credit",
        "read_sales_credits",
        "create_payment",
        "find_payments",
    ]


def test_one_return_costs_seven_calls_and_two_to_prove_it(gateway, twin, clock, pacer):
    load_orders(twin, 1)
    warm(gateway, twin)
    pacer.operations.clear()

    whole_chain(gateway, twin, clock, 1)

    counted = Counter(pacer.operations)
    proofs = Counter({"read_sales_credits": 1, "find_payments": 1})
    assert sum(counted.values()) - sum(proofs.values()) == 7
    assert counted - proofs == Counter(
        {
            "find_orders": 1,
            "read_orders": 1,
            "create_sales_credit": 1,
            "read_goods_in": 1,
            "read_sales_credits": 1,
            "close_sales_credit": 1,
            "create_payment": 1,
        }
    )


# --- quota -------------------------------------------------------------------------------------


def test_over_the_quota_a_write_did_nothing_and_is_told_when_to_come_back(gateway, twin, clock):
    gateway.create(make_draft())
    clock.pass_seconds(15)
    twin.set_switches({"calls_per_minute": 2})

    with pytest.raises(errors.RetryLater) as later:
        gateway.create(make_draft(key="RA-2"))

    assert later.value.is_throttled
    assert later.value.after_seconds == 45
    assert len([made for made in twin.documents() if made["kind"] == "sales_credit"]) == 1
    clock.pass_seconds(46)
    gateway.create(make_draft(key="RA-2"))


def test_both_quota_headers_are_told_to_the_pacer(gateway, clock, pacer):
    gateway.check()
    clock.pass_seconds(20)
    gateway.check()

    told = [
        (headers["brightpearl-requests-remaining"], headers["brightpearl-next-throttle-period"])
        for _, headers in pacer.told
    ]
    assert told == [("199", "60000"), ("198", "40000")]


class MeteredPacer(CountingPacer):
    def __init__(self):
        super().__init__()
        self.meters = []

    def note_meter(self, *, cost, available, restored_per_second):
        self.meters.append((cost - available) / restored_per_second)


def test_after_the_last_call_of_a_minute_every_worker_waits(transport, twin, clock):
    """Other apps of the account use the same pool: our own pace alone cannot know."""
    twin.set_switches({"calls_per_minute": 2})
    pacer = MeteredPacer()
    gateway = make_gateway(transport, pacer)
    gateway.check()
    clock.pass_seconds(20)

    assert pacer.meters == []
    gateway.check()

    assert [round(seconds) for seconds in pacer.meters] == [40]


@pytest.mark.parametrize("weight", [1, 0])
def test_what_a_multi_message_counts_is_tried_both_ways(gateway, twin, pacer, weight):
    twin.set_switches({"multi_message_weight": weight})
    load_orders(twin, 10)
    gateway.create_many(authorisations(10))

    left = pacer.told[-1][1]["brightpearl-requests-remaining"]

    assert left == ("198" if weight else "189")


@pytest.mark.parametrize("body", ["", '{"response": "Service unavailable"}'])
def test_an_outage_is_no_quota_even_when_no_calls_are_left(gateway, twin, body):
    """The last call of a minute may be the one that fails: then a write may have landed."""
    gateway.check()
    fault = {"kind": "status", "status": 503, "headers": {"brightpearl-requests-remaining": "0"}}
    twin.faults.parse([{**fault, "method": "POST", "body": body}])

    with pytest.raises(errors.OutcomeUnknown):
        gateway.create(make_draft())


@pytest.mark.parametrize(
    ("header", "seconds"), [("1", 1), ("1000", 1), ("1001", 2), ("", 60), ("soon", 60)]
)
def test_the_wait_is_read_from_milliseconds_and_rounded_up(header, seconds):
    headers = {"brightpearl-next-throttle-period": header}

    assert envelope.quota_wait(headers, "You sent Too Many Requests") == seconds


# --- signing in --------------------------------------------------------------------------------


def test_by_oauth_one_token_serves_every_gateway_of_this_process(transport, twin, pacer):
    for _ in range(2):
        assert make_gateway(transport, pacer, secrets=OAUTH).check().is_ok

    assert pacer.operations == ["oauth_token", "read_configuration", "read_configuration"]


def test_a_token_that_ended_before_its_time_is_renewed_and_the_call_repeated(
    transport, twin, pacer, clock
):
    gateway = make_gateway(transport, pacer, secrets=OAUTH)
    gateway.check()
    clock.pass_seconds(4_000)
    twin.load({"tax_codes": []})

    receipt = gateway.create(make_draft())

    assert receipt.external_id != ""
    assert len([made for made in twin.documents() if made["kind"] == "sales_credit"]) == 1
    assert pacer.operations.count("oauth_token") == 2


def test_a_refresh_token_that_is_replaced_is_used_from_then_on(transport, twin, pacer, clock):
    twin.set_switches({"rotates_refresh_tokens": True})
    gateway = make_gateway(transport, pacer, secrets=OAUTH)
    gateway.check()
    clock.pass_seconds(4_000)

    assert gateway.check().is_ok


@pytest.mark.parametrize("name", ["refresh_token", "dev_ref", "app_ref"])
def test_what_is_wrong_with_the_sign_in_is_told_as_credentials(transport, pacer, name):
    gateway = make_gateway(transport, pacer, secrets={**OAUTH, name: "wrong"})

    with pytest.raises(errors.Misconfigured) as refused:
        gateway.find_orders(["#1001"])

    assert refused.value.is_credentials
    assert "sandbox-" not in str(refused.value.evidence)


def test_a_private_app_that_is_refused_is_not_tried_twice(transport, pacer):
    gateway = make_gateway(transport, pacer, secrets={**PRIVATE, "account_token": "wrong"})

    with pytest.raises(errors.Misconfigured):
        gateway.list_locations()

    assert pacer.operations == ["list_warehouses"]


# --- several messages in one -------------------------------------------------------------------


def test_messages_are_matched_by_label_whatever_their_order(gateway, twin, monkeypatch):
    load_orders(twin, 3)
    answer = type(twin).multi_message

    def shuffled(self, request, account):
        reply = answer(self, request, account)
        body = json.loads(reply.get_data(as_text=True))
        body["response"]["processedMessages"].reverse()
        reply.set_data(json.dumps(body))
        return reply

    monkeypatch.setattr(type(twin), "multi_message", shuffled)

    made = gateway.create_many(authorisations(3))

    by_ref = {
        document["externalRef"]: str(document["id"])
        for document in twin.documents()
        if document["kind"] == "sales_credit"
    }
    assert [receipt.external_id for receipt in made] == [by_ref[f"RA-{at}"] for at in range(3)]


def test_a_mixed_outcome_is_told_for_each(gateway, twin):
    load_orders(twin, 3)
    drafts = authorisations(3)
    drafts[1] = make_draft(key="RA-1", lines=[make_line(item_erp_id="9999")])

    made = gateway.create_many(drafts)

    assert [type(outcome) for outcome in made] == [types.Receipt, errors.Rejected, types.Receipt]
    assert made[1].code == RejectionCode.UNKNOWN_ITEM
    assert made[1].evidence.status == 207


def test_while_multi_messages_are_out_each_goes_alone_and_is_not_tried_again_soon(
    gateway, twin, pacer
):
    twin.set_switches({"multi_message_fails": True})
    load_orders(twin, 6)

    first = gateway.create_many(authorisations(6)[:3])
    second = gateway.create_many(authorisations(6)[3:])

    assert all(isinstance(outcome, types.Receipt) for outcome in (*first, *second))
    calls = twin.calls()
    assert calls["POST /public-api/<account>/multi-message"] == 1
    assert calls["POST /public-api/<account>/order-service/sales-credit"] == 6


def test_a_multi_message_that_landed_though_it_failed_makes_nothing_twice(gateway, twin):
    load_orders(twin, 3)
    twin.faults.parse([{"kind": "status_after", "path": f"{ROOT}/multi-message"}])

    made = gateway.create_many(authorisations(3))

    assert [type(outcome) for outcome in made] == [errors.OutcomeUnknown] * 3
    assert len([row for row in twin.documents() if row["kind"] == "sales_credit"]) == 3
    found = gateway.find_documents(AUTHORISATION, [f"RA-{at}" for at in range(3)])
    assert len(found) == 3


def test_after_a_failed_multi_message_nothing_is_surely_undone(gateway, twin):
    """The multi-message may have landed, so even a throttled message stays unknown."""
    load_orders(twin, 3)
    twin.faults.parse(
        [
            {"kind": "status", "status": 500, "path": f"{ROOT}/multi-message"},
            {"kind": "status", "status": 429, "path": f"{ROOT}/order-service/sales-credit"},
        ]
    )

    made = gateway.create_many(authorisations(3))

    assert [type(outcome) for outcome in made] == [errors.OutcomeUnknown] * 3


def test_a_lost_reply_is_unknown_for_all_and_sent_to_nobody_again(gateway, twin):
    load_orders(twin, 3)
    twin.faults.parse([{"kind": "drop_after", "path": f"{ROOT}/multi-message"}])

    with pytest.raises(errors.OutcomeUnknown):
        gateway.create_many(authorisations(3))

    assert "POST /public-api/<account>/order-service/sales-credit" not in twin.calls()
    assert len([row for row in twin.documents() if row["kind"] == "sales_credit"]) == 3


def outcomes_of(document, *labels, status=207):
    evidence = types.Evidence("x", "POST", "", "", status, "", None, 0)
    reply = client.Reply(status, {}, json.dumps(document), evidence, is_write=True)
    return client.outcomes(reply, labels)


def message(label, status, content):
    return {"label": label, "statusCode": status, "body": {"content": content}}


def test_what_a_multi_message_says_of_each_decides_what_may_be_done_next():
    refusal = '{"errors": [{"code": "X-1", "message": "It already exists"}]}'
    found = outcomes_of(
        {
            "response": {
                "processedMessages": [
                    message("made", 200, '{"response": 5}'),
                    message("refused", 409, refusal),
                    message("failed", 500, '{"errors": [{"code": "CMNU-003", "message": "x"}]}'),
                    message("limited", 503, '{"response": "too many requests"}'),
                    message("garbled", 200, "<html>"),
                ],
                "unprocessedMessages": ["skipped"],
            }
        },
        *("made", "refused", "failed", "limited", "garbled", "skipped", "unnamed"),
    )

    assert found["made"] == 5
    assert found["refused"].code == RejectionCode.DUPLICATE_KEY
    assert {label: type(outcome) for label, outcome in found.items() if label != "made"} == {
        "refused": errors.Rejected,
        "failed": errors.OutcomeUnknown,
        "limited": errors.RetryLater,
        "garbled": errors.OutcomeUnknown,
        "skipped": errors.RetryLater,
        "unnamed": errors.OutcomeUnknown,
    }


@pytest.mark.parametrize("document", [{"response": {}}, {"response": 7}, [], {"errors": []}])
def test_an_answer_without_messages_leaves_all_unknown(document):
    with pytest.raises(errors.OutcomeUnknown):
        outcomes_of(document, "a", status=200)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("A note with this reference already exists", RejectionCode.DUPLICATE_KEY),
        ("Accounting period is locked", RejectionCode.PERIOD_CLOSED),
        ("Product 12 is archived", RejectionCode.INACTIVE_ITEM),
        ("Quantity exceeds what was ordered", RejectionCode.QUANTITY),
        ("Product 12 was not found", RejectionCode.UNKNOWN_ITEM),
        ("Invalid warehouse: location not known", RejectionCode.UNKNOWN_WAREHOUSE),
        ("Contact 3 does not exist: not found", RejectionCode.UNKNOWN_CUSTOMER),
        ("The order has already been invoiced", RejectionCode.TRANSITION),
        ("Order 9 was not found", RejectionCode.UNKNOWN_ORDER),
        ("Something else", RejectionCode.UNCLASSIFIED),
    ],
)
def test_a_refusal_without_a_published_code_is_told_by_its_words(words, code):
    assert envelope.refused([("ABCD-1", words)], None).code == code


def test_of_several_errors_the_one_that_can_be_placed_decides():
    refusal = envelope.refused([("A-1", "Bad input"), ("WHSB-023", "No stock")], None)

    assert refusal.code == RejectionCode.QUANTITY
    assert refusal.text == "Bad input (A-1); No stock (WHSB-023)"


# --- what is remembered ------------------------------------------------------------------------


def test_a_memory_forgets_in_time_and_by_itself():
    at = [0.0]
    kept = memory.Memory(clock=lambda: at[0])
    reads = []

    def read():
        reads.append(at[0])
        return len(reads)

    assert [kept.get("lock", seconds=10, read=read) for _ in range(2)] == [1, 1]
    at[0] = 11
    assert kept.known("lock") is None
    assert kept.get("lock", seconds=10, read=read) == 2
    kept.forget("lock")
    assert kept.get("lock", seconds=10, read=read) == 3


def test_ids_are_asked_for_in_sets_of_two_hundred():
    sets = client.id_sets([*range(205, 0, -1), 7])

    assert [len(ids.split(",")) for ids in sets] == [200, 5]
    assert sets[0].startswith("1,2,3,")
