"""Who must agree before an exception is closed by hand (R112, decision 0030).

Closing changes no fact, but it ends the work on one. So it is as strict as the strictest change
that the exception offers: else it would be the way round an approval. Where closing is all that is
offered, its type's stated approval is asked for above the company's threshold, and whatever the
bridge's policy asks for that type always.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from exceptions_app.catalogue import Entry
from exceptions_app.choices import SEVERITY_RANK, FixKind, Severity
from exceptions_app.rules import approval
from exceptions_app.rules.approval import Level
from exceptions_app.rules.facts import Policy

_ORDER: tuple[Level, ...] = ("none", "peer", "finance")
# Coded reasons that say what somebody outside told us: who told it, and when, stands beside them.
ON_WORD = frozenset({"void_message", "sent_again"})
# Decisions of our own. Every other reason claims something that nobody here can look up later.
OWN = frozenset({"goodwill", "harmless", "nothing_waits", "unidentified", "written_off"})
_GRAVE = frozenset({Severity.HIGH, Severity.CRITICAL})
# A letter or a word says neither what was seen nor where.
_LEAST_WORDS = 2
WHO_AND_WHEN = "Say who confirmed it, and when. Nothing was closed."
WHAT_AND_WHERE = "Say in a few words what was seen, and where. Nothing was closed."


def needs_note(reason: str, *, severity: str) -> bool:
    """Whether something must stand beside the reason: it claims something, or much is at stake."""
    return severity in _GRAVE or reason not in OWN


def missing(reason: str, note: str, *, severity: str) -> str:
    """What the note of a closing does not say yet, as a sentence; "" when it is enough (R112)."""
    if not reason or not needs_note(reason, severity=severity):
        return ""
    if len(note.split()) >= _LEAST_WORDS:
        return ""
    return WHO_AND_WHEN if reason in ON_WORD else WHAT_AND_WHERE


def gravest(severities: Iterable[str]) -> str:
    """The highest severity among those given; "" for none."""
    return max(severities, key=SEVERITY_RANK.__getitem__, default="")


def agreement(
    entry: Entry, *, value: Decimal, policy: Policy, is_other_money: bool = False
) -> tuple[Level, int]:
    """The level a closing needs and how many different people must agree; ("none", 0) for nobody.

    `value` is what the exception puts at risk, in the bridge's currency. Money of another currency
    (`is_other_money`) cannot be compared with the threshold, and counts as above.
    """
    others = [kind for kind in entry.actions if kind != FixKind.CLOSE]
    if others:
        return _strictest(
            (
                approval.needs_approval(kind, value, policy, case_type=entry.code),
                approval.approvers_needed(
                    kind, value, policy, frees_other_money=is_other_money, case_type=entry.code
                ),
            )
            for kind in others
        )
    asked = policy.approvals.get(entry.code, "")
    if asked == "two":
        return "finance", 2
    is_above = is_other_money or abs(value) > policy.second_approver_above
    stated: Level = entry.approval if is_above else "none"
    by_policy: Level = "finance" if asked == "finance" else "peer" if asked == "peer" else "none"
    return _strictest((level, 0 if level == "none" else 1) for level in (stated, by_policy))


def _strictest(asked: Iterable[tuple[Level, int]]) -> tuple[Level, int]:
    levels, counts = zip(*asked, strict=True)
    return max(levels, key=_ORDER.index), max(counts)
