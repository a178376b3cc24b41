"""The query language of ReturnGO's lists: filters, page size, cursor, sort columns.

The vendor answers 400 to what it cannot read; the wording of that answer is not known.
"""

from __future__ import annotations

import base64
import binascii
import operator
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import Protocol, TypeVar

from werkzeug.datastructures import MultiDict

MAX_PAGE_SIZE = 500
_OPERATORS: dict[str, Callable[[datetime, datetime], bool]] = {
    "lt": operator.lt,
    "lte": operator.le,
    "gt": operator.gt,
    "gte": operator.ge,
    "eq": operator.eq,
    "neq": operator.ne,
}

Test = Callable[[datetime], bool]


class Numbered(Protocol):
    @property
    def number(self) -> int: ...


Row = TypeVar("Row", bound=Numbered)


class QueryInvalid(ValueError):
    """A parameter that cannot be read; the text names it."""


def page_size(args: MultiDict[str, str]) -> int:
    text = args.get("pagesize", "")
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= MAX_PAGE_SIZE):
        raise QueryInvalid("pagesize must be 1..500")
    return int(text)


def check_sort(args: MultiDict[str, str], *, columns: Sequence[str]) -> None:
    """An unencoded "+" arrives as a blank and is refused. The order itself changes nothing here."""
    for column in filter(None, args.get("sort_by", "").split(",")):
        if column[0] not in "+-" or column[1:] not in columns:
            raise QueryInvalid("sort_by names no known column")


def times(args: MultiDict[str, str], name: str) -> Test:
    """All filters given under `name`, together: a range is the same name twice."""
    filters = [_time_filter(text, name) for text in args.getlist(name)]
    return lambda moment: all(compare(moment, bound) for compare, bound in filters)


def choices(args: MultiDict[str, str], name: str) -> Callable[[Iterable[object]], bool]:
    """Whether any of some values is in the comma list under `name`; true when none is given."""
    wanted = {text.strip() for text in args.get(name, "").split(",") if text.strip()}
    return lambda values: not wanted or any(str(value) in wanted for value in values)


def cursor_position(args: MultiDict[str, str], *, prefix: str) -> int | None:
    """The number to go on below, None at the start."""
    text = args.get("cursor", "")
    if not text:
        return None
    try:
        position = base64.b64decode(text, validate=True).decode()
        return int(position.removeprefix(prefix))
    except (binascii.Error, ValueError):
        raise QueryInvalid("cursor is not one of ours") from None


def page(rows: Iterable[Row], size: int, *, prefix: str) -> tuple[list[Row], str]:
    """The first `size` rows and the cursor to those after them, "" when there are none."""
    found = list(islice(rows, size + 1))
    if len(found) <= size:
        return found, ""
    last = found[size - 1].number
    return found[:size], base64.b64encode(f"{prefix}{last}".encode()).decode()


def _time_filter(text: str, name: str) -> tuple[Callable[[datetime, datetime], bool], datetime]:
    word, _, value = text.partition(":")
    try:
        bound = datetime.fromisoformat(value)
        compare = _OPERATORS[word]
    except (KeyError, ValueError):
        raise QueryInvalid(f"{name} must be op:YYYY-MM-DDTHH:mm:ss") from None
    return compare, bound if bound.tzinfo else bound.replace(tzinfo=UTC)
