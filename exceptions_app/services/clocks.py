"""When somebody must have acted on a case: its clock, started and counted by its team's hours."""

from __future__ import annotations

from datetime import datetime, timedelta

from exceptions_app.models import Bridge
from exceptions_app.rules import calendars, limits, windows
from exceptions_app.rules.calendars import Calendar
from exceptions_app.rules.facts import Finding
from exceptions_app.selectors import facts as facts_selector
from exceptions_app.selectors.calendars import BEGAN


def started(
    *,
    finding: Finding,
    bridge: Bridge | None,
    calendar: Calendar | None,
    hours: int,
    now: datetime,
) -> dict[str, object]:
    """The fields of a case whose clock starts now: since when, until when, and what it counted.

    Where only the ERP's next posting window can end it, the wait for that window does not count
    (R076, R133).
    """
    begins = _window(finding, bridge, now)
    span = timedelta(hours=hours)
    counted = calendars.counted(calendar, span)
    if begins > now and bridge is not None:
        counted += f"{BEGAN}the next posting window of {bridge.erp.name}"
    return {
        "clock_from": begins,
        "due_at": calendars.add(calendar, begins, span),
        "counted": counted[:300],
    }


def _window(finding: Finding, bridge: Bridge | None, now: datetime) -> datetime:
    kind = limits.awaited_document(finding)
    if bridge is None or not kind:
        return now
    schedule = facts_selector.policy_of(bridge).schedule.get(kind, "")
    if not windows.is_schedule(schedule):
        return now
    return windows.next_open(windows.parse(schedule), now=now, zone=bridge.timezone)
