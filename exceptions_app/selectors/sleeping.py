"""Cases that somebody put off, and whether what they wait for has come."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from django.db.models import Exists, OuterRef, Q, QuerySet

from exceptions_app.catalogue import entry as catalogue_entry
from exceptions_app.choices import CASE_OPEN, EventState, MappingKind, MappingStatus, WakeOn
from exceptions_app.models import Case, InboundEvent, Mapping, Posting, Watermark
from exceptions_app.rules.mapping import normalise
from exceptions_app.selectors import awaited, erp_told, item_feeds

# Facts that hold a value that a mapping may be for.
_VALUES = ("sku", "source_value", "location", "setting", "component")


def conditions(case: Case) -> tuple[str, ...]:
    """What may bring this case back early, in the order of WakeOn."""
    can = {
        WakeOn.MESSAGE: case.rma_id is not None,
        WakeOn.MAPPING: bool(case.bridge_id and _kinds(case) and _keys(case)),
        WakeOn.DOCUMENT: case.rma_id is not None,
        WakeOn.WINDOW: not awaited.no_window(case),
        WakeOn.PERIOD: awaited.is_about_books(case),
        WakeOn.ITEMS: bool(case.bridge_id and case.facts.get("sku")),
        WakeOn.VALUE: bool(case.currency),
        WakeOn.COUNT: True,
    }
    return tuple(each.value for each in WakeOn if can[each])


def over(*, now: datetime) -> QuerySet[Case]:
    """Those whose time is over."""
    return _asleep().filter(snoozed_until__lte=now)


def met(*, wakes_on: str, now: datetime) -> list[Case]:
    """Those whose time is not over and who wait for `wakes_on`, which has come."""
    rows = _asleep().filter(snoozed_until__gt=now, wakes_on=wakes_on).order_by("pk")
    if wakes_on == WakeOn.MAPPING:
        return _mapped(list(rows))
    if wakes_on == WakeOn.MESSAGE:
        return list(rows.filter(Exists(_message())))
    if wakes_on == WakeOn.ITEMS:
        return list(rows.select_related("bridge__erp").filter(Exists(_items_read())))
    if wakes_on == WakeOn.DOCUMENT:
        return list(rows.filter(_found_in_the_erp()))
    came = {WakeOn.WINDOW: _opened, WakeOn.PERIOD: _periods, WakeOn.COUNT: _counted}
    found = list(rows.select_related("bridge__erp"))
    return came.get(WakeOn(wakes_on), _risen)(found, now)


def awaited_now(*, now: datetime) -> frozenset[str]:
    """What somebody waits for at all, so that nothing else is looked at."""
    rows = _asleep().filter(snoozed_until__gt=now).exclude(wakes_on="").order_by()
    return frozenset(rows.values_list("wakes_on", flat=True).distinct())


def _asleep() -> QuerySet[Case]:
    return Case.objects.filter(status__in=CASE_OPEN, snoozed_until__isnull=False)


def _message() -> QuerySet[InboundEvent]:
    """A message about the return that said something new; one we asked for ourselves may."""
    return InboundEvent.objects.filter(
        connection=OuterRef("rma__bridge__source"),
        subject_id=OuterRef("rma__external_id"),
        received_at__gt=OuterRef("snoozed_at"),
        state=EventState.PROCESSED,
    )


def _documents() -> QuerySet[Posting]:
    """Documents of the return that were read back since."""
    return Posting.objects.filter(
        rma=OuterRef("rma"), confirmed_at__gt=OuterRef("snoozed_at")
    ).exclude(number="")


def _found_in_the_erp() -> Q:
    found = _documents()
    its_own = Exists(found.filter(pk=OuterRef("posting")))
    # Any of its return, where the case is about no document.
    return its_own | Q(Exists(found), posting__isnull=True)


def _items_read() -> QuerySet[Watermark]:
    return Watermark.objects.filter(
        connection=OuterRef("bridge__erp"),
        feed=item_feeds.FEED,
        read_at__gt=OuterRef("snoozed_at"),
    )


def _opened(cases: list[Case], now: datetime) -> list[Case]:
    """By the windows the bridge has now; without any, its time alone brings a case back."""
    return [case for case in cases if _has_opened(case, now)]


def _has_opened(case: Case, now: datetime) -> bool:
    if case.snoozed_at is None:
        return False
    kind = case.wakes_for.get("kind", "")
    opens_at = awaited.opens_at(case, after=case.snoozed_at, kind=kind)
    return opens_at is not None and opens_at <= now


def _periods(cases: list[Case], now: datetime) -> list[Case]:
    bridges = {case.bridge_id: case.bridge for case in cases if case.bridge is not None}
    closed = {pk: erp_told.closed_periods_of(bridge) for pk, bridge in bridges.items()}
    return [
        case
        for case in cases
        if case.bridge is not None
        and awaited.is_open(case.wakes_for["period"], case.bridge, closed[case.bridge_id], now=now)
    ]


def _risen(cases: list[Case], now: datetime) -> list[Case]:
    return [case for case in cases if case.value >= Decimal(case.wakes_for["to"])]


def _counted(cases: list[Case], now: datetime) -> list[Case]:
    counts = awaited.open_counts(case.group_id for case in cases)
    return [case for case in cases if counts.get(case.group_id, 0) >= int(case.wakes_for["to"])]


def _mapped(cases: list[Case]) -> list[Case]:
    if not cases:
        return []
    since = min(case.snoozed_at for case in cases if case.snoozed_at)
    active = Mapping.objects.filter(
        bridge__in={case.bridge_id for case in cases},
        status=MappingStatus.ACTIVE,
        activated_at__gt=since,
    ).values_list("bridge", "kind", "source_key", "activated_at")
    newest = {(bridge, kind, key): at for bridge, kind, key, at in active}
    return [case for case in cases if _is_mapped(case, newest)]


def _is_mapped(case: Case, newest: dict[tuple[int, str, str], datetime | None]) -> bool:
    moments = [
        newest.get((case.bridge_id or 0, kind, key)) for kind in _kinds(case) for key in _keys(case)
    ]
    return any(at > case.snoozed_at for at in moments if at and case.snoozed_at)


def _kinds(case: Case) -> frozenset[str]:
    return frozenset(catalogue_entry(case.type, case.facts).actions) & set(MappingKind.values)


def _keys(case: Case) -> Iterable[str]:
    found = (normalise(str(case.facts.get(name) or "")) for name in _VALUES)
    return frozenset(key for key in found if key)
