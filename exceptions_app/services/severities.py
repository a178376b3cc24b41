"""How grave open exceptions are: judged when they are found, and again when their cause spreads."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from exceptions_app.catalogue import entry as catalogue_entry
from exceptions_app.catalogue.entry import GROUP_LIMIT
from exceptions_app.choices import CASE_OPEN, SEVERITY_RANK, Severity
from exceptions_app.models import Bridge, Case
from exceptions_app.rules import severity
from exceptions_app.rules.calendars import Calendar
from exceptions_app.rules.facts import Finding
from exceptions_app.rules.severity import Grounds
from exceptions_app.selectors.calendars import Calendars
from exceptions_app.selectors.facts import policy_of
from exceptions_app.services import assigning, audit

# Openings side by side do not see one another, so a crowd is looked at for as long as it is young.
_YOUNG = 2 * GROUP_LIMIT
_TOP = max(SEVERITY_RANK.values())


def of_finding(
    finding: Finding,
    bridge: Bridge | None,
    promises: frozenset[str],
    group_count: int,
    now: datetime,
    *,
    calendars: Calendars,
    currency: str,
) -> Grounds:
    day = _day(bridge, now)
    team = catalogue_entry(finding.type, finding.facts).team
    calendar = _calendar(calendars, team, finding.value, day)
    threshold = _threshold(bridge, finding.value, currency)
    return Grounds(
        finding.type, finding.value, day, promises, group_count, calendar, threshold, currency
    )


def _threshold(bridge: Bridge | None, value: Decimal, currency: str) -> Decimal | None:
    """The sum of the bridge's policy in the currency of the value; None where nothing is at risk,
    or the policy names none."""
    if bridge is None or value <= 0:
        return None
    return policy_of(bridge).graver_above.get(currency)


def _calendar(calendars: Calendars, team: str, value: Decimal, day: date | None) -> Calendar | None:
    """Not read where the period end is too far away, or no money is at risk at it."""
    is_asked = day is not None and value > 0 and severity.is_period_end_possible(day)
    return calendars.of(team) if is_asked else None


def count_open(*, group_id: int) -> int:
    """Open exceptions of a cause, counted no further than a crowd is young."""
    rows = Case.objects.filter(group=group_id, status__in=CASE_OPEN).order_by()
    return rows.values("pk")[: _YOUNG + 1].count()


def count_with(case: Case) -> int:
    """As `count_open`, with `case` itself; not asked where it cannot be graver."""
    if case.severity_rank == _TOP:
        return 1
    return count_open(group_id=case.group_id) + (case.status not in CASE_OPEN)


def rise(case: Case, grounds: Grounds) -> dict[str, object]:
    """The changed fields of a case that is graver now; none otherwise: it never sinks."""
    level = severity.of(grounds)
    if SEVERITY_RANK[level] <= case.severity_rank:
        return {}
    return {"severity": level, "severity_rank": SEVERITY_RANK[level]}


def record(case: Case, grounds: Grounds, now: datetime) -> None:
    """One entry in the trail for a case that rose, and why."""
    because = " and ".join(severity.why(grounds))
    is_base = case.severity == catalogue_entry(case.type).severity
    words = f"Now {Severity(case.severity).label.lower()}"
    text = words if is_base or not because else f"{words}: {because}"
    audit.record(
        actor=None,
        act="case.raise",
        subject=case,
        text=text,
        now=now,
        rma_id=case.rma_id,
        case_id=case.pk,
    )


def raise_crowd(*, group_id: int, count: int, now: datetime) -> int:
    """Judge a cause again once a crowd of it is open; returns how many exceptions rose.

    Rows somebody else works on are left: whoever has them judges them.
    """
    if not GROUP_LIMIT < count <= _YOUNG:
        return 0
    rows = list(
        Case.objects.select_for_update(of=("self",), skip_locked=True)
        .select_related("bridge")
        .filter(group=group_id, status__in=CASE_OPEN, severity_rank__lt=_TOP)
        .order_by("pk")
    )
    told = Case.objects.filter(
        rma__in={case.rma_id for case in rows if case.rma_id is not None},
        type__in=severity.PROMISES,
        status__in=CASE_OPEN,
    )
    promises: dict[int | None, frozenset[str]] = {}
    for rma_id, name in told.values_list("rma", "type"):
        promises[rma_id] = promises.get(rma_id, frozenset()) | {name}
    calendars = Calendars()
    risen = [
        case
        for case in rows
        if _raise(case, promises.get(case.rma_id, frozenset()), count, now, calendars)
    ]
    assigning.place(cases=[case for case in risen if case.assignee_id is None], now=now)
    return len(risen)


def _raise(
    case: Case, promises: frozenset[str], count: int, now: datetime, calendars: Calendars
) -> bool:
    day = _day(case.bridge, now)
    calendar = _calendar(calendars, case.team, case.value, day)
    threshold = _threshold(case.bridge, case.value, case.currency)
    grounds = Grounds(
        case.type, case.value, day, promises, count, calendar, threshold, case.currency
    )
    changed = rise(case, grounds)
    if not changed:
        return False
    for name, value in changed.items():
        setattr(case, name, value)
    case.save(update_fields=list(changed))
    record(case, grounds, now)
    return True


def _day(bridge: Bridge | None, now: datetime) -> date | None:
    return now.astimezone(ZoneInfo(bridge.timezone)).date() if bridge else None
