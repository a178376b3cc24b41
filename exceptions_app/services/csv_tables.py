"""CSV as spreadsheets write it: any of three separators, with a BOM or in an old code page."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from exceptions_app import errors

_DELIMITERS = (",", ";", "\t")


def rows(*, content: bytes) -> Iterator[tuple[int, list[str]]]:
    """Line number and cells of each row that is not quite empty, the heads first.

    Raises:
        InvalidChoice: it is no text, or a quote is wrong; the text says where and what to do.
    """
    text = _decoded(content)
    if "\x00" in text:
        raise errors.InvalidChoice("This is not a text file. Save it as CSV (UTF-8).")
    delimiter = _delimiter(text)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    line = 1
    if _names_separator(text):
        next(reader)
        line = 2
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise errors.InvalidChoice(
                f"Line {line} cannot be read: a quote is opened and not closed, or stands in the "
                "middle of a cell."
            ) from error
        if cells:
            yield line, cells
        line = reader.line_num + 1


def has_semicolons(*, content: bytes) -> bool:
    """Whether the file's cells stand between semicolons, as where a comma marks decimals."""
    return _delimiter(_decoded(content)) == ";"


def _delimiter(text: str) -> str:
    first = text.lstrip("\r\n").partition("\n")[0]
    if _names_separator(text):
        return first.rstrip("\r")[-1]
    return max(_DELIMITERS, key=first.count)


def _names_separator(text: str) -> bool:
    """Whether the first line is the one by which a spreadsheet is told the separator."""
    first = text.partition("\n")[0].rstrip("\r")
    return first[:-1].casefold() == "sep=" and first[-1:] in _DELIMITERS


def _decoded(content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings: tuple[str, ...] = ("utf-16",)
    else:
        encodings = ("utf-8-sig", "cp1252")
    for encoding in encodings:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise errors.InvalidChoice("The letters cannot be read. Save the file as CSV (UTF-8).")
