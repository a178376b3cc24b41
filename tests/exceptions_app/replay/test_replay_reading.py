"""A file is read whole or refused whole, naming every broken row."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from exceptions_app.services.replay import reading
from tests.exceptions_app.replay.lines_cast import HEADER, lines_of, row, text_of

GOOD = row("500", "20001", 6, "2.95")


def test_a_line_is_read_with_its_sign_and_its_local_time():
    (line,) = lines_of(row("C501", "20001", -2, "2.95", date="2010-07-02T10:00:00"))

    assert (line.row, line.quantity, line.units, line.money) == (2, -2, 2, Decimal("-5.90"))
    assert line.at == datetime(2010, 7, 2, 9, 0, tzinfo=UTC)
    assert line.is_credit


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        pytest.param(GOOD[:-1], "has 7 columns, not 8", id="short"),
        pytest.param([*GOOD, "x"], "has 9 columns, not 8", id="long"),
        pytest.param(row("500", "20001", "six", "1"), "quantity 'six' is not", id="word"),
        pytest.param(row("500", "20001", "1.5", "1"), "quantity '1.5' is not", id="half"),
        pytest.param(row("500", "20001", "", "1"), "quantity '' is not", id="no-quantity"),
        pytest.param(row("500", "20001", "٣", "1"), "quantity '٣' is not", id="other-digits"),
        pytest.param(row("500", "20001", 1_000_001, "1"), "above 1,000,000", id="huge"),
        pytest.param(row("500", "20001", 0, "1"), "is not above zero", id="zero"),
        pytest.param(row("500", "20001", -3, "1"), "order 500 is not above zero", id="minus"),
        pytest.param(row("C500", "20001", 3, "1"), "C500 is not below zero", id="plus"),
        pytest.param(row("500", "20001", 1, "1,50"), "unit_price_gbp '1,50' is not", id="comma"),
        pytest.param(row("500", "20001", 1, "NaN"), "unit_price_gbp 'NaN' is not", id="nan"),
        pytest.param(row("500", "20001", 1, "1e3"), "unit_price_gbp '1e3' is not", id="exponent"),
        pytest.param(row("500", "20001", 1, ""), "unit_price_gbp '' is not", id="no-price"),
        pytest.param(row("500", "20001", 1, "-2"), "-2 is negative", id="negative"),
        pytest.param(row("C500", "20001", -1, "0.001"), "not in whole pence", id="part-penny"),
        pytest.param(row("500", "20001", 1, "1", date="1 May"), "'1 May' cannot", id="date"),
        pytest.param(
            row("500", "20001", 1, "1", date="2010-02-30T10:00:00"), "cannot be read", id="no-day"
        ),
        pytest.param(row("500", "", 1, "1"), "stock_code is empty", id="no-code"),
        pytest.param(row("", "20001", 1, "1"), "invoice '' is not", id="no-invoice"),
        pytest.param(row("5,0", "20001", 1, "1"), "invoice '5,0' is not", id="invoice"),
        pytest.param(row("500", "2\x000", 1, "1"), "control character", id="nul"),
        pytest.param(row("500", "2" * 61, 1, "1"), "longer than 60", id="long-code"),
        pytest.param(row("499", "20001", 1, "1", customer="9"), "which is '100'", id="owner"),
    ],
)
def test_a_broken_row_is_named_with_what_is_wrong(broken, words):
    with pytest.raises(reading.FileRefused) as refused:
        lines_of(row("499", "20001", 1, "1"), broken, row("502", "20001", 1, "1"))

    (problem,) = refused.value.problems
    assert problem.startswith("Row 3: ")
    assert words in problem


def test_every_broken_row_is_told_of_at_once():
    with pytest.raises(reading.FileRefused) as refused:
        lines_of(row("500", "20001", "x", "1"), GOOD, row("501", "20001", 1, "y"))

    assert [text.split(":")[0] for text in refused.value.problems] == ["Row 2", "Row 4"]


def test_a_row_is_counted_as_the_file_shows_it_after_a_break_inside_a_cell():
    with pytest.raises(reading.FileRefused, match="Row 4: quantity"):
        lines_of(["500", "20001", "two\nlines", *GOOD[3:]], row("501", "20001", "x", "1"))


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"500,20001,Mug,6,2010-03-01T10:00:00,2.95,100,France\n", "Row 1: the header is missing"),
        (HEADER.encode() + b"\n500,20001,Caf\xe9\n", "Row 2: the byte 0xE9 is not UTF-8"),
        (HEADER.encode("utf-16"), "Row 1: the byte 0xFF is not UTF-8"),
        (HEADER.encode() + b'\n500,"20001', "Row 2: cannot be read as CSV"),
    ],
)
def test_a_file_that_is_no_such_table_is_refused(raw, words):
    with pytest.raises(reading.FileRefused, match=words):
        reading.read(raw)


@pytest.mark.parametrize("raw", [b"", b"\xef\xbb\xbf", b"\n", HEADER.encode()])
def test_a_file_without_lines_has_none(raw):
    assert reading.read(raw) == ()


def test_the_same_lines_have_one_digest_however_they_were_written():
    text = text_of(GOOD, row("C501", "20001", -1, "2.950"))
    other = "\ufeff" + text.replace("\n", "\r\n").replace("2.950", "2.95")

    digest = reading.digest_of(reading.read(text.encode()))

    assert digest == reading.digest_of(reading.read(other.encode()))
    assert digest != reading.digest_of(lines_of(GOOD))
