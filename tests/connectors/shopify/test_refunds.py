"""A refund's sum, parts and means, told by Shopify's own figures."""

from decimal import Decimal

import pytest

from connectors.types import RefundPart, Tender
from tests.connectors.shopify.shopify_cast import (
    make_order,
    make_payment,
    make_refund,
    make_return,
    read_rma,
)

GOODS = RefundPart("item", "800", Decimal("72.0"), Decimal("12.0"))


def refunds(refund, **order):
    return read_rma(make_order(refunds=[refund], **order)).refunds


def refund_of(refund, **order):
    (found,) = refunds(refund, **order)
    return found


def parts_sum(refund):
    return sum(part.amount for part in refund.parts)


def test_a_refund_of_goods_is_the_money_that_moved():
    refund = refund_of(make_refund())

    assert (refund.external_id, refund.rma_external_id, refund.kind) == ("70", "42", "refund")
    assert (refund.status, refund.origin) == ("success", "platform")
    assert (refund.money.amount, refund.money.currency) == (Decimal("72.0"), "GBP")
    assert (refund.processor, refund.reference) == ("shopify_payments", "re_42")
    assert refund.unit_ids == ("942-1", "942-2")
    assert refund.parts == (GOODS,)
    assert refund.tenders == (Tender("card", Decimal("72.0")),)


def test_where_prices_have_no_tax_in_them_a_line_is_both():
    refund = refund_of(
        make_refund(transactions=[make_payment(amount="84.00")]), taxes_included=False
    )

    assert refund.parts == (RefundPart("item", "800", Decimal("84.0"), Decimal("12.0")),)
    assert parts_sum(refund) == refund.money.amount


def test_shipping_duty_and_what_was_kept_back_are_parts_of_their_own():
    refund = refund_of(
        make_refund(
            shipping=[{"amount": "4.95", "tax": "0.83"}],
            duties=[{"amount": "3.00"}],
            adjustments=[{"amount": "5.00", "reason": "RESTOCK"}],
            transactions=[make_payment(amount="74.95")],
        )
    )

    assert refund.parts == (
        GOODS,
        RefundPart("shipping", "", Decimal("4.95"), Decimal("0.83")),
        RefundPart("duty", "", Decimal("3.0")),
        RefundPart("fee", "", Decimal("-5.0"), Decimal("0.0")),
    )
    assert parts_sum(refund) == refund.money.amount


def test_goodwill_without_goods_is_a_part_with_the_other_sign():
    refund = refund_of(
        make_refund(
            lines=[],
            adjustments=[{"amount": "-10.00", "reason": "CUSTOMER"}],
            transactions=[make_payment(amount="10.00")],
        )
    )

    assert refund.parts == (RefundPart("goodwill", "", Decimal("10.0"), Decimal("0.0")),)


def test_money_still_under_way_is_pending_with_the_whole_sum():
    """Shopify adds a discrepancy that makes the refund nought until the money moves."""
    refund = refund_of(
        make_refund(
            adjustments=[{"amount": "72.00", "reason": "PENDING_REFUND_DISCREPANCY"}],
            transactions=[make_payment(status="PENDING")],
        )
    )

    assert (refund.status, refund.money.amount) == ("pending", Decimal("72.0"))
    assert refund.parts == (GOODS,)


def test_shipping_that_is_told_twice_counts_once():
    refund = refund_of(
        make_refund(
            shipping=[{"amount": "4.95"}],
            adjustments=[{"amount": "-4.95"}],
            transactions=[make_payment(amount="76.95")],
        )
    )

    assert [part.component for part in refund.parts] == ["item", "shipping"]
    assert parts_sum(refund) == refund.money.amount


def test_what_nothing_explains_is_a_part_of_its_own():
    refund = refund_of(make_refund(transactions=[make_payment(amount="70.00")]))

    assert refund.parts[-1] == RefundPart("unknown", "", Decimal("-2.0"))
    assert parts_sum(refund) == refund.money.amount


@pytest.mark.parametrize(
    ("statuses", "status", "amount"),
    [
        pytest.param(["SUCCESS", "PENDING"], "pending", "72.0", id="one under way"),
        pytest.param(["SUCCESS", "FAILURE"], "success", "36.0", id="a failed one moved nothing"),
        pytest.param(["FAILURE", "ERROR"], "failure", "72.0", id="all failed"),
        pytest.param(["SUCCESS", "UNKNOWN"], "unknown", "72.0", id="nobody knows"),
    ],
)
def test_the_payment_that_came_least_far_speaks_for_all(statuses, status, amount):
    payments = [
        make_payment(80 + number, "36.00", status=each) for number, each in enumerate(statuses)
    ]

    refund = refund_of(make_refund(transactions=payments))

    assert (refund.status, refund.money.amount) == (status, Decimal(amount))


def test_several_means_are_told_greatest_first():
    payments = [
        make_payment(81, "12.00", gateway="gift_card", details=None),
        make_payment(82, "50.00"),
        make_payment(83, "10.00", gateway="shopify_store_credit", details=None),
    ]

    refund = refund_of(make_refund(transactions=payments))

    assert refund.tenders == (
        Tender("card", Decimal("50.0")),
        Tender("gift_card", Decimal("12.0")),
        Tender("store_credit", Decimal("10.0")),
    )


def test_without_a_payment_no_money_goes_to_the_customer():
    voided = make_refund(transactions=[make_payment(amount="0.00", kind="VOID")])

    refund = refund_of(voided)

    assert (refund.kind, refund.money.amount, refund.parts) == ("no payment", 0, ())


def test_a_refund_staff_made_on_the_order_is_the_returns_while_it_is_the_only_one():
    unlinked = make_refund(return_id=None)
    other = make_return(43, line={"id": "943"})

    assert refund_of(unlinked).origin == "storefront"
    assert refunds(unlinked, returns=[make_return(), other]) == ()


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"return_id": "43"}, id="of another return"),
        pytest.param({"return_id": None, "lines": []}, id="of no goods"),
        pytest.param(
            {
                "return_id": None,
                "lines": [
                    {
                        "line_id": "800",
                        "quantity": 1,
                        "restock_type": "CANCEL",
                        "subtotal": "36",
                        "tax": "6",
                    }
                ],
            },
            id="of goods never sent",
        ),
    ],
)
def test_a_refund_of_something_else_is_left_out(changes):
    elsewhere = make_return(43, line={"id": "943"})
    returns = [make_return(), elsewhere] if changes["return_id"] else [make_return()]

    assert refunds(make_refund(**changes), returns=returns) == ()
