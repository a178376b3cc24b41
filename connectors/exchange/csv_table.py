"""A table between a head and a trailer row: how every generic CSV file is written and proved whole.

The first row is the head, the second the column names, the last the trailer:

    H,generic-csv-1,credit_memo,17,RETURNSBRIDGE,DEPOT3PL,test,2026-03-05T12:30:00Z
    document,key,…
    1,CM-1,…
    T,17,1,2,66.00

Head: layout, content, the file's number, from, to, test or live, moment in UTC. Trailer: the number
again, rows, sum of `quantity`, sum of the money columns. Cells are comma-separated when we write;
on the way in semicolon, tab and bar are read too, as the head shows. Text cells a spreadsheet would
run as a formula get a quote before them, and lose it again when read; numbers and dates never do.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum

from connectors.errors import UnreadableReply

MAX_BYTES = 16 * 1024 * 1024
MAX_ROWS = 100_000
HEAD, TRAILER = "H", "T"
_HEAD_CELLS, _TRAILER_CELLS = 8, 5
_DELIMITERS = ",;\t|"
_AGAIN = "Ask the partner to send it again."
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
_GUARD = "'"
_DAY = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")
_WHOLE = re.compile("-?[0-9]{1,12}")
_MONEY = re.compile(r"-?[0-9]{1,15}(?:\.[0-9]{1,6})?")
_FILE_NUMBER = re.compile("[0-9]{1,18}")


class Type(StrEnum):
    """What a column holds. `IDENTIFIER` is never changed; `WORDS` are made fit for the charset."""

    IDENTIFIER = "identifier"
    WORDS = "words"
    WHOLE = "whole"
    MONEY = "money"
    WHEN = "when"


@dataclass(frozen=True, slots=True)
class Column:
    """`is_needed`: a file must have the column and a value in each row. `is_summed`: whole numbers
    go into the trailer's quantity, money into its amount."""

    name: str
    type: Type = Type.IDENTIFIER
    is_needed: bool = False
    is_summed: bool = False


Cell = str | int | Decimal | date | datetime
Row = Mapping[str, Cell]


@dataclass(frozen=True, slots=True)
class Head:
    """The first row, its layout apart. `number` is digits."""

    content: str
    number: str
    sender: str
    receiver: str
    is_test: bool
    made_at: datetime


@dataclass(frozen=True, slots=True)
class Table:
    """A file as read: every row has every column, absent text empty and absent numbers 0; `lines`
    are the rows' places in the file."""

    head: Head
    rows: tuple[dict[str, Cell], ...]
    lines: tuple[int, ...]


# --- Writing ---------------------------------------------------------------------------------


def written(
    head: Head, layout: str, columns: Sequence[Column], rows: Sequence[Row], charset: str
) -> bytes:
    """The whole file; cells that `charset` lacks must have been refused or made fit before."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    usage = "test" if head.is_test else "live"
    writer.writerow(
        [
            HEAD,
            layout,
            head.content,
            head.number,
            guarded(head.sender),
            guarded(head.receiver),
            usage,
            said(head.made_at.replace(microsecond=0)),
        ]
    )
    writer.writerow([column.name for column in columns])
    for row in rows:
        writer.writerow([_text(column, row.get(column.name, "")) for column in columns])
    quantity, amount = _sums(columns, rows)
    writer.writerow([TRAILER, head.number, len(rows), quantity, said(amount)])
    return out.getvalue().encode(charset)


def _text(column: Column, cell: Cell) -> str:
    is_text = column.type in (Type.IDENTIFIER, Type.WORDS)
    return guarded(said(cell)) if is_text else said(cell)


def said(cell: Cell) -> str:
    """A value exactly: no exponent, no rounding, moments in UTC with a Z."""
    if isinstance(cell, Decimal):
        return format(cell, "f")
    if isinstance(cell, datetime):
        return cell.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return cell.isoformat() if isinstance(cell, date) else str(cell)


def is_carried(cell: int | Decimal) -> bool:
    """Whether a reader of this layout takes the number as it will be written."""
    pattern = _WHOLE if isinstance(cell, int) else _MONEY
    return pattern.fullmatch(said(cell)) is not None


def guarded(text: str) -> str:
    """A quote before what a spreadsheet would run; also before a text that looks guarded itself,
    so that no two texts look the same in a file."""
    return _GUARD + text if _is_risky(text) else text


def unguarded(text: str) -> str:
    """What `guarded` was given."""
    bare = text[1:] if text.startswith(_GUARD) else text
    return bare if _is_risky(bare) else text


def _is_risky(text: str) -> bool:
    return text.lstrip(_GUARD).startswith(_FORMULA_STARTS)


def _sums(columns: Sequence[Column], rows: Iterable[Row]) -> tuple[int, Decimal]:
    quantity, amount = 0, Decimal(0)
    names = [(column.name, column.type) for column in columns if column.is_summed]
    for row in rows:
        for name, kind in names:
            cell = row.get(name, 0)
            if kind is Type.WHOLE and isinstance(cell, int):
                quantity += cell
            elif isinstance(cell, Decimal):
                amount += cell
    return quantity, amount


# --- Reading ---------------------------------------------------------------------------------


def read(
    content: bytes, layout: str, charset: str, columns_of: Mapping[str, Sequence[Column]]
) -> Table:
    """The file, proved whole by its trailer. `columns_of` tells the contents that may come.

    Raises:
        UnreadableReply: cut, changed, too large, of another layout, with columns that are unknown
            or missing, or a cell that is not what its column holds; the text names line and column.
    """
    rows = _rows(_decoded(content, charset))
    head = _head(rows[0][1], layout)
    columns = columns_of.get(head.content)
    if columns is None:
        raise UnreadableReply(
            f"A file of {head.content!r} does not come this way. Expected is one of: "
            f"{', '.join(sorted(columns_of))}.",
            field="content",
        )
    _trailer_there(rows, head)
    names = _names(rows[1][1], columns)
    found, lines = [], []
    for line, cells in rows[2:-1]:
        found.append(_row(line, cells, names, columns))
        lines.append(line)
    _proved(rows[-1][1], head, columns, found)
    return Table(head, tuple(found), tuple(lines))


def _decoded(content: bytes, charset: str) -> str:
    if len(content) > MAX_BYTES:
        raise UnreadableReply(f"The file is larger than {MAX_BYTES // 1024 // 1024} MB.")
    try:
        text = content.decode("utf-8-sig" if charset == "utf-8" else charset)
    except UnicodeDecodeError as error:
        raise UnreadableReply(
            f"Byte {error.start + 1} is not {charset}. Set the charset the partner writes.",
            field="charset",
        ) from None
    if "\0" in text:
        raise UnreadableReply("The file holds NUL characters, so it is no CSV.")
    return text


def _rows(text: str) -> list[tuple[int, list[str]]]:
    """Every row with the line it ends on; empty lines are left out."""
    if text[:1] != HEAD or text[1:2] not in _DELIMITERS or len(text) < len(HEAD) + 1:
        raise UnreadableReply(
            "The file does not begin with a head row (H,generic-csv-1,…).", field="head"
        )
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=text[1], strict=True)
    rows = []
    try:
        for cells in reader:
            if cells:
                rows.append((reader.line_num, cells))
            if len(rows) > MAX_ROWS:
                raise UnreadableReply(f"The file has more than {MAX_ROWS} rows.")
    except csv.Error as error:
        raise UnreadableReply(
            f"Line {reader.line_num} is not proper CSV ({error}). {_AGAIN}"
        ) from None
    if not text.endswith("\n"):
        raise UnreadableReply(f"The last line has no end, so the file may be cut. {_AGAIN}")
    return rows


def _head(cells: Sequence[str], layout: str) -> Head:
    if len(cells) != _HEAD_CELLS:
        raise UnreadableReply(
            f"The head row has {len(cells)} cells, not {_HEAD_CELLS}: H, layout, content, number, "
            "from, to, test or live, moment.",
            field="head",
        )
    _, told, content, number, sender, receiver, usage, moment = (cell.strip() for cell in cells)
    if told != layout:
        raise UnreadableReply(f"The layout is {told!r}, not {layout!r}.", field="layout")
    if not _FILE_NUMBER.fullmatch(number):
        raise UnreadableReply(f"The file's number {number!r} is not digits.", field="number")
    if usage not in ("test", "live"):
        raise UnreadableReply(f"{usage!r} is neither test nor live.", field="usage")
    made_at = _when(moment)
    if not isinstance(made_at, datetime):
        raise UnreadableReply(f"{moment!r} is no moment with its zone.", field="made_at")
    return Head(content, number, unguarded(sender), unguarded(receiver), usage == "test", made_at)


def _trailer_there(rows: Sequence[tuple[int, list[str]]], head: Head) -> None:
    line, last = rows[-1]
    if len(rows) < len("HCT") or last[0].strip() != TRAILER or len(last) != _TRAILER_CELLS:
        raise UnreadableReply(
            f"Line {line}, the last one, is no trailer (T,number,rows,quantity,amount): the file "
            f"is cut. {_AGAIN}",
            field="trailer",
        )
    if last[1].strip() != head.number:
        raise UnreadableReply(
            f"The trailer's number is {last[1]!r}, the head's {head.number!r}. {_AGAIN}",
            field="trailer",
        )


def _names(cells: Sequence[str], columns: Sequence[Column]) -> list[str]:
    names = [cell.strip().lower() for cell in cells]
    known = {column.name for column in columns}
    if strange := [name for name in names if name not in known]:
        raise UnreadableReply(
            f"Unknown columns: {', '.join(strange)}. Known are: {', '.join(sorted(known))}.",
            field=strange[0],
        )
    if missing := [one.name for one in columns if one.is_needed and one.name not in names]:
        raise UnreadableReply(f"Missing columns: {', '.join(missing)}.", field=missing[0])
    if twice := [name for name in names if names.count(name) > 1]:
        raise UnreadableReply(f"The column {twice[0]} stands there twice.", field=twice[0])
    return names


def _row(
    line: int, cells: Sequence[str], names: Sequence[str], columns: Sequence[Column]
) -> dict[str, Cell]:
    if len(cells) != len(names):
        raise UnreadableReply(
            f"Line {line} has {len(cells)} cells, the columns are {len(names)}. {_AGAIN}"
        )
    given = dict(zip(names, cells, strict=True))
    return {column.name: _cell(line, column, given.get(column.name, "")) for column in columns}


def _cell(line: int, column: Column, text: str) -> Cell:
    if column.type in (Type.IDENTIFIER, Type.WORDS):
        value: Cell | None = unguarded(text)
    elif text.strip():
        value = _value(column.type, text.strip())
    else:
        value = "" if column.is_needed else _EMPTY[column.type]
    if value is None:
        raise _wrong(line, column, f"{text!r} is not {_SAYINGS[column.type]}")
    if column.is_needed and value == "":
        raise _wrong(line, column, "is empty")
    return value


def _wrong(line: int, column: Column, text: str) -> UnreadableReply:
    return UnreadableReply(f"Line {line}, column {column.name}: {text}.", field=column.name)


_EMPTY: dict[Type, Cell] = {Type.WHOLE: 0, Type.MONEY: Decimal(0), Type.WHEN: ""}
_SAYINGS = {
    Type.WHOLE: "a whole number",
    Type.MONEY: "an amount (12.34)",
    Type.WHEN: "a day (2026-03-05) or a moment with its zone (2026-03-05T12:30:00Z)",
}


def _value(kind: Type, text: str) -> Cell | None:
    if kind is Type.WHEN:
        return _when(text)
    if kind is Type.WHOLE:
        return int(text) if _WHOLE.fullmatch(text) else None
    return Decimal(text) if _MONEY.fullmatch(text) else None


def _when(text: str) -> date | datetime | None:
    """A day, or a moment in UTC; None for anything else, a moment without a zone included."""
    try:
        if _DAY.fullmatch(text):
            return date.fromisoformat(text)
        found = datetime.fromisoformat(text)
        return found.astimezone(UTC) if found.tzinfo else None
    except (ValueError, OverflowError):
        return None


def _proved(
    trailer: Sequence[str], head: Head, columns: Sequence[Column], rows: Sequence[Row]
) -> None:
    quantity, amount = _sums(columns, rows)
    told = [cell.strip() for cell in trailer]
    for what, said_to_be, found, pattern in (
        ("rows", told[2], Decimal(len(rows)), _WHOLE),
        ("units", told[3], Decimal(quantity), _WHOLE),
        ("amount", told[4], amount, _MONEY),
    ):
        if not pattern.fullmatch(said_to_be) or Decimal(said_to_be) != found:
            raise UnreadableReply(
                f"The trailer of file {head.number} tells {said_to_be!r} {what}, the rows hold "
                f"{found}. {_AGAIN}",
                field="trailer",
            )
