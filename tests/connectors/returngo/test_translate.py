from datetime import UTC, datetime
from decimal import Decimal

import pytest

from connectors.errors import UnreadableReply
from connectors.returngo import translate
from connectors.types import (
    Fee,
    FeeKind,
    Inspection,
    Money,
    RmaPage,
    RmaRow,
    SourceEvent,
    SourceExchange,
    SourceLine,
    SourceRefund,
    SourceShipment,
)


def gbp(amount):
    return Money(Decimal(amount), "GBP")


def test_a_whole_return_is_read_without_drift(make_reply):
    rma = translate.rma(make_reply())

    assert (rma.external_id, rma.status) == ("6100042", "Received")
    assert (rma.order_id, rma.order_name, rma.currency) == ("51000000042", "LUMA-2207", "GBP")
    assert rma.created_at == datetime(2026, 3, 2, 8, 5, tzinfo=UTC)
    assert rma.updated_at == datetime(2026, 3, 6, 12, 5, tzinfo=UTC)
    assert (rma.customer_name, rma.customer_email) == ("Ida Berg", "ida@customer.example")
    assert rma.cancellation_fee is None
    assert rma.is_out_of_policy is False
    assert rma.drift == ()
    assert rma.lines == (
        SourceLine(
            unit_ids=("9900421",),
            order_line_id="8800421",
            sku="TEE-BLK-M",
            barcode="5012345678900",
            name="Logo Tee - Black / M",
            quantity=1,
            unit_price=gbp("36.00"),
            unit_tax=gbp("6.00"),
            is_tax_included=True,
            reason="Does not fit",
            reason_detail="Does not fit > Too small",
            resolution="RefundToPaymentMethod",
            return_method="Ship with any carrier",
            inspection=Inspection.NOT_INSPECTED,
            is_restockable=None,
            disposition="",
            disposition_at=None,
            location="",
            shipment_id="7300042",
            fees=(Fee(FeeKind.RETURN, gbp("2.95")),),
        ),
    )
    assert rma.shipments == (
        SourceShipment(
            external_id="7300042",
            status="Received",
            carrier="Evri",
            tracking_number="H00T0042",
            tracking_url="https://track.example/H00T0042",
            is_outbound=False,
        ),
    )
    assert rma.exchanges == (
        SourceExchange(draft_order_id="D-71", order_id="", order_name="", kind="Fee"),
    )
    assert rma.events == (
        SourceEvent(
            name="RMA_CREATED",
            at=datetime(2026, 3, 2, 8, 5, tzinfo=UTC),
            via="Return Portal",
            location="online",
            user="",
        ),
        SourceEvent(
            name="RMA_APPROVED",
            at=datetime(2026, 3, 2, 10, 40, tzinfo=UTC),
            via="Dashboard",
            location="online",
            user="Cleo Hart",
        ),
    )


def test_a_transaction_becomes_a_refund_and_its_bank_account_is_never_read(make_reply):
    rma = translate.rma(make_reply())

    assert rma.refunds == (
        SourceRefund(
            external_id="440042",
            rma_external_id="6100042",
            kind="RefundToPaymentMethod",
            status="Success",
            money=gbp("33.05"),
            processor="Shopify",
            reference="re_42",
            unit_ids=("9900421",),
            created_at=datetime(2026, 3, 6, 12, 0, tzinfo=UTC),
            updated_at=datetime(2026, 3, 6, 12, 5, tzinfo=UTC),
        ),
    )
    assert "GB00TEST" not in repr(rma)


def test_two_units_that_share_every_fact_are_one_line_of_two(make_reply, make_unit):
    rma = translate.rma(make_reply(items=[make_unit("1"), make_unit("2")]))

    [line] = rma.lines
    assert (line.quantity, line.unit_ids) == (2, ("1", "2"))
    assert line.unit_price == gbp("36.00")
    assert line.fees == (Fee(FeeKind.RETURN, gbp("5.90")),)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"shopLineItemId": "8800999"}, id="order-line"),
        pytest.param({"sku": "TEE-BLK-L"}, id="sku"),
        pytest.param({"paidPrice": {"amount": 30, "currency": "GBP"}}, id="price"),
        pytest.param({"paidTax": {"amount": 5, "currency": "GBP"}}, id="tax"),
        pytest.param({"taxIncluded": False}, id="tax-included"),
        pytest.param({"returnReason": "Faulty"}, id="reason"),
        pytest.param({"extendedReason": "Faulty > Seam"}, id="reason-detail"),
        pytest.param({"resolutionType": "RefundToGiftCard"}, id="resolution"),
        pytest.param({"returnMethod": {"type": "No shipment required"}}, id="method"),
        pytest.param({"shipmentId": "7300999"}, id="shipment"),
        pytest.param({"returnFee": 0}, id="fee"),
    ],
)
def test_units_that_differ_in_one_fact_stay_apart_in_order_of_appearance(
    make_reply, make_unit, change
):
    items = [make_unit("1"), make_unit("2", **change), make_unit("3")]

    rma = translate.rma(make_reply(items=items))

    assert [line.unit_ids for line in rma.lines] == [("1", "3"), ("2",)]


def test_half_inspected_units_split_into_inspected_and_not(make_reply, make_unit, make_validation):
    items = [
        make_unit("1", itemValidationStatusResponse=make_validation()),
        make_unit("2"),
        make_unit(
            "3",
            itemValidationStatusResponse=make_validation(
                lastValidationDate="2026-03-05T11:00:00+00:00"
            ),
        ),
    ]

    inspected, waiting = translate.rma(make_reply(items=items)).lines

    assert inspected.unit_ids == ("1", "3")
    assert inspected.inspection is Inspection.PASSED
    assert inspected.disposition_at == datetime(2026, 3, 5, 11, 0, tzinfo=UTC)
    assert waiting.unit_ids == ("2",)
    assert waiting.inspection is Inspection.NOT_INSPECTED
    assert waiting.disposition_at is None


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({}, (Inspection.PASSED, True, "restockable", "LDN-1"), id="fit-for-sale"),
        pytest.param(
            {"isRestockable": False, "nonRestockableReason": "Stained"},
            (Inspection.FAILED, False, "not_restockable/Stained", "LDN-1"),
            id="damaged-with-reason",
        ),
        pytest.param(
            {"isRestockable": False},
            (Inspection.FAILED, False, "not_restockable", "LDN-1"),
            id="damaged-without-reason",
        ),
        pytest.param(
            {"isReturned": False, "isRestockable": False, "nonReturnedReason": "Empty box"},
            (Inspection.NOT_RETURNED, None, "not_returned/Empty box", "LDN-1"),
            id="no-show",
        ),
        pytest.param(
            {"isReturned": False, "isRestockable": False, "storeLocationId": None},
            (Inspection.NOT_RETURNED, None, "not_returned", ""),
            id="no-show-nowhere",
        ),
        pytest.param(
            {"isReturned": False, "isRestockable": False, "lastValidationDate": None},
            (Inspection.NOT_INSPECTED, None, "", "LDN-1"),
            id="default-block-is-no-no-show",
        ),
        pytest.param(
            {"lastValidationDate": None},
            (Inspection.NOT_INSPECTED, None, "", "LDN-1"),
            id="flags-without-a-date",
        ),
        pytest.param(
            {"lastValidationDate": "yesterday"},
            (Inspection.PASSED, True, "restockable", "LDN-1"),
            id="unreadable-date-is-still-an-inspection",
        ),
    ],
)
def test_the_validation_date_alone_tells_inspected_from_not(
    make_reply, make_unit, make_validation, changes, expected
):
    unit = make_unit(itemValidationStatusResponse=make_validation(**changes))

    [line] = translate.rma(make_reply(items=[unit])).lines

    assert (line.inspection, line.is_restockable, line.disposition, line.location) == expected


def test_the_shop_currency_is_preferred_and_fees_follow_it(make_reply, make_unit):
    unit = make_unit(
        paidPrice={"amount": 40, "currency": "EUR", "shopAmount": 34, "shopCurrency": "GBP"},
        paidTax={"amount": 7, "currency": "EUR", "shopAmount": 5, "shopCurrency": "GBP"},
        restockingFee=1,
        returnFee=2,
        shipmentFee=3,
    )

    rma = translate.rma(make_reply(items=[unit], cancellationFee=4))

    assert rma.currency == "GBP"
    assert rma.lines[0].unit_price == gbp("34")
    assert rma.lines[0].unit_tax == gbp("5")
    assert rma.lines[0].fees == (
        Fee(FeeKind.RESTOCKING, gbp("1")),
        Fee(FeeKind.RETURN, gbp("2")),
        Fee(FeeKind.SHIPPING, gbp("3")),
    )
    assert rma.cancellation_fee == gbp("4")


def test_half_a_shop_pair_falls_back_to_the_customers_pair(make_reply, make_unit):
    price = {"amount": 40, "currency": "EUR", "shopAmount": None, "shopCurrency": "GBP"}
    tax = {"amount": 7, "currency": "eur"}

    rma = translate.rma(
        make_reply(items=[make_unit(paidPrice=price, paidTax=tax)], transactions=[])
    )

    assert rma.currency == "EUR"
    assert rma.lines[0].unit_price == Money(Decimal(40), "EUR")
    assert rma.lines[0].unit_tax == Money(Decimal(7), "EUR")


def test_a_currency_without_minor_unit_keeps_its_whole_amounts(make_reply, make_unit):
    unit = make_unit(
        paidPrice={"amount": 4800, "currency": "JPY"},
        paidTax={"amount": 436, "currency": "JPY"},
        returnFee=500,
    )

    rma = translate.rma(make_reply(items=[unit, {**unit, "returnedItemId": "2"}], transactions=[]))

    [line] = rma.lines
    assert line.unit_price == Money(Decimal(4800), "JPY")
    assert line.fees == (Fee(FeeKind.RETURN, Money(Decimal(1000), "JPY")),)


def test_type_drift_is_read_through_and_reported_once_for_many_units(make_reply, make_unit):
    items = [make_unit(number, taxIncluded=1, barcode=None) for number in (11, 12, 13)]
    for item in items:
        del item["barcode"]
    reply = make_reply(items=items, isOutOfPolicy=0)
    reply["transactions"][0]["id"] = 440042
    reply["transactions"][0]["returnItemIds"] = [11, Decimal("12.0")]

    rma = translate.rma(reply)

    assert rma.lines[0].unit_ids == ("11", "12", "13")
    assert rma.lines[0].is_tax_included is True
    assert rma.lines[0].barcode == ""
    assert rma.refunds[0].external_id == "440042"
    assert rma.refunds[0].unit_ids == ("11", "12")
    assert rma.is_out_of_policy is False
    assert sorted(rma.drift) == [
        "isOutOfPolicy: number for boolean",
        "items[].barcode: missing",
        "items[].returnedItemId: number for text",
        "items[].taxIncluded: number for boolean",
        "transactions[].id: number for text",
        "transactions[].returnItemIds[]: number for text",
    ]


def test_unknown_enum_values_are_kept_as_they_came(make_reply, make_unit):
    reply = make_reply(items=[make_unit(resolutionType="TeleportRefund")])
    reply["rmaSummary"]["status"] = "Pondering"
    reply["transactions"][0]["status"] = "Maybe"

    rma = translate.rma(reply)

    assert rma.status == "Pondering"
    assert rma.lines[0].resolution == "TeleportRefund"
    assert rma.refunds[0].status == "Maybe"
    assert rma.drift == ()


def test_a_naive_time_is_read_as_utc_and_an_offset_is_converted(make_reply):
    rma = translate.rma(
        make_reply(createdAt="2026-03-02T08:05:00", lastUpdated="2026-03-02T10:05:00+02:00")
    )

    assert rma.created_at == rma.updated_at == datetime(2026, 3, 2, 8, 5, tzinfo=UTC)
    assert rma.updated_at.tzinfo is UTC
    assert rma.drift == ("createdAt: time without offset, read as UTC",)


def test_currencies_that_disagree_are_reported_and_the_first_one_leads(make_reply, make_unit):
    items = [make_unit("1"), make_unit("2", paidPrice={"amount": 1, "currency": "EUR"})]

    rma = translate.rma(make_reply(items=items))

    assert rma.currency == "GBP"
    assert "currency: more than one" in rma.drift


def test_the_customer_is_the_sender_of_the_parcel_that_comes_back(make_reply):
    reply = make_reply()
    outbound = {
        **reply["shipments"][0],
        "shipmentId": "1",
        "isOutbound": True,
        "customerAddress": {"name": "Someone Else", "email": "else@customer.example"},
    }
    reply["shipments"].insert(0, outbound)

    rma = translate.rma(reply)

    assert (rma.customer_name, rma.customer_email) == ("Ida Berg", "ida@customer.example")


def test_a_unit_listed_twice_alike_counts_once(make_reply, make_unit):
    rma = translate.rma(make_reply(items=[make_unit("1"), make_unit("1")]))

    assert [line.unit_ids for line in rma.lines] == [("1",)]
    assert rma.drift == ("items[].returnedItemId: given twice",)


def _without(holder, key):
    del holder[key]


@pytest.mark.parametrize(
    ("spoil", "field"),
    [
        pytest.param(lambda r: _without(r, "rmaSummary"), "rmaSummary.rmaId", id="no-summary"),
        pytest.param(lambda r: _without(r["rmaSummary"], "status"), "rmaSummary.status", id="st"),
        pytest.param(lambda r: _without(r, "lastUpdated"), "lastUpdated", id="no-version"),
        pytest.param(lambda r: r.update(createdAt="soon"), "createdAt", id="no-birth"),
        pytest.param(lambda r: _without(r, "items"), "items", id="no-items"),
        pytest.param(lambda r: r.update(items={}), "items", id="items-not-a-list"),
        pytest.param(lambda r: r.update(items=[7]), "items[]", id="unit-not-an-object"),
        pytest.param(
            lambda r: _without(r["items"][0], "returnedItemId"),
            "items[].returnedItemId",
            id="no-unit-id",
        ),
        pytest.param(
            lambda r: r["items"][0].update(paidPrice={"amount": "cheap", "currency": "GBP"}),
            "items[].paidPrice.amount",
            id="price-no-number",
        ),
        pytest.param(
            lambda r: r["items"][0].update(paidPrice={"amount": 36}),
            "items[].paidPrice.currency",
            id="price-no-currency",
        ),
        pytest.param(
            lambda r: r["items"][0].update(paidPrice={"amount": 36.1, "currency": "GBP"}),
            "items[].paidPrice.amount",
            id="price-a-float",
        ),
        pytest.param(
            lambda r: r["items"][0].update(returnFee=True), "items[].returnFee", id="fee-no-number"
        ),
        pytest.param(
            lambda r: r["items"][0].update(returnFee=Decimal("1E+60")),
            "items[].returnFee",
            id="fee-absurd",
        ),
        pytest.param(
            lambda r: _without(r["items"][0], "taxIncluded"),
            "items[].taxIncluded",
            id="tax-in-or-out",
        ),
        pytest.param(
            lambda r: r["items"][0]["itemValidationStatusResponse"].update(
                lastValidationDate="2026-03-05T09:30:00+00:00", isReturned=None
            ),
            "items[].itemValidationStatusResponse.isReturned",
            id="inspected-but-no-verdict",
        ),
        pytest.param(
            lambda r: _without(r["transactions"][0], "amount"),
            "transactions[].amount",
            id="refund-without-money",
        ),
        pytest.param(
            lambda r: r["items"].append({**r["items"][0], "sku": "OTHER"}),
            "items[].returnedItemId",
            id="one-unit-told-two-ways",
        ),
    ],
)
def test_what_cannot_be_known_is_refused_by_the_name_of_its_field(make_reply, spoil, field):
    reply = make_reply()
    spoil(reply)

    with pytest.raises(UnreadableReply) as refusal:
        translate.rma(reply)

    assert refusal.value.field == field


@pytest.mark.parametrize("reply", [None, [], "x", 3])
def test_a_reply_that_is_no_object_is_unreadable(reply):
    with pytest.raises(UnreadableReply):
        translate.rma(reply)


def test_a_page_of_the_list_keeps_order_and_cursor():
    page = translate.rma_page(
        {
            "rmas": [
                {"rmaId": 9, "status": "Done", "order_name": "LUMA-9", "events": []},
                {"rmaId": "8", "status": "Pending", "order_name": "LUMA-8"},
            ],
            "next_cursor": "abc",
        }
    )

    assert page == RmaPage(
        rows=(RmaRow("9", "Done", "LUMA-9"), RmaRow("8", "Pending", "LUMA-8")), next_cursor="abc"
    )


@pytest.mark.parametrize("ending", [{}, {"next_cursor": None}, {"next_cursor": ""}])
def test_an_absent_or_empty_cursor_ends_the_list(ending):
    assert translate.rma_page({"rmas": [], **ending}) == RmaPage(rows=(), next_cursor="")


def test_a_transactions_page_does_not_name_the_return(make_reply):
    rows = make_reply()["transactions"]

    page = translate.refund_page({"transactions": rows, "next_cursor": "n"})

    assert page.next_cursor == "n"
    assert [(row.external_id, row.rma_external_id) for row in page.rows] == [("440042", "")]
    assert page.rows[0].unit_ids == ("9900421",)
    assert page.rows[0].money == gbp("33.05")
