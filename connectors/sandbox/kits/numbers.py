"""Numbers for records whose system knows nothing but numbers: the same text, the same number."""

from __future__ import annotations

import zlib


def number_of(*parts: str) -> str:
    """Nine digits that stay the same over runs; texts that differ seldom share one."""
    return str(100_000_000 + zlib.crc32("/".join(parts).encode()) % 900_000_000)
