"""What of a message could not be read: kept as facts, told as two entries side by side."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from connectors.errors import UnreadableReply

# The fact that holds every differing value; it is shown as a table and nowhere as it stands.
CONFLICT = "conflict"
_LABELS = {
    "order_line_id": "Order line",
    "sku": "SKU",
    "name": "Name",
    "unit_price": "Price paid",
    "unit_tax": "Tax paid",
    "is_tax_included": "Tax included",
    "reason_detail": "Comment of the customer",
    "is_restockable": "Fit for sale",
    "shipment_id": "Parcel",
}
# In a sentence only so many differences are named; the table has all.
_NAMED = 3


@dataclass(frozen=True, slots=True)
class Apart:
    """One fact that the two entries tell differently."""

    label: str
    one: str
    other: str


def facts_of(error: UnreadableReply) -> dict[str, str]:
    """The facts of a message that could not be read, as kept with it and with its exception."""
    told = {"field": error.field or "not known", "got": error.text, "expected": "a return"}
    if error.conflict is None:
        return told
    rows = [list(each) for each in error.conflict.facts]
    kept = {"unit": error.conflict.subject, CONFLICT: json.dumps(rows)}
    named = "; ".join(f"{row.label} {row.one} and {row.other}" for row in entries(kept)[:_NAMED])
    order = {"order": error.conflict.order} if error.conflict.order else {}
    return {**told, **kept, **order, "apart": named or "no fact we read"}


def entries(facts: Mapping[str, object]) -> tuple[Apart, ...]:
    """The differing facts of the two entries, in the order of the message; () without any."""
    kept = facts.get(CONFLICT)
    if not kept:
        return ()
    return tuple(Apart(_label(name), one, other) for name, one, other in json.loads(str(kept)))


def against_refunds(facts: Mapping[str, object], refunded: Decimal, currency: str) -> str:
    """What the refunds of the return say of two entries with two prices; "" where nothing.

    `refunded` is what came for the return, in `currency`, 0 where none did. Only sums of one unit
    each are told: a price that fits is a hint for the reader and no proof.
    """
    told = next((row for row in entries(facts) if row.label == _LABELS["unit_price"]), None)
    prices = [] if told is None else [_amount(each, currency) for each in (told.one, told.other)]
    if refunded <= 0 or len(prices) != 2 or None in prices:
        return ""
    one, other = prices
    paid = f"The refunds of this return are {refunded:.2f} {currency}"
    fits = {
        (one or 0) + (other or 0): "the prices of both entries together: two items may be meant",
        other: "the price of the other entry alone",
        one: "the price of the one entry alone",
    }
    said = fits.get(refunded)
    return f"{paid}, which equals {said}." if said else f"{paid}, which equals neither price."


def skus(facts: Mapping[str, object]) -> tuple[str, str] | None:
    """The SKU of either entry; None where they do not differ in it, or one tells none."""
    told = next((row for row in entries(facts) if row.label == _LABELS["sku"]), None)
    if told is None or "none" in (told.one, told.other):
        return None
    return told.one, told.other


def against_order(order: str, skus: tuple[str, str], sold: tuple[int, int]) -> str:
    """Which of two entries order `order` sold; `sold` are the units of either's SKU on it."""
    one, other = skus
    if all(sold):
        return f"Order {order} sold both {one} and {other}: two items may be meant."
    if not any(sold):
        return f"Order {order} sold neither {one} nor {other} under these SKUs."
    had, not_had = ("one entry", "other entry") if sold[0] else ("other entry", "one entry")
    bought, wrong = (one, other) if sold[0] else (other, one)
    return (
        f"Order {order} sold {max(sold)} of {bought} (the {had}) and no {wrong} (the {not_had})."
        " An item the order did not sell stops the return again."
    )


def _amount(text: str, currency: str) -> Decimal | None:
    digits, _, named = text.partition(" ")
    try:
        return Decimal(digits) if named == currency else None
    except InvalidOperation:
        return None


def shown(facts: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """The facts by name that stand as they are; the differing values have a table of their own.

    That "a return" was expected says nothing beside two entries that differ, and is left out.
    """
    left_out = {CONFLICT, "expected"} if facts.get(CONFLICT) else {CONFLICT}
    return tuple((name, value) for name, value in facts.items() if name not in left_out)


def _label(name: str) -> str:
    return _LABELS.get(name, name.replace("_", " ").capitalize())


def support_text(
    facts: Mapping[str, object], *, subject: str, message: str, received: str
) -> tuple[str, ...]:
    """Lines to send to whoever looks after the platform: no word of a customer is among them."""
    lines = [
        f"Connection: {facts.get('platform', '')}",
        f"Return: {subject or 'not told'}",
        f"Message: {message}, received {received}",
    ]
    rows = entries(facts)
    if not rows:
        told = f"{facts.get('field', '')} should be {facts.get('expected', '')}."
        return (*lines, f"What is wrong: {told}", f"What came: {facts.get('got', '')}")
    lines.append(f"What is wrong: item {facts.get('unit')} is listed twice, and not alike.")
    lines += [f"  {row.label}: {row.one} / {row.other}" for row in rows]
    return (*lines, "Please correct it, so that each item is listed once and as it is.")
