"""Quotes: the same figures as the credit that is planned, and a change of facts that is told."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.types import TaxPart
from exceptions_app.rules import credit, quoting
from exceptions_app.rules.facts import QuoteFact
from exceptions_app.rules.planning import plan
from exceptions_app.rules.resolving import resolve
from tests.exceptions_app.rules import make
from tests.exceptions_app.rules.make import make_facts, make_line, make_order, make_order_line

TWO = make_order(make_order_line(quantity=2, net="33.34", tax="6.66"))
SHIPPED = replace(TWO, shipping_net=Decimal("3.95"), shipping_tax_code="Z")


def quote_of(order=TWO, *, policy=None, **wanted):
    """The quote for `wanted` of `order`, as the facts of a return bound to it."""
    facts = quoting.facts_for(
        quoting.Wanted(**{"units": {"1": 1}} | wanted),
        order=order,
        mappings=make.make_mappings(),
        policy=policy or make.make_policy(),
        bridge_code="uk",
        timezone="Europe/London",
        now=make.NOW,
    )
    resolved = resolve(facts)
    return QuoteFact(
        number="Q-7",
        draft=quoting.draft_of(resolved),
        basis=quoting.basis(resolved),
        created_at=make.NOW,
        expires_at=make.NOW + timedelta(minutes=30),
    )


def bound_facts(quote, **changes):
    """A return of one pair of jeans, refunded 20.00, and bound to `quote`."""
    facts = {"order": TWO, "refunds": (make.make_refund("20.00"),), "quote": quote}
    return make_facts(make_line(unit_price="20.00", unit_tax="3.33"), **(facts | changes))


def found(facts):
    return [row for row in plan(facts).findings if row.type == "QUOTE_CHANGED"]


def credit_of(facts):
    (posting,) = [row for row in plan(facts).postings if row.slot == "credit_memo"]
    return posting.draft


def test_the_planned_credit_is_what_was_quoted():
    quote = quote_of()

    planned = credit_of(bound_facts(quote))

    assert (quote.draft.net, quote.draft.tax, quote.draft.gross) == (
        Decimal("16.67"),
        Decimal("3.33"),
        Decimal("20.00"),
    )
    assert quoting.figures(planned) == quoting.figures(quote.draft)
    assert found(bound_facts(quote)) == []
    assert ("quote", "The credit is what quote Q-7 said, or finance decided otherwise") in plan(
        bound_facts(quote)
    ).checks


def test_a_quote_reverses_the_order_line_and_its_invoice():
    (line,) = quote_of().draft.lines

    assert (line.order_line_id, line.quantity, quote_of().draft.invoice_number) == (
        "1",
        1,
        "INV-1",
    )


def test_fees_and_shipping_are_quoted_by_the_rules_that_credit_them():
    quote = quote_of(SHIPPED, fees=(make.make_fee(),), has_shipping=True)

    assert [(row.component, row.net + row.tax) for row in quote.draft.lines] == [
        ("item", Decimal("20.00")),
        ("fee", Decimal("-5.00")),
        ("shipping", Decimal("3.95")),
    ]
    assert quote.draft.gross == Decimal("18.95")


def test_shipping_that_was_promised_is_credited_before_any_refund():
    quote = quote_of(SHIPPED, has_shipping=True)
    facts = bound_facts(
        quote,
        order=SHIPPED,
        refunds=(),
        policy=make.make_policy(credit_trigger="goods_received"),
        is_shipping_promised=True,
    )

    assert credit_of(facts).gross == Decimal("23.95")
    assert found(facts) == []
    (finding,) = found(replace(facts, refunds=(make.make_refund("20.00"),)))
    assert finding.facts["difference"] == "3.95"
    assert finding.facts["changed"] == "what the refund was made for"


TAKEN = replace(
    TWO.lines[0], credited_units=1, credited_net=Decimal("16.66"), credited_tax=Decimal("3.33")
)


@pytest.mark.parametrize(
    ("changes", "credited", "changed"),
    [
        pytest.param(
            {"order": replace(TWO, lines=(TAKEN,))},
            "20.01",
            "what other credits took of the order",
            id="another credit",
        ),
        pytest.param(
            {"order": make_order(make_order_line(quantity=2, net="32.00", tax="6.40"))},
            "19.20",
            "the order’s own amounts",
            id="order",
        ),
        pytest.param(
            {"decisions": make.make_decisions(credit_adjustment=Decimal("5.00"))},
            "25.00",
            "a correction by finance",
            id="correction",
        ),
    ],
)
def test_a_change_of_facts_is_told_with_both_figures_and_holds_the_credit(
    changes, credited, changed
):
    (finding,) = found(bound_facts(quote_of(), **changes))

    gap = Decimal("20.00") - Decimal(credited)
    assert (finding.subject, finding.blocks) == ("quote", frozenset({"credit_memo"}))
    assert finding.facts == {
        "quote": "Q-7",
        "quoted": "20.00",
        "credit": credited,
        "difference": f"{gap}",
        "currency": "GBP",
        "order": "1001",
        "changed": changed,
    }
    assert finding.value == abs(gap)


def test_other_units_than_quoted_are_told():
    facts = bound_facts(quote_of())
    two = replace(facts, lines=(make_line(unit_price="20.00", quantity=2),))

    (finding,) = found(two)

    assert finding.facts["changed"].startswith("the units that came back")
    assert (finding.facts["quoted"], finding.facts["credit"]) == ("20.00", "40.00")


@pytest.mark.parametrize(
    ("decisions", "is_settled"),
    [
        pytest.param({"credit_adjustment": Decimal("0.80")}, True, id="keep what was quoted"),
        pytest.param({"credit_adjustment": Decimal("0.79")}, False, id="a penny short"),
        pytest.param({"accepted_difference": Decimal("0.80")}, True, id="take the new figure"),
        pytest.param({"accepted_difference": Decimal("-0.80")}, False, id="the wrong sign"),
        pytest.param({}, False, id="nothing decided"),
    ],
)
def test_finance_keeps_the_quote_or_takes_the_new_figure(decisions, is_settled):
    order = make_order(make_order_line(quantity=2, net="32.00", tax="6.40"))
    facts = bound_facts(
        quote_of(), order=order, decisions=make.make_decisions(**decisions), refunds=()
    )
    facts = replace(facts, policy=make.make_policy(credit_trigger="goods_received"))

    assert (found(facts) == []) is is_settled
    if is_settled:
        expected = "20.00" if "credit_adjustment" in decisions else "19.20"
        assert credit_of(facts).gross == Decimal(expected)


def test_a_split_over_net_and_tax_that_moved_is_told_as_well():
    order = make_order(make_order_line(quantity=2, net="34.00", tax="6.00"))

    (finding,) = found(bound_facts(quote_of(), order=order))

    assert (finding.facts["quoted"], finding.facts["credit"]) == ("20.00", "20.00")
    assert (finding.facts["difference"], finding.value) == ("0.00", Decimal(0))


def test_nothing_is_told_before_the_credit_is_due_or_after_it_left():
    order = make_order(make_order_line(quantity=2, net="32.00", tax="6.40"))
    early = bound_facts(quote_of(), order=order, refunds=())
    sent = make.make_posting("credit_memo", credit_of(bound_facts(quote_of())))
    late = bound_facts(quote_of(), order=order, postings=(sent,))

    assert found(early) == []
    assert found(late) == []


@pytest.mark.parametrize(
    ("changes", "is_bound"),
    [
        ({}, True),
        ({"status_raw": "Pending"}, False),
        ({"lines": (make_line(quantity=2),)}, False),
        ({"lines": (make_line(resolution="Exchange"),)}, False),
        ({"lines": (make_line(disposition="not_returned"),)}, False),
        ({"lines": (make_line(disposition=""),)}, True),
        ({"lines": (make_line("HAT"),)}, False),
    ],
)
def test_only_the_return_of_these_very_units_is_bound(changes, is_bound):
    facts = replace(bound_facts(None), **changes)

    assert quoting.is_bindable(resolve(facts), {"1": 1}) is is_bound


def test_the_fingerprint_changes_with_a_fact_and_not_with_padding():
    padded = replace(TWO.lines[0], net=Decimal("33.3400"), credited_net=Decimal("0.0000"))
    other = replace(TWO.lines[0], net=Decimal("33.35"))

    first, same, changed = (
        quoting.digest(quote_of(replace(TWO, lines=(row,))).basis)
        for row in (TWO.lines[0], padded, other)
    )

    assert first == same
    assert first != changed
    assert len(first) == 64


# --- Any order, any split ----------------------------------------------------------------------


@st.composite
def orders(draw):
    """One to four lines of up to three taxes each, in a currency of 0, 2 or 3 places."""
    places, currency = draw(st.sampled_from([(0, "JPY"), (2, "GBP"), (3, "KWD")]))
    lines = []
    for number in range(1, draw(st.integers(1, 4)) + 1):
        taxes = draw(st.lists(st.integers(0, 25_000), max_size=3))
        parts = [TaxPart(f"T{at}", Decimal(tax).scaleb(-places)) for at, tax in enumerate(taxes)]
        lines.append(
            make_order_line(
                f"SKU-{number}",
                line_id=str(number),
                quantity=draw(st.integers(1, 6)),
                net=str(Decimal(draw(st.integers(0, 100_000))).scaleb(-places)),
                tax=str(sum((part.amount for part in parts), Decimal(0))),
                taxes=tuple(parts),
            )
        )
    return make_order(*lines, currency=currency)


ROUNDINGS = ({}, {"mode": "half_even"}, {"scope": "document"})


@pytest.mark.lesson(17)
@settings(deadline=None, max_examples=150)
@given(
    order=orders(),
    data=st.data(),
    is_included=st.booleans(),
    rounding=st.sampled_from(ROUNDINGS),
)
def test_preview_quote_and_posted_credit_are_one_for_any_split(order, data, is_included, rounding):
    """Until all came back, each return is quoted, previewed and planned; all sum exactly."""
    taken = order
    policy = make.make_policy(credit_trigger="goods_received", rounding=rounding)
    while any(row.credited_units < row.quantity for row in taken.lines):
        units = _some_units(data, taken)
        quote = quote_of(taken, policy=policy, units=units, is_tax_included=is_included)
        facts = _returned(taken, units, is_included, policy)
        preview = credit.draft(resolve(facts), posting_date=make.TODAY, authorisation_number="")
        planned = plan(replace(facts, quote=quote))

        assert quoting.is_bindable(resolve(facts), units)
        assert quoting.figures(preview) == quoting.figures(quote.draft)
        # A gift among paid goods is asked about; its figures are those quoted.
        assert {row.type for row in planned.findings} <= {"PROMO_SKU"}
        posted = [row.draft for row in planned.postings if row.slot == "credit_memo"]
        assert posted == [] if not quote.draft.gross else posted == [preview]
        assert all(row.net >= 0 <= row.tax for row in quote.draft.lines)
        taken = _taken(taken, quote.draft)

    for row in taken.lines:
        assert (row.credited_net, row.credited_tax) == (row.net, row.tax)
        assert len(row.taxes) < 2 or row.credited_taxes == row.taxes


def _some_units(data, order):
    left = {row.line_id: row.quantity - row.credited_units for row in order.lines}
    chosen = data.draw(
        st.fixed_dictionaries({key: st.integers(0, most) for key, most in left.items()})
    )
    units = {key: number for key, number in chosen.items() if number}
    return units or {next(key for key, most in left.items() if most): 1}


def _returned(order, units, is_included, policy):
    lines = [
        make_line(
            row.sku,
            line_no=number,
            order_line_id=row.line_id,
            quantity=units[row.line_id],
            unit_price=None,
            unit_tax=None,
            is_tax_included=is_included,
        )
        for number, row in enumerate(order.lines, start=1)
        if row.line_id in units
    ]
    return make_facts(
        *lines,
        order=order,
        refunds=(),
        currency=order.currency,
        policy=policy,
    )


def _taken(order, draft):
    rows = []
    for row in order.lines:
        mine = [line for line in draft.lines if line.order_line_id == row.line_id]
        rows.append(
            replace(
                row,
                credited_units=row.credited_units + sum(line.quantity for line in mine),
                credited_net=row.credited_net + sum(line.net for line in mine),
                credited_tax=row.credited_tax + sum(line.tax for line in mine),
                credited_taxes=_summed(row, mine),
            )
        )
    return replace(order, lines=tuple(rows))


def _summed(row, lines):
    found = {part.code: part.amount for part in row.credited_taxes}
    for line in lines:
        for part in line.taxes:
            found[part.code] = found.get(part.code, Decimal(0)) + part.amount
    return tuple(TaxPart(code, amount) for code, amount in found.items())


def test_a_refund_that_the_erp_quotes_agrees_to_the_penny_or_not_at_all():
    tolerance = {"GBP": Decimal("0.05")}
    refund = (make.make_refund("60.01"),)
    lenient = make.make_facts(refunds=refund, policy=make.make_policy(tolerance=tolerance))
    quoted = make.make_policy(tolerance=tolerance, refund_authority="erp_quote")

    assert plan(lenient).findings == ()
    assert [row.type for row in plan(replace(lenient, policy=quoted)).findings] == [
        "REFUND_CM_MISMATCH"
    ]
