"""Orders, items and places read from SuiteQL, whichever way round the account answers."""

from decimal import Decimal

import pytest

from connectors import errors
from connectors.http import Reply
from connectors.netsuite import options, orders
from connectors.types import DiscountPart
from tests.connectors.netsuite.netsuite_cast import (
    DRESS,
    make_gateway,
    make_twin,
    order,
    order_line,
)


@pytest.mark.parametrize("signs", ["turned", "plain"])
def test_an_order_is_told_with_its_kit_and_amounts_as_people_read_them(clock, signs):
    gateway = make_gateway(make_twin(clock, sales_signs=signs))

    (found,) = gateway.find_orders(["#1001"])

    assert (found.erp_id, found.customer_code, found.division) == ("9001", "501", "2")
    assert (found.warehouse, found.currency) == ("11", "GBP")
    assert [(row.line_id, row.sku, row.quantity, row.net, row.tax) for row in found.lines] == [
        ("1", "DRESS", 4, Decimal(100), Decimal(20)),
        ("2", "SET", 2, Decimal(50), Decimal(10)),
        ("2.3", "TOP", 4, Decimal(0), Decimal(0)),
    ]
    assert [row.parent_line_id for row in found.lines] == ["", "", "2"]


@pytest.mark.parametrize(("suitetax", "engine"), [(False, "legacy"), (True, "suitetax")])
def test_discounts_go_to_the_line_before_and_shipping_stands_apart(clock, suitetax, engine):
    twin = make_twin(clock, suitetax=suitetax)
    lines = [
        order_line("5", "DRESS", 2, discount="6.00", net="44.00", tax="8.80"),
        order_line("6", "TOP", 1),
    ]
    shipping = {"shipping_net": "4.00", "shipping_tax": "0.80", "shipping_tax_code": "7"}
    twin.load({"orders": [order(lines=lines, **shipping)]})

    (found,) = make_gateway(twin, settings={"tax_engine": engine}).find_orders(["#1001"])

    first, second = found.lines
    assert (first.net, first.discount, first.tax) == (Decimal(44), Decimal(6), Decimal("8.8"))
    assert first.discounts == (DiscountPart("Discount", Decimal(6)),)
    assert (second.net, second.tax_code) == (Decimal(25), "7")
    shipping_read = (found.shipping_net, found.shipping_tax, found.shipping_tax_code)
    assert shipping_read == (Decimal(4), Decimal("0.8"), "7")


def test_a_tax_that_is_not_where_the_settings_say_is_not_taken_for_none(clock):
    twin = make_twin(clock, suitetax=True)

    with pytest.raises(errors.UnreadableReply, match=r"tax is 30, and 0 was found") as unreadable:
        make_gateway(twin, settings={"tax_engine": "legacy"}).find_orders(["#1001"])

    assert unreadable.value.field == "tax"


def test_several_taxes_of_a_line_come_apart_under_suitetax(clock):
    twin = make_twin(clock, suitetax=True)
    taxes = [{"code": "7", "amount": "3.00"}, {"code": "8", "amount": "2.00"}]
    twin.load({"orders": [order(lines=[order_line("1", "DRESS", 1, taxes=taxes)])]})

    (found,) = make_gateway(twin, settings={"tax_engine": "suitetax"}).find_orders(["#1001"])

    (row,) = found.lines
    assert (row.tax, row.tax_code) == (Decimal(5), "")
    assert [(part.code, part.amount) for part in row.taxes] == [("7", 3), ("8", 2)]


def test_a_discount_on_the_whole_order_is_shared_out_to_the_penny():
    rows = [
        {"mainline": "T", "otherrefnum": "#1", "trandate": "2026-02-01", "currency": "GBP"},
        *(
            {"line": number, "itemtype": "InvtPart", "item": "1", "quantity": "-1"}
            | {"foreignamount": "-10"}
            for number in ("1", "2", "3")
        ),
        {"line": "4", "itemtype": "Discount", "sku": "TEN", "foreignamount": "10"}
        | {"transactiondiscount": "T"},
    ]
    reply = Reply(200, {}, "", evidence=None)
    answers = [({"id": "9", **row}, reply) for row in rows]

    (found,) = orders.read(answers, ["#1"], options.read({}, ""))

    assert [row.discount for row in found.lines] == [
        Decimal("3.33"),
        Decimal("3.34"),
        Decimal("3.33"),
    ]
    assert {part.scope for row in found.lines for part in row.discounts} == {"order"}


@pytest.mark.parametrize("place", ["otherrefnum", "externalid", "tranid"])
def test_an_order_is_found_wherever_the_shops_number_stands(clock, place):
    twin = make_twin(clock)
    twin.load({"orders": [order(id="9005", number="SHOP-5", reference_field=place)]})

    (found,) = make_gateway(twin).find_orders(["SHOP-5", "SHOP-6"])

    assert (found.erp_id, found.number) == ("9005", "SHOP-5")


def test_the_most_trusted_place_of_a_number_wins(clock):
    twin = make_twin(clock)
    twin.load({"orders": [order(id="9005", number="77", reference_field="tranid")]})
    twin.load({"orders": [order(id="9006", number="77")]})

    found = make_gateway(twin).find_orders(["77"])
    other = make_gateway(twin, settings={"order_fields": "tranid"}).find_orders(["77"])

    assert [each.erp_id for each in (*found, *other)] == ["9006", "9005"]


def test_a_quote_in_a_number_ends_no_text(gateway):
    assert gateway.find_orders(["x') OR ('1'='1"]) == ()
    assert gateway.find_items(["O'BRIEN"]) == ()


def test_items_are_found_by_sku_and_by_barcode(gateway, pacer):
    found = gateway.find_items(["5012345678900", "HAT", "GHOST"])

    assert {(item.erp_id, item.sku, item.is_active) for item in found} == {
        (DRESS, "DRESS", True),
        ("7002", "HAT", False),
    }
    assert found[0].unit_cost == Decimal("9.5")
    assert pacer.operations == ["fetch_token", "find_items"]


def test_an_item_saved_while_pages_are_read_comes_with_the_next_reading(gateway, twin, clock):
    twin.set_switches({"page_cap": 2})
    first = gateway.changed_items(since="")
    clock.pass_seconds(60)
    # Passed already in this reading.
    twin.load({"items": [{"sku": "DRESS", "id": DRESS, "upc": "1"}]})
    clock.pass_seconds(60)
    twin.load({"items": [{"sku": "NEW", "id": "7200"}]})
    page = first
    while page.next_cursor:
        page = gateway.changed_items(since="", cursor=page.next_cursor)

    again = gateway.changed_items(since=page.watermark)

    assert page.watermark == "2026-03-05 10:02:00"
    assert DRESS in {item.erp_id for item in again.rows}


def test_a_location_names_its_subsidiary_as_division(gateway):
    assert [(each.code, each.division) for each in gateway.list_locations()] == [
        ("11", "2"),
        ("12", "2"),
        ("13", "2"),
        ("31", "3"),
    ]


def test_a_list_cut_short_is_not_taken_for_the_whole(gateway, twin):
    twin.set_switches({"page_cap": 2})

    with pytest.raises(errors.UnreadableReply, match="cut short"):
        gateway.find_orders(["#1001"])
