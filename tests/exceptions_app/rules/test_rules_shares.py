"""What a return takes of an order line with several taxes, by the bridge's own rounding."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.types import TaxPart, Tender
from exceptions_app.rules import credit, drafts, money, order_taxes, shares
from exceptions_app.rules.facts import FeeTarget, Policy
from exceptions_app.rules.planning import plan
from exceptions_app.rules.resolving import resolve
from exceptions_app.rules.reversal import Anchor, credited_so_far
from tests.exceptions_app.rules import make
from tests.exceptions_app.rules.make import make_facts, make_line, make_order, make_order_line

BY_DOCUMENT = Policy(rounding={"scope": "document"})


def taxes(**amounts: str) -> tuple[TaxPart, ...]:
    return tuple(TaxPart(code, Decimal(amount)) for code, amount in amounts.items())


def draft_of(facts):
    return credit.draft(resolve(facts), posting_date=make.TODAY, authorisation_number="")


def taken_by(order, *lines, **changes):
    return shares.line_shares(resolve(make_facts(*lines, order=order, **changes)))


def after(order, taken):
    """The order once these shares are credited."""
    rows = {row.line_id: row for row in order.lines}
    for share in taken:
        row = rows[share.order_line.line_id]
        so_far = {part.code: part.amount for part in order_taxes.credited(row)}
        told = tuple(TaxPart(part.code, so_far[part.code] + part.amount) for part in share.taxes)
        rows[row.line_id] = replace(
            row,
            credited_units=row.credited_units + share.units,
            credited_net=row.credited_net + share.net,
            credited_tax=row.credited_tax + share.tax,
            credited_taxes=told if row.taxes else (),
        )
    return replace(order, lines=tuple(rows.values()))


def test_each_tax_of_a_line_is_reversed_by_itself_and_sums_to_it():
    sold = make_order_line(
        quantity=3, net="100.00", tax="12.50", taxes=taxes(GST="5.00", PST="7.50")
    )
    order = make_order(sold, prices_include_tax=False)
    found = []
    for _ in range(3):
        (share,) = taken_by(order, make_line())
        found.append((share.net, *((part.code, part.amount) for part in share.taxes)))
        order = after(order, (share,))

    assert found == [
        (Decimal("33.33"), ("GST", Decimal("1.67")), ("PST", Decimal("2.50"))),
        (Decimal("33.34"), ("GST", Decimal("1.66")), ("PST", Decimal("2.50"))),
        (Decimal("33.33"), ("GST", Decimal("1.67")), ("PST", Decimal("2.50"))),
    ]
    (row,) = order.lines
    assert (row.credited_net, row.credited_taxes) == (sold.net, sold.taxes)


def test_a_draft_names_each_tax_and_keeps_it_when_it_is_stored():
    sold = make_order_line(tax="12.50", net="100.00", taxes=taxes(GST="5.00", PST="7.50"))
    draft = draft_of(make_facts(order=make_order(sold)))

    (line,) = draft.lines
    assert (line.tax, line.tax_code, line.taxes) == (Decimal("12.50"), "", sold.taxes)
    assert draft.tax_by_code == {"GST": Decimal("5.00"), "PST": Decimal("7.50")}
    assert drafts.from_json(drafts.to_json(draft)) == draft


def test_a_line_of_one_tax_is_stored_as_it_always_was():
    draft = draft_of(make_facts())

    assert draft.lines[0].taxes == ()
    assert "taxes" not in drafts.to_json(draft)["lines"][0]


def test_a_credit_that_told_one_sum_counts_by_what_is_left_of_each_tax():
    sold = make_order_line(
        quantity=2,
        net="100.00",
        tax="15.00",
        taxes=taxes(GST="5.00", PST="10.00"),
        credited_units=1,
        credited_net="50.00",
        credited_tax="7.50",
    )
    (share,) = taken_by(make_order(sold, prices_include_tax=False), make_line())

    assert share.taxes == taxes(GST="2.50", PST="5.00")
    assert share.net == Decimal("50.00")


@pytest.mark.parametrize(
    ("order", "vat", "line", "expected"),
    [
        pytest.param({"prices_include_tax": True}, {}, False, Anchor.GROSS, id="order-says-so"),
        pytest.param({"prices_include_tax": False}, {}, True, Anchor.NET, id="order-says-net"),
        pytest.param({"vat_setting": "B2C"}, {"b2c": "included"}, False, Anchor.GROSS, id="rule"),
        pytest.param({"vat_setting": "B2B"}, {"b2b": "excluded"}, True, Anchor.NET, id="net-rule"),
        pytest.param({"vat_setting": "New"}, {}, True, Anchor.GROSS, id="platform"),
    ],
)
def test_the_order_then_the_vat_rule_then_the_platform_say_which_figure_stays(
    order, vat, line, expected
):
    facts = make_facts(order=make_order(**order), mappings=make.make_mappings(vat=vat))

    (returned,) = resolve(replace(facts, lines=(make_line(is_tax_included=line),))).lines

    assert shares.anchor(facts, returned) == expected


@pytest.mark.parametrize("rule", ["exempt", "reverse_charge"])
def test_a_rule_that_denies_vat_stops_a_credit_of_an_order_that_was_charged_some(rule):
    mappings = make.make_mappings(vat={"eu business": rule})
    charged = make_facts(order=make_order(vat_setting="EU business"), mappings=mappings)
    free_line = make_order_line(tax="0.00", net="60.00", tax_code="RC")
    free = replace(charged, order=make_order(free_line, vat_setting="EU business"))

    (finding,) = [row for row in plan(charged).findings if row.type == "VAT_SETTING"]
    assert finding.facts == {
        "setting": "EU business",
        "order": "1001",
        "currency": "GBP",
        "charged": "10.00",
    }
    assert finding.blocks == {"credit_memo"}
    assert [row.type for row in plan(free).findings] == []
    (line,) = draft_of(free).lines
    assert (line.net, line.tax, line.tax_code) == (Decimal("60.00"), Decimal(0), "RC")


def test_a_document_rounds_its_sums_and_spreads_them_over_its_lines():
    rows = [
        make_order_line("A", line_id="1", quantity=3, net="10.00", tax="2.00"),
        make_order_line("B", line_id="2", quantity=3, net="10.00", tax="2.00"),
        make_order_line("C", line_id="3", quantity=3, net="10.00", tax="2.00"),
    ]
    order = make_order(*rows, prices_include_tax=False)
    lines = [make_line(row.sku, line_no=at) for at, row in enumerate(rows, start=1)]

    by_line = taken_by(order, *lines)
    by_document = taken_by(order, *lines, policy=BY_DOCUMENT)

    assert [(share.net, share.tax) for share in by_line] == [(Decimal("3.33"), Decimal("0.67"))] * 3
    assert [(share.net, share.tax) for share in by_document] == [
        (Decimal("3.34"), Decimal("0.67")),
        (Decimal("3.33"), Decimal("0.67")),
        (Decimal("3.33"), Decimal("0.66")),
    ]


def test_half_even_is_the_policy_of_some_erps():
    sold = make_order_line(quantity=2, net="10.05", tax="0.00")
    order = make_order(sold, prices_include_tax=False)

    (up,) = taken_by(order, make_line())
    (even,) = taken_by(order, make_line(), policy=Policy(rounding={"mode": "half_even"}))

    assert (up.net, even.net) == (Decimal("5.03"), Decimal("5.02"))
    assert shares.rounding_kept(Policy(rounding={"mode": "half_even"})) == {
        "mode": "half_even",
        "scope": "line",
        "cash_step": "",
    }


def test_cash_is_rounded_on_a_line_of_its_own_and_goods_are_not():
    cash = Policy(rounding={"cash_step": "0.05"})
    sold = make_order_line(net="50.01", tax="10.00")
    refund = make.make_refund("60.00", tenders=(Tender("cash", Decimal("60.00")),))
    facts = make_facts(order=make_order(sold), refunds=(refund,), policy=cash)
    by_card = replace(facts, refunds=(replace(refund, tenders=()),))

    goods, rounding = draft_of(facts).lines
    assert (goods.net, goods.tax) == (Decimal("50.01"), Decimal("10.00"))
    assert (rounding.component, rounding.description) == ("adjustment", "Cash rounding")
    assert (rounding.net, rounding.charge_code) == (Decimal("-0.01"), "ADJ")
    assert [row.type for row in plan(facts).findings] == []
    assert len(draft_of(by_card).lines) == 1


def test_cash_rounding_without_a_charge_code_is_asked_for():
    facts = make_facts(
        order=make_order(make_order_line(net="50.01")),
        refunds=(make.make_refund("60.00", tenders=(Tender("cash", Decimal("60.00")),)),),
        policy=Policy(rounding={"cash_step": "0.05"}),
        mappings=make.make_mappings(fee={"shipping": FeeTarget("shipping", "FRT")}),
    )

    (finding,) = [row for row in plan(facts).findings if row.type == "COMPONENT_MISSING"]
    assert (finding.cause, finding.value) == ("rounding", Decimal("0.01"))


def test_an_order_on_account_is_credited_in_full_and_its_lines_at_the_agreed_price():
    sold = make_order_line(quantity=12, unit_price="37.50", net="450.00", tax="90.00")
    order = make_order(sold, tenders=(Tender("account", Decimal("540.00")),), customer_code="B2B-7")
    facts = make_facts(
        make_line(quantity=5, unit_price="45.00", unit_tax="7.50"),
        order=order,
        refunds=(),
        policy=Policy(credit_trigger="goods_received"),
    )

    draft = draft_of(facts)

    assert (draft.customer_code, draft.net, draft.tax) == (
        "B2B-7",
        Decimal("187.50"),
        Decimal("37.50"),
    )
    assert [row.kind for row in plan(facts).postings if row.kind == "credit_memo"] == [
        "credit_memo"
    ]


def test_a_line_sold_for_nothing_takes_nothing_beside_one_that_was_paid():
    paid = make_order_line()
    given = make_order_line(
        "GIFT", line_id="2", unit_price="30.00", discount="30.00", net="0", tax="0"
    )
    taken = taken_by(make_order(paid, given), make_line(), make_line("GIFT", line_no=2))

    assert [(share.order_line.sku, share.net, share.tax) for share in taken] == [
        ("GIFT", Decimal(0), Decimal(0)),
        ("JEANS-32", Decimal("50.00"), Decimal("10.00")),
    ]


def test_nothing_is_credited_above_what_other_returns_refunds_and_goodwill_left():
    sold = make_order_line(
        quantity=2,
        net="100.00",
        tax="20.00",
        credited_units=1,
        credited_net="50.00",
        credited_tax="10.00",
    )
    two = make_order(sold)
    enough = make_facts(order=replace(two, taken_elsewhere=Decimal("60.00")))
    too_much = make_facts(order=replace(two, taken_elsewhere=Decimal("75.00")))

    assert [row.type for row in plan(enough).findings if row.type == "OVER_RETURN"] == []
    (finding,) = [row for row in plan(too_much).findings if row.type == "OVER_RETURN"]
    assert finding.subject == "order"
    assert finding.blocks == {"credit_memo"}
    assert finding.facts == {
        "order": "1001",
        "credit": "60.00",
        "line_max": "45.00",
        "excess": "15.00",
        "currency": "GBP",
        "difference": "0.00",
    }
    accepted = replace(too_much.decisions, accepted_difference=Decimal(finding.facts["difference"]))
    assert plan(replace(too_much, decisions=accepted)).findings == ()
    # Goodwill takes nothing of the order; what is taken off the credit leaves it within the order.
    for adjustment, stays in (("5.00", True), ("-14.00", True), ("-15.00", False)):
        corrected = replace(too_much.decisions, credit_adjustment=Decimal(adjustment))
        types = {row.type for row in plan(replace(too_much, decisions=corrected)).findings}
        assert ("OVER_RETURN" in types) is stays


LINES = st.lists(
    st.fixed_dictionaries(
        {
            "quantity": st.integers(1, 4),
            "net": st.integers(0, 50_000),
            "taxes": st.lists(st.integers(0, 9_999), max_size=3),
        }
    ),
    min_size=1,
    max_size=5,
)


@settings(deadline=None, max_examples=300)
@given(
    lines=LINES,
    currency=st.sampled_from(["JPY", "GBP", "KWD"]),
    includes=st.booleans(),
    scope=st.sampled_from(["line", "document"]),
    mode=st.sampled_from(["half_up", "half_even"]),
    data=st.data(),
)
def test_any_split_of_an_order_into_returns_sums_to_it_by_line_and_tax(
    lines, currency, includes, scope, mode, data
):
    unit = money.minor_unit(currency)
    order = make_order(
        *(_sold(at, line, unit) for at, line in enumerate(lines, start=1)),
        currency=currency,
        prices_include_tax=includes,
    )
    sold = order
    policy = Policy(rounding={"scope": scope, "mode": mode})
    left = {row.line_id: row.quantity for row in order.lines}
    while any(left.values()):
        back = {
            line_id: data.draw(st.integers(0, units)) for line_id, units in left.items() if units
        }
        if not any(back.values()):
            back = {line_id: units for line_id, units in left.items() if units}
        returned = [
            make_line(f"SKU-{line_id}", line_no=int(line_id), quantity=units, unit_price=None)
            for line_id, units in back.items()
            if units
        ]
        taken = taken_by(order, *returned, currency=currency, policy=policy)
        assert all(share.net >= 0 and share.gross >= 0 for share in taken)
        assert all(part.amount >= 0 for share in taken for part in share.taxes)
        order = after(order, taken)
        for line_id, units in back.items():
            left[line_id] -= units

    for row, was in zip(order.lines, sold.lines, strict=True):
        assert row.credited_net == was.net
        assert row.credited_tax == was.tax
        assert row.credited_taxes == was.taxes


def _sold(at, line, unit):
    amounts = [Decimal(amount) * unit for amount in line["taxes"]]
    return make_order_line(
        f"SKU-{at}",
        line_id=str(at),
        quantity=line["quantity"],
        net=str(line["net"] * unit),
        tax=str(sum(amounts, Decimal(0))),
        taxes=tuple(TaxPart(f"T{code}", amount) for code, amount in enumerate(amounts)),
    )


WITH_DUTY = {"fee": {**make.make_mappings().fee, "duty": FeeTarget("duty", "DTY")}}


def with_duty(refund, **changes):
    sold = make_order_line(quantity=3, net="150.00", tax="30.00", duty=Decimal("10.00"))
    order = make_order(replace(sold, **changes), shipping_net="4.00", prices_include_tax=False)
    return make_facts(
        order=order,
        refunds=(make.make_refund(refund),),
        mappings=make.make_mappings(**WITH_DUTY),
    )


@pytest.mark.parametrize(
    ("refund", "expected"),
    [
        pytest.param("60.00", [], id="goods-alone"),
        pytest.param("63.33", [("duty", "DTY", Decimal("3.33"))], id="duty"),
        pytest.param("64.00", [("shipping", "FRT", Decimal("4.00"))], id="shipping"),
        pytest.param(
            "67.33",
            [("shipping", "FRT", Decimal("4.00")), ("duty", "DTY", Decimal("3.33"))],
            id="both",
        ),
    ],
)
def test_duty_is_credited_where_the_refund_gave_it_back(refund, expected):
    facts = with_duty(refund)

    draft = draft_of(facts)

    assert [(row.component, row.charge_code, row.net) for row in draft.lines[1:]] == expected
    assert draft.gross == Decimal(refund)
    assert draft.units == 1
    assert [row.type for row in plan(facts).findings] == []


def test_the_last_unit_takes_the_rest_of_the_duty():
    facts = with_duty(
        "63.34",
        credited_units=2,
        credited_net=Decimal("100.00"),
        credited_tax=Decimal("20.00"),
        credited_duty=Decimal("6.66"),
    )

    assert [row.net for row in draft_of(facts).lines] == [Decimal("50.00"), Decimal("3.34")]


def test_duty_without_a_charge_code_is_asked_for():
    facts = replace(with_duty("63.33"), mappings=make.make_mappings())

    (finding,) = [row for row in plan(facts).findings if row.type == "COMPONENT_MISSING"]
    assert (finding.cause, finding.value) == ("duty", Decimal("3.33"))


def test_a_plan_computes_each_share_once_however_many_rules_ask(monkeypatch):
    asked = []

    def counted(*given):
        asked.append(given)
        return credited_so_far(*given)

    monkeypatch.setattr(shares, "credited_so_far", counted)
    rows = [make_order_line(f"S-{at}", line_id=str(at), quantity=3) for at in range(30)]
    lines = [make_line(f"S-{at}", line_no=at + 1, unit_price="20.00") for at in range(30)]
    facts = make_facts(*lines, order=make_order(*rows), refunds=(make.make_refund("610.00"),))

    planned = plan(facts)

    assert [row.type for row in planned.findings] == ["REFUND_CM_MISMATCH"]
    assert len(asked) == 30
