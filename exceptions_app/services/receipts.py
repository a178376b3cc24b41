"""Goods an ERP's own staff checked in: read in sets for what is open, kept once (R019, R021)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, cast

from django.db import transaction

from connectors import types
from connectors.errors import ConnectorError
from connectors.ports import ReceiptReader
from exceptions_app.choices import PostingKind, PostingStatus
from exceptions_app.models import Bridge, Connection, ErpReceipt, Posting
from exceptions_app.models.statements import Select
from exceptions_app.selectors import facts as facts_selector
from exceptions_app.services import connections, feeds, rmas

FEED = "receipts"
TRIGGER = "erp_receipt"
EVERY = timedelta(minutes=10)
# Goods announced so long ago are not asked for any more.
EXPECTED_FOR = timedelta(days=120)
# Once all announced units are in, a late count may still change what came.
RECOUNTED_FOR = timedelta(days=2)


_BRIDGES = Select(
    lambda: Bridge.objects.select_related("erp").filter(is_active=True, erp__is_active=True)
)


def read_due(*, now: datetime) -> int:
    """Read what the ERPs received, where that decides anything and is due; returns ERPs read."""
    bridges: dict[int, list[Bridge]] = defaultdict(list)
    for bridge in _BRIDGES.rows():
        if facts_selector.policy_of(bridge).stock_trigger == TRIGGER:
            bridges[bridge.erp_id].append(bridge)
    return sum(_read_erp(owners, now) for owners in bridges.values())


def _read_erp(bridges: Sequence[Bridge], now: datetime) -> bool:
    erp = bridges[0].erp
    if not feeds.is_due(connection=erp, feed=FEED, now=now):
        return False
    try:
        gateway = connections.gateway(connection=erp, reason="receipts")
    except ConnectorError:
        # It cannot be opened: what has to be sent or planned tells of it.
        return False
    if not gateway.capabilities.can_read_receipts:
        return False
    reader, most = cast(ReceiptReader, gateway), gateway.capabilities.max_documents_per_read
    every = timedelta(seconds=int(erp.settings.get("receipts_seconds", EVERY.seconds)))
    return feeds.read(
        connection=erp,
        feed=FEED,
        every=every,
        act=lambda mark: _read_sets(reader, erp, bridges, most, now),
        now=now,
    )


def _read_sets(
    reader: ReceiptReader, erp: Connection, bridges: Sequence[Bridge], most: int, now: datetime
) -> None:
    rma_of = dict(_open_authorisations(erp, bridges, now))
    wanted, size = sorted(rma_of), max(most, 1)
    for first in range(0, len(wanted), size):
        ids = wanted[first : first + size]
        keep(connection=erp, receipts=reader.receipts(ids), rma_of=rma_of, now=now)


def _open_authorisations(
    erp: Connection, bridges: Iterable[Bridge], now: datetime
) -> Iterator[tuple[str, int]]:
    """(The ERP's id of an authorisation, its return) while goods may still come in for it."""
    rows = list(
        Posting.objects.filter(
            connection=erp,
            bridge__in=list(bridges),
            kind=PostingKind.RETURN_AUTHORISATION,
            status=PostingStatus.CONFIRMED,
            confirmed_at__gte=now - EXPECTED_FOR,
        )
        .exclude(external_id="")
        .values_list("external_id", "rma_id", "units")
    )
    got: dict[str, int] = defaultdict(int)
    last: dict[str, datetime] = {}
    known = ErpReceipt.objects.filter(
        connection=erp, received_at__gte=now - EXPECTED_FOR, rma__isnull=False
    )
    for authorisation_id, at, lines in known.order_by("received_at").values_list(
        "authorisation_id", "received_at", "lines"
    ):
        got[authorisation_id] += sum(line["quantity"] for line in lines)
        last[authorisation_id] = at
    for external_id, rma_id, units in rows:
        is_all_in = got[external_id] >= units > 0
        if not is_all_in or now - last[external_id] < RECOUNTED_FOR:
            yield external_id, rma_id


@transaction.atomic
def keep(
    *,
    connection: Connection,
    receipts: Iterable[types.ErpReceipt],
    rma_of: dict[str, int],
    now: datetime,
) -> int:
    """Keep receipts as read; returns that learn something new are planned. How many were new.

    Reading the same receipt again changes nothing. One whose authorisation belongs to no return
    we know is kept without a return.
    """
    rows = {row.external_id: row for row in receipts}
    known = {
        row.external_id: row
        for row in ErpReceipt.objects.select_for_update().filter(
            connection=connection, external_id__in=list(rows)
        )
    }
    changed: set[int] = set()
    count = 0
    for external_id, receipt in rows.items():
        told = _told(receipt, rma_of.get(receipt.authorisation_id))
        row = known.get(external_id)
        if row is not None and all(getattr(row, name) == value for name, value in told.items()):
            continue
        ErpReceipt.objects.update_or_create(
            connection=connection, external_id=external_id, defaults={**told, "read_at": now}
        )
        count += 1
        if told["rma_id"] is not None:
            changed.add(told["rma_id"])
    rmas.make_due(rma_ids=sorted(changed), now=now)
    return count


def _told(receipt: types.ErpReceipt, rma_id: int | None) -> dict[str, Any]:
    return {
        "number": receipt.number,
        "authorisation_id": receipt.authorisation_id,
        "warehouse": receipt.warehouse,
        "key": receipt.key,
        "received_at": receipt.received_at,
        "rma_id": rma_id,
        "lines": [
            {
                "sku": line.sku,
                "quantity": line.quantity,
                "place": line.place,
                "line_id": line.line_id,
            }
            for line in receipt.lines
        ],
    }
