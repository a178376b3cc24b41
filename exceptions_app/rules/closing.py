"""Who must agree before an exception is closed by hand (R112, decision 0030).

Closing changes no fact, but it ends the work on one. So it is as strict as the strictest change
that the exception offers: else it would be the way round an approval. Where closing is all that is
offered, its type's stated approval is asked for above the company's threshold, and whatever the
bridge's policy asks for that type always.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from exceptions_app.catalogue import Entry
from exceptions_app.choices import FixKind
from exceptions_app.rules import approval
from exceptions_app.rules.approval import Level
from exceptions_app.rules.facts import Policy

_ORDER: tuple[Level, ...] = ("none", "peer", "finance")
# Coded reasons that say what somebody outside told us: who told it, and when, stands beside them.
ON_WORD = frozenset({"void_message", "sent_again"})
# Reasons that claim an act or a word of others are ticked by whoever knows it, never beforehand.
_CLAIMS = ON_WORD | {"approved", "claimed_back", "done_by_hand", "earlier_never_comes"}
WHO_AND_WHEN = "Say who confirmed it, and when. Nothing was closed."


def preset(reasons: Sequence[tuple[str, str]]) -> str:
    """The only reason there is, to be ticked already; "" where one has to be chosen (R112)."""
    is_safe = len(reasons) == 1 and reasons[0][0] not in _CLAIMS
    return reasons[0][0] if is_safe else ""


def lacks_word(reason: str, note: str) -> bool:
    """Whether the reason rests on the word of somebody outside, and nobody is named for it."""
    return reason in ON_WORD and not note.strip()


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
