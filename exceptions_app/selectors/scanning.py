"""What a code that was scanned or keyed in the warehouse leads to."""

from __future__ import annotations

from dataclasses import dataclass

from exceptions_app.models import Rma
from exceptions_app.selectors import find

MATCHES = 12


@dataclass(frozen=True, slots=True)
class Scanned:
    """A return that carries the code, and as which of its numbers; `rma` with its bridge."""

    rma: Rma
    kind: str
    label: str
    value: str
    is_exact: bool


@dataclass(frozen=True, slots=True)
class Scan:
    """What a code leads to: `only_id` is the return whose whole number it is, else None.

    `only_kind` says which of its numbers that is, as `lookups.KINDS` lists them.
    """

    rows: tuple[Scanned, ...] = ()
    has_more: bool = False
    only_id: int | None = None
    only_kind: str = ""


def scan(*, text: str, is_personal_shown: bool, is_parcel_shown: bool = False) -> Scan:
    """Returns a scanned or keyed code may mean, exact ones first; at most MATCHES."""
    found = find.find(
        text=text,
        is_personal_shown=is_personal_shown,
        is_parcel_shown=is_parcel_shown,
        limit=MATCHES,
    )
    if not found.matches:
        return Scan()
    by_id = Rma.objects.select_related("bridge").in_bulk([row.rma_id for row in found.matches])
    return Scan(
        rows=tuple(
            Scanned(by_id[row.rma_id], row.kind, row.label, row.value, row.is_exact)
            for row in found.matches
            if row.rma_id in by_id
        ),
        has_more=found.has_more,
        # A number keyed in part may begin another return's: that one is listed, never opened.
        only_id=found.whole.rma_id if found.whole else None,
        only_kind=found.whole.kind if found.whole else "",
    )
