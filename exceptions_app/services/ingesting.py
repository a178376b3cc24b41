"""Act once on what the inbox keeps: claim, read the return from its own system, apply.

The message itself is only a hint: polling is the truth. Messages of one return share one reading,
and where the platform tells several returns in one call, those that wait are read together.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, cast

from django.db import transaction
from django.db.models import F, Q, QuerySet

from connectors.errors import (
    ConnectorError,
    Misconfigured,
    NotFound,
    ReadInPart,
    RetryLater,
    UnreadableReply,
)
from connectors.ports import BatchSource, Source
from connectors.types import SourceRma
from exceptions_app import errors
from exceptions_app.choices import EventState
from exceptions_app.models import Bridge, Connection, InboundEvent
from exceptions_app.models.statements import Select, Update, is_one_of
from exceptions_app.rules import refund_text, retry, return_rows, unreadable
from exceptions_app.services import (
    connections,
    events,
    health,
    leases,
    moments,
    privacy,
    reference,
    rmas,
)

LEASE = leases.lease(seconds=180)
# A reply that is garbled as a whole was mostly cut off on its way; one bad field stays bad.
GARBLED_TRIES = 3
GARBLED_PAUSE = timedelta(seconds=30)
# A refund may come a little before its return; only past this is it out of order.
ORDER_GRACE = timedelta(minutes=15)
# A refund without a return for so long belongs to none.
OFF_PLATFORM_AFTER = timedelta(hours=24)
# Messages handled together at most, however many name the same returns.
MOST_TOGETHER = 50

Answer = SourceRma | ConnectorError


@transaction.atomic
def claim_due(*, now: datetime) -> InboundEvent | None:
    """Take the oldest due event for LEASE; None when nothing is due."""
    taken = _take(_FIRST_DUE.rows(now=now), now)
    return taken[0] if taken else None


@transaction.atomic
def claim_company(*, first: InboundEvent, now: datetime) -> list[InboundEvent]:
    """Take due events that the reading for a claimed one answers as well, the oldest first.

    Those of the same return, and of as many others as the platform tells in one call. One that
    failed before is read alone: it must not hold others up.
    """
    if not _points_at_return(first) or first.attempts > 1:
        return []
    most = _most_at_once(first.connection)
    if most == 1:
        return _take(
            _SAME_RETURN.rows(now=now, connection=first.connection_id, subject=first.subject_id),
            now,
        )
    rows = _untried(now, first.connection_id)
    subjects, company = {first.subject_id}, []
    for row in rows[: MOST_TOGETHER - 1]:
        if row.subject_id in subjects or len(subjects) < most:
            subjects.add(row.subject_id)
            company.append(row)
    return _take(company, now)


def _untried(now: Any, connection: Any) -> QuerySet[InboundEvent]:
    rows = _due(now).filter(connection=connection, attempts=0).exclude(subject_id="")
    return rows.exclude(topic__in=events.WHOLE_TOPICS)


def _due(now: Any) -> QuerySet[InboundEvent]:
    return (
        InboundEvent.objects.select_for_update(skip_locked=True, of=("self",))
        .select_related("connection")
        .filter(state=EventState.NEW)
        .filter(Q(not_before__isnull=True) | Q(not_before__lte=now))
        .filter(Q(lease_until__isnull=True) | Q(lease_until__lt=now))
        .order_by("id")
    )


_FIRST_DUE = Select(lambda now: _due(now)[:1])
_SAME_RETURN = Select(
    lambda now, connection, subject: _untried(now, connection).filter(subject_id=subject)[
        : MOST_TOGETHER - 1
    ]
)
_LEASE = Update(
    lambda ids, until: (
        InboundEvent.objects.filter(is_one_of("pk", ids)),
        {"lease_until": until, "attempts": F("attempts") + 1},
    )
)


def _take(rows: Iterable[InboundEvent], now: datetime) -> list[InboundEvent]:
    taken = list(rows)
    for event in taken:
        event.lease_until = now + LEASE
        event.attempts += 1
    if taken:
        _LEASE.run(ids=[event.pk for event in taken], until=now + LEASE)
    return taken


def _points_at_return(event: InboundEvent) -> bool:
    return bool(event.subject_id) and event.topic not in events.WHOLE_TOPICS


def _most_at_once(connection: Connection) -> int:
    try:
        source = connections.source(connection=connection, reason="poll")
    except ConnectorError:
        # The connection cannot be opened: handling the first one tells why.
        return 1
    return source.capabilities.max_rmas_per_read


def process(*, claimed: Sequence[InboundEvent], now: datetime) -> None:
    """Fetch what claimed events of one connection point at, and apply it to each of them.

    Connector errors never leave here.
    """
    connection = claimed[0].connection
    bridge = events.bridge_of(connection)
    pointing = [event for event in claimed if not _is_done(event, bridge, now)]
    if bridge is None or not pointing:
        return
    if not health.may_call(connection_id=connection.pk, now=now):
        for event in pointing:
            events.put_off(event, now + health.PROBE_EVERY)
        return
    answers = _read(connection, pointing)
    _note_health(connection, answers.values(), now)
    for event in pointing:
        _settle(event, bridge, answers[event.subject_id], now)


def _is_done(event: InboundEvent, bridge: Bridge | None, now: datetime) -> bool:
    """Handle an event that needs no reading; False for one that names a return to read."""
    if event.topic == events.PRIVACY_TOPIC:
        privacy.honour(event=event, now=now)
    elif bridge is None:
        events.finish(event, EventState.QUIET, now)
    elif event.topic == events.REFUND_TOPIC:
        _process_refund(event, bridge, now)
    elif event.topic == events.FILE_TOPIC:
        _process_file(event, bridge, now)
    elif not event.subject_id:
        events.poll_soon(event.connection, now)
        events.finish(event, EventState.QUIET, now)
    else:
        return False
    return True


def _read(connection: Connection, pointing: Sequence[InboundEvent]) -> dict[str, Answer]:
    """What the platform says of each return named, or why it says nothing."""
    subjects = list(dict.fromkeys(event.subject_id for event in pointing))
    is_new = any(event.attempts <= 1 for event in pointing)
    try:
        source = connections.source(connection=connection, reason="poll" if is_new else "retry")
        if len(subjects) == 1:
            return {subjects[0]: source.rma(subjects[0])}
        readings = cast(BatchSource, source).rmas(subjects)
    except ReadInPart as part:
        # What was read is stored now; only the rest is asked for again.
        return dict.fromkeys(subjects, part.why) | _by_id(part.found)
    except UnreadableReply as error:
        if len(subjects) == 1:
            return {subjects[0]: error}
        # One that nobody can read must not hold the others up.
        return {subject: _read_one(source, subject) for subject in subjects}
    except ConnectorError as error:
        return dict.fromkeys(subjects, error)
    found = _by_id(readings)
    return {subject: found.get(subject, NotFound(f"No return {subject}")) for subject in subjects}


def _by_id(readings: Sequence[SourceRma]) -> dict[str, Answer]:
    return {reading.external_id: reading for reading in readings}


def _read_one(source: Source, subject: str) -> Answer:
    try:
        return source.rma(subject)
    except ConnectorError as error:
        return error


def _note_health(connection: Connection, answers: Iterable[Answer], now: datetime) -> None:
    """The connection hears once of what was read together."""
    found = list(answers)
    failed = next((each for each in found if isinstance(each, RetryLater | Misconfigured)), None)
    if failed is not None:
        health.note_failure(connection_id=connection.pk, error=failed, now=now)
    elif not all(isinstance(each, UnreadableReply) for each in found):
        health.note_success(connection_id=connection.pk, now=now)


def _settle(event: InboundEvent, bridge: Bridge, answer: Answer, now: datetime) -> None:
    if isinstance(answer, RetryLater):
        delay = timedelta(seconds=_delay(event, answer))
        events.put_off(event, now + delay, is_untried=answer.is_throttled)
    elif isinstance(answer, Misconfigured):
        events.put_off(event, now + health.REFUSED_PROBE_EVERY)
    elif isinstance(answer, NotFound):
        facts = {"needs": f"return {event.subject_id}"}
        events.park(event, bridge, "OUT_OF_ORDER", facts, now)
    elif isinstance(answer, UnreadableReply):
        _settle_unreadable(event, bridge, answer, now)
    elif isinstance(answer, ConnectorError):
        raise answer
    else:
        _apply(event, bridge, answer, now)


def _settle_unreadable(
    event: InboundEvent, bridge: Bridge, error: UnreadableReply, now: datetime
) -> None:
    if not error.field and event.attempts < GARBLED_TRIES:
        events.put_off(event, now + event.attempts * GARBLED_PAUSE)
        return
    if error.conflict is not None and error.conflict.order:
        _know_order(bridge, error.conflict.order, now)
    events.park(event, bridge, "PAYLOAD_INVALID", unreadable.facts_of(error), now)


def _know_order(bridge: Bridge, number: str, now: datetime) -> None:
    """Have a copy of the order, so that the exception can tell what it sold.

    Where the ERP cannot be asked the message is parked all the same.
    """
    with contextlib.suppress(ConnectorError, errors.DeskError):
        reference.order_numbered(bridge=bridge, number=number, now=now)


def _process_refund(event: InboundEvent, bridge: Bridge, now: datetime) -> None:
    """Apply a kept refund; while its return is missing it waits, and is a case only past a
    limit."""
    refund = refund_text.from_bytes(bytes(event.body))
    applied = rmas.apply_refund(bridge=bridge, refund=refund, now=now)
    if applied is not None:
        events.finish(event, EventState.PROCESSED, now)
        return
    if now - event.received_at < ORDER_GRACE:
        events.put_off(event, now + timedelta(minutes=1))
        return
    facts = {"needs": f"the return that refund {refund.external_id} belongs to"}
    if now - event.received_at < OFF_PLATFORM_AFTER:
        events.park(event, bridge, "OUT_OF_ORDER", facts, now)
        return
    # It still waits for its return; but a refund that stays alone was made outside (R098).
    told = {
        "number": refund.external_id,
        "refund": f"{refund.money.amount:.2f}",
        "currency": refund.money.currency,
        "since": moments.written(event.received_at),
    }
    events.park(event, bridge, "OFF_PLATFORM_REFUND", {**facts, **told}, now)


def _process_file(event: InboundEvent, bridge: Bridge, now: datetime) -> None:
    """Apply a return told by a file: no call, the message carries it whole."""
    try:
        reading = return_rows.from_body(bytes(event.body), received_at=event.received_at)
    except (ValueError, KeyError, TypeError):
        facts = {"field": "rows", "got": "no rows of a file", "expected": "a return"}
        events.park(event, bridge, "PAYLOAD_INVALID", facts, now)
        return
    _apply(event, bridge, reading, now)


def _apply(event: InboundEvent, bridge: Bridge, reading: SourceRma, now: datetime) -> None:
    outcome = rmas.apply(bridge=bridge, reading=reading, now=now)
    state = EventState.PROCESSED if outcome.is_changed else EventState.QUIET
    events.finish(event, state, now)


def _delay(event: InboundEvent, error: RetryLater) -> int:
    seconds = retry.next_delay_seconds(
        attempts=event.attempts, fraction=_fraction(event), after_seconds=error.after_seconds
    )
    return int(seconds) + error.more_seconds


def _fraction(event: InboundEvent) -> float:
    """A fixed pseudo-random share per event and try, so that a replayed history is the same."""
    digest = hashlib.sha256(f"{event.pk}:{event.attempts}".encode()).digest()
    return int.from_bytes(digest[:4], "big") / 2**32
