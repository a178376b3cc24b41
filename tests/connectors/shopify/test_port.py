"""The source against the simulated shop; it proves our logic, not the vendor's."""

import contextlib
import json
from datetime import timedelta
from decimal import Decimal

import pytest

from connectors.errors import (
    Misconfigured,
    NotFound,
    OutcomeUnknown,
    ReadInPart,
    Rejected,
    RetryLater,
    UnreadableReply,
)
from connectors.sandbox.faults import FaultKind, FaultRule
from connectors.types import RefundPage
from tests.connectors.shopify.shopify_cast import (
    MARCH,
    NOON,
    Clock,
    MeteredPacer,
    make_line,
    make_order,
    make_payment,
    make_refund,
    make_return,
    make_source,
    make_twin,
)


@pytest.fixture
def pacer():
    return MeteredPacer()


def walk(source, since=MARCH):
    found, cursor = [], ""
    while True:
        page = source.changed_rmas(since=since, cursor=cursor)
        found += [row.external_id for row in page.rows]
        cursor = page.next_cursor
        if not cursor:
            return found


def crowd(count, **order):
    """Orders of one return each, all changed in the same second."""
    return [
        make_order(
            1000 + number,
            lines=[make_line(8000 + number)],
            returns=[make_return(5000 + number, line_id=8000 + number)],
            **order,
        )
        for number in range(count)
    ]


def fault(**rule):
    return FaultRule.parse({"kind": "status", "status": 200, **rule})


def test_a_check_tells_shop_version_and_what_the_token_lacks():
    twin = make_twin(scopes=["write_orders"])

    check = make_source(twin).check()

    assert check.is_ok is False
    assert check.text == "Sandbox shop answers. Version 2026-10. The token lacks: read_returns."
    assert check.details == {
        "shop": "sandbox-shop.myshopify.com",
        "api_version": "2026-10",
        "answered_by": "sandbox-shop.myshopify.com",
        "currency": "GBP",
        "missing_scopes": "read_returns",
    }


def test_a_token_that_cannot_write_notes_is_good_for_the_rest():
    check = make_source(make_twin(scopes=["read_orders", "read_returns"])).check()

    assert check.is_ok
    assert check.text.endswith("Notes cannot be written: the token lacks write_orders.")


def test_a_check_tells_that_something_will_go_away():
    check = make_source(make_twin(deprecation="https://shopify.example/removed")).check()

    assert check.is_ok
    assert check.text == "Sandbox shop answers. It says that something we ask for will go away."


def test_a_version_that_was_retired_is_told_on_the_connection_and_on_each_return():
    twin = make_twin()
    twin.load({"orders": [make_order()]})
    source = make_source(twin)
    # What Shopify does with a retired version: it answers in the oldest it still serves.
    source._client.version = "2026-01"

    assert "It speaks version 2026-04; 2026-01 was asked for." in source.check().text
    assert source.rma("42").drift == ("API version: 2026-04 in the place of 2026-01",)


def test_an_address_of_another_shop_is_not_taken_for_ours():
    check = make_source(make_twin(), shop_domain="other.myshopify.com").check()

    assert check.is_ok is False
    assert check.text.endswith("belongs to sandbox-shop.myshopify.com, not to other.myshopify.com.")


@pytest.mark.parametrize(
    ("secrets", "settings", "words"),
    [
        ({"access_token": " "}, {}, "has no access token"),
        ({"access_token": "a\nb"}, {}, "not plain text"),
        ({}, {"shop_domain": "shop.example.com"}, "example.myshopify.com"),
        ({}, {"api_version": "2025-10"}, "2025-10 is not one of 2026-04, 2026-07, 2026-10"),
        ({}, {"returns_per_read": "0"}, "from 1 to 100"),
        ({}, {"final_sale_metafield": "final"}, "namespace.key"),
    ],
)
def test_a_connection_that_cannot_work_is_refused(secrets, settings, words):
    with pytest.raises(Misconfigured, match=words):
        make_source(make_twin(), secrets=secrets, **settings)


@pytest.mark.parametrize("state", [402, 404, 423])
def test_a_shop_that_is_shut_stops_the_connection(state):
    source = make_source(make_twin(shop_state=state))

    with pytest.raises(Misconfigured) as shut:
        source.rma("42")

    assert shut.value.is_credentials is False
    assert f"HTTP {state}" in shut.value.text


def test_a_shielded_shop_is_asked_again_later():
    with pytest.raises(RetryLater) as later:
        make_source(make_twin(shop_state=430)).rma("42")

    assert (later.value.after_seconds, later.value.is_throttled) == (60, True)


def test_a_missing_scope_is_named():
    twin = make_twin(scopes=["read_returns"])

    with pytest.raises(Misconfigured, match="`read_orders` access scope") as refused:
        make_source(twin).changed_rmas(since=MARCH)

    assert refused.value.is_credentials


# --- lists ---------------------------------------------------------------------------------------


def test_changed_orders_lead_to_their_returns_and_others_to_none(pacer):
    twin = make_twin()
    twin.load(
        {
            "orders": [
                make_order(),
                make_order(52, returns=[], lines=[make_line(802)]),
                make_order(
                    53,
                    lines=[make_line(803)],
                    returns=[make_return(44, line_id=803, status="DECLINED")],
                ),
                make_order(
                    54,
                    lines=[make_line(804)],
                    returns=[make_return(45, line_id=804)],
                    updated_at="2026-02-01T00:00:00",
                ),
            ]
        }
    )

    page = make_source(twin, pacer).changed_rmas(since=MARCH)

    assert [(row.external_id, row.status, row.order_name) for row in page.rows] == [
        ("42", "OPEN", "#1051"),
        ("44", "DECLINED", "#1053"),
    ]
    assert page.next_cursor == ""
    assert pacer.operations == ["changed_orders"]


def test_an_order_of_many_returns_is_read_on(pacer):
    twin = make_twin()
    rows = [make_return(100 + number, line={"id": f"7{number:03}"}) for number in range(23)]
    twin.load({"orders": [make_order(returns=rows)]})

    page = make_source(twin, pacer).changed_rmas(since=MARCH)

    assert [row.external_id for row in page.rows] == [str(100 + number) for number in range(23)]
    assert pacer.operations == ["changed_orders", "order_returns"]


@pytest.mark.parametrize("cursors", ["keyset", "offset"])
def test_pages_of_one_and_the_same_second_lose_nothing(cursors):
    twin = make_twin(cursors=cursors)
    twin.load({"orders": crowd(205)})

    found = walk(make_source(twin))

    assert sorted(found) == [str(5000 + number) for number in range(205)]


def test_a_cursor_of_somebody_elses_is_unreadable():
    with pytest.raises(UnreadableReply):
        make_source(make_twin()).changed_rmas(since=MARCH, cursor="eyJwYWdl")


def test_a_naive_watermark_is_a_mistake_of_ours():
    with pytest.raises(ValueError, match="time zone"):
        make_source(make_twin()).changed_rmas(since=MARCH.replace(tzinfo=None))


def test_there_is_no_feed_of_refunds_to_read(pacer):
    source = make_source(make_twin(), pacer)

    assert source.changed_refunds(since=MARCH) == RefundPage(rows=(), next_cursor="")
    assert source.capabilities.has_refund_feed is False
    assert pacer.operations == []


# --- returns -------------------------------------------------------------------------------------


def test_a_set_of_returns_is_one_call(pacer):
    twin = make_twin()
    twin.load({"orders": crowd(10)})
    source = make_source(twin, pacer)

    found = source.rmas([str(5000 + number) for number in range(10)])

    assert [rma.external_id for rma in found] == [str(5000 + number) for number in range(10)]
    assert pacer.operations == ["returns"]
    assert source.capabilities.max_rmas_per_read == 10


@pytest.mark.parametrize("number", ["999", "", "gid://shopify/Return/42", "42 OR 1", "-1"])
def test_what_is_no_return_is_not_found(number):
    twin = make_twin()
    twin.load({"orders": [make_order()]})

    with pytest.raises(NotFound):
        make_source(twin).rma(number)


def test_a_return_of_many_lines_is_read_whole(pacer):
    lines = [make_line(8000 + number, quantity=1) for number in range(130)]
    rows = [
        {"id": str(9000 + number), "line_id": str(8000 + number), "quantity": 1}
        for number in range(130)
    ]
    decided = [
        {"id": "1", "line_id": "9129", "type": "RESTOCKED", "location": 11, "at": "2026-03-03"}
    ]
    refund = make_refund(
        lines=[
            {"line_id": str(8000 + number), "quantity": 1, "subtotal": "36", "tax": "6"}
            for number in range(130)
        ],
        transactions=[make_payment(amount="4680.00")],
    )
    twin = make_twin()
    row = make_return(lines=rows, dispositions=decided)
    twin.load({"orders": [make_order(lines=lines, returns=[row], refunds=[refund])]})

    rma = make_source(twin, pacer).rma("42")

    assert len(rma.lines) == 130
    assert rma.lines[-1].disposition == "RESTOCKED"
    assert len(rma.refunds[0].parts) == 130
    assert pacer.operations == [
        "returns",
        *["return_lines"] * 2,
        *["reverse_lines"] * 2,
        *["refund_lines"] * 2,
    ]


def test_more_refunds_than_there_was_room_for_are_read_by_themselves(pacer):
    made = [
        make_refund(
            200 + number,
            lines=[],
            adjustments=[{"amount": "-1.00", "reason": "CUSTOMER"}],
            transactions=[make_payment(300 + number, "1.00")],
        )
        for number in range(7)
    ]
    twin = make_twin(max_query_cost=10_000)
    twin.load({"orders": [make_order(refunds=made)]})

    rma = make_source(twin, pacer).rma("42")

    assert [refund.external_id for refund in rma.refunds] == [str(200 + n) for n in range(7)]
    assert rma.drift == ()
    assert pacer.operations == ["returns", "returns"]


def test_a_set_that_is_too_dear_is_read_in_parts(pacer):
    twin = make_twin(max_query_cost=300)
    twin.load({"orders": crowd(8)})

    found = make_source(twin, pacer).rmas([str(5000 + number) for number in range(8)])

    assert [rma.external_id for rma in found] == [str(5000 + number) for number in range(8)]
    assert pacer.operations == ["returns"] * 7


def test_a_return_that_is_too_dear_alone_is_asked_for_with_less_room():
    twin = make_twin(max_query_cost=80)
    twin.load({"orders": [make_order()]})

    assert make_source(twin).rma("42").external_id == "42"
    twin.set_switches({"max_query_cost": 20})
    with pytest.raises(UnreadableReply, match="costs more than one query may"):
        make_source(twin).rma("42")


def test_what_is_kept_of_a_call_tells_nothing_of_the_customer():
    twin = make_twin()
    noted = make_return(line={"customer_note": "For my sister Eva", "note": "Ring at number 7"})
    # The order's last field is spoilt, so that all before it stands in the evidence.
    twin.load({"orders": [make_order(returns=[noted], currency="pounds")]})

    with pytest.raises(UnreadableReply) as spoilt:
        make_source(twin).rma("42")

    kept = spoilt.value.evidence
    assert '"name": "#1051"' in kept.response_body
    assert all(
        word not in kept.response_body + kept.request_body
        for word in ("Ida", "customer.example", "sister", "number 7", "shpat_")
    )


def test_customers_stay_unknown_where_the_app_may_not_see_them():
    twin = make_twin()
    twin.load({"orders": [make_order()]})

    rma = make_source(twin, customer_details="no").rma("42")

    assert (rma.customer_name, rma.customer_email) == ("", "")


# --- the meter -----------------------------------------------------------------------------------


def test_the_pacer_is_told_what_calls_cost_and_what_is_left(pacer):
    twin = make_twin(bucket_size=2_000)
    twin.load({"orders": [make_order()]})
    source = make_source(twin, pacer)

    source.check()
    source.rma("42")

    assert pacer.readings == [
        (Decimal(3), Decimal(1999), Decimal(100)),
        (Decimal(98), Decimal(1950), Decimal(100)),
    ]


@pytest.mark.parametrize("status", [200, 429])
def test_a_throttled_call_comes_again_when_it_can_be_paid(pacer, status):
    clock = Clock()
    twin = make_twin(clock, bucket_size=120, restore_rate=10, throttle_status=status)
    twin.load({"orders": [make_order()]})
    source = make_source(twin, pacer)
    source.rma("42")

    with pytest.raises(RetryLater) as later:
        source.rma("42")

    assert later.value.is_throttled
    if status == 200:
        assert later.value.after_seconds == 3
        assert pacer.readings[-1] == (Decimal(98), Decimal(71), Decimal(10))
    clock.pass_seconds(3)
    assert source.rma("42").external_id == "42"


class SpentPacer(MeteredPacer):
    """Lets so many calls out and no more, as our own budget does."""

    def __init__(self, calls):
        super().__init__()
        self.left = calls

    def before(self, *, operation, is_write):
        if not self.left:
            raise RetryLater("No call is left", after_seconds=2, is_throttled=True)
        self.left -= 1
        super().before(operation=operation, is_write=is_write)


def many_refunds(first, return_id):
    """More than a set has room for, so that their order is read by itself."""
    return [
        make_refund(
            first + number,
            lines=[],
            return_id=return_id,
            adjustments=[{"amount": "-1.00", "reason": "CUSTOMER"}],
            transactions=[make_payment(9_000 + first + number, "1.00")],
        )
        for number in range(6)
    ]


def wide_crowd(count):
    """As `crowd`, but every second return needs a call of its own."""
    orders = crowd(count)
    for number, order in enumerate(orders):
        if number % 2:
            order["refunds"] = many_refunds(100 * number, str(5000 + number))
    return orders


def test_what_was_read_of_a_set_is_kept_when_a_further_call_has_to_wait():
    twin = make_twin(max_query_cost=10_000)
    twin.load({"orders": wide_crowd(6)})
    pacer = SpentPacer(calls=2)

    with pytest.raises(ReadInPart) as part:
        make_source(twin, pacer).rmas([str(5000 + number) for number in range(6)])

    # The set, and one of the three that need a call of their own; behind the call that had to
    # wait all that needed none.
    assert pacer.operations == ["returns", "returns"]
    assert [rma.external_id for rma in part.value.found] == ["5000", "5001", "5002", "5004"]
    assert [len(rma.refunds) for rma in part.value.found] == [0, 6, 0, 0]
    assert (part.value.after_seconds, part.value.more_seconds) == (2, 4)
    assert part.value.is_throttled
    assert part.value.why.text == "No call is left"


def test_a_half_of_a_set_that_was_too_dear_is_kept_when_the_other_has_to_wait():
    twin = make_twin(max_query_cost=500)
    twin.load({"orders": crowd(8)})
    pacer = SpentPacer(calls=2)

    with pytest.raises(ReadInPart) as part:
        make_source(twin, pacer).rmas([str(5000 + number) for number in range(8)])

    assert [rma.external_id for rma in part.value.found] == ["5000", "5001", "5002", "5003"]


class HeedingPacer(MeteredPacer):
    """Lets no call out before one like the last can be paid, as the database's pacer does."""

    def __init__(self, clock):
        super().__init__()
        self.clock, self.quiet_until = clock, clock.now

    def before(self, *, operation, is_write):
        rest = (self.quiet_until - self.clock.now).total_seconds()
        if rest > 0:
            raise RetryLater("Quiet", after_seconds=int(rest) + 1, is_throttled=True)
        super().before(operation=operation, is_write=is_write)

    def note_meter(self, *, cost, available, restored_per_second):
        missing = max(float(cost - available), 0) / float(restored_per_second)
        self.quiet_until = self.clock.now + timedelta(seconds=missing)


def read_all(twin, clock, wanted):
    """Ask for what is left for as long as something is; returns readings, calls and seconds."""
    pacer = HeedingPacer(clock)
    source, found, left, began = make_source(twin, pacer), [], list(wanted), clock.now
    while left:
        try:
            read, after = source.rmas(left), 0
        except RetryLater as later:
            read = getattr(later, "found", ())
            after = later.after_seconds + later.more_seconds
        found += read
        known = {rma.external_id for rma in read}
        left = [each for each in left if each not in known]
        clock.pass_seconds(after)
        assert len(pacer.operations) < 100
    return found, len(pacer.operations), (clock.now - began).total_seconds()


@pytest.mark.parametrize(
    ("bucket", "calls", "seconds"),
    [pytest.param(1_000_000, 6, 0, id="full"), pytest.param(1_000, 10, 37, id="small")],
)
def test_ten_returns_are_read_in_few_calls_however_little_the_meter_holds(bucket, calls, seconds):
    """Five of them need a call of their own. All at once they cannot be paid from the small one."""
    clock, wanted = Clock(), [str(5000 + number) for number in range(10)]
    twin = make_twin(clock, bucket_size=bucket, restore_rate=100)
    twin.load({"orders": wide_crowd(10)})

    found, made, waited = read_all(twin, clock, wanted)

    assert sorted(rma.external_id for rma in found) == wanted
    assert (made, waited) == (calls, seconds)


def test_a_return_of_many_calls_is_read_in_the_end_where_the_meter_was_empty():
    numbers = range(130)
    lines = [make_line(8000 + number, quantity=1) for number in numbers]
    rows = [
        {"id": str(9000 + number), "line_id": str(8000 + number), "quantity": 1}
        for number in numbers
    ]
    clock = Clock()
    twin = make_twin(clock, bucket_size=500, restore_rate=10)
    twin.load({"orders": [make_order(lines=lines, returns=[make_return(lines=rows)])]})
    with contextlib.suppress(RetryLater):
        while True:
            make_source(twin).rma("42")

    found, made, waited = read_all(twin, clock, ["42"])

    assert [len(rma.lines) for rma in found] == [130]
    # Seven in one go, and three that were begun too early.
    assert (made, waited) == (10, 59)


def test_a_pacer_that_knows_no_meter_is_told_nothing():
    class Plain:
        def before(self, *, operation, is_write):
            pass

        def after(self, *, operation, status, headers):
            pass

    twin = make_twin()
    twin.load({"orders": [make_order()]})

    assert make_source(twin, Plain()).rma("42").external_id == "42"


# --- what goes wrong ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        ({"message": "x", "extensions": {"code": "INTERNAL_SERVER_ERROR"}}, RetryLater),
        ({"message": "x", "extensions": {"code": "RESOURCE_NOT_FOUND"}}, NotFound),
        ({"message": "x", "extensions": {"code": "undefinedField"}}, UnreadableReply),
        ({"message": "x"}, UnreadableReply),
        ("Not Found", UnreadableReply),
        (7, UnreadableReply),
    ],
)
def test_an_error_on_top_says_what_to_do_next(error, outcome):
    twin = make_twin()
    twin.faults.set([fault(body=json.dumps({"errors": [error]}))])

    with pytest.raises(outcome):
        make_source(twin).rma("42")


# --- notes ---------------------------------------------------------------------------------------


@pytest.fixture
def noted():
    twin = make_twin()
    twin.load({"orders": [make_order(note="Gift wrap")]})
    return twin


def note_of(twin):
    return twin._store.orders["51"]["note"]


def comment(twin, text="Credited by CM-9.", marker="rb-1"):
    make_source(twin).comment(rma_external_id="42", text=text, marker=marker)


def test_a_comment_goes_below_the_orders_note_once(noted):
    comment(noted)
    comment(noted)
    comment(noted, "Booked.", "rb-12")

    assert note_of(noted) == "Gift wrap\nCredited by CM-9. [rb-1]\nBooked. [rb-12]"
    assert [row["kind"] for row in noted.documents()] == ["order_update"] * 2


def test_a_comment_whose_reply_is_lost_is_found_again(noted):
    noted.faults.set([FaultRule(FaultKind.DROP_AFTER, skip=1)])

    with pytest.raises(OutcomeUnknown):
        comment(noted)

    comment(noted)
    assert note_of(noted) == "Gift wrap\nCredited by CM-9. [rb-1]"


@pytest.mark.parametrize(
    "body",
    [
        '{"data": {"orderUpdate": null}}',
        '{"data": {"orderUpdate": {"userErrors": "none"}}}',
        '{"data": null}',
        '{"errors": [{"message": "x", "extensions": {"code": "INTERNAL_SERVER_ERROR"}}]}',
        "[]",
    ],
)
def test_an_answer_to_a_comment_that_is_neither_yes_nor_no_is_unknown(noted, body):
    noted.faults.set([fault(body=body, skip=1)])

    with pytest.raises(OutcomeUnknown):
        comment(noted)


def test_a_refused_comment_says_why_and_changes_nothing(noted):
    noted.set_switches({"scopes": ["read_orders", "read_returns"]})

    with pytest.raises(Misconfigured, match="write_orders"):
        comment(noted)

    noted.set_switches({"scopes": ["write_orders", "write_returns"]})
    noted.faults.set(
        [
            fault(
                body='{"data": {"orderUpdate": {"userErrors":'
                ' [{"field": ["note"], "message": "Note is too long"}]}}}',
                skip=1,
            )
        ]
    )
    with pytest.raises(Rejected, match="Note is too long") as refused:
        comment(noted)
    assert refused.value.field == "note"
    assert note_of(noted) == "Gift wrap"


def test_a_long_note_keeps_room_for_ours(noted):
    noted.advance("51", note="x" * 5_000)

    comment(noted)

    assert len(note_of(noted)) == 5_000
    assert note_of(noted).endswith("x\nCredited by CM-9. [rb-1]")


def test_a_comment_on_what_is_not_there_makes_no_change(noted):
    for number in ("999", "no id"):
        with pytest.raises(NotFound):
            make_source(noted).comment(rma_external_id=number, text="x", marker="rb-1")

    assert noted.documents() == []


def test_a_parcels_status_cannot_be_set(noted):
    source = make_source(noted)

    assert source.capabilities.can_set_shipment_status is False
    with pytest.raises(Misconfigured):
        source.set_shipment_status(rma_external_id="42", shipment_id="7", status="Received")


def test_what_changed_after_the_watermark_alone_is_listed():
    clock = Clock()
    twin = make_twin(clock)
    twin.load({"orders": [make_order()]})
    source = make_source(twin)

    assert walk(source, since=NOON - timedelta(hours=1)) == []
    twin.advance("51", returns=[{"id": "42", "status": "CLOSED"}])
    assert walk(source, since=NOON - timedelta(hours=1)) == ["42"]
