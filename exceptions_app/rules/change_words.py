"""What a change of a fact is, in one sentence that names the value chosen.

The one place: history, approvals, mails and the exception's own page all say it by this.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from exceptions_app.choices import MONEY_FIXES, FixKind, MappingKind
from exceptions_app.rules import sale_days
from exceptions_app.rules.mapping import is_withdrawal, place, target_word
from exceptions_app.rules.sale_days import Days, day_words
from exceptions_app.rules.sayings import spoken

# The first and the last day of sale for which an alias answers, where somebody said so.
DAYS = ("valid_from", "valid_until")
# What a target of each kind holds, in the order of a file's columns.
TARGET_FIELDS: dict[str, tuple[str, ...]] = {
    MappingKind.SKU_ALIAS: ("sku", *DAYS),
    MappingKind.DISPOSITION: ("bucket",),
    MappingKind.REASON: ("code",),
    MappingKind.LOCATION: ("division", "warehouse"),
    MappingKind.STATUS: ("axis",),
    MappingKind.VAT: ("treatment",),
    MappingKind.FEE: ("component", "erp_code"),
}


def of(change: Any) -> str:
    """The sentence of a stored change; only an amount asks for its return, for the currency."""
    is_money = change.kind in MONEY_FIXES and change.rma is not None
    currency = change.rma.currency if is_money else ""
    return sentence(change.kind, change.source_value, change.payload, currency)


def sentence(kind: str, source_value: str, payload: Mapping[str, Any], currency: str = "") -> str:
    """ "Map the location Bristol pop-up to 10/LEE", "Set the location to Leeds": one line of text.

    `currency` is that of the return, for the two kinds that hold an amount. What the payload does
    not tell is left out, so old rows read too.
    """
    label = FixKind(kind).label
    if kind in MappingKind.values:
        return _mapped(label, source_value, shown_target(kind, payload), payload)
    told = {
        FixKind.SET_LOCATION: (" to ", payload.get("location")),
        FixKind.LINK_ORDER: (" ", payload.get("order_number")),
        FixKind.ACCEPT_DIFFERENCE: (" of ", _amount(payload.get("difference"), currency)),
        FixKind.CORRECT_CREDIT: (" by ", _amount(payload.get("adjustment"), currency)),
        FixKind.POSTING_DATE: (" ", _day(payload.get("date"))),
        FixKind.RETRY: (": ", payload.get("key")),
        FixKind.EDIT_DOCUMENT: (": ", payload.get("key")),
        FixKind.LINK_DOCUMENT: (": ", _link(payload)),
    }
    joint, value = told.get(FixKind(kind), ("", ""))
    return f"{label}{joint}{value}" if value else f"{label} {source_value}".strip()


def about(*, rma: str, case_id: int | None, document: str, amount: Decimal, currency: str) -> str:
    """What tells two changes of one sentence apart: "for RMA5008, credit memo £20.00"; "" if none.

    `case_id` is given where an exception itself is what changes, `document` where one of them is.
    """
    named = [f"EX-{case_id}" if case_id else "", rma]
    if document:
        named.append(f"{document} {spoken(amount, currency)}" if currency else document)
    words = ", ".join(word for word in named if word)
    return f"for {words}" if words else ""


def shown_target(kind: str, target: Mapping[str, Any] | None) -> str:
    """A target as one text: "TEE-BLK-M", "10/WH1", "Saleable", "Shipping/SHP"; "" for none."""
    if not target:
        return ""
    if is_withdrawal(target):
        return "Nothing: mapped no more"
    if kind == MappingKind.LOCATION:
        return place(str(target.get("division", "")), str(target.get("warehouse", "")))
    names = [name for name in TARGET_FIELDS[kind] if name not in DAYS]
    words = "/".join(target_word(name, str(target.get(name, ""))) for name in names).rstrip("/")
    days = _days_words(target)
    return f"{words}, sold {days}" if days else words


def _mapped(label: str, source_value: str, target: str, payload: Mapping[str, Any]) -> str:
    named = f"{label} {source_value}".strip()
    if is_withdrawal(payload):
        _, _, what = named.partition(" ")
        return f"Take out of force: {what}"
    if not target:
        return named
    return f"{named} to {target}" if label.startswith("Map ") else f"{named}: {target}"


def _days_words(target: Mapping[str, Any]) -> str:
    """When an alias answers, in words; a file may say what is no day, which is shown as it is."""
    if not any(name in target for name in DAYS):
        return ""
    texts = [str(target.get(name, "")) for name in DAYS]
    try:
        return Days(*(sale_days.parsed(text) for text in texts)).words
    except ValueError:
        return " ".join(texts).strip()


def _amount(text: object, currency: str) -> str:
    """Signed, with its currency: "−£5.00"."""
    try:
        value = Decimal(str(text or ""))
    except InvalidOperation:
        return ""
    sign = "\N{MINUS SIGN}" if value < 0 else ""
    return f"{sign}{spoken(abs(value), currency)}" if currency else f"{sign}{abs(value)}"


def _day(text: object) -> str:
    try:
        return day_words(date.fromisoformat(str(text or "")))
    except ValueError:
        return ""


def _link(payload: Mapping[str, Any]) -> str:
    number, key = payload.get("number"), payload.get("key")
    return f"{number} as {key}" if number and key else str(number or "")
