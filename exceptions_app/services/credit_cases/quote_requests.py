"""What a credit quote is asked for, read from JSON: for units of an order, or for a whole case."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from exceptions_app.errors import InvalidCase
from exceptions_app.services.credit_cases.reading import Node

CASE = "reversal"
_NAMES = frozenset(
    {"bridge", "order", "lines", "shipping", "fees", "tax_included", "replaces", "kind"}
)
_MOST_LINES = 1_000
_MOST_FEES = 20
_MOST_UNITS = 1_000_000
_MOST_ID = 2**63 - 1
_FEE_PLACES = 4


@dataclass(frozen=True, slots=True)
class AskedLine:
    """Units of one order line, named by its id, or by a SKU that stands on the order once."""

    line_id: str
    sku: str
    units: int
    path: str


@dataclass(frozen=True, slots=True)
class AskedFee:
    kind: str
    amount: Decimal
    path: str


@dataclass(frozen=True, slots=True)
class Asked:
    """A request for a quote. `case` is set for a case from outside, and nothing else then."""

    digest: str
    case: Node | None = None
    bridge: str = ""
    order: str = ""
    lines: tuple[AskedLine, ...] = ()
    fees: tuple[AskedFee, ...] = ()
    has_shipping: bool = False
    is_tax_included: bool = True
    replaces: int | None = None


def read(document: Any) -> Asked:
    """The request in `document`.

    Raises:
        InvalidCase: a value is missing or cannot be used; with its place.
    """
    if not isinstance(document, dict):
        raise InvalidCase("", "The body must be an object.")
    body = Node(document)
    kind = body.text("kind", "order")
    if kind == CASE:
        return Asked(digest=_digest(document), case=body)
    if kind != "order":
        raise body.refuse("kind", f'must be "order" or "{CASE}", not {kind!r}')
    for name in document:
        if name not in _NAMES:
            shown = name if name.isidentifier() else "a name"
            raise InvalidCase(shown[:60], f"is not known; there are: {', '.join(sorted(_NAMES))}")
    asked = Asked(
        digest=_digest(document),
        bridge=body.text("bridge"),
        order=body.text("order"),
        lines=_lines(body),
        fees=_fees(body),
        has_shipping=body.flag("shipping", default=False),
        is_tax_included=body.flag("tax_included", default=True),
        replaces=_whole(body, "replaces", _MOST_ID) if body.has("replaces") else None,
    )
    if not asked.lines and not asked.has_shipping:
        raise body.refuse("lines", "is missing: name at least one line, or the shipping")
    return asked


def _lines(body: Node) -> tuple[AskedLine, ...]:
    found = []
    for row in _rows(body, "lines", _MOST_LINES):
        line_id, sku = row.text("order_line_id", ""), row.text("sku", "")
        if bool(line_id) == bool(sku):
            raise row.refuse("order_line_id", "or sku must name the line, one of the two")
        found.append(AskedLine(line_id, sku, _whole(row, "units", _MOST_UNITS), row.path))
    _refuse_second(body, "lines", (f"{row.line_id}/{row.sku}" for row in found))
    return tuple(found)


def _fees(body: Node) -> tuple[AskedFee, ...]:
    found = []
    for row in _rows(body, "fees", _MOST_FEES):
        amount = row.amount("amount", _FEE_PLACES)
        if not amount:
            raise row.refuse("amount", "must be above zero")
        found.append(AskedFee(row.text("kind"), amount, row.path))
    _refuse_second(body, "fees", (row.kind for row in found))
    return tuple(found)


def _rows(body: Node, name: str, most: int) -> list[Node]:
    if len(body.list(name, is_needed=False)) > most:
        raise body.refuse(name, f"has more than {most:,} entries")
    return list(body.nodes(name, is_needed=False))


def _whole(row: Node, name: str, most: int) -> int:
    found = row.quantity(name)
    if found != int(found):
        raise row.refuse(name, "must be a whole number")
    if found > most:
        raise row.refuse(name, f"must be {most:,} at most")
    return int(found)


def _refuse_second(body: Node, name: str, keys: Iterable[str]) -> None:
    seen = set()
    for at, key in enumerate(keys):
        if key in seen:
            raise InvalidCase(f"{body.at(name)}[{at}]", "is named a second time; name it once")
        seen.add(key)


def _digest(document: dict[str, Any]) -> str:
    """A fingerprint of the body as sent, whatever the order of its names."""
    return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()
