"""What a person at the BlueCherry-like ERP makes of a document after it was booked.

`{"edits": [{"doc_num": "CM000001", "what": "amount"}]}` changes the first line (`amount`,
`quantity`), makes the document void (`void`), or puts it back as it was sent (`restore`). A credit
is applied once it is booked, until `unapply`; `apply` ends that.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from connectors.sandbox import bluecherry_checks as checks
from connectors.sandbox import bluecherry_store as store

WAYS = ("amount", "quantity", "void", "restore", "apply", "unapply")


class Edited(Protocol):
    """A document of the twin; `sent` is its record before the first edit, None while there is
    none."""

    record: dict[str, Any]
    sent: dict[str, Any] | None
    status: str
    number: str
    is_open: bool


def take(documents: Iterable[Edited], edits: Iterable[Mapping[str, Any]]) -> int:
    """Carry out `edits`; returns how many.

    Raises:
        KeyError, ValueError: no such document, or no such way to change it.
    """
    by_number = {entry.number: entry for entry in documents if entry.number}
    count = 0
    for row in edits:
        if row["what"] not in WAYS:
            raise ValueError(f"what must be one of {', '.join(WAYS)}")
        edit(by_number[str(row["doc_num"])], row["what"])
        count += 1
    return count


def edit(entry: Edited, what: str) -> None:
    """Change `entry` in one of the `WAYS`; anything else leaves it as it is."""
    if what == "restore":
        entry.record, entry.sent = entry.sent or entry.record, None
        entry.status = "POSTED"
    elif what == "void":
        entry.status = "REJECTED"
    elif what in ("apply", "unapply"):
        entry.is_open = what == "unapply"
    elif what in WAYS:
        entry.sent = entry.sent or entry.record
        entry.record = {**entry.record, "detail": _changed(entry.record["detail"], what)}


def _changed(lines: Iterable[Mapping[str, Any]], what: str) -> list[dict[str, Any]]:
    first, *rest = (dict(line) for line in lines)
    if what == "amount":
        first["net_amt"] = store.amount(first, "net_amt") + 1
    else:
        first["size_qty"] = checks.quantity(first) + 1
    return [first, *rest]
