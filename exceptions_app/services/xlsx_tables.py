"""The first sheet of a workbook as lines of cells, exactly as typed or refused at its address.

A spreadsheet changes what it is given: numbers lose zeros, long codes lose digits. What can be
undone safely is undone; the rest carries an error that names the cell and says what to do.
"""

from __future__ import annotations

import io
import lzma
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

import openpyxl  # type: ignore[import-untyped]
from openpyxl.utils import get_column_letter  # type: ignore[import-untyped]
from openpyxl.utils.exceptions import InvalidFileException  # type: ignore[import-untyped]

from exceptions_app import errors

MOST_PARTS = 200
_MAGIC = b"PK\x03\x04"
# What openpyxl and its parsers raise for a workbook that is broken, encrypted, hostile or none.
_UNREADABLE = (
    InvalidFileException,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    OSError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
)
_NO_WORKBOOK = (
    "The file cannot be read as XLSX: it is damaged, has a password, or is of another program. "
    "Save it again as XLSX without a password, or as CSV (UTF-8)."
)
# A spreadsheet keeps 15 digits of a number.
_SAFE_DIGITS = 15


@dataclass(frozen=True, slots=True)
class Cell:
    """`error` says why the text is not what was typed. A number has a point before decimals."""

    text: str
    error: str = ""
    is_number: bool = False


@dataclass(frozen=True, slots=True)
class Limits:
    """`takes_dates`: a date is a value, written year first; else it is a code that was spoiled.

    `unpacked` is how many bytes the workbook may hold: a small zip may hold a huge sheet.
    """

    rows: int
    columns: int
    unpacked: int
    holds: str
    takes_dates: bool = False


EMPTY = Cell("")


def check_name(file_name: str, content: bytes) -> None:
    """Raises InvalidChoice when the name promises a workbook that the bytes are not."""
    if file_name.lower().endswith(".xlsx") and not is_workbook(content):
        raise errors.InvalidChoice(_NO_WORKBOOK)


def is_workbook(content: bytes) -> bool:
    """Whether the bytes begin as every XLSX does."""
    return content.startswith(_MAGIC)


def rows(content: bytes, limits: Limits) -> Iterator[tuple[int, list[Cell]]]:
    """Line number and cells of every line of the first sheet, empty ones too.

    Raises:
        InvalidChoice: it is no workbook, or holds far more than `limits` allow.
    """
    _check_zip(content, limits)
    try:
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True)
        sheet = book.worksheets[0]
        # The size a sheet claims is not to be trusted; rows are counted as they come.
        sheet.reset_dimensions()
        for line, row in enumerate(sheet.iter_rows(max_col=limits.columns), start=1):
            if line > 2 * limits.rows:
                raise errors.InvalidChoice(
                    f"The sheet reaches beyond line {2 * limits.rows:,}. Copy the rows into a new "
                    "file."
                )
            yield line, [_cell(each, takes_dates=limits.takes_dates) for each in row]
    except _UNREADABLE as error:
        raise errors.InvalidChoice(_NO_WORKBOOK) from error


def _check_zip(content: bytes, limits: Limits) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
    except _UNREADABLE as error:
        raise errors.InvalidChoice(_NO_WORKBOOK) from error
    if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > limits.unpacked:
        raise errors.InvalidChoice(
            f"The file unpacks to far more than {limits.holds}. Copy the rows into a new file."
        )


def _cell(cell: Any, *, takes_dates: bool) -> Cell:
    value = cell.value
    if value is None:
        return EMPTY
    address = f"{get_column_letter(cell.column)}{cell.row}"
    if cell.data_type == "f":
        return Cell(str(value), f"{address} holds a formula. Paste its result as text.")
    if cell.data_type == "e":
        return Cell(str(value), f"{address} holds the spreadsheet's error {value}.")
    if isinstance(value, bool):
        return Cell("TRUE" if value else "FALSE")
    if takes_dates and isinstance(value, date):
        return Cell(_moment(value))
    if isinstance(value, datetime | date | time | timedelta):
        return Cell(str(value), f"{address} was turned into a date. Format the column as text.")
    if isinstance(value, int | float):
        return _number(value, str(cell.number_format or ""), address)
    return Cell(str(value))


def _moment(value: date) -> str:
    """A day, with its time where it has one: the sheet counts in fractions of a day."""
    if not isinstance(value, datetime):
        return value.isoformat()
    whole = (value + timedelta(microseconds=500_000)).replace(microsecond=0)
    return whole.date().isoformat() if whole.time() == time() else whole.isoformat(sep=" ")


def _number(value: float, number_format: str, address: str) -> Cell:
    """A number as the code it was typed as: 1001.0 is 1001, and 00042 shown with zeros has them."""
    text = str(int(value)) if float(value).is_integer() else repr(value)
    if len(text.strip("-").replace(".", "")) > _SAFE_DIGITS or "e" in text.lower():
        return Cell(
            text,
            f"{address} is a number with more than {_SAFE_DIGITS} digits, and the spreadsheet has "
            "lost some. Format the column as text and enter it again.",
        )
    if number_format.strip("0") == "" and text.isdigit():
        text = text.zfill(len(number_format))
    return Cell(text, is_number=True)
