"""One field of an answer given another type, in JSON and in XML, for the fault `wrong_types`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from connectors import wire_json

# What stands there instead, by the name of its type.
SAMPLES: Mapping[str, Any] = {
    "text": "(no value of this type)",
    "number": 7,
    "boolean": True,
    "null": None,
    "list": ["(no value of this type)"],
    "object": {"value": "(no value of this type)"},
}


def retyped(body: bytes, field: re.Pattern[str], becomes: str) -> bytes:
    """`body` with every value under a name that `field` matches replaced by one of type `becomes`.

    XML knows texts only, so there "text" is a text that is no number, "null" an empty one, "list"
    the element twice and "object" an element in the element. XML inside XML is found as well.
    """
    text = body.decode(errors="replace")
    try:
        parsed = wire_json.decode(text)
    except ValueError:
        return _xml(text, field, becomes).encode()
    return wire_json.encode(_json(parsed, field, SAMPLES[becomes])).encode()


def _json(value: Any, field: re.Pattern[str], sample: Any) -> Any:
    if isinstance(value, Mapping):
        return {
            name: sample if field.fullmatch(name) else _json(inner, field, sample)
            for name, inner in value.items()
        }
    if isinstance(value, list):
        return [_json(inner, field, sample) for inner in value]
    return value


_ATTRIBUTE = re.compile(
    r"""(?P<name>[\w:.-]+)=(?P<quote>"|'|&quot;|&\#34;)(?P<value>.*?)(?P=quote)"""
)
_ELEMENT = re.compile(
    r"(?P<open>(?P<lt><|&lt;)(?P<name>[\w:.-]+)(?:>|&gt;))(?P<value>[^<>&]*)(?P<close>(?P=lt)/(?P=name)(?:>|&gt;))"
)


def _xml(text: str, field: re.Pattern[str], becomes: str) -> str:
    sample = SAMPLES[becomes]
    plain = "" if sample is None else str(sample) if isinstance(sample, int) else "(not this type)"

    def attribute(found: re.Match[str]) -> str:
        if not field.fullmatch(found["name"]):
            return found[0]
        return f"{found['name']}={found['quote']}{plain}{found['quote']}"

    def element(found: re.Match[str]) -> str:
        if not field.fullmatch(found["name"]):
            return found[0]
        if becomes == "list":
            return found[0] * 2
        if becomes == "object":
            return f"{found['open']}{found[0]}{found['close']}"
        return f"{found['open']}{plain}{found['close']}"

    return _ELEMENT.sub(element, _ATTRIBUTE.sub(attribute, text))
