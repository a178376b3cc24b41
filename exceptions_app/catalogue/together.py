"""Why the exceptions of one cause stand together, in words, and what may set some of them apart."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from exceptions_app.catalogue.entry import Entry
from exceptions_app.catalogue.wording import written

# What a fact is called in a sentence. By these a cause may be split: they name things of the two
# systems, never a person, an amount or one return.
LABELS: Mapping[str, str] = MappingProxyType(
    {
        "sku": "SKU",
        "name": "product name",
        "source_value": "value sent",
        "location": "location",
        "division": "division",
        "warehouse": "warehouse",
        "order_division": "division of the order",
        "component": "charge",
        "setting": "VAT setting",
        "period": "period",
        "kind": "document",
        "vendor_code": "answer code",
        "event": "message",
        "field": "field",
        "needs": "missing ability",
        "why": "main cause",
    }
)
_PLACE = re.compile(r"\{([a-z_]+)\}")


def shared(entry: Entry, facts: Mapping[str, object]) -> tuple[tuple[str, str], ...]:
    """(label, value) of the facts that all exceptions of the cause have; `facts` are those of one.

    The title of a cause uses only what they share.
    """
    names = dict.fromkeys(_PLACE.findall(entry.group_title))
    return tuple(
        (LABELS[name], value)
        for name in names
        if name in LABELS and (value := written(name, facts))
    )


def why(entry: Entry, facts: Mapping[str, object], *, place: str, cause: str) -> str:
    """One sentence: the type, the bridge or connection they share, and the offending value."""
    said = [f"the same {label} {value}" for label, value in shared(entry, facts)]
    if not said and cause:
        said = [f"the same finding, “{cause}”"]
    at = f"at {place}" if place else ""
    return f"All are of one type, {entry.short}, {at}".rstrip(", ") + _joined(said) + "."


def _joined(said: list[str]) -> str:
    if not said:
        return ""
    *first, last = said
    return f", with {', '.join(first)} and {last}" if first else f", with {last}"


def apart(fact: str, value: str, facts: Mapping[str, object]) -> str:
    """ "location LDN": what sets a split-off cause apart, as its title says it."""
    return f"{LABELS[fact]} {written(fact, {**facts, fact: value}) or value}"
