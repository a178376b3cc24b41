"""Months an ERP closed, as it tells them itself; what a person noted with a bridge stays apart."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import cast

from django.db import transaction
from django.db.models import Q

from connectors.errors import ConnectorError, RejectionCode
from connectors.ports import PeriodReader
from exceptions_app.choices import CASE_OPEN, POSTING_UNSENT
from exceptions_app.models import Case, Connection, ErpClosedPeriod, Posting
from exceptions_app.models.statements import Select
from exceptions_app.services import connections, feeds, rmas

FEED = "periods"
EVERY = timedelta(hours=24)


_ERPS = Select(
    lambda: Connection.objects.filter(is_active=True, erp_bridges__is_active=True).distinct()
)


def read_due(*, now: datetime) -> int:
    """Ask the ERPs that tell it which months are closed, where it is due; returns ERPs read."""
    return sum(_read_erp(erp, now) for erp in _ERPS.rows())


def _read_erp(erp: Connection, now: datetime) -> bool:
    if not feeds.is_due(connection=erp, feed=FEED, now=now):
        return False
    try:
        gateway = connections.gateway(connection=erp, reason="reference")
    except ConnectorError:
        # It cannot be opened: what has to be sent or planned tells of it.
        return False
    if not gateway.capabilities.can_read_periods:
        return False
    reader = cast(PeriodReader, gateway)
    return feeds.read(
        connection=erp,
        feed=FEED,
        every=EVERY,
        act=lambda mark: keep(connection=erp, periods=reader.closed_periods(), now=now),
        now=now,
    )


def note_refusal(*, connection_id: int, code: str, now: datetime) -> None:
    """A refusal for a closed month says that what we know of the months is old: ask at once."""
    if code == RejectionCode.PERIOD_CLOSED:
        feeds.hasten(connection_id=connection_id, feed=FEED, now=now)


@transaction.atomic
def keep(*, connection: Connection, periods: Iterable[str], now: datetime) -> None:
    """Make what we know equal to what was told; returns it concerns are planned again."""
    told = set(periods)
    known = set(
        ErpClosedPeriod.objects.filter(connection=connection).values_list("period", flat=True)
    )
    ErpClosedPeriod.objects.filter(connection=connection, period__in=known - told).delete()
    ErpClosedPeriod.objects.bulk_create(
        [
            ErpClosedPeriod(connection=connection, period=period, read_at=now)
            for period in sorted(told)
        ],
        update_conflicts=True,
        unique_fields=["connection", "period"],
        update_fields=["read_at"],
    )
    if told != known:
        rmas.make_due(rma_ids=_concerned(connection, told ^ known), now=now)


def _concerned(connection: Connection, periods: set[str]) -> list[int]:
    """Returns with an unsent document dated in one of these months, or stopped by one of them."""
    dated = Q()
    for period in periods:
        dated |= Q(draft__date__startswith=period)
    unsent = Posting.objects.filter(dated, connection=connection, status__in=POSTING_UNSENT)
    stopped = Case.objects.filter(
        bridge__erp=connection, type="PERIOD_CLOSED", status__in=CASE_OPEN, rma__isnull=False
    )
    ids = {*unsent.values_list("rma_id", flat=True), *stopped.values_list("rma_id", flat=True)}
    return sorted(pk for pk in ids if pk is not None)
