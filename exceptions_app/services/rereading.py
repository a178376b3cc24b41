"""Read confirmed documents again after a day, a week and a month: nobody tells of an edit (R005),
or of a credit that was never applied (R057).

In sets, a few calls an hour, and none once half of the day's calls are used: what has to be sent
comes first. The calls are booked as their own purpose, so that the cost of a return stays true.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from heapq import merge
from itertools import islice, takewhile

from django.db import transaction

from connectors.errors import ConnectorError
from connectors.ports import Gateway
from connectors.types import DocumentKind, DocumentState
from exceptions_app.choices import CASE_OPEN, KEYED_UNPROVED, AttemptOutcome, PostingStatus
from exceptions_app.models import Case, Connection, Posting, Watermark
from exceptions_app.models.statements import Select
from exceptions_app.rules import drafts, rereading
from exceptions_app.rules.sayings import spoken
from exceptions_app.services import attempts, audit, calls, claims, connections, feeds, pacing

FEED = "rereads"
PURPOSE = "reread"
EVERY = timedelta(hours=1)
AFTER = (timedelta(days=1), timedelta(days=8), timedelta(days=32))
# Of one ERP, each time: so many calls for what is due, and one more for what was found changed.
MOST_CALLS = 20
# After a longer halt, and at the beginning, what was due earlier is passed over.
BACK = timedelta(days=1)

Due = tuple[datetime, int, Posting]

_ERPS = Select(
    lambda: Connection.objects.filter(is_active=True, erp_bridges__is_active=True).distinct()
)


def read_due(*, now: datetime) -> int:
    """Read again what is due in every ERP that finds documents by our key; returns ERPs read."""
    return sum(_read_erp(erp, now) for erp in _ERPS.rows())


def _read_erp(erp: Connection, now: datetime) -> bool:
    if not feeds.is_due(connection=erp, feed=FEED, now=now):
        return False
    try:
        gateway = connections.gateway(connection=erp, reason=PURPOSE)
    except ConnectorError:
        # It cannot be opened: what has to be sent or planned tells of it.
        return False
    kinds = _kinds(gateway)
    most = MOST_CALLS * max(gateway.capabilities.max_documents_per_read, 1)
    due = _due(erp, kinds, most, now)
    rows = [row for _, _, row in due]
    told = _told(erp, max(gateway.capabilities.max_documents_per_read, 1))
    end = due[-1][0] if len(due) >= most else now
    if not rows and not told:
        feeds.pass_over(connection=erp, feed=FEED, position=end.isoformat(), at=now, every=EVERY)
        return False
    if not pacing.has_room(connection=erp, now=now):
        return False

    def act(mark: Watermark) -> None:
        _read_sets(gateway, {row.pk: row for row in (*rows, *told)}.values(), now)
        Watermark.objects.filter(pk=mark.pk).update(position=end.isoformat())

    return feeds.read(connection=erp, feed=FEED, every=EVERY, act=act, now=now)


def _kinds(gateway: Gateway) -> list[str]:
    """The kinds an ERP is asked for; where it answers once and for all, there is nothing to ask."""
    able = gateway.capabilities
    if not able.can_find_by_key or able.tells_outcomes:
        return []
    return [kind for kind in rereading.KINDS if DocumentKind(kind) not in able.unseen_kinds]


def _due(erp: Connection, kinds: Sequence[str], most: int, now: datetime) -> list[Due]:
    """The first `most` documents that became due since the last time, with the moment of it.

    And those that became due with the last of them: what was read back together is one moment, and
    the next time begins behind it.
    """
    mark = Watermark.objects.filter(connection=erp, feed=FEED).exclude(position="").first()
    since = now - BACK
    if mark is not None:
        since = max(since, datetime.fromisoformat(mark.position))
    found = (_became_due(erp, kind, after, since, most, now) for kind in kinds for after in AFTER)
    rows = merge(*found, key=lambda row: row[:2])
    due = list(islice(rows, most))
    return [*due, *takewhile(lambda row: row[0] == due[-1][0], rows)]


def _became_due(
    erp: Connection, kind: str, after: timedelta, since: datetime, most: int, now: datetime
) -> Iterator[Due]:
    """By `posting_confirmed`: what was confirmed in one stretch of time, oldest first."""
    rows = Posting.objects.filter(
        connection=erp,
        kind=kind,
        status=PostingStatus.CONFIRMED,
        confirmed_at__gt=since - after,
        confirmed_at__lte=now - after,
    ).exclude(keyed__in=KEYED_UNPROVED)
    for row in rows.order_by("confirmed_at", "pk")[: 2 * most]:
        assert row.confirmed_at is not None
        yield row.confirmed_at + after, row.pk, row


def _told(erp: Connection, most: int) -> list[Posting]:
    """What was found changed, and nobody has closed yet: read each time until it is as it was."""
    known = Case.objects.filter(
        type__in=rereading.VALUES, status__in=CASE_OPEN, posting__connection=erp
    )
    rows = Posting.objects.filter(pk__in=known.values("posting"), status=PostingStatus.CONFIRMED)
    return list(rows.order_by("pk")[:most])


def _read_sets(gateway: Gateway, rows: Iterable[Posting], now: datetime) -> None:
    size = max(gateway.capabilities.max_documents_per_read, 1)
    by_kind: dict[str, list[Posting]] = defaultdict(list)
    for row in rows:
        by_kind[row.kind].append(row)
    for kind, alike in by_kind.items():
        for first in range(0, len(alike), size):
            batch = alike[first : first + size]
            keys = [row.key for row in batch]
            found = gateway.find_documents(DocumentKind(kind), keys, calls.references(batch))
            by_key: dict[str, list[DocumentState]] = defaultdict(list)
            for state in found:
                by_key[state.key].append(state)
            for row in batch:
                _settle(row, by_key[row.key], now)


@transaction.atomic
def _settle(seen: Posting, states: Sequence[DocumentState], now: datetime) -> None:
    """Keep what is different, or that nothing is any more; a reading that changes nothing leaves no
    trace but its call."""
    rows = Posting.objects.select_for_update(of=("self",)).select_related("connection")
    posting = rows.filter(pk=seen.pk, status=PostingStatus.CONFIRMED).first()
    if posting is None or posting.open_type not in ("", *rereading.VALUES):
        return
    open_type, facts, text = _shown(posting, states, now)
    if (posting.open_type, posting.open_facts) == (open_type, facts):
        return
    posting.open_type, posting.open_facts = open_type, facts
    posting.save(update_fields=["open_type", "open_facts"])
    is_edited = open_type == rereading.EDITED
    attempts.note(
        posting=posting,
        purpose=PURPOSE,
        outcome=AttemptOutcome.DIFFERS if is_edited else AttemptOutcome.FOUND,
        text=text,
        evidence=states[0].evidence if states else None,
        now=now,
    )
    erp = posting.connection.name
    audit.record(
        actor=None,
        act="posting.reread",
        subject=posting,
        text=f"{posting.get_kind_display()} {posting.number} was read again in {erp}: {text}"[:500],
        now=now,
        rma_id=posting.rma_id,
    )
    claims.replan(posting, now)


def _shown(
    posting: Posting, states: Sequence[DocumentState], now: datetime
) -> tuple[str, dict[str, str], str]:
    """The type of exception it shows, "" for none, with its facts; and what to write of it."""
    number = posting.number if posting.keyed else ""
    edit = rereading.edited(drafts.from_json(posting.draft), states, number=number)
    if edit is not None:
        return rereading.EDITED, {**edit.facts, "number": posting.number}, edit.text
    assert posting.confirmed_at is not None
    balance = rereading.unapplied(states, confirmed_at=posting.confirmed_at, now=now)
    if balance is None:
        return "", {}, "as it was sent, nothing of it open"
    since = f"{posting.confirmed_at:%Y-%m-%d %H:%M} UTC"
    told = {"number": posting.number, "since": since, "credit": f"{balance}"}
    return rereading.OPEN, told, f"{spoken(balance, posting.currency)} of it is not applied"
