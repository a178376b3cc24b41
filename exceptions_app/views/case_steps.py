"""What the desk itself can see of a playbook's steps: questions, changes, and closing by hand.

Reading a page or looking at goods leaves nothing behind, so nothing is said of such a step: a
person knows what they did. Nothing here asks the database; it reads what the page shows anyway.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.urls import reverse

from exceptions_app.catalogue.entry import Step
from exceptions_app.choices import CASE_OPEN, AttemptOutcome, Closure, FixKind, Team
from exceptions_app.models import Case
from exceptions_app.templatetags.desk import when

# State ("" where nothing can be said), the words of it, and (address, label) of where it stands.
Mark = tuple[str, str, tuple[str, str] | None]
NOTHING: Mark = ("", "", None)
_TAKEN = (AttemptOutcome.ACCEPTED, AttemptOutcome.FOUND, AttemptOutcome.KEYED)


def mark(step: Step, case: Case, shown: Mapping[str, Any]) -> Mark:
    """How far a step is; `shown` is the context of the exception's page."""
    if step.ask:
        return _asked(step, shown)
    if step.action == FixKind.CLOSE and case.closure == Closure.BY_HAND and case.resolved_at:
        return "done", f"Done {when(case.resolved_at)}.", None
    if not step.action:
        return NOTHING
    if step.action in {each["fix"].kind for each in shown.get("under_way", ())}:
        return "waiting", "Under way: see above.", None
    return _in_force(step.action, case, shown)


def _asked(step: Step, shown: Mapping[str, Any]) -> Mark:
    """By the questions to the team the step names: an open one first, else the latest answer."""
    own = [each for each in shown.get("questions", ()) if each["code"] == step.ask]
    team = Team(step.ask).label
    for each in own:
        if not each["is_ended"]:
            way = (reverse("question", args=[each["pk"]]), "See the question")
            return "waiting", f"Asked; {team} has not answered yet.", way
    for each in own:
        if each["answer"]:
            way = (reverse("question", args=[each["pk"]]), "Read the answer")
            return "done", f"Done: {team} answered.", way
    return NOTHING


def _in_force(kind: str, case: Case, shown: Mapping[str, Any]) -> Mark:
    """By the last word of the history about a change of this kind, since the exception opened."""
    named = f": {FixKind(kind).label}"
    latest: Mapping[str, Any] | None = None
    for entry in shown.get("story", ()):
        act = entry.get("act", "")
        if latest is None and case.posting_id and entry.get("posting_id") == case.posting_id:
            latest = entry
        if act == "case.reopen":
            return NOTHING
        if not act.startswith("fix.") or named not in entry["text"]:
            continue
        if act != "fix.approve" or entry["at"] < case.opened_at:
            return NOTHING
        if kind == FixKind.RETRY and case.status in CASE_OPEN:
            return _sent_again(latest)
        return "done", f"Done: in force since {when(entry['at'])}.", None
    return NOTHING


def _sent_again(latest: Mapping[str, Any] | None) -> Mark:
    """By the last try since the approval: only what was taken is done, however it was agreed."""
    if latest is None:
        return "waiting", "Approved; it has not left yet.", None
    at = when(latest["at"])
    if latest["outcome"] == AttemptOutcome.REJECTED:
        return "blocked", f"Sent again {at}, refused again: {latest['detail']}", None
    if latest["outcome"] in _TAKEN:
        return "done", f"Done: sent again {at}, and taken.", None
    return "waiting", f"Sent again {at}: {AttemptOutcome(latest['outcome']).label.lower()}.", None
