"""A document sent again with the date that the ERP refused: what speaks against it (R059)."""

from __future__ import annotations

from datetime import date

from exceptions_app.choices import AttemptOutcome, PostingStatus
from exceptions_app.models import Posting, Watermark
from exceptions_app.rules import dating
from exceptions_app.selectors import erp_told
from exceptions_app.services import periods


def of_sending_again(posting_id: int) -> str:
    """That its month is closed still, as far as anybody said; "" for any other refusal.

    An ERP that tells its months is believed where it was read after it refused the document.
    """
    posting = Posting.objects.select_related("connection", "bridge").get(pk=posting_id)
    told = str(posting.open_facts.get("posting_date", ""))
    if posting.status != PostingStatus.FAILED or posting.open_type != dating.CLOSED or not told:
        return ""
    day, erp = date.fromisoformat(told), posting.connection.name
    month = f"{day:%B %Y}"
    again = f"It is sent with the same date, {day.day} {month}, that {erp} refused as closed."
    if dating.month(day) in erp_told.closed_periods_of(posting.bridge):
        again += f" {month} is closed still, as far as we know: it would be refused again."
        return f"{again} Choose another posting date, or have {month} reopened first."
    if _was_read_since(posting):
        return ""
    return f"{again} Look in {erp} that {month} is open again, else it is refused once more."


def _was_read_since(posting: Posting) -> bool:
    """Whether the ERP told its months after it refused the document, and named this one no more."""
    refused = posting.attempt_rows.filter(outcome=AttemptOutcome.REJECTED).order_by("-pk").first()
    mark = Watermark.objects.filter(connection=posting.connection_id, feed=periods.FEED).first()
    if refused is None or mark is None or mark.read_at is None:
        return False
    return mark.read_at > (refused.ended_at or refused.started_at)
