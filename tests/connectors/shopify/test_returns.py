"""A return as Shopify tells it, in our words."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from connectors.types import Fee, FeeKind, Inspection, Money, SourceExchange
from tests.connectors.shopify.shopify_cast import (
    make_line,
    make_order,
    make_return,
    read_rma,
)

AT = "2026-03-03T08:00:00"


def disposed(number, kind, quantity=1, at=AT, **changes):
    return {
        "id": str(number),
        "line_id": "942",
        "type": kind,
        "quantity": quantity,
        "location": 11,
        "at": at,
        **changes,
    }


def with_dispositions(*rows):
    return make_order(returns=[make_return(dispositions=list(rows))])


def verdicts(rma):
    return [
        (line.unit_ids, line.inspection, line.disposition, line.is_restockable, line.location)
        for line in rma.lines
    ]


def test_a_return_is_told_by_its_number_with_order_customer_and_line():
    rma = read_rma(make_order())

    assert (rma.external_id, rma.status, rma.order_id, rma.order_name) == (
        "42",
        "OPEN",
        "51",
        "#1051",
    )
    assert (rma.customer_name, rma.customer_email) == ("Ida Berg", "ida@customer.example")
    assert rma.created_at == datetime(2026, 3, 2, 9, tzinfo=UTC)
    # A return has no time of change: its order's stands in.
    assert rma.updated_at == datetime(2026, 3, 4, 10, tzinfo=UTC)
    assert rma.drift == ()
    (line,) = rma.lines
    assert line.unit_ids == ("942-1", "942-2")
    assert (line.order_line_id, line.sku, line.barcode) == ("800", "TEE-BLK-M", "5012345678900")
    assert (line.unit_price, line.unit_tax) == (
        Money(Decimal("36"), "GBP"),
        Money(Decimal("6"), "GBP"),
    )
    assert line.is_tax_included
    assert (line.reason, line.resolution, line.inspection) == (
        "too-small",
        "",
        Inspection.NOT_INSPECTED,
    )


def test_a_units_price_is_its_share_of_the_line_after_every_discount():
    line = make_line(
        quantity=3,
        price="10.00",
        discounts=[{"amount": "3.33"}, {"amount": "1.00", "method": "EACH"}],
        taxes=[{"amount": "2.00"}, {"title": "Local", "amount": "0.33"}],
    )

    (told,) = read_rma(make_order(lines=[line])).lines

    assert (told.unit_price.amount, told.unit_tax.amount) == (
        Decimal("8.5567"),
        Decimal("0.7767"),
    )


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        pytest.param(
            [disposed(1, "RESTOCKED", 2)],
            [(("942-1", "942-2"), Inspection.PASSED, "RESTOCKED", True, "London")],
            id="all restocked",
        ),
        pytest.param(
            [disposed(1, "NOT_RESTOCKED"), disposed(2, "MISSING", location=None)],
            [
                (("942-1",), Inspection.FAILED, "NOT_RESTOCKED", False, "London"),
                (("942-2",), Inspection.NOT_RETURNED, "MISSING", None, ""),
            ],
            id="one each",
        ),
        pytest.param(
            [disposed(1, "RESTOCKED")],
            [
                (("942-1",), Inspection.PASSED, "RESTOCKED", True, "London"),
                (("942-2",), Inspection.NOT_INSPECTED, "", None, ""),
            ],
            id="one of two",
        ),
        pytest.param(
            [disposed(1, "PROCESSING_REQUIRED", 2)],
            [(("942-1", "942-2"), Inspection.NOT_INSPECTED, "", None, "London")],
            id="more work is no verdict",
        ),
        pytest.param(
            [disposed(1, "PROCESSING_REQUIRED", 2), disposed(2, "RESTOCKED", 2)],
            [(("942-1", "942-2"), Inspection.PASSED, "RESTOCKED", True, "London")],
            id="a verdict after the work counts once",
        ),
        pytest.param(
            [disposed(2, "NOT_RESTOCKED", at="2026-03-04T08:00:00"), disposed(1, "RESTOCKED")],
            [
                (("942-1",), Inspection.PASSED, "RESTOCKED", True, "London"),
                (("942-2",), Inspection.FAILED, "NOT_RESTOCKED", False, "London"),
            ],
            id="the first decided come first",
        ),
        pytest.param(
            [disposed(1, "COMPOSTED", 2)],
            [(("942-1", "942-2"), Inspection.FAILED, "COMPOSTED", False, "London")],
            id="a word nobody knows is kept",
        ),
    ],
)
def test_dispositions_divide_a_lines_units(rows, expected):
    assert verdicts(read_rma(with_dispositions(*rows))) == expected


def test_more_verdicts_than_units_are_told_as_drift_and_invent_no_unit():
    rma = read_rma(with_dispositions(disposed(1, "RESTOCKED", 2), disposed(2, "RESTOCKED")))

    assert [line.quantity for line in rma.lines] == [2]
    assert rma.drift == ("dispositions: more units than were returned",)


def test_two_returned_lines_of_one_order_line_share_its_dispositions():
    lines = [
        {"id": "901", "line_id": "800", "quantity": 1, "reason": "too-small"},
        {"id": "902", "line_id": "800", "quantity": 1, "reason": "color"},
    ]
    decided = [disposed(1, "RESTOCKED", line_id="901"), disposed(2, "MISSING", line_id="902")]
    order = make_order(returns=[make_return(lines=lines, dispositions=decided)])

    found = [(line.unit_ids, line.reason, line.disposition) for line in read_rma(order).lines]

    assert found == [(("901-1",), "too-small", "RESTOCKED"), (("902-1",), "color", "MISSING")]


def test_fees_are_totals_and_are_told_once_however_the_line_divides():
    row = make_return(
        line={"restocking_fee": "3.60"},
        shipping_fees=["2.95"],
        dispositions=[disposed(1, "RESTOCKED")],
    )

    first, second = read_rma(make_order(returns=[row])).lines

    assert first.fees == (
        Fee(FeeKind.RESTOCKING, Money(Decimal("3.60"), "GBP")),
        Fee(FeeKind.RETURN, Money(Decimal("2.95"), "GBP")),
    )
    assert second.fees == ()


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        pytest.param({"deliveries": [{"id": "7"}]}, "Pending", id="label only"),
        pytest.param({"deliveries": [{"id": "7", "number": "H00A1"}]}, "Shipped", id="tracked"),
        pytest.param(
            {"deliveries": [{"id": "7", "number": "H00A1"}], "line": {"processed": 1}},
            "Received",
            id="processed",
        ),
        pytest.param(
            {"dispositions": [disposed(1, "PROCESSING_REQUIRED")]}, "Received", id="no parcel"
        ),
    ],
)
def test_a_parcel_has_come_once_goods_were_processed_or_judged(changes, status):
    (parcel,) = read_rma(make_order(returns=[make_return(**changes)])).shipments

    assert (parcel.status, parcel.is_outbound) == (status, False)


def test_goods_that_never_came_bring_no_parcel():
    assert read_rma(with_dispositions(disposed(1, "MISSING", 2))).shipments == ()


def test_an_exchange_is_released_once_it_was_processed():
    waiting = {"id": "5", "quantity": 1, "variant_id": 8}
    row = make_return(exchange_lines=[waiting, {**waiting, "id": "6", "processed": 1}])

    rma = read_rma(make_order(returns=[row]))

    assert rma.exchanges == (
        SourceExchange(draft_order_id="5", order_id="", order_name="", kind="exchange"),
        SourceExchange(draft_order_id="6", order_id="51", order_name="#1051", kind="exchange"),
    )
    assert [line.resolution for line in rma.lines] == ["exchange"]


def test_which_units_a_smaller_exchange_is_for_is_not_told():
    row = make_return(exchange_lines=[{"id": "5", "quantity": 1}])

    rma = read_rma(make_order(returns=[row]))

    assert [line.resolution for line in rma.lines] == [""]
    assert rma.drift == ("exchangeLineItems: which units they stand for is not told",)


def test_a_line_without_an_order_line_has_only_its_price():
    row = make_return(lines=[{"id": "942", "quantity": 1, "unit_price": "9.90", "reason": "other"}])

    (line,) = read_rma(make_order(returns=[row])).lines

    assert (line.order_line_id, line.sku, line.unit_price, line.unit_tax) == (
        "",
        "",
        Money(Decimal("9.9"), "GBP"),
        None,
    )


def test_the_timeline_tells_what_happened_when_and_where():
    row = make_return(
        approved_at="2026-03-02T10:00:00",
        status="CLOSED",
        closed_at="2026-03-04T10:00:00",
        dispositions=[disposed(1, "PROCESSING_REQUIRED", 2)],
    )

    events = read_rma(make_order(returns=[row])).events

    assert [(event.name, event.location) for event in events] == [
        ("Return made", ""),
        ("Request approved", ""),
        ("Return closed", ""),
        ("Received, needs more work: 2", "London"),
    ]


def test_a_return_that_is_only_asked_for_has_nothing_on_its_way():
    rma = read_rma(make_order(returns=[make_return(status="REQUESTED")]))

    assert (rma.status, rma.shipments) == ("REQUESTED", ())
    assert [line.inspection for line in rma.lines] == [Inspection.NOT_INSPECTED]
