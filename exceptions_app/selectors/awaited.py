"""What exactly a case that is put off waits for: which window, which month, from which figure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal

from django.db.models import Sum

from exceptions_app import errors
from exceptions_app.catalogue import entry as catalogue_entry
from exceptions_app.catalogue.wording import written
from exceptions_app.choices import MONEY_KINDS, PostingKind, WakeOn
from exceptions_app.models import Bridge, Case, CaseCount, Watermark
from exceptions_app.rules import limits, money, putting_off, windows
from exceptions_app.rules.windows import Window
from exceptions_app.selectors import erp_told, item_feeds
from exceptions_app.selectors import facts as facts_selector

_PERIOD = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])")


def asked(
    case: Case, *, wakes_on: str, growth: Decimal | None = None, now: datetime
) -> dict[str, str]:
    """What is kept of a wait that begins `now`: `Case.wakes_for`; empty where it says all itself.

    `growth` is how much the value (in the case's currency) or the open count has to grow.

    Raises:
        InvalidChoice: there is nothing to wait for, or no usable growth.
    """
    if wakes_on == WakeOn.WINDOW:
        return {"kind": document_kind(case)}
    if wakes_on == WakeOn.PERIOD:
        return {"period": _period(case, now)}
    if wakes_on == WakeOn.ITEMS:
        _check_item_master(case)
    if wakes_on == WakeOn.VALUE:
        return _figures(case.value, growth, places=money.places(case.currency))
    if wakes_on == WakeOn.COUNT:
        start = open_counts([case.group_id]).get(case.group_id, 0)
        return _figures(Decimal(start), growth, places=0)
    return {}


def words(case: Case, wakes_on: str = "") -> str:
    """What brings it back early, read after "when", with its own figures; "" for the time alone.

    Of a case that is put off what it waits for; else what it would wait for as `wakes_on`.
    """
    awaited, kept = (wakes_on, {}) if wakes_on else (case.wakes_on, case.wakes_for)
    if awaited == WakeOn.WINDOW and case.bridge is not None:
        kind = document_kind(case) if wakes_on else kept.get("kind", "")
        of = f" for a {_kind_words(kind)}" if kind else ""
        return f"the next posting window of {case.bridge.erp.name}{of} has opened"
    if awaited == WakeOn.PERIOD and kept and case.bridge is not None:
        return f"{written('period', kept)} is open in the books of {case.bridge.erp.name}"
    if awaited == WakeOn.VALUE and kept:
        start, end = (_amount(Decimal(kept[name]), case.currency) for name in ("from", "to"))
        more = _amount(Decimal(kept["to"]) - Decimal(kept["from"]), case.currency)
        return f"its value at risk has grown by {more} ({start} → {end})"
    if awaited == WakeOn.COUNT and kept:
        more = str(int(kept["to"]) - int(kept["from"]))
        return f"its cause has {more} more ({kept['from']} → {kept['to']})"
    return str(WakeOn(awaited).label) if awaited else ""


def at_risk(case: Case) -> str:
    """Its value as the screens write it."""
    return _amount(case.value, case.currency)


def document_kind(case: Case) -> str:
    """The kind of document the case is about or waits for; "" where it is about none."""
    if case.posting is not None:
        return str(case.posting.kind)
    return limits.awaited_kind(case.type, case.facts)


def opens_at(case: Case, *, after: datetime, kind: str) -> datetime | None:
    """When the next window for such a document opens, any kind's for ""; None without windows."""
    found = windows_for(case, kind)
    if case.bridge is None or not found:
        return None
    return windows.next_opening(found, after=after, zone=case.bridge.timezone)


def windows_for(case: Case, kind: str) -> Sequence[Window]:
    if case.bridge is None:
        return ()
    schedule = facts_selector.policy_of(case.bridge).schedule
    texts = [schedule.get(kind, "")] if kind else list(schedule.values())
    found = (windows.parse(text) for text in texts if windows.is_schedule(text))
    return tuple(window for each in found for window in each)


def no_window(case: Case) -> str:
    """Why there is no window to wait for; "" when there is one."""
    if case.bridge is None:
        return "It belongs to no bridge, so it waits for no posting window."
    kind = document_kind(case)
    if windows_for(case, kind):
        return ""
    what = f"a {_kind_words(kind)}" if kind else "any document"
    erp, bridge = case.bridge.erp.name, case.bridge.name
    return f"{bridge} has no posting window in which {what} leaves for {erp}. Choose a day."


def is_about_books(case: Case) -> bool:
    """Whether the months of the ERP's books matter to it."""
    if case.bridge_id is None:
        return False
    is_money = catalogue_entry(case.type, case.facts).family == "money"
    return is_money or _named_period(case) != "" or document_kind(case) in MONEY_KINDS


def is_open(period: str, bridge: Bridge, closed: frozenset[str], *, now: datetime) -> bool:
    """Whether the month has begun and is not closed, as far as we were told."""
    return period not in closed and putting_off.has_begun(period, now=now, zone=bridge.timezone)


def open_counts(group_ids: Iterable[int]) -> dict[int, int]:
    """How many exceptions of each of these causes are open, from the counts that are kept."""
    rows = CaseCount.objects.filter(group__in=set(group_ids)).order_by()
    return dict(rows.values("group").annotate(open=Sum("count")).values_list("group", "open"))


def _period(case: Case, now: datetime) -> str:
    """The month the case names, which must be closed; else the one that comes next."""
    bridge, named = case.bridge, _named_period(case)
    assert bridge is not None
    if not named:
        return putting_off.next_month(now=now, zone=bridge.timezone)
    if is_open(named, bridge, erp_told.closed_periods_of(bridge), now=now):
        month = written("period", {"period": named})
        raise errors.InvalidChoice(
            f"{month} is open in {bridge.erp.name} as far as we know. Choose another."
        )
    return named


def _named_period(case: Case) -> str:
    named = str(case.facts.get("period") or "")
    return named if _PERIOD.fullmatch(named) else ""


def _check_item_master(case: Case) -> None:
    assert case.bridge is not None
    read = Watermark.objects.filter(
        connection=case.bridge.erp_id, feed=item_feeds.FEED, read_at__isnull=False
    )
    if not read.exists():
        raise errors.InvalidChoice(
            f"The item master of {case.bridge.erp.name} was never read. Choose another."
        )


def _figures(start: Decimal, growth: Decimal | None, *, places: int) -> dict[str, str]:
    flaw = putting_off.growth_flaw(growth, places=places)
    if flaw or growth is None:
        raise errors.InvalidChoice(flaw)
    return {"from": f"{start:f}", "to": f"{start + growth:f}"}


def _amount(amount: Decimal, currency: str) -> str:
    return written("value", {"value": f"{amount:f}", "currency": currency})


def _kind_words(kind: str) -> str:
    return str(PostingKind(kind).label).lower()
