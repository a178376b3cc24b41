"""The shop's side: orders to reverse, stock by state, payouts, and what may come back."""

from decimal import Decimal

import pytest

from connectors.errors import Misconfigured, OutcomeUnknown, Rejected
from connectors.sandbox.faults import FaultKind, FaultRule
from connectors.storefront import Eligibility, StockChange, StockTerminal
from connectors.types import DiscountPart, TaxPart, Tender
from tests.connectors.shopify.shopify_cast import (
    MARCH,
    MeteredPacer,
    make_line,
    make_order,
    make_payment,
    make_source,
    make_twin,
)

LEDGER = "gid://returnsbridge/RmaLine/42"


@pytest.fixture
def twin():
    made = make_twin()
    made.load(
        {
            "products": [
                {
                    "id": 1,
                    "title": "Logo Tee",
                    "tags": ["summer", "Final-Sale"],
                    "variants": [
                        {
                            "id": 21,
                            "sku": "TEE-BLK-M",
                            "inventory_item_id": 31,
                            "levels": [
                                {
                                    "location_id": 11,
                                    "quantities": {"available": 5, "quality_control": 2},
                                },
                                {"location_id": 12, "quantities": {"available": 1}},
                            ],
                        },
                        {
                            "id": 22,
                            "sku": "TEE-BLK-MX",
                            "metafields": {"custom.final_sale": "true"},
                        },
                    ],
                },
                {
                    "id": 2,
                    "title": "Scarf",
                    "metafields": {"custom.final_sale": "false"},
                    "variants": [{"id": 23, "sku": "SCARF"}],
                },
                {"id": 3, "title": "Sock", "variants": [{"id": 24, "sku": "SOCK"}]},
            ]
        }
    )
    return made


def quantities(twin, place="11", item="31"):
    states = make_source(twin).stock(["TEE-BLK-M"])
    return next(
        dict(row.quantities) for row in states if row.location_id == place and row.item_id == item
    )


def to_inspect(key="k-1", units=2, **changes):
    """Goods that came, not for sale yet."""
    target = StockTerminal("quality_control", expected=2, ledger_uri=LEDGER)
    values = {
        "key": key,
        "item_id": "31",
        "location_id": "11",
        "quantity": units,
        "target": target,
        "reason": "received",
        "reference_uri": "gid://returnsbridge/Return/42",
    }
    return StockChange(**{**values, **changes})


def to_sell(key="k-2", units=1, expected=4):
    """Goods that passed, from inspection to sale."""
    return to_inspect(
        key,
        units,
        source=StockTerminal("quality_control", expected=expected, ledger_uri=LEDGER),
        target=StockTerminal("available", expected=5),
        reason="restock",
    )


# --- orders --------------------------------------------------------------------------------------


def test_an_order_tells_what_a_credit_reverses():
    twin = make_twin()
    line = make_line(
        discounts=[{"amount": "6.00"}, {"amount": "3.00", "method": "EACH"}],
        taxes=[
            {"title": "VAT", "rate": "0.2", "amount": "10.50"},
            {"title": "Marketplace", "rate": "0.1", "amount": "9.99", "channel_liable": True},
        ],
        duties=[{"amount": "1.50"}],
    )
    shipping = {
        "price": "5.95",
        "discounted": "4.95",
        "taxes": [{"title": "VAT", "rate": "0.2", "amount": "0.83"}],
    }
    paid = [
        make_payment(60, "50.00", kind="SALE"),
        make_payment(61, "17.95", kind="SALE", gateway="gift_card", details=None),
        make_payment(62, "99.00", kind="AUTHORIZATION"),
        make_payment(63, "98.00", kind="SALE", status="FAILURE"),
    ]
    twin.load({"orders": [make_order(lines=[line], shipping=[shipping], payments=paid)]})

    (order,) = make_source(twin).find_orders(["#1051", "#404"])

    assert (order.erp_id, order.number, order.customer_code) == ("51", "#1051", "7")
    assert (order.currency, order.prices_include_tax, order.vat_setting) == (
        "GBP",
        True,
        "prices_include_vat",
    )
    (told,) = order.lines
    assert (told.line_id, told.quantity, told.unit_price) == ("800", 2, Decimal("36.0"))
    assert (told.net, told.tax, told.duty) == (Decimal("52.50"), Decimal("10.5"), Decimal("1.5"))
    assert told.taxes == (TaxPart("VAT 20%", Decimal("10.5")),)
    # Without the tax in them, by the line's own proportion: five sixths.
    assert told.discounts == (
        DiscountPart("1", Decimal("5.0000"), "order"),
        DiscountPart("2", Decimal("2.5000"), "line"),
    )
    assert told.discount == Decimal("7.5")
    assert (order.shipping_net, order.shipping_tax, order.shipping_discount) == (
        Decimal("4.12"),
        Decimal("0.83"),
        Decimal("1.0"),
    )
    assert order.tenders == (
        Tender("card", Decimal("50.0")),
        Tender("gift_card", Decimal("17.95")),
    )


def test_the_same_tax_named_twice_is_summed_and_another_rate_is_not():
    twin = make_twin()
    taxes = [
        {"title": "GST", "rate": "0.05", "amount": "1.00"},
        {"title": "QST", "rate": "0.09975", "amount": "2.00"},
        {"title": "GST", "rate": "0.05", "amount": "0.50"},
    ]
    order = make_order(lines=[make_line(taxes=taxes)], taxes_included=False)
    twin.load({"orders": [order]})

    ((line,),) = (found.lines for found in make_source(twin).find_orders(["#1051"]))

    assert line.taxes == (
        TaxPart("GST 5%", Decimal("1.5")),
        TaxPart("QST 9.975%", Decimal("2.0")),
    )
    assert (line.net, line.tax, line.tax_code) == (Decimal("72.0"), Decimal("3.5"), "")


def test_an_order_of_many_lines_is_read_whole():
    twin, pacer = make_twin(), MeteredPacer()
    twin.load({"orders": [make_order(lines=[make_line(8000 + n) for n in range(130)], returns=[])]})

    (order,) = make_source(twin, pacer).find_orders(["#1051"])

    assert len(order.lines) == 130
    assert pacer.operations == ["orders", "order_lines", "order_lines"]


def test_names_that_cannot_be_searched_for_are_nobodys(twin):
    pacer = MeteredPacer()
    source = make_source(twin, pacer)

    assert source.find_orders(["' OR name:'", "\\"]) == ()
    assert source.stock([""]) == ()
    assert source.eligibility(["'"]) == ()
    assert pacer.operations == []


# --- stock ---------------------------------------------------------------------------------------


def test_stock_is_told_by_item_place_and_state(twin):
    found = make_source(twin).stock(["TEE-BLK-M", "NOBODY"])

    assert [(row.sku, row.item_id, row.location_name) for row in found] == [
        ("TEE-BLK-M", "31", "London"),
        ("TEE-BLK-M", "31", "Leeds"),
    ]
    assert found[0].quantities == {
        "available": 5,
        "on_hand": 7,
        "committed": 0,
        "damaged": 0,
        "incoming": 0,
        "quality_control": 2,
        "reserved": 0,
        "safety_stock": 0,
    }


def test_goods_come_into_inspection_and_then_for_sale(twin):
    source = make_source(twin)

    first = source.change_stock(to_inspect())
    source.change_stock(to_sell())

    assert first.external_id == "1"
    found = quantities(twin)
    assert (found["available"], found["quality_control"], found["on_hand"]) == (6, 3, 9)


def test_the_same_key_takes_effect_once_even_when_the_reply_was_lost(twin):
    source = make_source(twin)
    twin.faults.set([FaultRule(FaultKind.DROP_AFTER)])
    with pytest.raises(OutcomeUnknown):
        source.change_stock(to_inspect())

    again = source.change_stock(to_inspect())

    assert again.external_id == "1"
    assert quantities(twin)["quality_control"] == 4
    assert [row["kind"] for row in twin.documents()] == ["stock_adjust"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        pytest.param(to_inspect(item_id="99"), "unknown_item", id="item"),
        pytest.param(to_inspect(item_id="x"), "unknown_item", id="no item id"),
        pytest.param(to_inspect(location_id="99"), "unknown_warehouse", id="place"),
        pytest.param(to_inspect(location_id=""), "unknown_warehouse", id="no place id"),
        pytest.param(to_sell(expected=9), "quantity", id="another quantity by now"),
        pytest.param(to_inspect(reason="because"), "invalid_reason", id="reason"),
        pytest.param(
            to_inspect(target=StockTerminal("quality_control", None)),
            "invalid_quantity_document",
            id="no ledger",
        ),
        pytest.param(
            to_inspect(target=StockTerminal("available", None, LEDGER)),
            "invalid_available_document",
            id="a ledger for what is for sale",
        ),
        pytest.param(
            to_inspect(target=StockTerminal("on_hand", None, LEDGER)),
            "invalid_quantity_name",
            id="a sum",
        ),
    ],
)
def test_a_refused_change_says_why_and_changes_nothing(twin, change, code):
    before = quantities(twin)

    with pytest.raises(Rejected) as refused:
        make_source(twin).change_stock(change)

    assert refused.value.code == code
    assert quantities(twin) == before
    assert twin.documents() == []


def test_a_key_is_not_good_for_another_change(twin):
    source = make_source(twin)
    source.change_stock(to_inspect())

    with pytest.raises(Rejected) as refused:
        source.change_stock(to_inspect(units=7))

    assert refused.value.code == "duplicate_key"
    assert quantities(twin)["quality_control"] == 4


def test_without_an_expectation_any_quantity_will_do(twin):
    free = StockTerminal("quality_control", expected=None, ledger_uri=LEDGER)

    make_source(twin).change_stock(to_inspect(target=free))

    assert quantities(twin)["quality_control"] == 4


# --- places, eligibility, payouts ----------------------------------------------------------------


def test_places_are_told_by_name_those_not_in_use_too(twin):
    twin.load({"locations": [{"id": 13, "name": "Closed", "active": False}]})

    found = make_source(twin).list_locations()

    assert [(place.code, place.is_active) for place in found] == [
        ("London", True),
        ("Leeds", True),
        ("Closed", False),
    ]


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        pytest.param("", {"TEE-BLK-M": None}, id="no tag is asked for"),
        pytest.param("final-sale", {"TEE-BLK-M": False}, id="tagged"),
    ],
)
def test_eligibility_is_what_the_shops_flag_says(twin, tag, expected):
    source = make_source(twin, final_sale_tag=tag)

    found = source.eligibility(["TEE-BLK-M", "TEE-BLK-MX", "SCARF", "SOCK", "NOBODY"])

    assert {row.sku: row.is_returnable for row in found} == {
        "TEE-BLK-MX": False,
        "SCARF": True,
        "SOCK": None,
        **expected,
    }
    assert found[0] == Eligibility(
        sku="TEE-BLK-M",
        product_id="1",
        is_returnable=expected["TEE-BLK-M"],
        tags=("summer", "Final-Sale"),
    )


def test_a_payout_is_told_with_its_rows(twin):
    row = {"id": 5, "order_id": 51, "transaction_id": 71, "amount": "-72.00", "fee": "0.00"}
    twin.load(
        {
            "orders": [make_order()],
            "payouts": [
                {"id": 3, "issued_at": "2026-02-01T00:00:00", "net": "1.00"},
                {"id": 4, "issued_at": "2026-03-02T00:00:00", "net": "-72.00", "rows": [row]},
            ],
        }
    )
    source = make_source(twin)

    (payout,) = source.payouts(since=MARCH).rows
    (told,) = source.payout_rows(payout.external_id).rows

    assert (payout.external_id, payout.status, payout.net.amount) == ("4", "PAID", Decimal("-72.0"))
    assert (told.kind, told.order_name, told.transaction_id) == ("REFUND", "#1051", "71")
    assert (told.amount.amount, told.net.amount, told.payout_id) == (
        Decimal("-72.0"),
        Decimal("-72.0"),
        "4",
    )
    assert source.payout_rows("no payout").rows == ()


def test_a_shop_without_shopify_payments_has_no_payouts(twin):
    twin.set_switches({"has_payments": False})

    with pytest.raises(Misconfigured, match="no Shopify Payments"):
        make_source(twin).payouts(since=MARCH)
