"""A list of the screen as a file: CSV streamed row by row, XLSX whole and capped."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import islice

import tablib  # type: ignore[import-untyped]  # it carries no types
from django.http import HttpResponse, StreamingHttpResponse

# A workbook is built in memory; a longer list is a CSV.
XLSX_ROWS = 20_000
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")

Cell = str | Decimal | int


def as_csv(lines: Iterable[Sequence[Cell]], *, name: str) -> StreamingHttpResponse:
    """`lines`, the heading first, as they are read; `name` without its ending."""
    response = StreamingHttpResponse(_csv(lines), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response


def as_xlsx(lines: Iterable[Sequence[Cell]], *, name: str) -> HttpResponse:
    """`lines` as a workbook with amounts as numbers; a line says so when rows were left out."""
    rows = iter(lines)
    sheet = tablib.Dataset(title="Rows")
    sheet.headers = [str(cell) for cell in next(rows)]
    for line in islice(rows, XLSX_ROWS):
        sheet.append([_safe(cell) for cell in line])
    if next(rows, None) is not None:
        left = [""] * (len(sheet.headers) - 1)
        sheet.append([f"Only the first {XLSX_ROWS:,} rows. The CSV holds all of them.", *left])
    response = HttpResponse(sheet.export("xlsx"), content_type=XLSX_TYPE)
    response["Content-Disposition"] = f'attachment; filename="{name}.xlsx"'
    return response


class _Echo:
    """What csv.writer writes to: gives each line back instead of keeping it."""

    def write(self, line: str) -> str:
        return line


def _csv(lines: Iterable[Sequence[Cell]]) -> Iterator[str]:
    writer = csv.writer(_Echo())
    for line in lines:
        yield writer.writerow([_text(cell) for cell in line])


def _text(cell: Cell) -> str:
    return f"{cell:f}" if isinstance(cell, Decimal) else str(_safe(cell))


def _safe(cell: Cell) -> Cell:
    """A quote before words that a spreadsheet would run as a formula; figures stay figures."""
    is_formula = isinstance(cell, str) and cell.startswith(_FORMULA_STARTS)
    return f"'{cell}" if is_formula else cell
