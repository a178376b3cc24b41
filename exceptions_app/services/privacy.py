"""Honour what a platform passes on from a person, or from a shop that left: tell, or forget.

Only what came through the connection is touched. Numbers, amounts and documents stay, for the books
must; who it was is gone: name, address, parcel numbers and the messages as they came.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from connectors.types import PrivacyKind, PrivacyRequest
from exceptions_app.choices import BATCH_OPEN, EventState, FileState
from exceptions_app.models import (
    Bridge,
    EvidenceFile,
    ExchangeBatch,
    ExchangeFile,
    InboundEvent,
    Rma,
    SalesOrder,
    Shipment,
)
from exceptions_app.models.orders import quoted
from exceptions_app.rules import privacy_text
from exceptions_app.services import audit, events, evidence_files, rmas

# Returns forgotten in one transaction; a shop that left has them all to forget.
BATCH = 500
# How many returns an entry of the trail names.
_NAMED = 20


@transaction.atomic
def honour(*, event: InboundEvent, now: datetime) -> InboundEvent:
    """Act on a claimed message of privacy; returns it as it stands.

    The message's own body goes with it. What is more than one transaction should do comes again at
    once, and honouring the same wish twice changes nothing.
    """
    request = privacy_text.from_bytes(bytes(event.body))
    if request is None:
        return events.finish(event, EventState.QUIET, now)
    found = _returns_of(event, request)
    rows = list(found.order_by("pk")[:BATCH])
    if request.kind == PrivacyKind.DISCLOSE:
        _tell(event, request, found.count(), rows, now)
    else:
        _forget(event, request, rows, now)
        if len(rows) == BATCH:
            return events.put_off(event, now)
    event.body = b""
    event.headers = {}
    event.save(update_fields=["body", "headers"])
    return events.finish(event, EventState.PROCESSED, now)


def _returns_of(event: InboundEvent, request: PrivacyRequest) -> QuerySet[Rma]:
    rows = Rma.objects.filter(bridge__source=event.connection)
    if request.kind != PrivacyKind.DISCLOSE:
        rows = rows.filter(_knows_someone())
    if request.kind == PrivacyKind.FORGET_SHOP:
        return rows
    named = Q(order_id__in=request.order_ids)
    if request.email:
        rows = rows.annotate(email_key=quoted("customer_email"))
        named |= Q(email_key=request.email.upper())
    return rows.filter(named)


def _knows_someone() -> Q:
    parcels = Shipment.objects.filter(rma=OuterRef("pk")).exclude(
        tracking_number="", tracking_url=""
    )
    orders = SalesOrder.objects.filter(pk=OuterRef("sales_order")).exclude(customer_name="")
    return ~Q(customer_email="") | ~Q(customer_name="") | Q(Exists(parcels)) | Q(Exists(orders))


def _tell(
    event: InboundEvent, request: PrivacyRequest, count: int, rows: list[Rma], now: datetime
) -> None:
    """Leave word for whoever answers the customer: the shop's owner does, within 30 days."""
    which = f": {_named(rows)}" if rows else ""
    text = f"A customer asks what is kept of them (request {request.request_id or 'not known'})"
    audit.record(
        actor=None,
        act="privacy.disclose",
        subject=event.connection,
        text=f"{text}. Kept: {count} return{'' if count == 1 else 's'}{which}",
        now=now,
        after={"request": request.request_id, "returns": count},
    )


def _forget(event: InboundEvent, request: PrivacyRequest, rows: list[Rma], now: datetime) -> None:
    for rma in rows:
        rma.customer_email = ""
        rma.customer_name = ""
        rma.save(update_fields=["customer_email", "customer_name"])
        rma.shipments.update(tracking_number="", tracking_url="")
        rmas.refresh_search(rma)
    SalesOrder.objects.filter(rmas__in=rows).update(customer_name="")
    while evidence_files.forget(rows=EvidenceFile.objects.filter(case__rma__in=rows), now=now):
        pass
    emptied = _forget_messages(event, request, rows)
    who = "everybody" if request.kind == PrivacyKind.FORGET_SHOP else "a customer"
    text = f"Forgot {who} as {event.connection.name} asked: {len(rows)} returns"
    audit.record(
        actor=None,
        act=f"privacy.{request.kind.value}",
        subject=event.connection,
        text=f"{text}: {_named(rows)}" if rows else text,
        now=now,
        after={"returns": len(rows), "messages": emptied},
    )


def _forget_messages(event: InboundEvent, request: PrivacyRequest, rows: list[Rma]) -> int:
    """Empty the kept messages of these returns, and those that name the address but no return."""
    kept = InboundEvent.objects.filter(connection=event.connection).exclude(pk=event.pk)
    kept = kept.exclude(state=EventState.NEW).exclude(body=b"")
    if request.kind == PrivacyKind.FORGET_SHOP:
        return kept.update(body=b"", headers={})
    count = kept.filter(subject_id__in=[rma.external_id for rma in rows]).update(
        body=b"", headers={}
    )
    if request.email:
        naming = kept.filter(subject_id="", origin="webhook").extra(
            where=["position(%s::bytea in body) > 0"], params=[request.email.encode()]
        )
        count += naming.update(body=b"", headers={})
        count += _forget_files(event, request.email)
    return count


def _forget_files(event: InboundEvent, email: str) -> int:
    """Empty the files of partners behind the same bridges that name the address.

    One that was not read yet, or whose documents are not all answered, is needed until it is.
    """
    partners = Bridge.objects.filter(source=event.connection).values("erp")
    came = ExchangeFile.objects.filter(connection__in=partners).exclude(state=FileState.WAITING)
    left = ExchangeBatch.objects.filter(connection__in=partners).exclude(state__in=BATCH_OPEN)
    return sum(
        rows.extra(where=["position(%s::bytea in content) > 0"], params=[email.encode()]).update(
            content=b""
        )
        for rows in (came, left)
    )


def _named(rows: list[Rma]) -> str:
    more = f" and {len(rows) - _NAMED} more" if len(rows) > _NAMED else ""
    return ", ".join(rma.external_id for rma in rows[:_NAMED]) + more
