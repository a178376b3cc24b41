"""`$filter` and paging as the BlueCherry-like twin understands them.

Seen in the wild: `field eq 'value'` and `gt`, joined by `and`, numbers quoted too; `_pgno` and
`_pgsize`. That pages count from one, and the cap of 200, are assumptions (the cap is a switch).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

_TERM = re.compile(r"\s*([A-Za-z_]+)\s+(eq|gt)\s+'((?:[^']|'')*)'\s*", re.I)
_AND = re.compile(r"and\s", re.I)

T = TypeVar("T")


class QueryRefused(ValueError):
    """A filter or page the API cannot read; `field` is the parameter or the field in it."""

    def __init__(self, text: str, field: str) -> None:
        super().__init__(text)
        self.field = field


@dataclass(frozen=True)
class Term:
    field: str
    op: str
    value: str

    def accepts(self, values: Collection[str]) -> bool:
        """Whether any of a record's values for the field passes; dates compare as text."""
        if self.op == "eq":
            return self.value in values
        return any(_greater(value, self.value) for value in values)


def parse_filter(text: str, fields: Collection[str]) -> tuple[Term, ...]:
    """Read a filter; empty text gives no terms.

    Raises:
        QueryRefused: another operator or form, or a field not in `fields`.
    """
    terms = []
    at = 0
    while at < len(text):
        match = _TERM.match(text, at)
        if match is None:
            raise QueryRefused("The filter cannot be read.", "$filter")
        field, op, value = match[1].lower(), match[2].lower(), match[3].replace("''", "'")
        if field not in fields:
            raise QueryRefused(f"The filter names the unknown field {field}.", field)
        terms.append(Term(field, op, value))
        at = _next_term(text, match.end())
    return tuple(terms)


def page(rows: Sequence[T], args: Mapping[str, str], *, default: int, cap: int) -> Sequence[T]:
    """Cut the asked page; a size above the cap is cut to it without a word.

    Raises:
        QueryRefused: `_pgno` or `_pgsize` is no positive whole number.
    """
    number = _whole(args, "_pgno", 1)
    size = min(_whole(args, "_pgsize", default), cap)
    return rows[(number - 1) * size : number * size]


def _next_term(text: str, at: int) -> int:
    if at >= len(text):
        return at
    joint = _AND.match(text, at)
    if joint is None or joint.end() >= len(text):
        raise QueryRefused("The filter cannot be read.", "$filter")
    return joint.end()


def _greater(left: str, right: str) -> bool:
    if left.isdecimal() and right.isdecimal():
        return int(left) > int(right)
    return left > right


def _whole(args: Mapping[str, str], name: str, default: int) -> int:
    text = args.get(name, "")
    if not text:
        return default
    if not (text.isdecimal() and len(text) < 10 and int(text) > 0):
        raise QueryRefused(f"{name} must be a positive whole number.", name)
    return int(text)
