"""Look-ups on a bridge's mapping: exact after normalising, never guessed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from exceptions_app.choices import ApprovalAxis, Bucket
from exceptions_app.rules.facts import FeeTarget, LocationTarget, Mappings
from exceptions_app.rules.sale_days import ALWAYS, Days

# A disposition mapped to this has no effect on the ERP's stock.
NO_STOCK = "none"
# What an SKU stands for by a policy that says: a gift that no document names (R043). No SKU of an
# ERP is written like this.
NO_ITEM = "(no item)"
NO_ITEM_WORDS = "No item: a gift that is not booked"

# What source values begin with that are not a word of their kind, but of something beside it.
TENDER_KEY, PLACE_KEY, REASON_KEY = "tender:", "place:", "reason:"

VAT_INCLUDED = "included"
# No VAT is in such an order's amounts: the customer owes none, or accounts for it.
VAT_FREE = frozenset({"exempt", "reverse_charge"})

# First words of dispositions whose units are no return: they did not come, or were refused.
_NO_RETURN = frozenset({"not_returned", "rejected"})

# What may be chosen where a target is not free text: codes and the words every screen has for them.
TARGET_CHOICES: dict[str, tuple[tuple[str, str], ...]] = {
    "bucket": (*Bucket.choices, (NO_STOCK, "No stock effect")),
    "axis": tuple(pair for pair in ApprovalAxis.choices if pair[0] != ApprovalAxis.UNKNOWN),
    "treatment": (
        ("included", "Prices include VAT"),
        ("excluded", "VAT comes on top"),
        ("exempt", "No VAT at all"),
        ("reverse_charge", "Reverse charge: the customer accounts for VAT"),
    ),
    "component": (
        ("shipping", "Shipping"),
        ("duty", "Import duty"),
        ("fee", "Return fee"),
        ("goodwill", "Goodwill"),
        ("discount", "Discount"),
        ("adjustment", "Adjustment"),
        ("variance", "Differences let pass"),
        ("refund", "Means of payment of a refund"),
    ),
}


# The target of a version that maps its value no more: asked for and approved like any other.
NO_MORE = {"withdraw": "yes"}


def is_withdrawal(target: Mapping[str, Any] | None) -> bool:
    return target == NO_MORE


def target_word(name: str, value: str) -> str:
    """One value of a target as screens show it: the choice's words, or the ERP's code itself."""
    if name == "sku" and value == NO_ITEM:
        return NO_ITEM_WORDS
    return dict(TARGET_CHOICES.get(name, ())).get(value, value)


def normalise(value: str) -> str:
    """The one key form of a source value: casefolded, trimmed, inner space runs as one space.

    A NUL, which no stored text can hold, is left out.
    """
    return " ".join(value.replace("\0", "").split()).casefold()


def sku_alias(mappings: Mappings, sku: str) -> str:
    """The ERP SKU that stood for `sku` on the day of sale, or "" (R036)."""
    found = _stands_for(mappings, sku)
    return "" if found == NO_ITEM else found


def is_without_item(mappings: Mappings, sku: str) -> bool:
    """Whether `sku` was agreed to be a gift without an item, on the day of sale."""
    return _stands_for(mappings, sku) == NO_ITEM


def _stands_for(mappings: Mappings, sku: str) -> str:
    if mappings.sold_on is not None and not alias_days(mappings, sku).holds(mappings.sold_on):
        return ""
    return mappings.sku_alias.get(normalise(sku), "")


def alias_days(mappings: Mappings, sku: str) -> Days:
    """When the alias of `sku` answers; always where nobody said otherwise."""
    return mappings.sku_days.get(normalise(sku), ALWAYS)


def meant_at_sale(mappings: Mappings, sku: str) -> str:
    """What `sku` meant on the day of sale, in words, where its alias has days; else "".

    "stands for TEE-BLK (until 31 May 2026)", "stands for itself (for TEE-BLK from 1 Jun 2026)".
    """
    days = alias_days(mappings, sku)
    if not days.words:
        return ""
    alias = _stands_for(mappings, sku)
    if alias:
        return f"stands for {alias} ({days.words})"
    return f"stands for itself (for {mappings.sku_alias[normalise(sku)]} {days.words})"


def bucket(mappings: Mappings, disposition: str) -> str:
    """The bucket code for a final disposition, `NO_STOCK`, or "" when nobody mapped it.

    "not_restockable/torn" is looked up as that very text: a reason nobody mapped is not assumed
    to be like the others (R028, R030). A unit that never came back moves no stock, mapped or not.
    """
    if is_not_returned(disposition):
        return NO_STOCK
    code = mappings.disposition.get(normalise(disposition), "")
    return code if code == NO_STOCK or code in Bucket.values else ""


def is_not_returned(disposition: str) -> bool:
    """True for the platform's final word that it takes no goods back.

    They did not come ("not_returned/<why>"), or came and were refused ("rejected/<why>"): either
    way nothing is booked into stock and nothing is credited.
    """
    return normalise(disposition).split("/")[0] in _NO_RETURN


def reason(mappings: Mappings, value: str) -> str:
    """The ERP's reason code, or ""."""
    return mappings.reason.get(normalise(value), "")


def location(mappings: Mappings, value: str) -> LocationTarget | None:
    """Division and warehouse of a platform location; None unless it is mapped (R032).

    An ERP without divisions has pairs of "" and a warehouse. Whether the ERP knows the pair is
    validation's question.
    """
    target = mappings.location.get(normalise(value))
    return target if target is not None and target.warehouse else None


def place(division: str, warehouse: str) -> str:
    """ "10/WH1" for short, or "WH1" where the ERP has no divisions."""
    return f"{division}/{warehouse}" if division else warehouse


def called(names: Mapping[LocationTarget, str], division: str, warehouse: str) -> str:
    """ "London returns, 10/WH1": the ERP's own name in front where it tells one, else the code."""
    name = names.get(LocationTarget(division=division, warehouse=warehouse), "")
    code = place(division, warehouse)
    return f"{name}, {code}" if name and name not in (code, warehouse) else code


def spoken_place(division: str, warehouse: str) -> str:
    return f"division {division}, warehouse {warehouse}" if division else f"warehouse {warehouse}"


def approval(mappings: Mappings, status: str) -> str:
    """The `ApprovalAxis` code of a platform status, `unknown` when nobody mapped it (R026)."""
    code = mappings.status.get(normalise(status), "")
    return code if code in ApprovalAxis.values else ApprovalAxis.UNKNOWN.value


def vat(mappings: Mappings, setting: str) -> str:
    """How a customer's VAT setting is to be read, as a code of "treatment"; "" when not mapped."""
    return mappings.vat.get(normalise(setting), "")


def fee(mappings: Mappings, code: str) -> FeeTarget | None:
    """What a charge code stands for; None when it was never declared a charge.

    A target with an empty `erp_code` is declared, but not mapped to the ERP yet.
    """
    return mappings.fee.get(normalise(code))


def tender_key(tender: str) -> str:
    """The source value under which a means of payment is mapped to the ERP's payment method."""
    return f"{TENDER_KEY}{tender}"


def depot_key(reason: str) -> str:
    """The source value under which a reason is mapped to a depot, among the locations (R034)."""
    return f"{REASON_KEY}{reason}"


def place_key(place: str) -> str:
    """The source value under which a place of the ERP is mapped to a bucket, among dispositions."""
    return f"{PLACE_KEY}{place}"


def charge_for(mappings: Mappings, component: str) -> str:
    """The ERP's charge code for a whole component, or "".

    The key that bears the component's name wins, else the first declared charge of that component.
    """
    named = fee(mappings, component)
    if named is not None and named.erp_code:
        return named.erp_code
    for _, target in sorted(mappings.fee.items(), key=lambda pair: pair[0]):
        if target.component == component and target.erp_code:
            return target.erp_code
    return ""
