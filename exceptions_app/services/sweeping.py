"""Slow upkeep: retention of raw messages and of people, sessions that are over, the slow re-read
of open returns and of confirmed documents, the folding of counts."""

from __future__ import annotations

from datetime import datetime, timedelta

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db.models import Exists, OuterRef, Q, Value
from django.db.models.functions import Concat

from exceptions_app import jobs
from exceptions_app.choices import (
    BATCH_OPEN,
    CASE_OPEN,
    POSTING_UNSENT,
    ApprovalAxis,
    EventState,
    PostingStatus,
    ReturnFileStatus,
)
from exceptions_app.models import (
    ExchangeBatch,
    ExchangeFile,
    InboundEvent,
    ReturnFile,
    Rma,
    Shipment,
)
from exceptions_app.services import (
    accept_acts,
    bulk,
    counts,
    escalating,
    events,
    evidence_files,
    gaps,
    grouping,
    quotes,
    rereading,
    rmas,
    telling_sends,
    waking,
    watching,
)

RAW_KEPT_FOR = timedelta(days=90)
PEOPLE_KEPT_FOR = timedelta(days=365)
REREAD_AFTER = timedelta(hours=24)
REREAD_BATCH = 50
BATCH = 500


def sweep(*, now: datetime) -> int:
    """Do a bounded part of the upkeep; returns rows touched."""
    counts.fold()
    forgotten = forget_raw(now=now) + forget_people(now=now) + forget_sessions(now=now)
    told = watching.look(now=now) + bulk.forget(now=now) + telling_sends.forget(now=now)
    told += waking.wake_due(now=now) + grouping.settle_young(now=now)
    told += escalating.escalate_due(now=now) + rereading.read_due(now=now)
    told += gaps.look_due(now=now)
    told += accept_acts.warn_due(now=now)
    forgotten += evidence_files.forget_due(before=now - PEOPLE_KEPT_FOR, now=now)
    return forgotten + quotes.forget_lapsed(now=now) + reread_open(now=now) + told


def forget_raw(*, now: datetime) -> int:
    """Empty bodies and headers of messages older than the retention time; digests stay.

    A file of returns that nobody took in by then is discarded.
    """
    old = (
        InboundEvent.objects.filter(received_at__lt=now - RAW_KEPT_FOR)
        .exclude(body=b"")
        .values_list("pk", flat=True)[:BATCH]
    )
    ReturnFile.objects.filter(
        status=ReturnFileStatus.OPEN, uploaded_at__lt=now - RAW_KEPT_FOR
    ).update(status=ReturnFileStatus.DISCARDED, content=b"")
    _forget_files(now)
    return InboundEvent.objects.filter(pk__in=list(old)).update(body=b"", headers={})


def _forget_files(now: datetime) -> None:
    """Empty exchanged files whose business is over; what was in them is kept line by line."""
    came = ExchangeFile.objects.filter(read_at__lt=now - RAW_KEPT_FOR).exclude(content=b"")
    left = ExchangeBatch.objects.filter(made_at__lt=now - RAW_KEPT_FOR).exclude(content=b"")
    left = left.exclude(state__in=BATCH_OPEN)
    for rows in (came, left):
        rows.model.objects.filter(pk__in=list(rows.values_list("pk", flat=True)[:BATCH])).update(
            content=b""
        )


def forget_people(*, now: datetime) -> int:
    """Empty names, addresses and parcel numbers of settled returns past the retention time.

    A parcel's number leads to its addressee at the carrier. Returns how many returns.
    """
    parcels = Shipment.objects.filter(rma=OuterRef("pk")).exclude(
        tracking_number="", tracking_url=""
    )
    old = (
        Rma.objects.filter(source_updated_at__lt=now - PEOPLE_KEPT_FOR)
        .filter(~Q(customer_email="") | ~Q(customer_name="") | Exists(parcels))
        .exclude(cases__status__in=CASE_OPEN)
        .exclude(postings__status__in=[*POSTING_UNSENT, PostingStatus.UNCONFIRMED])
        .order_by("pk")[:BATCH]
    )
    rows = list(old)
    for rma in rows:
        rma.customer_email = ""
        rma.customer_name = ""
        rma.save(update_fields=["customer_email", "customer_name"])
        rma.shipments.update(tracking_number="", tracking_url="")
        rmas.refresh_search(rma)
    return len(rows)


def forget_sessions(*, now: datetime) -> int:
    """Delete sessions that ran out, and what was noted of sessions that are gone."""
    over = Session.objects.filter(expire_date__lt=now).values_list("pk", flat=True)[:BATCH]
    count, _ = Session.objects.filter(pk__in=list(over)).delete()
    alive = Session.objects.filter(session_key=OuterRef("session_key"))
    # A sign-in under way may note itself before its session is kept.
    noted = UserSession.objects.filter(~Exists(alive), created_at__lt=now - timedelta(hours=1))
    gone = list(noted.values_list("pk", flat=True)[:BATCH])
    UserSession.objects.filter(pk__in=gone).delete()
    return count + len(gone)


def reread_open(*, now: datetime) -> int:
    """Read open returns again that no feed has mentioned for a day.

    Whether an inspection or a comment moves the platform's change time is not known (ReturnGO,
    returns-platforms 5.2), so the feeds alone are not trusted. Each is asked for once a day: a
    second asking would count as the platform's repeat, and keep the others from their turn.
    """
    asked = InboundEvent.objects.filter(
        connection=OuterRef("bridge__source"),
        external_id=Concat(Value("reread:"), OuterRef("external_id"), Value(f":{now:%Y%m%d}")),
    )
    # What a file told is not asked of an API that nobody confirmed.
    told = InboundEvent.objects.filter(
        connection=OuterRef("bridge__source"),
        subject_id=OuterRef("external_id"),
        topic=events.FILE_TOPIC,
    )
    stale = Rma.objects.select_related("bridge__source").filter(
        ~Exists(asked),
        ~Exists(told),
        bridge__is_active=True,
        approval__in=[ApprovalAxis.REQUESTED, ApprovalAxis.AUTHORISED],
        planned_at__lt=now - REREAD_AFTER,
        source_updated_at__gt=now - timedelta(days=120),
    )
    count = 0
    for rma in stale.order_by("planned_at")[:REREAD_BATCH]:
        events.receive(
            connection=rma.bridge.source,
            external_id=f"reread:{rma.external_id}:{now:%Y%m%d}",
            topic="REREAD",
            origin="poll",
            body=rma.external_id.encode(),
            now=now,
            subject_id=rma.external_id,
        )
        count += 1
    if count:
        jobs.nudge("ingest")
    return count


def stuck_since(*, now: datetime) -> datetime | None:
    """When the oldest due message came that nobody has handled; None when the queue is dry."""
    return (
        InboundEvent.objects.filter(state=EventState.NEW)
        .order_by("id")
        .values_list("received_at", flat=True)
        .first()
    )
