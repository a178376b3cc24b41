"""Which status may follow which (DESIGN section 4). A move to the same status is no move."""

from __future__ import annotations

from collections.abc import Mapping

from exceptions_app.choices import CaseStatus, FixStatus, PostingStatus

# Linking a document the ERP already has confirms a posting of ours that is not under way.
_LINKED = PostingStatus.CONFIRMED

POSTING: Mapping[str, frozenset[str]] = {
    PostingStatus.PLANNED: frozenset(
        {
            PostingStatus.READY,
            PostingStatus.BLOCKED,
            PostingStatus.HELD,
            PostingStatus.CANCELLED,
        }
    ),
    PostingStatus.BLOCKED: frozenset(
        {PostingStatus.READY, PostingStatus.HELD, _LINKED, PostingStatus.CANCELLED}
    ),
    # Taking back the release of a refused posting puts it back to failed.
    PostingStatus.HELD: frozenset(
        {
            PostingStatus.READY,
            PostingStatus.BLOCKED,
            PostingStatus.FAILED,
            _LINKED,
            PostingStatus.CANCELLED,
        }
    ),
    PostingStatus.READY: frozenset(
        {
            PostingStatus.SENDING,
            PostingStatus.BLOCKED,
            PostingStatus.HELD,
            PostingStatus.FAILED,
            _LINKED,
            PostingStatus.CANCELLED,
        }
    ),
    # Sent without an answer we may trust goes through unconfirmed; from there it is ready again
    # only with proof that nothing landed.
    PostingStatus.SENDING: frozenset(
        {
            PostingStatus.POSTED,
            PostingStatus.CONFIRMED,
            PostingStatus.UNCONFIRMED,
            PostingStatus.READY,
            PostingStatus.FAILED,
        }
    ),
    PostingStatus.UNCONFIRMED: frozenset(
        {
            PostingStatus.POSTED,
            PostingStatus.CONFIRMED,
            PostingStatus.READY,
            PostingStatus.FAILED,
        }
    ),
    PostingStatus.POSTED: frozenset(
        {PostingStatus.CONFIRMED, PostingStatus.UNCONFIRMED, PostingStatus.FAILED}
    ),
    PostingStatus.FAILED: frozenset(
        {
            PostingStatus.READY,
            PostingStatus.BLOCKED,
            PostingStatus.HELD,
            _LINKED,
            PostingStatus.CANCELLED,
        }
    ),
    PostingStatus.CONFIRMED: frozenset(),
    PostingStatus.CANCELLED: frozenset(),
}

CASE: Mapping[str, frozenset[str]] = {
    CaseStatus.OPEN: frozenset(
        {
            CaseStatus.ASSIGNED,
            CaseStatus.WAITING,
            CaseStatus.AWAITING_APPROVAL,
            CaseStatus.RESOLVED,
        }
    ),
    CaseStatus.ASSIGNED: frozenset(
        {
            CaseStatus.OPEN,
            CaseStatus.WAITING,
            CaseStatus.AWAITING_APPROVAL,
            CaseStatus.RESOLVED,
        }
    ),
    CaseStatus.WAITING: frozenset(
        {
            CaseStatus.OPEN,
            CaseStatus.ASSIGNED,
            CaseStatus.AWAITING_APPROVAL,
            CaseStatus.RESOLVED,
        }
    ),
    CaseStatus.AWAITING_APPROVAL: frozenset(
        {CaseStatus.OPEN, CaseStatus.ASSIGNED, CaseStatus.WAITING, CaseStatus.RESOLVED}
    ),
    # The cause came back: the same case opens again, with its history.
    CaseStatus.RESOLVED: frozenset({CaseStatus.OPEN, CaseStatus.ASSIGNED}),
}

FIX: Mapping[str, frozenset[str]] = {
    FixStatus.REQUESTED: frozenset(
        {FixStatus.HELD, FixStatus.APPLIED, FixStatus.REJECTED, FixStatus.WITHDRAWN}
    ),
    FixStatus.HELD: frozenset({FixStatus.APPLIED, FixStatus.UNDONE}),
    FixStatus.APPLIED: frozenset({FixStatus.REVERTED}),
    FixStatus.REJECTED: frozenset(),
    FixStatus.WITHDRAWN: frozenset(),
    FixStatus.UNDONE: frozenset(),
    FixStatus.REVERTED: frozenset(),
}

_TABLES: Mapping[str, Mapping[str, frozenset[str]]] = {
    "posting": POSTING,
    "case": CASE,
    "fix": FIX,
}


def is_allowed(kind: str, current: str, target: str) -> bool:
    """Whether a "posting", "case" or "fix" may go from `current` to `target`.

    False for a status nobody knows; KeyError for another kind.
    """
    return target in _TABLES[kind].get(current, frozenset())


def targets(kind: str, current: str) -> frozenset[str]:
    """Every status that may follow `current`."""
    return _TABLES[kind].get(current, frozenset())
