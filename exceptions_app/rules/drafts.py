"""A document draft as plain JSON and back, without losing a digit."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import date
from decimal import Decimal
from typing import Any

from connectors.types import DocumentDraft, DocumentKind, DraftLine
from exceptions_app.rules import order_text

_DECIMALS = ("unit_price", "net", "tax")


def to_json(draft: DocumentDraft) -> dict[str, Any]:
    """Amounts as text, the date as ISO text; keys as in the dataclass.

    Taxes stand only where a line has several, so that drafts of one tax read as they always did.
    """
    plain = asdict(draft)
    plain["kind"] = draft.kind.value
    plain["date"] = draft.date.isoformat()
    for told, line in zip(draft.lines, plain["lines"], strict=True):
        line.update({name: str(line[name]) for name in _DECIMALS})
        line["key_parts"] = dict(line["key_parts"])
        del line["taxes"]
        if told.taxes:
            line["taxes"] = order_text.taxes_json(told.taxes)
    plain["lines"] = list(plain["lines"])
    return plain


def from_json(plain: dict[str, Any]) -> DocumentDraft:
    lines = tuple(map(_line, plain["lines"]))
    values = {
        **plain,
        "kind": DocumentKind(plain["kind"]),
        "date": date.fromisoformat(plain["date"]),
        "lines": lines,
    }
    return DocumentDraft(**values)


def _line(plain: dict[str, Any]) -> DraftLine:
    amounts = {name: Decimal(plain[name]) for name in _DECIMALS}
    taxes = order_text.taxes_from(plain.get("taxes", ()))
    return DraftLine(**{**plain, **amounts, "taxes": taxes})


def numbered(draft: DocumentDraft, *, key: str, control_number: int) -> DocumentDraft:
    """The draft with the identity it will carry for ever."""
    return replace(draft, key=key, control_number=control_number)
