"""A list of the screen as a file: CSV streamed row by row, XLSX whole and capped."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, tzinfo
from decimal import Decimal
from itertools import islice

import tablib  # type: ignore[import-untyped]  # it carries no types
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from exceptions_app import permissions
from exceptions_app.rules import money
from exceptions_app.rules.spreadsheets import cleaned
from exceptions_app.selectors.sums import Amount
from exceptions_app.templatetags.desk import when

# A workbook is built in memory; a longer list is a CSV.
XLSX_ROWS = 20_000
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

Cell = str | Decimal | int | datetime
Name = str | Callable[[HttpRequest], str]
Lines = Callable[..., Iterable[Sequence[Cell]]]


def doors(
    *, capability: str, name: Name, lines: Lines
) -> tuple[permissions.View, permissions.View]:
    """The views that give a list as CSV and as XLSX, to whoever may open its page.

    `lines` takes what the page's view takes and gives the heading and the rows its filters find.
    `name` may depend on which list of its page was asked for.
    """

    def called(request: HttpRequest) -> str:
        return name if isinstance(name, str) else name(request)

    @require_safe
    @permissions.required(capability)  # type: ignore[arg-type]  # a stream is a response too
    def export(request: HttpRequest, *args: object, **kwargs: object) -> StreamingHttpResponse:
        return as_csv(lines(request, *args, **kwargs), name=called(request))

    @require_safe
    @permissions.required(capability)
    def export_xlsx(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        return as_xlsx(lines(request, *args, **kwargs), name=called(request))

    return export, export_xlsx


class Totals:
    """Figures of a file's rows added up per currency, column by column, as the rows go by."""

    def __init__(self) -> None:
        self._sums: dict[str, list[Decimal | None]] = {}

    def add(self, currency: str, figures: Sequence[Decimal | None]) -> None:
        """None is no figure: where a column holds nothing else, neither does its total."""
        before = self._sums.get(currency, [None] * len(figures))
        self._sums[currency] = [
            old if new is None else (old or Decimal(0)) + new
            for old, new in zip(before, figures, strict=True)
        ]

    def rows(self) -> Iterator[tuple[str, list[Decimal | None]]]:
        """(currency, figures) by currency; what has no currency has no total."""
        for currency, figures in sorted(self._sums.items()):
            if currency:
                yield currency, figures

    @staticmethod
    def cells(figures: Sequence[Decimal | None], currency: str, absent: str = "") -> list[Cell]:
        """The figures in the places of their currency; `absent` stands for one there is none of."""
        return [absent if each is None else amount(each, currency) for each in figures]


def per_currency(values: Iterable[Amount]) -> list[tuple[str, Decimal | None]]:
    """(currency, amount), one row of a file each; one row without either where there is none."""
    return [(each.currency, each.amount) for each in values] or [("", None)]


def amount(value: Decimal, currency: str) -> Decimal:
    """A figure in the places of its currency, as the screen shows it."""
    return Decimal(money.exact_text(value, currency))


def moment(at: datetime | None) -> datetime | str:
    """A moment in the reader's zone, which a workbook can sort by; "" where there is none.

    To the minute and without its zone: a workbook knows none. A CSV writes it as the pages do.
    """
    if at is None:
        return ""
    return timezone.localtime(at).replace(second=0, microsecond=0, tzinfo=None)


def as_csv(lines: Iterable[Sequence[Cell]], *, name: str) -> StreamingHttpResponse:
    """`lines`, the heading first, as they are read; `name` without day and ending."""
    zone = timezone.get_current_timezone()
    response = StreamingHttpResponse(_csv(lines, zone), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{_dated(name)}.csv"'
    return response


def as_xlsx(lines: Iterable[Sequence[Cell]], *, name: str) -> HttpResponse:
    """`lines` as a workbook, amounts as numbers and moments as dates.

    A last line says so when rows were left out.
    """
    rows = iter(lines)
    sheet = tablib.Dataset(title="Rows")
    sheet.headers = [str(cell) for cell in next(rows)]
    for line in islice(rows, XLSX_ROWS):
        sheet.append([_safe(cell) for cell in line])
    if next(rows, None) is not None:
        left = [""] * (len(sheet.headers) - 1)
        sheet.append([f"Only the first {XLSX_ROWS:,} rows. The CSV holds all of them.", *left])
    response = HttpResponse(sheet.export("xlsx"), content_type=XLSX_TYPE)
    response["Content-Disposition"] = f'attachment; filename="{_dated(name)}.xlsx"'
    return response


def _dated(name: str) -> str:
    return f"{name}-{timezone.localdate():%Y-%m-%d}"


class _Echo:
    """What csv.writer writes to: gives each line back instead of keeping it."""

    def write(self, line: str) -> str:
        return line


def _csv(lines: Iterable[Sequence[Cell]], zone: tzinfo) -> Iterator[str]:
    """Each line in the reader's `zone`: it is sent when the page's own zone is over already."""
    writer, rows = csv.writer(_Echo()), iter(lines)
    while True:
        with timezone.override(zone):
            line = next(rows, None)
            if line is None:
                return
            text = writer.writerow([_text(cell) for cell in line])
        yield text


def _text(cell: Cell) -> str:
    if isinstance(cell, datetime):
        return when(cell)
    return f"{cell:f}" if isinstance(cell, Decimal) else str(_safe(cell))


def _safe(cell: Cell) -> Cell:
    """Words as a spreadsheet may open them; figures stay figures."""
    return cleaned(cell) if isinstance(cell, str) else cell
