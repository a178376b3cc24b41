"""Cells of a file that a spreadsheet may open: text stays text, nothing is run as a formula."""

from __future__ import annotations

import re

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
_GUARD = "'"
# What XML, and with it a workbook, cannot hold: control characters, half pairs, non-characters.
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def cleaned(text: str) -> str:
    """`text` as a cell of any file: guarded, and U+FFFD for each character no workbook can hold."""
    return guarded(_ILLEGAL.sub("\N{REPLACEMENT CHARACTER}", text))


def guarded(cell: str) -> str:
    """A quote before what a spreadsheet would run as a formula; `unguarded` takes it off again."""
    return _GUARD + cell if _is_risky(cell) else cell


def unguarded(cell: str) -> str:
    """What `guarded` was given. A quote before anything else is part of the text."""
    bare = cell[1:] if cell.startswith(_GUARD) else cell
    return bare if _is_risky(bare) else cell


def _is_risky(cell: str) -> bool:
    # A text that itself begins with the guard is guarded once more, so that no two texts look
    # the same in a file.
    return cell.lstrip(_GUARD).startswith(_FORMULA_STARTS)
