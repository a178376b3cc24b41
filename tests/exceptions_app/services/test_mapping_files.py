import io
import zipfile
from datetime import date

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exceptions_app import errors
from exceptions_app.rules.spreadsheets import guarded, unguarded
from exceptions_app.services import mapping_files

HEADS = ("value", "sku", "reason")
CELLS = st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=30)
RISKY = st.builds(lambda start, rest: start + rest, st.sampled_from("=+-@'"), CELLS)
ROWS = st.lists(st.tuples(CELLS | RISKY, CELLS | RISKY, CELLS | RISKY), min_size=1, max_size=8)


def read(text, name="aliases.csv", kind="sku_alias"):
    content = text.encode() if isinstance(text, str) else text
    return mapping_files.read(content=content, name=name, kind=kind)


def cells(rows):
    return [(row.value, row.target["sku"], row.reason) for row in rows]


def book(*rows, formats=None):
    workbook = openpyxl.Workbook()
    for row in (HEADS, *rows):
        workbook.active.append(list(row))
    for address, number_format in (formats or {}).items():
        workbook.active[address].number_format = number_format
    target = io.BytesIO()
    workbook.save(target)
    return target.getvalue()


@pytest.mark.parametrize("file_format", mapping_files.FORMATS)
@given(rows=ROWS)
def test_what_is_exported_comes_back_to_the_letter(file_format, rows):
    content = mapping_files.written(heads=HEADS, rows=rows, file_format=file_format)

    assert cells(read(content, f"x.{file_format}")) == rows


@given(cell=CELLS | RISKY)
def test_no_cell_leaves_as_a_formula_and_each_comes_back(cell):
    assert not guarded(cell).startswith(("=", "+", "-", "@"))
    assert unguarded(guarded(cell)) == cell


def test_an_exported_formula_is_text_in_the_workbook():
    content = mapping_files.written(heads=HEADS, rows=[("=1+1", "TEE", "")], file_format="xlsx")

    cell = openpyxl.load_workbook(io.BytesIO(content)).active["A2"]
    assert (cell.data_type, cell.value) == ("s", "'=1+1")


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("value,sku,reason\nA,B,C\n", id="comma"),
        pytest.param("\ufeffvalue;sku;reason\r\nA;B;C\r\n", id="bom-semicolon-crlf"),
        pytest.param("Value\tSKU\tReason\nA\tB\tC", id="tab-any-case"),
        pytest.param("sku,reason,source value\nB,C,A\n", id="other-order-and-name"),
        pytest.param("value,sku,reason,,\nA,B,C,,\n\n,,\n", id="empty-rows-and-columns"),
        pytest.param("value,sku,reason,line,error\nA,B,C,7,wrong\n", id="wrong-rows-corrected"),
        pytest.param("value,sku,reason\nA,B,C\n".encode("utf-16"), id="utf-16"),
    ],
)
def test_what_spreadsheets_make_of_a_csv_is_read(text):
    assert cells(read(text)) == [("A", "B", "C")]


def test_letters_of_an_old_windows_file_are_read():
    assert cells(read("value,sku\nJÄCKE,B\n".encode("cp1252"))) == [("JÄCKE", "B", "")]


def test_lines_are_those_the_editor_shows():
    rows = read('value,sku,reason\n"A",B,"two\nlines"\nC,D,\n')

    assert [(row.line, row.value) for row in rows] == [(2, "A"), (4, "C")]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "The file is empty"),
        ("value,sku,reason\n", "no row below"),
        ("value,reason\nA,B\n", "The column sku is missing"),
        ("value,sku,colour\nA,B,C\n", "“colour” is not a column"),
        ("value,sku,sku\nA,B,C\n", "The column sku is there twice"),
        ("value,sku,version\nA,B,1\n", "an export of all versions"),
        ('value,sku\n"A,B\n', "Line 2 cannot be read"),
        (b"value,sku\nA\x00,B\n", "not a text file"),
        (b"\x81\x8d", "letters cannot be read"),
        ("value,sku\n" + "A,B\n" * 5_001, "more than 5,000 rows"),
        (b"value,sku\n" + b"A" * (2 * 1024 * 1024), "more than 2 MB"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_with_what_to_do(text, words):
    with pytest.raises(errors.InvalidChoice, match=words):
        read(text)


def test_five_thousand_rows_are_read():
    assert len(read("value,sku\n" + "A,B\n" * 5_000)) == 5_000


def test_numbers_of_a_workbook_are_the_codes_they_were_typed_as():
    content = book((1001.0, 42, "00123"), (7, 1.5, None), formats={"A3": "00000", "B2": "General"})

    assert cells(read(content, "x.xlsx")) == [("1001", "42", "00123"), ("00007", "1.5", "")]


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("=A1&B1", "A2 holds a formula"),
        (date(2026, 3, 1), "A2 was turned into a date"),
        (1234567890123456789, "more than 15 digits"),
    ],
)
def test_what_a_spreadsheet_spoiled_is_said_at_its_cell(value, words):
    (row,) = read(book((value, "TEE", "")), "x.xlsx")

    assert words in row.error


@pytest.mark.parametrize("content", [b"no zip", b"PK\x03\x04broken"])
def test_what_is_no_workbook_is_refused(content):
    with pytest.raises(errors.InvalidChoice, match="cannot be read as XLSX"):
        read(content, "x.xlsx")


def test_a_zip_without_a_workbook_is_refused():
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("readme.txt", "hello")

    with pytest.raises(errors.InvalidChoice, match="cannot be read as XLSX"):
        read(target.getvalue(), "x.xlsx")


def rezipped(content, change):
    """The archive again, each part as `change(name, bytes)` gives it."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(target, "w") as new:
        for part in old.infolist():
            new.writestr(part.filename, change(part.filename, old.read(part)))
    return target.getvalue()


def wrong_sum():
    content = rezipped(book(("A", "TEE", "")), lambda name, part: part)
    return content.replace(b"<row r=", b"<row R=", 1)


def encrypted():
    content = bytearray(rezipped(book(("A", "TEE", "")), lambda name, part: part))
    # The bit that says a part is encrypted stands in its own head and in the directory.
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        start = content.find(mark)
        while start >= 0:
            content[start + place] |= 1
            start = content.find(mark, start + 1)
    return bytes(content)


def word_file():
    main = b"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
    word = b"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
    return rezipped(book(("A", "TEE", "")), lambda name, part: part.replace(main, word))


@pytest.mark.parametrize("make", [wrong_sum, encrypted, word_file])
def test_a_damaged_encrypted_or_foreign_workbook_is_refused(make):
    with pytest.raises(errors.InvalidChoice, match="cannot be read as XLSX"):
        read(make(), "x.xlsx")


def test_a_workbook_holds_no_character_it_cannot_hold():
    content = mapping_files.written(
        heads=HEADS, rows=[("A\x01B\ufffe", "TEE", "")], file_format="xlsx"
    )

    assert cells(read(content, "x.xlsx")) == [("A\ufffdB\ufffd", "TEE", "")]


def test_a_zip_bomb_is_refused_before_it_is_unpacked():
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * (41 * 1024 * 1024))

    with pytest.raises(errors.InvalidChoice, match="unpacks to far more"):
        read(target.getvalue(), "x.xlsx")


def test_a_value_with_the_separator_in_it_needs_quotes():
    (row,) = read("value,sku,reason\nA,B,C,D\n")

    assert "more cells than columns" in row.error


def test_the_days_of_an_alias_may_be_columns_and_dates_of_the_workbook_are_days():
    (row,) = read("value,sku,valid_until\nOLD,TEE,2026-05-31\n")
    assert row.target == {"sku": "TEE", "valid_from": "", "valid_until": "2026-05-31"}

    workbook = openpyxl.Workbook()
    workbook.active.append(["value", "sku", "valid_from"])
    workbook.active.append(["OLD", "TEE", date(2026, 6, 1)])
    workbook.active.append(["OLDER", date(2026, 6, 1), "soon"])
    target = io.BytesIO()
    workbook.save(target)
    good, bad = read(target.getvalue(), "x.xlsx")

    assert (good.target["valid_from"][:10], good.error) == ("2026-06-01", "")
    assert bad.error.startswith("sku: B3 was turned into a date.")
