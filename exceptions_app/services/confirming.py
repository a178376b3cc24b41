"""Read back what was sent: prove it landed, settle what is not known. Reads in sets, by key."""

from __future__ import annotations

import functools
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Q, QuerySet

from connectors.errors import ConnectorError
from connectors.types import DocumentKind, DocumentState
from exceptions_app import jobs
from exceptions_app.choices import AttemptOutcome, HoldReason, Keyed, PostingKind, PostingStatus
from exceptions_app.errors import PostingSuperseded
from exceptions_app.models import Connection, Posting
from exceptions_app.models.statements import Select, Update, is_one_of
from exceptions_app.rules import adopting, confirming, drafts, retry
from exceptions_app.rules.confirming import Comparison, Verdict
from exceptions_app.services import (
    attempts,
    audit,
    calls,
    claims,
    connections,
    health,
    leases,
    linked,
    ordering,
    outcomes,
    periods,
    rmas,
)
from exceptions_app.services.faultpoints import reach

LEASE = leases.lease(seconds=90)
STAGED_POLL_CAP_SECONDS = 300
# Where the ERP tells by itself what became of a document, looking is a safety net.
TOLD_POLL_CAP_SECONDS = 6 * 3600
# Read-backs of an accepted document that find nothing before it counts as a silent success.
LOOKUPS_BEFORE_SILENT = 5


Settled = tuple[str, str, dict[str, Any]]


def settle_window(connection: Connection) -> timedelta:
    """How long an unknown outcome must rest before a look-up can be believed (B.4)."""
    chosen = connection.settings.get("settle_seconds")
    if chosen is not None:
        return timedelta(seconds=int(chosen))
    if not connection.erp_bridges.exists():
        # A platform's note reads before it writes; a short rest is enough.
        return timedelta(seconds=30)
    gateway = connections.gateway(connection=connection, reason="lookup")
    return timedelta(seconds=gateway.capabilities.settle_seconds)


def waited_for(*, now: datetime) -> list[Connection]:
    """The connections that have postings to look up or to read back at `now`, by id."""
    return _WAITED_FOR.rows(now=now)


def settle_unknown(*, connection: Connection, now: datetime) -> int:
    """Look up one set of unconfirmed postings past the settle window; returns how many."""
    if not _UNKNOWN.exists(connection=connection.pk):
        return 0
    batch = _claim(
        connection, PostingStatus.UNCONFIRMED, now, since=now - settle_window(connection)
    )
    return _read_back(connection, batch, "lookup", now)


def confirm_sent(*, connection: Connection, now: datetime) -> int:
    """Read back one set of accepted postings that are due for it; returns how many."""
    batch = _claim(connection, PostingStatus.POSTED, now, since=now)
    return _read_back(connection, batch, "confirm", now)


@transaction.atomic
def release_held(*, now: datetime) -> int:
    """Let postings go whose undo time or window has come; returns how many."""
    due = _HELD.rows(now=now)
    if not due:
        return 0
    count = Posting.objects.filter(pk__in=[posting.pk for posting in due]).update(
        status=PostingStatus.PLANNED, hold_reason=HoldReason.NONE, hold_until=None, not_before=now
    )
    ordering.promote_next(rma_ids=[posting.rma_id for posting in due], now=now)
    jobs.nudge("post")
    return count


def _due(connection: Any, status: Any, now: Any, since: Any) -> QuerySet[Posting]:
    """What is due to be asked for; an unknown outcome only where it has rested since `since`."""
    rested = Q(unknown_since__lte=since) | ~Q(status=PostingStatus.UNCONFIRMED)
    return (
        Posting.objects.filter(
            rested,
            connection=connection,
            status=status,
            parked_at__isnull=True,
            not_before__lte=now,
        )
        .filter(Q(lease_until__isnull=True) | Q(lease_until__lt=now))
        .order_by("not_before", "pk")
    )


_UNKNOWN = Select(
    lambda connection: Posting.objects.filter(
        connection=connection, status=PostingStatus.UNCONFIRMED, parked_at__isnull=True
    )
)
_WAITED_FOR = Select(
    lambda now: Connection.objects.filter(
        is_active=True,
        pk__in=Posting.objects.filter(
            status__in=(PostingStatus.UNCONFIRMED, PostingStatus.POSTED),
            parked_at__isnull=True,
            not_before__lte=now,
        )
        .order_by()
        .values("connection"),
    ).order_by("pk")
)
_HELD = Select(
    lambda now: (
        Posting.objects.select_for_update(skip_locked=True)
        .filter(
            status=PostingStatus.HELD,
            hold_reason__in=[HoldReason.UNDO, HoldReason.WINDOW],
            hold_until__lte=now,
        )
        .only("pk", "rma_id")
    )
)
_FIRST_KIND = Select(
    lambda connection, status, now, since: _due(connection, status, now, since).values_list(
        "kind", flat=True
    )[:1]
)


@functools.cache
def _due_of_kind(most: int) -> Select[Posting]:
    return Select(
        lambda kind, connection, status, now, since: (
            _due(connection, status, now, since)
            .filter(kind=kind)
            .select_for_update(skip_locked=True, of=("self",))
            .select_related("rma", "bridge")[:most]
        )
    )


_TAKE = Update(
    lambda ids, until: (
        Posting.objects.filter(is_one_of("pk", ids)),
        {"lease_until": until, "fence": F("fence") + 1, "lookups": F("lookups") + 1},
    )
)


@transaction.atomic
def _claim(connection: Connection, status: str, now: datetime, *, since: datetime) -> list[Posting]:
    asked = {"connection": connection.pk, "status": status, "now": now, "since": since}
    # Mostly nothing is due, and the whole row is then read for nothing.
    kind = _FIRST_KIND.first(**asked)
    if kind is None:
        return []
    limit = 1
    if kind != PostingKind.PLATFORM_UPDATE:
        gateway = connections.gateway(connection=connection, reason="lookup")
        limit = gateway.capabilities.max_documents_per_read
    rows = _due_of_kind(limit).rows(kind=kind, **asked)
    _TAKE.run(ids=[row.pk for row in rows], until=now + LEASE)
    for row in rows:
        row.fence += 1
        row.lookups += 1
    return rows


def _read_back(
    connection: Connection, batch: Sequence[Posting], purpose: str, now: datetime
) -> int:
    if not batch:
        return 0
    if batch[0].kind == PostingKind.PLATFORM_UPDATE:
        for posting in batch:
            _note_is_safe_to_repeat(posting, now)
        return len(batch)
    if not health.may_call(connection_id=connection.pk, now=now):
        _give_back(batch, now + health.PROBE_EVERY)
        return 0
    reach("before_lookup")
    try:
        gateway = connections.gateway(connection=connection, reason=purpose)
        found = gateway.find_documents(
            DocumentKind(batch[0].kind),
            [posting.key for posting in batch],
            calls.references(batch),
        )
    except ConnectorError as error:
        health.note_failure(connection_id=connection.pk, error=error, now=now)
        after = getattr(error, "after_seconds", None) or 30
        _give_back(batch, now + timedelta(seconds=after))
        return 0
    health.note_success(connection_id=connection.pk, now=now)
    reach("after_lookup")
    by_key: dict[str, list[DocumentState]] = defaultdict(list)
    for state in found:
        by_key[state.key].append(state)
    is_told = gateway.capabilities.tells_outcomes
    most = TOLD_POLL_CAP_SECONDS if is_told else STAGED_POLL_CAP_SECONDS
    for posting in batch:
        draft = drafts.from_json(posting.draft)
        told = posting.number if posting.keyed else ""
        states = adopting.states_of(by_key[posting.key], linked.number_of(posting))
        comparison = confirming.compare(draft, states, number=told)
        _settle(posting, comparison, purpose, now, most_wait=most)
    return len(batch)


def _settle(
    posting: Posting, comparison: Comparison, purpose: str, now: datetime, *, most_wait: int
) -> None:
    acts: dict[Verdict, Callable[[Posting, Comparison, datetime], Settled]] = {
        Verdict.EQUAL: _confirmed,
        Verdict.STAGED: functools.partial(_staged, most_wait=most_wait),
        Verdict.REJECTED: _refused,
        Verdict.ABSENT: _absent_unknown if purpose == "lookup" else _absent_sent,
        Verdict.DIFFERS: _differs,
        Verdict.TWICE: _differs,
    }
    act = acts[comparison.verdict]
    try:
        with transaction.atomic():
            outcome, text, values = act(posting, comparison, now)
            claims.guarded_update(posting=posting, lease_until=None, **values)
            attempts.note(
                posting=posting,
                purpose=purpose,
                outcome=outcome,
                text=text,
                evidence=comparison.state.evidence if comparison.state else None,
                now=now,
            )
            _follow(posting, now)
    except PostingSuperseded:
        return


def _confirmed(posting: Posting, comparison: Comparison, now: datetime) -> Settled:
    state = comparison.state
    assert state is not None
    text = f"{posting.get_kind_display()} {state.number} is booked and equals what we meant"
    values = {
        "status": PostingStatus.CONFIRMED,
        "confirmed_at": now,
        "posted_at": posting.posted_at or now,
        "external_id": state.external_id,
        "number": state.number or posting.number,
        "keyed": Keyed.VERIFIED if posting.keyed else Keyed.NO,
        "url": state.url,
        "unknown_since": None,
        "open_type": "",
        "open_facts": {},
    }
    return AttemptOutcome.FOUND, text, values


def _staged(posting: Posting, comparison: Comparison, now: datetime, *, most_wait: int) -> Settled:
    state = comparison.state
    assert state is not None
    wait = min(2**posting.lookups, most_wait)
    values = {
        "status": PostingStatus.POSTED,
        "posted_at": posting.posted_at or now,
        "external_id": state.external_id,
        "unknown_since": None,
        "not_before": now + timedelta(seconds=wait),
    }
    return AttemptOutcome.FOUND, "Accepted, not booked yet", values


def _refused(posting: Posting, comparison: Comparison, now: datetime) -> Settled:
    state = comparison.state
    assert state is not None
    facts = outcomes.refusal_facts(
        posting, state.refusal_code, state.refusal_field, "", state.refusal_text
    )
    periods.note_refusal(connection_id=posting.connection_id, code=state.refusal_code, now=now)
    values = {
        "status": PostingStatus.FAILED,
        "number": "" if posting.keyed else posting.number,
        "keyed": Keyed.NO,
        "unknown_since": None,
        "open_type": confirming.refusal_type(state.refusal_code, posting.kind),
        "open_facts": facts,
    }
    return AttemptOutcome.REJECTED, state.refusal_text or "Refused while booking", values


def _absent_unknown(posting: Posting, comparison: Comparison, now: datetime) -> Settled:
    """Proven absent after the settle window: the same key may be sent again."""
    values = {
        "status": PostingStatus.READY,
        "unknown_since": None,
        "not_before": now,
        "external_id": "",
    }
    return AttemptOutcome.ABSENT, "Not there after the settle window: it may be sent again", values


def _absent_sent(posting: Posting, comparison: Comparison, now: datetime) -> Settled:
    """The ERP said yes, yet nothing is there: waited for a while, then a person's business
    (R088)."""
    if posting.lookups < LOOKUPS_BEFORE_SILENT:
        wait = retry.next_delay_seconds(attempts=posting.lookups, fraction=1, after_seconds=None)
        values: dict[str, Any] = {"not_before": now + timedelta(seconds=float(wait))}
        return AttemptOutcome.ABSENT, "Not there yet", values
    if posting.keyed:
        # Who keyed it may have left our key out: that it is not found is no proof against them.
        values = {"status": PostingStatus.CONFIRMED, "confirmed_at": now}
        text = "Not found under our key: taken on the word of who keyed it"
        return AttemptOutcome.ABSENT, text, values
    since = f"{posting.posted_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if posting.posted_at else ""
    facts = {"kind": posting.get_kind_display(), "key": posting.key, "since": since}
    facts |= {**confirming.ABSENT, "cause": posting.kind}
    values = {"parked_at": now, "open_type": "SILENT_SUCCESS", "open_facts": facts}
    return AttemptOutcome.ABSENT, "The ERP accepted it, but it is not there", values


def _differs(posting: Posting, comparison: Comparison, now: datetime) -> Settled:
    """Other figures, or two under one key: adopted by a person's link alone, never sent (N11)."""
    if posting.keyed == Keyed.LINKED and adopting.is_adoptable(comparison):
        return linked.adopted(posting, comparison, now)
    told = "; ".join(
        f"{name}: meant {meant}, found {found}" for name, meant, found in comparison.differences
    )
    state = comparison.state
    assert state is not None
    facts = {
        "kind": posting.get_kind_display(),
        "key": posting.key,
        "vendor_text": told,
        "cause": "not as it was sent",
        "number": state.number or state.external_id,
        "found": confirming.found_words(comparison),
    }
    is_unknown = posting.status == PostingStatus.UNCONFIRMED
    open_type = "OUTCOME_UNKNOWN" if is_unknown else "SILENT_SUCCESS"
    if comparison.verdict == Verdict.TWICE:
        facts["number"] = comparison.differences[0][2]
        open_type = confirming.TWICE_TYPES.get(posting.kind, open_type)
    values = {"parked_at": now, "open_type": open_type, "open_facts": facts}
    return AttemptOutcome.DIFFERS, told, values


def _follow(posting: Posting, now: datetime) -> None:
    if posting.status == PostingStatus.READY:
        jobs.nudge("post")
    if posting.status == PostingStatus.CONFIRMED:
        audit.record(
            actor=None,
            act="posting.confirm",
            subject=posting,
            text=f"{posting.get_kind_display()} {posting.number} confirmed",
            now=now,
            rma_id=posting.rma_id,
        )
        rmas.refresh_search(posting.rma)
        ordering.promote_next(rma_ids=[posting.rma_id], now=now)
        jobs.nudge("post")
    if posting.status in (PostingStatus.CONFIRMED, PostingStatus.FAILED) or posting.parked_at:
        claims.replan(posting, now)


def _note_is_safe_to_repeat(posting: Posting, now: datetime) -> None:
    """A note reads the timeline for its marker before it writes: sending again looks first."""
    claims.guarded_update(
        posting=posting,
        status=PostingStatus.READY,
        unknown_since=None,
        lease_until=None,
        not_before=now,
    )


def _give_back(batch: Sequence[Posting], until: datetime) -> None:
    for posting in batch:
        Posting.objects.filter(pk=posting.pk, fence=posting.fence).update(
            lease_until=None, not_before=until, lookups=F("lookups") - 1
        )
