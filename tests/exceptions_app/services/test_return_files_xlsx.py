"""Files of returns as workbooks: the same columns and verdicts as a CSV, each cell exact."""

import io
import zipfile
from datetime import date, datetime, time

import openpyxl
import pytest

from exceptions_app import errors
from exceptions_app.models import ReturnFile, Rma
from exceptions_app.services import flow, return_files, return_verdicts
from tests import factories
from tests.cast import make_user

HEADS = ("Transaction ID", "Order", "State", "Created at", "SKU", "Qty", "Price")
RIGHT = ("R-1", "SO-1", "Accepted", "20/05/2026", "TEE-BLK-M", "2", "36,00")


def book(*rows, heads=HEADS, formats=None):
    made = openpyxl.Workbook()
    sheet = made.active
    for row in (heads, *rows):
        sheet.append(row)
    for address, number_format in (formats or {}).items():
        sheet[address].number_format = number_format
    target = io.BytesIO()
    made.save(target)
    return target.getvalue()


def texts(content):
    _, rows = return_verdicts.table(content)
    return [[cell.text for cell in cells] for _, cells in rows]


def row(**changes):
    names = ("id", "order", "state", "created", "sku", "units", "price")
    return tuple({**dict(zip(names, RIGHT, strict=True)), **changes}.values())


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({"created": date(2026, 5, 4)}, "2026-05-04", id="day"),
        pytest.param(
            {"created": datetime.fromisoformat("2026-05-04T13:30:07")},
            "2026-05-04 13:30:07",
            id="moment",
        ),
        pytest.param({"units": 2.0}, "2", id="whole number"),
        pytest.param({"price": 36.5}, "36.5", id="number"),
        pytest.param({"sku": 5012345678900}, "5012345678900", id="barcode"),
        pytest.param({"sku": "00042"}, "00042", id="zeros as text"),
        pytest.param({"sku": "'=1+1"}, "=1+1", id="guarded text"),
        pytest.param({"state": True}, "TRUE", id="flag"),
    ],
)
def test_a_cell_is_read_as_it_was_typed(changes, expected):
    (found,) = texts(book(row(**changes)))

    assert expected in found


def test_a_number_shown_with_zeros_keeps_them():
    (found,) = texts(book(row(sku=42), formats={"E2": "00000"}))

    assert found[4] == "00042"


def judged(content, *, sign=".", date_order="dmy"):
    """What is wrong with the rows, with the columns guessed by their heads."""
    heads, _ = return_verdicts.table(content)
    columns = return_files.return_columns.guess(heads, {})
    writing = {"date_order": date_order, "decimal_sign": sign, "currency": "GBP"}
    found = ReturnFile(content=content, heads=heads, columns=columns, writing=writing)
    return return_verdicts.judged(found)


@pytest.mark.parametrize("sign", [".", ","])
@pytest.mark.parametrize("date_order", ["dmy", "mdy", "ymd"])
def test_numbers_and_dates_of_the_sheet_mean_the_same_however_texts_are_written(sign, date_order):
    content = book(row(created=date(2026, 5, 4), price=1.25, sku=1.5))

    found = judged(content, sign=sign, date_order=date_order)

    assert found.wrong == ()
    ((line,),) = found.returns.values()
    assert line.values["unit_price"] == f"1{sign}25"
    assert line.values["created_at"] == "2026-05-04"
    assert line.values["sku"] == "1.5"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"price": "=12+1"}, "G3 holds a formula. Paste its result as text"),
        ({"sku": 12345678901234567}, "E3 is a number with more than 15 digits"),
        ({"price": 1.234567890123456}, "G3 is a number with more than 15 digits"),
        ({"units": time(2, 0)}, "F3 was turned into a date"),
    ],
)
def test_what_the_sheet_spoiled_is_wrong_at_its_cell(changes, words):
    content = book(RIGHT, row(id="R-2", **changes))

    found = judged(content, sign=",")

    assert found.wrong_ids == {"R-2"}
    (told,) = [each for each in found.wrong if each.column == "The row"]
    assert told.line == 3
    assert words in told.expected


def test_a_formula_in_a_column_nobody_chose_does_not_matter():
    content = book((*RIGHT, "=A1"), heads=(*HEADS, "Our note"))

    assert judged(content, sign=",").wrong == ()


def many(count):
    return book(*(row(id=f"R-{number}") for number in range(count)))


def bomb():
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * (81 * 1024 * 1024))
    return target.getvalue()


@pytest.mark.parametrize(
    ("make", "words"),
    [
        pytest.param(bomb, "unpacks to far more than a table of returns", id="bomb"),
        pytest.param(lambda: b"PK\x03\x04" + b"x" * 50, "cannot be read as XLSX", id="broken"),
        pytest.param(lambda: book(), "no row below", id="heads alone"),
        pytest.param(lambda: book(heads=()), "is empty", id="nothing"),
        pytest.param(lambda: book(RIGHT, heads=("=A2", *HEADS[1:])), "A1 holds a formula", id="h"),
        pytest.param(
            lambda: book(RIGHT, heads=[f"H{number}" for number in range(101)]),
            "more than 100 columns",
            id="wide",
        ),
        pytest.param(lambda: book(RIGHT, heads=(*HEADS, "Order")), "is there twice", id="twice"),
    ],
)
def test_a_workbook_that_cannot_be_used_is_refused_with_what_to_do(make, words):
    with pytest.raises(errors.InvalidChoice, match=words):
        return_verdicts.table(make())


def test_more_rows_than_a_file_may_have_are_refused(monkeypatch):
    monkeypatch.setattr(return_verdicts, "MOST_ROWS", 3)

    assert len(texts(many(3))) == 3
    with pytest.raises(errors.InvalidChoice, match="more than 3 rows"):
        texts(many(4))


def test_lines_are_those_the_sheet_shows():
    content = book((), RIGHT, (None,) * 7, row(id="R-2"))

    assert [line for line, _ in return_verdicts.table(content)[1]] == [3, 5]


@pytest.mark.django_db
def test_a_workbook_is_taken_in_like_the_csv_of_the_same_rows():
    bridge = factories.BridgeFactory(source__kind="reveni", erp__is_active=False)
    ines = make_user("ines")
    content = book(row(created=date(2026, 5, 20), units=2, price=36))

    found = return_files.keep(
        connection=bridge.source,
        file_name="export.xlsx",
        content=content,
        actor=ines,
        now=factories.NOW,
    )
    writing = {name: found.writing[name] for name in ("date_order", "decimal_sign", "currency")}
    found = return_files.choose(file_id=found.pk, columns=found.columns, writing=writing)
    assert found.verdict["sums"] == {"GBP": "72.0"}
    return_files.take(
        file_id=found.pk,
        seen=return_files.stamp(found),
        leaves_out_wrong=False,
        actor=ines,
        now=factories.NOW,
    )
    flow.ingest(clock=lambda: factories.NOW)

    taken = Rma.objects.get()
    line = taken.lines.get()
    assert (taken.external_id, line.sku, line.quantity) == ("R-1", "TEE-BLK-M", 2)
    assert taken.requested_at.isoformat() == "2026-05-19T23:00:00+00:00"
