"""Our documents as X12: what leaves, what a partner reads of it, what is refused."""

import dataclasses
import io
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyx12.x12file import X12Reader

from connectors.errors import Misconfigured, Rejected, RejectionCode
from connectors.exchange.layouts import LayoutSettings
from connectors.exchange.shapes import InboundKind
from connectors.exchange.x12 import X12Layout, X12Partner
from connectors.types import DocumentKind, TaxPart
from tests.connectors.exchange.layout_cast import (
    CREDIT,
    SETTINGS,
    drafts,
    make_batch,
    make_credit,
    make_draft,
    make_line,
)

AS_180 = dataclasses.replace(SETTINGS, authorisation_set="180")


def faults_others_find(content: bytes) -> list[str]:
    """What pyx12's reader says of an interchange: its envelopes, counts and control numbers."""
    reader = X12Reader(io.StringIO(content.decode("ascii")))
    for _ in reader:
        pass
    reader.cleanup()
    return [text for _, _, text, _, _ in reader.pop_errors()]


def test_an_authorisation_leaves_as_943_with_our_key_and_numbers():
    line = make_line(description="Midi dress, rêd * M", reason_code="PF", bucket="SALE")
    draft = make_draft(key="RA-depot-0c8b1a52-3d5e-4f5c-9d53-1", lines=(line,), note="Handle ~ it")

    content = X12Layout(SETTINGS).build(make_batch(draft))

    assert content.decode("ascii").splitlines() == [
        "ISA*00*          *00*          *ZZ*RETURNSBRIDGE  *ZZ*DEPOT3PL       *260305*1230*U*00401"
        "*000000017*0*T*>~",
        "GS*AR*RETURNSBRIDGE*DEPOT3PL*20260305*1230*17*X*004010~",
        "ST*943*0001~",
        "W06*C*RMA5001*20260305~",
        "N1*ST**92*MAIN~",
        "N9*ZZ*RA-depot-0c8b1a52-3d5e-4f5c-9d*53-1~",
        "N9*RZ*RMA5001~",
        "N9*CO*#1001~",
        "N9*IV*INV9~",
        "N9*19*WOMEN~",
        "G62*09*20260305~",
        "NTE*GEN*Handle it~",
        "W27*ZZ~",
        "W04*2*EA**SK*DRESS-RED-M~",
        "G69*Midi dress, red M~",
        "N9*LI*1~",
        "N9*ZZ*PF*SALE~",
        "W03*2~",
        "SE*17*0001~",
        "GE*1*17~",
        "IEA*1*000000017~",
    ]


def test_a_credit_leaves_as_812_with_the_tax_of_each_line_beside_it():
    content = X12Layout(SETTINGS).build(make_batch(make_credit()))

    (part,) = X12Partner(SETTINGS).read_batch("out.x12", content)
    (document,) = part.documents
    assert b"BCD*20260305*17-1*Z*6000*C**INV9***#1001*00~" in content
    assert b"CDD*72*D*2*600**********fee~" in content
    assert (document.amount, document.currency) == (Decimal("60.00"), "GBP")
    assert [(line.sku, line.component, line.net, line.tax) for line in document.lines] == [
        ("DRESS-RED-M", "item", Decimal("55.00"), Decimal("11.00")),
        ("FEE", "fee", Decimal("-5.00"), Decimal("-1.00")),
    ]


def test_a_reason_of_the_standard_is_the_request_and_never_also_the_response():
    lines = (make_line(reason_code="PF"), make_line(2, reason_code="TOO_SMALL"))

    content = X12Layout(AS_180).build(make_batch(make_draft(lines=lines)))

    told = [line for line in content.decode().splitlines() if line.startswith("RDR")]
    assert told == ["RDR*RA~", "RDR**PF~", "RDR****TOO_SMALL~"]


@settings(max_examples=15, deadline=None)
@given(st.lists(drafts(), min_size=1, max_size=3), st.sampled_from([SETTINGS, AS_180]))
def test_any_authorisation_is_read_with_the_same_values(found, how):
    content = X12Layout(how).build(make_batch(*found))

    (part,) = X12Partner(how).read_batch("out.x12", content)
    assert (part.kind, part.batch_number) == (InboundKind.DOCUMENTS, 17)
    assert [_document(one) for one in part.documents] == [_sent(one) for one in found]
    assert faults_others_find(content) == []


def _document(found):
    lines = [(one.line, one.sku, one.quantity, one.bucket) for one in found.lines]
    return (
        found.key, found.date, found.rma_number, found.warehouse, found.division, lines
    )  # fmt: skip


def _sent(draft):
    lines = [(one.line_no, one.sku, one.quantity, one.bucket) for one in draft.lines]
    return (
        draft.key, draft.date, draft.rma_number, draft.warehouse, draft.division, lines
    )  # fmt: skip


@settings(max_examples=15, deadline=None)
@given(drafts(CREDIT))
def test_any_credit_is_read_with_the_same_money(draft):
    content = X12Layout(SETTINGS).build(make_batch(draft))

    (part,) = X12Partner(SETTINGS).read_batch("out.x12", content)
    (document,) = part.documents
    assert (document.key, document.amount) == (draft.key, draft.gross)
    assert [(one.net, one.tax, one.quantity) for one in document.lines] == [
        (one.net, one.tax, one.quantity) for one in draft.lines
    ]
    assert faults_others_find(content) == []


def test_the_same_batch_gives_the_same_bytes():
    layout = X12Layout(SETTINGS)

    assert layout.build(make_batch()) == layout.build(make_batch())


LONG = "X" * 76


@pytest.mark.parametrize(
    ("draft", "field", "code"),
    [
        pytest.param(
            make_draft(lines=(make_line(sku="DRESS*RED"),)), "sku", "unclassified", id="delimiter"
        ),
        pytest.param(
            make_draft(lines=(make_line(sku="KLEID-ÜBER"),)), "sku", "unclassified", id="charset"
        ),
        pytest.param(make_draft(lines=(make_line(sku="S" * 49),)), "sku", "unclassified", id="sku"),
        pytest.param(make_draft(lines=(make_line(sku=""),)), "sku", "unclassified", id="no-sku"),
        pytest.param(
            make_draft(lines=(make_line(quantity=10_000_000),)),
            "quantity",
            RejectionCode.QUANTITY,
            id="eight-digits",
        ),
        pytest.param(
            make_draft(lines=(make_line(quantity=0),)), "quantity", "quantity", id="no-units"
        ),
        pytest.param(
            make_draft(lines=(make_line(quantity=9_000_000), make_line(2, quantity=9_000_000))),
            "quantity",
            "quantity",
            id="total",
        ),
        pytest.param(make_draft(date=date(23, 1, 1)), "date", "unclassified", id="date"),
        pytest.param(make_draft(key=LONG), "key", "unclassified", id="key"),
        pytest.param(make_draft(rma_number="R" * 23), "rma_number", "unclassified", id="number"),
        pytest.param(
            make_draft(warehouse=""), "warehouse", RejectionCode.UNKNOWN_WAREHOUSE, id="warehouse"
        ),
        pytest.param(make_draft(lines=()), "lines", "unclassified", id="no-lines"),
        pytest.param(
            make_draft(lines=(make_line(component="shipping"),)),
            "component",
            "unclassified",
            id="charge",
        ),
        pytest.param(
            make_credit(lines=(make_line(net=Decimal("1.005")),)),
            "amount",
            RejectionCode.AMOUNT,
            id="third-decimal",
        ),
        pytest.param(
            make_credit(invoice_number="", order_number=""),
            "invoice_number",
            "unclassified",
            id="no-reference",
        ),
        pytest.param(
            make_draft(DocumentKind.STOCK_RECEIPT), "kind", "unclassified", id="stock-receipt"
        ),
    ],
)
def test_what_x12_cannot_express_is_refused_by_the_documents_key(draft, field, code):
    with pytest.raises(Rejected) as refused:
        X12Layout(SETTINGS).build(make_batch(make_draft(key="fine"), draft))

    found = refused.value
    assert (found.value, found.field, found.code) == (draft.key, field, code)


def test_an_order_number_too_long_for_its_place_stands_in_the_references_alone():
    order = "ORDER-" + "9" * 20

    content = X12Layout(SETTINGS).build(make_batch(make_credit(order_number=order)))

    assert b"INV9****00~" in content
    assert f"N9*CO*{order}~".encode() in content


def test_taxes_of_a_line_are_told_one_by_one():
    parts = (TaxPart("STATE", Decimal("6.00")), TaxPart("CITY", Decimal("5.00")))
    line = make_line(net=Decimal("55.00"), tax=Decimal("11.00"), taxes=parts)

    content = X12Layout(SETTINGS).build(make_batch(make_credit(lines=(line,))))

    assert b"N9*ZZ*6.00*TAX STATE~\nN9*ZZ*5.00*TAX CITY~" in content


@pytest.mark.parametrize("number", [0, 900_000_000, 1_000_000_000])
def test_a_number_that_is_no_control_number_of_ours_builds_nothing(number):
    with pytest.raises(Rejected, match="has no control number"):
        X12Layout(SETTINGS).build(make_batch(number=number))


@pytest.mark.parametrize(
    "changed", [{"our_id": ""}, {"partner_id": "P" * 16}, {"our_qualifier": "Z"}, {"our_id": "A*B"}]
)
def test_without_proper_addresses_nothing_is_built(changed):
    with pytest.raises(Misconfigured, match="X12 needs"):
        X12Layout(dataclasses.replace(SETTINGS, **changed)).build(make_batch())


def test_settings_left_empty_are_told_before_a_file_is_read():
    with pytest.raises(Misconfigured, match="our own qualifier"):
        X12Layout(LayoutSettings()).read("in.x12", b"ISA")
