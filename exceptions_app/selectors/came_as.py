"""What returns say the goods of one SKU are: whether one mapping can serve all of them (R040)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from exceptions_app.models import Bridge, RmaLine
from exceptions_app.rules import traits
from exceptions_app.rules.mapping import normalise

# The newest lines looked at, of all the SKUs asked for together.
_LINES = 200


def mixed(*, bridge: Bridge, skus: Iterable[str]) -> dict[str, str]:
    """A sentence by normalised SKU for each that came back as more than one thing; one query."""
    keys = sorted({normalise(sku) for sku in skus} - {""})
    rows = RmaLine.objects.filter(rma__bridge=bridge, sku_key__in=keys).order_by("-id")
    told: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for key, name, units in rows.values_list("sku_key", "name", "quantity")[:_LINES]:
        told[key].append((name, units))
    found = {key: traits.apart(names) for key, names in told.items()}
    return {
        key: f"This SKU came back as {words}. One mapping cannot serve them all."
        for key, words in found.items()
        if words
    }
