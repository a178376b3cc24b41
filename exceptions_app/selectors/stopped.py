"""What stops a document or a message: why, since when, in whose words, and whose it is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from exceptions_app.catalogue import CATALOGUE, render
from exceptions_app.catalogue import entry as catalogue_entry
from exceptions_app.choices import CASE_OPEN, EventState, PostingStatus
from exceptions_app.models import Case, InboundEvent, Posting, PostingAttempt
from exceptions_app.selectors import paging

# In a list's filter of states: all that nothing but a person moves on, or that may need one.
NEEDS = "needs"
NEEDS_LABEL = "Needs somebody"
EVENTS = (EventState.PARKED, EventState.REFUSED)
POSTINGS = (PostingStatus.FAILED, PostingStatus.BLOCKED, PostingStatus.UNCONFIRMED)


@dataclass(frozen=True, slots=True)
class Stop:
    """Why a row stands still; all of it empty for a row that does not.

    `message` is the other side's own words. `cases` are the open exceptions, the oldest first;
    `since` is None where no row says it.
    """

    reason: str = ""
    message: str = ""
    cases: tuple[int, ...] = ()
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Stopped:
    """A row of a list with what stops it."""

    row: Any
    stop: Stop


def postings(
    rows: QuerySet[Posting], *, order: Sequence[str], cursor: str = "", size: int = paging.PAGE_SIZE
) -> paging.Page:
    """A page of documents as Stopped: two queries more, whatever its length."""
    page = paging.page(rows, order=order, cursor=cursor, size=size)
    return paging.Page(tuple(_with_stops(page.rows)), page.newer, page.older)


def events(
    rows: QuerySet[InboundEvent],
    *,
    order: Sequence[str],
    cursor: str = "",
    size: int = paging.PAGE_SIZE,
) -> paging.Page:
    """A page of messages as Stopped: one query more, whatever its length."""
    page = paging.page(rows, order=order, cursor=cursor, size=size)
    stopped = [row for row in page.rows if row.state in EVENTS]
    cases = list(_open().filter(about_events(stopped))) if stopped else []
    by_key: dict[object, list[Case]] = {}
    for case in cases:
        for key in {case.event_id, case.subject}:
            by_key.setdefault(key, []).append(case)
    found = tuple(
        Stopped(row, _of_event(row, by_key.get(subject_of(row)) or by_key.get(row.pk, [])))
        for row in page.rows
    )
    return paging.Page(found, page.newer, page.older)


def subject_of(event: InboundEvent) -> str:
    """What the exceptions of a message are kept under: all messages about one thing share them."""
    return f"event:{event.connection_id}:{event.subject_id}"[:60] if event.subject_id else ""


def about_events(rows: Sequence[InboundEvent]) -> Q:
    """Exceptions about these messages, or about what they are about."""
    subjects = {subject_of(row) for row in rows} - {""}
    return Q(event__in=[row.pk for row in rows]) | Q(subject__in=subjects)


def about_posting(posting: Posting) -> Q:
    """Exceptions about a document, or that block it."""
    codes = [code.strip() for code in posting.blocked_by.split(",") if code.strip()]
    return Q(posting=posting) | Q(type__in=codes)


def words_of(event: InboundEvent) -> str:
    """Why a message stands still, as the catalogue tells it; "" for one that does not."""
    if not event.error_type:
        return ""
    told = {name: str(value) for name, value in event.error_facts.items()}
    facts = {
        "platform": event.connection.name,
        "event": event.topic,
        "rma": event.subject_id or "not known",
        **told,
    }
    return render(catalogue_entry(event.error_type, facts).sentence, facts)


def blockers_of(posting: Posting) -> str:
    """What blocks a document, by name; a hold that is no exception stays in its own words."""
    codes = [code.strip() for code in posting.blocked_by.split(",") if code.strip()]
    return ", ".join(CATALOGUE[code].short if code in CATALOGUE else code for code in codes)


def _with_stops(rows: Sequence[Posting]) -> Iterator[Stopped]:
    stopped = [row for row in rows if row.status in POSTINGS]
    cases: dict[int | None, list[Case]] = {}
    tries: dict[int, PostingAttempt] = {}
    if stopped:
        wanted = Q(posting__in=[row.pk for row in stopped])
        wanted |= Q(rma__in={row.rma_id for row in stopped if row.blocked_by})
        for case in _open().filter(wanted):
            cases.setdefault(case.rma_id, []).append(case)
        latest = PostingAttempt.objects.defer("request", "response").filter(posting__in=stopped)
        latest = latest.order_by("posting_id", "-pk")
        tries = {each.posting_id: each for each in latest.distinct("posting_id")}
    for row in rows:
        own = [case for case in cases.get(row.rma_id, ()) if _is_about(case, row)]
        yield Stopped(row, _of_posting(row, own, tries.get(row.pk)))


def _open() -> QuerySet[Case]:
    fields = ("pk", "type", "rma", "posting", "event", "subject", "opened_at")
    return Case.objects.filter(status__in=CASE_OPEN).only(*fields).order_by("pk")


def _is_about(case: Case, posting: Posting) -> bool:
    return case.posting_id == posting.pk or case.type in posting.blocked_by.split(", ")


def _of_posting(posting: Posting, cases: Sequence[Case], tried: PostingAttempt | None) -> Stop:
    if posting.status not in POSTINGS:
        return Stop(reason=posting.get_hold_reason_display() if posting.hold_reason else "")
    opened = cases[0].opened_at if cases else None
    if posting.status == PostingStatus.BLOCKED:
        return Stop(blockers_of(posting), "", _numbers(cases), opened)
    ended = (tried.ended_at or tried.started_at) if tried is not None else None
    known = posting.open_type or "OUTCOME_UNKNOWN"
    reason = catalogue_entry(known).short
    message = tried.text if tried is not None else ""
    return Stop(reason, message, _numbers(cases), posting.unknown_since or ended or opened)


def _of_event(event: InboundEvent, cases: Sequence[Case]) -> Stop:
    if event.state not in EVENTS or not event.error_type:
        return Stop()
    opened = cases[0].opened_at if cases else None
    reason = catalogue_entry(event.error_type).short
    return Stop(reason, words_of(event), _numbers(cases), opened)


def _numbers(cases: Sequence[Case]) -> tuple[int, ...]:
    return tuple(case.pk for case in cases)
