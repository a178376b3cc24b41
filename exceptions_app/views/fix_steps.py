"""The steps of a change: who asked, who agreed, who must, and how long it can be taken back."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from exceptions_app.choices import FixStatus
from exceptions_app.models import Approval, Fix, FixEdit, Posting
from exceptions_app.selectors import doubt
from exceptions_app.services import fix_payloads
from exceptions_app.templatetags.desk import when


def steps(fix: Fix, approvers: Iterable[str], now: datetime) -> list[dict[str, str]]:
    """Who has agreed, who must, how long it can be taken back, and what then leaves."""
    names = ", ".join(approvers) or "Nobody else has that role yet"
    steps = [
        {"title": "Asked for", "state": "done", "note": _by(fix.requested_by, fix.requested_at)},
        *({"title": "Edited", "state": "done", "note": _edited(row)} for row in fix.edits.all()),
    ]
    if fix.is_break_glass:
        note = f"{_by(fix.decided_by, fix.decided_at)}, alone" if fix.decided_at else ""
        return [
            *steps,
            {"title": "Put in force by one person", "state": "done", "note": note},
            _holding(fix, now),
        ]
    counted = [row for row in fix.approvals.all() if row.payload_hash == fix.payload_hash]
    given = counted if fix.level != "none" else []
    for number in range(fix.approvals_needed):
        first = "Another person approves" if number == 0 else "A second person approves"
        if number < len(given):
            row = given[number]
            steps.append({"title": first, "state": "done", "note": _given(row)})
        elif fix.decided_by is not None and fix.decided_at is not None:
            note = _by(fix.decided_by, fix.decided_at)
            state = "blocked" if fix.status == FixStatus.REJECTED else "done"
            steps.append({"title": first, "state": state, "note": note})
        else:
            state = "waiting" if number == len(given) else "not_yet"
            steps.append({"title": first, "state": state, "note": f"{names} can."})
    return [*steps, _holding(fix, now)]


def _holding(fix: Fix, now: datetime) -> dict[str, str]:
    title = "Held, can be taken back"
    if fix.status == FixStatus.HELD and fix.hold_until is not None:
        state = "waiting" if fix.hold_until > now else "done"
        return {"title": title, "state": state, "note": f"Until {when(fix.hold_until)}"}
    if fix.status == FixStatus.APPLIED:
        return _after(fix, title)
    if fix.status == FixStatus.UNDONE:
        return {"title": title, "state": "blocked", "note": f"Taken back {when(fix.ended_at)}"}
    return {"title": title, "state": "not_yet", "note": "Nothing leaves before that."}


def _after(fix: Fix, title: str) -> dict[str, str]:
    """What the end of the hold let happen: of one document, how that stands now."""
    told = f"Until {when(fix.ended_at)}"
    posting = None
    if fix.kind in fix_payloads.ON_POSTINGS:
        posting = Posting.objects.filter(pk=fix.payload.get("posting_id")).first()
    if posting is None:
        return {"title": title, "state": "done", "note": told}
    waits = doubt.of(posting)
    if waits is None:
        return {"title": title, "state": "done", "note": f"{told}. {_stands(posting)}"}
    erp = waits.connection.name
    more = f"{posting.key} is looked for in {erp} first; nothing has left yet."
    if waits.is_out_of_reach:
        more = f"Nothing has left yet: it waits until {erp} answers, and is looked for first."
    return {"title": title, "state": "waiting", "note": f"{told}. {more}"}


def _stands(posting: Posting) -> str:
    number = f" as {posting.number}" if posting.number else ""
    return f"{posting.key} now: {posting.state_label.lower()}{number}."


def _given(row: Approval) -> str:
    """Who said yes, and for whom."""
    told = _by(row.approver, row.at)
    return f"{told}, for {_name_of(row.on_behalf_of)}" if row.on_behalf_of_id else told


def _edited(row: FixEdit) -> str:
    void = f" This voided the approval of {' and of '.join(row.voided)}." if row.voided else ""
    return f"{_by(row.editor, row.at)}.{void}"


def _name_of(person: Any) -> str:
    return str(person.get_full_name() or person.get_username())


def _by(person: Any, at: datetime) -> str:
    return f"{person.get_full_name() or person.get_username()}, {when(at)}"
