"""Whether our copy of an item says what the ERP says of it, and in which words it differs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

NAMED = 5


@dataclass(frozen=True, slots=True)
class Compared:
    """One item: its flags in our copy, and as the ERP told them when it was asked."""

    sku: str
    is_active: bool
    is_returnable: bool
    is_active_there: bool
    is_returnable_there: bool

    @property
    def differs(self) -> bool:
        """Whether a return of it would be judged otherwise by the ERP's own flags."""
        if self.is_active != self.is_active_there:
            return True
        # One that is switched off may not be returned anywhere: its other flag decides nothing.
        return self.is_active and self.is_returnable != self.is_returnable_there

    @property
    def words(self) -> str:
        """ "TEE-BLK-M may not be returned there", or "" where they agree."""
        if not self.differs:
            return ""
        if self.is_active != self.is_active_there:
            state = "in use" if self.is_active_there else "switched off"
            return f"{self.sku} is {state} there"
        may = "may" if self.is_returnable_there else "may not"
        return f"{self.sku} {may} be returned there"


def in_words(differing: Sequence[Compared]) -> str:
    """The first NAMED of them, and how many more there are."""
    named = [row.words for row in differing[:NAMED]]
    more = len(differing) - len(named)
    return ", ".join([*named, *([f"and {more} more"] if more else [])])
