"""What speaks against a request, for whoever approves it: the same as whoever asked had to tick."""

from __future__ import annotations

from exceptions_app.models import Fix
from exceptions_app.services import doubts


def of(fix: Fix) -> tuple[str, ...]:
    """Sentences, empty where nothing speaks against it; by what it was shown to do when asked."""
    broken, told = fix.effect.get("newly_broken", 0), []
    if fix.effect.get("is_idle"):
        told.append("This would change nothing: what it touches stays blocked as it is.")
    elif broken and not fix.effect.get("healed_returns"):
        told.append(f"This heals nothing and newly breaks {broken} return{'s'[: broken != 1]}.")
    if doubt := doubts.of_request(fix):
        told.append(doubt)
    return tuple(told)
