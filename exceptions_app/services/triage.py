"""What people do with open cases: give, put off, close by hand, take back; one or many.

Every act takes `seen`, the version of the case its reader was shown (`Case.version`). When another
was faster, the act changes nothing and says who did what and when (R114). An empty `seen` checks
nothing: programs that never looked have nothing to compare.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet

from exceptions_app import errors
from exceptions_app.catalogue import entry as catalogue_entry
from exceptions_app.choices import CASE_OPEN, CaseStatus, Closure, Team, WakeOn
from exceptions_app.models import AuditEntry, Case, Fix
from exceptions_app.models.cases import to_do
from exceptions_app.permissions import TEAM_OF_ROLE, roles_of
from exceptions_app.selectors import assigning, awaited, sleeping
from exceptions_app.selectors.cases import QUEUE_ORDER
from exceptions_app.selectors.today import teams_of
from exceptions_app.services import audit, giving_up, letting_go, moments, notes
from exceptions_app.services.cases import back_in_queue, record
from exceptions_app.services.putting_off import NOT_SNOOZED

SNOOZE_MOST = timedelta(days=60)
# What is told of a row for which another person must agree.
ASKED = "Asked for. It waits for approval."


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one case of a selection; `text` is fit for the screen."""

    case_id: int
    is_done: bool
    text: str


def assign(
    *, case_id: int, assignee: User | None, actor: User, now: datetime, seen: str = ""
) -> Case:
    """Give an open case to a person of its team, to whoever asks, or (None) back to the team.

    Giving it to who has it already changes nothing.

    Raises:
        CaseAlreadyClosed, CaseChanged: another was faster.
        InvalidChoice: the person works on another team's queue.
    """
    with transaction.atomic():
        case = _locked(case_id)
        if case.assignee_id == (assignee.pk if assignee else None) and case.status in CASE_OPEN:
            return case
        _check(case, seen, actor)
        if assignee is None:
            _free(case)
            record(case, "case.assign", "Given back to the team", now, actor)
            return case
        _check_assignee(case, assignee, actor)
        case.assignee = assignee
        if case.status == CaseStatus.OPEN:
            case.status = CaseStatus.ASSIGNED
        case.save(update_fields=["assignee", "status"])
        record(case, "case.assign", f"Assigned to {audit.name_of(assignee)}", now, actor)
        return case


def take_next(*, rows: QuerySet[Case], actor: User, now: datetime) -> Case | None:
    """Give the actor the first of `rows` that is free; None where none of them is.

    Free is what nobody has, nothing is awaited for, nobody put off and waits behind no other of
    its return (decision 0024). First is the gravest, and
    of these what is late or due next. People who ask at the same moment never get the same one:
    who comes second passes over what the other is about to have.

    Raises:
        InvalidChoice: the actor is away.
    """
    if assigning.absent(now).filter(person=actor).exists():
        raise errors.InvalidChoice("You are away, so nothing is given to you. End that under Away.")
    with transaction.atomic():
        case = (
            rows.filter(to_do(now), status=CaseStatus.OPEN, assignee=None)
            .order_by(*QUEUE_ORDER)
            .select_for_update(of=("self",), skip_locked=True)
            .first()
        )
        if case is None:
            return None
        case.assignee = actor
        case.status = CaseStatus.ASSIGNED
        case.save(update_fields=["assignee", "status"])
        record(case, "case.assign", f"Taken as the next one by {audit.name_of(actor)}", now, actor)
        return case


def _free(case: Case) -> None:
    case.assignee = None
    if case.status == CaseStatus.ASSIGNED:
        case.status = CaseStatus.OPEN
    case.save(update_fields=["assignee", "status"])


def snooze(
    *,
    case_id: int,
    until: datetime,
    note: str,
    actor: User,
    now: datetime,
    seen: str = "",
    wakes_on: str = "",
    growth: Decimal | None = None,
    as_before: Mapping[str, str] | None = None,
) -> Case:
    """Put an open case off; it comes back at `until`, or at once when its facts change.

    `wakes_on` (WakeOn) brings it back before that, see `services.waking`; `growth` says how much
    its value, in its currency, or its cause's open count has to grow from now. `as_before` is
    what a snooze that is put back was waiting for (`Case.wakes_for`), and keeps its figures.

    Raises:
        InvalidChoice: `until` is past, or further away than SNOOZE_MOST; it is another team's
            work, late already, and the note does not say why it can wait; or what it is to
            wait for cannot come to this case, or is there already.
        CaseAlreadyClosed, CaseChanged: another was faster.
    """
    if not now < until <= now + SNOOZE_MOST:
        raise errors.InvalidChoice(f"Choose a time from now on, at most {SNOOZE_MOST.days} days.")
    with transaction.atomic():
        case = _locked(case_id)
        _check(case, seen, actor)
        said = " ".join(note.split())[:200]
        if not said and is_late_of_others(case, actor=actor, now=now):
            team = Team(case.team).label
            raise errors.InvalidChoice(f"It is the work of {team}, and late: say why it can wait.")
        if wakes_on:
            _check_can_come(case, wakes_on)
        asked = dict(as_before or awaited.asked(case, wakes_on=wakes_on, growth=growth, now=now))
        case.snoozed_until, case.snooze_note = until, said
        case.snoozed_at, case.wakes_on, case.wakes_for = now, wakes_on, asked
        case.save(update_fields=list(NOT_SNOOZED))
        earlier = f", or earlier when {awaited.words(case)}" if wakes_on else ""
        words = f"Put off until {moments.written(until)}{earlier}. {said}".strip()
        record(case, "case.snooze", words, now, actor)
        return case


def _check_can_come(case: Case, wakes_on: str) -> None:
    if wakes_on in sleeping.conditions(case):
        return
    why = awaited.no_window(case) if wakes_on == WakeOn.WINDOW else ""
    raise errors.InvalidChoice(why or "That cannot come to this exception. Choose another.")


def is_late_of_others(case: Case, *, actor: User, now: datetime) -> bool:
    """Past its clock, and on the queue of a team the actor does not work for."""
    return case.due_at < now and case.team not in teams_of(roles_of(actor))


def wake(*, case_id: int, actor: User, now: datetime, seen: str = "") -> Case:
    """Bring a case that was put off back into the queue; one that is there stays as it is.

    Raises:
        CaseAlreadyClosed, CaseChanged: another was faster.
    """
    with transaction.atomic():
        case = _locked(case_id)
        if case.snoozed_until is None and case.status in CASE_OPEN:
            return case
        _check(case, seen, actor)
        for name, value in NOT_SNOOZED.items():
            setattr(case, name, value)
        case.save(update_fields=list(NOT_SNOOZED))
        record(case, "case.wake", "Back in the queue", now, actor)
        return case


def close_by_hand(
    *, case_id: int, reason: str, note: str, actor: User, now: datetime, seen: str = ""
) -> Case:
    """Close with one of the type's coded reasons.

    Who may, and whether another must agree, is asked by `closing` before.

    Raises:
        InvalidChoice: the type cannot be closed by hand, or not for this reason.
        CaseAlreadyClosed, CaseChanged: another was faster.
    """
    with transaction.atomic():
        case = _locked(case_id)
        _check(case, seen, actor)
        labels = dict(catalogue_entry(case.type).close_reasons)
        if reason not in labels:
            raise errors.InvalidChoice(
                "This exception closes by proof only."
                if not labels
                else "Choose one of: " + ", ".join(labels.values()) + "."
            )
        case.status = CaseStatus.RESOLVED
        case.closure = Closure.BY_HAND
        case.close_reason = reason
        case.resolved_at = now
        case.proof = (f"{labels[reason]}. {note}".strip())[:500]
        case.waiting_for, case.behind = "", None
        case.save(
            update_fields=[
                "status",
                "closure",
                "close_reason",
                "resolved_at",
                "proof",
                "waiting_for",
                "behind",
            ]
        )
        letting_go.let_go(case=case, now=now)
        giving_up.with_closing(case=case, actor=actor, now=now)
        record(case, "case.close", f"Closed by hand: {case.proof}", now, actor)
        return case


def reopen(*, case_id: int, actor: User, now: datetime) -> Case:
    """Undo a closing by hand: open again, with whoever had it if they can still sign in.

    Raises:
        InvalidChoice: it is open already, or was closed by proof, which only facts undo.
    """
    with transaction.atomic():
        case = _locked(case_id)
        if case.status in CASE_OPEN:
            raise errors.InvalidChoice(f"It is open again already. {_last_words(case, actor)}")
        if case.closure != Closure.BY_HAND:
            raise errors.InvalidChoice("It was closed by proof; it opens again when facts change.")
        changed = {
            **back_in_queue(case),
            "closure": Closure.NONE,
            "close_reason": "",
            "resolved_at": None,
            "proof": "",
        }
        for name, value in changed.items():
            setattr(case, name, value)
        case.save(update_fields=list(changed))
        giving_up.taken_back(case=case, actor=actor, now=now)
        record(case, "case.reopen", "Closing by hand taken back", now, actor)
        return case


def release(*, assignee: User, actor: User, now: datetime) -> int:
    """Take all open cases back from a person who left; returns how many are free again."""
    with transaction.atomic():
        held = Case.objects.select_for_update().filter(assignee=assignee, status__in=CASE_OPEN)
        rows = list(held.order_by("pk"))
        for case in rows:
            _free(case)
            record(case, "case.release", f"Free again: {audit.name_of(assignee)} left", now, actor)
    return len(rows)


def each(*, rows: Iterable[tuple[int, str]], act: Callable[..., object]) -> tuple[Outcome, ...]:
    """Do `act(case_id=…, seen=…)` for every row (id, version seen), one transaction each.

    A row that cannot be done is left as it is and says why; the others are done all the same.
    What was only asked for (the act returned its `Fix`) says so.
    """
    outcomes = []
    for case_id, seen in rows:
        try:
            made = act(case_id=case_id, seen=seen)
        except Case.DoesNotExist:
            outcomes.append(Outcome(case_id, is_done=False, text="There is no such exception."))
        except errors.DeskError as error:
            outcomes.append(Outcome(case_id, is_done=False, text=str(error)))
        else:
            text = ASKED if isinstance(made, Fix) else ""
            outcomes.append(Outcome(case_id, is_done=True, text=text))
    return tuple(outcomes)


def told(outcomes: Iterable[Outcome], *, done: str) -> str:
    """What became of the rows in a sentence: "2 closed by hand, 1 asked for, 3 left as they were."

    `done` is what the act calls a row that it was done to.
    """
    rows = list(outcomes)
    left = sum(not each.is_done for each in rows)
    asked = sum(each.is_done and each.text == ASKED for each in rows)
    at_once = len(rows) - left - asked
    parts = [f"{at_once} {done}"] if at_once or not asked else []
    parts += [f"{asked} asked for"] if asked else []
    parts += [f"{left} left as they were"] if left else []
    return f"{', '.join(parts)}."


def locked_as_seen(*, case_id: int, seen: str, actor: User) -> Case:
    """An open case as its reader saw it, held for the rest of the transaction.

    Raises:
        CaseAlreadyClosed, CaseChanged: another was faster.
    """
    case = _locked(case_id)
    _check(case, seen, actor)
    return case


def _locked(case_id: int) -> Case:
    return Case.objects.select_for_update().get(pk=case_id)


def _check(case: Case, seen: str, actor: User) -> None:
    if case.status not in CASE_OPEN:
        raise errors.CaseAlreadyClosed(f"It was closed meanwhile. {_last_words(case, actor)}")
    if not seen or seen == case.version:
        return
    if seen.partition("-")[0] != case.version.partition("-")[0]:
        raise errors.CaseChanged(f"Another was faster. {_last_words(case, actor)}")
    raise errors.CaseChanged("Its facts changed since you opened it. Look again.")


def _last_words(case: Case, actor: User) -> str:
    """Who did what and when, for whoever came second."""
    acts = AuditEntry.objects.filter(case_id=case.pk).exclude(act=notes.ACT)
    last = acts.order_by("-id").first()
    if last is None:
        return "Look again."
    who = "You" if last.actor_user_id == actor.pk else last.actor
    return f"{who}, {moments.written(last.at)}: {last.text}"


def _check_assignee(case: Case, assignee: User, actor: User) -> None:
    own = {TEAM_OF_ROLE[role] for role in roles_of(assignee) if role in TEAM_OF_ROLE}
    if assignee.pk != actor.pk and case.team not in own:
        team = Team(case.team).label
        raise errors.InvalidChoice(f"{audit.name_of(assignee)} does not work for {team}.")
