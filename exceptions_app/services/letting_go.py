"""What waited for an exception a person closed: it is work of its own again at once."""

from __future__ import annotations

from datetime import datetime

from exceptions_app.models import Case
from exceptions_app.selectors import order
from exceptions_app.services.cases import tell_waits


def let_go(*, case: Case, now: datetime) -> None:
    """Nothing waits for `case` any more; planning says anew what stands before what."""
    others = order.waiting_behind(case)
    for other in others:
        other.behind = None
        other.save(update_fields=["behind"])
    if others:
        tell_waits(cases=others, now=now)
