"""Other systems' codes as a person reads them."""

from __future__ import annotations

import re

_JOINT = re.compile(r"_+|(?<=[a-z0-9])(?=[A-Z])")
_KEPT = {"ERP", "ID", "RMA", "SKU"}


def spelled(code: str) -> str:
    """ "Refund to payment method" of "RefundToPaymentMethod", "RMA created" of "RMA_CREATED".

    What already is in words, or is one word, stays as it is.
    """
    parts = [part for part in _JOINT.split(code) if part]
    if len(parts) < 2 or " " in code:
        return code
    first, *others = (part if part in _KEPT else part.lower() for part in parts)
    return " ".join([first[:1].upper() + first[1:], *others])
