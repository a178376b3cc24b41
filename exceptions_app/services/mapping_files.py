"""Files of mappings: CSV and XLSX as they are written for, and come back from, a spreadsheet.

What `written` makes, `read` gives back, value by value. A spreadsheet changes what it is given:
numbers lose zeros, long codes lose digits. What can be undone safely is undone, the rest is
refused with the cell's address.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import tablib  # type: ignore[import-untyped]

from exceptions_app import errors
from exceptions_app.rules import sale_days
from exceptions_app.rules.change_words import TARGET_FIELDS
from exceptions_app.rules.spreadsheets import cleaned, unguarded
from exceptions_app.selectors.mappings import OPTIONAL_FIELDS
from exceptions_app.services import csv_tables, xlsx_tables
from exceptions_app.services.xlsx_tables import EMPTY, Cell

MOST_ROWS = 5_000
# A workbook is built in memory; a longer list is a CSV.
XLSX_ROWS = 20_000
MOST_BYTES = 2 * 1024 * 1024
# An XLSX is a zip: a small one may hold a huge sheet.
MOST_UNPACKED_BYTES = 40 * 1024 * 1024
FORMATS = ("csv", "xlsx")
HISTORY_FIELDS = ("version", "state", "made_by", "made_at", "approved_by", "ended_at")
# A checked file carries these; they may stay when it comes back corrected.
IGNORED = ("line", "error")
_MOST_COLUMNS = 20
_ALIASES = {"source_value": "value", "platform_value": "value", "bluecherry_sku": "sku"}
_LIMITS = xlsx_tables.Limits(
    rows=MOST_ROWS,
    columns=_MOST_COLUMNS,
    unpacked=MOST_UNPACKED_BYTES,
    holds="a table of mappings",
)


@dataclass(frozen=True, slots=True)
class FileRow:
    """One row as written; `error` says what is wrong with its cells, "" when they can be read."""

    line: int
    value: str
    target: dict[str, str]
    reason: str
    error: str = ""


def columns(kind: str) -> tuple[str, ...]:
    """The heads of a file of `kind`, in order."""
    return ("value", *TARGET_FIELDS[kind], "reason")


def read(*, content: bytes, name: str, kind: str) -> list[FileRow]:
    """The data rows of a CSV or XLSX file, in order; empty rows are left out.

    Raises:
        InvalidChoice: it cannot be read as a file of this kind; the text says why and what to do.
    """
    if len(content) > MOST_BYTES:
        raise errors.InvalidChoice(
            f"The file has more than {MOST_BYTES // 1024 // 1024} MB. "
            f"Split it into files of at most {MOST_ROWS:,} rows."
        )
    table = xlsx_tables.rows(content, _LIMITS) if name.lower().endswith(".xlsx") else _csv(content)
    found = next(table, None)
    if found is None:
        raise errors.InvalidChoice("The file is empty. Take the template and fill it in.")
    places = _places(found[1], kind)
    rows: list[FileRow] = []
    for line, cells in table:
        if not any(cell.text.strip() for cell in cells):
            continue
        if len(rows) == MOST_ROWS:
            raise errors.InvalidChoice(
                f"The file has more than {MOST_ROWS:,} rows. Split it into several files."
            )
        rows.append(_row(line, cells, places, kind))
    if not rows:
        raise errors.InvalidChoice("The file has its heads but no row below them.")
    return rows


def written(*, heads: Sequence[str], rows: Iterable[Sequence[str]], file_format: str) -> bytes:
    """A file of text cells, none of which a spreadsheet runs as a formula. CSV bears a BOM.

    XLSX holds at most XLSX_ROWS rows; a line says so when there are more.
    """
    if file_format != "xlsx":
        return b"".join(streamed(heads=heads, rows=rows))
    dataset = tablib.Dataset(headers=list(heads))
    left = iter(rows)
    for row in islice(left, XLSX_ROWS):
        dataset.append([cleaned(cell) for cell in row])
    if next(left, None) is not None:
        said = f"Only the first {XLSX_ROWS:,} rows. The CSV holds all of them."
        dataset.append([said, *[""] * (len(heads) - 1)])
    content: bytes = dataset.export("xlsx")
    return content


def streamed(*, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[bytes]:
    """The same as CSV, line by line as `rows` are read."""
    writer = csv.writer(_Echo())
    yield "\N{ZERO WIDTH NO-BREAK SPACE}".encode()
    yield _line(writer, heads)
    for row in rows:
        yield _line(writer, [cleaned(cell) for cell in row])


class _Echo:
    """What csv.writer writes to: gives each line back instead of keeping it."""

    def write(self, line: str) -> str:
        return line


def _line(writer: Any, cells: Sequence[str]) -> bytes:
    text: str = writer.writerow(cells)
    return text.encode()


def _places(heads: Sequence[Cell], kind: str) -> dict[str, int]:
    """Where each column stands, by its name."""
    names = [_name_of(cell.text) for cell in heads]
    while names and not names[-1]:
        names.pop()
    wanted = columns(kind)
    if set(HISTORY_FIELDS) & set(names):
        raise errors.InvalidChoice(
            "This is an export of all versions. Only the export of what is in force can come back."
        )
    unknown = [
        heads[place].text for place, name in enumerate(names) if name not in (*wanted, *IGNORED)
    ]
    missing = [name for name in wanted if name not in (*OPTIONAL_FIELDS, "reason", *names)]
    twice = sorted({name for name in names if names.count(name) > 1})
    told = f"The first row must be: {', '.join(wanted)}."
    if missing:
        raise errors.InvalidChoice(f"The column {missing[0]} is missing. {told}")
    if unknown:
        raise errors.InvalidChoice(f"“{unknown[0]}” is not a column of this file. {told}")
    if twice:
        raise errors.InvalidChoice(f"The column {twice[0]} is there twice. {told}")
    return {name: place for place, name in enumerate(names)}


def _name_of(head: str) -> str:
    name = "_".join(head.casefold().split())
    return _ALIASES.get(name, name)


def _row(line: int, cells: Sequence[Cell], places: dict[str, int], kind: str) -> FileRow:
    def cell(name: str) -> Cell:
        place = places.get(name, len(cells))
        return cells[place] if place < len(cells) else EMPTY

    fields = columns(kind)
    wrong = [f"{name}: {cell(name).error}" for name in fields if _is_spoiled(name, cell(name))]
    beyond = any(each.text.strip() for each in cells[len(places) :])
    if beyond:
        wrong.append("there are more cells than columns; a value with the separator needs quotes.")
    return FileRow(
        line=line,
        value=" ".join(unguarded(cell("value").text.strip()).split()),
        target={name: unguarded(cell(name).text.strip()).strip() for name in TARGET_FIELDS[kind]},
        reason=unguarded(cell("reason").text.strip()).strip(),
        error=" ".join(wrong),
    )


def _is_spoiled(name: str, cell: Cell) -> bool:
    """A spreadsheet turns codes into dates, and that is wrong but where a day is asked for."""
    if not cell.error or name not in OPTIONAL_FIELDS:
        return bool(cell.error)
    try:
        return sale_days.parsed(cell.text) is None
    except ValueError:
        return True


def _csv(content: bytes) -> Iterator[tuple[int, list[Cell]]]:
    return (
        (line, [Cell(text) for text in cells]) for line, cells in csv_tables.rows(content=content)
    )
