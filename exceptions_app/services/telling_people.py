"""Messages about what people are asked for: notes that name them, questions, approvals.

What a message tells of is named by it, so that a place is told of each once; its row is locked
meanwhile, so that two workers write it once. What came lately is gathered into one message.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Q

from exceptions_app.choices import MessagePurpose
from exceptions_app.models import Message, MessagePlace
from exceptions_app.rules import telling as hours
from exceptions_app.rules import telling_people as rules
from exceptions_app.selectors import telling as places
from exceptions_app.selectors import telling_people as selector
from exceptions_app.services import telling
from exceptions_app.services.telling_escalations import TOLD_FOR


def plan(*, now: datetime) -> int:
    """Write what places are to be told of notes, questions and approvals; how many messages."""
    wants = Q(has_mentions=True, owner__isnull=False) | Q(has_questions=True)
    wants |= Q(has_approvals=True)
    rows = MessagePlace.objects.filter(wants, is_on=True).order_by("pk")
    return sum(_of_place(pk, now) for pk in list(rows.values_list("pk", flat=True)))


@transaction.atomic
def _of_place(place_id: int, now: datetime) -> int:
    rows = MessagePlace.objects.select_for_update(skip_locked=True, of=("self",))
    place = rows.select_related("owner").filter(pk=place_id, is_on=True).first()
    if place is None or hours.is_quiet(places.hours(place), now):
        return 0
    if place.owner is not None and not place.owner.is_active:
        return 0
    since = max(now - TOLD_FOR, place.created_at)
    count = 0
    if place.owner_id and place.has_mentions:
        count += _mentions(place, since, now)
    if place.has_questions:
        count += _questions(place, since, now)
    if place.has_approvals:
        count += _approvals(place, since, now)
    return count


def _mentions(place: MessagePlace, since: datetime, now: datetime) -> int:
    rows = selector.mentions(place, since=since)
    if not rows or selector.is_gathering(place, MessagePurpose.MENTION, now):
        return 0
    words = rules.mentions(
        selector.noted(place, rows), url=selector.today_url(place), zone=place.time_zone, now=now
    )
    _write(place, MessagePurpose.MENTION, rows[-1].pk, words, now).mentions.set(rows)
    return 1


def _questions(place: MessagePlace, since: datetime, now: datetime) -> int:
    rows = selector.questions(place, since=since)
    if not rows or selector.is_gathering(place, MessagePurpose.QUESTION, now):
        return 0
    words = rules.questions(
        selector.asked(place, rows),
        whose=places.whose(place),
        url=selector.today_url(place),
        zone=place.time_zone,
        now=now,
    )
    last = max(row.pk for row in rows)
    _write(place, MessagePurpose.QUESTION, last, words, now).questions.set(rows)
    return 1


def _approvals(place: MessagePlace, since: datetime, now: datetime) -> int:
    rows = selector.fixes(place, since=since)
    if not rows or selector.is_gathering(place, MessagePurpose.APPROVAL, now):
        return 0
    words = rules.approvals(
        selector.wanted(rows),
        count=len(rows),
        url=selector.fix_url(place, rows),
        zone=place.time_zone,
        now=now,
    )
    _write(place, MessagePurpose.APPROVAL, rows[-1].pk, words, now).fixes.set(rows)
    return 1


def _write(
    place: MessagePlace, purpose: MessagePurpose, last: int, words: hours.Words, now: datetime
) -> Message:
    # An edited request is told of again: the moment keeps the keys apart.
    key = f"{purpose}-{place.pk}-{last}-{int(now.timestamp())}"
    return telling.write(place, purpose, key, words, [], now)
