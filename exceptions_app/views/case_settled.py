"""What the documents of a closed exception are by now: read back, or still to come, and by whom."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from exceptions_app import permissions
from exceptions_app.catalogue import entry as catalogue_entry
from exceptions_app.choices import Closure, HoldReason, PostingKind, PostingStatus
from exceptions_app.models import Case, Posting
from exceptions_app.selectors import aftermath, awaited
from exceptions_app.services.linking import LEAD
from exceptions_app.templatetags.amounts import money
from exceptions_app.templatetags.desk import when

_ON_THE_WAY = (PostingStatus.SENDING, PostingStatus.POSTED, PostingStatus.UNCONFIRMED)


@dataclass(frozen=True, slots=True)
class ToCome:
    """A document that is not proven yet, in a sentence; the link leads to whoever acts next."""

    text: str
    url: str = ""
    url_label: str = ""


def booked(case: Case, postings: Iterable[Posting]) -> str:
    """The documents that were read back, and when, which the proof does not tell; "" for none."""
    told = [
        _booked(row)
        for row in postings
        if row.status == PostingStatus.CONFIRMED
        and _is_document(row)
        and not row.is_taken_on_word
        and not (row.number and row.number in case.proof and not case.proof.startswith(LEAD))
    ]
    return f"Booked and read back: {'; '.join(told)}." if told else ""


def after(
    request: HttpRequest, case: Case, postings: list[Posting], now: datetime
) -> dict[str, Any]:
    """What the page of a closed exception tells of its return.

    `after_rma` is the return, None where none is known; `others` are the exceptions open on it
    now; `booked` and `to_come` are its documents.
    """
    rma = aftermath.return_of(case)
    others = aftermath.still_open(case, rma)
    return {
        "after_rma": rma,
        "others": others,
        "booked": booked(case, postings),
        "to_come": to_come(request, case, postings, now, others),
    }


def to_come(
    request: HttpRequest,
    case: Case,
    postings: Iterable[Posting],
    now: datetime,
    others: Iterable[Case] = (),
) -> list[ToCome]:
    """What of the return has not been read back, in the order it leaves.

    `others` are the exceptions open on the return: a document one of them holds leads there.
    """
    open_rows = [
        row
        for row in postings
        if _is_document(row)
        and row.status not in (PostingStatus.CONFIRMED, PostingStatus.CANCELLED)
    ]
    by_type = {each.type: each for each in others}
    return [_told(request, case, row, now, by_type) for row in open_rows]


def held_words(row: Posting, now: datetime) -> str:
    """Why a document is held; the time to take it back ends a moment before it leaves."""
    if row.hold_reason == HoldReason.UNDO:
        if row.hold_until is not None and row.hold_until <= now:
            return "The time to take it back is over; it leaves now"
        return f"Can still be taken back until {when(row.hold_until)}"
    return row.get_hold_reason_display() if row.hold_reason else ""


def blockers(row: Posting) -> str:
    """What holds a blocked document back, in words."""
    codes = (code.strip() for code in row.blocked_by.split(","))
    return ", ".join(catalogue_entry(code).short for code in codes if code)


def _told(
    request: HttpRequest, case: Case, row: Posting, now: datetime, others: Mapping[str, Case]
) -> ToCome:
    name = _named(row)
    if row.status == PostingStatus.HELD:
        return _held(request, case, row, name, now)
    if row.status in _ON_THE_WAY:
        return ToCome(f"{name} was sent, and is not read back yet.")
    if row.status == PostingStatus.FAILED:
        return ToCome(f"{name} was refused by {row.connection.name}.", *_page(request, row))
    if row.status == PostingStatus.BLOCKED:
        return _blocked(case, row, name, others)
    return ToCome(f"{name} leaves by itself, after the documents before it.")


def _blocked(case: Case, row: Posting, name: str, others: Mapping[str, Case]) -> ToCome:
    """By the exception that holds it, else by what a person closed though it still stands."""
    codes = [code.strip() for code in row.blocked_by.split(",")]
    held = f"{name} is still held back: {blockers(row)}"
    first = next((others[code] for code in codes if code in others), None)
    if first is not None:
        url = reverse("case-detail", args=[first.pk])
        return ToCome(f"{held}.", url, f"Open EX-{first.pk}")
    if case.closure == Closure.BY_HAND and codes == [case.type]:
        return ToCome(f"{held}. That is what was closed here by hand, and it still stands.")
    return ToCome(f"{held}.", *_return(row))


def _held(request: HttpRequest, case: Case, row: Posting, name: str, now: datetime) -> ToCome:
    if row.hold_reason == HoldReason.RUN:
        who = permissions.holders("start_run")
        text = f"{name} waits for a credit run, which {who} starts by hand under Credit runs."
        can = permissions.can(request.user, "view_finance")
        return ToCome(text, reverse("run-list") if can else "", "Open Credit runs")
    if row.hold_reason == HoldReason.WINDOW:
        opens_at = awaited.opens_at(case, after=now, kind=row.kind)
        at = f", {when(opens_at)}" if opens_at else ""
        return ToCome(f"{name} waits for the next window of {row.connection.name}{at}.")
    if row.hold_reason == HoldReason.MANUAL:
        return ToCome(f"{name} waits to be keyed into {row.connection.name} by hand.")
    if row.hold_reason == HoldReason.APPROVAL:
        return ToCome(f"{name} waits for an approval.", reverse("fix-list"), "Open Approvals")
    words = held_words(row, now)
    return ToCome(f"{name}: {words[:1].lower()}{words[1:]}." if words else f"{name} is held.")


def _booked(row: Posting) -> str:
    """ "credit memo CM000186, £80.00": of a stock document no amount."""
    name = f"{row.get_kind_display().lower()} {row.number}".strip()
    if row.gross and row.currency:
        name = f"{name}, {money(row.gross, row.currency)}"
    return f"{name} ({when(row.confirmed_at)})" if row.confirmed_at else name


def _named(row: Posting) -> str:
    amount = f" of {money(row.gross, row.currency)}" if row.gross and row.currency else ""
    return f"{row.get_kind_display()}{amount}"


def _is_document(row: Posting) -> bool:
    return row.kind != PostingKind.PLATFORM_UPDATE


def _page(request: HttpRequest, row: Posting) -> tuple[str, str]:
    if not permissions.can(request.user, "view_operations"):
        return _return(row)
    return reverse("posting-detail", args=[row.pk]), "Open the document"


def _return(row: Posting) -> tuple[str, str]:
    return reverse("return-detail", args=[row.rma_id]), "Open the return"
