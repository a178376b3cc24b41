"""Why a refund and its credit differ: the words of each cause, and of what each proposes.

`rules.penny` names the causes; these are their screens. A sentence is a template like those of an
entry: {refund} is the platform's figure, {credit} ours.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from exceptions_app.catalogue.entry import render


@dataclass(frozen=True, slots=True)
class Words:
    """`label` stands in lists and files, `why` inside a title."""

    label: str
    why: str
    sentence: str


CAUSES: Mapping[str, Words] = MappingProxyType(
    {
        "discount": Words(
            "Discount",
            "a discount was shared out differently",
            "{platform} took {refund} of discount off {sku}; its share of the order’s discount is"
            " {credit}.",
        ),
        "tax": Words(
            "Tax",
            "the tax differs",
            "The tax on {sku} is {refund} for {platform} and {credit} on the order.",
        ),
        "fee": Words(
            "Fee",
            "a fee was kept by one side only",
            "One side kept the fee “{component}” back, and the other did not.",
        ),
        "shipping": Words(
            "Shipping",
            "shipping is on one side only",
            "Shipping is {refund} on {platform}’s side; credits of this order hold {credit} of it.",
        ),
        "rounding": Words(
            "Rounding",
            "the two systems round differently",
            "Both systems rounded, each to its own side.",
        ),
        "fx": Words(
            "Foreign currency",
            "the refund is in another currency",
            "{platform} refunded {refund}; the credit is {credit}. Neither is converted here.",
        ),
        "bundle": Words(
            "Bundle",
            "a bundle’s price was shared out differently",
            "{platform} states {refund} for {sku}; its share of the bundle on the order is"
            " {credit}.",
        ),
        "tender": Words(
            "Means of payment",
            "a part was paid by other means",
            "A part of the order was paid by other means, and {refund} of it is not in this"
            " refund.",
        ),
        "quantity": Words(
            "Units",
            "the units paid for are not the units credited",
            "{platform} paid for {refund} of {sku}; the credit holds {credit}.",
        ),
        "price": Words(
            "Price",
            "the price differs from the order’s",
            "{platform} states {refund} for {sku}; on the order these units are worth {credit}.",
        ),
        "goodwill": Words(
            "Goodwill",
            "goodwill is on one side only",
            "Goodwill or a correction is {refund} in the refund and {credit} in the credit.",
        ),
        "not_settled": Words(
            "Not settled yet",
            "a refund is not settled yet",
            "A refund of this return is not confirmed yet, or failed.",
        ),
        "unexplained": Words(
            "Unexplained",
            "a part has no explanation",
            "Nothing that either system declared accounts for this part.",
        ),
    }
)
PROPOSALS: Mapping[str, str] = MappingProxyType(
    {
        "accept": "Accept it with a reason: the credit is right.",
        "correct": "Correct the credit: the refund is right.",
        "issue": "Credit the missing part.",
        "hold": "Hold it and ask before anything is booked.",
    }
)
# Types of a difference that has one kind of cause and no other.
_OWN_TYPE: Mapping[str, str] = MappingProxyType(
    {
        "tax": "TAX_PRORATA",
        "discount": "DISCOUNT_ALLOCATION",
        "fee": "FEE_MISMATCH",
        "shipping": "FEE_MISMATCH",
        "fx": "CURRENCY_MISMATCH",
        "bundle": "BUNDLE_PARTIAL",
        "tender": "TENDER_SPLIT",
    }
)
GENERAL_TYPE = "REFUND_CM_MISMATCH"
AGREED_PRICE_TYPE = "B2B_PRICE"
# All types that say by how much a refund and its credit differ.
DIFFERENCE_TYPES = (GENERAL_TYPE, *sorted({AGREED_PRICE_TYPE, *_OWN_TYPE.values()}))
# What a finding says whose cause is none of these.
_SENT = "the credit sent is not the credit due"


def type_of(names: Iterable[str], *, is_on_account: bool) -> str:
    """The type of a difference with these causes; the general one where they are of two kinds."""
    own = {_OWN_TYPE.get(name, GENERAL_TYPE) for name in names}
    if is_on_account and set(names) == {"price"}:
        return AGREED_PRICE_TYPE
    return own.pop() if len(own) == 1 else GENERAL_TYPE


def why(name: str) -> str:
    """The cause inside a title."""
    return CAUSES[name].why if name in CAUSES else _SENT


def label(name: str) -> str:
    """The cause in a list; a name no release knows any more reads as it is stored."""
    return CAUSES[name].label if name in CAUSES else name.replace("_", " ").capitalize()


def sentence(name: str, facts: Mapping[str, object]) -> str:
    """The cause as a sentence; "" for a name no release knows any more."""
    return render(CAUSES[name].sentence, facts) if name in CAUSES else ""
