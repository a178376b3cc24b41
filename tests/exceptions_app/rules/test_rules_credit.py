"""The credit: a reversal of the order's own amounts, and what the refund says against it."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.types import Inspection
from exceptions_app.rules import credit, shares
from exceptions_app.rules.decisions import Decisions
from exceptions_app.rules.facts import FeeTarget
from exceptions_app.rules.planning import plan
from exceptions_app.rules.resolving import resolve
from exceptions_app.rules.validation import DOCUMENTS
from tests.exceptions_app.rules import make
from tests.exceptions_app.rules.make import make_facts, make_line, make_order, make_order_line

CREDIT = frozenset({"credit_memo"})


def draft_of(facts):
    return credit.draft(resolve(facts), posting_date=make.TODAY, authorisation_number="")


def parts_of(facts):
    return [
        (line.component, line.charge_code, line.net, line.tax) for line in draft_of(facts).lines
    ]


def findings_of(facts, kind):
    return [finding for finding in plan(facts).findings if finding.type == kind]


def found(facts):
    return [finding.type for finding in plan(facts).findings]


@pytest.mark.lesson(26)
def test_a_credit_reverses_the_order_line_and_names_order_and_invoice():
    draft = draft_of(make_facts())

    (line,) = draft.lines
    assert (draft.order_number, draft.invoice_number, draft.customer_code) == (
        "1001",
        "INV-1",
        "C-1",
    )
    assert (line.component, line.order_line_id, line.tax_code) == ("item", "1", "S20")
    assert (line.net, line.tax, line.quantity) == (Decimal("50.00"), Decimal("10.00"), 1)
    assert draft.note == "Return RMA-1 of order 1001; JEANS-32: Too small"


@pytest.mark.parametrize(
    ("net", "tax", "quantity", "is_included", "expected"),
    [
        # Figures of public test suites, our wording: the last unit takes the exact remainder.
        pytest.param(
            "170.83", "34.17", 3, True, ["68.33 11.39", "68.34 11.39", "68.33 11.39"], id="rest"
        ),
        pytest.param(
            "0.18", "0.02", 3, False, ["0.07 0.01", "0.06 0.00", "0.07 0.01"], id="pennies"
        ),
        pytest.param(
            "88961.77", "17792.35", 2, False, ["53377.07 8896.18", "53377.05 8896.17"], id="net"
        ),
        pytest.param("0.00", "0.00", 2, True, ["0.00 0.00", "0.00 0.00"], id="free"),
    ],
)
def test_units_returned_one_by_one_sum_to_the_line(net, tax, quantity, is_included, expected):
    taken = (0, Decimal(0), Decimal(0))
    result = []
    for _ in range(quantity):
        order_line = make_order_line(
            quantity=quantity,
            net=net,
            tax=tax,
            credited_units=taken[0],
            credited_net=taken[1],
            credited_tax=taken[2],
        )
        line = make_line(is_tax_included=is_included)
        (share,) = shares.line_shares(resolve(make_facts(line, order=make_order(order_line))))
        taken = (taken[0] + 1, taken[1] + share.net, taken[2] + share.tax)
        result.append(f"{share.gross} {share.tax}")

    assert result == expected
    assert taken[1:] == (Decimal(net), Decimal(tax))


@pytest.mark.lesson(18)
@settings(deadline=None)
@given(
    net=st.integers(0, 500_00),
    tax=st.integers(0, 100_00),
    returns=st.lists(
        st.tuples(st.integers(1, 3), st.booleans(), st.booleans()), min_size=1, max_size=8
    ),
)
def test_no_sequence_of_returns_credits_more_than_the_order(net, tax, returns):
    sold = make_order_line(quantity=6, net=Decimal(net) / 100, tax=Decimal(tax) / 100, line_id="1")
    twin = make_order_line(quantity=2, net="20.01", tax="4.00", line_id="2")
    order = make_order(sold, twin)
    for quantity, is_included, is_split in returns:
        lines = [make_line(quantity=quantity, is_tax_included=is_included)]
        if is_split:
            lines.append(make_line(line_no=2, unit_price=None))
        taken = shares.line_shares(resolve(make_facts(*lines, order=order)))
        rows = {row.line_id: row for row in order.lines}
        for share in taken:
            assert share.net >= 0
            assert share.tax >= 0
            row = rows[share.order_line.line_id]
            rows[row.line_id] = replace(
                row,
                credited_units=row.credited_units + share.units,
                credited_net=row.credited_net + share.net,
                credited_tax=row.credited_tax + share.tax,
            )
        order = make_order(*rows.values())

    for row in order.lines:
        assert row.credited_units <= row.quantity
        assert row.credited_net <= row.net
        assert row.credited_tax <= row.tax
        if row.credited_units == row.quantity:
            assert (row.credited_net, row.credited_tax) == (row.net, row.tax)


def test_a_returned_line_may_span_order_lines_and_prefers_its_price():
    order = make_order(
        make_order_line(line_id="1", quantity=2, net="80.00", tax="16.00"),
        make_order_line(line_id="2", quantity=1, net="50.00", tax="10.00"),
    )

    draft = draft_of(make_facts(make_line(quantity=2), order=order))

    assert [(line.order_line_id, line.quantity, line.net) for line in draft.lines] == [
        ("1", 1, Decimal("40.00")),
        ("2", 1, Decimal("50.00")),
    ]


@pytest.mark.parametrize(
    "changes",
    [
        {"resolution": "VariantExchange"},
        {"disposition": "not_returned/lost"},
        {"disposition": "", "inspection": Inspection.NOT_RETURNED},
    ],
)
def test_exchanged_and_missing_goods_are_not_credited(changes):
    order = make_order(make_order_line(quantity=2, net="100.00", tax="20.00"))
    facts = make_facts(make_line(), make_line(line_no=2, **changes), order=order)

    assert draft_of(facts).gross == Decimal("60.00")
    assert found(facts) == []


def test_a_fee_kept_back_is_a_negative_line_of_its_own():
    facts = make_facts(
        make_line(fees=(make.make_fee("restocking", "5.00"),)),
        refunds=(make.make_refund("55.00"),),
    )

    assert parts_of(facts) == [
        ("item", "", Decimal("50.00"), Decimal("10.00")),
        ("fee", "RSTK", Decimal("-5.00"), Decimal(0)),
    ]
    assert found(facts) == []


def test_a_fee_without_a_charge_code_parks_the_credit_and_names_the_fee():
    facts = make_facts(
        make_line(fees=(make.make_fee("return", "4.95"),)),
        cancellation_fee=Decimal("1.00"),
        refunds=(make.make_refund("54.05"),),
    )

    missing = findings_of(facts, "COMPONENT_MISSING")

    assert [(row.subject, row.cause, row.value, row.blocks) for row in missing] == [
        ("fee:cancellation", "cancellation", Decimal("1.00"), CREDIT),
        ("fee:return", "return", Decimal("4.95"), CREDIT),
    ]
    assert found(facts) == ["COMPONENT_MISSING", "COMPONENT_MISSING"]


SHIPPED = {"shipping_net": "5.00", "shipping_tax": "1.00", "shipping_tax_code": "S20"}


@pytest.mark.parametrize(
    ("refund", "order", "shipping"),
    [
        pytest.param("66.00", SHIPPED, [Decimal("6.00")], id="refunded"),
        pytest.param("60.00", SHIPPED, [], id="kept"),
        pytest.param("63.00", SHIPPED, [], id="partly"),
        pytest.param(
            "66.00",
            SHIPPED | {"shipping_credited_net": "5.00", "shipping_credited_tax": "1.00"},
            [],
            id="credited-before",
        ),
        pytest.param(
            "63.00",
            SHIPPED | {"shipping_credited_net": "2.50", "shipping_credited_tax": "0.50"},
            [Decimal("3.00")],
            id="rest",
        ),
    ],
)
def test_shipping_is_credited_when_the_refund_is_exactly_that_much_higher(refund, order, shipping):
    facts = make_facts(order=make_order(**order), refunds=(make.make_refund(refund),))

    lines = [line for line in draft_of(facts).lines if line.component == "shipping"]

    assert [line.net + line.tax for line in lines] == shipping
    assert all((line.charge_code, line.tax_code) == ("FRT", "S20") for line in lines)


@pytest.mark.parametrize(
    ("refund", "tolerance", "shipping"),
    [
        ("60.00", "10.00", []),
        ("60.50", "10.00", []),
        ("64.00", "10.00", []),
        ("66.00", "10.00", [Decimal("6.00")]),
        ("65.97", "0.05", [Decimal("6.00")]),
        ("65.90", "0.05", []),
    ],
)
def test_no_tolerance_gives_shipping_back_that_was_not_refunded(refund, tolerance, shipping):
    policy = make.make_policy(tolerance={"GBP": Decimal(tolerance)})
    facts = make_facts(
        order=make_order(**SHIPPED), refunds=(make.make_refund(refund),), policy=policy
    )

    lines = [line for line in draft_of(facts).lines if line.component == "shipping"]

    assert [line.net + line.tax for line in lines] == shipping


def test_refunded_shipping_without_a_charge_code_parks_the_credit():
    facts = make_facts(
        order=make_order(**SHIPPED),
        refunds=(make.make_refund("66.00"),),
        mappings=make.make_mappings(fee={}),
    )

    (finding,) = plan(facts).findings

    assert (finding.type, finding.facts["component"]) == ("COMPONENT_MISSING", "shipping")
    assert (finding.value, finding.blocks) == (Decimal("6.00"), CREDIT)


def test_a_declared_charge_is_no_item_and_is_credited_as_its_component():
    protection = make_line("PROTECT", line_no=2, unit_price="2.40", unit_tax="0.40", items=())
    fee = {"protect": FeeTarget("goodwill", "PRT")}
    order = make_order(
        make_order_line(),
        make_order_line("PROTECT", line_id="2", net="2.00", tax="0.40", unit_price="2.00"),
    )
    facts = make_facts(
        make_line(),
        protection,
        order=order,
        refunds=(make.make_refund("62.40"),),
        mappings=make.make_mappings(fee=fee),
    )

    assert parts_of(facts) == [
        ("item", "", Decimal("50.00"), Decimal("10.00")),
        ("goodwill", "PRT", Decimal("2.00"), Decimal("0.40")),
    ]
    assert found(facts) == []
    assert [row.draft.units for row in plan(facts).postings] == [1, 1, 1]


def test_a_declared_charge_without_a_code_parks_the_credit_only():
    protection = make_line("PROTECT", line_no=2, unit_price="2.40", unit_tax="0.40", items=())
    facts = make_facts(
        make_line(),
        protection,
        refunds=(make.make_refund("62.40"),),
        mappings=make.make_mappings(fee={"protect": FeeTarget("goodwill", "")}),
    )

    (finding,) = plan(facts).findings

    assert (finding.type, finding.subject, finding.cause) == (
        "COMPONENT_MISSING",
        "line:2",
        "protect",
    )
    assert finding.blocks == CREDIT


def test_a_correction_is_a_line_of_its_own_and_settles_the_difference():
    facts = make_facts(
        refunds=(make.make_refund("63.20"),),
        decisions=make.make_decisions(
            credit_adjustment=Decimal("3.20"), adjustment_reason="goodwill"
        ),
    )

    assert parts_of(facts)[1] == ("adjustment", "ADJ", Decimal("3.20"), Decimal(0))
    assert found(facts) == []


@pytest.mark.parametrize(
    ("refund", "changes", "difference"),
    [
        pytest.param("63.20", {}, "3.20", id="above"),
        pytest.param("56.80", {}, "-3.20", id="below"),
        pytest.param("60.01", {}, "0.01", id="a-penny-on-a-whole-line"),
        pytest.param("60.00", {}, None, id="equal"),
        pytest.param(
            "60.05",
            {"policy": make.make_policy(tolerance={"GBP": Decimal("0.05")})},
            None,
            id="inside-the-tolerance",
        ),
        pytest.param(
            "60.06",
            {"policy": make.make_policy(tolerance={"GBP": Decimal("0.05")})},
            "0.06",
            id="above-the-tolerance",
        ),
        pytest.param(
            "63.20",
            {"decisions": make.make_decisions(accepted_difference=Decimal("3.2"))},
            None,
            id="accepted",
        ),
        pytest.param(
            "63.20",
            {"decisions": make.make_decisions(accepted_difference=Decimal("3.10"))},
            "3.20",
            id="another-difference-accepted",
        ),
    ],
)
def test_refund_and_credit_must_agree_or_the_difference_is_accepted(refund, changes, difference):
    facts = make_facts(refunds=(make.make_refund(refund),), **changes)

    result = findings_of(facts, "REFUND_CM_MISMATCH")

    assert [row.facts["difference"] for row in result] == ([difference] if difference else [])
    for row in result:
        assert row.blocks == CREDIT
        assert row.value == abs(Decimal(difference))


def test_a_partly_returned_line_may_round_by_a_penny_and_a_whole_one_may_not():
    part = make_order(make_order_line(quantity=3, net="150.00", tax="30.00"))
    refund = (make.make_refund("60.01"),)

    assert found(make_facts(order=part, refunds=refund)) == []
    assert found(make_facts(refunds=refund)) == ["REFUND_CM_MISMATCH"]


def test_the_platform_may_not_pay_more_for_a_line_than_its_share_of_the_order():
    facts = make_facts(make_line(unit_price="70.00"), refunds=(make.make_refund("70.00"),))

    (over,) = findings_of(facts, "REFUND_OVER_LINE")

    assert (over.subject, over.value, over.blocks) == ("line:1", Decimal("10.00"), CREDIT)
    assert (over.facts["refund"], over.facts["line_max"], over.facts["excess"]) == (
        "70.00",
        "60.00",
        "10.00",
    )
    settled = replace(facts, decisions=make.make_decisions(accepted_difference=Decimal("10.00")))
    assert found(settled) == []


def test_each_line_paid_too_much_for_names_the_difference_of_the_whole_return():
    facts = make_facts(
        make_line(unit_price="70.00"),
        make_line(line_no=2, unit_price="65.00"),
        order=make_order(make_order_line(quantity=2, net="100.00", tax="20.00")),
        refunds=(make.make_refund("135.00"),),
    )

    found_here = findings_of(facts, "REFUND_OVER_LINE")

    assert [(row.facts["excess"], row.facts["difference"]) for row in found_here] == [
        ("10.00", "15.00"),
        ("5.00", "15.00"),
    ]


def test_a_price_the_platform_states_but_did_not_pay_is_no_overpayment():
    facts = make_facts(make_line(unit_price="70.00"))

    assert found(facts) == []


def test_the_comparison_takes_the_difference_apart_to_the_penny():
    facts = make_facts(
        make_line(unit_price="61.00", fees=(make.make_fee("restocking", "5.00"),)),
        order=make_order(**SHIPPED),
        refunds=(make.make_refund("64.50"),),
    )

    result = credit.comparison(facts)

    assert {part.name: part.difference for part in result.components} == {
        "item": Decimal("1.00"),
        "fee": Decimal("0.00"),
        "other": Decimal("8.50"),
    }
    assert result.difference == Decimal("9.50")


@settings(deadline=None)
@given(
    refund=st.integers(0, 200_00),
    price=st.one_of(st.none(), st.integers(0, 100_00)),
    fee=st.integers(0, 20_00),
    adjustment=st.one_of(st.none(), st.integers(-20_00, 20_00)),
)
def test_the_parts_of_a_difference_always_sum_to_it(refund, price, fee, adjustment):
    def money(minor):
        return None if minor is None else Decimal(minor) / 100

    facts = make_facts(
        make_line(unit_price=money(price), fees=(make.make_fee("restocking", str(money(fee))),)),
        order=make_order(**SHIPPED),
        refunds=(make.make_refund(str(money(refund))),),
        decisions=make.make_decisions(credit_adjustment=money(adjustment)),
    )

    result = credit.comparison(facts)

    assert sum(part.difference for part in result.components) == result.difference
    assert result.refund - result.credit == result.difference


def test_a_credit_of_nothing_is_not_posted_but_a_refund_for_it_is_a_mismatch():
    order = make_order(make_order_line(net="0.00", tax="0.00"))
    facts = make_facts(make_line(unit_price="0.00"), order=order)

    assert [row.slot for row in plan(facts).postings] == [
        "return_authorisation",
        "stock_receipt:10/WH1",
    ]
    assert found(facts) == ["REFUND_CM_MISMATCH"]
    assert found(replace(facts, refunds=())) == []


def _with_a_gift(**values):
    order = make_order(
        make_order_line(), make_order_line("GIFT", line_id="2", net="0.00", tax="0.00")
    )
    return make_facts(
        make_line(), make_line("GIFT", line_no=2, unit_price="0.00", **values), order=order
    )


def test_a_gift_that_has_an_item_is_booked_like_any_other():
    planned = plan(_with_a_gift())

    assert planned.findings == ()
    (credit_memo,) = [row.draft for row in planned.postings if row.slot == "credit_memo"]
    assert [(line.sku, line.net + line.tax) for line in credit_memo.lines] == [
        ("GIFT", Decimal("0.00")),
        ("JEANS-32", Decimal("60.00")),
    ]


def test_a_gift_without_an_item_stops_its_return_under_one_exception():
    facts = _with_a_gift(items=())

    (finding,) = plan(facts).findings

    assert (finding.type, finding.subject, finding.cause) == ("PROMO_SKU", "line:2", "gift")
    assert finding.blocks == DOCUMENTS
    assert found(_with_a_gift(items=(make.make_item("GIFT", is_active=False),))) == ["SKU_INACTIVE"]
    decided = replace(facts, decisions=make.make_decisions(accepted_difference=Decimal(0)))
    assert found(decided) == ["PROMO_SKU"]


def test_a_gift_agreed_to_be_without_an_item_is_on_no_document():
    agreed = make.make_mappings(sku_alias={"gift": "(no item)"})

    planned = plan(replace(_with_a_gift(items=()), mappings=agreed))

    assert planned.findings == ()
    assert {line.sku for row in planned.postings if row.draft for line in row.draft.lines} == {
        "JEANS-32"
    }
    assert ("item_master", _AS_AGREED) in planned.checks
    # An item of that SKU, or a price paid for it: then it is booked like any other.
    known = plan(replace(_with_a_gift(), mappings=agreed))
    (receipt,) = [row.draft for row in known.postings if row.slot == "stock_receipt:10/WH1"]
    assert {line.sku for line in receipt.lines} == {"JEANS-32", "GIFT"}
    order = make_order(make_order_line(), make_order_line("GIFT", line_id="2"))
    sold = make_facts(make_line(), make_line("GIFT", line_no=2, items=()), order=order)
    assert "SKU_UNKNOWN" in found(replace(sold, mappings=agreed))


_AS_AGREED = (
    "Its SKU leads to an active item; GIFT is a gift without an item, as agreed: nothing is booked"
    " for it"
)


@pytest.mark.parametrize(
    ("setting", "vat", "expected"),
    [
        ("", {}, []),
        ("Prices include VAT", {}, ["VAT_SETTING"]),
        ("Prices include VAT", {"prices include vat": "included"}, []),
        ("exempt", {"prices include vat": "included"}, ["VAT_SETTING"]),
    ],
)
def test_a_special_vat_setting_needs_a_rule(setting, vat, expected):
    facts = make_facts(order=make_order(vat_setting=setting), mappings=make.make_mappings(vat=vat))

    assert found(facts) == expected
    for finding in plan(facts).findings:
        assert (finding.facts["setting"], finding.blocks) == (setting, CREDIT)


def test_a_closed_period_is_caught_before_posting_and_another_date_clears_it():
    facts = make_facts(closed_periods=frozenset({"2026-11"}))

    (finding,) = plan(facts).findings

    assert (finding.type, finding.cause, finding.blocks) == ("PERIOD_CLOSED", "2026-11", CREDIT)
    assert finding.facts["posting_date"] == "2026-11-20"
    moved = replace(facts, decisions=make.make_decisions(posting_date=date(2026, 12, 1)))
    assert found(moved) == []
    assert found(replace(facts, refunds=())) == []


def test_a_refund_in_another_currency_is_never_added_up():
    facts = make_facts(refunds=(make.make_refund(), make.make_refund("5.00", currency="EUR")))

    (finding,) = findings_of(facts, "CURRENCY_MISMATCH")

    assert finding.facts["refund"] == "60.00"
    assert finding.facts["refund_currency"] == "EUR, GBP"


def test_a_refund_whose_status_nobody_knows_holds_the_credit_back():
    facts = make_facts(refunds=(make.make_refund(status="unknown", status_raw="Odd"),))

    (finding,) = plan(facts).findings

    assert (finding.type, finding.subject, finding.blocks) == (
        "STATUS_UNMAPPED",
        "refund:R-1",
        CREDIT,
    )


def test_what_was_sent_is_compared_with_the_refund_and_blocks_nothing():
    draft = draft_of(make_facts())
    posting = make.make_posting("credit_memo", draft, number="CM1")
    later = make_facts(refunds=(make.make_refund("65.00"),), postings=(posting,))

    (finding,) = findings_of(later, "REFUND_CM_MISMATCH")

    assert (finding.facts["credit"], finding.facts["difference"]) == ("60.00", "5.00")
    assert finding.blocks == frozenset()


def test_a_credit_sent_that_is_no_longer_the_one_due_names_both():
    sold = make_order(make_order_line(quantity=2, net="100.00", tax="20.00"))
    draft = draft_of(make_facts(order=sold))
    posting = make.make_posting("credit_memo", draft, number="CM1")
    later = make_facts(make_line(quantity=2), order=sold, postings=(posting,))

    (finding,) = findings_of(later, "CREDIT_QTY_GAP")

    assert finding.subject == "posting:credit_memo"
    assert (finding.facts["got"], finding.facts["expected"]) == ("1", "2")
    assert (finding.value, finding.blocks) == (Decimal("60.00"), frozenset())


def test_a_correction_after_the_credit_left_is_a_further_credit_and_never_a_lower_one():
    sent = make.make_posting(draft=draft_of(make_facts()))

    def planned(amount, **changes):
        decisions = make.make_decisions(credit_adjustment=Decimal(amount))
        facts = make_facts(
            refunds=(make.make_refund("65.00"),), decisions=decisions, postings=(sent,), **changes
        )
        found = plan(facts)
        return [
            (row.slot, row.draft.gross) for row in found.postings if row.kind == "credit_memo"
        ], {row.type: row.blocks for row in found.findings}

    extra, findings = planned("5.00")
    assert extra == [("credit_memo", Decimal("65.00")), ("credit_memo:2", Decimal("5.00"))]
    assert findings == {"REFUND_CM_MISMATCH": frozenset()}
    assert planned("-5.00")[0] == [("credit_memo", Decimal("55.00"))]
    uncoded, findings = planned("5.00", mappings=make.make_mappings(fee={}))
    assert len(uncoded) == 2
    assert findings["COMPONENT_MISSING"] == CREDIT
    _, findings = planned("5.00", closed_periods=frozenset({"2026-11"}))
    assert findings["PERIOD_CLOSED"] == CREDIT


def test_the_note_names_the_order_a_person_linked_beside_the_platforms_number():
    facts = make_facts(order_name="#9", decisions=Decisions(order_number="1001"))

    assert draft_of(facts).note == "Return RMA-1 of order #9, linked to 1001; JEANS-32: Too small"
