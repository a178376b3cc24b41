"""What waits to be keyed into an ERP by a person, whose it is, and what only a word proves."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, F, Max, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce, Greatest

from exceptions_app import permissions
from exceptions_app.choices import (
    MONEY_KINDS,
    POSTING_FINISHED,
    HoldReason,
    Keyed,
    PostingKind,
    PostingStatus,
    Team,
)
from exceptions_app.models import KeyingClaim, Posting
from exceptions_app.rules import keying
from exceptions_app.selectors import facts, paging

# Oldest first: documents get their numbers as they are planned.
ORDER = ("id",)
NEWEST = ("-id",)
STOCK_KINDS = tuple(
    kind for kind in PostingKind if kind not in (*MONEY_KINDS, PostingKind.PLATFORM_UPDATE)
)
KINDS_OF = {Team.WAREHOUSE: STOCK_KINDS, Team.FINANCE: MONEY_KINDS}


def kinds_of(roles: frozenset[str]) -> tuple[str, ...]:
    """The kinds of documents that one of these roles keys by hand."""
    doors = {"key_stock": STOCK_KINDS, "key_money": MONEY_KINDS}
    mine = [kinds for door, kinds in doors.items() if permissions.CAPABILITIES[door] & roles]
    return tuple(kind for kinds in mine for kind in kinds)


@dataclass(frozen=True, slots=True)
class Task:
    """A document to key: `since` it could be, `due_at` by the bridge's policy.

    `claim` is None where nobody has it, or where who had it has let its time pass.
    """

    posting: Posting
    since: datetime
    due_at: datetime
    is_late: bool
    claim: KeyingClaim | None

    @property
    def free_at(self) -> datetime | None:
        """When anybody else may take it; None where nobody has it."""
        return self.claim.taken_at + keying.KEPT_FOR if self.claim else None


def waiting(*, kinds: Iterable[str], bridge: str = "", kind: str = "") -> QuerySet[Posting]:
    """Documents of `kinds` that can be keyed now: no earlier one of their return is open."""
    earlier = (
        Posting.objects.filter(rma=OuterRef("rma"))
        .exclude(status__in=POSTING_FINISHED)
        .filter(
            Q(sequence__lt=OuterRef("sequence"))
            | Q(sequence=OuterRef("sequence"), pk__lt=OuterRef("pk"))
        )
    )
    held = Posting.objects.filter(status=PostingStatus.HELD, hold_reason=HoldReason.MANUAL)
    return _narrowed(held.filter(~Exists(earlier)), kinds, bridge, kind)


def unproved(*, kinds: Iterable[str], bridge: str = "", kind: str = "") -> QuerySet[Posting]:
    """Documents of `kinds` that were keyed and that no read-back has shown."""
    rows = Posting.objects.filter(
        keyed=Keyed.WORD, status__in=(PostingStatus.CONFIRMED, PostingStatus.POSTED)
    )
    return _narrowed(rows, kinds, bridge, kind)


def tasks(
    rows: QuerySet[Posting], *, now: datetime, cursor: str = "", size: int = paging.PAGE_SIZE
) -> paging.Page:
    """A page of `waiting` rows as Task, oldest first, in one query."""
    page = paging.page(_with_clock(rows), order=ORDER, cursor=cursor, size=size)
    return paging.Page(tuple(_task(row, now) for row in page.rows), page.newer, page.older)


def task(posting: Posting, *, now: datetime) -> Task:
    return _task(_with_clock(Posting.objects.filter(pk=posting.pk)).get(), now)


def keyed(
    rows: QuerySet[Posting], *, cursor: str = "", size: int = paging.PAGE_SIZE
) -> paging.Page:
    """A page of `unproved` rows, newest first."""
    whole = rows.select_related("rma", "bridge", "connection").defer("draft", "checks")
    return paging.page(whole, order=NEWEST, cursor=cursor, size=size)


def is_in_hands(posting: Posting, now: datetime) -> bool:
    """Whether somebody is keying it just now: a plan must not change it under their hands."""
    if posting.hold_reason != HoldReason.MANUAL:
        return False
    after = now - keying.KEPT_FOR
    return KeyingClaim.objects.filter(posting=posting, taken_at__gt=after).exists()


def _narrowed(
    rows: QuerySet[Posting], kinds: Iterable[str], bridge: str, kind: str
) -> QuerySet[Posting]:
    rows = rows.filter(kind__in=list(kinds))
    if bridge:
        rows = rows.filter(bridge__code=bridge)
    return rows.filter(kind=kind) if kind else rows


def _with_clock(rows: QuerySet[Posting]) -> QuerySet[Posting]:
    """With the moment since when each can be keyed: planned, and the step before it confirmed."""
    before = (
        Posting.objects.filter(rma=OuterRef("rma"), sequence__lt=OuterRef("sequence"))
        .order_by()
        .values("rma")
        .annotate(at=Max("confirmed_at"))
        .values("at")
    )
    since = Greatest(F("created_at"), Coalesce(Subquery(before), F("created_at")))
    whole = rows.select_related("rma", "bridge", "connection", "keying_claim__person")
    return whole.defer("draft", "checks").annotate(since=since)


def _task(posting: Posting, now: datetime) -> Task:
    since: datetime = posting.since  # type: ignore[attr-defined]
    due_at = since + keying.limit(facts.policy_of(posting.bridge), posting.kind)
    claim = getattr(posting, "keying_claim", None)
    is_kept = claim is not None and claim.taken_at > now - keying.KEPT_FOR
    return Task(posting, since, due_at, due_at < now, claim if is_kept else None)
