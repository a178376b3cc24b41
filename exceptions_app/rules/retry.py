"""When a call is tried again, and when to stop; chance comes from the caller."""

from __future__ import annotations

MAX_ATTEMPTS = 8
MAX_LOOKUPS = 12

BASE_SECONDS = 2
CAP_SECONDS = 300


def next_delay_seconds(attempts: int, fraction: float, after_seconds: int | None = None) -> float:
    """Seconds until the next try after `attempts` tries (at least 1).

    Full jitter: `fraction` of a ceiling that doubles from 2 s up to 300 s, so that many
    waiting rows do not come back together. What the other side asked for wins, also above 300 s.

    A fraction of 1 is the ceiling itself. Raises ValueError for one outside [0, 1].
    """
    if not 0 <= fraction <= 1:
        msg = f"fraction {fraction} is outside [0, 1]"
        raise ValueError(msg)
    if after_seconds is not None:
        return float(max(0, after_seconds))
    doublings = min(max(attempts, 1) - 1, 20)
    return fraction * min(CAP_SECONDS, BASE_SECONDS * (1 << doublings))


def is_exhausted(*, attempts: int = 0, lookups: int = 0) -> bool:
    """Whether the tries of a send, or the look-ups of an unknown outcome, are used up."""
    return attempts >= MAX_ATTEMPTS or lookups >= MAX_LOOKUPS
