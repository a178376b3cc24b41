"""Stock codes that stand for no product: charges, each with the component of a credit it is.

A retailer's own list, as the data shows it. Letter case is ignored, and whatever begins with five
digits is a product. No ERP code is mapped: that is the customer's decision, never ours (R010).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

CHARGES: Mapping[str, str] = MappingProxyType(
    {
        "POST": "shipping",
        "DOT": "shipping",
        "C2": "shipping",
        "C3": "shipping",
        "M": "adjustment",
        "ADJUST": "adjustment",
        "ADJUST2": "adjustment",
        "B": "adjustment",
        "D": "discount",
        "S": "goodwill",
        "CRUK": "goodwill",
        "PADS": "adjustment",
        "BANK CHARGES": "fee",
        "AMAZONFEE": "fee",
    }
)
_KEYS = frozenset(name.casefold() for name in CHARGES)
_PRODUCT = re.compile(r"[0-9]{5}")


def is_charge(code: str) -> bool:
    """Whether a normalised stock code is a charge of the set."""
    return code in _KEYS


def is_product(code: str) -> bool:
    """Whether a code is a product by its form, sold in this file or not."""
    return bool(_PRODUCT.match(code))
