"""A second reading of what was confirmed: whether the ERP still shows it as it was sent (R005)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from connectors.types import DocumentDraft, DocumentState
from exceptions_app.choices import PostingKind
from exceptions_app.rules import confirming
from exceptions_app.rules.confirming import Comparison, Verdict

EDITED, OPEN = "ERP_EDITED", "CM_UNALLOCATED"
# By type the fact that says what is at risk, and what it is called.
VALUES = {EDITED: ("difference", "the difference"), OPEN: ("credit", "open balance")}
# How long a credit may stay unapplied.
APPLIED_WITHIN = timedelta(days=7)
# What stock and ledger stand on.
KINDS = (PostingKind.CREDIT_MEMO.value, PostingKind.STOCK_RECEIPT.value)
_AS_SENT = frozenset({Verdict.EQUAL, Verdict.STAGED})


def unapplied(
    states: Sequence[DocumentState], *, confirmed_at: datetime, now: datetime
) -> Decimal | None:
    """The open balance of a credit that is as it was sent and older than its limit (R057)."""
    balance = states[0].open_amount if len(states) == 1 else None
    return balance if balance and now - confirmed_at >= APPLIED_WITHIN else None


@dataclass(frozen=True, slots=True)
class Edit:
    """What somebody made of a document: in words, and the money it moved.

    `difference` is in the draft's currency and never negative; None where no sum tells it, so that
    all of the document counts.
    """

    text: str
    difference: Decimal | None = None

    @property
    def facts(self) -> dict[str, str]:
        told = {"found": self.text}
        return told if self.difference is None else {**told, "difference": f"{self.difference}"}


def edited(
    draft: DocumentDraft, states: Sequence[DocumentState], *, number: str = ""
) -> Edit | None:
    """What is different in `states`, found under the draft's key; None where nothing is.

    `number` is the one a person gave it, where one did.
    """
    comparison = confirming.compare(draft, states, number=number)
    if comparison.verdict in _AS_SENT:
        return None
    if comparison.verdict == Verdict.ABSENT:
        return Edit("it is not there any more")
    if comparison.verdict == Verdict.REJECTED:
        return Edit("it is void there")
    if comparison.verdict == Verdict.TWICE:
        numbers = comparison.differences[0][2]
        return Edit(f"there is more than one under its key, {numbers}")
    words = ", ".join(confirming.instead(*each) for each in comparison.differences)
    return Edit(words, _moved(draft, comparison))


def _moved(draft: DocumentDraft, comparison: Comparison) -> Decimal | None:
    """The larger of what the sum and what its tax moved by."""
    state = comparison.state
    if state is None or state.currency not in ("", draft.currency):
        return None
    pairs = ((state.gross, draft.gross), (state.tax, draft.tax))
    moved = max((abs(there - meant) for there, meant in pairs if there is not None), default=None)
    return moved or None
