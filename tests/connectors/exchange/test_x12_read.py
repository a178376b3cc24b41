"""What partners send as X12: read whole, or refused with the fault named to people and to them."""

import dataclasses
import io
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyx12.segment import Segment as OtherSegment
from pyx12.x12file import X12Writer

from connectors.errors import UnreadableReply
from connectors.exchange.layouts import RefusedFile
from connectors.exchange.shapes import (
    AckLine,
    Acknowledgement,
    Arrival,
    ArrivalLine,
    InboundKind,
    LineResult,
    Regrade,
)
from connectors.exchange.x12 import X12Layout, X12Partner, tokens
from tests.connectors.exchange.layout_cast import (
    AT,
    DAY,
    SETTINGS,
    changed,
    identifiers,
    keys,
    make_batch,
)
from tests.connectors.exchange.test_x12_build import faults_others_find

LAYOUT, PARTNER = X12Layout(SETTINGS), X12Partner(SETTINGS)
ISA = (
    "ISA*00*          *00*          *ZZ*DEPOT3PL       *ZZ*RETURNSBRIDGE  *260305*1230*U*00401"
    "*000000006*0*T*>"
)
RECEIPT = (
    "W17*J*20260305*WR88*RMA5001",
    "N1*RC*Depot*92*MAIN",
    "N9*RZ*RMA5001",
    "G62*19*20260305",
    "W07*3*EA**SK*DRESS-RED-M",
    "N9*LI*1",
    "W13*1*EA*01**WD",
    "W07*1*EA*012345678905",
    "W14*4",
)


def interchange(*body: str, code: str = "944", group: str = "RE", end: str = "~") -> bytes:
    """One set from the partner in a proper envelope."""
    rows = (
        ISA,
        f"GS*{group}*DEPOT3PL*RETURNSBRIDGE*20260305*1230*6*X*004010",
        f"ST*{code}*0001",
        *body,
        f"SE*{len(body) + 2}*0001",
        "GE*1*6",
        "IEA*1*000000006",
    )
    return "".join(row + end for row in rows).encode()


def read(content: bytes):
    return LAYOUT.read("in.x12", content)


def receipt(**changed: str) -> bytes:
    """`RECEIPT` with whole segments replaced by their name (W13="…"); "" leaves one out."""
    rows = [changed.get(row.split("*")[0], row) for row in RECEIPT]
    return interchange(*filter(None, rows))


def test_a_receipt_tells_units_in_order_apart_from_the_damaged_ones():
    (part,) = read(interchange(*RECEIPT))

    assert (part.kind, part.number, part.partner) == (
        InboundKind.ARRIVALS, "000000006", "DEPOT3PL"
    )  # fmt: skip
    assert part.arrivals == (
        Arrival(
            "RMA5001",
            "WR88",
            DAY,
            "MAIN",
            (
                ArrivalLine("DRESS-RED-M", 2, po_line="1"),
                ArrivalLine("DRESS-RED-M", 1, "01", "WD", "1"),
                ArrivalLine("012345678905", 1),
            ),
        ),
    )
    assert b"AK1*RE*6~\nAK2*944*0001~\nAK5*A~\nAK9*A*1*1*1~" in part.answer
    assert faults_others_find(part.answer) == []


def test_units_short_or_not_received_are_no_goods():
    (part,) = read(receipt(W13="W13*2*EA*02"))

    assert [line.quantity for line in part.arrivals[0].lines] == [3, 1]


@pytest.mark.parametrize("end", ["~", "~\n", "~\r\n", "\n", "\r\n", "'"])
def test_segments_end_as_the_isa_says(end):
    content = interchange(*RECEIPT, end=end)

    assert read(content)[0].arrivals[0].receipt_number == "WR88"


def test_delimiters_are_the_files_own():
    content = interchange(*RECEIPT).replace(b"*", b"|").replace(b">", b":")

    (part,) = read(b"\xef\xbb\xbf\r\n" + content)

    assert part.arrivals[0].lines[0].sku == "DRESS-RED-M"


@pytest.mark.parametrize(
    ("changed", "field", "note"),
    [
        pytest.param(
            {"W13": "W13*1*EA*01"}, "W1305", "AK3*W13*8**8~\nAK4*5*853*2~", id="damage-unsaid"
        ),
        pytest.param({"W14": "W14*5"}, "W1401", "AK3*W14*10**8~\nAK4*1*413*7*5~", id="total"),
        pytest.param(
            {"W07": "W07*12345678*EA**SK*A"},
            "W0701",
            "AK3*W07*6**8~\nAK4*1*413*5*12345678~",
            id="eight-digits",
        ),
        pytest.param(
            {"W07": "W07*1.5*EA**SK*A"}, "W0701", "AK3*W07*6**8~\nAK4*1*413*7*1.5~", id="fraction"
        ),
        pytest.param(
            {"W07": "W07*-3*EA**SK*A"}, "W0701", "AK3*W07*6**8~\nAK4*1*413*7*-3~", id="negative"
        ),
        pytest.param(
            {"W17": "W17*J*20260230*WR88"},
            "W1702",
            "AK3*W17*2**8~\nAK4*2*373*8*20260230~",
            id="no-such-day",
        ),
        pytest.param(
            {"W17": "W17*Q*20260305*WR88"},
            "W1701",
            "AK3*W17*2**8~\nAK4*1*514*7*Q~",
            id="unknown-code",
        ),
        pytest.param(
            {"W17": "W17*J*20260305"}, "W1703", "AK3*W17*2**8~\nAK4*3*394*1~", id="no-number"
        ),
        pytest.param({"W07": "W07*3*EA"}, "W0703", "AK3*W07*6**8~\nAK4*3*438*2~", id="no-item"),
        pytest.param(
            {"W07": "W07*3*EA**SK"}, "W0705", "AK3*W07*6**8~\nAK4*5*234*2~", id="half-an-item"
        ),
        pytest.param(
            {"W13": "W13*9*EA*03"}, "W0701", "AK3*W07*6**8~\nAK4*1*413*7*3~", id="odd-units"
        ),
        pytest.param({"W14": ""}, "W14", "AK3*W14*10**3~", id="no-total"),
        pytest.param({"N1": ""}, "N1", "AK3*N1*3**3~", id="no-warehouse"),
        pytest.param({"G62": "QQ*1"}, "QQ", "AK3*QQ*5**1~", id="unknown-segment"),
        pytest.param({"G62": "W14*4"}, "W07", "AK3*W07*5**3~", id="out-of-place"),
        pytest.param({"N1": "N1*WH*\x07"}, "N102", "AK4*2*93*6~", id="control-character"),
    ],
)
def test_a_fault_refuses_the_file_and_the_answer_names_it(changed, field, note):
    with pytest.raises(RefusedFile) as refused:
        read(receipt(**changed))

    answer = refused.value.answer
    assert note in answer.decode()
    assert b"AK5*R*5~\nAK9*R*1*1*0~" in answer
    assert refused.value.field == field
    assert "Nothing of the file was taken" in refused.value.text
    assert faults_others_find(answer) == []


def test_one_set_at_fault_refuses_the_others_beside_it():
    good = Arrival("RMA1", "WR1", DAY, "MAIN", (ArrivalLine("A", 1),))
    content = PARTNER.arrivals((good, good, good), number=9, at=AT)

    with pytest.raises(RefusedFile) as refused:
        read(content.replace(b"W14*1~", b"W14*2~", 1))

    assert b"AK2*944*0002~\nAK5*R~" in refused.value.answer
    assert b"AK9*R*3*3*0~" in refused.value.answer


def test_a_fault_in_a_partners_997_is_answered_with_nothing():
    content = interchange("AK1*AR*17", "AK9*Q*1*1*1", code="997", group="FA")

    with pytest.raises(UnreadableReply, match="'Q' is not one of") as refused:
        read(content)

    assert not isinstance(refused.value, RefusedFile)


def test_a_response_reason_beside_a_request_reason_is_refused():
    body = ("BGN*00*RMA1*20260305", "RDR*RA*PF*RT", "BLI*SK*A*1*EA")

    with pytest.raises(RefusedFile, match="RDR02, RDR03 only one may be there"):
        read(interchange(*body, code="180", group="AN"))


@pytest.mark.parametrize(
    ("code", "group", "why"),
    [("850", "RE", "AK5*R*1~"), ("947", "RE", "AK5*R*6~")],
)
def test_a_set_we_do_not_read_in_its_group_is_refused(code, group, why):
    with pytest.raises(RefusedFile, match="not one we read") as refused:
        read(interchange(*RECEIPT, code=code, group=group))

    assert why in refused.value.answer.decode()


def test_a_file_cut_anywhere_is_never_taken():
    content = interchange(*RECEIPT)

    for length in range(len(content)):
        with pytest.raises(UnreadableReply) as refused:
            read(content[:length])
        assert not isinstance(refused.value, RefusedFile), length


@settings(max_examples=100, deadline=None)
@given(changed(interchange(*RECEIPT).decode()))
def test_a_changed_file_is_read_or_refused_and_nothing_else(content):
    try:
        (part,) = read(content)
    except UnreadableReply:
        return
    assert sum(line.quantity for line in part.arrivals[0].lines) > 0


@pytest.mark.parametrize(
    ("old", "new", "text"),
    [
        ("SE*11*", "SE*10*", "'10' segments counted, the file holds 11"),
        ("SE*11*0001", "SE*11*0002", "'0002', but ST02 is '0001'"),
        ("GE*1*", "GE*2*", "'2' transaction sets counted, the file holds 1"),
        ("GE*1*6", "GE*1*7", "'7', but GS06 is '6'"),
        ("IEA*1*", "IEA*0*", "'0' groups counted, the file holds 1"),
        ("IEA*1*000000006", "IEA*1*000000007", "but ISA13 is '000000006'"),
    ],
)
def test_numbers_and_counts_that_differ_are_seen_as_others_see_them(old, new, text):
    broken = interchange(*RECEIPT).replace(old.encode(), new.encode())

    with pytest.raises(UnreadableReply, match=text):
        read(broken)
    assert len(faults_others_find(broken)) == 1


def test_an_answer_goes_to_the_agreed_ids_whatever_the_group_says():
    content = interchange(*RECEIPT).replace(b"|", b"").replace(b"*", b"|")

    (part,) = read(content.replace(b"GS|RE|DEPOT3PL", b"GS|RE|DEP*T\xc2\xb2"))

    assert b"GS*FA*RETURNSBRIDGE*DEPOT3PL*" in part.answer


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("DEPOT3PL       *", "SOMEONE        *", "ISA06"),
        ("RETURNSBRIDGE  *", "SOMEONE        *", "ISA08"),
        ("*0*T*", "*0*P*", "ISA15"),
        ("*00401*", "*00501*", "ISA12"),
        ("X*004010", "X*005010", "GS08"),
        ("GS*RE*", "GS*AR*", "ST01"),
        ("GS*RE*", "GS*\xb2*", "GS01"),
        ("ST*944*0001", "ST*944*\xb2001", "ST02"),
    ],
)
def test_a_file_that_is_not_for_us_is_not_taken(old, new, field):
    with pytest.raises(UnreadableReply) as refused:
        read(interchange(*RECEIPT).replace(old.encode(), new.encode()))

    assert refused.value.field == field


def test_our_own_file_come_back_is_not_taken():
    with pytest.raises(UnreadableReply, match="not for this connection"):
        read(LAYOUT.build(make_batch()))


@pytest.mark.parametrize(
    "content", [b"", b"  \n", b"number;sku\n1;A\n", b"ISA*00", b"\xff\xfe", ISA.encode() + b"~"]
)
def test_what_is_no_interchange_is_unreadable(content):
    with pytest.raises(UnreadableReply):
        read(content)


def test_several_interchanges_of_one_file_are_read_and_answered_apart():
    second = interchange(*RECEIPT).replace(b"000000006", b"000000007")

    found = read(interchange(*RECEIPT) + b"\r\n" + second)

    assert [part.number for part in found] == ["000000006", "000000007"]
    assert [b"*900000006*" in found[0].answer, b"*900000007*" in found[1].answer] == [True, True]


def test_a_number_that_stands_in_a_file_twice_is_seen():
    good = Arrival("RMA1", "WR1", DAY, "MAIN", (ArrivalLine("A", 1),))
    content = PARTNER.arrivals((good, good), number=9, at=AT)

    with pytest.raises(UnreadableReply, match="ST02 '0001' stands in the file twice"):
        read(content.replace(b"*0002~", b"*0001~"))


def test_a_file_larger_than_the_limit_is_not_looked_into():
    with pytest.raises(UnreadableReply, match="larger than 16 MB"):
        read(b"ISA" + b"*" * tokens.MAX_BYTES)


def test_a_file_written_by_others_is_read():
    text = io.StringIO()
    writer = X12Writer(text, "~", "*", ">", "\n")
    head = (ISA, "GS*RE*DEPOT3PL*RETURNSBRIDGE*20260305*1230*6*X*004010")
    for row in (*head, "ST*944*0001", *RECEIPT, "ST*944*0002", *RECEIPT):
        if row == "ST*944*0002":
            writer.Write(OtherSegment("SE*0*0001", "~", "*", ">"))
        writer.Write(OtherSegment(row, "~", "*", ">"))
    writer.close()

    (part,) = read(text.getvalue().encode())

    assert [one.receipt_number for one in part.arrivals] == ["WR88", "WR88"]


# --- Round trips with the partner's side -----------------------------------------------------

ARRIVAL_LINES = st.builds(
    ArrivalLine,
    sku=identifiers(48),
    quantity=st.integers(1, 1_999_999),
    condition=st.sampled_from(["", "01", "03", "04", "07"]),
    damage_reason=st.just(""),
    po_line=st.sampled_from(["", "1", "27"]),
)
ARRIVALS = st.builds(
    Arrival,
    authorisation=keys(),
    receipt_number=identifiers(12),
    received_at=st.sampled_from([DAY, AT, date(1999, 12, 31)]),
    warehouse=identifiers(60),
    lines=st.lists(ARRIVAL_LINES, min_size=1, max_size=4).map(tuple),
)


@settings(max_examples=15, deadline=None)
@given(st.lists(ARRIVALS, min_size=1, max_size=3).map(tuple))
def test_any_arrivals_are_read_as_sent(found):
    content = PARTNER.arrivals(found, number=5, at=AT)

    (part,) = read(content)
    wanted = tuple(
        dataclasses.replace(one, lines=tuple(map(_with_damage_said, one.lines))) for one in found
    )
    assert part.arrivals == wanted
    assert faults_others_find(content) == []


def _with_damage_said(line: ArrivalLine) -> ArrivalLine:
    return dataclasses.replace(line, damage_reason="ZZ") if line.condition == "01" else line


def test_a_changed_condition_is_read_with_sign_reason_and_both_conditions():
    change = Regrade(
        "ADJ7", AT, "DRESS", -2, "AC", "good", "damaged", "WR88", "RMA5001", "MAIN"
    )  # fmt: skip

    content = PARTNER.regrades((change,), number=8, at=AT)

    assert read(content)[0].regrades == (change,)
    assert faults_others_find(content) == []


def test_a_997_tells_each_document_by_its_place():
    body = (
        "AK1*AR*17",
        "AK2*943*0001",
        "AK5*A",
        "AK2*943*0002",
        "AK3*W04*14**8",
        "AK4*1*382*5*12345678901",
        "AK5*R*5",
        "AK9*P*2*2*1",
    )

    (part,) = read(interchange(*body, code="997", group="FA"))

    (told,) = part.acknowledgements
    assert (told.batch_number, told.is_syntax_only, told.is_accepted) == (17, True, None)
    assert [(line.line, line.result, line.text) for line in told.lines] == [
        (1, LineResult.ACCEPTED, ""),
        (2, LineResult.REJECTED, "Segment 14 (W04), element 1 is too long: 12345678901."),
    ]
    assert part.answer is None


@pytest.mark.parametrize(("code", "verdict"), [("A", True), ("E", True), ("R", False)])
def test_a_ta1_speaks_of_a_whole_interchange(code, verdict):
    rows = (ISA, f"TA1*000000017*260305*1230*{code}*000", "IEA*0*000000006")

    (part,) = read("~".join((*rows, "")).encode())

    told = part.acknowledgements[0]
    assert (told.batch_number, told.is_accepted) == (17, verdict)


LINES = (
    AckLine("RA-depot-0c8b1a52-3d5e-4f5c-9d53-000011112222-1", 1, LineResult.ACCEPTED, number="A1",
            erp_id="77"),
    AckLine("RA-2", 2, LineResult.REJECTED, "period_closed", "March is closed. " * 9, field="date"),
    AckLine("", 3, LineResult.HELD, "024", "Somebody looks at it."),
)  # fmt: skip


def test_an_824_tells_each_document_by_key_place_number_and_reason():
    found = Acknowledgement(17, is_syntax_only=False, is_accepted=None, lines=LINES)

    content = PARTNER.acknowledge(found, number=5, at=AT)
    (part,) = read(content)

    (told,) = part.acknowledgements
    assert told.lines == tuple(dataclasses.replace(line, text=line.text.strip()) for line in LINES)
    assert (told.batch_number, told.is_syntax_only) == (17, False)
    assert b"AK1*AG*5~" in part.answer
    assert faults_others_find(content) == []


def test_an_824_of_a_partner_is_read_with_its_own_codes():
    body = (
        "BGN*11*55*20260305",
        "OTI*TR*ZZ*RA-2*****17*0002",
        "TED*848*Wrong style",
        "TED*007*No colour",
        "OTI*GR*ZZ*18*****18",
    )

    (part,) = read(interchange(*body, code="824", group="AG"))

    first, second = part.acknowledgements
    (line,) = first.lines
    assert (line.key, line.line, line.code, line.text) == (
        "RA-2", 2, "848", "Wrong style No colour"
    )  # fmt: skip
    assert (second.batch_number, second.is_accepted, second.lines) == (18, False, ())


@pytest.mark.parametrize("is_accepted", [True, False])
@pytest.mark.parametrize("is_syntax_only", [True, False])
def test_a_verdict_on_a_whole_batch_is_read_as_sent(is_accepted, is_syntax_only):
    found = Acknowledgement(17, is_syntax_only, is_accepted)

    (part,) = read(PARTNER.acknowledge(found, number=5, at=AT))

    assert part.acknowledgements == (found,)


def test_a_partners_812_is_credit_advice():
    body = (
        "BCD*20260305*CM88*Z*1250*D**INV9",
        "CUR*SE*GBP",
        "N1*BT**92*WEB",
        "CDD*11*D**1250***1*EA",
        "LIN**SK*DRESS",
    )

    (part,) = read(interchange(*body, code="812", group="CD"))

    (document,) = part.documents
    assert part.kind is InboundKind.CREDIT_ADVICE
    assert (document.number, document.amount) == ("CM88", Decimal("-12.50"))
    assert (document.lines[0].sku, document.lines[0].quantity) == ("DRESS", 1)


def test_a_partners_180_is_an_authorisation_with_quantities_in_either_place():
    body = (
        "BGN*00*RC26700*20260305",
        "RDR*RA*SR",
        "PRF*PO1",
        "N1*RT*Depot*91*DEPOT",
        "BLI*VN*336*1*EA",
        "BLI*VN*339",
        "QTY*QA*2",
    )

    (part,) = read(interchange(*body, code="180", group="AN"))

    (document,) = part.documents
    assert part.kind is InboundKind.AUTHORISATIONS
    assert (document.rma_number, document.order_number) == ("RC26700", "PO1")
    assert [(line.sku, line.quantity) for line in document.lines] == [("336", 1), ("339", 2)]


def test_what_we_answer_is_read_by_the_partner():
    (part,) = read(interchange(*RECEIPT))

    (answer,) = PARTNER.read_batch("out.x12", part.answer)

    assert answer.acknowledgements[0].batch_number == 6
    assert answer.acknowledgements[0].is_accepted is True


def test_a_943_without_a_date_is_read_without_one():
    content = LAYOUT.build(make_batch()).replace(b"W06*C*RMA5001*20260305~", b"W06*C*RMA5001~")

    (part,) = PARTNER.read_batch("out.x12", content)

    assert (part.documents[0].rma_number, part.documents[0].date) == ("RMA5001", None)
