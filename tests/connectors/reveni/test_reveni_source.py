"""Reveni as a source against its simulation: proof of our logic, and of nothing about Reveni."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from werkzeug.test import Client

from connectors import registry
from connectors.errors import (
    Misconfigured,
    NotFound,
    OutcomeUnknown,
    Rejected,
    RetryLater,
    UnreadableReply,
)
from connectors.profiled import trial
from connectors.profiled.source import UNREADABLE
from connectors.sandbox.faults import FaultKind, FaultRule
from connectors.sandbox.reveni import API_KEY, WEBHOOK_SECRET, ReveniTwin, signed
from connectors.sandbox.reveni_records import RecordInvalid
from connectors.sandbox.wsgi_transport import WsgiTransport
from connectors.types import (
    ConnectionConfig,
    Fee,
    FeeKind,
    Inspection,
    Mode,
    Money,
    RmaRow,
    SourceExchange,
    Tender,
)

MARCH = datetime(2026, 3, 1, tzinfo=UTC)
ONE = "a" * 32
TWO = "b" * 32


class Clock:
    def __init__(self):
        self.now = MARCH

    def __call__(self):
        return self.now


class CountingPacer:
    def __init__(self):
        self.asked = []

    def before(self, *, operation, is_write):
        self.asked.append((operation, is_write))

    def after(self, *, operation, status, headers):
        pass


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def posted():
    return []


@pytest.fixture
def twin(clock, posted):
    def post(url, body, headers):
        posted.append((body, dict(headers)))
        return 202

    return ReveniTwin(now=clock, post=post)


@pytest.fixture
def pacer():
    return CountingPacer()


def make_source(twin, pacer, *, api_key=API_KEY, secret=WEBHOOK_SECRET, **changes):
    base_url = "http://127.0.0.1/reveni"
    if changes.get("mode") is Mode.LIVE:
        base_url = "https://api.reveni.example/reveni"
    config = ConnectionConfig(
        kind="reveni",
        base_url=base_url,
        secrets={"api_key": api_key, "webhook_secret": secret},
        **changes,
    )
    return registry.build_source(config, pacer, transport=WsgiTransport({"/reveni": twin}))


@pytest.fixture
def source(twin, pacer):
    return make_source(twin, pacer)


def make_transaction(transaction_id=ONE, **changes):
    return {
        "id": transaction_id,
        "mode": "NOT_INSTANT",
        "order_name": "LUMA-2041",
        "order_id": "512041",
        "currency": "GBP",
        "created_at": MARCH,
        "customer": {"name": "Ida Berg", "email": "ida@customer.example"},
        "products": [
            make_product("p1", quantity=2),
            make_product("p2", sku="SOCK-GRY", name="Socks", price="8.00", tax="1.33"),
        ],
        "shipments": [{"id": "s1", "status": "SHIPPED", "carrier": "Evri"}],
        **changes,
    }


def make_product(product_id="p1", **changes):
    return {
        "id": product_id,
        "order_line_id": f"ol-{product_id}",
        "sku": "TEE-BLK-M",
        "name": "Logo Tee",
        "price": "36.00",
        "tax": "6.00",
        "reason": "Does not fit",
        **changes,
    }


ACCEPT = {"status": "ACCEPTED", "restock": "RESTOCK"}
KEPT = {"status": "REJECTED", "rejection_reason": "CUSTOMER_CHANGED_MIND"}
BROKEN = {"status": "REJECTED", "rejection_reason": "DAMAGED"}


def test_it_reads_a_whole_transaction(twin, source, pacer):
    fees = [{"type": "RETURN_FEE", "amount": "2.95"}]
    twin.load({"transactions": [make_transaction(fees=fees, state="SHIPPED")]})

    rma = source.rma(ONE)

    tee, socks = rma.lines
    assert (rma.external_id, rma.status, rma.order_name) == (ONE, "Shipped", "LUMA-2041")
    assert (rma.currency, rma.customer_name) == ("GBP", "Ida Berg")
    assert (rma.created_at, rma.updated_at, rma.reread_at) == (MARCH, MARCH, None)
    assert (tee.unit_ids, tee.quantity) == (("p1-1", "p1-2"), 2)
    assert tee.unit_price == Money(Decimal("36.00"), "GBP")
    assert tee.unit_tax == Money(Decimal("6.00"), "GBP")
    assert (tee.is_tax_included, tee.reason, tee.resolution) == (True, "Does not fit", "return")
    assert (tee.inspection, tee.disposition) == (Inspection.NOT_INSPECTED, "")
    assert tee.fees == (Fee(FeeKind.RETURN, Money(Decimal("2.95"), "GBP")),)
    assert socks.fees == ()
    assert [(row.status, row.carrier) for row in rma.shipments] == [("Shipped", "Evri")]
    assert (rma.refunds, rma.exchanges, rma.drift) == ((), (), ())
    assert [event.name for event in rma.events] == ["Request created"]
    assert pacer.asked == [("read_return", False)]


@pytest.mark.parametrize("units_apart", [True, False])
@pytest.mark.parametrize("amounts_as_numbers", [True, False])
def test_it_reads_units_and_amounts_either_way(twin, source, units_apart, amounts_as_numbers):
    twin.set_switches({"units_apart": units_apart, "amounts_as_numbers": amounts_as_numbers})
    twin.load({"transactions": [make_transaction()]})

    tee, socks = source.rma(ONE).lines

    assert (tee.unit_ids, tee.quantity) == (("p1-1", "p1-2"), 2)
    assert (socks.unit_ids, socks.quantity) == (("p2",), 1)
    assert tee.unit_price == Money(Decimal("36.00"), "GBP")


def test_without_tax_fields_no_tax_is_made_up(twin, source):
    twin.set_switches({"has_tax_fields": False})
    twin.load({"transactions": [make_transaction()]})

    assert source.rma(ONE).lines[0].unit_tax is None


def test_products_are_decided_one_by_one(twin, source, clock):
    twin.load({"transactions": [make_transaction(state="RECEIVED")]})
    clock.now += timedelta(days=1)

    twin.advance(ONE, decisions={"p1": ACCEPT})
    half = source.rma(ONE)
    twin.advance(ONE, decisions={"p2": BROKEN})
    rma = source.rma(ONE)

    assert (half.status, half.refunds) == ("Received", ())
    assert rma.status == "Partly Accepted"
    assert [
        (line.inspection, line.is_restockable, line.disposition, line.disposition_at)
        for line in rma.lines
    ] == [
        (Inspection.PASSED, True, "accepted/restock", clock.now),
        (Inspection.FAILED, False, "rejected/damaged", clock.now),
    ]
    # Not instant: what was accepted is refunded, on acceptance.
    assert [(row.money, row.status, row.kind) for row in rma.refunds] == [
        (Money(Decimal("72.00"), "GBP"), "Success", "Refund")
    ]


@pytest.mark.parametrize(
    ("decision", "inspection", "disposition"),
    [
        pytest.param(
            {"status": "ACCEPTED", "restock": "NO_RESTOCK"},
            Inspection.PASSED,
            "accepted/no_restock",
            id="not-restocked",
        ),
        pytest.param(
            KEPT, Inspection.NOT_RETURNED, "not_returned/customer changed mind", id="kept"
        ),
        pytest.param(
            {"status": "REJECTED", "rejection_reason": "WORN"},
            Inspection.FAILED,
            "rejected/WORN",
            id="unknown-reason-is-kept",
        ),
        pytest.param({"status": "FOR_REVIEW"}, Inspection.NOT_INSPECTED, "", id="for-review"),
    ],
)
def test_a_decision_is_read_with_its_reason(twin, source, decision, inspection, disposition):
    twin.load({"transactions": [make_transaction()]})

    twin.advance(ONE, decisions={"p1": decision})

    line = source.rma(ONE).lines[0]
    assert (line.inspection, line.disposition) == (inspection, disposition)


def test_an_instant_refund_moves_money_before_the_goods(twin, source):
    twin.load({"transactions": [make_transaction(mode="INSTANT", refund_method="STORE_CREDIT")]})

    rma = source.rma(ONE)

    (refund,) = rma.refunds
    assert rma.status == "In progress"
    assert (refund.money, refund.created_at) == (Money(Decimal("80.00"), "GBP"), MARCH)
    assert refund.tenders == (Tender("store_credit", Decimal("80.00")),)
    assert rma.reread_at == MARCH + timedelta(days=30)


def test_a_rejected_product_takes_no_instant_refund_back(twin, source):
    twin.load({"transactions": [make_transaction(mode="INSTANT", state="RECEIVED")]})

    twin.advance(ONE, decisions={"p1": ACCEPT, "p2": KEPT})

    rma = source.rma(ONE)
    assert (rma.status, rma.reread_at) == ("Partly Accepted", None)
    assert [row.money.amount for row in rma.refunds] == [Decimal("80.00")]


@pytest.mark.parametrize("is_told", [True, False])
def test_after_thirty_days_an_instant_return_is_accepted_by_itself(
    twin, source, clock, posted, is_told
):
    twin.set_switches({"automatic_is_told": is_told})
    twin.load({"transactions": [make_transaction(mode="INSTANT"), make_transaction(TWO)]})
    subscribe(twin)
    clock.now += timedelta(days=29, hours=23)
    before = source.rma(ONE)
    clock.now = before.reread_at

    after, other = source.rma(ONE), source.rma(TWO)
    page = source.changed_rmas(since=MARCH + timedelta(days=1))
    twin.drain_webhooks()

    assert (before.status, after.status, other.status) == ("In progress", "Accepted", "In progress")
    assert {line.disposition for line in after.lines} == {"accepted/automatic"}
    assert {line.inspection for line in after.lines} == {Inspection.NOT_INSPECTED}
    assert {line.is_restockable for line in after.lines} == {None}
    assert [event.name for event in after.events][-1] == "Accepted automatically"
    assert [row.external_id for row in page.rows] == ([ONE] if is_told else [])
    assert len(posted) == (1 if is_told else 0)


@pytest.mark.parametrize("mode", ["INSTANT", "NOT_INSTANT"])
def test_an_exchange_is_placed_when_the_mode_says_so(twin, source, mode):
    products = [make_product("p1", request_type="EXCHANGE")]
    twin.load({"transactions": [make_transaction(mode=mode, products=products)]})
    number = f"ex{ONE}"

    asked = source.rma(ONE)
    twin.advance(ONE, decisions={"p1": ACCEPT})
    done = source.rma(ONE)

    placed = (SourceExchange(number, number, "LUMA-2041-X", "replacement"),)
    waiting = (SourceExchange(number, "", "", "replacement"),)
    assert asked.exchanges == (placed if mode == "INSTANT" else waiting)
    assert done.exchanges == placed
    assert done.lines[0].resolution == "exchange"
    assert done.refunds == ()


@pytest.mark.parametrize(
    ("mode", "change"),
    [
        pytest.param("INSTANT", {"state": "CANCELLED"}, id="instant-is-cancelled-by-staff-only"),
        pytest.param("NOT_INSTANT", {"state": "ACCEPTED"}, id="acceptance-is-never-set"),
        pytest.param("NOT_INSTANT", {"decisions": {"p9": ACCEPT}}, id="unknown-product"),
        pytest.param(
            "NOT_INSTANT", {"decisions": {"p1": {"status": "ACCEPTED"}}}, id="no-restock-choice"
        ),
        pytest.param("NOT_INSTANT", {"decisions": {"p1": {"status": "REJECTED"}}}, id="no-reason"),
    ],
)
def test_the_simulation_refuses_what_the_dashboard_refuses(twin, source, mode, change):
    twin.load({"transactions": [make_transaction(mode=mode)]})
    before = source.rma(ONE)

    with pytest.raises(RecordInvalid):
        twin.advance(ONE, **change)

    assert source.rma(ONE) == before


def test_pages_come_in_order_of_change(twin, source, clock, pacer):
    twin.load(
        {
            "transactions": [
                make_transaction(f"{number:032x}", created_at=MARCH + timedelta(seconds=number))
                for number in range(150)
            ]
        }
    )

    first = source.changed_rmas(since=MARCH)
    # A return read already changes in between: it comes again at the end and none is lost.
    clock.now += timedelta(hours=1)
    twin.advance(f"{3:032x}", state="SHIPPED")
    second = source.changed_rmas(since=MARCH, cursor=first.next_cursor)

    assert first.rows[0] == RmaRow(f"{0:032x}", "In progress", "LUMA-2041")
    assert [row.external_id for row in second.rows] == [
        *(f"{number:032x}" for number in range(100, 150)),
        f"{3:032x}",
    ]
    assert (len(first.rows), second.next_cursor) == (100, "")
    assert pacer.asked == [("list_returns", False)] * 2


def test_the_refunds_feed_names_its_returns(twin, source):
    refund = {"id": "r1", "amount": "5.00", "status": "PENDING", "method": "BANK_TRANSFER"}
    twin.load({"transactions": [make_transaction(refunds=[refund]), make_transaction(TWO)]})

    (row,) = source.changed_refunds(since=MARCH - timedelta(days=1)).rows

    assert (row.external_id, row.rma_external_id, row.status) == ("r1", ONE, "Pending")
    assert row.money == Money(Decimal("5.00"), "GBP")
    assert row.tenders == (Tender("other", Decimal("5.00")),)


def test_one_bad_row_of_the_feed_does_not_hold_up_the_others(twin, source):
    rows = [{"id": "r1", "amount": "5.00", "currency": "GBP"}, {"id": "r2", "amount": "6.00"}]
    twin.load({"transactions": [make_transaction(refunds=rows, currency="")]})

    page = source.changed_refunds(since=MARCH - timedelta(days=1))

    assert [row.external_id for row in page.rows] == ["r1"]
    assert [(row.external_id, row.field) for row in page.unreadable] == [("r2", "currency")]


def test_a_note_is_made_once(twin, source):
    twin.load({"transactions": [make_transaction()]})

    source.comment(rma_external_id=ONE, text="Credit memo C-1", marker="rb-1")
    source.comment(rma_external_id=ONE, text="Credit memo C-1", marker="rb-1")

    assert [row["text"] for row in twin.documents()] == ["Credit memo C-1 [rb-1]"]


def test_a_note_whose_answer_is_lost_is_found_again(twin, source):
    twin.load({"transactions": [make_transaction()]})
    twin.faults.set([FaultRule(FaultKind.DROP_AFTER, method="POST")])

    with pytest.raises(OutcomeUnknown):
        source.comment(rma_external_id=ONE, text="Credit memo C-1", marker="rb-1")
    source.comment(rma_external_id=ONE, text="Credit memo C-1", marker="rb-1")

    assert len(twin.documents()) == 1


@pytest.mark.parametrize(
    ("rule", "error"),
    [
        pytest.param(FaultRule(FaultKind.STATUS, status=429), RetryLater, id="throttled"),
        pytest.param(FaultRule(FaultKind.STATUS, status=503), RetryLater, id="outage"),
        pytest.param(FaultRule(FaultKind.DROP_BEFORE), RetryLater, id="dropped"),
        pytest.param(FaultRule(FaultKind.SLOW, seconds=60), RetryLater, id="slow"),
        pytest.param(FaultRule(FaultKind.GARBAGE), UnreadableReply, id="garbage"),
        pytest.param(FaultRule(FaultKind.TRUNCATED), UnreadableReply, id="truncated"),
    ],
)
def test_a_read_that_fails_says_what_to_do_next(twin, source, rule, error):
    twin.load({"transactions": [make_transaction()]})
    twin.faults.set([rule])

    with pytest.raises(error):
        source.rma(ONE)

    assert source.rma(ONE).external_id == ONE


@pytest.mark.parametrize("field", ["id", "state", "created_at", "products", "price"])
def test_a_needed_field_of_another_type_is_unreadable(twin, source, field):
    twin.load({"transactions": [make_transaction()]})
    twin.faults.parse([{"kind": "wrong_types", "field": field, "becomes": "object"}])

    with pytest.raises(UnreadableReply) as caught:
        source.rma(ONE)

    assert caught.value.evidence is not None
    assert caught.value.field


def test_an_odd_type_where_nothing_hangs_on_it_is_noted(twin, source):
    twin.load({"transactions": [make_transaction()]})
    twin.faults.parse([{"kind": "wrong_types", "field": "reason|barcode", "becomes": "number"}])

    rma = source.rma(ONE)

    assert rma.lines[0].reason == "7"
    assert sorted(rma.drift) == ["barcode: number for text", "reason: number for text"]


@pytest.mark.parametrize("external_id", ["nobody", "../account", ""])
def test_an_unknown_id_is_not_found(source, external_id):
    with pytest.raises(NotFound):
        source.rma(external_id)


def test_a_wrong_key_is_told_by_the_check(twin, pacer):
    found = make_source(twin, pacer, api_key="wrong").check()

    assert not found.is_ok
    assert "refused our credentials" in found.text


def test_the_check_says_that_the_contract_is_assumed(source):
    found = source.check()

    assert found.is_ok
    assert found.text == "Reveni answers. How it is asked is assumed, not documented."
    assert found.details["answer"] == "Simulated merchant"


def test_live_mode_calls_nothing_that_nobody_confirmed(twin, pacer):
    source = make_source(twin, pacer, mode=Mode.LIVE)

    with pytest.raises(Misconfigured, match="may not run live"):
        source.rma(ONE)
    with pytest.raises(Misconfigured, match="may not run live"):
        source.comment(rma_external_id=ONE, text="x", marker="rb-1")
    found = source.check()

    assert not found.is_ok
    assert not source.capabilities.can_comment
    assert not source.capabilities.has_refund_feed
    assert (pacer.asked, twin.calls()) == ([], {})


def test_a_confirmed_operation_runs_live(twin, pacer):
    twin.load({"transactions": [make_transaction()]})
    confirmed = frozenset({"read_return"})

    source = make_source(twin, pacer, mode=Mode.LIVE, confirmed_operations=confirmed)

    assert source.rma(ONE).external_id == ONE


def test_nobody_moves_a_shipment(source, pacer):
    with pytest.raises(Rejected):
        source.set_shipment_status(rma_external_id=ONE, shipment_id="s1", status="RECEIVED")

    assert pacer.asked == []


def subscribe(twin):
    answer = Client(twin).post(
        "/v1/webhooks",
        headers={"X-Api-Key": API_KEY},
        json={"url": "http://127.0.0.1/hooks/reveni/", "event": "return.updated"},
    )
    assert answer.status_code == 201


def test_a_change_nudges_us_with_its_id(twin, source, posted):
    twin.load({"transactions": [make_transaction()]})
    subscribe(twin)

    twin.advance(ONE, state="SHIPPED")
    twin.drain_webhooks()

    ((body, headers),) = posted
    nudge = source.parse_webhook(headers=headers, body=body)
    assert (nudge.topic, nudge.rma_external_id) == ("return.updated", ONE)


BODY = b'{"event": "return.updated", "transaction": {"id": "%s"}}' % ONE.encode()


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        pytest.param({}, BODY, id="not-signed"),
        pytest.param({"X-Reveni-Signature": signed(b"other")}, BODY, id="signed-for-another"),
        pytest.param({"X-Reveni-Signature": "zz"}, BODY, id="no-hex"),
        pytest.param({"X-Reveni-Signature": signed(b"[")}, b"[", id="no-json"),
        pytest.param({"X-Reveni-Signature": signed(b"[]")}, b"[]", id="no-object"),
        pytest.param({"X-Reveni-Signature": signed(b"\xff")}, b"\xff", id="no-text"),
    ],
)
def test_an_unproven_or_unreadable_message_has_no_topic(source, headers, body):
    assert source.parse_webhook(headers=headers, body=body) == UNREADABLE


def test_without_a_secret_an_unsigned_message_is_a_nudge(twin, pacer):
    source = make_source(twin, pacer, secret="")

    nudge = source.parse_webhook(headers={}, body=BODY)

    assert nudge.rma_external_id == ONE


@pytest.mark.parametrize("secret", [WEBHOOK_SECRET, ""])
def test_messages_prove_themselves_only_where_a_secret_is_shared(twin, pacer, secret):
    source = make_source(twin, pacer, secret=secret)
    right = {"X-Reveni-Signature": signed(BODY)}

    assert source.capabilities.signs_webhooks is bool(secret)
    assert source.is_genuine(headers=right, body=BODY)
    assert source.is_genuine(headers={}, body=BODY) is (secret == "")


def test_a_trial_asks_everything_once(twin, source, pacer):
    twin.load({"transactions": [make_transaction(mode="INSTANT")]})

    steps = trial.source_questions(source, since=MARCH)

    assert [(step.name, step.is_ok) for step in steps] == [
        ("check_connection", True),
        ("list_returns", True),
        ("read_return", True),
        ("list_refunds", True),
    ]
    assert steps[2].text == f"{ONE} is In progress: 3 units of 2 lines."
    assert len(pacer.asked) == 4


def test_a_trial_reads_the_second_page_where_there_is_one(twin, source):
    twin.load({"transactions": [make_transaction(id=f"T{number}") for number in range(103)]})

    told = {step.name: step.text for step in trial.source_questions(source, since=MARCH)}

    assert told["list_returns"] == "100 returns read."
    assert told["list_returns, second page"] == "3 returns read."
