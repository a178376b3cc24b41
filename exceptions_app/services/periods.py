"""Months an ERP closed, as it tells them itself; what a person noted with a bridge stays apart."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import cast

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q

from connectors.errors import ConnectorError, RejectionCode
from connectors.ports import PeriodReader
from exceptions_app import errors, permissions
from exceptions_app.choices import CASE_OPEN, POSTING_UNSENT
from exceptions_app.models import Bridge, Case, Connection, ErpClosedPeriod, Posting
from exceptions_app.models.statements import Select
from exceptions_app.selectors import months
from exceptions_app.services import audit, connections, feeds, rmas

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


@transaction.atomic
def open_again(*, case_id: int, reason: str, actor: User, now: datetime) -> str:
    """Forget that the month of this exception was noted as closed, on every bridge of its ERP.

    Returns the month, "2026-10". What it held back is planned again; if the ERP has it closed all
    the same, it refuses the document and tells so.

    Raises:
        FixNotAllowed: neither an admin nor who leads finance, or no month is noted (any more).
        InvalidChoice: no reason is given, or the ERP itself says that the month is closed.
    """
    if not permissions.may_open_month(actor):
        raise errors.FixNotAllowed("An admin or a lead of finance says that a month is open again.")
    if not reason.strip():
        raise errors.InvalidChoice("Say who reopened the month in the ERP, and why.")
    case = Case.objects.select_related("bridge__erp").get(pk=case_id)
    month = months.noted_month(case)
    if case.bridge is None or case.status not in CASE_OPEN or not month:
        raise errors.FixNotAllowed("Nothing was changed: this month is not noted as closed.")
    erp = case.bridge.erp
    if ErpClosedPeriod.objects.filter(connection=erp, period=month).exists():
        raise errors.InvalidChoice(
            f"{erp.name} says itself that this month is closed. Have it reopened there; it is read "
            "again by itself."
        )
    for bridge in Bridge.objects.select_for_update().filter(erp=erp).order_by("pk"):
        if month in bridge.closed_periods:
            _forget(bridge, month, reason.strip(), case, actor, now)
    rmas.make_due(rma_ids=_concerned(erp, {month}), now=now)
    return month


def _forget(
    bridge: Bridge, month: str, reason: str, case: Case, actor: User, now: datetime
) -> None:
    before = list(bridge.closed_periods)
    bridge.closed_periods = [each for each in before if each != month]
    bridge.save(update_fields=["closed_periods"])
    named = date.fromisoformat(f"{month}-01")
    audit.record(
        actor=actor,
        act="bridge.month",
        subject=bridge,
        text=f"{named:%B %Y} is open again on {bridge.name}: {reason}",
        now=now,
        case_id=case.pk,
        rma_id=case.rma_id,
        before={"closed_periods": before},
        after={"closed_periods": bridge.closed_periods},
    )


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
