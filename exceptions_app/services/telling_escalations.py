"""Messages about what is past its time: to whom an escalation went, one for each cause.

An escalation is a row of its own before anybody is told (decision 0022); what tells of it is named
by it, so that nobody is told twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction

from exceptions_app.choices import MessagePurpose
from exceptions_app.models import CauseGroup, Escalation, Message, MessagePlace
from exceptions_app.rules import telling as rules
from exceptions_app.selectors import telling as selector
from exceptions_app.services import audit, telling

# What nobody could be told for so long, of quiet days and of places that were off, stands on Today.
TOLD_FOR = timedelta(days=7)


def plan(*, now: datetime) -> int:
    """Write what places are to be told of escalations at `now`; returns how many messages."""
    since = now - TOLD_FOR
    if not Escalation.objects.filter(at__gte=since).exists():
        return 0
    places = MessagePlace.objects.filter(is_on=True, has_alerts=True).order_by("pk")
    return sum(_of_place(pk, since, now) for pk in list(places.values_list("pk", flat=True)))


@transaction.atomic
def _of_place(place_id: int, since: datetime, now: datetime) -> int:
    rows = MessagePlace.objects.select_for_update(skip_locked=True, of=("self",))
    place = rows.select_related("owner").filter(pk=place_id, is_on=True, has_alerts=True).first()
    if place is None or rules.is_quiet(selector.hours(place), now):
        return 0
    causes = selector.escalations(place, since=max(since, place.created_at), now=now)
    for group, told in causes.items():
        _tell(place, group, told, now)
    return len(causes)


def _tell(
    place: MessagePlace, group: CauseGroup, told: Sequence[Escalation], now: datetime
) -> Message:
    words = rules.escalation(selector.late_cause(place, group, told), zone=place.time_zone, now=now)
    last = max(row.pk for row in told)
    key = f"escalation-{place.pk}-{group.pk}-{last}"
    message = telling.write(place, MessagePurpose.ESCALATION, key, words, [], now)
    message.groups.set([group])
    message.escalations.set(told)
    audit.record_all(
        audit.entry(
            actor=None,
            act="case.escalate.told",
            subject=row.case,
            text=f"Message to {place.name}: {words.title}",
            now=now,
            rma_id=row.case.rma_id,
            case_id=row.case_id,
        )
        for row in told
    )
    return message
