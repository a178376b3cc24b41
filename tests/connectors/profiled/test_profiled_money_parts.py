"""Taxes, discounts and tenders: read as parts, sent by code, never lost in one sum."""

from dataclasses import replace
from decimal import Decimal

import pytest

from connectors import errors, types, wire_json
from connectors.profiled import money_parts
from connectors.types import DiscountPart, TaxPart, Tender

GST, PST = TaxPart("GST", Decimal("1.50")), TaxPart("PST", Decimal("4.00"))


@pytest.fixture
def two_taxes(make_line, make_draft):
    return make_draft(lines=(make_line(tax_code="", taxes=(GST, PST)),))


def test_each_tax_of_a_line_is_sent_by_its_code(gateway, twin, two_taxes):
    gateway.create(two_taxes)

    (sent,) = twin.documents()[0]["simdetail"]["rows"]
    assert "tax_code" not in sent
    assert sent["tax_amt"] == Decimal("5.50")
    assert sent["tax_lines"] == [
        {"tax_code": "GST", "tax_amt": Decimal("1.50")},
        {"tax_code": "PST", "tax_amt": Decimal("4.00")},
    ]


def test_the_tax_of_a_document_is_read_back_in_sum_and_by_code(gateway, two_taxes):
    gateway.create(two_taxes)

    (found,) = gateway.find_documents(two_taxes.kind, [two_taxes.key])

    assert (found.tax, found.taxes) == (Decimal("5.50"), (GST, PST))


def test_taxes_that_do_not_sum_are_refused_by_the_twin(gateway, twin, make_line, make_draft):
    line = make_line(tax_code="", tax=Decimal("5.51"), taxes=(GST, PST))

    with pytest.raises(errors.Rejected) as refused:
        gateway.create(make_draft(lines=(line,)))

    assert "tax_lines must sum to tax_amt" in refused.value.text
    assert twin.documents() == []


def test_a_body_for_one_tax_refuses_several_before_any_call(
    canned, profile_text, two_taxes, make_draft
):
    start = profile_text.index("[bodies.document.detail.entry.tax_lines]")
    end = profile_text.index("# --- How replies are read")
    gateway, transport = canned(profile_text=profile_text[:start] + profile_text[end:])

    with pytest.raises(errors.Rejected) as refused:
        gateway.create(two_taxes)

    assert refused.value.field == "line.tax_code"
    assert refused.value.code == errors.RejectionCode.AMOUNT
    assert "GST, PST" in refused.value.text
    assert transport.requests == []
    assert wire_json.decode(gateway.preview(make_draft()))


def test_a_person_who_keys_it_sees_each_tax(gateway, two_taxes):
    (line,) = gateway.manual_task(two_taxes).lines

    assert ("Tax", "5.50") in line
    assert line[-2:] == (("Tax GST", "1.50"), ("Tax PST", "4.00"))


def order_with(twin, **line):
    order = twin._store.orders["#1001"].record
    order["lines"] = [{**order["lines"][0], **line}]


@pytest.mark.parametrize(
    ("line", "field"),
    [
        pytest.param({"taxes": [{"code": "S", "amount": "1.00"}]}, "taxes", id="taxes"),
        pytest.param({"discounts": [{"code": "A", "amount": "1.00"}]}, "discounts", id="discounts"),
        pytest.param({"taxes": [{"code": "", "amount": "11.00"}]}, "taxes", id="no-code"),
    ],
)
def test_parts_that_do_not_sum_or_have_no_code_make_the_order_unreadable(
    gateway, twin, line, field
):
    order_with(twin, **line)

    with pytest.raises(errors.UnreadableReply) as unreadable:
        gateway.find_orders(["#1001"])

    assert unreadable.value.field == field


def test_an_order_comes_with_its_parts(gateway, twin):
    order_with(
        twin,
        taxes=[{"code": "GST", "amount": "4"}, {"code": "PST", "amount": "7.00"}],
        discounts=[{"code": "VIP", "amount": "6.00", "scope": "order"}],
        parent_line_id="77000",
        duty="1.20",
    )
    kept = twin._store.orders["#1001"].record
    kept |= {"tenders": [{"kind": "Invoice", "amount": "70.80"}], "prices_include_tax": False}

    (order,) = gateway.find_orders(["#1001"])

    (line,) = order.lines
    assert line.taxes == (TaxPart("GST", Decimal(4)), TaxPart("PST", Decimal("7.00")))
    assert line.discounts == (DiscountPart("VIP", Decimal("6.00"), "order"),)
    assert (line.parent_line_id, line.duty) == ("77000", Decimal("1.20"))
    assert order.tenders == (Tender("other", Decimal("70.80")),)
    assert order.prices_include_tax is False


@pytest.mark.parametrize(
    "raw",
    [
        "5.00",
        ["GST"],
        [{"code": "GST"}],
        [{"code": "GST", "amount": "NaN"}],
        [{"code": "GST", "amount": "1" * 41}],
        [{"code": True, "amount": "1"}],
    ],
)
def test_taxes_of_another_shape_are_refused(raw):
    with pytest.raises(ValueError, match=r"\S"):
        money_parts.taxes(raw)


def test_a_code_that_comes_twice_is_one_tax_and_discounts_are_never_below_zero():
    twice = [{"code": "S", "amount": "1.00"}, {"code": "S", "amount": "0.50"}]

    assert money_parts.taxes(twice) == (TaxPart("S", Decimal("1.50")),)
    with pytest.raises(ValueError, match="below zero"):
        money_parts.discounts([{"code": "A", "amount": "-1"}])
    with pytest.raises(ValueError, match="neither"):
        money_parts.discounts([{"code": "A", "amount": "1", "scope": "cart"}])


def test_a_tax_outside_its_line_is_refused_in_a_profile(make_gateway, twin, profile_text):
    text = profile_text.replace(
        'tax_code = { from = "line.tax_code"', 'tax_code = { from = "tax.code"'
    )

    with pytest.raises(errors.Misconfigured, match=r"'tax\.code' stands outside 'each'"):
        make_gateway(twin, profile_text=text)


def test_drafts_say_their_tax_by_code(make_line, make_draft):
    draft = make_draft(
        lines=(
            make_line(taxes=(GST, PST)),
            make_line(line_no=2, tax=Decimal("2.00"), tax_code="GST"),
        )
    )

    assert draft.tax_by_code == {"GST": Decimal("3.50"), "PST": Decimal("4.00")}
    assert replace(draft, lines=()).tax_by_code == {}
    assert types.DraftLine(1, "item", "A", "", 1).taxes == ()
