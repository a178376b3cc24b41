"""A change tried on returns of the past before it is in force: their plans, with one fact changed.

It reads only, with the facts that are kept, and as of now: what was sent is known to both plans, so
that what differs between them is what the change decides otherwise.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from exceptions_app.choices import MappingKind, PostingKind
from exceptions_app.models import Bridge, Rma
from exceptions_app.rules import planning
from exceptions_app.rules.facts import Plan, RmaFacts
from exceptions_app.rules.mapping import normalise
from exceptions_app.selectors import facts as facts_selector
from exceptions_app.services import import_effects, previews

HEALED, BROKEN, OTHERWISE, SAME = "healed", "broken", "otherwise", "same"
# Stands where a change of a mapping names its kind.
POLICY = "policy"


@dataclass(frozen=True, slots=True)
class Tried:
    """What a change would decide of one return.

    HEALED: nothing stands in its way any more. BROKEN: something new does. OTHERWISE: it would
    call for other documents, or fewer exceptions. SAME: all of it is as it is now. `credit` is how
    much more it would credit.
    """

    verdict: str
    amount: Decimal
    currency: str
    opened: tuple[str, ...]
    closed: tuple[str, ...]
    credit: Decimal
    # How many exceptions there are now, and would be.
    was: int
    will: int
    # As `previews.EffectRow` and `Effect` mean them.
    breaks: bool
    rests: bool
    idle: bool

    def as_json(self) -> dict[str, Any]:
        return {
            "verdict": self.verdict,
            "amount": str(self.amount),
            "currency": self.currency,
            "opened": list(self.opened),
            "closed": list(self.closed),
            "credit": str(self.credit),
            "was": self.was,
            "will": self.will,
            "breaks": self.breaks,
            "rests": self.rests,
            "idle": self.idle,
        }


def of_mapping(*, kind: str, source_value: str, payload: dict[str, Any]) -> dict[str, Any]:
    """The change as it is kept with the act that tries it."""
    return {"kind": kind, "source_value": source_value, "payload": payload}


def of_mappings(*, kind: str, rows: Iterable[tuple[str, dict[str, str]]]) -> dict[str, Any]:
    """Many mappings of one kind, value and target each, as they are kept with the act."""
    return {"kind": kind, "targets": {normalise(value): target for value, target in rows}}


def of_policy(*, bridge: Bridge, policy: dict[str, Any]) -> dict[str, Any]:
    """A policy, of which a tolerance is a part, as it is kept with the act that tries it."""
    return {"kind": POLICY, "bridge": bridge.pk, "policy": policy}


def tried(*, rma: Rma, given: dict[str, Any], now: datetime) -> Tried:
    """What `given`, as one of the functions above makes it, would decide of one return."""
    facts = facts_selector.for_plan(rma, now=now)
    before = planning.plan(facts)
    if given["kind"] == POLICY:
        after = _under(rma, given["policy"], now)
    else:
        after = planning.plan(_mapped(facts, rma, given))
    opened, closed = _differ(before, after)
    types = {finding.type for finding in before.told}
    is_same = (before.told, before.postings) == (after.told, after.postings)
    return Tried(
        verdict=_verdict(before, after, opened),
        amount=rma.amount_in,
        currency=rma.currency,
        opened=opened,
        closed=closed,
        credit=_credited(after) - _credited(before),
        was=len(before.told),
        will=len(after.told),
        breaks=bool({finding.type for finding in after.told} - types),
        rests=given["kind"] == MappingKind.STATUS and previews.rests(after),
        idle=is_same and bool(before.told),
    )


def _mapped(facts: RmaFacts, rma: Rma, given: dict[str, Any]) -> RmaFacts:
    """The facts with one mapping changed, or with many."""
    kind = given["kind"]
    assert kind in MappingKind.values
    if "targets" in given:
        return import_effects.changed(
            facts=facts, bridge=rma.bridge, kind=kind, targets=given["targets"]
        )
    return previews.changed(facts, rma, kind, given["source_value"], given["payload"])


def _under(rma: Rma, policy: dict[str, Any], now: datetime) -> Plan:
    """The plan under another policy. It is read anew: a policy says which facts are asked for."""
    bridge = rma.bridge
    in_force, bridge.policy = bridge.policy, policy
    try:
        return planning.plan(facts_selector.for_plan(rma, now=now))
    finally:
        bridge.policy = in_force


def _differ(before: Plan, after: Plan) -> tuple[tuple[str, ...], tuple[str, ...]]:
    was, will = (Counter(finding.type for finding in plan.told) for plan in (before, after))
    return _sorted(will - was), _sorted(was - will)


def _sorted(types: Counter[str]) -> tuple[str, ...]:
    return tuple(sorted(types.elements()))


def _verdict(before: Plan, after: Plan, opened: Iterable[str]) -> str:
    if tuple(opened):
        return BROKEN
    if before.told and not after.told:
        return HEALED
    is_same = len(before.told) == len(after.told) and before.postings == after.postings
    return SAME if is_same else OTHERWISE


def _credited(plan: Plan) -> Decimal:
    gross = (row.draft.gross for row in plan.postings if row.kind == PostingKind.CREDIT_MEMO)
    return sum(gross, Decimal(0))
