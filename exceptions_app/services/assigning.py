"""Assignment by rule: exceptions that are found or raised go to a person of their team.

Lesson 28: what a person placed is left alone. Workers never wait for one another here: whose turn
is being given by one worker is passed over by the next.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from django.db.models import Case as Ordered
from django.db.models import IntegerField, Max, OuterRef, Subquery, Value, When

from exceptions_app.choices import CASE_OPEN, AssignWay, CaseStatus
from exceptions_app.models import AssignmentTurn, AuditEntry, Case
from exceptions_app.rules import assigning
from exceptions_app.selectors import assigning as selector
from exceptions_app.services import audit

_FREED = "case.release"


def place(*, cases: Sequence[Case], now: datetime) -> int:
    """Give those of `cases` that are free to whoever the rules say; returns how many.

    For exceptions that were just found or raised, in the transaction that did it; their rows must
    be held by it. Costs one query while no rule is in use.
    """
    if not cases:
        return 0
    rules = selector.in_use(case.team for case in cases)
    if not rules:
        return 0
    pks = [case.pk for case in cases]
    free = Case.objects.filter(pk__in=pks, assignee__isnull=True, status__in=CASE_OPEN)
    still = set(free.values_list("pk", flat=True))
    still -= _placed_by_hand(still)
    given = [case for case in cases if case.pk in still]
    jobs = selector.jobs_of(given, rules=rules)
    return sum(_give(case, jobs[case.pk], rules, now) for case in given)


def _placed_by_hand(pks: Iterable[int]) -> set[int]:
    """Those whose last placing was a person's; one freed because its person left is nobody's."""
    acts = AuditEntry.objects.filter(case_id__in=pks, act__in=(selector.ASSIGNED, _FREED))
    last = acts.order_by("case_id", "-id").distinct("case_id")
    return {
        entry.case_id
        for entry in last
        if entry.act == selector.ASSIGNED and entry.actor_user_id is not None and entry.case_id
    }


def _give(case: Case, job: assigning.Job, rules: Sequence[assigning.Rule], now: datetime) -> bool:
    for rule in assigning.fitting(rules, job):
        turn = _take_turn(rule, now)
        if turn is None:
            continue
        case.assignee = turn.person
        if case.status == CaseStatus.OPEN:
            case.status = CaseStatus.ASSIGNED
        case.save(update_fields=["assignee", "status"])
        audit.record(
            actor=None,
            act=selector.ASSIGNED,
            subject=case,
            text=f"Assigned to {audit.name_of(turn.person)} by assignment rule {rule.pk}",
            now=now,
            rma_id=case.rma_id,
            case_id=case.pk,
        )
        return True
    return False


def _take_turn(rule: assigning.Rule, now: datetime) -> AssignmentTurn | None:
    """Whose turn it is, and give them the last place; None when nobody of the rule is there.

    Turns that another transaction is giving are passed over. When it holds all of them, the first
    is given once more, without a new place: nobody waits.
    """
    there = selector.present(people=rule.people, team=rule.team, now=now)
    loads = selector.loads(there) if rule.way == AssignWay.LEAST else {}
    last = AssignmentTurn.objects.filter(rule=OuterRef("rule")).order_by().values("rule")
    turns = (
        AssignmentTurn.objects.filter(rule=rule.pk, person__in=there)
        .select_related("person")
        .annotate(last=Subquery(last.annotate(top=Max("turn")).values("top")))
        .order_by(*_least_first(loads), "turn", "pk")
    )
    turn = turns.select_for_update(of=("self",), skip_locked=True).first()
    if turn is None:
        return turns.first()
    AssignmentTurn.objects.filter(pk=turn.pk).update(turn=turn.last + 1)
    return turn


def _least_first(loads: Mapping[int, int]) -> list[Ordered]:
    """The order of turns by what their people have; none where nobody has anything."""
    held = [When(person=person, then=Value(count)) for person, count in loads.items()]
    return [Ordered(*held, default=Value(0), output_field=IntegerField())] if held else []
