"""What a person at the BlueCherry-like ERP makes of a document after it was booked.

`{"edits": [{"doc_num": "CM000001", "what": "amount"}]}` changes the first line by one (`amount`,
`quantity`), or with a `to` so that the document's total is that amount, or the line has as many
units. It makes the document void (`void`), or puts it back as it was sent (`restore`). A credit
is applied once it is booked, until `unapply`; `apply` ends that.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
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
        wanted = None if row.get("to") in (None, "") else store.amount(row, "to")
        edit(by_number[str(row["doc_num"])], row["what"], to=wanted)
        count += 1
    return count


def edit(entry: Edited, what: str, *, to: Decimal | None = None) -> None:
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
        entry.record = {**entry.record, "detail": _changed(entry.record, what, to)}


def _changed(record: Mapping[str, Any], what: str, to: Decimal | None) -> list[dict[str, Any]]:
    first, *rest = (dict(line) for line in record["detail"])
    if what == "amount":
        more = Decimal(1) if to is None else to - checks.total(record)
        first["net_amt"] = store.amount(first, "net_amt") + more
    else:
        first["size_qty"] = checks.quantity(first) + 1 if to is None else to
    return [first, *rest]
