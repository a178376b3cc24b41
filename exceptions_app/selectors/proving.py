"""What can be said of the whole house, and what each statement rests on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import (
    Aggregate,
    Count,
    Max,
    Min,
    OuterRef,
    QuerySet,
    Subquery,
    Value,
)

from exceptions_app.choices import (
    KEYED_UNPROVED,
    BreakerState,
    Closure,
    EventState,
    FixStatus,
    PostingKind,
    PostingStatus,
)
from exceptions_app.models import (
    Case,
    Connection,
    Fix,
    InboundEvent,
    Posting,
    Watermark,
)
from exceptions_app.models.connections import SECOND_LOOKS
from exceptions_app.models.statements import Moment, Select
from exceptions_app.selectors import paging

SINCE = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Check:
    """One statement that holds or does not.

    `figure` is what it was counted from; `proof` says what that rests on, `at` how fresh it is.
    """

    text: str
    figure: str
    is_green: bool
    proof: str
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Feed:
    """A connection, and the moment up to which all of its feeds were read; None before the first.

    Only connections that are read have a moment.
    """

    connection: Connection
    as_of: datetime | None


def feeds() -> tuple[Feed, ...]:
    """Every active connection by name, in one query."""
    rows: list[Any] = _FEEDS.rows()
    return tuple(Feed(row, row.as_of) for row in rows)


def _feed_rows() -> QuerySet[Connection]:
    fed = Watermark.objects.exclude(feed__in=SECOND_LOOKS)
    marks = fed.filter(connection=OuterRef("pk")).order_by()
    oldest = marks.values("connection").annotate(at=Min("read_at")).values("at")
    return (
        Connection.objects.filter(is_active=True)
        .select_related("health")
        .annotate(as_of=Subquery(oldest))
        .order_by("name", "pk")
    )


_FEEDS = Select(_feed_rows)


def checks(
    *, rows: Sequence[Feed], unknown: int, proofs: Mapping[str, Proof], now: datetime
) -> tuple[Check, ...]:
    """What can be said of the whole house; `unknown` as `paging` counts it.

    A connection is asked only when there is something to ask, so one that answered within SINCE and
    was not paused since is taken to answer; one that nobody asked proves nothing.
    """
    working = [row.connection for row in rows if _is_answering(row.connection, now)]
    parked, _ = proofs["parked"]
    closed, closed_at = proofs["closed"]
    return (
        Check(
            "Every connection answered in the last 24 hours",
            f"{len(working)} of {len(rows)}",
            len(working) == len(rows) > 0,
            "The oldest of their last answers",
            min((row.health.last_ok_at for row in working if row.health.last_ok_at), default=None),
        ),
        Check(
            "No document has an unknown outcome",
            f"{paging.shown(unknown)} unknown",
            unknown == 0,
            "Every reply is kept, every lost one looked up",
            now,
        ),
        Check(
            "No message waits for one that should have come first",
            f"{parked:,} parked",
            not parked,
            "Counted in the inbox",
            now,
        ),
        *(
            Check(
                f"{kind.label}s confirmed in the last 24 hours",
                f"{proofs[kind.value][0]:,}",
                proofs[kind.value][0] > 0,
                "Read back from the ERP by its own key",
                proofs[kind.value][1],
            )
            for kind in _READ_BACK
        ),
        Check(
            "Exceptions closed by proof in the last 24 hours",
            f"{closed:,}",
            closed > 0,
            "Each with its documents and checks",
            closed_at,
        ),
    )


_READ_BACK = (PostingKind.STOCK_RECEIPT, PostingKind.CREDIT_MEMO)


# How many, and the moment that goes with them.
Proof = tuple[int, datetime | None]


def proved(*, connections: Sequence[int], since: Moment) -> QuerySet[Any, Any]:
    """What `proofs` needs of messages, exceptions, documents and changes, one row for each.

    `connections` are ids.
    """
    parked = InboundEvent.objects.filter(connection__in=connections, state=EventState.PARKED)
    held = Fix.objects.filter(status=FixStatus.HELD)
    closed = Case.objects.filter(resolved_at__gt=since, closure=Closure.PROOF)
    confirmed = Posting.objects.filter(
        kind__in=_READ_BACK, status=PostingStatus.CONFIRMED, confirmed_at__gt=since
    ).exclude(keyed__in=KEYED_UNPROVED)
    whole: QuerySet[Any, Any] = (
        confirmed.order_by()
        .values("kind")
        .annotate(n=Count("*"), at=Max("confirmed_at"))
        .values_list("kind", "n", "at")
        .union(
            _tally(parked, "parked", Max("received_at")),
            _tally(closed, "closed", Max("resolved_at")),
            _tally(held, "held", Min("hold_until")),
            all=True,
        )
    )
    return whole


def proofs(rows: Iterable[Mapping[str, Any]]) -> dict[str, Proof]:
    """What the checks rest on, of the rows of `proved`: messages parked, closed by proof, confirmed
    by kind, each with the latest moment; and under "held" approved changes that can still be taken
    back, with the moment when the first one leaves.
    """
    nothing: dict[str, Proof] = dict.fromkeys(("parked", "closed", "held", *_READ_BACK), (0, None))
    return nothing | {
        row["kind"]: (row["n"], datetime.fromisoformat(row["at"]) if row["at"] else None)
        for row in rows
    }


def _tally(rows: QuerySet[Any], name: str, moment: Aggregate) -> QuerySet[Any, Any]:
    named = rows.order_by().annotate(name=Value(name)).values("name")
    found: QuerySet[Any, Any] = named.annotate(n=Count("*"), at=moment)
    return found.values_list("name", "n", "at")


def _is_answering(row: Connection, now: datetime) -> bool:
    """The breaker is closed from the beginning, so only an answer proves anything."""
    health = getattr(row, "health", None)
    return (
        health is not None
        and health.state == BreakerState.CLOSED
        and health.refused_at is None
        and health.last_ok_at is not None
        and now - health.last_ok_at <= SINCE
    )
