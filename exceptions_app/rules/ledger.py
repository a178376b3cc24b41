"""Nothing is lost: per return, what came in is posted, open or accepted (DESIGN section 4)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from exceptions_app.rules import money


@dataclass(frozen=True, slots=True)
class Entry:
    """One return's units or money; `accepted` is what finance wrote off, negative when above."""

    rma_id: int
    came_in: Decimal
    posted: Decimal
    still_open: Decimal
    accepted: Decimal

    @property
    def gap(self) -> Decimal:
        """What is neither posted, open nor accepted; negative when something counts twice."""
        return self.came_in - self.posted - self.still_open - self.accepted


@dataclass(frozen=True, slots=True)
class Conservation:
    """Totals of all entries, and the entries that break the rule, greatest gap first."""

    came_in: Decimal
    posted: Decimal
    still_open: Decimal
    accepted: Decimal
    broken: tuple[Entry, ...]

    @property
    def gap(self) -> Decimal:
        return self.came_in - self.posted - self.still_open - self.accepted

    @property
    def is_kept(self) -> bool:
        """No return breaks it; two breaks that cancel out are still two breaks."""
        return not self.broken


def conserve(entries: Iterable[Entry]) -> Conservation:
    """Prove in = posted + open + accepted for every entry; entries must share unit and currency."""
    rows = tuple(entries)
    broken = sorted((row for row in rows if row.gap), key=lambda row: (-abs(row.gap), row.rma_id))
    return Conservation(
        came_in=sum((row.came_in for row in rows), money.ZERO),
        posted=sum((row.posted for row in rows), money.ZERO),
        still_open=sum((row.still_open for row in rows), money.ZERO),
        accepted=sum((row.accepted for row in rows), money.ZERO),
        broken=tuple(broken),
    )
