"""The generic CSV layout: what leaves, what comes back, what is refused."""

import csv
import dataclasses
import io
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.errors import Rejected, UnreadableReply
from connectors.exchange import csv_table
from connectors.exchange.csv_layout import CsvLayout, CsvPartner
from connectors.exchange.shapes import (
    AckLine,
    Acknowledgement,
    Arrival,
    ArrivalLine,
    InboundKind,
    LineResult,
    Regrade,
)
from connectors.types import DocumentKind, TaxPart
from tests.connectors.exchange.layout_cast import (
    AT,
    CREDIT,
    DAY,
    SETTINGS,
    changed,
    drafts,
    make_batch,
    make_credit,
    make_draft,
    make_line,
)

LAYOUT, PARTNER = CsvLayout(SETTINGS), CsvPartner(SETTINGS)
HEAD = "H,generic-csv-1,{},5,DEPOT3PL,RETURNSBRIDGE,test,2026-03-05T12:30:00Z\n"
RECEIPTS = HEAD.format("receipts") + (
    "receipt_number,authorisation,received_at,warehouse,sku,quantity,condition,damage_reason\n"
    "WR1,RMA5001,2026-03-05,MAIN,DRESS,2,,\n"
    "WR1,RMA5001,2026-03-05,MAIN,SHIRT,1,damaged,torn\n"
    "WR2,RMA5002,2026-03-05T23:30:00-05:00,MAIN,DRESS,1,,\n"
    "T,5,3,4,0\n"
)


def read(text: str, charset: str = "utf-8"):
    layout = CsvLayout(dataclasses.replace(SETTINGS, charset=charset))
    return layout.read("in.csv", text.encode(charset))


def rows_of(content: bytes) -> list[list[str]]:
    """As any CSV reader sees it."""
    return list(csv.reader(io.StringIO(content.decode(), newline="")))


def test_a_batch_has_a_head_its_columns_one_row_a_line_and_a_trailer():
    parts = (TaxPart("STATE", Decimal("6.00")), TaxPart("CITY", Decimal("5.00")))
    draft = make_credit()
    first = dataclasses.replace(draft.lines[0], taxes=parts, key_parts={"style": "D1", "size": "M"})
    draft = dataclasses.replace(
        draft, lines=(first, draft.lines[1]), based_on={"return_authorisation": "1042"}
    )

    head, columns, one, two, trailer = rows_of(LAYOUT.build(make_batch(draft)))

    assert head == [
        "H", "generic-csv-1", "credit_memo", "17", "RETURNSBRIDGE", "DEPOT3PL", "test",
        "2026-03-05T12:30:00Z",
    ]  # fmt: skip
    assert dict(zip(columns, one, strict=True)) == {
        "document": "1",
        "key": "RA-depot-5001-1",
        "date": "2026-03-05",
        "rma_number": "RMA5001",
        "authorisation_number": "",
        "authorisation_id": "1042",
        "credit_id": "",
        "order_number": "#1001",
        "order_id": "",
        "invoice_number": "INV9",
        "division": "WOMEN",
        "warehouse": "MAIN",
        "customer_code": "WEB",
        "currency": "GBP",
        "tender": "",
        "reference": "",
        "note": "",
        "document_lines": "2",
        "document_gross": "60.00",
        "line": "1",
        "component": "item",
        "sku": "DRESS-RED-M",
        "item_id": "",
        "item_parts": "style=D1|size=M",
        "quantity": "2",
        "order_line": "",
        "description": "Midi dress",
        "reason": "PF",
        "bucket": "SALE",
        "unit_price": "0",
        "net": "55.00",
        "tax": "11.00",
        "tax_code": "STD",
        "taxes": "STATE=6.00|CITY=5.00",
        "charge_code": "",
    }
    assert (two[columns.index("component")], two[columns.index("net")]) == ("fee", "-5.00")
    assert trailer == ["T", "17", "2", "3", "60.00"]


@settings(max_examples=15, deadline=None)
@given(st.sampled_from([CREDIT, *DocumentKind]).flatmap(drafts))
def test_any_document_is_read_with_the_same_values(draft):
    (part,) = PARTNER.read_batch("out.csv", LAYOUT.build(make_batch(draft)))

    (document,) = part.documents
    assert (part.kind, part.batch_number, document.kind) == (
        InboundKind.DOCUMENTS, 17, draft.kind
    )  # fmt: skip
    assert (document.key, document.date, document.rma_number, document.warehouse) == (
        draft.key, draft.date, draft.rma_number, draft.warehouse
    )  # fmt: skip
    assert [
        (one.line, one.sku, one.quantity, one.net, one.tax, one.reason, one.bucket)
        for one in document.lines
    ] == [
        (one.line_no, one.sku, one.quantity, one.net, one.tax, one.reason_code, one.bucket)
        for one in draft.lines
    ]


@pytest.mark.parametrize("risky", ["=1+1", "+44", "-5", "@x", "'=1", "''", "'plain", "plain"])
def test_no_text_runs_as_a_formula_and_every_text_comes_back(risky):
    draft = make_draft(rma_number=risky, lines=(make_line(sku=risky),))

    content = LAYOUT.build(make_batch(draft))

    cells = rows_of(content)[2]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]
    (document,) = PARTNER.read_batch("out.csv", content)[0].documents
    assert (document.rma_number, document.lines[0].sku) == (risky, risky)


def test_a_negative_amount_is_a_number_and_stays_one():
    content = LAYOUT.build(make_batch(make_credit()))

    assert b",-5.00,-1.00," in content


@pytest.mark.parametrize(
    ("draft", "field"),
    [
        pytest.param(make_draft(lines=()), "lines", id="no-lines"),
        pytest.param(make_draft(key=""), "lines", id="no-key"),
        pytest.param(make_draft(lines=(make_line(sku="A\nB"),)), "sku", id="line-end"),
        pytest.param(make_draft(lines=(make_line(quantity=-1),)), "quantity", id="negative"),
        pytest.param(
            make_draft(lines=(make_line(net=Decimal("0.0000001")),)), "amount", id="seventh-decimal"
        ),
        pytest.param(make_draft(lines=(make_line(net=Decimal("NaN")),)), "amount", id="no-number"),
        pytest.param(
            make_draft(lines=(make_line(key_parts={"style": "A|B"}),)), "item_parts", id="parted"
        ),
    ],
)
def test_what_a_cell_cannot_hold_is_refused_by_the_documents_key(draft, field):
    with pytest.raises(Rejected) as refused:
        LAYOUT.build(make_batch(make_draft(key="fine"), draft))

    assert (refused.value.value, refused.value.field) == (draft.key, field)


def test_a_latin_1_file_refuses_identifiers_and_makes_words_fit():
    layout = CsvLayout(dataclasses.replace(SETTINGS, charset="latin-1"))

    content = layout.build(make_batch(make_draft(note="Größe 36, 5 € off")))

    assert "Größe 36, 5 ? off".encode("latin-1") in content
    with pytest.raises(Rejected, match="latin-1 file cannot carry"):
        layout.build(make_batch(make_draft(rma_number="€1")))


# --- Coming in -------------------------------------------------------------------------------


def test_receipts_are_told_by_number_authorisation_moment_and_warehouse():
    (part,) = read(RECEIPTS)

    assert (part.kind, part.number, part.partner) == (InboundKind.ARRIVALS, "5", "DEPOT3PL")
    assert part.arrivals == (
        Arrival(
            "RMA5001",
            "WR1",
            DAY,
            "MAIN",
            (ArrivalLine("DRESS", 2), ArrivalLine("SHIRT", 1, "damaged", "torn")),
        ),
        Arrival(
            "RMA5002",
            "WR2",
            datetime(2026, 3, 6, 4, 30, tzinfo=UTC),
            "MAIN",
            (ArrivalLine("DRESS", 1),),
        ),
    )
    assert part.answer is None


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_a_spreadsheets_ways_of_writing_are_read(mark, end, delimiter):
    text = mark + RECEIPTS.replace("\n", end).replace(",", delimiter)

    assert read(text)[0].arrivals == read(RECEIPTS)[0].arrivals


def test_a_file_of_the_declared_charset_is_read():
    (part,) = read(RECEIPTS.replace("torn", "größer"), "latin-1")

    assert part.arrivals[0].lines[1].damage_reason == "größer"


def test_a_file_cut_anywhere_is_never_taken():
    content = RECEIPTS.encode()

    for length in range(len(content)):
        with pytest.raises(UnreadableReply):
            LAYOUT.read("in.csv", content[:length])


@settings(max_examples=100, deadline=None)
@given(changed(RECEIPTS))
def test_a_changed_file_is_read_or_refused_and_nothing_else(content):
    try:
        (part,) = LAYOUT.read("in.csv", content)
    except UnreadableReply:
        return
    assert sum(line.quantity for one in part.arrivals for line in one.lines) > 0


def without(column: int) -> str:
    rows = [row.split(",") for row in RECEIPTS.splitlines()]
    kept = [row if row[0] in "HT" else row[:column] + row[column + 1 :] for row in rows]
    return "".join(",".join(row) + "\n" for row in kept)


@pytest.mark.parametrize(
    ("text", "message", "field"),
    [
        pytest.param(
            RECEIPTS.replace(",damage_reason", ",why"),
            "Unknown columns: why. Known are: authorisation",
            "why",
            id="unknown-column",
        ),
        pytest.param(without(4), "Missing columns: sku", "sku", id="missing-column"),
        pytest.param(
            RECEIPTS.replace(",condition,", ",sku,"), "sku stands there twice", "sku", id="twice"
        ),
        pytest.param(
            RECEIPTS.replace("SHIRT,1", "SHIRT,1.5"),
            "Line 4, column quantity: '1.5' is not a whole number",
            "quantity",
            id="fraction",
        ),
        pytest.param(
            RECEIPTS.replace("SHIRT,1", "SHIRT,"),
            "Line 4, column quantity: is empty",
            "quantity",
            id="no-quantity",
        ),
        pytest.param(
            RECEIPTS.replace("SHIRT,1", "SHIRT,0").replace("3,4,0", "3,3,0"),
            "Line 4, column quantity: 0 is no number of units",
            "quantity",
            id="no-units",
        ),
        pytest.param(
            RECEIPTS.replace("2026-03-05,MAIN,SHIRT", "05/03/2026,MAIN,SHIRT"),
            "Line 4, column received_at: '05/03/2026' is not a day",
            "received_at",
            id="date",
        ),
        pytest.param(
            RECEIPTS.replace("23:30:00-05:00", "23:30:00"),
            "Line 5, column received_at",
            "received_at",
            id="no-zone",
        ),
        pytest.param(
            RECEIPTS.replace("WR1,RMA5001", ",RMA5001", 1),
            "Line 3, column receipt_number: is empty",
            "receipt_number",
            id="no-number",
        ),
        pytest.param(RECEIPTS.replace("torn", "torn,x"), "Line 4 has 9 cells", "", id="cells"),
        pytest.param(RECEIPTS.replace("T,5,3", "T,5,2"), "'2' rows, the rows hold 3", "trailer",
                     id="rows"),
        pytest.param(RECEIPTS.replace("3,4,0", "3,5,0"), "'5' units, the rows hold 4", "trailer",
                     id="units"),
        pytest.param(RECEIPTS.replace("T,5", "T,6"), "number is '6', the head's '5'", "trailer",
                     id="number"),
        pytest.param(RECEIPTS.replace("csv-1", "csv-2"), "layout is 'generic-csv-2'", "layout",
                     id="layout"),
        pytest.param(RECEIPTS.replace("test", "live"), "It is a live file", "usage", id="live"),
        pytest.param(RECEIPTS.replace("DEPOT3PL", "OTHER"), "sender is 'OTHER'", "sender",
                     id="sender"),
        pytest.param(RECEIPTS.replace("H,", "h,"), "does not begin with a head row", "head",
                     id="head"),
        pytest.param(RECEIPTS.replace(",receipts,", ",credit_memo,"), "does not come this way",
                     "content", id="content"),
        pytest.param(RECEIPTS.replace("torn", '"torn'), "not proper CSV", "", id="quote"),
        pytest.param(RECEIPTS.replace("torn", "to\0rn"), "NUL", "", id="nul"),
        pytest.param("", "does not begin with a head row", "head", id="empty"),
    ],
)  # fmt: skip
def test_a_file_with_a_fault_is_refused_with_line_and_column(text, message, field):
    with pytest.raises(UnreadableReply) as refused:
        read(text)

    assert message in refused.value.text
    assert refused.value.field == field


def test_a_file_of_another_charset_is_told_by_its_byte():
    with pytest.raises(UnreadableReply, match="is not utf-8"):
        LAYOUT.read("in.csv", RECEIPTS.replace("torn", "größer").encode("latin-1"))


def test_a_file_larger_than_the_limit_is_not_looked_into(monkeypatch):
    monkeypatch.setattr(csv_table, "MAX_ROWS", 4)
    with pytest.raises(UnreadableReply, match="more than 4 rows"):
        read(RECEIPTS)

    with pytest.raises(UnreadableReply, match="larger than 16 MB"):
        LAYOUT.read("in.csv", b"H" * (csv_table.MAX_BYTES + 1))


def test_our_own_file_come_back_is_not_taken():
    with pytest.raises(UnreadableReply, match="does not come this way"):
        LAYOUT.read("in.csv", LAYOUT.build(make_batch()))


ACKNOWLEDGED = Acknowledgement(
    17,
    is_syntax_only=False,
    is_accepted=None,
    lines=(
        AckLine("RA-1", 1, LineResult.ACCEPTED, number="A1", erp_id="77"),
        AckLine("RA-2", 2, LineResult.REJECTED, "period_closed", "=closed, \"all\"", field="date"),
        AckLine("", 3, LineResult.HELD, text="Asked"),
    ),
)  # fmt: skip


@pytest.mark.parametrize(
    "found",
    [
        pytest.param(ACKNOWLEDGED, id="per-line"),
        pytest.param(Acknowledgement(17, False, False, "Two lines are wrong"), id="refused"),
        pytest.param(Acknowledgement(17, False, True), id="accepted"),
        pytest.param(Acknowledgement(17, True, True), id="read"),
        pytest.param(Acknowledgement(17, True, False, "Line 3"), id="unreadable"),
        pytest.param(dataclasses.replace(ACKNOWLEDGED, is_accepted=True), id="both"),
    ],
)
def test_an_acknowledgement_is_read_as_sent(found):
    (part,) = LAYOUT.read("ack.csv", PARTNER.acknowledge(found, number=5, at=AT))

    assert part.acknowledgements == (found,)


ACKS = HEAD.format("acknowledgement") + "batch,line,key,result\n{}T,5,{},0,0\n"


def test_one_file_may_answer_to_several_batches():
    (part,) = read(ACKS.format("17,1,,accepted\n18,,,REJECTED\n", 2))

    first, second = part.acknowledgements
    assert (first.batch_number, first.is_accepted, len(first.lines)) == (17, None, 1)
    assert (second.batch_number, second.is_accepted, len(second.lines)) == (18, False, 0)


@pytest.mark.parametrize(
    ("rows", "count", "message"),
    [
        ("17,1,K,ok\n", 1, "Line 3, column result: 'ok' is not one of accepted, rejected, held"),
        ("17,,,held\n", 1, "Line 3, column result: 'held' is not one of read, unreadable"),
        ("17,,,accepted\n17,,,rejected\n", 2, "Batch 17 has several verdicts that differ"),
        ("17,-1,K,held\n", 1, "Line 3, column line: it is below 0"),
    ],
)
def test_a_verdict_nobody_knows_is_refused(rows, count, message):
    with pytest.raises(UnreadableReply, match=message):
        read(ACKS.format(rows, count))


def test_changed_conditions_are_read_as_sent():
    changes = (
        Regrade("ADJ1", AT, "DRESS", -2, "AC", "good", "damaged", "WR1", "RMA5001", "MAIN"),
        Regrade("ADJ2", DAY, "-SHIRT", 1, "07"),
    )

    (part,) = LAYOUT.read("in.csv", PARTNER.regrades(changes, number=5, at=AT))

    assert part.regrades == changes


def test_arrivals_are_read_as_sent():
    found = (
        Arrival("RMA1", "WR1", AT, "MAIN", (ArrivalLine("A", 2, "01", "WD", "3"),)),
        Arrival("RMA2", "WR1", DAY, "MAIN", (ArrivalLine("=B", 1), ArrivalLine("C", 4))),
    )

    (part,) = LAYOUT.read("in.csv", PARTNER.arrivals(found, number=5, at=AT))

    assert part.arrivals == found


def test_a_document_whose_rows_do_not_add_up_is_refused_by_the_partner():
    content = LAYOUT.build(make_batch(make_credit())).replace(b",2,60.00,", b",3,60.00,")

    with pytest.raises(UnreadableReply, match=r"tells 3 lines and .*, its rows hold 2 and"):
        PARTNER.read_batch("out.csv", content)
