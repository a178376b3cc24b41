"""Connections as GraphQL answers them: a slice of rows, with cursors."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from typing import Any

from graphql import GraphQLError

MAX_PAGE = 250

Row = Any
Key = Callable[[Row], str]


def connection(
    rows: Callable[[], Sequence[Row]] | Sequence[Row],
    view: Callable[[Row], Any],
    *,
    key: Key | None = None,
) -> Callable[..., Any]:
    """A resolver for a connection over `rows`.

    With `key` a cursor is a place in the order of the keys and holds it when rows move; without,
    it is a count of rows, and rows that move shift what comes after it.
    """

    def resolve(info: Any, **arguments: Any) -> dict[str, Any]:
        found = list(rows() if callable(rows) else rows)
        return page(found, view, arguments, key=key)

    return resolve


def page(
    rows: list[Row], view: Callable[[Row], Any], arguments: dict[str, Any], *, key: Key | None
) -> dict[str, Any]:
    size = _size(arguments)
    if arguments.get("reverse"):
        rows = rows[::-1]
    cursors = [_encode(key(row) if key else str(number)) for number, row in enumerate(rows, 1)]
    first = _begin(rows, cursors, arguments, key=key)
    last = _end(cursors, arguments)
    window = list(range(first, last))
    kept = window[:size] if arguments.get("first") is not None else window[-size:]
    nodes = [view(rows[index]) for index in kept]
    return {
        "nodes": nodes,
        "edges": [{"cursor": cursors[i], "node": n} for i, n in zip(kept, nodes, strict=True)],
        "pageInfo": {
            "hasNextPage": bool(kept) and kept[-1] < len(rows) - 1,
            "hasPreviousPage": bool(kept) and kept[0] > 0,
            "startCursor": cursors[kept[0]] if kept else None,
            "endCursor": cursors[kept[-1]] if kept else None,
        },
    }


def _size(arguments: dict[str, Any]) -> int:
    first, last = arguments.get("first"), arguments.get("last")
    size = first if first is not None else last
    if size is None:
        raise refusal("you must provide one of first or last")
    if not 0 <= size <= MAX_PAGE:
        raise refusal(f"first or last must be between 0 and {MAX_PAGE}")
    return int(size)


def _begin(
    rows: list[Row], cursors: list[str], arguments: dict[str, Any], *, key: Key | None
) -> int:
    after = arguments.get("after")
    if not after:
        return 0
    if key is not None:
        place = _decode(after)
        return next((n for n, row in enumerate(rows) if key(row) > place), len(rows))
    return min(_whole(_decode(after)), len(cursors))


def _end(cursors: list[str], arguments: dict[str, Any]) -> int:
    before = arguments.get("before")
    return cursors.index(before) if before in cursors else len(cursors)


def refusal(text: str, code: str = "BAD_REQUEST") -> GraphQLError:
    return GraphQLError(text, extensions={"code": code})


def _encode(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _decode(cursor: str) -> str:
    try:
        return base64.b64decode(cursor, validate=True).decode()
    except ValueError:
        raise refusal("Invalid cursor for current pagination sort.") from None


def _whole(text: str) -> int:
    if not text.isdigit():
        raise refusal("Invalid cursor for current pagination sort.")
    return int(text)
