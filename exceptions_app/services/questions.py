"""Questions between teams: asked, answered, withdrawn; the asker's clock stands still meanwhile.

No longer than the answer was wanted by: from then on it runs again, and who asked decides anew.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.db import transaction

from exceptions_app import errors
from exceptions_app.choices import CASE_OPEN, PauseReason, Team
from exceptions_app.models import AuditEntry, Case, CasePause, Question
from exceptions_app.permissions import roles_of
from exceptions_app.rules import calendars
from exceptions_app.selectors.calendars import Calendars
from exceptions_app.selectors.today import teams_of
from exceptions_app.services import audit, mentions, pausing, triage

# Within how many hours of the other team an answer may be wanted.
HOURS = (4, 8, 24, 72)
MOST = 400


@transaction.atomic
def ask(
    *, case_id: int, team: str, text: str, hours: int, actor: User, now: datetime, seen: str = ""
) -> Question:
    """Ask another team; the exception's clock stands still until it is answered or withdrawn, or
    the time is over within which the answer is wanted.

    A clock that is over, or stands still already, stays as it is.

    Raises:
        InvalidChoice: nothing is asked, the team has it already, or was asked and did not answer.
        CaseAlreadyClosed, CaseChanged: another was faster.
    """
    words = _written(text, "Write the question first.")
    if hours not in HOURS:
        raise errors.InvalidChoice("Choose one of the times offered.")
    case = triage.locked_as_seen(case_id=case_id, seen=seen, actor=actor)
    if team not in Team.values or team == case.team:
        raise errors.InvalidChoice("Choose another team: this one has the exception.")
    label = Team(team).label
    if Question.objects.filter(case=case, team=team, ended_at__isnull=True).exists():
        raise errors.InvalidChoice(f"{label} was asked already and did not answer yet.")
    due_at = calendars.add(Calendars().of(team), now, timedelta(hours=hours))
    question = Question.objects.create(
        case=case, team=team, text=words, asked_by=actor, asked_at=now, due_at=due_at
    )
    _record(question, "question.ask", f"Asked {label}: {words}", actor, now)
    question.pause = _pause(question, label, actor, now)
    question.save(update_fields=["pause"])
    return question


@transaction.atomic
def answer(*, question_id: int, text: str, actor: User, now: datetime) -> Question:
    """Answer for the team asked; who asked finds it on their Today, and the clock runs on.

    Raises:
        InvalidChoice: nothing is answered.
        FixNotAllowed: the actor does not work for the team asked.
        FixAlreadyDecided: it was answered or withdrawn meanwhile.
    """
    words = _written(text, "Write the answer first.")
    question = _locked(question_id)
    label = Team(question.team).label
    if question.team not in teams_of(roles_of(actor)):
        raise errors.FixNotAllowed(f"Only {label} answers this.")
    _end(question, words, actor, now)
    told = f"{label} answered after {waited(question, now=now)}: {words}"
    entry = _record(question, "question.answer", told, actor, now)
    mentions.tell(entry=entry, people=[question.asked_by_id], actor=actor)
    _run_on(question, actor, now)
    return question


@transaction.atomic
def withdraw(*, question_id: int, actor: User, now: datetime) -> Question:
    """Take a question back: who asked it, or whoever works for the team that has the exception.

    Raises:
        FixNotAllowed: neither.
        FixAlreadyDecided: it was answered or withdrawn meanwhile.
    """
    question = _locked(question_id)
    is_theirs = question.case.team in teams_of(roles_of(actor))
    if question.asked_by_id != actor.pk and not is_theirs:
        raise errors.FixNotAllowed("Only who asked, or their team, takes a question back.")
    _end(question, "", actor, now)
    label = Team(question.team).label
    told = f"Question to {label} withdrawn after {waited(question, now=now)}"
    _record(question, "question.withdraw", told, actor, now)
    _run_on(question, actor, now)
    return question


def waited(question: Question, *, now: datetime) -> str:
    """How long the question waited, or waits, in the hours of the team asked: "3 hours"."""
    calendar = Calendars().of(question.team)
    span = calendars.between(calendar, question.asked_at, question.ended_at or now)
    return calendars.span_words(span) if span >= timedelta(minutes=1) else "less than a minute"


def _written(text: str, missing: str) -> str:
    words = " ".join(text.replace("\0", "").split())
    if not words:
        raise errors.InvalidChoice(missing)
    if len(words) > MOST:
        raise errors.InvalidChoice(f"Use at most {MOST} characters.")
    return words


def _pause(question: Question, label: str, actor: User, now: datetime) -> CasePause | None:
    case = question.case
    stands_still = case.paused_until is not None and case.paused_until > now
    if stands_still or case.due_at <= now:
        return None
    pausing.pause(
        case_id=case.pk,
        until=min(question.due_at, now + pausing.PAUSE_MOST),
        reason=PauseReason.OTHER,
        note=f"{label} was asked, and has to answer",
        actor=actor,
        now=now,
    )
    return CasePause.objects.filter(case=case, starts_at=now).order_by("-pk").first()


def _locked(question_id: int) -> Question:
    rows = Question.objects.select_for_update(of=("self",)).select_related("case", "pause")
    return rows.get(pk=question_id)


def _end(question: Question, words: str, actor: User, now: datetime) -> None:
    if question.ended_at is not None:
        raise errors.FixAlreadyDecided("It was answered or withdrawn meanwhile.")
    question.answer, question.ended_at, question.ended_by = words, now, actor
    question.save(update_fields=["answer", "ended_at", "ended_by"])


def _run_on(question: Question, actor: User, now: datetime) -> None:
    """Let the clock run again; another question that still waits takes the pause over."""
    pause = question.pause
    if pause is None or pause.ends_at <= now:
        return
    others = Question.objects.filter(case=question.case_id, ended_at__isnull=True)
    other = others.order_by("pk").first()
    if other is not None:
        Question.objects.filter(pk=other.pk).update(pause=pause)
    elif Case.objects.filter(pk=question.case_id, status__in=CASE_OPEN).exists():
        pausing.resume(case_id=question.case_id, actor=actor, now=now)


def _record(question: Question, act: str, text: str, actor: User, now: datetime) -> AuditEntry:
    case = question.case
    return audit.record(
        actor=actor,
        act=act,
        subject=case,
        text=text,
        now=now,
        rma_id=case.rma_id,
        case_id=case.pk,
    )
