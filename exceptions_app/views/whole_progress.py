"""How far all returns of a mapping are planned in the background, beside its form or request."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from exceptions_app.choices import BulkRowState, BulkState
from exceptions_app.models import Bulk, Fix
from exceptions_app.services.whole_previews import FIGURES, SIGN

POLL_SECONDS = 3


def shown(bulk: Bulk) -> dict[str, Any]:
    """What `fixes/_whole.html` shows: how many are planned, and the figures of all at the end."""
    figures = bulk.given.get(FIGURES)
    return {
        "bulk": bulk,
        "is_running": bulk.state == BulkState.RUNNING,
        "settled": bulk.rows.exclude(state=BulkRowState.WAITING).count(),
        "figures": {**figures, "freed": Decimal(figures["freed"])} if figures else None,
        "poll_seconds": POLL_SECONDS,
    }


def of_fix(fix: Fix) -> dict[str, Any] | None:
    """The same for a request whose returns are still being planned; None for any other."""
    if SIGN not in fix.effect or fix.effect.get("planned"):
        return None
    bulk = Bulk.objects.filter(pk=fix.effect[SIGN], state=BulkState.RUNNING).first()
    return shown(bulk) if bulk is not None else None
