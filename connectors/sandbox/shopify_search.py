"""Shopify's search texts as far as the simulated shop knows them: fields, comparisons, OR."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from connectors.sandbox.shopify_paging import refusal
from connectors.sandbox.shopify_store import moment

Record = Mapping[str, Any]
Match = Callable[[Record], bool]

_TERM = re.compile(
    r"(?P<no>-)?(?P<field>[a-z_]+):(?P<how>>=|<=|>|<)?(?:'(?P<quoted>[^']*)'|(?P<bare>[^\s()']+))"
)
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    ">=": lambda left, right: left >= right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    "<": lambda left, right: left < right,
    "": lambda left, right: left == right,
}


def parse(query: str | None, fields: Mapping[str, Callable[[Record], Any]]) -> Match:
    """What a record must be like: alternatives by OR, each a row of terms that all must hold.

    A field that is not known is ignored, as Shopify does; an unreadable text is refused.
    """
    if not query or not query.strip():
        return lambda record: True
    alternatives = [_all_of(part, fields) for part in re.split(r"\s+OR\s+", query.strip())]
    return lambda record: any(match(record) for match in alternatives)


def _all_of(text: str, fields: Mapping[str, Callable[[Record], Any]]) -> Match:
    terms = []
    rest = text.replace(" AND ", " ").strip("() ")
    while rest:
        found = _TERM.match(rest)
        if found is None:
            raise refusal(f"Invalid search query near {rest[:20]!r}.")
        if found["field"] in fields:
            terms.append(_term(found, fields[found["field"]]))
        rest = rest[found.end() :].strip("() ")
    return lambda record: all(term(record) for term in terms)


def _term(found: re.Match[str], value_of: Callable[[Record], Any]) -> Match:
    wanted = found["quoted"] if found["quoted"] is not None else found["bare"]
    compare, is_not = _COMPARE[found["how"] or ""], bool(found["no"])

    def match(record: Record) -> bool:
        value = value_of(record)
        if isinstance(value, datetime):
            # Shopify keeps times by the second.
            holds = compare(value.replace(microsecond=0), _time(wanted))
        else:
            holds = compare(str(value).casefold(), str(wanted).casefold())
        return holds is not is_not

    return match


def _time(text: str) -> datetime:
    try:
        read = moment(text)
    except ValueError:
        read = None
    if read is None:
        raise refusal(f"Invalid timestamp {text!r} in the search query.")
    return read
