"""Lists read by keyset: a page is found by the last row's sort values, never by counting rows.

The cursor is signed and belongs to one order, so a page deep in a list costs what the first costs,
rows that arrive meanwhile never shift it, and nobody can ask for an order we did not index.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import reduce
from operator import or_
from typing import Any, Protocol

from django.core import signing
from django.core.exceptions import BadRequest, EmptyResultSet
from django.db import connection as database
from django.db.models import F, IntegerField, Q, QuerySet, Subquery

from exceptions_app.models.statements import bound
from exceptions_app.selectors.sums import Amount, per_currency

# Two screens of rows: a longer page takes longer to write than to read (budgets of pages, D.3).
PAGE_SIZE = 30
# A file is read in larger steps than a screen: fewer questions, each still a short one.
FILE_SIZE = 500
COUNT_CAP = 1_000


class BadCursor(BadRequest):
    """The cursor was changed, or belongs to another order; the page answers 400."""


@dataclass(frozen=True, slots=True)
class Page:
    """`rows` in the list's order; `newer` and `older` are cursors, "" where the list ends."""

    rows: tuple[Any, ...]
    newer: str
    older: str


class Reader(Protocol):
    """Brings the next rows after the sort values of the last one; none on the first page."""

    def __call__(self, *, is_back: bool, after: Sequence[object], limit: int) -> list[Any]: ...


def page(
    queryset: QuerySet[Any], *, order: Sequence[str], cursor: str = "", size: int = PAGE_SIZE
) -> Page:
    """One page of `queryset`, sorted by `order` ("-value", "id"); the last name must be unique.

    Works on models and on `values()` rows, annotations included; no sorted value may be null.

    Raises:
        BadCursor: `cursor` was not made here for this order.
    """

    def read(*, is_back: bool, after: Sequence[object], limit: int) -> list[Any]:
        wanted = [_turned(name) for name in order] if is_back else list(order)
        return _read_rows(queryset.order_by(*wanted), wanted, after, limit)

    return page_of(read, order=order, cursor=cursor, size=size)


def page_of(read: Reader, *, order: Sequence[str], cursor: str, size: int) -> Page:
    """One page of the rows that `read` brings; they carry the names of `order`.

    Going back, `read` answers them in the turned order.

    Raises:
        BadCursor: `cursor` was not made here for this order.
    """
    is_back, after = _read(cursor, order)
    found = read(is_back=is_back, after=after, limit=size + 1)
    has_more = len(found) > size
    found = found[:size]
    if is_back:
        found.reverse()
    has_newer = has_more if is_back else bool(after)
    has_older = bool(found) if is_back else has_more
    return Page(
        rows=tuple(found),
        newer=_write(found[0], order, is_back=True) if found and has_newer else "",
        older=_write(found[-1], order, is_back=False) if found and has_older else "",
    )


def every(read: Callable[[str], Page]) -> Iterator[Any]:
    """All rows of a list, as `read` brings them for one cursor after the other, "" first."""
    cursor = ""
    while True:
        found = read(cursor)
        yield from found.rows
        if not found.older:
            return
        cursor = found.older


def count(queryset: QuerySet[Any]) -> int:
    """How many rows, read no further than COUNT_CAP + 1."""
    return queryset.order_by()[: COUNT_CAP + 1].count()


class HowMany(Subquery):
    """How many rows a list holds, for each row beside it; read once, no further than `counts`."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) AS few)"
    output_field = IntegerField()

    def __init__(self, rows: QuerySet[Any]) -> None:
        super().__init__(rows.order_by().values("pk")[: COUNT_CAP + 1])


def counts(lists: Mapping[Any, QuerySet[Any]]) -> dict[Any, int]:
    """How many rows each list holds, none counted beyond COUNT_CAP + 1; one query for all."""
    found = answers(counted=lists)
    return {key: found[key] or 0 for key in lists}


@dataclass(frozen=True, slots=True)
class Question:
    """Several lists asked in one statement, written once and asked as often as one likes."""

    sql: str
    values: tuple[Any, ...]
    # What each column answers, and what has no row for certain.
    columns: tuple[Any, ...]
    empty: tuple[Any, ...]
    listed: tuple[Any, ...]


def question(
    *,
    counted: Mapping[Any, QuerySet[Any]],
    single: Mapping[Any, QuerySet[Any]] | None = None,
    listed: Mapping[Any, QuerySet[Any]] | None = None,
    summed: Mapping[Any, QuerySet[Any]] | None = None,
) -> Question:
    """The statement that `answers` asks. Writing it takes longer than asking: who asks the same on
    every page keeps it. Moments in it are slots, or the database's own.

    `summed` are rows of `currency` and `amount`, told as number and total of each currency, none
    read beyond COUNT_CAP + 1.
    """
    wanted = [
        *(
            (key, rows.order_by().values("pk")[: COUNT_CAP + 1], _COUNT)
            for key, rows in counted.items()
        ),
        *((key, rows, _ONE) for key, rows in (single or {}).items()),
        *((key, rows, _ALL) for key, rows in (listed or {}).items()),
        *((key, rows[: COUNT_CAP + 1], _SUMS) for key, rows in (summed or {}).items()),
    ]
    parts = {key: (form, _compiled(rows)) for key, rows, form in wanted}
    known = {key: (form, found) for key, (form, found) in parts.items() if found is not None}
    return Question(
        sql="SELECT " + ", ".join(form.format(found[0]) for form, found in known.values()),
        values=tuple(value for _, found in known.values() for value in found[1]),
        columns=tuple(known),
        empty=tuple(key for key in parts if key not in known),
        listed=(*(listed or ()), *(summed or ())),
    )


_COUNT = "(SELECT COUNT(*) FROM ({}) AS few)"
_ONE = "({})"
_ALL = "(SELECT json_agg(told)::text FROM ({}) AS told)"
_SUMS = (
    "(SELECT json_agg(told)::text FROM (SELECT currency, COUNT(*) AS number,"
    " SUM(amount)::text AS total FROM ({}) AS few GROUP BY currency) AS told)"
)


def ask(asked: Question, **values: Any) -> dict[Any, Any]:
    """What `answers` returns, for a statement written before, with `values` in its slots."""
    known: dict[Any, Any] = dict.fromkeys(asked.empty)
    if asked.columns:
        with database.cursor() as cursor:
            cursor.execute(asked.sql, bound(asked.values, values))
            known |= zip(asked.columns, cursor.fetchone(), strict=True)
    return known | {key: json.loads(known.get(key) or "[]") for key in asked.listed}


@dataclass(frozen=True, slots=True)
class Tally:
    """How many rows a list holds, no further than COUNT_CAP + 1, and their sums per currency.

    Of a list that `is_cut` the sums are of its first COUNT_CAP rows or so: at least that much.
    """

    count: int
    values: tuple[Amount, ...]

    @property
    def is_cut(self) -> bool:
        return self.count > COUNT_CAP


def tallies(lists: Mapping[Any, QuerySet[Any]], *, money: str = "") -> dict[Any, Tally]:
    """A Tally of each list; `money` names the amount of a row beside its `currency`, "" for none.

    One query for all. No amount is below zero, so that a part of them is no more than all.
    """
    if not money:
        return {key: Tally(count, ()) for key, count in counts(lists).items()}
    few = {key: rows.order_by().values("currency", amount=F(money)) for key, rows in lists.items()}
    found = ask(question(counted={}, summed=few))
    return {key: _tally(found[key]) for key in lists}


def _tally(rows: list[dict[str, Any]]) -> Tally:
    return Tally(
        sum(row["number"] for row in rows),
        per_currency((row["currency"], Decimal(row["total"])) for row in rows),
    )


def answers(
    *,
    counted: Mapping[Any, QuerySet[Any]],
    single: Mapping[Any, QuerySet[Any]] | None = None,
    listed: Mapping[Any, QuerySet[Any]] | None = None,
) -> dict[Any, Any]:
    """How many rows `counted` lists hold, as `counts`, the one value of each `single` one, and all
    rows of each `listed` one: `values()` of few rows, with what JSON can carry.

    One query for all of them; None for a `single` one that has no row. In a `listed` one moments
    are texts, and a fraction is a float unless it is cast to text.
    """
    return ask(question(counted=counted, single=single, listed=listed))


def _compiled(rows: QuerySet[Any]) -> tuple[str, tuple[Any, ...]] | None:
    """The text of a query and its values; None when no row can match."""
    try:
        sql, values = rows.query.sql_with_params()
    except EmptyResultSet:
        return None
    return sql, tuple(values)


def shown(number: int) -> str:
    """ "34", "1,000", or "1,000+" for a count that was capped."""
    return f"{COUNT_CAP:,}+" if number > COUNT_CAP else f"{number:,}"


def _read_rows(
    rows: QuerySet[Any], order: Sequence[str], after: Sequence[object], wanted: int
) -> list[Any]:
    """The next rows of the order, each step of it read as a range of its own.

    One condition for all steps would walk the index from its beginning and throw rows away, and
    a page would cost more the deeper it lies. Most pages are full after one step or two. Sums
    have no index to walk and are read at once.
    """
    if not after:
        return list(rows[:wanted])
    if rows.query.group_by:
        return list(rows.filter(beyond(order, after))[:wanted])
    found: list[Any] = []
    for step in reversed(_steps(order, after)):
        found += rows.filter(step)[: wanted - len(found)]
        if len(found) == wanted:
            break
    return found


def _steps(order: Sequence[str], after: Sequence[object]) -> list[Q]:
    """Equal in the first n sort values and beyond in the next, for every n."""
    steps = []
    equal = Q()
    for name, value in zip(order, after, strict=True):
        field = name.lstrip("-")
        comparison = "lt" if name.startswith("-") else "gt"
        steps.append(equal & Q(**{f"{field}__{comparison}": value}))
        equal &= Q(**{field: value})
    return steps


def beyond(order: Sequence[str], after: Sequence[object]) -> Q:
    """Rows that come after `after`, as one condition that names nothing but `order`.

    Any other column in it would split the groups of sums: they are grouped by all it names.
    """
    return reduce(or_, _steps(order, after))


def _turned(name: str) -> str:
    return name[1:] if name.startswith("-") else f"-{name}"


def _write(row: Any, order: Sequence[str], *, is_back: bool) -> str:
    values = [_packed(_value(row, name.lstrip("-"))) for name in order]
    return signing.dumps([int(is_back), *values], salt=_salt(order))


def _read(cursor: str, order: Sequence[str]) -> tuple[bool, list[object]]:
    if not cursor:
        return False, []
    try:
        is_back, *values = signing.loads(cursor, salt=_salt(order))
    except signing.BadSignature as error:
        raise BadCursor("This place in the list is not one we know.") from error
    return bool(is_back), [_unpacked(kind, text) for kind, text in values]


def _salt(order: Sequence[str]) -> str:
    return "cursor:" + ",".join(order)


def _value(row: Any, name: str) -> object:
    return row[name] if isinstance(row, dict) else getattr(row, name)


def _packed(value: object) -> tuple[str, str]:
    if isinstance(value, datetime):
        return "time", value.isoformat()
    if isinstance(value, Decimal):
        return "amount", str(value)
    if isinstance(value, int):
        return "number", str(value)
    return "text", str(value)


def _unpacked(kind: str, text: str) -> object:
    if kind == "time":
        return datetime.fromisoformat(text)
    if kind == "amount":
        return Decimal(text)
    return int(text) if kind == "number" else text
