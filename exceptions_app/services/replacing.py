"""An exception that gave way to a more exact one says which: nothing was mended by that."""

from __future__ import annotations

import re
from collections.abc import Iterable

from exceptions_app.catalogue import entry
from exceptions_app.models import Case
from exceptions_app.rules.proving import TOLD_NOW

_LEAD = re.compile(r"Replaced by EX-(\d+)")


def named(proof: str, current: Iterable[Case]) -> str:
    """`proof` with the number of the exception among `current` that tells of the matter now.

    Any other proof, and one whose successor is not among them, is given back as it is.
    """
    told = proof.removeprefix(TOLD_NOW)
    if told == proof:
        return proof
    for case in current:
        short = entry(case.type).short
        if told == short or told.startswith(f"{short}."):
            return f"Replaced by EX-{case.pk}: {told}"
    return proof


def number_in(proof: str) -> int | None:
    """The number of the exception that a proof names as the successor; None for any other."""
    found = _LEAD.match(proof)
    return int(found[1]) if found else None
