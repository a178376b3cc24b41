"""Teamwork for the screens: a question, rules that give work away, and a merge taken back."""

from __future__ import annotations

from datetime import timedelta

from exceptions_app.models import Case, CauseGroup
from exceptions_app.services import assignment_rules, grouping, questions
from tests.cast import make_user
from tests.factories import NOW, CaseFactory

LATER = NOW + timedelta(minutes=6)


def teamwork() -> dict[str, int]:
    ada, mira, mona = make_user("ada"), make_user("mira"), make_user("mona")
    case = Case.objects.filter(type="WAREHOUSE_UNMAPPED").first()
    question = questions.ask(
        case_id=case.pk,
        team="cx",
        text="Did the customer say at which counter the parcel was handed in, and when?",
        hours=8,
        actor=ada,
        now=LATER,
    )
    rule = assignment_rules.add(
        draft=assignment_rules.Draft(
            team="merchandising", way="turn", people=(mira, mona), type="SKU_UNKNOWN"
        ),
        actor=ada,
        now=LATER,
    )
    group, other = CauseGroup.objects.filter(type="SKU_UNKNOWN").order_by("pk")[:2]
    merged, _ = grouping.merge(
        group_id=group.pk, target_id=other.pk, reason="One season's feed.", actor=mira, now=LATER
    )
    grouping.take_back(rule_id=merged.pk, reason="Two articles after all.", actor=mona, now=LATER)
    _waits_behind(case)
    return {"question": question.pk, "rule": rule.pk, "asked_case": case.pk, "group": group.pk}


def _waits_behind(first: Case) -> None:
    """Another exception of the same return that somebody has and can do nothing about."""
    CaseFactory(
        rma=first.rma,
        group__type="REFUND_CM_MISMATCH",
        group__title="The refund is 3.20 GBP more than the credit",
        team="finance",
        behind=first,
        assignee=make_user("finn"),
        status="waiting",
        waiting_for=f"EX-{first.pk} first: {first}"[:200],
        facts={"difference": "3.20"},
    )
