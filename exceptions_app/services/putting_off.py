"""What a case that somebody put off carries, and which of its changes end that at once."""

from __future__ import annotations

from typing import Any

from exceptions_app.choices import WakeOn
from exceptions_app.models import Case
from exceptions_app.rules.putting_off import are_only_figures

# The fields of a case that nobody put off.
NOT_SNOOZED: dict[str, Any] = {
    "snoozed_until": None,
    "snooze_note": "",
    "snoozed_at": None,
    "wakes_on": "",
    "wakes_for": {},
}
_MATERIAL = frozenset({"status", "facts", "severity"})


def ended_by(case: Case, changed: dict[str, object]) -> dict[str, object]:
    """What ends a snooze, when `changed` makes it another case than the one that was put off.

    Figures alone do not where somebody said by how much its value has to grow: `services.waking`
    compares that.
    """
    material = _MATERIAL & changed.keys()
    if case.snoozed_until is None or not material:
        return {}
    facts = changed.get("facts")
    is_asked = case.wakes_on == WakeOn.VALUE and material == {"facts"}
    if is_asked and isinstance(facts, dict) and are_only_figures(case.facts, facts):
        return {}
    return dict(NOT_SNOOZED)
