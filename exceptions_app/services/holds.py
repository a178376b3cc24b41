"""Why a planned posting may not leave yet, and how its row says so."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from exceptions_app.choices import HoldReason, PostingStatus
from exceptions_app.models import Posting, Rma
from exceptions_app.rules import windows
from exceptions_app.rules.facts import Finding, Plan, PlannedPosting, RmaFacts
from exceptions_app.selectors import facts as facts_selector
from exceptions_app.selectors import fixes as fixes_selector

_FREE = (PostingStatus.READY, PostingStatus.PLANNED)


@dataclass(frozen=True, slots=True)
class State:
    """The status of one unsent posting, and what holds it: a policy until when, or findings."""

    status: str
    hold_reason: str = ""
    hold_until: datetime | None = None
    blocked_by: str = ""


class Holds:
    """Why a planned posting may not leave yet: findings first, then the holds by policy."""

    def __init__(self, rma: Rma, facts: RmaFacts, computed: Plan, now: datetime) -> None:
        self._rma = rma
        self._findings: tuple[Finding, ...] = computed.findings
        self._undo_until = fixes_selector.undo_until(rma=rma, facts=facts, now=now)
        self._now = now
        self._erp = facts.erp

    def of(self, planned: PlannedPosting, *, follows_open: bool, is_released: bool) -> State:
        """`follows_open`: an earlier step is not finished; `is_released`: a run let it go."""
        blockers = sorted({f.type for f in self._findings if planned.kind in f.blocks})
        if blockers:
            return State(PostingStatus.BLOCKED, blocked_by=", ".join(blockers)[:200])
        if self._erp.is_manual(planned.kind):
            return State(PostingStatus.HELD, HoldReason.MANUAL)
        if planned.hold == HoldReason.RUN and not is_released:
            return State(PostingStatus.HELD, planned.hold)
        opens_at = self._opens_at(planned)
        if opens_at > self._now:
            return State(PostingStatus.HELD, HoldReason.WINDOW, opens_at)
        if self._undo_until is not None:
            return State(PostingStatus.HELD, HoldReason.UNDO, self._undo_until)
        return State(PostingStatus.PLANNED if follows_open else PostingStatus.READY)

    def _opens_at(self, planned: PlannedPosting) -> datetime:
        if planned.hold != HoldReason.WINDOW:
            return self._now
        bridge = self._rma.bridge
        schedule = facts_selector.policy_of(bridge).schedule[planned.kind]
        return windows.next_open(windows.parse(schedule), now=self._now, zone=bridge.timezone)


def restate(row: Posting, state: State, planned: PlannedPosting, now: datetime) -> None:
    """Give an unchanged unsent posting its present state; a refused one waits for a person."""
    if row.status == PostingStatus.FAILED:
        return
    changed = (row.status, row.hold_reason, row.hold_until, row.blocked_by) != (
        state.status,
        state.hold_reason,
        state.hold_until,
        state.blocked_by,
    )
    if not changed:
        return
    row.status = state.status
    row.hold_reason = state.hold_reason
    row.hold_until = state.hold_until
    row.blocked_by = state.blocked_by
    fields = ["status", "hold_reason", "hold_until", "blocked_by"]
    if state.status in _FREE and row.not_before < now and not row.attempts:
        row.not_before = now
        fields.append("not_before")
    row.save(update_fields=fields)
