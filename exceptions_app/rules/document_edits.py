"""What of a document a person may set otherwise before it is sent again, and what that changes.

The plan stays computed: an edit is a fact about one document, made on one state of it. Once the
facts call for another document the edit no longer counts. More money or more units than the
order's reversal holds is no edit: that is a correction of the credit.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from connectors.types import DocumentDraft, DocumentKind, DraftLine
from exceptions_app.rules import amounts, money
from exceptions_app.rules.decisions import DraftEdit
from exceptions_app.rules.facts import ItemFact

# Stands for the day where two drafts are compared for all but it: the plan keeps a credit's own.
_NO_DAY = date(2000, 1, 1)
_STOCK = (DocumentKind.STOCK_RECEIPT, DocumentKind.STOCK_MOVE, DocumentKind.WRITE_OFF)
# What a colleague of the team may agree to; everything else is finance's.
PEER_FIELDS = frozenset({"sku", "quantity", "bucket", "reason_code", "place"})
LABELS = {
    "date": "Posting date",
    "place": "Division and warehouse",
    "sku": "SKU",
    "quantity": "Units",
    "bucket": "Bucket",
    "reason_code": "Reason code",
    "net": "Net",
    "tax": "Tax",
    "tax_code": "Tax code",
    "charge_code": "Charge code",
}


class EditRefused(ValueError):
    """A value that cannot stand; the text is fit for the screen."""


@dataclass(frozen=True, slots=True)
class Field:
    """One thing that may be set: its name in a form ("l2_net", "date"), and what it is now."""

    name: str
    what: str
    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Difference:
    what: str
    label: str
    before: str
    after: str


def made_on(draft: DocumentDraft, print_of: Callable[[DocumentDraft], str]) -> str:
    """What an edit is made on: all a document says but its day."""
    return print_of(replace(draft, date=_NO_DAY))


def applied(
    draft: DocumentDraft,
    slot: str,
    edits: Sequence[DraftEdit],
    print_of: Callable[[DocumentDraft], str],
) -> DocumentDraft:
    """The planned `draft` as a person set it; unchanged where no edit was made on just this."""
    for edit in reversed(edits):
        if edit.slot == slot and edit.made_on == made_on(draft, print_of):
            return replace(
                edit.draft, authorisation_number=draft.authorisation_number, note=draft.note
            )
    return draft


def fields(draft: DocumentDraft) -> tuple[Field, ...]:
    """What may be set in a document of this kind, in the order of the form."""
    found = []
    if draft.kind == DocumentKind.CREDIT_MEMO:
        found.append(_field("date", "date", "", draft.date.isoformat()))
    if draft.kind in _STOCK:
        found.append(_field("place", "place", "", f"{draft.division}|{draft.warehouse}"))
    for line in draft.lines:
        for what in _of_line(draft, line):
            value = _written(getattr(line, what), what, draft.currency)
            name = f"l{line.line_no}_{what}"
            found.append(_field(name, what, f"Line {line.line_no}, {_named(line)}: ", value))
    return tuple(found)


def changed(
    draft: DocumentDraft, values: Mapping[str, str], items: Mapping[str, ItemFact]
) -> DocumentDraft:
    """The document with `values` by field name; `items` are what the ERP knows, by SKU as given.

    Raises EditRefused naming the value and what would do.
    """
    known = {field.name: field for field in fields(draft)}
    for name, value in values.items():
        if name not in known:
            raise EditRefused(f"{name} cannot be set in this document.")
        draft = _set(draft, known[name], value.strip(), items)
    return draft


def differences(before: DocumentDraft, after: DocumentDraft) -> tuple[Difference, ...]:
    """Field by field what is other, in the order of the form."""
    old = {field.name: field for field in fields(before)}
    return tuple(
        Difference(field.what, field.label, old[field.name].value, field.value)
        for field in fields(after)
        if field.name in old and not _is_same(old[field.name].value, field.value)
    )


def level_of(kinds: Collection[str]) -> str:
    """Who must agree to a change of these: "none", "peer" or "finance"."""
    if not kinds:
        return "none"
    return "peer" if set(kinds) <= PEER_FIELDS else "finance"


def _of_line(draft: DocumentDraft, line: DraftLine) -> tuple[str, ...]:
    is_credit = draft.kind == DocumentKind.CREDIT_MEMO
    # Several taxes on a line sum to it: one of them alone is set in the ERP, not here.
    amounts_of = ("net", "tax", "tax_code") if is_credit and not line.taxes else ()
    if line.component != "item":
        return (*amounts_of, "charge_code") if is_credit else ()
    bucket = ("bucket",) if draft.kind in _STOCK else ()
    return ("sku", "quantity", *bucket, "reason_code", *amounts_of)


def _set(
    draft: DocumentDraft, field: Field, value: str, items: Mapping[str, ItemFact]
) -> DocumentDraft:
    if field.what == "date":
        return replace(draft, date=_day(value))
    if field.what == "place":
        division, _, warehouse = value.partition("|")
        return replace(draft, division=division, warehouse=warehouse)
    number = int(field.name[1:].partition("_")[0])
    lines = tuple(
        replace(line, **_line_value(draft, line, field, value, items))
        if line.line_no == number
        else line
        for line in draft.lines
    )
    return replace(draft, lines=lines)


def _line_value(
    draft: DocumentDraft,
    line: DraftLine,
    field: Field,
    value: str,
    items: Mapping[str, ItemFact],
) -> dict[str, Any]:
    if field.what == "sku":
        item = items.get(value)
        if item is None or not item.is_active:
            raise EditRefused(f"{value or 'Nothing'} is no active item of the ERP.")
        return {
            "sku": item.sku,
            "item_erp_id": item.erp_id,
            "key_parts": item.key_parts,
            "description": item.description,
        }
    if field.what == "quantity":
        return {"quantity": _units(value, line, field)}
    if field.what in ("net", "tax"):
        return {field.what: _amount(value, getattr(line, field.what), draft.currency, field)}
    if len(value) > 40:
        raise EditRefused(f"{field.label}: at most 40 characters.")
    return {field.what: value}


def _units(value: str, line: DraftLine, field: Field) -> int:
    if not (value.isascii() and value.isdigit() and len(value) < 9):
        raise EditRefused(f"{field.label}: give whole units.")
    if not 1 <= int(value) <= line.quantity:
        raise EditRefused(f"{field.label}: from 1 to {line.quantity}; more did not come back.")
    return int(value)


def _amount(value: str, most: Decimal, currency: str, field: Field) -> Decimal:
    try:
        amount = amounts.read(value.replace("−", "-"))
    except amounts.NotAnAmount as error:
        raise EditRefused(f"{field.label}: {value or 'nothing'} {error}.") from error
    if money.quantise(amount, currency) != amount:
        raise EditRefused(f"{field.label}: {currency} has fewer decimal places than {amount}.")
    low, high = min(most, Decimal(0)), max(most, Decimal(0))
    if not low <= amount <= high:
        raise EditRefused(
            f"{field.label}: from {low:f} to {high:f}. To credit more, correct the credit instead."
        )
    return amount


def _day(value: str) -> date:
    try:
        return date.fromisoformat(value)
    except ValueError as error:
        raise EditRefused("Posting date: give a date, for example 2026-05-01.") from error


def _written(value: object, what: str, currency: str) -> str:
    """Amounts in the minor unit, unless they have more digits; all else as it stands."""
    if what in ("net", "tax") and isinstance(value, Decimal):
        return money.exact_text(value, currency)
    return str(value)


def _field(name: str, what: str, prefix: str, value: str) -> Field:
    label = LABELS[what]
    inside = label if label.isupper() else label.lower()
    return Field(name, what, f"{prefix}{inside if prefix else label}", value)


def _named(line: DraftLine) -> str:
    return line.sku or line.component


def _is_same(one: str, other: str) -> bool:
    if one == other:
        return True
    try:
        return amounts.read(one) == amounts.read(other)
    except amounts.NotAnAmount:
        return False
