"""Messages of a window handled again: which ones wait for it, and one of them at a time.

Only what was parked or refused is set back to new; what was handled is counted and left.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Count, Q

from exceptions_app import errors
from exceptions_app.choices import BulkKind, BulkRowState, EventState
from exceptions_app.models import Bridge, Bulk, BulkRow, InboundEvent
from exceptions_app.services import bulk_drafts, bulk_freezing, bulk_rows, events

STOPPED = (EventState.PARKED, EventState.REFUSED)


@transaction.atomic
def freeze_window(
    *,
    bridge: Bridge,
    topic: str,
    since: datetime,
    until: datetime,
    per_minute: int,
    actor: User,
    now: datetime,
    words: str = "",
) -> Bulk:
    """Keep which messages that came to the bridge's source in a window are handled again.

    In the order they came. `topic` is a type of message, "" for all. The words of the act say how
    many of the window were handled already: these are not among its rows.

    Raises:
        FixNotAllowed: the actor may not do this.
        InvalidChoice: none of the window waits for it, or the pace is none.
    """
    bulk_freezing.check_right(actor, BulkKind.MESSAGES)
    bulk_freezing.check_pace(per_minute)
    found = InboundEvent.objects.filter(
        connection=bridge.source_id, received_at__gte=since, received_at__lt=until
    )
    if topic:
        found = found.filter(topic=topic)
    stops = Q(state__in=STOPPED)
    counted = found.aggregate(here=Count("pk", filter=stops), rest=Count("pk", filter=~stops))
    rest = f"{counted['rest']:,} handled or waiting already"
    if not counted["here"]:
        raise errors.InvalidChoice(f"No message of it is parked or refused: {rest}.")
    left = f"; skipped: {rest}"
    bulk = bulk_drafts.draft(BulkKind.MESSAGES, actor, now, "", f"{words[: 300 - len(left)]}{left}")
    bulk.per_minute = per_minute
    tally = bulk_drafts.Tally()

    def rows() -> Iterator[BulkRow]:
        stopped = found.filter(state__in=STOPPED).order_by("pk").values_list("pk", flat=True)
        for position, pk in enumerate(stopped.iterator(bulk_drafts.AT_ONCE), start=1):
            tally.add("", pk, "", bulk_freezing.NOTHING)
            yield BulkRow(bulk=bulk, position=position, event_id=pk)

    return bulk_drafts.filled(bulk, rows(), tally)


def handle_again(*, row: BulkRow, actor: User, now: datetime) -> bulk_rows.Done:
    """Set the message back to new, unless it was handled since.

    Raises:
        InvalidChoice: it waits to be handled already.
    """
    event = InboundEvent.objects.get(pk=row.event_id or 0)
    if event.state not in STOPPED:
        said = f"It needs nothing: {event.get_state_display().lower()}."
        return bulk_rows.Done(said, state=BulkRowState.SKIPPED)
    events.replay(event_id=event.pk, actor=actor, now=now)
    return bulk_rows.Done("Set to be handled again, in its turn.")
