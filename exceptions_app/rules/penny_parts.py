"""What the causes of a difference are called, and what each of them proposes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

DISCOUNT = "discount"
TAX = "tax"
FEE = "fee"
SHIPPING = "shipping"
ROUNDING = "rounding"
FX = "fx"
BUNDLE = "bundle"
TENDER = "tender"
QUANTITY = "quantity"
PRICE = "price"
GOODWILL = "goodwill"
NOT_SETTLED = "not_settled"
UNEXPLAINED = "unexplained"

NAMES = (
    DISCOUNT,
    TAX,
    FEE,
    SHIPPING,
    ROUNDING,
    FX,
    BUNDLE,
    TENDER,
    QUANTITY,
    PRICE,
    GOODWILL,
    NOT_SETTLED,
    UNEXPLAINED,
)

ACCEPT = "accept"  # with a reason: the credit is right
CORRECT = "correct"  # the draft: the refund is right
ISSUE = "issue"  # the part of the credit that is missing
HOLD = "hold"  # wait, or ask first

_MORE = {FEE: CORRECT, SHIPPING: ISSUE, QUANTITY: ISSUE, PRICE: CORRECT, GOODWILL: CORRECT}
_EITHER = {
    DISCOUNT: ACCEPT,
    TAX: ACCEPT,
    ROUNDING: ACCEPT,
    BUNDLE: ACCEPT,
    FX: HOLD,
    TENDER: HOLD,
    NOT_SETTLED: HOLD,
    UNEXPLAINED: HOLD,
}


@dataclass(frozen=True, slots=True)
class Cause:
    """One reason why refund and credit differ: `amount` is how much more the refund is by it.

    `subject` is what it is about: "line:2" (a line of the return), "order_line:7", "order" or
    "refund". `facts` is text for the sentence of the cause: "refund" is the platform's figure,
    "credit" ours.
    """

    name: str
    amount: Decimal
    subject: str
    facts: Mapping[str, str] = field(default_factory=dict)

    @property
    def action(self) -> str:
        """What to do about it as a rule: "accept", "correct", "issue" or "hold".

        Where the credit is the larger side, the refund may still come: nothing is issued.
        """
        if self.name in _EITHER:
            return _EITHER[self.name]
        return _MORE[self.name] if self.amount > 0 else HOLD


def units_text(count: int) -> str:
    """In words, so that nobody writes a currency before it."""
    return f"{count} unit{'' if count == 1 else 's'}"
