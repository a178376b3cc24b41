"""Orders of several taxes, bundles and tenders, from both systems to the credit and back."""

from decimal import Decimal

import pytest

from connectors.types import Money, SourceRefund
from exceptions_app.models import Case, CreditTaking, Posting, Refund, SalesOrder
from exceptions_app.services import rmas
from tests.world import add_mapping, make_order_line, make_unit, make_world
from tests.world import make_refund as make_transaction

pytestmark = pytest.mark.django_db

TWO_TAXES = {
    "net": "33.34",
    "tax": "6.66",
    "tax_code": "",
    "taxes": [{"code": "GST", "amount": "2.22"}, {"code": "PST", "amount": "4.44"}],
    "discount": "3.00",
    "discounts": [
        {"code": "SPRING", "amount": "2.00", "scope": "line"},
        {"code": "WELCOME", "amount": "1.00", "scope": "order"},
    ],
}


def tax_rows(document):
    (line,) = document["simdetail"]["rows"]
    return [(row["tax_code"], row["tax_amt"]) for row in line["tax_lines"]]


def test_each_tax_is_credited_sent_and_read_back_by_its_code():
    world = make_world()
    world.add_order(
        prices_include_tax=True,
        shipping_discount="1.00",
        tenders=[{"kind": "card", "amount": "33.95"}, {"kind": "Gift card", "amount": "10.00"}],
        lines=[make_order_line(**TWO_TAXES)],
    )
    world.add_return()
    world.add_return("5002")

    world.carry()

    first, second = world.documents("CM")
    assert tax_rows(first) == [("GST", Decimal("1.11")), ("PST", Decimal("2.22"))]
    assert tax_rows(second) == [("GST", Decimal("1.11")), ("PST", Decimal("2.22"))]
    assert [row["total_amt"] for row in (first, second)] == [Decimal("20.00")] * 2
    assert [row["sim_tax_amt"] for row in (first, second)] == [Decimal("3.33")] * 2
    memos = Posting.objects.filter(kind="credit_memo")
    assert list(memos.values_list("status", flat=True)) == ["confirmed"] * 2
    assert memos[0].rounding == {"mode": "half_up", "scope": "line", "cash_step": ""}
    taken = [
        (part["code"], Decimal(part["amount"]))
        for row in CreditTaking.objects.order_by("id")
        for part in row.taxes
    ]
    assert taken == [("GST", Decimal("1.11")), ("PST", Decimal("2.22"))] * 2
    assert world.open_types() == []
    order = SalesOrder.objects.get()
    assert order.tenders == [
        {"kind": "card", "amount": "33.95"},
        {"kind": "gift_card", "amount": "10.00"},
    ]
    assert (order.prices_include_tax, order.shipping_discount) == (True, Decimal("1.00"))
    assert [row["scope"] for row in order.lines.get().discounts] == ["line", "order"]


def test_an_order_whose_taxes_do_not_sum_is_not_taken_in():
    world = make_world()
    world.add_order(lines=[make_order_line(**TWO_TAXES)])
    kept = world.erp._store.orders["SO-1"].record
    kept["lines"] = [{**kept["lines"][0], "tax": "6.67"}]
    world.add_return()

    world.carry()

    assert SalesOrder.objects.count() == 0
    assert world.documents() == []
    assert set(Posting.objects.values_list("status", "attempts")) == {("blocked", 0)}
    case = Case.objects.get(type="SO_LINK_MISSING")
    assert case.title == "Order SO-1 of BlueCherry cannot be taken in"
    assert case.facts["problem"] == "Line 1: its taxes sum to 6.66, and its tax is 6.67."
    # One order is no failure of the whole ERP: every other return goes on.
    assert world.bridge.erp.health.failures == 0


@pytest.mark.lesson(18)
def test_a_refund_made_outside_leaves_less_for_the_next_credit():
    world = make_world()
    world.add_order(lines=[make_order_line()])
    world.add_return()
    world.carry()
    pay_outside(world, "5001", "30.00")
    world.clock.advance(hours=1)
    at = world.clock.now.strftime("%Y-%m-%dT%H:%M:%S")
    world.add_return("5002", updated_at=at)

    world.carry()

    blocked = Posting.objects.get(kind="credit_memo", rma__external_id="5002")
    assert blocked.status == "blocked"
    assert "OVER_RETURN" in blocked.blocked_by
    assert blocked.attempts == 0
    assert [row["total_amt"] for row in world.documents("CM")] == [Decimal("20.00")]
    case = Case.objects.get(type="OVER_RETURN")
    assert case.rma.external_id == "5002"
    assert (case.facts["line_max"], case.facts["excess"]) == ("13.95", "6.05")
    assert case.title == "More is credited on order SO-1 than is left of it"


def pay_outside(world, rma_id, amount):
    """The shop pays back past the platform, and somebody tells us."""
    refund = SourceRefund(
        external_id="OUT-1",
        rma_external_id=rma_id,
        kind="Manual",
        status="Success",
        money=Money(Decimal(amount), "GBP"),
        processor="",
        reference="",
        unit_ids=(),
        created_at=world.clock.now,
        updated_at=world.clock.now,
        origin="outside",
    )
    applied = rmas.apply_refund(bridge=world.bridge, refund=refund, now=world.clock.now)
    assert applied.is_changed


def test_a_bundle_sold_as_one_is_credited_by_its_parts():
    world = make_world()
    parts = [
        make_order_line(line_id="1", sku="OLD-HAT", quantity=1, net="50.00", tax="10.00"),
        make_order_line(
            line_id="2",
            quantity=1,
            unit_price="40.00",
            net="0.00",
            tax="0.00",
            tax_code="",
            parent_line_id="1",
        ),
        make_order_line(
            line_id="3",
            sku="MUG-RED",
            quantity=1,
            unit_price="10.00",
            net="0.00",
            tax="0.00",
            tax_code="",
            parent_line_id="1",
        ),
    ]
    world.add_order(lines=parts)
    unit = make_unit("5001-1", paid_price="48.00", paid_tax="8.00")
    world.add_return(items=[unit], refunded=Decimal("48.00"))

    world.carry()

    (credit,) = world.documents("CM")
    (line,) = credit["simdetail"]["rows"]
    assert (line["sim_sku"], line["net_amt"], line["tax_amt"]) == (
        "TEE-BLK-M",
        Decimal("40.00"),
        Decimal("8.00"),
    )
    assert (line["order_line"], line["tax_code"]) == ("2", "S")
    told = dict(Posting.objects.get(kind="credit_memo").checks)["bundle"]
    assert told == (
        "Bundle OLD-HAT is credited by the order's own shares:"
        " OLD-HAT 0.00, TEE-BLK-M 48.00, MUG-RED 12.00"
    )
    assert world.open_types() == []


def test_a_refund_keeps_the_means_the_platform_names_and_several_stand_side_by_side():
    world = make_world()
    world.add_order()
    unit = make_unit("5001-1")
    world.add_return(
        items=[unit],
        transactions=[
            make_transaction("5001", [unit], Decimal("15.00")),
            make_transaction(
                "5001", [unit], Decimal("5.00"), id="95001b", type="RefundToStoreCredit"
            ),
            make_transaction(
                "5001",
                [unit],
                Decimal("2.00"),
                id="95001c",
                type="RefundToGiftCard",
                status="Failed",
            ),
        ],
    )

    world.carry()

    told = Refund.objects.order_by("external_id").values_list("status", "origin", "tenders")
    assert list(told) == [
        ("confirmed", "platform", []),
        ("confirmed", "platform", [{"kind": "store_credit", "amount": "5.00"}]),
        ("failed", "platform", [{"kind": "gift_card", "amount": "2.00"}]),
    ]
    assert Posting.objects.get(kind="credit_memo").gross == Decimal("20.00")


def test_duty_given_back_is_a_line_of_its_own_under_its_charge_code():
    world = make_world()
    add_mapping(world, "fee", "duty", {"component": "duty", "erp_code": "DTY"})
    world.add_order(lines=[make_order_line(duty="5.00")])
    world.add_return(refunded=Decimal("22.50"))

    world.carry()

    (credit,) = world.documents("CM")
    rows = [
        (row["component"], row.get("charge_code", ""), row["net_amt"])
        for row in credit["simdetail"]["rows"]
    ]
    assert rows == [("item", "", Decimal("16.67")), ("duty", "DTY", Decimal("2.50"))]
    goods, duty = CreditTaking.objects.order_by("id")
    assert (goods.units, goods.net, goods.duty) == (1, Decimal("16.67"), 0)
    assert (duty.units, duty.net, duty.duty) == (0, 0, Decimal("2.50"))
    assert world.open_types() == []


def test_a_reverse_charge_customer_is_credited_without_vat_by_a_rule():
    world = make_world()
    add_mapping(world, "vat", "EU business", {"treatment": "reverse_charge"})
    world.erp.load(
        {"customers": [{"code": "B2B", "name": "Business", "vat_setting": "EU business"}]}
    )
    world.add_order(
        customer="B2B",
        tenders=[{"kind": "account", "amount": "40.00"}],
        lines=[make_order_line(net="40.00", tax="0.00", tax_code="RC")],
    )
    world.add_return(items=[make_unit("5001-1", paid_tax="0.00", tax_included=False)])

    world.carry()

    (credit,) = world.documents("CM")
    (line,) = credit["simdetail"]["rows"]
    assert (line["net_amt"], line["tax_amt"], line["tax_code"]) == (Decimal("20.00"), 0, "RC")
    assert world.open_types() == []
