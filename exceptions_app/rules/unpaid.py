"""A return that could be refunded and is not: since when, and how far the refund is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from exceptions_app.rules.facts import RmaFacts
from exceptions_app.rules.resolving import resolve
from exceptions_app.rules.stages import Stage

_OVER = frozenset({"done", "not_needed"})
_STATES = {"not_yet": "not_made", "waiting": "asked_for", "blocked": "failed"}


@dataclass(frozen=True, slots=True)
class Unpaid:
    """`state` is not_made, asked_for or failed; `since` is None where nothing tells it.

    `proof` says what made it due, "" for a refund that was tried.
    """

    state: str
    since: datetime | None = None
    proof: str = ""


def unpaid(facts: RmaFacts, stages: Iterable[Stage]) -> Unpaid | None:
    """How the refund stands once the goods are here and graded; None before, and once it is paid.

    Only for an approved return, whether or not the ERP has its authorisation yet. One that needs
    no goods is due from when it was asked for.
    """
    seen = {stage.code: stage for stage in stages}
    refund = seen["refunded"]
    before = [seen[code] for code in ("requested", "received", "inspected")]
    if refund.state in _OVER or any(stage.state not in _OVER for stage in before):
        return None
    if not resolve(facts).is_approved:
        return None
    state = _STATES[refund.state]
    if state != "not_made":
        return Unpaid(state)
    told = [stage for stage in before if stage.state == "done" and stage.at is not None]
    return Unpaid(state, told[-1].at, told[-1].label) if told else Unpaid(state)
