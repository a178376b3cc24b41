"""A document draft as plain JSON and back, without losing a digit."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import date
from decimal import Decimal
from typing import Any

from connectors.types import DocumentDraft, DocumentKind, DraftLine

_DECIMALS = ("unit_price", "net", "tax")


def to_json(draft: DocumentDraft) -> dict[str, Any]:
    """Amounts as text, the date as ISO text; keys as in the dataclass."""
    plain = asdict(draft)
    plain["kind"] = draft.kind.value
    plain["date"] = draft.date.isoformat()
    for line in plain["lines"]:
        line.update({name: str(line[name]) for name in _DECIMALS})
        line["key_parts"] = dict(line["key_parts"])
    plain["lines"] = list(plain["lines"])
    return plain


def from_json(plain: dict[str, Any]) -> DocumentDraft:
    lines = tuple(
        DraftLine(**{**line, **{name: Decimal(line[name]) for name in _DECIMALS}})
        for line in plain["lines"]
    )
    values = {
        **plain,
        "kind": DocumentKind(plain["kind"]),
        "date": date.fromisoformat(plain["date"]),
        "lines": lines,
    }
    return DocumentDraft(**values)


def numbered(draft: DocumentDraft, *, key: str, control_number: int) -> DocumentDraft:
    """The draft with the identity it will carry for ever."""
    return replace(draft, key=key, control_number=control_number)
