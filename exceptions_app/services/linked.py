"""What a posting becomes when a person linked a document that is not as it was sent."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from exceptions_app.choices import AttemptOutcome, Keyed, PostingKind, PostingStatus
from exceptions_app.models import Posting
from exceptions_app.rules import adopting, confirming, drafts
from exceptions_app.rules.confirming import Comparison
from exceptions_app.services import takings


def number_of(posting: Posting) -> str:
    """The number a person linked it to; "" where nobody did."""
    return posting.number if posting.keyed == Keyed.LINKED else ""


def adopted(
    posting: Posting, comparison: Comparison, now: datetime
) -> tuple[str, str, dict[str, Any]]:
    """The outcome, its words and the fields: the figures of the ERP's own document are booked.

    What was sent is kept beside them (`Posting.meant`). Of the order it takes what it credits: what
    more it credits is left for no other return, and what it credits less still is.
    """
    state = comparison.state
    assert state is not None
    there = adopting.adopted(drafts.from_json(posting.draft), state)
    is_money = there.kind in confirming.OF_MONEY
    if there.units != posting.units and posting.kind == PostingKind.CREDIT_MEMO:
        posting.takings.all().delete()
        takings.take(posting=posting, rma=posting.rma, draft=there)
    values = {
        "status": PostingStatus.CONFIRMED,
        "confirmed_at": now,
        "posted_at": posting.posted_at or now,
        "external_id": state.external_id,
        "url": state.url,
        "draft": drafts.to_json(there),
        "gross": there.gross if is_money else posting.gross,
        "units": there.units,
        "meant": {"draft": posting.draft, "gross": str(posting.gross), "units": posting.units},
    }
    text = f"Linked by hand. {confirming.found_words(comparison)}"
    return AttemptOutcome.DIFFERS, text, values
