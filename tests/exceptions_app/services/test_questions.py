"""Questions between teams, and the clock that stands still while one waits."""

from datetime import timedelta

import pytest

from exceptions_app import errors
from exceptions_app.models import AuditEntry, Case, Mention, Question
from exceptions_app.services import questions
from tests.cast import make_user
from tests.factories import NOW, CaseFactory

pytestmark = pytest.mark.django_db

LATER = NOW + timedelta(hours=3)


def make_case(**given):
    """Opened at NOW, so that its clock has the whole of its time left."""
    return CaseFactory(
        team="finance", opened_at=NOW, due_at=NOW + timedelta(hours=24), clock_from=NOW, **given
    )


def ask(case, *, team="warehouse", by="finn", hours=8, now=NOW):
    return questions.ask(
        case_id=case.pk, team=team, text="Was it worn?", hours=hours, actor=make_user(by), now=now
    )


def due(case):
    return Case.objects.get(pk=case.pk).due_at


def state():
    return (
        list(Question.objects.values_list("pk", "answer", "ended_at")),
        list(Case.objects.values_list("due_at", "paused_until")),
        AuditEntry.objects.count(),
        Mention.objects.count(),
    )


def test_a_question_holds_the_askers_clock_and_its_answer_lets_it_run_on():
    case = make_case()
    question = ask(case)
    before = due(case)
    assert (question.due_at, question.pause.starts_at) == (NOW + timedelta(hours=8), NOW)
    assert Case.objects.get(pk=case.pk).paused_until == question.due_at > LATER
    # Its eight hours, and the eight that the answer may take.
    assert due(case) == NOW + timedelta(hours=8 + 8)

    questions.answer(question_id=question.pk, text="Yes, once", actor=make_user("wanda"), now=LATER)

    found = Case.objects.get(pk=case.pk)
    assert (found.paused_until, found.due_at < before) == (None, True)
    start = found.due_at - timedelta(hours=3)
    again = ask(case, team="cx", now=LATER)
    questions.withdraw(question_id=again.pk, actor=make_user("finn"), now=LATER)
    assert due(case) - timedelta(hours=3) == start
    told = AuditEntry.objects.filter(act__startswith="question").order_by("pk")
    assert [entry.text for entry in told][:2] == [
        "Asked Warehouse: Was it worn?",
        "Warehouse answered after 3 h: Yes, once",
    ]
    assert list(Mention.objects.values_list("person__username", flat=True)) == ["finn"]


def test_while_another_question_waits_the_clock_goes_on_standing_still():
    case = make_case()
    first, second = ask(case), ask(case, team="cx")
    assert second.pause is None

    questions.answer(question_id=first.pk, text="Yes", actor=make_user("wanda"), now=LATER)
    assert Case.objects.get(pk=case.pk).paused_until is not None
    questions.withdraw(question_id=second.pk, actor=make_user("finn"), now=LATER)

    assert Case.objects.get(pk=case.pk).paused_until is None


def test_a_clock_that_is_over_is_not_held():
    case = CaseFactory(team="finance", due_at=NOW - timedelta(hours=1))

    question = ask(case)

    assert (question.pause, due(case)) == (None, NOW - timedelta(hours=1))
    questions.answer(question_id=question.pk, text="Yes", actor=make_user("wanda"), now=LATER)
    assert due(case) == NOW - timedelta(hours=1)


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        pytest.param({"team": "finance"}, "another team", id="the own team"),
        pytest.param({"team": "nobody"}, "another team", id="no team"),
        pytest.param({"hours": 5}, "times offered", id="an odd time"),
        pytest.param({"team": "cx"}, "was asked already", id="twice"),
    ],
)
def test_a_question_that_cannot_be_asked_changes_nothing(asked, why):
    case = make_case()
    ask(case, team="cx")
    before = state()

    with pytest.raises(errors.InvalidChoice, match=why):
        ask(case, **asked)

    assert state() == before


def test_only_the_team_asked_answers_and_only_the_askers_withdraw_and_once():
    case = make_case()
    question = ask(case)
    before = state()

    with pytest.raises(errors.FixNotAllowed, match="Only Warehouse answers"):
        questions.answer(question_id=question.pk, text="Yes", actor=make_user("cleo"), now=LATER)
    with pytest.raises(errors.FixNotAllowed, match="their team"):
        questions.withdraw(question_id=question.pk, actor=make_user("wanda"), now=LATER)
    assert state() == before

    questions.withdraw(question_id=question.pk, actor=make_user("fiona"), now=LATER)
    after = state()
    with pytest.raises(errors.FixAlreadyDecided):
        questions.answer(question_id=question.pk, text="Yes", actor=make_user("wanda"), now=LATER)
    assert state() == after
