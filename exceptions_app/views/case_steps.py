"""What the desk itself can see of a playbook's steps: questions, changes, and closing by hand.

Reading a page or looking at goods leaves nothing behind, so nothing is said of such a step: a
person knows what they did. Nothing here asks the database; it reads what the page shows anyway.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.urls import reverse

from exceptions_app.catalogue.entry import Step
from exceptions_app.choices import Closure, FixKind, Team
from exceptions_app.models import Case
from exceptions_app.templatetags.desk import when

# State ("" where nothing can be said), the words of it, and (address, label) of where it stands.
Mark = tuple[str, str, tuple[str, str] | None]
NOTHING: Mark = ("", "", None)


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
    for entry in shown.get("story", ()):
        act = entry.get("act", "")
        if act == "case.reopen":
            return NOTHING
        if not act.startswith("fix.") or named not in entry["text"]:
            continue
        if act != "fix.approve" or entry["at"] < case.opened_at:
            return NOTHING
        return "done", f"Done: in force since {when(entry['at'])}.", None
    return NOTHING
