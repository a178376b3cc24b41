"""Explain the penny: refund less credit in named causes that always sum to it exactly."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.types import Inspection, RefundPart, Tender
from exceptions_app.catalogue import causes as words
from exceptions_app.rules import credit, money, penny
from exceptions_app.rules.decisions import Decisions
from exceptions_app.rules.penny_parts import NAMES, Cause
from exceptions_app.rules.planning import plan
from exceptions_app.rules.resolving import resolve
from tests.exceptions_app.rules import make
from tests.exceptions_app.rules.make import (
    make_facts,
    make_fee,
    make_line,
    make_order,
    make_order_line,
    make_policy,
    make_posting,
    make_refund,
)


def draft_of(facts):
    return credit.draft(resolve(facts), posting_date=make.TODAY, authorisation_number="")


def explained(facts):
    return penny.explain(resolve(facts), draft_of(facts))


def causes_of(facts):
    return [(row.name, str(row.amount), row.subject, row.action) for row in explained(facts).causes]


def refunded(amount, *lines, **changes):
    return make_facts(*lines, refunds=(make_refund(amount),), **changes)


PARTLY = make_order(make_order_line(quantity=3))
DISCOUNTED = make_order(make_order_line(discount="5.00", net="45.00", tax="9.00"))
INCLUSIVE = make_order(
    make_order_line(unit_price="60.00", discount="6.00", net="45.00", tax="9.00")
)
SHIPPED = {"shipping_net": "3.29", "shipping_tax": "0.66"}
ONCE = make_order(**SHIPPED, shipping_credited_net="3.29", shipping_credited_tax="0.66")


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        pytest.param(make_facts(), [], id="they agree"),
        pytest.param(
            refunded("60.00", order=DISCOUNTED),
            [("discount", "6.00", "line:1", "accept")],
            id="the platform left the discount out",
        ),
        pytest.param(
            refunded("57.50", make_line(unit_price="57.50"), order=INCLUSIVE),
            [("discount", "3.50", "line:1", "accept")],
            id="another share of the discount",
        ),
        pytest.param(
            refunded("66.00", make_line(unit_price="66.00"), order=INCLUSIVE),
            [("price", "12.00", "line:1", "correct")],
            id="above the list price is no discount",
        ),
        pytest.param(
            refunded(
                "62.00", make_line(unit_price="50.00", unit_tax="12.00", is_tax_included=False)
            ),
            [("tax", "2.00", "line:1", "accept")],
            id="another tax on the same net",
        ),
        pytest.param(
            refunded("50.00", make_line(unit_price="50.00", unit_tax=None)),
            [("tax", "-10.00", "line:1", "accept")],
            id="the tax was not paid back",
        ),
        pytest.param(
            refunded("60.00", make_line(fees=(make_fee(),))),
            [("fee", "5.00", "order", "correct")],
            id="the fee was waived",
        ),
        pytest.param(
            refunded("63.95", order=ONCE),
            [("shipping", "3.95", "order", "issue")],
            id="shipping was credited before",
        ),
        pytest.param(
            refunded("63.95", make_line(fees=(make_fee(),)), order=ONCE),
            [("fee", "5.00", "order", "correct"), ("shipping", "3.95", "order", "issue")],
            id="fee and shipping together",
        ),
        pytest.param(
            refunded("20.01", make_line(unit_price="20.01"), order=PARTLY),
            [("rounding", "0.01", "line:1", "accept")],
            id="a penny of a partly returned line",
        ),
        pytest.param(
            refunded("60.01", make_line(unit_price="60.01")),
            [("price", "0.01", "line:1", "correct")],
            id="a fully returned line leaves nothing to round",
        ),
        pytest.param(
            refunded(
                "99.99",
                make_line(unit_price="33.33", quantity=3),
                order=make_order(make_order_line(quantity=3, net="83.33", tax="16.67")),
            ),
            [("rounding", "-0.01", "line:1", "accept")],
            id="three times a rounded unit price",
        ),
        pytest.param(
            refunded("72.00", make_line(unit_price="72.00")),
            [("price", "12.00", "line:1", "correct")],
            id="another price",
        ),
        pytest.param(
            refunded("120.00", make_line(quantity=2)),
            [("quantity", "60.00", "line:1", "issue")],
            id="a unit that was never sold",
        ),
        pytest.param(
            refunded(
                "120.00",
                make_line(),
                make_line(line_no=2, inspection=Inspection.NOT_RETURNED),
                order=make_order(make_order_line(quantity=2, net="100.00", tax="20.00")),
            ),
            [("quantity", "60.00", "line:2", "issue")],
            id="paid for what never came",
        ),
        pytest.param(
            refunded("63.20"), [("unexplained", "3.20", "refund", "hold")], id="nobody said why"
        ),
        pytest.param(
            refunded("60.00", decisions=Decisions(credit_adjustment=Decimal("5.00"))),
            [("goodwill", "-5.00", "order", "hold")],
            id="a correction nobody refunded",
        ),
        pytest.param(
            make_facts(
                refunds=(
                    make_refund("40.00"),
                    make_refund("20.00", external_id="R-2", status="pending"),
                )
            ),
            [("not_settled", "-20.00", "refund", "hold")],
            id="a part is under way",
        ),
        pytest.param(
            make_facts(refunds=(make_refund(status="pending"),)),
            [("not_settled", "-60.00", "refund", "hold")],
            id="no refund yet",
        ),
        pytest.param(
            make_facts(refunds=(make_refund("70.00", currency="EUR"),)),
            [("fx", "-60.00", "refund", "hold")],
            id="another currency",
        ),
        pytest.param(
            refunded(
                "65.00",
                make_line(unit_price="65.00"),
                order=make_order(make_order_line(parent_line_id="9")),
            ),
            [("bundle", "5.00", "line:1", "accept")],
            id="a component of a bundle",
        ),
        pytest.param(
            refunded("45.00", order=make_order(tenders=(Tender("gift_card", Decimal("15.00")),))),
            [("tender", "-15.00", "order", "hold")],
            id="the gift card is not in the refund",
        ),
        pytest.param(
            make_facts(
                refunds=(
                    make_refund(),
                    make_refund("8.00", external_id="R-2", origin="storefront"),
                )
            ),
            [("goodwill", "8.00", "refund", "correct")],
            id="made outside the platform",
        ),
        pytest.param(
            make_facts(
                refunds=(make_refund("67.00", parts=(RefundPart("fee", "", Decimal("7.00")),)),)
            ),
            [("fee", "7.00", "refund", "correct")],
            id="a part the refund names",
        ),
        pytest.param(
            refunded("60.02", policy=make_policy(rounding={"cash_step": "0.05"})),
            [("rounding", "0.02", "refund", "accept")],
            id="paid out in cash",
        ),
    ],
)
def test_a_difference_has_the_name_of_its_cause(facts, expected):
    assert causes_of(facts) == expected


def test_money_in_another_currency_is_told_and_never_added():
    more = (make_refund(), make_refund("7.00", external_id="R-2", currency="EUR"))

    found = explained(make_facts(refunds=more))

    assert found.difference == 0
    assert [(row.name, row.amount) for row in found.causes] == [("fx", Decimal("0.00"))]
    assert found.causes[0].facts == {"refund": "7.00 EUR", "credit": "60.00 GBP"}


def test_units_of_a_sent_credit_are_compared_with_the_units_paid():
    order = make_order(make_order_line(quantity=2, net="100.00", tax="20.00"))
    sent = draft_of(make_facts(order=order))
    facts = refunded("120.00", make_line(quantity=2), order=order)

    found = penny.explain(resolve(facts), sent)

    assert [(row.name, str(row.amount)) for row in found.causes] == [("quantity", "60.00")]
    assert dict(found.causes[0].facts) == {
        "sku": "JEANS-32",
        "refund": "2 units",
        "credit": "1 unit",
    }


def test_a_price_that_was_stated_and_not_paid_out_is_set_off():
    found = explained(refunded("62.00", make_line(unit_price="72.00")))

    assert [(row.name, str(row.amount)) for row in found.causes] == [("price", "2.00")]
    assert found.is_explained


def test_setting_off_never_turns_a_cause_round():
    rows = [Cause("price", Decimal(3), "line:1"), Cause("fee", Decimal(5), "order")]

    assert penny.set_off(rows, Decimal(-9)) == [rows[1]]
    assert penny.set_off(rows, Decimal(9)) == rows


def test_both_sides_run_down_to_the_difference():
    found = explained(refunded("63.95", make_line(fees=(make_fee(),)), order=ONCE))

    assert [(row.component, str(row.difference), str(row.running)) for row in found.parts] == [
        ("item", "0.00", "0.00"),
        ("fee", "0.00", "0.00"),
        ("other", "8.95", "8.95"),
    ]
    assert found.main == "fee"
    assert found.of("fee") == Decimal("5.00")


def test_a_return_is_explained_against_what_was_sent_and_not_before_money_moves():
    sent = make_posting(draft=draft_of(make_facts()))
    changed = refunded("54.00", order=DISCOUNTED, postings=(sent,))

    assert penny.of_return(make_facts(refunds=())) is None
    assert penny.of_return(make_facts(order=None)) is None
    assert penny.of_return(refunded("54.00", order=DISCOUNTED)).difference == 0
    assert penny.of_return(changed).difference == Decimal("-6.00")


def test_exceptions_of_one_cause_share_a_group_and_carry_the_explanation():
    (found,) = [row for row in plan(refunded("63.20")).findings if row.type == "REFUND_CM_MISMATCH"]

    assert found.cause == "unexplained"
    assert found.facts["causes"] == "unexplained 3.20"
    assert found.facts["why"] == "a part has no explanation"
    stored = penny.unpacked(found.facts["explanation"])
    assert stored == explained(refunded("63.20"))
    assert penny.unpacked("") is None


@pytest.mark.parametrize(
    ("limits", "is_found"),
    [
        pytest.param({}, True, id="none"),
        pytest.param({"tolerance": {"GBP": "2"}}, False, id="amount"),
        pytest.param({"tolerance": {"GBP": "1.99"}}, True, id="amount-too-small"),
        pytest.param({"tolerance": {"EUR": "2"}}, True, id="another-currency"),
        pytest.param({"tolerance_percent": {"GBP": "3.4"}}, False, id="percent"),
        pytest.param({"tolerance_percent": {"GBP": "3.3"}}, True, id="percent-too-small"),
        pytest.param(
            {"tolerance": {"GBP": "9"}, "tolerance_percent": {"GBP": "1"}}, True, id="the-lower"
        ),
        pytest.param(
            {"tolerance": {"GBP": "9"}, "tolerance_causes": {"GBP_tax": "0"}}, True, id="this-cause"
        ),
        pytest.param({"tolerance_causes": {"GBP_tax": "2"}}, False, id="only-this-cause"),
        pytest.param({"tolerance_causes": {"GBP_fee": "9"}}, True, id="another-cause"),
    ],
)
def test_a_difference_passes_by_amount_percent_and_cause(limits, is_found):
    policy = make_policy(
        **{
            name: {key: Decimal(amount) for key, amount in table.items()}
            for name, table in limits.items()
        }
    )
    line = make_line(unit_price="50.00", unit_tax="12.00", is_tax_included=False)

    found = plan(refunded("62.00", line, policy=policy)).findings

    assert bool(found) is is_found


def test_every_cause_has_its_words_and_they_read_well():
    assert set(words.CAUSES) == set(NAMES)
    given = {"platform": "ReturnGO", "sku": "TEE", "refund": "0.00", "credit": "6.00"}
    assert words.sentence("discount", {**given, "currency": "GBP"}) == (
        "ReturnGO took £0.00 of discount off TEE; its share of the order’s discount is £6.00."
    )
    assert words.label("of_another_release") == "Of another release"
    assert words.sentence("of_another_release", {}) == ""


# --- Whatever the facts -----------------------------------------------------------------------


def cents(currency, least=0, most=20_000):
    unit = money.minor_unit(currency)
    return st.integers(least, most).map(lambda number: number * unit)


@st.composite
def sold(draw, currency, number):
    quantity = draw(st.integers(1, 4))
    price = draw(cents(currency))
    gross = price * quantity
    discount = min(gross, draw(cents(currency, most=2_000)))
    tax = min(gross - discount, draw(cents(currency, most=3_000)))
    rate_in = draw(st.booleans())
    net = gross - discount - tax if rate_in else gross - discount
    return make_order_line(
        sku=f"SKU-{number}",
        line_id=str(number),
        quantity=quantity,
        unit_price=price,
        discount=discount,
        net=net,
        tax=tax,
        credited_units=draw(st.integers(0, quantity)),
    )


@st.composite
def worlds(draw):
    currency = draw(st.sampled_from(["GBP", "JPY", "KWD"]))
    rows = [draw(sold(currency, number)) for number in range(1, draw(st.integers(1, 3)) + 1)]
    lines = [
        make_line(
            draw(st.sampled_from([row.sku for row in rows])),
            line_no=number,
            quantity=draw(st.integers(1, 3)),
            unit_price=draw(st.none() | cents(currency)),
            unit_tax=draw(st.none() | cents(currency, most=3_000)),
            is_tax_included=draw(st.booleans()),
            inspection=draw(st.sampled_from([Inspection.PASSED, Inspection.NOT_RETURNED])),
            fees=tuple(
                make_fee("restocking", str(draw(cents(currency, most=900))))
                for _ in range(draw(st.integers(0, 1)))
            ),
        )
        for number in range(1, draw(st.integers(1, 4)) + 1)
    ]
    refunds = tuple(
        make_refund(
            str(draw(cents(currency, least=-500, most=30_000))),
            external_id=f"R-{number}",
            status=draw(st.sampled_from(["confirmed", "confirmed", "pending", "failed"])),
            currency=draw(st.sampled_from([currency, currency, currency, "", "USD"])),
        )
        for number in range(draw(st.integers(0, 3)))
    )
    shipping = draw(cents(currency, most=999))
    order = make_order(
        *rows,
        currency=currency,
        shipping_net=shipping,
        shipping_tax=money.ZERO,
        shipping_credited_net=draw(st.sampled_from([money.ZERO, shipping])),
    )
    adjustment = draw(st.none() | cents(currency, least=-900, most=900))
    return make_facts(
        *lines,
        order=order,
        currency=currency,
        refunds=refunds,
        decisions=Decisions(credit_adjustment=adjustment),
    )


def exactly(rows):
    return sum((row.amount for row in rows), money.ZERO)


@settings(max_examples=300, deadline=None)
@given(worlds(), worlds())
def test_causes_sum_to_the_difference_exactly_whatever_the_facts(facts, other):
    # The second world's credit is what an earlier release, or another plan, may have sent.
    for sent in (draft_of(facts), replace(draft_of(other), currency=facts.currency)):
        found = penny.explain(resolve(facts), sent)

        assert exactly(found.causes) == found.difference == found.refund - found.credit
        assert {row.name for row in found.causes} <= set(NAMES)
        assert all(row.amount or row.name == "fx" for row in found.causes)
        assert sum(row.name == "unexplained" for row in found.causes) <= 1
        assert penny.unpacked(penny.packed(found)) == found
        if found.parts:
            assert found.parts[-1].running == found.difference


@settings(max_examples=100, deadline=None)
@given(worlds())
def test_the_order_in_which_the_platform_sends_its_lines_decides_nothing(facts):
    turned = replace(
        facts, lines=tuple(reversed(facts.lines)), refunds=tuple(reversed(facts.refunds))
    )

    assert explained(turned).causes == explained(facts).causes


def test_units_no_order_line_bears_are_told_with_all_units_of_their_sku():
    order = make_order(make_order_line(quantity=1))
    split = explained(refunded("120.00", make_line(), make_line(line_no=2), order=order))
    together = explained(refunded("120.00", make_line(quantity=2), order=order))

    for found in (split, together):
        (cause,) = found.causes
        assert (cause.facts["refund"], cause.facts["credit"]) == ("2 units", "1 unit")


def test_units_that_did_not_come_back_are_units_and_no_money():
    line = make_line(inspection=Inspection.NOT_RETURNED, disposition="")
    found = explained(refunded("60.00", line))

    (cause,) = [row for row in found.causes if row.name == "quantity"]
    told = {**cause.facts, "currency": "GBP", "platform": "ReturnGO"}
    sentence = words.sentence("quantity", told)
    assert sentence.startswith("ReturnGO paid for 1 unit of ")
    assert sentence.endswith("; the credit holds 0 units.")
