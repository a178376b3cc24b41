"""What people decided for one return: approved changes that are in force. No model, no clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from connectors.types import DocumentDraft
from exceptions_app.choices import AcceptanceState


@dataclass(frozen=True, slots=True)
class DraftEdit:
    """A document as a person set it; counts only for the plan it was made on."""

    slot: str
    made_on: str
    draft: DocumentDraft


@dataclass(frozen=True, slots=True)
class Terms:
    """How a difference was accepted: refund less credit, and how far it may grow until when.

    `cap` is never negative, None where nobody was asked for one; `cause` is the main cause it was
    seen with, "" where nobody kept it; `until` is an ISO day, "" where it does not end.
    """

    difference: Decimal
    cap: Decimal | None = None
    cause: str = ""
    by: str = ""
    until: str = ""
    is_over: bool = False

    def ended(self, difference: Decimal, cause: str = "") -> str:
        """Why this does not cover `difference` (refund less credit), "" where it does.

        One of AcceptanceState: over by its day, grown beyond its cap, or changed, where the other
        side is more now or another cause is the main one. Without a cap exactly its own amount is
        covered.
        """
        if self.is_over:
            return AcceptanceState.EXPIRED.value
        if abs(difference) > (abs(self.difference) if self.cap is None else self.cap):
            return AcceptanceState.GROWN.value
        is_other = self.cap is None or not difference or (difference > 0) != (self.difference > 0)
        if difference != self.difference and is_other:
            return AcceptanceState.CHANGED.value
        is_another_cause = bool(cause and self.cause) and cause != self.cause
        return AcceptanceState.CHANGED.value if is_another_cause else ""


@dataclass(frozen=True, slots=True)
class Decisions:
    """What people decided for this return (approved fixes still in force)."""

    location: str = ""  # set by hand for lines that carry none
    order_number: str = ""  # linked by hand
    accepted_difference: Decimal | None = None  # refund minus credit that finance accepted
    accepted: Terms | None = None  # with its terms, also once its day is over
    credit_adjustment: Decimal | None = (
        None  # goodwill line finance added to (or took from) the credit
    )
    adjustment_reason: str = ""
    posting_date: date | None = None
    edits: tuple[DraftEdit, ...] = ()  # documents set by hand, the latest last

    def covers(self, difference: Decimal, cause: str = "") -> bool:
        """Whether finance accepted `difference`, as it is now and by its main `cause`."""
        if self.accepted_difference is None:
            return False
        if self.accepted is None:
            return self.accepted_difference == difference
        return not self.accepted.ended(difference, cause)
