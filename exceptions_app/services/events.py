"""The inbox: keep what came, then act on it once (reliability B.6)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db import connection as database
from django.db import transaction
from django.db.models import Q

from connectors.types import PrivacyRequest, SourceRefund, UnreadableRow
from exceptions_app import errors, jobs
from exceptions_app.catalogue import entry as catalogue_entry
from exceptions_app.choices import EventState
from exceptions_app.models import AuditEntry, Bridge, Case, Connection, InboundEvent, Watermark
from exceptions_app.models.statements import Select, Update
from exceptions_app.rules import privacy_text, refund_text
from exceptions_app.rules.proving import TOLD_NOW
from exceptions_app.services import audit, cases, event_findings, giving_up, subjects
from exceptions_app.services.faultpoints import reach

MAX_BODY_BYTES = 1024 * 1024
# A repeat this long after its first was handled may be real news: it is fetched again.
REPEAT_IS_NEWS_AFTER = timedelta(seconds=60)
REFUND_TOPIC, FILE_TOPIC = "REFUND", "FILE"
# Messages that carry what they tell; all others only name the return to read.
WHOLE_TOPICS = (REFUND_TOPIC, FILE_TOPIC)
# A person's wish, or that of a shop that left; the body is the wish in our own words.
PRIVACY_TOPIC = "PRIVACY"
# Under this name a kept message tells which act of the sender's it belongs to.
CAUSE_HEADER = "Cause"
WAITING_TYPES = giving_up.TRIED_AGAIN
REPLAY, REPLAY_END = "event.replay", "event.replayed"
# What became of it, in the trail.
REPLAYED: dict[str, str] = {
    EventState.PROCESSED: "Handled again: what it says was applied",
    EventState.QUIET: "Handled again: there was nothing to do",
    EventState.PARKED: "Handled again: parked as before",
    EventState.GIVEN_UP: "Handled again: it cannot be read, as before, and stays given up",
}

_BRIDGE_OF = Select(
    lambda source: (
        Bridge.objects.select_related("source", "erp")
        .filter(source=source, is_active=True)
        .order_by("pk")[:1]
    )
)
_WAKE = Update(
    lambda connection, now: (
        InboundEvent.objects.filter(
            connection=connection,
            state=EventState.PARKED,
            error_type__in=WAITING_TYPES,
            not_before__lte=now,
        ),
        {"state": EventState.NEW, "lease_until": None},
    )
)
_RECEIVE = """
INSERT INTO exceptions_app_inboundevent
    (connection_id, external_id, topic, origin, headers, body, digest, subject_id, state,
     error_type, error_facts, attempts, copies, differing_copies, received_at)
VALUES (%s, %s, %s, %s, %s::jsonb, %s, %s, %s, 'new', '', '{}'::jsonb, 0, 0, 0, %s)
ON CONFLICT (connection_id, external_id) DO NOTHING
RETURNING id
"""


def receive(
    *,
    connection: Connection,
    external_id: str,
    topic: str,
    origin: str,
    body: bytes,
    now: datetime,
    subject_id: str = "",
    headers: Mapping[str, str] | None = None,
) -> tuple[int, bool]:
    """Keep one message and wake the ingest queue; returns (event id, whether it is new).

    A repeat leaves one row: it is counted, and kept apart when its content differs.

    Raises:
        BodyTooLarge: more than MAX_BODY_BYTES; nothing is kept.
    """
    if len(body) > MAX_BODY_BYTES:
        raise errors.BodyTooLarge(f"A message may have at most {MAX_BODY_BYTES} bytes.")
    digest = hashlib.sha256(body).hexdigest()
    values = [
        connection.pk,
        external_id[:120],
        topic[:80],
        origin,
        _json(headers or {}),
        body,
        digest,
        subject_id[:80],
        now,
    ]
    reach("before_keep", external_id)
    with transaction.atomic():
        event_id = _insert(values)
        is_new = event_id is not None
        if event_id is None:
            event_id = _note_copy(connection, external_id[:120], digest, now)
        else:
            jobs.nudge("ingest")
    reach("after_keep", external_id)
    return event_id, is_new


def known_as(
    *, connection: Connection, topic: str, subject_id: str, cause_id: str, body: bytes
) -> str:
    """The id of a kept message that tells the same of the same act; "" when there is none.

    Senders that repeat a message under a new delivery id, or through two subscriptions, name the
    act in each; one act has messages on several subjects, so all of it must be alike.
    """
    if not cause_id or not subject_id:
        return ""
    alike = InboundEvent.objects.filter(
        connection=connection,
        subject_id=subject_id[:80],
        topic=topic[:80],
        digest=hashlib.sha256(body).hexdigest(),
    )
    found = alike.filter(**{f"headers__{CAUSE_HEADER}": cause_id}).values_list(
        "external_id", flat=True
    )
    return found.order_by("id").first() or ""


def receive_privacy(
    *, connection: Connection, external_id: str, request: PrivacyRequest, now: datetime
) -> None:
    """Keep a wish of privacy, and of its message nothing else."""
    receive(
        connection=connection,
        external_id=external_id,
        topic=PRIVACY_TOPIC,
        origin="webhook",
        body=privacy_text.to_bytes(request),
        now=now,
    )


def _insert(values: list[Any]) -> int | None:
    """Keep one message; its id, or None when it is a repeat."""
    with database.cursor() as cursor:
        cursor.execute(_RECEIVE, values)
        row = cursor.fetchone()
    return None if row is None else int(row[0])


def _note_copy(connection: Connection, external_id: str, digest: str, now: datetime) -> int:
    event = (
        InboundEvent.objects.select_for_update()
        .select_related("connection")
        .get(connection=connection, external_id=external_id)
    )
    event.copies += 1
    event.last_copy_at = now
    if event.digest != digest:
        event.differing_copies += 1
    handled_at = event.processed_at
    is_news = handled_at is not None and now - handled_at > REPEAT_IS_NEWS_AFTER
    if is_news and event.state in (EventState.PROCESSED, EventState.QUIET):
        event.state = EventState.NEW
        jobs.nudge("ingest")
    event.save(update_fields=["copies", "last_copy_at", "differing_copies", "state"])
    subject = subjects.of_copies(event, bridge=bridge_of(connection))
    cases.sync(subject=subject, findings=event_findings.of_repeats(event), now=now)
    if not event.differing_copies:
        # The same content: what was suppressed stays visible as a case closed by its proof (R106).
        cases.sync(
            subject=subject,
            findings=(),
            now=now,
            proof=f"Same content as the message received at {event.received_at:%H:%M:%S}; "
            "it was applied once.",
        )
    return event.pk


@transaction.atomic
def replay(*, event_id: int, actor: User, now: datetime) -> InboundEvent:
    """Set a kept event back to new; its effect is computed afresh, so nothing happens twice."""
    event = InboundEvent.objects.select_for_update().select_related("connection").get(pk=event_id)
    if event.state == EventState.NEW:
        raise errors.InvalidChoice("This message is already waiting to be handled.")
    event.state = EventState.NEW
    event.not_before = None
    event.lease_until = None
    event.attempts = 0
    event.save(update_fields=["state", "not_before", "lease_until", "attempts"])
    audit.record(
        actor=actor, act=REPLAY, subject=event, text=f"Asked to handle it again: {event}", now=now
    )
    jobs.nudge("ingest")
    return event


def wake_parked(*, connection: Connection, now: datetime) -> int:
    """Give parked events whose predecessor may have come another try; returns how many."""
    return _WAKE.run(connection=connection.pk, now=now)


def receive_file(
    *, connection: Connection, messages: Iterable[tuple[str, str, bytes]], now: datetime
) -> None:
    """Keep returns told by a file: (external id, return's id, body) each; known ids are left.

    Wakes the ingest queue.
    """
    InboundEvent.objects.bulk_create(
        [
            InboundEvent(
                connection=connection,
                external_id=external_id,
                topic=FILE_TOPIC,
                origin="file",
                body=body,
                digest=hashlib.sha256(body).hexdigest(),
                subject_id=subject_id,
                received_at=now,
            )
            for external_id, subject_id, body in messages
        ],
        ignore_conflicts=True,
    )
    jobs.nudge("ingest")


def receive_refund(*, connection: Connection, refund: SourceRefund, now: datetime) -> None:
    """Keep a refund whose return is not known yet; it is applied when the return has come
    (R022). What a later poll says of it takes the place of what was kept: that is no repeat."""
    body = refund_text.to_bytes(refund)
    digest = hashlib.sha256(body).hexdigest()
    kept = InboundEvent.objects.filter(
        connection=connection, external_id=f"refund:{refund.external_id}", state=EventState.PARKED
    )
    kept.exclude(digest=digest).update(body=body, digest=digest)
    receive(
        connection=connection,
        external_id=f"refund:{refund.external_id}",
        topic=REFUND_TOPIC,
        origin="poll",
        body=body,
        now=now,
    )


def park_unreadable_refund(*, connection: Connection, row: UnreadableRow, now: datetime) -> None:
    """Keep a row of the money feed that nobody can read; the rest of the feed goes on (R108)."""
    event_id, is_new = receive(
        connection=connection,
        external_id=f"unreadable:{row.external_id}",
        topic=REFUND_TOPIC,
        origin="poll",
        body=row.text.encode(),
        now=now,
    )
    if is_new:
        event = InboundEvent.objects.select_related("connection").get(pk=event_id)
        facts = {"field": row.field or "not known", "got": row.text, "expected": "a refund"}
        park(event, bridge_of(connection), "PAYLOAD_INVALID", facts, now)


def bridge_of(connection: Connection) -> Bridge | None:
    return _BRIDGE_OF.first(source=connection.pk)


def put_off(event: InboundEvent, moment: datetime, *, is_untried: bool = False) -> InboundEvent:
    """Give a claimed event back until `moment`; `is_untried` when only a quota was in its way.

    One that was not tried may still be answered together with others.
    """
    event.not_before = moment
    event.lease_until = None
    if is_untried:
        event.attempts -= 1
    event.save(update_fields=["not_before", "lease_until", "attempts"])
    return event


@transaction.atomic
def finish(event: InboundEvent, state: str, now: datetime) -> InboundEvent:
    was_handled = _was_handled(event)
    event.state = state
    event.processed_at = now
    event.lease_until = None
    event.error_type = ""
    event.error_facts = {}
    event.save(update_fields=["state", "processed_at", "lease_until", "error_type", "error_facts"])
    bridge = bridge_of(event.connection)

    def settled(case: Case) -> str:
        giving_up.settle_others(event=event, now=now)
        return event_findings.read_at_last(case, event)

    # What closes here was about the same return: with it goes what else is parked of it.
    subject = subjects.of_event(event, bridge=bridge)
    cases.sync(subject=subject, findings=(), now=now, prove=settled)
    if was_handled:
        _tell_replay(event, now)
    return event


@transaction.atomic
def park(
    event: InboundEvent,
    bridge: Bridge | None,
    error_type: str,
    facts: dict[str, str],
    now: datetime,
) -> InboundEvent:
    was_handled = _was_handled(event)
    event.error_type = error_type
    event.error_facts = facts
    event.lease_until = None
    event.not_before = now + timedelta(minutes=5)
    event.state = EventState.PARKED
    event.save(update_fields=["error_type", "error_facts", "lease_until", "not_before", "state"])
    current = cases.sync(
        subject=subjects.of_event(event, bridge=bridge),
        findings=event_findings.of_error(event, currency=bridge.currency if bridge else ""),
        now=now,
        # What closes here is the milder type of the same message.
        proof=f"{TOLD_NOW}{catalogue_entry(error_type).short}",
    )
    giving_up.after_parking(event=event, cases=current, now=now)
    if was_handled:
        _tell_replay(event, now)
    return event


def _was_handled(event: InboundEvent) -> bool:
    """Before this try: only then may somebody have had it handled again."""
    return event.processed_at is not None or bool(event.error_type)


def _tell_replay(event: InboundEvent, now: datetime) -> None:
    """Write what became of a replay, once; other tries leave no trace."""
    rows = AuditEntry.objects.filter(
        subject_kind=InboundEvent._meta.model_name, subject_id=event.pk
    )
    last = rows.order_by("-id").first()
    if last is not None and last.act == REPLAY:
        text = REPLAYED[event.state]
        audit.record(actor=None, act=REPLAY_END, subject=event, text=text, now=now)


def poll_soon(connection: Connection, now: datetime) -> None:
    Watermark.objects.filter(connection=connection).filter(
        Q(next_at__gt=now) | Q(next_at__isnull=True)
    ).update(next_at=now)
    jobs.nudge("poll")


def _json(headers: Mapping[str, str]) -> str:
    return json.dumps(dict(headers))
