"""What a set of findings is complete for: a return, a connection, a message."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.db.models import Q

from exceptions_app.models import Bridge, Connection, InboundEvent, Rma
from exceptions_app.models.statements import Select
from exceptions_app.selectors.calendars import Calendars

_ANY_BRIDGE = Select(
    lambda connection: Bridge.objects.filter(Q(source=connection) | Q(erp=connection)).order_by(
        "pk"
    )[:1]
)


@dataclass(frozen=True, slots=True)
class Subject:
    """What a set of findings is complete for; cases of the same subject not in the set close."""

    key: str
    bridge: Bridge | None = None
    rma: Rma | None = None
    connection: Connection | None = None
    event: InboundEvent | None = None
    currency: str = ""
    names: tuple[tuple[str, str], ...] = ()
    # Read when the first clock starts.
    calendars: Calendars = field(default_factory=Calendars, compare=False)


def of_rma(rma: Rma) -> Subject:
    """One return: the plan is complete for it."""
    bridge = rma.bridge
    return Subject(
        key=f"rma:{rma.pk}",
        bridge=bridge,
        rma=rma,
        currency=rma.currency,
        names=(
            ("erp", bridge.erp.name),
            ("platform", bridge.source.name),
            ("bridge", bridge.name),
            ("rma", str(rma)),
            ("order", rma.order_name or "not known"),
        ),
    )


def of_connection(connection: Connection) -> Subject:
    """One connection, in the currency of a bridge of it."""
    bridge = _ANY_BRIDGE.first(connection=connection.pk)
    return Subject(
        key=f"connection:{connection.pk}",
        connection=connection,
        currency=bridge.currency if bridge else "",
        names=(("erp", connection.name), ("platform", connection.name)),
    )


def of_event(event: InboundEvent, *, bridge: Bridge | None) -> Subject:
    """What an event points at: a later, readable message about the same thing closes its cases."""
    key = f"event:{event.pk}"
    if event.subject_id:
        key = f"event:{event.connection_id}:{event.subject_id}"
    return _event_subject(event, bridge, key[:60])


def of_copies(event: InboundEvent, *, bridge: Bridge | None) -> Subject:
    """The repeats of one message, apart from whether it could be read."""
    return _event_subject(event, bridge, f"copies:{event.pk}")


def _event_subject(event: InboundEvent, bridge: Bridge | None, key: str) -> Subject:
    return Subject(
        key=key,
        bridge=bridge,
        connection=event.connection,
        event=event,
        currency=bridge.currency if bridge else "",
        names=(("platform", event.connection.name), ("rma", event.subject_id or "not known")),
    )
