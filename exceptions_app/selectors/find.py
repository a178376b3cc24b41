"""What a number means: every identifier looked up in its own index, exact before beginnings.

No look-up reads more than it may show: a beginning is a range of one index, read up to the limit,
and too short a beginning, in any spelling of it, is not looked up.
Who may not see personal data finds an e-mail address only by giving it whole, so that nobody can
guess one letter by letter; a name finds nothing for them. The same goes for a parcel and those who
may not see its number.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.contrib.postgres.search import SearchQuery, SearchVector
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
from exceptions_app.selectors.customers import mask

MAX_QUERY = 200
MAX_WORDS = 8
MIN_PREFIX = 3
NEWEST = 1_000
# What would end the quotes of a search expression, or is no character, is a gap.
_GAP = re.compile(r"[\s'\\\x00-\x1f\x7f]+")
_CASE = re.compile(r"EX[-\s]?(\d{1,15})", re.ASCII)
_RMA = re.compile(r"^RMA[-#\s]*(?=.)")
# Fewer digits than these are no label read aloud.
MIN_DIGITS = 6
_DIGITS = re.compile(r"[0-9][0-9 .-]*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Match:
    """One identifier of one return that the text is, or begins."""

    rma_id: int
    kind: str
    value: str
    is_exact: bool

    @property
    def label(self) -> str:
        return KINDS[self.kind]


@dataclass(frozen=True, slots=True)
class Found:
    """What a text leads to: at most one match per return, exact ones first.

    `has_more` when beginnings were left out. `cases` holds the exception called by its number.
    """

    text: str
    matches: tuple[Match, ...] = ()
    has_more: bool = False
    cases: tuple[Case, ...] = ()

    @property
    def whole(self) -> Match | None:
        """The one return of which the text is a whole number, if there is just one."""
        exact = [match for match in self.matches if match.is_exact]
        return exact[0] if len(exact) == 1 and not self.cases else None

    @property
    def only(self) -> Match | None:
        """The match to go to at once: the one exact return, or the only one there is."""
        is_one = len(self.matches) == 1 and not self.has_more and not self.cases
        return self.whole or (self.matches[0] if is_one else None)


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
_PLACE = {kind: place for place, kind in enumerate(KINDS)}


def find(*, text: str, is_personal_shown: bool, limit: int, is_parcel_shown: bool = False) -> Found:
    """Up to `limit` returns that carry `text` as an identifier, in two queries at most.

    Who sees personal data sees parcels too.
    """
    asked = clean(text)
    if not asked:
        return Found(text=asked)
    hidden = _hidden(is_personal_shown=is_personal_shown, is_parcel_shown=is_parcel_shown)
    matches = _matches(asked, limit + 1, hidden)
    return Found(
        text=asked,
        matches=tuple(_shown(match, hidden) for match in matches[:limit]),
        has_more=len(matches) > limit,
        cases=_cases(asked),
    )


def rma_ids(
    *, text: str, is_personal_shown: bool, limit: int, is_parcel_shown: bool = False
) -> list[int]:
    """Ids of returns that carry `text`, exact ones first; read no further than `limit`."""
    asked = clean(text)
    if not asked:
        return []
    hidden = _hidden(is_personal_shown=is_personal_shown, is_parcel_shown=is_parcel_shown)
    found = _matches(asked, limit, hidden)
    return [match.rma_id for match in found][:limit]


def clean(text: str) -> str:
    """The text as it is looked up: one line, single gaps; "" when no letter or digit is left."""
    words = " ".join(_GAP.sub(" ", text[:MAX_QUERY]).split())
    return words if any(letter.isalnum() for letter in words) else ""


def words_of(text: str) -> tuple[str, ...]:
    """The words to look for, none of which can end its quotes in a search expression."""
    words = clean(text).split()
    return tuple(word for word in words if any(letter.isalnum() for letter in word))[:MAX_WORDS]


def exact_rows(text: str, limit: int) -> dict[str, QuerySet[Any]]:
    """Whole identifiers, one query per index: kind, return id, stored value, and that it is one."""
    return {
        lookup.kind: _whole(lookup, text.upper(), limit)
        for lookup in LOOKUPS
        if lookup.spellings(text.upper())
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


def _hidden(*, is_personal_shown: bool, is_parcel_shown: bool) -> frozenset[str]:
    """The kinds this reader finds only by giving them whole, and is shown masked."""
    sees_parcels = is_personal_shown or is_parcel_shown
    kinds = {row.kind for row in LOOKUPS if row.is_personal and not is_personal_shown}
    kinds |= {row.kind for row in LOOKUPS if row.is_parcel and not sees_parcels}
    return frozenset(kinds if is_personal_shown else {*kinds, "name"})


def _matches(text: str, limit: int, hidden: frozenset[str]) -> list[Match]:
    """The first match of every return, exact ones first: one query over all the indexes."""
    branches = [*exact_rows(text, limit).values()]
    if len(text) >= MIN_PREFIX:
        branches += beginning_rows(text, limit, hidden=hidden).values()
        if "name" not in hidden:
            branches.append(name_rows(words_of(text), limit))
    first, *others = branches
    found = [
        Match(rma_id=rma_id, kind=kind, value=value, is_exact=is_exact)
        for kind, rma_id, value, is_exact in first.union(*others, all=True)
    ]
    found.sort(key=lambda match: (not match.is_exact, _PLACE[match.kind], -match.rma_id))
    return _once(found)


def _whole(lookup: Lookup, text: str, limit: int) -> QuerySet[Any]:
    rows = _asked(lookup).filter(as_asked__in=lookup.spellings(text)).order_by()
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


def name_rows(words: Sequence[str], limit: int) -> QuerySet[Any]:
    """The same of names, which are words: any of them, in any order; newest first.

    The newest returns are asked first, and all others only while these do not fill the list: a
    word on very many returns would else have all of them read and sorted.
    """
    newest = Rma.objects.order_by("-pk").values("pk")[: max(NEWEST, 3 * limit)]
    rows = named(words)
    first = _told(rows.filter(pk__in=newest), "name", "pk", "customer_name", is_exact=False)
    others = _told(rows.exclude(pk__in=newest), "name", "pk", "customer_name", is_exact=False)
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
    for place, word in enumerate(words):
        is_beginning = place == len(words) - 1 and len(word) >= MIN_PREFIX
        quote = f"'{word}':*" if is_beginning else f"'{word}'"
        rows = rows.filter(name_words=SearchQuery(quote, search_type="raw", config="simple"))
    # The sum is no index's order, on purpose: the planner cannot know how rare a word is, and for
    # a rare one it would walk all returns from the newest, reading every name.
    found: QuerySet[Rma] = rows.order_by((F("id") + 0).desc())
    return found


def _once(found: Iterable[Match]) -> list[Match]:
    """The first match of every return."""
    first: dict[int, Match] = {}
    for match in found:
        first.setdefault(match.rma_id, match)
    return list(first.values())


def _shown(match: Match, hidden: frozenset[str]) -> Match:
    if match.kind not in hidden:
        return match
    return Match(match.rma_id, match.kind, mask(match.value), match.is_exact)


def _cases(text: str) -> tuple[Case, ...]:
    number = _CASE.fullmatch(text.upper())
    return tuple(Case.objects.filter(pk=int(number[1]))) if number else ()
