"""Give a document that has not left the day its plan has now, under the key it has."""

from __future__ import annotations

from datetime import date, datetime

from exceptions_app.choices import POSTING_UNSENT, FixKind, PostingStatus
from exceptions_app.models import Fix, Posting
from exceptions_app.rules import dating
from exceptions_app.services import audit, posting_days

DAYS = "days_before"


def keep(*, fix: Fix) -> None:
    """Keep with a chosen day, as it comes into force, which day each document had until then.

    By slot: what is planned again under the chosen day is another row.
    """
    if fix.kind != FixKind.POSTING_DATE:
        return
    rows = Posting.objects.filter(rma=fix.rma, status__in=POSTING_UNSENT)
    days = {slot: draft["date"] for slot, draft in rows.values_list("slot", "draft")}
    fix.effect = {**fix.effect, DAYS: days}
    fix.save(update_fields=["effect"])


def put_back(*, fix: Fix, now: datetime) -> None:
    """The chosen day is taken back: what has not left has the day it had before, else its own.

    What was refused gets the day of its refusal with the next plan (`follow`).
    """
    if fix.kind != FixKind.POSTING_DATE:
        return
    rows = Posting.objects.select_for_update().filter(rma=fix.rma, status__in=POSTING_UNSENT)
    chosen, known = fix.payload["date"], fix.effect.get(DAYS, {})
    for row in rows.exclude(open_type=dating.CLOSED).order_by("pk"):
        if row.draft["date"] == chosen:
            own = posting_days.company_day(fix.bridge, row.created_at).isoformat()
            _date(row, known.get(row.slot, own), [], now)


def follow(*, posting: Posting, day: date, chosen: date | None, now: datetime) -> None:
    """Date an unsent posting `day` where a person chose that, or took the choice back.

    One that was refused for its closed month may then leave again, as the plan says; back on the
    day of its refusal it stays refused. Its number and its lines are as they were: the ERP turned
    it down, so there is nothing of it that could be booked twice. `chosen` is the day decided.
    """
    was = str(posting.draft["date"])
    is_refused = posting.open_type == dating.CLOSED
    if was == day.isoformat() or not (is_refused or day == chosen):
        return
    fields: list[str] = []
    if is_refused:
        is_back = posting.open_facts.get("posting_date") == day.isoformat()
        posting.status = PostingStatus.FAILED if is_back else PostingStatus.BLOCKED
        posting.hold_reason, posting.hold_until, posting.blocked_by = "", None, ""
        posting.attempts, posting.crashes, posting.not_before = 0, 0, now
        fields += ["status", "hold_reason", "hold_until", "blocked_by"]
        fields += ["attempts", "crashes", "not_before"]
    _date(posting, day.isoformat(), fields, now)


def _date(posting: Posting, day: str, fields: list[str], now: datetime) -> None:
    """Date it `day`, with what else changed of it."""
    was = str(posting.draft["date"])
    if was == day and not fields:
        return
    posting.draft = {**posting.draft, "date": day}
    posting.save(update_fields=["draft", *fields])
    audit.record(
        actor=None,
        act="posting.date",
        subject=posting,
        text=f"{posting.key} is dated {day} instead of {was}",
        now=now,
        rma_id=posting.rma_id,
        before={"date": was},
        after={"date": day, "status": str(posting.status)},
    )
