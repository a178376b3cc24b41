"""Apply what the platform says of a return: newer wins, the same twice changes nothing."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.contrib.postgres.search import SearchVector
from django.db import connection as database
from django.db import transaction
from django.db.models import Value

from connectors.types import SourceLine, SourceRefund, SourceRma
from exceptions_app import jobs
from exceptions_app.choices import (
    LogisticsAxis,
    MappingKind,
    MappingStatus,
    RefundOrigin,
    RefundStatus,
)
from exceptions_app.models import (
    Bridge,
    ExchangeOrder,
    Mapping,
    Refund,
    Rma,
    RmaEvent,
    RmaLine,
    Shipment,
)
from exceptions_app.models.statements import Select
from exceptions_app.rules import axes, order_text
from exceptions_app.rules.mapping import normalise
from exceptions_app.services import audit

# How long after a reading that did not end the waiting the next one is made.
REREAD_EVERY = timedelta(days=1)
# Every identifier that rows of a return bear.
_WORDS = """
SELECT sku FROM exceptions_app_rmaline WHERE rma_id = %(rma)s
UNION ALL SELECT barcode FROM exceptions_app_rmaline WHERE rma_id = %(rma)s
UNION ALL SELECT external_id FROM exceptions_app_refund WHERE rma_id = %(rma)s
UNION ALL SELECT reference FROM exceptions_app_refund WHERE rma_id = %(rma)s
UNION ALL SELECT tracking_number FROM exceptions_app_shipment WHERE rma_id = %(rma)s
UNION ALL SELECT number FROM exceptions_app_exchangeorder WHERE rma_id = %(rma)s
UNION ALL SELECT number FROM exceptions_app_posting WHERE rma_id = %(rma)s
"""


_BY_NUMBER = Select(
    lambda bridge, number: Rma.objects.select_for_update().filter(bridge=bridge, external_id=number)
)
_BY_ID = Select(lambda bridge, rma: Rma.objects.select_for_update().filter(bridge=bridge, pk=rma))
_REFUND = Select(lambda bridge, number: Refund.objects.filter(bridge=bridge, external_id=number))
_STATUS = Select(
    lambda bridge, key: Mapping.objects.filter(
        bridge=bridge, kind=MappingKind.STATUS, source_key=key, status=MappingStatus.ACTIVE
    ).values_list("target", flat=True)
)


@dataclass(frozen=True, slots=True)
class Applied:
    rma_id: int
    is_changed: bool


@transaction.atomic
def apply(*, bridge: Bridge, reading: SourceRma, now: datetime) -> Applied:
    """Bring our copy up to `reading` and make it due for planning.

    An older reading than ours is history and changes nothing; the same one neither (R012, R106).
    """
    digest = hashlib.sha256(repr(reading).encode()).hexdigest()
    rma = _BY_NUMBER.first(bridge=bridge.pk, number=reading.external_id)
    if rma is not None:
        rma.bridge = bridge
    if rma is not None:
        if reading.updated_at < rma.source_updated_at or digest == rma.source_digest:
            return Applied(rma_id=rma.pk, is_changed=False)
        before = _summary(rma)
    else:
        rma, before = Rma(bridge=bridge, external_id=reading.external_id), {}
    _write(rma, reading, digest, now)
    _write_lines(rma, reading)
    _write_refunds(rma, reading)
    _write_shipments(rma, reading)
    _write_exchanges(rma, reading)
    _write_events(rma, reading)
    refresh_search(rma)
    after = _summary(rma)
    audit.record(
        actor=None,
        act="rma.apply",
        subject=rma,
        text=f"{bridge.source.name} says: {reading.status}",
        now=now,
        rma_id=rma.pk,
        before=before or None,
        after=after,
    )
    jobs.nudge("plan")
    return Applied(rma_id=rma.pk, is_changed=True)


@transaction.atomic
def apply_refund(*, bridge: Bridge, refund: SourceRefund, now: datetime) -> Applied | None:
    """Apply one row of the money feed; None when its return is not known yet.

    The row rarely names its return: the refunded unit ids do.
    """
    rma = _rma_of_refund(bridge, refund)
    if rma is None:
        return None
    is_changed = _upsert_refund(rma, refund)
    if is_changed:
        rma.money = axes.money(rma.refunds.values_list("status", flat=True))
        rma.plan_due_at = now
        rma.save(update_fields=["money", "plan_due_at"])
        audit.record(
            actor=None,
            act="rma.refund",
            subject=rma,
            text=f"Refund {refund.external_id}: {refund.status}",
            now=now,
            rma_id=rma.pk,
        )
        jobs.nudge("plan")
    return Applied(rma_id=rma.pk, is_changed=is_changed)


def take_rereads(*, bridge: Bridge, now: datetime, most: int) -> list[str]:
    """Returns the platform may have changed by itself by now, each put off by REREAD_EVERY.

    The reading that follows ends it, or it is asked for again until one does.
    """
    due = Rma.objects.filter(bridge=bridge, reread_at__lte=now).order_by("reread_at")
    found = dict(due.values_list("pk", "external_id")[:most])
    if not found:
        return []
    Rma.objects.filter(pk__in=found).update(reread_at=now + REREAD_EVERY)
    return list(found.values())


def make_due(*, rma_ids: list[int], now: datetime) -> int:
    """Ask for a new plan of these returns; returns how many there are."""
    count = Rma.objects.filter(pk__in=rma_ids).update(plan_due_at=now)
    if count:
        jobs.nudge("plan")
    return count


def refresh_search(rma: Rma) -> None:
    """Rebuild the row's search text: every identifier a person may quote for this return."""
    words = [rma.external_id, f"RMA{rma.external_id}", rma.order_name, rma.order_id]
    words += [rma.customer_email, rma.customer_name]
    with database.cursor() as cursor:
        cursor.execute(_WORDS, {"rma": rma.pk})
        words += [word for (word,) in cursor.fetchall()]
    text = " ".join(sorted({word for word in words if word}))
    Rma.objects.filter(pk=rma.pk).update(search=SearchVector(Value(text), config="simple"))


def _write(rma: Rma, reading: SourceRma, digest: str, now: datetime) -> None:
    rma.order_id = reading.order_id
    if rma.order_name != reading.order_name:
        rma.order_name = reading.order_name
        rma.sales_order = None
        rma.order_asked_at = None
        rma.order_problem = ""
    rma.status_raw = reading.status
    rma.approval = axes.approval(reading.status, _mapped_status(rma.bridge, reading.status))
    rma.logistics = axes.logistics(reading)
    rma.inspection = axes.inspection(reading)
    rma.money = axes.money(axes.refund_status(r.status) for r in axes.refunds_of(reading))
    rma.exchange = axes.exchange(reading)
    rma.currency = reading.currency
    rma.customer_name = reading.customer_name
    rma.customer_email = reading.customer_email
    fee = reading.cancellation_fee
    rma.cancellation_fee = fee.amount if fee else Decimal(0)
    rma.is_out_of_policy = reading.is_out_of_policy
    rma.drift = list(reading.drift)
    rma.units_in = sum(line.quantity for line in reading.lines)
    rma.amount_in = sum((claim_of(line) for line in reading.lines), Decimal(0))
    rma.requested_at = reading.created_at
    rma.source_updated_at = reading.updated_at
    rma.source_digest = digest
    if rma.logistics == LogisticsAxis.RECEIVED and rma.received_at is None:
        rma.received_at = _received_at(reading)
    rma.plan_due_at = now
    rma.reread_at = reading.reread_at
    rma.save()


def claim_of(line: SourceLine) -> Decimal:
    """What the customer's side claims for a line, tax included."""
    if line.unit_price is None:
        return Decimal(0)
    tax = line.unit_tax.amount if line.unit_tax and not line.is_tax_included else Decimal(0)
    return (line.unit_price.amount + tax) * line.quantity


def _received_at(reading: SourceRma) -> datetime:
    moments = [line.disposition_at for line in reading.lines if line.disposition_at]
    moments += [event.at for event in reading.events if "receiv" in event.name.casefold()]
    return min(moments, default=reading.updated_at)


def _mapped_status(bridge: Bridge, raw: str) -> str | None:
    target = _STATUS.first(bridge=bridge.pk, key=normalise(raw))
    return target["axis"] if target else None


def _write_lines(rma: Rma, reading: SourceRma) -> None:
    rma.lines.all().delete()
    RmaLine.objects.bulk_create(
        [
            RmaLine(rma=rma, line_no=number, **_line_values(line))
            for number, line in enumerate(reading.lines, start=1)
        ]
    )


def _line_values(line: SourceLine) -> dict[str, Any]:
    return {
        "unit_ids": list(line.unit_ids),
        "order_line_id": line.order_line_id,
        "sku": line.sku,
        "sku_key": normalise(line.sku),
        "barcode": line.barcode,
        "name": line.name[:300],
        "quantity": line.quantity,
        "unit_price": line.unit_price.amount if line.unit_price else None,
        "unit_tax": line.unit_tax.amount if line.unit_tax else None,
        "is_tax_included": line.is_tax_included,
        "reason": line.reason[:200],
        "resolution": line.resolution,
        "return_method": line.return_method,
        "inspection": line.inspection.value,
        "is_restockable": line.is_restockable,
        "disposition": line.disposition[:200],
        "disposition_at": line.disposition_at,
        "location": line.location,
        "fees": [{"kind": fee.kind.value, "amount": str(fee.money.amount)} for fee in line.fees],
    }


def _write_refunds(rma: Rma, reading: SourceRma) -> None:
    for refund in axes.refunds_of(reading):
        _upsert_refund(rma, refund)


def _upsert_refund(rma: Rma, refund: SourceRefund) -> bool:
    row = _REFUND.first(bridge=rma.bridge_id, number=refund.external_id)
    if row is not None and row.source_updated_at > refund.updated_at:
        return False
    status = axes.refund_status(refund.status)
    values: dict[str, Any] = {
        "rma": rma,
        "kind": refund.kind,
        "status_raw": refund.status,
        "status": status,
        "amount": refund.money.amount,
        "currency": refund.money.currency,
        "processor": refund.processor,
        "reference": refund.reference,
        "created_at": refund.created_at,
        "source_updated_at": refund.updated_at,
        "confirmed_at": refund.updated_at if status == RefundStatus.CONFIRMED else None,
        "origin": _origin(refund.origin),
        "parts": order_text.refund_parts_json(refund.parts),
        "tenders": order_text.tenders_json(refund.tenders),
    }
    if row is not None:
        # The same row as the value names, so that it is not read to be compared.
        row.rma = rma if row.rma_id == rma.pk else row.rma
        if all(getattr(row, name) == value for name, value in values.items()):
            return False
    Refund.objects.update_or_create(
        bridge=rma.bridge, external_id=refund.external_id, defaults=values
    )
    return True


def _origin(word: str) -> str:
    """One of ours; what nobody can place was made outside."""
    return word if word in RefundOrigin.values else RefundOrigin.OUTSIDE.value


def _rma_of_refund(bridge: Bridge, refund: SourceRefund) -> Rma | None:
    rows = Rma.objects.select_for_update().filter(bridge=bridge)
    if refund.rma_external_id:
        return _BY_NUMBER.first(bridge=bridge.pk, number=refund.rma_external_id)
    known = _REFUND.first(bridge=bridge.pk, number=refund.external_id)
    if known is not None and known.rma_id:
        return _BY_ID.first(bridge=bridge.pk, rma=known.rma_id)
    if not refund.unit_ids:
        return None
    line = RmaLine.objects.filter(
        rma__bridge=bridge, unit_ids__overlap=list(refund.unit_ids[:50])
    ).first()
    return rows.filter(pk=line.rma_id).first() if line else None


def _write_shipments(rma: Rma, reading: SourceRma) -> None:
    for shipment in reading.shipments:
        Shipment.objects.update_or_create(
            rma=rma,
            external_id=shipment.external_id,
            defaults={
                "status_raw": shipment.status,
                "carrier": shipment.carrier,
                "tracking_number": shipment.tracking_number,
                "tracking_url": shipment.tracking_url,
                "is_outbound": shipment.is_outbound,
            },
        )


def _write_exchanges(rma: Rma, reading: SourceRma) -> None:
    rma.exchange_orders.all().delete()
    ExchangeOrder.objects.bulk_create(
        [
            ExchangeOrder(
                rma=rma,
                draft_id=exchange.draft_order_id,
                order_id=exchange.order_id,
                number=exchange.order_name,
                kind=exchange.kind,
            )
            for exchange in reading.exchanges
        ]
    )


def _write_events(rma: Rma, reading: SourceRma) -> None:
    RmaEvent.objects.bulk_create(
        [
            RmaEvent(rma=rma, name=event.name, at=event.at, via=event.via, detail=event.location)
            for event in reading.events
        ],
        ignore_conflicts=True,
    )


def _summary(rma: Rma) -> dict[str, Any]:
    return {
        "status": rma.status_raw,
        "approval": rma.approval,
        "logistics": rma.logistics,
        "inspection": rma.inspection,
        "money": rma.money,
        "units": rma.units_in,
        # As the database keeps it, so that reading a row back is no change.
        "amount": f"{rma.amount_in:.4f}",
    }
