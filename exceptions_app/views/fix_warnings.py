"""What speaks against a request, for whoever approves it: the same as whoever asked had to tick."""

from __future__ import annotations

from exceptions_app.models import Fix
from exceptions_app.services import doubts


def of(fix: Fix) -> tuple[str, ...]:
    """Sentences, empty where nothing speaks against it; by what it was shown to do when asked."""
    return doubts.all_of_request(fix)
