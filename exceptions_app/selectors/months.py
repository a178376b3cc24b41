"""Which months of an ERP's books are closed, how we know, and what was decided for one return."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from exceptions_app.choices import POSTING_UNSENT
from exceptions_app.models import Bridge, Case, ErpClosedPeriod, Posting, Rma, Watermark
from exceptions_app.rules import dating
from exceptions_app.selectors import decisions

# The feed by which an ERP tells its closed months, as `services.periods` reads it.
_FEED = "periods"


@dataclass(frozen=True, slots=True)
class Months:
    """Months are "2026-10", in their order.

    `told` are those the ERP names as closed, read at `read_at`, None where it tells none; `noted`
    were written down with the bridge by a person; `refused` are months for which it refused a
    document, with the key of one. `chosen` is the posting date in force for the return.
    """

    told: tuple[str, ...]
    read_at: datetime | None
    noted: tuple[str, ...]
    refused: tuple[tuple[str, str], ...]
    chosen: date | None

    @property
    def closed(self) -> tuple[str, ...]:
        """Every month something says is closed, in order; a month may stand twice."""
        return tuple(sorted((*self.told, *self.noted, *(month for month, _ in self.refused))))


def noted_month(case: Case) -> str:
    """The month noted with the case's bridge for which it holds a document back; "" for none.

    What the ERP refused is no such case: that is sent again.
    """
    month = str(case.facts.get("period") or "")
    is_held_back = case.type == dating.CLOSED and not case.facts.get("key")
    if case.bridge is None or not is_held_back:
        return ""
    return month if month in case.bridge.closed_periods else ""


def of(bridge: Bridge, rma: Rma | None) -> Months:
    """What is known of the months of the ERP of `bridge`; four queries."""
    told = ErpClosedPeriod.objects.filter(connection=bridge.erp_id).order_by("period")
    mark = Watermark.objects.filter(connection=bridge.erp_id, feed=_FEED).first()
    refused: dict[str, str] = {}
    if rma is not None:
        rows = Posting.objects.filter(
            rma=rma, open_type=dating.CLOSED, status__in=POSTING_UNSENT
        ).order_by("pk")
        for row in rows:
            day = str(row.open_facts.get("posting_date", ""))
            if day:
                refused.setdefault(day[:7], row.key)
    return Months(
        told=tuple(told.values_list("period", flat=True)),
        read_at=mark.read_at if mark is not None else None,
        noted=tuple(sorted(bridge.closed_periods)),
        refused=tuple(sorted(refused.items())),
        chosen=decisions.of(rma).posting_date if rma is not None else None,
    )
