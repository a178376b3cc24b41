"""The port against the simulated ReturnGO; it proves our logic, not the vendor's."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from connectors.errors import (
    Misconfigured,
    NotFound,
    OutcomeUnknown,
    Rejected,
    RejectionCode,
    RetryLater,
    UnreadableReply,
)
from connectors.returngo import port
from connectors.sandbox.faults import FaultKind, FaultRule
from connectors.sandbox.returngo import API_KEY, SHOP_NAME, ReturnGoTwin
from connectors.sandbox.wsgi_transport import WsgiTransport
from connectors.types import ConnectionConfig, Fee, FeeKind, Inspection, Money, RmaRow

MARCH = datetime(2026, 3, 1, tzinfo=UTC)
BASE_URL = "http://127.0.0.1/returngo"


class Clock:
    def __init__(self):
        self.now = MARCH

    def __call__(self):
        return self.now


class CountingPacer:
    def __init__(self):
        self.asked = []
        self.answered = []

    def before(self, *, operation, is_write):
        self.asked.append((operation, is_write))

    def after(self, *, operation, status, headers):
        self.answered.append((operation, status))


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def twin(clock):
    return ReturnGoTwin(now=clock)


@pytest.fixture
def pacer():
    return CountingPacer()


def make_source(twin, pacer, *, api_key=API_KEY, shop_name=SHOP_NAME, **settings):
    config = ConnectionConfig(
        kind="returngo",
        base_url=BASE_URL,
        settings={"shop_name": shop_name, **settings},
        secrets={"api_key": api_key},
    )
    return port.build(config, pacer, transport=WsgiTransport({"/returngo": twin}))


@pytest.fixture
def source(twin, pacer):
    return make_source(twin, pacer)


def make_rma(rma_id="6100042", **changes):
    return {
        "rma_id": rma_id,
        "status": "Approved",
        "order_name": f"LUMA-{rma_id}",
        "order_id": f"51{rma_id}",
        "currency": "GBP",
        "created_at": "2026-03-01T00:00:00",
        "customer": {"name": "Ida Berg", "email": "ida@customer.example"},
        "items": [
            {
                "item_id": f"9{rma_id}",
                "quantity": 2,
                "line_item_id": f"8{rma_id}",
                "sku": "TEE-BLK-M",
                "name": "Logo Tee",
                "paid_price": Decimal("36.00"),
                "paid_tax": Decimal("6.00"),
                "return_fee": Decimal("2.95"),
                "reason": "Does not fit",
            }
        ],
        "shipments": [{"shipment_id": f"7{rma_id}", "status": "Shipped", "carrier": "Evri"}],
        "transactions": [
            {
                "id": f"4{rma_id}",
                "amount": Decimal("66.10"),
                "external_reference_id": "re_42",
                "item_ids": [f"9{rma_id}"],
            }
        ],
        **changes,
    }


def all_rows(source, since):
    rows, cursor, pages = [], "", 0
    while pages == 0 or cursor:
        page = source.changed_rmas(since=since, cursor=cursor)
        rows.extend(page.rows)
        cursor, pages = page.next_cursor, pages + 1
    return rows, pages


def test_a_check_proves_address_key_and_shop_in_one_call(source, twin, pacer):
    twin.load({"rmas": [make_rma()]})

    check = source.check()

    assert check.is_ok
    assert check.details == {"shop": SHOP_NAME, "newest_return": "6100042"}
    assert pacer.asked == [("list_rmas", False)]


@pytest.mark.parametrize(
    ("wrong", "status"),
    [({"api_key": "wrong"}, 401), ({"shop_name": "other.myshopify.com"}, 403)],
)
def test_refused_credentials_fail_the_check_and_every_other_call(twin, pacer, wrong, status):
    twin.load({"rmas": [make_rma()]})
    source = make_source(twin, pacer, **wrong)

    assert source.check().is_ok is False
    for call in (
        lambda: source.changed_rmas(since=MARCH),
        lambda: source.rma("6100042"),
        lambda: source.changed_refunds(since=MARCH),
        lambda: source.comment(rma_external_id="6100042", text="Hello", marker="rb-1"),
        lambda: source.set_shipment_status(
            rma_external_id="6100042", shipment_id="76100042", status="Received"
        ),
    ):
        with pytest.raises(Misconfigured) as refusal:
            call()
        assert refusal.value.is_credentials
    assert {answered for _, answered in pacer.answered} == {status}
    assert twin.documents() == []


@pytest.mark.parametrize(
    "change",
    [{"api_key": ""}, {"shop_name": " "}, {"shop_name": "a\r\nx-evil: 1"}, {"api_key": "kéy"}],
)
def test_a_connection_without_usable_headers_is_refused_before_any_call(twin, pacer, change):
    with pytest.raises(Misconfigured):
        make_source(twin, pacer, **change)

    assert twin.calls() == {}


def test_the_daily_limit_is_the_vendors_unless_the_connection_has_its_own(twin, pacer):
    assert make_source(twin, pacer).capabilities.daily_call_limit == 2000
    assert make_source(twin, pacer, daily_call_limit="9000").capabilities.daily_call_limit == 9000
    with pytest.raises(Misconfigured):
        make_source(twin, pacer, daily_call_limit="many")


def test_a_whole_return_is_read_through_the_drift_of_real_answers(source, twin, pacer):
    twin.load({"rmas": [make_rma(updated_at="2026-03-01T02:00:00")]})

    rma = source.rma("6100042")

    assert (rma.external_id, rma.status, rma.currency) == ("6100042", "Approved", "GBP")
    assert rma.updated_at == MARCH + timedelta(hours=2)
    assert (rma.customer_name, rma.customer_email) == ("Ida Berg", "ida@customer.example")
    [line] = rma.lines
    assert line.unit_ids == ("96100042-1", "96100042-2")
    assert line.quantity == 2
    assert line.unit_price == Money(Decimal("36.00"), "GBP")
    assert line.fees == (Fee(FeeKind.RETURN, Money(Decimal("5.90"), "GBP")),)
    assert line.inspection is Inspection.NOT_INSPECTED
    assert line.shipment_id == "76100042"
    [refund] = rma.refunds
    assert (refund.external_id, refund.rma_external_id) == ("46100042", "6100042")
    assert refund.unit_ids == line.unit_ids
    assert refund.money == Money(Decimal("66.10"), "GBP")
    assert "isOutOfPolicy: number for boolean" in rma.drift
    assert "transactions[].id: number for text" in rma.drift
    assert pacer.asked == [("read_rma", False)]


@pytest.mark.parametrize("has_drift", [True, False])
def test_inspections_arrive_as_time_passes_with_and_without_drift(source, twin, clock, has_drift):
    twin.set_switches({"type_drift": has_drift})
    twin.load({"rmas": [make_rma()]})
    before = source.rma("6100042")
    clock.now += timedelta(hours=3)

    twin.advance(
        "6100042",
        status="Validated",
        validations={
            "96100042": {
                "is_returned": True,
                "is_restockable": False,
                "non_restockable_reason": "Stained",
                "store_location_id": "LDN-1",
                "at": "2026-03-01T02:30:00",
            }
        },
    )

    after = source.rma("6100042")
    assert before.lines[0].inspection is Inspection.NOT_INSPECTED
    assert after.status == "Validated"
    assert after.updated_at == MARCH + timedelta(hours=3)
    assert after.lines[0].inspection is Inspection.FAILED
    assert after.lines[0].disposition == "not_restockable/Stained"
    assert after.lines[0].disposition_at == MARCH + timedelta(hours=2, minutes=30)
    assert after.lines[0].location == "LDN-1"
    assert bool(after.drift) is has_drift


@pytest.mark.parametrize("rma_id", ["404404", "no-such"])
def test_a_return_nobody_has_is_not_found(source, twin, rma_id):
    twin.load({"rmas": [make_rma()]})

    with pytest.raises(NotFound):
        source.rma(rma_id)


@pytest.mark.parametrize("rma_id", ["", "6100042/comment", "..", "a b?c", "1" * 65])
def test_an_id_that_leads_elsewhere_is_not_found_without_a_call(source, pacer, rma_id):
    with pytest.raises(NotFound):
        source.rma(rma_id)

    assert pacer.asked == []


def test_paging_sees_each_changed_return_once_one_call_a_page(source, twin, pacer):
    twin.load({"rmas": [make_rma(str(number)) for number in range(1, 1202)]})
    twin.load({"rmas": [make_rma("5000", updated_at="2026-02-01T00:00:00")]})

    rows, pages = all_rows(source, MARCH)

    assert pages == 3
    assert pacer.asked == [("list_rmas", False)] * 3
    assert rows[0] == RmaRow("1201", "Approved", "LUMA-1201")
    assert [row.external_id for row in rows] == [str(number) for number in range(1201, 0, -1)]


def test_a_full_last_page_ends_without_another_call(source, twin):
    twin.load({"rmas": [make_rma(str(number)) for number in range(1, 501)]})

    rows, pages = all_rows(source, MARCH)

    assert (len(rows), pages) == (500, 1)


def test_only_returns_changed_at_or_after_the_watermark_are_listed(source, twin, clock):
    twin.load({"rmas": [make_rma("1"), make_rma("2")]})
    clock.now = MARCH + timedelta(minutes=10)
    twin.advance("1", status="Received")

    rows, _ = all_rows(source, clock.now)

    assert rows == [RmaRow("1", "Received", "LUMA-1")]
    assert len(all_rows(source, MARCH)[0]) == 2
    assert all_rows(source, clock.now + timedelta(seconds=1))[0] == []


def test_a_watermark_in_another_zone_is_asked_for_in_utc(source, twin, clock):
    twin.load({"rmas": [make_rma("1", updated_at="2026-03-01T12:00:00+00:00")]})
    berlin = datetime.fromisoformat("2026-03-01T13:00:00.900+01:00")

    assert len(all_rows(source, berlin)[0]) == 1
    with pytest.raises(ValueError, match="time zone"):
        source.changed_rmas(since=datetime(2026, 3, 1))  # noqa: DTZ001 - the mistake under test


def test_inspections_that_do_not_move_the_watermark_are_missed_by_the_list(source, twin, clock):
    twin.set_switches({"updates_do_not_bump": True})
    twin.load({"rmas": [make_rma()]})
    clock.now = MARCH + timedelta(hours=1)
    twin.advance("6100042", validations={"96100042": {"is_returned": True}})

    assert all_rows(source, clock.now)[0] == []
    assert source.rma("6100042").updated_at == MARCH
    assert source.rma("6100042").lines[0].inspection is not Inspection.NOT_INSPECTED


def test_the_money_feed_tells_changed_transactions_without_their_return(source, twin, clock):
    twin.load({"rmas": [make_rma("1"), make_rma("2")]})
    clock.now = MARCH + timedelta(hours=1)
    [old] = make_rma("1")["transactions"]
    twin.advance("1", transactions=[{**old, "status": "Failed"}])

    page = source.changed_refunds(since=clock.now)

    assert page.next_cursor == ""
    [refund] = page.rows
    assert (refund.external_id, refund.rma_external_id, refund.status) == ("41", "", "Failed")
    assert refund.unit_ids == ("91-1", "91-2")
    assert refund.created_at == MARCH
    assert refund.updated_at == clock.now
    assert refund.reference == "re_42"


def test_the_money_feed_pages_like_the_list(source, twin):
    twin.load({"rmas": [make_rma(str(number)) for number in range(1, 702)]})

    first = source.changed_refunds(since=MARCH)
    second = source.changed_refunds(since=MARCH, cursor=first.next_cursor)

    ids = [row.external_id for row in (*first.rows, *second.rows)]
    assert (len(first.rows), len(second.rows), second.next_cursor) == (500, 201, "")
    assert len(set(ids)) == 701


def test_a_page_we_ask_for_wrongly_is_unreadable_with_its_evidence(source, twin):
    with pytest.raises(UnreadableReply) as refusal:
        source.changed_rmas(since=MARCH, cursor="not base64!")

    assert refusal.value.evidence.status == 400


@pytest.mark.parametrize("limit", [0, 2])
def test_calls_beyond_the_daily_budget_are_to_be_made_later(source, twin, pacer, limit):
    twin.load({"rmas": [make_rma()]})
    twin.set_switches({"daily_limit": limit})
    for _ in range(limit):
        source.rma("6100042")

    with pytest.raises(RetryLater) as refusal:
        source.rma("6100042")

    assert refusal.value.is_throttled
    assert pacer.answered[-1] == ("read_rma", 429)


def test_a_new_day_brings_a_new_budget(source, twin, clock):
    twin.load({"rmas": [make_rma()]})
    twin.set_switches({"daily_limit": 1})
    source.rma("6100042")
    clock.now += timedelta(days=1)

    assert source.rma("6100042").external_id == "6100042"


def test_a_comment_is_written_once_however_often_it_is_asked_for(source, twin, pacer):
    twin.load({"rmas": [make_rma()]})

    for _ in range(3):
        source.comment(rma_external_id="6100042", text="Credit C-1 <b>\nposted", marker="rb-1")
    source.comment(rma_external_id="6100042", text="Another", marker="rb-12")

    assert [document["html_text"] for document in twin.documents()] == [
        "Credit C-1 &lt;b&gt;<br>posted [rb-1]",
        "Another [rb-12]",
    ]
    assert pacer.asked.count(("add_comment", True)) == 2
    assert pacer.asked.count(("read_rma", False)) == 4


def test_a_longer_marker_does_not_hide_a_shorter_one(source, twin):
    twin.load({"rmas": [make_rma()]})
    source.comment(rma_external_id="6100042", text="Later", marker="rb-12")

    source.comment(rma_external_id="6100042", text="Sooner", marker="rb-1")

    assert len(twin.documents()) == 2


def test_a_comment_whose_answer_was_lost_is_found_and_not_written_again(source, twin):
    twin.load({"rmas": [make_rma()]})
    twin.faults.set([FaultRule(kind=FaultKind.DROP_AFTER, method="POST")])

    with pytest.raises(OutcomeUnknown):
        source.comment(rma_external_id="6100042", text="Credit posted", marker="rb-1")
    source.comment(rma_external_id="6100042", text="Credit posted", marker="rb-1")

    assert len(twin.documents()) == 1


def test_a_comment_the_platform_refuses_is_rejected(source, twin):
    twin.load({"rmas": [make_rma()]})
    twin.faults.set([FaultRule(kind=FaultKind.STATUS, method="POST", status=400)])

    with pytest.raises(Rejected) as refusal:
        source.comment(rma_external_id="6100042", text="Hello", marker="rb-1")

    assert refusal.value.code == RejectionCode.UNCLASSIFIED
    assert twin.documents() == []


def test_a_shipment_is_moved_and_carries_its_return_along(source, twin, pacer):
    twin.load({"rmas": [make_rma()]})

    source.set_shipment_status(rma_external_id="6100042", shipment_id="76100042", status="Received")

    rma = source.rma("6100042")
    assert rma.shipments[0].status == "Received"
    assert rma.status == "Received"
    assert pacer.asked[:2] == [("read_rma", False), ("set_shipment_status", True)]


def test_a_shipment_that_has_the_status_already_is_left_alone(source, twin, pacer):
    twin.load({"rmas": [make_rma()]})

    source.set_shipment_status(rma_external_id="6100042", shipment_id="76100042", status="Shipped")

    assert pacer.asked == [("read_rma", False)]
    assert twin.documents() == []


def test_a_move_that_is_not_in_the_table_is_rejected_without_a_write(source, twin, pacer):
    twin.load({"rmas": [make_rma()]})

    with pytest.raises(Rejected) as refusal:
        source.set_shipment_status(
            rma_external_id="6100042", shipment_id="76100042", status="Pending"
        )

    assert (refusal.value.code, refusal.value.value) == (RejectionCode.TRANSITION, "Pending")
    assert pacer.asked == [("read_rma", False)]
    assert twin.documents() == []
    assert source.rma("6100042").shipments[0].status == "Shipped"


def test_a_move_the_platform_refuses_all_the_same_is_the_same_rejection(source, twin):
    twin.load({"rmas": [make_rma()]})
    twin.faults.set([FaultRule(kind=FaultKind.STATUS, method="PUT", status=400)])

    with pytest.raises(Rejected) as refusal:
        source.set_shipment_status(
            rma_external_id="6100042", shipment_id="76100042", status="Received"
        )

    assert refusal.value.code == RejectionCode.TRANSITION
    assert source.rma("6100042").shipments[0].status == "Shipped"


def test_a_shipment_of_another_return_is_not_found(source, twin):
    twin.load({"rmas": [make_rma("1"), make_rma("2")]})

    with pytest.raises(NotFound):
        source.set_shipment_status(rma_external_id="1", shipment_id="72", status="Received")

    assert twin.documents() == []


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (FaultRule(kind=FaultKind.DROP_BEFORE), RetryLater),
        (FaultRule(kind=FaultKind.STATUS, status=503), RetryLater),
        (FaultRule(kind=FaultKind.GARBAGE), UnreadableReply),
        (FaultRule(kind=FaultKind.TRUNCATED), UnreadableReply),
    ],
)
def test_a_read_that_fails_in_passing_may_simply_be_made_again(source, twin, fault, error):
    twin.load({"rmas": [make_rma()]})
    twin.faults.set([fault])

    with pytest.raises(error):
        source.rma("6100042")

    assert source.rma("6100042").external_id == "6100042"


def test_a_webhook_needs_no_call_and_no_header(source, pacer):
    nudge = source.parse_webhook(headers={}, body=b'{"eventName":"RMA_CREATED","rmaId":"7"}')

    assert (nudge.topic, nudge.rma_external_id) == ("RMA_CREATED", "7")
    assert pacer.asked == []


def test_the_key_never_reaches_the_evidence(source, twin):
    twin.load({"rmas": [make_rma()]})
    twin.faults.set([FaultRule(kind=FaultKind.STATUS, status=404, body=f'{{"k":"{API_KEY}"}}')])

    with pytest.raises(NotFound) as refusal:
        source.rma("6100042")

    assert API_KEY not in repr(refusal.value.evidence)
