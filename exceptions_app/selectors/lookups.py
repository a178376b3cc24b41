"""Every identifier of a return with its own index, and the query that looks a text up there.

No look-up reads more than it may show: a beginning is a range of one index, read up to the limit.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from django.contrib.postgres.search import SearchQuery, SearchVector
from django.db import connection as database
from django.db.models import BooleanField, CharField, F, QuerySet, Value
from django.db.models.functions import Cast, Collate

from exceptions_app.models import (
    Case,
    ExchangeOrder,
    Posting,
    Refund,
    Rma,
    RmaLine,
    SalesOrder,
    Shipment,
)
from exceptions_app.models.orders import digits, quoted

MIN_PREFIX = 3
NEWEST = 1_000
_RMA = re.compile(r"^RMA[-#\s]*(?=.)")
# Fewer digits than these are no label read aloud.
MIN_DIGITS = 6
_DIGITS = re.compile(r"[0-9][0-9 .-]*", re.ASCII)


def _as_given(text: str) -> tuple[str, ...]:
    return (text,)


def _return_numbers(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys((text, _RMA.sub("", text))))


def _order_names(text: str) -> tuple[str, ...]:
    return (text, f"#{text}")


def _without_gaps(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys((text, text.replace(" ", ""))))


def _digits_alone(text: str) -> tuple[str, ...]:
    """A text without letters as its digits; () for any other, which is not looked up so."""
    bare = re.sub(r"[^0-9]", "", text)
    return (bare,) if _DIGITS.fullmatch(text) and len(bare) >= MIN_DIGITS else ()


@dataclass(frozen=True, slots=True)
class Lookup:
    """One indexed identifier: `column` of `rows`, and the path from there to the return.

    `spellings` are the forms in upper case under which the text may stand there, none where it
    is no such identifier; `indexed` is how the index holds the column.
    """

    kind: str
    rows: Callable[[], QuerySet[Any]]
    column: str
    rma: str
    spellings: Callable[[str], tuple[str, ...]] = field(default=_as_given)
    is_personal: bool = False
    is_parcel: bool = False
    indexed: Callable[[str], Collate] = quoted


LOOKUPS = (
    Lookup("return", Rma.objects.all, "external_id", "pk", _return_numbers),
    Lookup("order", Rma.objects.all, "order_name", "pk", _order_names),
    Lookup("order_id", Rma.objects.all, "order_id", "pk"),
    Lookup("email", Rma.objects.all, "customer_email", "pk", is_personal=True),
    Lookup("parcel", Shipment.objects.all, "tracking_number", "rma", _without_gaps, is_parcel=True),
    Lookup(
        "digits",
        Shipment.objects.all,
        "tracking_number",
        "rma",
        _digits_alone,
        is_parcel=True,
        indexed=digits,
    ),
    Lookup("refund", Refund.objects.all, "external_id", "rma"),
    Lookup("reference", Refund.objects.all, "reference", "rma"),
    Lookup("document", Posting.objects.all, "number", "rma"),
    Lookup("key", Posting.objects.all, "key", "rma"),
    Lookup("exchange", ExchangeOrder.objects.all, "number", "rma", _order_names),
    Lookup("exchange_id", ExchangeOrder.objects.all, "order_id", "rma"),
    Lookup("erp_order", SalesOrder.objects.all, "number", "rmas", _order_names),
    Lookup("invoice", SalesOrder.objects.all, "invoice_number", "rmas"),
    Lookup("sku", RmaLine.objects.all, "sku", "rma"),
    Lookup("barcode", RmaLine.objects.all, "barcode", "rma"),
)
KINDS = {
    "return": "Return number",
    "order": "Order",
    "order_id": "Order id of the platform",
    "email": "Customer e-mail",
    "name": "Customer name",
    "parcel": "Parcel",
    "digits": "Parcel",
    "refund": "Refund",
    "reference": "Refund reference",
    "document": "ERP document",
    "key": "Posting key",
    "exchange": "Exchange order",
    "exchange_id": "Exchange order id",
    "erp_order": "ERP order",
    "invoice": "Invoice",
    "sku": "SKU",
    "barcode": "Barcode",
}


def exact_rows(text: str, limit: int) -> dict[str, QuerySet[Any]]:
    """Whole identifiers, one query per index: kind, return id, stored value, and that it is one."""
    return {
        lookup.kind: _whole(lookup, spellings, limit)
        for lookup in LOOKUPS
        if (spellings := lookup.spellings(text.upper()))
    }


def beginning_rows(
    text: str, limit: int, *, hidden: frozenset[str] = frozenset()
) -> dict[tuple[str, str], QuerySet[Any]]:
    """The same of beginnings, by kind and spelling: each of them a range of its index.

    Left out are spellings too short, and the kinds `hidden` from the reader, who would guess.
    """
    return {
        (lookup.kind, spelling): _beginning(lookup, spelling, limit)
        for lookup in LOOKUPS
        if lookup.kind not in hidden
        for spelling in lookup.spellings(text.upper())
        if len(spelling) >= MIN_PREFIX
    }


# --- Queries written once --------------------------------------------------------------------

# A look-up asks some thirty queries in one, which differ from text to text in their values alone:
# to have them written anew each time takes longer than the database takes to answer.
Query = tuple[str, tuple[Any, ...]]
_MARK = "MARK"


def branches(text: str, limit: int, hidden: frozenset[str]) -> list[Query]:
    """What `exact_rows` and `beginning_rows` ask, with the values of `text`."""
    asked = []
    for lookup in LOOKUPS:
        spellings = lookup.spellings(text)
        if spellings:
            given = {f"{_MARK}{place}": spelling for place, spelling in enumerate(spellings)}
            asked.append(_filled(_whole_sql(lookup, len(spellings), limit), given))
    if len(text) < MIN_PREFIX:
        return asked
    for lookup in LOOKUPS:
        for spelling in () if lookup.kind in hidden else lookup.spellings(text):
            if len(spelling) >= MIN_PREFIX:
                given = {f"{_MARK}%": f"{database.ops.prep_for_like_query(spelling)}%"}
                asked.append(_filled(_beginning_sql(lookup, limit), given))
    return asked


def name_branch(words: Sequence[str], limit: int) -> Query:
    """What `name_rows` asks, with the values of `words`."""
    marks = tuple(_longer(f"{_MARK}{place}", word) for place, word in enumerate(words))
    given = {_quoted(marks, place): _quoted(words, place) for place in range(len(words))}
    return _filled(_name_sql(marks, limit, NEWEST), given)


def case_branch(number: int, kind: str) -> Query:
    """The exception of that number, its title in place of a return's identifier."""
    return _sql(
        _told(Case.objects.filter(pk=number).order_by(), kind, "pk", "title", is_exact=True)
    )


# A message that could not be handled is about a return we do not have: only these lead to it.
_PARKED_CASES = """
SELECT %s, c.id, c.title, true FROM exceptions_app_connection k
CROSS JOIN unnest(%s::text[]) number
JOIN exceptions_app_case c ON c.subject = left('event:' || k.id || ':' || number, 60)
WHERE c.status <> 'resolved' OR c.closure = 'by_hand' ORDER BY c.id DESC LIMIT %s
"""
_PARKED_MESSAGES = """
SELECT %s, e.id, k.name, true FROM exceptions_app_connection k
JOIN exceptions_app_inboundevent e ON e.connection_id = k.id AND e.subject_id = ANY (%s::text[])
WHERE e.state IN ('parked', 'refused', 'given_up') ORDER BY e.id DESC LIMIT %s
"""


def parked_branches(numbers: Sequence[str], kinds: tuple[str, str], limit: int) -> list[Query]:
    """Exceptions of messages about a return of one of these numbers, and the messages themselves.

    `kinds` are what the rows of the two are called; in place of an identifier stand the title and
    the connection's name.
    """
    texts = list(numbers)
    return [
        (_PARKED_CASES, (kinds[0], texts, limit)),
        (_PARKED_MESSAGES, (kinds[1], texts, limit)),
    ]


def _filled(query: Query, given: Mapping[str, str]) -> Query:
    sql, values = query
    return sql, tuple(given.get(value, value) for value in values)


@cache
def _whole_sql(lookup: Lookup, spellings: int, limit: int) -> Query:
    marks = tuple(f"{_MARK}{place}" for place in range(spellings))
    return _sql(_whole(lookup, marks, limit))


@cache
def _beginning_sql(lookup: Lookup, limit: int) -> Query:
    return _sql(_beginning(lookup, _MARK, limit))


@cache
def _name_sql(marks: tuple[str, ...], limit: int, newest: int) -> Query:
    return _sql(name_rows(marks, limit, newest))


def _sql(rows: QuerySet[Any]) -> Query:
    sql, values = rows.query.sql_with_params()
    return sql, tuple(values)


def _longer(mark: str, word: str) -> str:
    """A mark that is too short for a beginning where the word is."""
    return mark if len(word) >= MIN_PREFIX else mark[-2:]


def _whole(lookup: Lookup, spellings: Sequence[str], limit: int) -> QuerySet[Any]:
    rows = _asked(lookup).filter(as_asked__in=spellings).order_by()
    if lookup.rma != "rmas":
        # Newest first, so that a SKU on very many returns shows those at hand. An order has few,
        # and to sort them across the join is to invite a walk over all returns.
        rows = rows.order_by(f"-{lookup.rma}")
    return _told(rows, lookup.kind, lookup.rma, lookup.column, is_exact=True)[:limit]


def _beginning(lookup: Lookup, spelling: str, limit: int) -> QuerySet[Any]:
    # In the index's own order: another would read all that begin like this before the first.
    rows = _asked(lookup).filter(as_asked__startswith=spelling).order_by("as_asked")
    return _told(rows, lookup.kind, lookup.rma, lookup.column, is_exact=False)[:limit]


def _asked(lookup: Lookup) -> QuerySet[Any]:
    rows: QuerySet[Any] = lookup.rows().annotate(as_asked=lookup.indexed(lookup.column))
    found: QuerySet[Any] = rows.filter(**{f"{lookup.rma}__isnull": False})
    return found


def name_rows(words: Sequence[str], limit: int, newest: int = NEWEST) -> QuerySet[Any]:
    """The same of names, which are words: any of them, in any order; newest first.

    The newest returns are asked first, and all others only while these do not fill the list: a
    word on very many returns would else have all of them read and sorted.
    """
    late = Rma.objects.order_by("-pk").values("pk")[: max(newest, 3 * limit)]
    rows = named(words)
    first = _told(rows.filter(pk__in=late), "name", "pk", "customer_name", is_exact=False)
    others = _told(rows.exclude(pk__in=late), "name", "pk", "customer_name", is_exact=False)
    return first[:limit].union(others[:limit], all=True)[:limit]


def _told(
    rows: QuerySet[Any], kind: str, rma: str, column: str, *, is_exact: bool
) -> QuerySet[Any]:
    told = rows.annotate(
        found_as=Value(kind, output_field=CharField()),
        told=Cast(F(column), CharField()),
        is_exact=Value(is_exact, output_field=BooleanField()),
    )
    found: QuerySet[Any] = told.values_list("found_as", rma, "told", "is_exact")
    return found


def named(words: Sequence[str]) -> QuerySet[Rma]:
    """Returns whose customer's name holds every word, the last also as a beginning; newest first.

    The vector is that of the index: names alone, or "RMA" would be a word of every return.
    """
    rows = Rma.objects.annotate(name_words=SearchVector("customer_name", config="simple"))
    for place in range(len(words)):
        quote = _quoted(words, place)
        rows = rows.filter(name_words=SearchQuery(quote, search_type="raw", config="simple"))
    # The sum is no index's order, on purpose: the planner cannot know how rare a word is, and for
    # a rare one it would walk all returns from the newest, reading every name.
    found: QuerySet[Rma] = rows.order_by((F("id") + 0).desc())
    return found


def _quoted(words: Sequence[str], place: int) -> str:
    """One of the words as a search expression; the last one also as a beginning."""
    is_beginning = place == len(words) - 1 and len(words[place]) >= MIN_PREFIX
    return f"'{words[place]}':*" if is_beginning else f"'{words[place]}'"
