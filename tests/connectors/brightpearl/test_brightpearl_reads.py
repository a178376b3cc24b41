"""Orders, items, periods and payments as Brightpearl tells them, in our words."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from connectors import errors
from connectors.brightpearl import orders, reference
from connectors.brightpearl.orders import Nominals
from connectors.types import DiscountPart, DocumentKind, DocumentRef, DocumentStatus
from tests.connectors.brightpearl.brightpearl_cast import (
    books,
    make_draft,
    make_gateway,
    order,
    refund_draft,
    row,
)

NOMINALS = Nominals(shipping="4040", discount="4009")


def raw_order(rows, **changes):
    return {
        "id": 501,
        "ref": "#1",
        "customer": {"id": 200},
        "placedOn": "2026-02-01T09:30:00.000+00:00",
        "currency": {"code": "GBP"},
        "rows": rows,
        **changes,
    }


def raw_row(number, net, tax, **changes):
    return {
        "id": number,
        "productId": 1001,
        "sku": "DRESS-M",
        "quantity": "1",
        "net": net,
        "tax": tax,
        "taxCode": "T20",
        **changes,
    }


# --- orders ------------------------------------------------------------------------------------


def test_orders_are_read_in_sets_of_two_calls(gateway, twin, pacer):
    found = gateway.find_orders(["#1001", "#1002", "#9999"])

    assert [order.number for order in found] == ["#1001", "#1002"]
    assert pacer.operations == ["read_configuration", "find_orders", "read_orders"]
    assert gateway.find_orders(["#1001"])[0] == found[0]
    assert pacer.operations[3:] == ["find_orders", "read_orders"]


def test_an_order_is_told_with_its_customer_and_invoice(gateway):
    (found,) = gateway.find_orders(["#1001"])

    assert (found.erp_id, found.customer_code, found.customer_name) == (
        "501",
        "200",
        "Cleo Customer",
    )
    assert (found.warehouse, found.invoice_number, found.currency) == ("2", "SI501", "GBP")
    assert found.ordered_at == datetime(2026, 2, 1, 9, 30, tzinfo=UTC)
    assert found.prices_include_tax is False
    (line,) = found.lines
    assert (line.line_id, line.sku, line.quantity) == ("7001", "DRESS-M", 3)
    assert (line.unit_price, line.net, line.tax, line.tax_code) == (
        Decimal("25.00"),
        Decimal("75.00"),
        Decimal("15.00"),
        "T20",
    )


def test_a_bundles_parts_name_the_line_of_their_bundle(gateway):
    (found,) = gateway.find_orders(["#1002"])

    assert [(line.line_id, line.sku, line.parent_line_id) for line in found.lines] == [
        ("7002", "SET", ""),
        ("7003", "DRESS-M", "7002"),
    ]


def test_shipping_is_told_by_its_nominal_code():
    rows = [
        raw_row(1, "25.0000", "5.0000"),
        raw_row(2, "4.0000", "0.8000", productId=None, name="Courier", nominalCode="4040"),
    ]

    found = orders.read(raw_order(rows), NOMINALS).order

    assert (found.shipping_net, found.shipping_tax) == (Decimal("4.00"), Decimal("0.80"))
    assert found.shipping_tax_code == "T20"
    assert [line.line_id for line in found.lines] == ["1"]


@pytest.mark.parametrize(
    ("net", "tax", "nets", "taxes"),
    [
        ("-10.00", "-2.00", ["18.33", "18.34", "18.33"], ["3.67", "3.66", "3.67"]),
        ("-0.01", "0", ["24.99", "20.00", "20.00"], ["5.00", "4.00", "4.00"]),
    ],
)
def test_a_discount_on_the_whole_order_is_spread_to_the_penny(net, tax, nets, taxes):
    weights = ["25.00", "20.00", "20.00"] if net == "-0.01" else ["21.67", "21.67", "21.66"]
    tax_of = ["5.00", "4.00", "4.00"] if net == "-0.01" else ["4.34", "4.33", "4.33"]
    rows = [
        raw_row(at, weight, own)
        for at, (weight, own) in enumerate(zip(weights, tax_of, strict=True), start=1)
    ]
    off = raw_row(9, net, tax, productId=None, name="SUMMER", nominalCode="4009")

    found = orders.read(raw_order([*rows, off]), NOMINALS).order

    assert sum(line.net for line in found.lines) == sum(map(Decimal, weights)) + Decimal(net)
    assert sum(line.tax for line in found.lines) == sum(map(Decimal, tax_of)) + Decimal(tax)
    assert [str(line.net) for line in found.lines] == nets
    assert [str(line.tax) for line in found.lines] == taxes
    assert found.lines[0].discounts[0].scope == "order"


def test_a_rows_own_discount_is_told_without_tax():
    line = raw_row(1, "22.50", "4.50", productPrice="25.00", discountPercentage="10.00")
    inclusive = raw_row(2, "22.50", "4.50", productPrice="30.00", discountPercentage="10.00")

    without = orders.read(raw_order([line], priceModeCode="EXC"), NOMINALS).order
    included = orders.read(raw_order([inclusive], priceModeCode="INC"), NOMINALS).order

    assert without.lines[0].discounts == (DiscountPart("", Decimal("2.50")),)
    assert included.lines[0].discounts == (DiscountPart("", Decimal("2.50")),)
    assert included.prices_include_tax is True


@pytest.mark.parametrize(
    "invoice",
    [
        {"invoice": {"invoiceReference": "SI9"}},
        {"invoice": {"reference": "SI9"}},
        {"invoice": "SI9"},
        {"invoices": [{"invoiceReference": "SI9"}]},
    ],
)
def test_an_invoice_is_read_in_each_shape_it_may_have(invoice):
    assert orders.invoice_reference(invoice) == "SI9"


def test_a_cancelled_order_is_not_told(gateway, twin):
    rows = [row(7100, 1001, 1, "25.00", "5.00")]
    twin.load({"orders": [order(601, "#1001", rows, is_canceled=True)]})

    assert [found.erp_id for found in gateway.find_orders(["#1001"])] == ["501"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"net": None}, "net"),
        ({"net": "12,50"}, "net"),
        ({"quantity": "1.5"}, "quantity"),
        ({"tax": True}, "tax"),
        ({"id": None}, "id"),
    ],
)
def test_a_row_that_cannot_be_read_is_no_row_of_zeros(changes, field):
    with pytest.raises(errors.UnreadableReply) as unreadable:
        orders.read(raw_order([{**raw_row(1, "25.00", "5.00"), **changes}]), NOMINALS)

    assert unreadable.value.field == field


# --- items -------------------------------------------------------------------------------------


def test_items_are_found_by_sku_and_barcode_with_their_status(gateway, pacer):
    found = {item.sku: item for item in gateway.find_items(["5012345678900", "HAT", "SET", "NO"])}

    assert {sku: item.is_active for sku, item in found.items()} == {
        "DRESS-M": True,
        "HAT": False,
        "SET": True,
    }
    assert (found["DRESS-M"].erp_id, found["DRESS-M"].barcode) == ("1001", "5012345678900")
    assert found["SET"].key_parts == {"bundle": "1001x2"}
    # One search a SKU, one more for what looks like a barcode, one read of all.
    assert pacer.operations == ["find_items"] * 5 + ["read_items"]


def test_changed_items_start_a_little_before_the_watermark(gateway, twin, clock):
    first = gateway.changed_items(since="")
    clock.pass_seconds(3_600)
    twin.load({"products": [{**books()["products"][0], "name": "Dress, new"}]})

    later = gateway.changed_items(since=first.watermark)

    assert len(first.rows) == 3
    assert first.watermark == "2026-03-05T10:00:00.000+00:00"
    assert {item.sku for item in later.rows} == {"DRESS-M", "HAT", "SET"}
    assert later.watermark == "2026-03-05T11:00:00.000+00:00"
    clock.pass_seconds(3_600)
    (again,) = gateway.changed_items(since=later.watermark).rows
    assert again.description == "Dress, new"


# --- periods -----------------------------------------------------------------------------------


def test_without_a_lock_no_period_is_closed(gateway):
    assert gateway.closed_periods() == ()


@pytest.mark.parametrize(
    ("until", "newest"),
    [("2026-02-28", "2026-02"), ("2026-02-27", "2026-01"), ("2025-12-31", "2025-12")],
)
def test_a_month_is_closed_once_its_last_day_is_locked(gateway, twin, until, newest):
    twin.load({"period_lock": {"locked_until": until}})

    months = gateway.closed_periods()

    assert (len(months), months[-1]) == (36, newest)
    assert list(months) == sorted(months)


def test_months_reach_over_the_turn_of_the_year():
    assert reference.months_until(datetime(2026, 1, 31, tzinfo=UTC).date())[-3:] == (
        "2025-11",
        "2025-12",
        "2026-01",
    )


# --- refund records ----------------------------------------------------------------------------


def test_a_refund_is_a_payment_out_found_by_its_reference(gateway, twin, credit_of):
    based_on = credit_of()
    draft = refund_draft(based_on=based_on)

    receipt = gateway.create(draft)

    (payment,) = [made for made in twin.documents() if made["kind"] == "customer_payment"]
    assert (payment["paymentType"], payment["paymentMethodCode"]) == ("PAYMENT", "CARD")
    assert (payment["transactionRef"], payment["transactionCode"]) == ("RF-1", "ch_1")
    refs = {"RF-1": DocumentRef(based_on=based_on)}
    (state,) = gateway.find_documents(DocumentKind.REFUND_RECORD, ["RF-1"], refs)
    assert (state.external_id, state.gross, state.currency) == (
        receipt.external_id,
        Decimal("30.00"),
        "GBP",
    )
    assert state.status is DocumentStatus.POSTED
    (by_key,) = gateway.find_documents(DocumentKind.REFUND_RECORD, ["RF-1"])
    assert by_key.external_id == state.external_id


@pytest.mark.parametrize("method", ["", "A" * 37])
def test_a_refund_needs_a_payment_method(gateway, twin, credit_of, method):
    draft = refund_draft(based_on=credit_of())
    line = draft.lines[0]
    spoiled = make_draft(
        DocumentKind.REFUND_RECORD,
        "RF-1",
        [type(line)(line_no=1, component="refund", sku="", item_erp_id="", quantity=1,
                    net=Decimal("30.00"), charge_code=method)],
        based_on=draft.based_on,
    )  # fmt: skip

    with pytest.raises(errors.Rejected) as refused:
        gateway.create(spoiled)

    assert refused.value.field == "payment_method"
    assert [made for made in twin.documents() if made["kind"] == "customer_payment"] == []


# --- documents keyed by hand -------------------------------------------------------------------


def keyed_by_hand(gateway, kind, number):
    """What a look-up tells that knows our key and the number a person gave."""
    found = gateway.find_documents(kind, ["OURS"], {"OURS": DocumentRef(number=number)})
    return [(state.key, state.external_id) for state in found]


def test_what_a_person_keyed_is_found_by_its_number(gateway, twin, clock, credit_of):
    """No key of ours stands on it; what bears a key of somebody's is another document."""
    theirs = credit_of()["return_authorisation"]
    twin.load({"goods_in": [{"credit": theirs}]})
    note = gateway.receipts([theirs])[0].external_id
    payment = gateway.create(refund_draft("POS-7", based_on={"credit_memo": theirs})).external_id
    twin._store.orders[int(theirs)].external_ref = ""

    assert keyed_by_hand(gateway, DocumentKind.RETURN_AUTHORISATION, theirs) == [("OURS", theirs)]
    assert keyed_by_hand(gateway, DocumentKind.CREDIT_MEMO, theirs) == []
    based_on = {"return_authorisation": theirs}
    gateway.create(make_draft(DocumentKind.CREDIT_MEMO, "CM", based_on=based_on))
    clock.pass_seconds(2)
    assert keyed_by_hand(gateway, DocumentKind.CREDIT_MEMO, theirs) == [("OURS", theirs)]
    assert keyed_by_hand(gateway, DocumentKind.STOCK_RECEIPT, note) == [("OURS", note)]
    assert keyed_by_hand(gateway, DocumentKind.REFUND_RECORD, payment) == [("OURS", payment)]


@pytest.mark.parametrize("kind", list(DocumentKind))
@pytest.mark.parametrize("number", ["501", "999999", "INV-7", ""])
def test_a_number_that_is_no_such_document_finds_nothing(gateway, kind, number):
    assert keyed_by_hand(gateway, kind, number) == []


# --- the connection itself ---------------------------------------------------------------------


def test_the_check_names_account_and_currency(gateway):
    check = gateway.check()

    assert check.is_ok
    assert check.details == {
        "account": "sandboxaccount",
        "mode": "sandbox",
        "currency": "GBP",
        "tax_scheme": "VAT",
    }


def test_wrong_credentials_are_a_result_of_the_check(transport, pacer):
    gateway = make_gateway(transport, pacer, secrets={"app_ref": "a", "account_token": "b"})

    assert gateway.check().is_ok is False


@pytest.mark.parametrize(
    ("settings", "secrets", "words"),
    [
        ({"account": ""}, None, "no account code"),
        ({"instance_id": ""}, None, "no instance id"),
        ({"channel_id": "web"}, None, "channel_id .* no whole number"),
        ({}, {"account_token": "t"}, "no app reference"),
        ({}, {"app_ref": "a"}, "neither an account token nor a refresh token"),
        ({}, {"app_ref": "a", "refresh_token": "r"}, "no developer reference"),
        ({}, {"app_ref": "a\nb", "account_token": "t"}, "app_ref .* not plain text"),
    ],
)
def test_a_connection_that_cannot_work_is_refused_when_it_is_built(settings, secrets, words):
    with pytest.raises(errors.Misconfigured, match=words):
        make_gateway(None, None, settings=settings, secrets=secrets)
