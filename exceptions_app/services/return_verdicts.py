"""What a platform's export holds, and what each of its returns would do to our copy."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from decimal import Decimal
from typing import Any

from exceptions_app import errors
from exceptions_app.models import Bridge, Connection, InboundEvent, ReturnFile, Rma
from exceptions_app.rules import return_columns, return_rows, return_values
from exceptions_app.rules.return_rows import FileRow, Judged, Wrong
from exceptions_app.rules.return_values import Writing
from exceptions_app.rules.spreadsheets import unguarded
from exceptions_app.services import csv_tables, events, xlsx_tables
from exceptions_app.services.xlsx_tables import Cell

MOST_ROWS = 10_000
MOST_BYTES = 8 * 1024 * 1024
MOST_COLUMNS = 100
WRONG_SHOWN, ROWS_SHOWN = 200, 50
NEW, CHANGED, SAME, WRONG = "new", "changed", "same", "wrong"

Rows = list[tuple[int, list[Cell]]]
_LIMITS = xlsx_tables.Limits(
    rows=MOST_ROWS,
    # One more tells that there are too many.
    columns=MOST_COLUMNS + 1,
    unpacked=80 * 1024 * 1024,
    holds="a table of returns",
    takes_dates=True,
)


def bridge_of(connection: Connection) -> Bridge:
    """The bridge its returns belong to. Raises InvalidChoice when none is in use."""
    bridge = events.bridge_of(connection)
    if bridge is None:
        raise errors.InvalidChoice(
            f"{connection.name} is the source of no bridge in use, so its returns belong nowhere."
        )
    return bridge


def table(content: bytes) -> tuple[list[str], Rows]:
    """Heads and rows of a CSV or XLSX, cells trimmed and without the quote that keeps formulas
    from running.
    """
    if len(content) > MOST_BYTES:
        most = MOST_BYTES // 1024 // 1024
        raise errors.InvalidChoice(f"The file has more than {most} MB. Split it into several.")
    table = _lines(content)
    first = next(table, (1, []))[1]
    if wrong := next((cell.error for cell in first if cell.error), ""):
        raise errors.InvalidChoice(f"A head cannot be read: {wrong}")
    heads = [" ".join(cell.text.split()) for cell in first]
    while heads and not heads[-1]:
        heads.pop()
    if not heads:
        raise errors.InvalidChoice("The file is empty. Its first row names the columns.")
    _check_heads(heads)
    rows: Rows = []
    for line, cells in table:
        clean = [replace(cell, text=unguarded(cell.text.strip()).strip()) for cell in cells]
        if not any(cell.text for cell in clean):
            continue
        if len(rows) == MOST_ROWS:
            raise errors.InvalidChoice(
                f"The file has more than {MOST_ROWS:,} rows. Split it into several, keeping the"
                " rows of a return together."
            )
        rows.append((line, clean))
    if not rows:
        raise errors.InvalidChoice("The file has its heads but no row below them.")
    return heads, rows


def _lines(content: bytes) -> Iterator[tuple[int, list[Cell]]]:
    """Lines that are not quite empty, the heads first."""
    if not xlsx_tables.is_workbook(content):
        for line, cells in csv_tables.rows(content=content):
            yield line, [Cell(text) for text in cells]
        return
    for number, row in xlsx_tables.rows(content, _LIMITS):
        if any(cell.text.strip() for cell in row):
            yield number, row


def _check_heads(heads: Sequence[str]) -> None:
    if len(heads) > MOST_COLUMNS:
        raise errors.InvalidChoice(f"The file has more than {MOST_COLUMNS} columns.")
    if "" in heads:
        raise errors.InvalidChoice(f"Column {heads.index('') + 1} has no head. Name it.")
    twice = sorted(head for head, count in Counter(heads).items() if count > 1)
    if twice:
        raise errors.InvalidChoice(f"The column {twice[0]} is there twice. Rename one of them.")


def as_wide(cells: Sequence[str], width: int) -> list[str]:
    return [*cells[:width], *[""] * (width - len(cells))]


def texts(cells: Sequence[Cell], decimal_sign: str = ".") -> list[str]:
    """The cells as the person said the file is written, a sheet's own numbers too."""
    return [cell.text.replace(".", decimal_sign) if cell.is_number else cell.text for cell in cells]


def file_rows(found: ReturnFile) -> list[FileRow]:
    _, rows = table(bytes(found.content))
    places = {code: found.heads.index(head) for code, head in found.columns.items()}
    sign = found.writing["decimal_sign"]
    return [_file_row(line, cells, places, len(found.heads), sign) for line, cells in rows]


def _file_row(
    line: int, cells: Sequence[Cell], places: Mapping[str, int], width: int, sign: str
) -> FileRow:
    there = {code: cells[place] for code, place in places.items() if place < len(cells)}
    values = {}
    for code, cell in there.items():
        # An article called 1.5 is called so whatever decimals are written with.
        text = texts([cell], sign)[0] if code in return_columns.AMOUNTS else cell.text
        if text:
            values[code] = text
    wrong = [cell.error.rstrip(".") for cell in there.values() if cell.error]
    if any(cell.text for cell in cells[width:]):
        wrong.append("there are more cells than heads; a value with the separator needs quotes")
    return FileRow(line, values, ". ".join(wrong))


def judged(found: ReturnFile) -> Judged:
    """Every row checked by the columns and the writing that were chosen."""
    return return_rows.judge(file_rows(found), Writing(**found.writing))


def right(checked: Judged) -> dict[str, tuple[FileRow, ...]]:
    """The returns without a wrong row, in the order of the file."""
    return {key: rows for key, rows in checked.returns.items() if key not in checked.wrong_ids}


def body(rows: Sequence[FileRow], writing: Writing) -> bytes:
    """The message a return becomes."""
    return return_rows.to_body([row.values for row in rows], writing)


def digest(message: bytes) -> str:
    return hashlib.sha256(message).hexdigest()


def last_digests(connection: Connection, keys: list[str]) -> dict[str, str]:
    """What a file said last of each return; queries in sets."""
    rows = (
        InboundEvent.objects.filter(
            connection=connection, topic=events.FILE_TOPIC, subject_id__in=keys
        )
        .order_by("subject_id", "-id")
        .distinct("subject_id")
    )
    return dict(rows.values_list("subject_id", "digest"))


def verdict(found: ReturnFile) -> dict[str, Any]:
    """What the file would bring, as `ReturnFile.verdict` keeps it."""
    writing = Writing(**found.writing)
    checked = judged(found)
    good = right(checked)
    acts = _acts(found, good, writing)
    units, sums = 0, dict[str, Decimal]()
    for rows in good.values():
        currency, count, total = return_rows.claim([row.values for row in rows], writing)
        units += count
        if currency:
            sums[currency] = sums.get(currency, Decimal(0)) + total
    counted = Counter(acts.values())
    return {
        "returns": {
            **{act: counted[act] for act in (NEW, CHANGED, SAME)},
            WRONG: len(checked.wrong_ids),
        },
        "units": units,
        "sums": {currency: str(total) for currency, total in sorted(sums.items())},
        "wrong_rows": checked.wrong_lines,
        "wrong_cells": len(checked.wrong),
        "wrong": [_told(each) for each in checked.wrong[:WRONG_SHOWN]],
        "rows": _shown(good, acts, writing),
    }


def _acts(
    found: ReturnFile, good: Mapping[str, tuple[FileRow, ...]], writing: Writing
) -> dict[str, str]:
    """What each right return would do to our copy."""
    keys = list(good)
    bridge = bridge_of(found.connection)
    here = set(
        Rma.objects.filter(bridge=bridge, external_id__in=keys).values_list(
            "external_id", flat=True
        )
    )
    last = last_digests(found.connection, keys)
    return {
        key: SAME
        if last.get(key) == digest(body(rows, writing))
        else (CHANGED if key in here else NEW)
        for key, rows in good.items()
    }


def _told(wrong: Wrong) -> dict[str, Any]:
    is_personal = any(
        column.label == wrong.column and column.is_personal for column in return_columns.COLUMNS
    )
    return {**asdict(wrong), "got": "" if is_personal else wrong.got}


def _shown(
    good: Mapping[str, tuple[FileRow, ...]], acts: Mapping[str, str], writing: Writing
) -> list[dict[str, Any]]:
    """What the first rows become, one entry per row; no customer is among it."""
    shown: list[dict[str, Any]] = []
    for key, rows in good.items():
        values = [row.values for row in rows]
        currency, _, _ = return_rows.claim(values, writing)
        for row in rows:
            if len(shown) == ROWS_SHOWN:
                return shown
            _, disposition = return_rows.decision(row.values)
            shown.append(
                {
                    "line": row.line,
                    "return_id": key,
                    "order": row.values["order_name"],
                    "status": row.values["status"],
                    "sku": row.values["sku"],
                    "units": return_values.units(row.values.get("quantity", "1")),
                    "price": _price(row, writing, currency),
                    "currency": currency,
                    "disposition": disposition,
                    "act": acts[key],
                }
            )
    return shown


def _price(row: FileRow, writing: Writing, currency: str) -> str:
    text = row.values.get("unit_price", "")
    return str(return_values.amount(text, writing, currency)) if text else ""
