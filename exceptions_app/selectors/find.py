"""What a number means: every identifier looked up in its own index, exact before beginnings.

No look-up reads more than it may show: a beginning is a range of one index, read up to the limit,
and too short a beginning, in any spelling of it, is not looked up.
Who may not see personal data finds an e-mail address only by giving it whole, so that nobody can
guess one letter by letter; a name finds nothing for them. The same goes for a parcel and those who
may not see its number.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from django.db import connection as database

from exceptions_app.selectors import lookups
from exceptions_app.selectors.customers import mask

MAX_QUERY = 200
MAX_WORDS = 8
# What would end the quotes of a search expression, or is no character, is a gap.
_GAP = re.compile(r"[\s'\\\x00-\x1f\x7f]+")
_CASE = re.compile(r"EX[-\s]?(\d{1,15})", re.ASCII)
_CALLED, _PARKED = "exception", "message"
# Parked messages shown of one text, and exceptions of them; more say nothing new.
_MOST_PARKED = 5
_PLACES = {kind: place for place, kind in enumerate(lookups.KINDS)}


@dataclass(frozen=True, slots=True)
class Match:
    """One identifier of one return that the text is, or begins."""

    rma_id: int
    kind: str
    value: str
    is_exact: bool

    @property
    def label(self) -> str:
        return lookups.KINDS[self.kind]


@dataclass(frozen=True, slots=True)
class Called:
    """An exception called by its number."""

    pk: int
    title: str


@dataclass(frozen=True, slots=True)
class Found:
    """What a text leads to: at most one match per return, exact ones first.

    `has_more` when beginnings were left out. `cases` holds the exception called by its number,
    and those of messages about a return of that number that could not be handled; `parked` are
    these messages, with their connection in place of a title.
    """

    text: str
    matches: tuple[Match, ...] = ()
    has_more: bool = False
    cases: tuple[Called, ...] = ()
    parked: tuple[Called, ...] = ()

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


def find(*, text: str, is_personal_shown: bool, limit: int, is_parcel_shown: bool = False) -> Found:
    """Up to `limit` returns that carry `text` as an identifier, in one query.

    Who sees personal data sees parcels too.
    """
    asked = clean(text)
    if not asked:
        return Found(text=asked)
    hidden = _hidden(is_personal_shown=is_personal_shown, is_parcel_shown=is_parcel_shown)
    rows = _rows(asked, limit + 1, hidden, *_case(asked), *_parked(asked))
    matches = _matches(row for row in rows if row[0] not in (_CALLED, _PARKED))
    return Found(
        text=asked,
        matches=tuple(_shown(match, hidden) for match in matches[:limit]),
        has_more=len(matches) > limit,
        cases=tuple(Called(pk, title) for kind, pk, title, _ in rows if kind == _CALLED),
        parked=tuple(Called(pk, name) for kind, pk, name, _ in rows if kind == _PARKED),
    )


def rma_ids(
    *, text: str, is_personal_shown: bool, limit: int, is_parcel_shown: bool = False
) -> list[int]:
    """Ids of returns that carry `text`, exact ones first; read no further than `limit`."""
    asked = clean(text)
    if not asked:
        return []
    hidden = _hidden(is_personal_shown=is_personal_shown, is_parcel_shown=is_parcel_shown)
    found = _matches(_rows(asked, limit, hidden))
    return [match.rma_id for match in found][:limit]


def clean(text: str) -> str:
    """The text as it is looked up: one line, single gaps; "" when no letter or digit is left."""
    words = " ".join(_GAP.sub(" ", text[:MAX_QUERY]).split())
    return words if any(letter.isalnum() for letter in words) else ""


def words_of(text: str) -> tuple[str, ...]:
    """The words to look for, none of which can end its quotes in a search expression."""
    words = clean(text).split()
    return tuple(word for word in words if any(letter.isalnum() for letter in word))[:MAX_WORDS]


def _hidden(*, is_personal_shown: bool, is_parcel_shown: bool) -> frozenset[str]:
    """The kinds this reader finds only by giving them whole, and is shown masked."""
    sees_parcels = is_personal_shown or is_parcel_shown
    kinds = {row.kind for row in lookups.LOOKUPS if row.is_personal and not is_personal_shown}
    kinds |= {row.kind for row in lookups.LOOKUPS if row.is_parcel and not sees_parcels}
    return frozenset(kinds if is_personal_shown else {*kinds, "name"})


def _rows(
    text: str, limit: int, hidden: frozenset[str], *others: lookups.Query
) -> list[tuple[str, int, str, bool]]:
    """What every index and the `others` find: one query over all of them."""
    branches = [*lookups.branches(text.upper(), limit, hidden), *others]
    if len(text) >= lookups.MIN_PREFIX and "name" not in hidden:
        branches.append(lookups.name_branch(words_of(text), limit))
    with database.cursor() as cursor:
        cursor.execute(
            " UNION ALL ".join(f"({sql})" for sql, _ in branches),
            [value for _, values in branches for value in values],
        )
        found: list[tuple[str, int, str, bool]] = cursor.fetchall()
    return found


def _matches(rows: Iterable[tuple[str, int, str, bool]]) -> list[Match]:
    """The first match of every return, exact ones first."""
    found = [
        Match(rma_id=rma_id, kind=kind, value=value, is_exact=is_exact)
        for kind, rma_id, value, is_exact in rows
    ]
    found.sort(key=lambda match: (not match.is_exact, _PLACES[match.kind], -match.rma_id))
    return _once(found)


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


def _case(text: str) -> tuple[lookups.Query, ...]:
    """The look-up of an exception's number, if the text is one."""
    number = _CASE.fullmatch(text.upper())
    return (lookups.case_branch(int(number[1]), _CALLED),) if number else ()


def _parked(text: str) -> list[lookups.Query]:
    """The look-ups of what is parked of a return that the text is the whole number of."""
    bare = text.upper().removeprefix("RMA").lstrip("-# ")
    numbers = list(dict.fromkeys(filter(None, (text, bare))))
    return lookups.parked_branches(numbers, (_CALLED, _PARKED), _MOST_PARKED)
