"""JSON without floats: amounts go out and come in as the digits that were written."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NoReturn

MAX_DEPTH = 100
# A longer exponent is no amount, and expanding it would fill the memory.
_MAX_EXPONENT = 60


def encode(value: object) -> str:
    """Render `value`; a Decimal becomes a plain JSON number with exactly its digits.

    Raises:
        TypeError: a float, or any type JSON does not know.
        ValueError: a Decimal that is not finite.
    """
    if value is None or isinstance(value, (str, bool, int)):
        return json.dumps(value)
    if isinstance(value, Decimal):
        return _number(value)
    if isinstance(value, Mapping):
        pairs = (f"{json.dumps(str(key))}: {encode(inner)}" for key, inner in value.items())
        return "{" + ", ".join(pairs) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(encode(inner) for inner in value) + "]"
    raise TypeError(f"{type(value).__name__} has no JSON form here")


def decode(text: str) -> Any:
    """Parse `text`; fractions become Decimal.

    Raises:
        ValueError: not JSON, a number that is not finite or absurdly long, or nesting beyond
            `MAX_DEPTH`.
    """
    try:
        parsed = json.loads(
            text.removeprefix("\ufeff"), parse_float=_decimal, parse_constant=_refuse_constant
        )
    except RecursionError:
        raise ValueError("nested too deeply") from None
    _check_depth(parsed)
    return parsed


def _number(value: Decimal) -> str:
    if not value.is_finite():
        raise ValueError("A number that is not finite has no JSON form")
    return format(value, "f")


def _decimal(text: str) -> Decimal:
    value = Decimal(text)
    if not value.is_finite() or abs(value.adjusted()) > _MAX_EXPONENT:
        raise ValueError("number out of range")
    return value


def _refuse_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is not a number")


def _check_depth(parsed: object) -> None:
    level: list[object] = [parsed]
    for _ in range(MAX_DEPTH):
        level = [
            child
            for node in level
            if isinstance(node, (dict, list))
            for child in (node.values() if isinstance(node, dict) else node)
            if isinstance(child, (dict, list))
        ]
        if not level:
            return
    raise ValueError("nested too deeply")
