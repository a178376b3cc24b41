"""Acceptances of differences as rows: begun, replaced, and followed by each plan.

What is accepted is said by the change (`Fix`) alone and computed by the plan (decision 0008); a
row here says whose it is and how it stands.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import User

from exceptions_app.choices import MONEY_FIXES, AcceptanceState, FixKind, FixStatus
from exceptions_app.models import Acceptance, AuditEntry, Fix
from exceptions_app.rules import accepting
from exceptions_app.rules.facts import Finding
from exceptions_app.selectors import acceptances as selector
from exceptions_app.services import audit


def row_of(fix: Fix) -> Acceptance:
    """The row of a change in force that accepts a difference; made where there is none yet."""
    payload = fix.payload
    assert fix.rma is not None
    owner = selector.owners().filter(username=payload.get("owner", "")).first()
    until, cap = payload.get("until"), payload.get("cap")
    row, _ = Acceptance.objects.get_or_create(
        fix=fix,
        defaults={
            "rma": fix.rma,
            "bridge_id": fix.bridge_id,
            "owner": owner or fix.requested_by,
            "asked_by": fix.requested_by,
            "currency": fix.rma.currency,
            "difference": Decimal(payload["difference"]),
            "cap": Decimal(cap) if cap else None,
            "since": fix.decided_at or fix.requested_at,
            "until": date.fromisoformat(until) if until else None,
        },
    )
    return row


def begin(*, fix: Fix, now: datetime) -> None:
    """A decision about a return's money is in force: what was accepted before is replaced."""
    if fix.kind not in MONEY_FIXES or fix.rma_id is None:
        return
    earlier = Acceptance.objects.filter(rma=fix.rma_id).exclude(fix=fix)
    for row in earlier.exclude(state__in=(AcceptanceState.REPLACED, AcceptanceState.TAKEN_BACK)):
        _state(row, AcceptanceState.REPLACED, f"Decided anew: {fix}", now)
    if fix.kind == FixKind.ACCEPT_DIFFERENCE:
        row_of(fix)


def take_back(*, fix: Fix, now: datetime) -> None:
    """The decision was taken back: what it had replaced holds again, until the next plan says."""
    if fix.kind not in MONEY_FIXES or fix.rma_id is None:
        return
    for row in Acceptance.objects.filter(fix=fix):
        _state(row, AcceptanceState.TAKEN_BACK, "Taken back before anything left", now)
    # What counts again is the last decision in force, and that may be a correction.
    in_force = Fix.objects.filter(
        rma=fix.rma_id, kind__in=MONEY_FIXES, status__in=(FixStatus.HELD, FixStatus.APPLIED)
    )
    last = in_force.order_by("-pk").values("pk")[:1]
    for row in Acceptance.objects.filter(fix__in=last, state=AcceptanceState.REPLACED):
        _state(row, AcceptanceState.HOLDS, "", now)


def follow(*, fix: Fix, is_over: bool, findings: Sequence[Finding], now: datetime) -> bool:
    """Let the row say what the plan found; returns whether the acceptance holds."""
    told = next((row.facts for row in findings if row.facts.get(accepting.ENDED)), None)
    state, text = AcceptanceState.HOLDS, ""
    if told is not None:
        state, text = AcceptanceState(told[accepting.ENDED]), told[accepting.TOLD]
    elif is_over:
        state, text = AcceptanceState.EXPIRED, "Its day is over; nothing differs any more"
    row = row_of(fix)
    if (row.state, row.ended_text) != (state, text[:300]):
        _state(row, state, text, now)
    return state == AcceptanceState.HOLDS


def _state(row: Acceptance, state: AcceptanceState, text: str, now: datetime) -> None:
    has_moved = row.state != state
    row.state = state
    row.ended_text = text[:300]
    row.ended_at = None if state == AcceptanceState.HOLDS else now
    row.save(update_fields=["state", "ended_text", "ended_at"])
    if has_moved:
        said = f"{state.label}. {text}" if text else f"{state.label} again"
        record(row, f"acceptance.{state.value}", said, None, now)


def record(
    row: Acceptance,
    act: str,
    text: str,
    actor: User | None,
    now: datetime,
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> AuditEntry:
    """One entry in the trail of the acceptance, of its return and of its exception."""
    return audit.record(
        actor=actor,
        act=act,
        subject=row,
        text=text,
        now=now,
        rma_id=row.rma_id,
        case_id=row.fix.case_id,
        before=before,
        after=after,
    )
