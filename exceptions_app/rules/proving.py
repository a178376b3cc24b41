"""What an exception of a return that is gone was closed by, in the words of its own type.

A proof never says more than is known: what only gave way to a closer finding says so, and what is
no longer late because its clock began anew does not claim a document.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from exceptions_app.catalogue import causes, entry, render
from exceptions_app.choices import ApprovalAxis, FixKind, PostingKind
from exceptions_app.rules import checks, rereading
from exceptions_app.rules.facts import Finding

_CREDIT = PostingKind.CREDIT_MEMO.value
_RECEIPT = PostingKind.STOCK_RECEIPT.value
# What these miss is a document; while something stops it, that is told instead.
_MISSED = {
    "REFUND_NO_CM": _CREDIT,
    "RECEIVED_NOT_CREDITED": _CREDIT,
    "RECEIPT_NOT_POSTED": _RECEIPT,
    "RESTOCK_LATE": _RECEIPT,
}
# Clocks that are told only while nothing else explains the delay.
_LATE = frozenset({*_MISSED, "INSPECTION_OVERDUE", "STATUS_DRIFT"})
_STOPS_ANYTHING = frozenset({"RECEIVED_NOT_CREDITED", "STATUS_DRIFT"})
_DIFFERENCES = frozenset({*causes.DIFFERENCE_TYPES, "REFUND_OVER_LINE"})
# Told of returns that are called off, or in a status nobody mapped, too.
_OF_ANY_RETURN = frozenset({"CANCELLED_AFTER_POST", "INSTANT_REJECTED", "STATUS_UNMAPPED"})
# How a proof begins that names the type which tells of the same matter now.
TOLD_NOW = "Told more exactly now: "
_APPROVED = (ApprovalAxis.AUTHORISED, ApprovalAxis.CLOSED)
_DOCUMENT_PARTS = ("posting:", "window:")


@dataclass(frozen=True, slots=True)
class Gone:
    """An exception that is no longer found: its type, what inside the return, and its facts."""

    type: str
    part: str
    facts: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of the return now.

    `proved` are the slots of the documents that were read back or that somebody answers for,
    `on_word` those of the latter alone, `left` those of all that were sent, `called` those the plan
    calls for, and `approval` is the return's axis.
    """

    found: Sequence[Finding]
    checks: Sequence[tuple[str, str]]
    proved: Collection[str]
    left: Collection[str]
    approval: str
    has_receipts_of_others: bool = False
    on_word: Collection[str] = ()
    called: Collection[str] = ()


def is_accepted(gone: Gone) -> bool:
    """Whether a difference that finance accepted is what it was about."""
    return FixKind.ACCEPT_DIFFERENCE in entry(gone.type).actions


def sentence(gone: Gone, known: Known) -> str:
    """One sentence with its full stop: why the exception is no longer found."""
    closer = _told_by(gone, known.found)
    if closer:
        return f"{TOLD_NOW}{entry(closer).short}."
    if known.approval not in _APPROVED and gone.type not in _OF_ANY_RETURN:
        label = str(ApprovalAxis(known.approval).label).lower()
        return f"The return is {label} now: nothing of it is called for."
    passed = dict(known.checks).get(checks.code_of(gone.type), "")
    if passed:
        return f"{passed}."
    return _of_document(gone, known) or render(entry(gone.type).closes_by, gone.facts)


def _of_document(gone: Gone, known: Known) -> str:
    """What is true where a document should prove it and none does yet; "" where one does."""
    slot = gone.part.partition(":")[2] if gone.part.startswith(_DOCUMENT_PARTS) else ""
    if not slot and gone.type not in _LATE:
        return ""
    if slot and gone.type == "OUTCOME_UNKNOWN" and _has(known.on_word, slot):
        return "A person found the document and linked it: nothing was sent again."
    wanted = slot or _MISSED.get(gone.type, "")
    if not wanted or _has(known.proved, wanted):
        return ""
    if _has(known.left, wanted):
        # Late is only what nobody sent: its read-back has clocks and types of its own.
        is_end = gone.type == "RECEIVED_NOT_CREDITED"
        return "" if is_end else "The document has left, and is read back next."
    if wanted == _RECEIPT and known.has_receipts_of_others:
        return ""
    if gone.part.startswith("window:"):
        return "The window is open, and the document is free to leave."
    if slot:
        if _has(known.called, slot):
            return "The document is called for, and nothing of this stops it now."
        return "The document is not called for as things stand."
    return "Not late any more by what is known now."


def _has(slots: Collection[str], wanted: str) -> bool:
    return any(row == wanted or row.startswith(f"{wanted}:") for row in slots)


def _told_by(gone: Gone, found: Sequence[Finding]) -> str:
    """The type that tells of the same thing now; "" where none does."""
    for row in found:
        if row.type != gone.type and _is_about_it(gone, row, found):
            return row.type
    return ""


def _is_about_it(gone: Gone, row: Finding, found: Sequence[Finding]) -> bool:
    if gone.type in rereading.VALUES:
        # The reading itself shows that it is gone, whatever else it shows.
        return False
    if gone.type in _DIFFERENCES and row.type in _DIFFERENCES:
        return True
    if row.subject == gone.part:
        is_document = gone.part.startswith(_DOCUMENT_PARTS)
        code = checks.code_of(gone.type)
        return is_document or bool(code and code == checks.code_of(row.type))
    return gone.type in _LATE and _explains_delay(gone.type, row)


def _explains_delay(late: str, row: Finding) -> bool:
    if row.type == "QTY_SHORT" or (late == "RESTOCK_LATE" and row.type == "RECEIPT_NOT_POSTED"):
        return late != "STATUS_DRIFT"
    if late == "RECEIVED_NOT_CREDITED" and row.type == "REFUND_NO_CM":
        return True
    if late in _STOPS_ANYTHING:
        return bool(row.blocks) or row.subject.startswith("posting:")
    kind = _MISSED.get(late, "")
    if not kind or late == "RESTOCK_LATE":
        return False
    return kind in row.blocks or row.subject.startswith(f"posting:{kind}")
