"""Writing messages: who is told of what, decided once and kept before anything is sent.

Sending is `services.telling_sends`. A place's row is locked while its messages are written, so two
workers write each of them once; the key they carry is fixed here.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from exceptions_app.choices import SEVERITY_RANK, MessagePurpose
from exceptions_app.models import Message, MessagePlace, ToldCause
from exceptions_app.rules import telling
from exceptions_app.selectors import telling as selector

# (the cause, why the place is told of it, what it was told before)
_News = tuple[telling.Cause, str, ToldCause]


def plan(*, now: datetime) -> int:
    """Write what every place is to be told at `now`; returns how many messages."""
    places = MessagePlace.objects.filter(is_on=True).order_by("pk").values_list("pk", flat=True)
    return sum(plan_place(place_id=pk, now=now) for pk in list(places))


@transaction.atomic
def plan_place(*, place_id: int, now: datetime) -> int:
    """The alerts and the digest of one place; nothing while another worker writes them."""
    rows = MessagePlace.objects.select_for_update(skip_locked=True, of=("self",))
    place = rows.select_related("owner").filter(pk=place_id, is_on=True).first()
    if place is None or not selector.teams_of(place):
        return 0
    day = telling.digest_day(selector.hours(place), now)
    key = f"digest-{place.pk}-{day}"
    is_digest = day is not None and not Message.objects.filter(key=key).exists()
    is_quiet = telling.is_quiet(selector.hours(place), now)
    is_alert = place.has_alerts and (not is_quiet or place.has_critical_anytime)
    if not is_digest and not is_alert:
        return 0
    causes = selector.open_causes(place, now=now)
    count = _alerts(place, causes, now, is_quiet=is_quiet) if is_alert else 0
    if is_digest:
        write(place, MessagePurpose.DIGEST, key, _digest(place, causes, now), causes[:0], now)
        count += 1
    return count


def baseline(place: MessagePlace, *, now: datetime) -> None:
    """Take what is open already as known: a new place begins with news, not with the backlog."""
    ToldCause.objects.bulk_create(
        [_told(place, cause, now) for cause in selector.open_causes(place, now=now)],
        ignore_conflicts=True,
    )


def _told(place: MessagePlace, cause: telling.Cause, now: datetime) -> ToldCause:
    return ToldCause(
        place=place,
        group_id=cause.group,
        severity_rank=cause.rank,
        count=cause.count,
        told_at=now,
    )


def _alerts(
    place: MessagePlace, causes: Sequence[telling.Cause], now: datetime, *, is_quiet: bool
) -> int:
    known = {row.group_id: row for row in ToldCause.objects.filter(place=place)}
    if len(causes) < selector.MOST:
        here = {cause.group for cause in causes}
        over = [row.pk for row in known.values() if row.group_id not in here and not row.is_over]
        ToldCause.objects.filter(pk__in=over).update(is_over=True)
    news: list[_News] = []
    for cause in causes:
        row = known.get(cause.group)
        reason = telling.why(
            _known(row), cause, least_rank=SEVERITY_RANK[place.least_severity], now=now
        )
        if reason and (not is_quiet or telling.is_gravest(cause)):
            news.append((cause, reason, row or _told(place, cause, now)))
    return _tell(place, news, now)


def _known(row: ToldCause | None) -> telling.Known | None:
    if row is None:
        return None
    return telling.Known(row.severity_rank, row.count, row.told_at, row.is_over)


def _tell(place: MessagePlace, news: Sequence[_News], now: datetime) -> int:
    """One message a cause, or one for all when there are many; what was told is kept with it."""
    for cause, _, row in news:
        row.severity_rank, row.count = cause.rank, cause.count
        row.told_at, row.is_over, row.times = now, False, row.times + 1
        row.save()
    if len(news) > telling.ONE_BY_ONE:
        causes = [cause for cause, _, _ in news]
        words = telling.several(
            causes,
            whose=selector.whose(place),
            url=selector.queue_url(place),
            zone=place.time_zone,
            now=now,
        )
        first = news[0][2]
        key = f"alerts-{place.pk}-{first.group_id}-{first.times}"
        write(place, MessagePurpose.ALERT, key, words, causes, now)
        return 1
    for cause, reason, row in news:
        words = telling.alert(cause, reason, zone=place.time_zone, now=now)
        key = f"alert-{place.pk}-{row.group_id}-{row.times}"
        write(place, MessagePurpose.ALERT, key, words, [cause], now)
    return len(news)


def _digest(place: MessagePlace, causes: Sequence[telling.Cause], now: datetime) -> telling.Words:
    return telling.digest(
        selector.day(place, list(causes), now=now),
        causes,
        whose=selector.whose(place),
        url=selector.today_url(place),
        zone=place.time_zone,
        now=now,
    )


def write(
    place: MessagePlace,
    purpose: MessagePurpose,
    key: str,
    words: telling.Words,
    causes: Sequence[telling.Cause],
    now: datetime,
) -> Message:
    """Keep a message that waits to be sent, with the place as it is called now."""
    message = Message.objects.create(
        key=key,
        place=place,
        place_name=place.name,
        place_masked=place.masked,
        kind=place.kind,
        team=place.team,
        owner_id=place.owner_id,
        purpose=purpose,
        title=words.title,
        body=words.body,
        not_before=now,
        created_at=now,
    )
    message.groups.set([cause.group for cause in causes])
    return message
