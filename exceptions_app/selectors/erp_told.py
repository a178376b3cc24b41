"""What an ERP told by itself, from our copies: receipts of a return, months that are closed."""

from __future__ import annotations

from django.db.models import Value

from exceptions_app.models import Bridge, ErpClosedPeriod, ErpLocation, ErpReceipt, Rma
from exceptions_app.rules.erp_facts import ErpReceiptFact, ErpReceiptLineFact
from exceptions_app.rules.facts import LocationTarget


def receipts_of(rma: Rma) -> tuple[ErpReceiptFact, ...]:
    """What the ERP's own staff received for the return, the earliest first; one query."""
    rows = ErpReceipt.objects.filter(rma=rma).order_by("received_at", "external_id")
    return tuple(
        ErpReceiptFact(
            external_id=row.external_id,
            warehouse=row.warehouse,
            received_at=row.received_at,
            lines=tuple(ErpReceiptLineFact(**line) for line in row.lines),
            number=row.number,
            key=row.key,
        )
        for row in rows
    )


def places_and_periods(bridge: Bridge) -> tuple[dict[LocationTarget, str], frozenset[str]]:
    """The ERP's active locations with its names of them, and `closed_periods_of`, in one query."""
    locations = ErpLocation.objects.filter(connection=bridge.erp_id, is_active=True)
    periods = ErpClosedPeriod.objects.filter(connection=bridge.erp_id)
    rows = locations.order_by().values_list(Value("location"), "division", "code", "name")
    rows = rows.union(
        periods.order_by().values_list(Value("period"), "period", Value(""), Value("")), all=True
    )
    places: dict[LocationTarget, str] = {}
    closed = set(bridge.closed_periods)
    for what, first, code, name in rows:
        if what == "period":
            closed.add(first)
        else:
            places[LocationTarget(division=first, warehouse=code)] = name
    return places, frozenset(closed)


def closed_periods_of(bridge: Bridge) -> frozenset[str]:
    """Months ("2026-04") no document may be dated in: a person's and the ERP's word, together."""
    told = ErpClosedPeriod.objects.filter(connection=bridge.erp_id)
    return frozenset(bridge.closed_periods) | frozenset(told.values_list("period", flat=True))
