"""Give a document that has not left the day its plan has now, under the key it has."""

from __future__ import annotations

from datetime import date, datetime

from exceptions_app.choices import PostingStatus
from exceptions_app.models import Posting
from exceptions_app.rules import dating
from exceptions_app.services import audit


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
    posting.draft = {**posting.draft, "date": day.isoformat()}
    fields = ["draft"]
    if is_refused:
        is_back = posting.open_facts.get("posting_date") == day.isoformat()
        posting.status = PostingStatus.FAILED if is_back else PostingStatus.BLOCKED
        posting.hold_reason, posting.hold_until, posting.blocked_by = "", None, ""
        posting.attempts, posting.crashes, posting.not_before = 0, 0, now
        fields += ["status", "hold_reason", "hold_until", "blocked_by"]
        fields += ["attempts", "crashes", "not_before"]
    posting.save(update_fields=fields)
    audit.record(
        actor=None,
        act="posting.date",
        subject=posting,
        text=f"{posting.key} is dated {day.isoformat()} instead of {was}",
        now=now,
        rma_id=posting.rma_id,
        before={"date": was},
        after={"date": day.isoformat(), "status": str(posting.status)},
    )
