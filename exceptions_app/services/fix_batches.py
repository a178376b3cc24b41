"""Many approvals in one act, and all that it let go taken back in one act while they wait."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic
from typing import TypeVar

from django.contrib.auth.models import User
from django.db import transaction

from exceptions_app import errors, jobs
from exceptions_app.choices import FixKind, FixStatus, HoldReason, PostingStatus
from exceptions_app.models import Bridge, Case, Fix, FixBatch, Posting, Rma
from exceptions_app.permissions import roles_of
from exceptions_app.selectors import facts as facts_selector
from exceptions_app.selectors import fixes as fixes_selector
from exceptions_app.selectors import requests as requests_selector
from exceptions_app.services import audit, fix_payloads, fix_steps, fixes, moments

MOST = 500
# How long a batch that is filled in the background is held at the most, should nobody end it.
FILLED_WITHIN = timedelta(hours=2)
Thing = TypeVar("Thing", Fix, Case)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one row: in force with the batch, waiting for (more) approval, or why not.

    `subject_id` is what was asked about, a request or an exception; `fix_id` is 0 where refused.
    """

    subject_id: int
    fix_id: int
    label: str
    state: str  # released | part | refused
    why: str = ""


@dataclass(frozen=True, slots=True)
class Released:
    """`batch` is None where nothing came into force."""

    batch: FixBatch | None
    outcomes: tuple[Outcome, ...]


@transaction.atomic
def approve(
    *,
    asked: Sequence[tuple[int, str]],
    actor: User,
    now: datetime,
    note: str = "",
) -> Released:
    """Approve each of `asked` (request, hash as seen) exactly as one by one; told row by row.

    What comes into force waits one undo time together: the longest of its bridges.

    Raises:
        InvalidChoice: none, or more than MOST.
    """
    wanted = dict(asked)
    _check_size(len(wanted))
    known = list(requests_selector.by_ids(list(wanted)))
    requests_selector.name(known)
    batch = _start([fix.bridge for fix in known], actor, now)

    def one(fix: Fix) -> Fix:
        done = fixes.approve(
            fix_id=fix.pk, seen_hash=wanted[fix.pk], actor=actor, now=now, note=note, batch=batch
        )
        done.about = fix.about
        return done

    return _released(batch, known, one, actor, now)


@transaction.atomic
def resend(
    *, rows: Sequence[tuple[int, str]], actor: User, now: datetime, note: str = ""
) -> Released:
    """Ask to send the documents of many exceptions (id, version as seen) again, as one by one.

    What needs no second person leaves together after one undo time and can be taken back
    together; the rest is asked for.

    Raises:
        InvalidChoice: none, or more than MOST.
    """
    wanted = dict(rows)
    _check_size(len(wanted))
    found = Case.objects.filter(pk__in=wanted, bridge__isnull=False)
    known = list(found.select_related("bridge", "rma").order_by("pk"))
    batch = _start([case.bridge for case in known if case.bridge], actor, now)

    def one(case: Case) -> Fix:
        if wanted[case.pk] and wanted[case.pk] != case.version:
            raise errors.CaseChanged("It changed since you opened the list. Look again.")
        assert case.bridge is not None
        return fixes.request(
            kind=FixKind.RETRY,
            bridge=case.bridge,
            actor=actor,
            now=now,
            payload={"posting_id": case.posting_id},
            case=case,
            rma=case.rma,
            note=note,
            batch=batch,
        )

    return _released(batch, known, one, actor, now)


def open_wide(*, actor: User, now: datetime) -> FixBatch:
    """A batch to be filled in the background: its undo time begins when it is `close`d."""
    until = now + FILLED_WITHIN
    return FixBatch.objects.create(released_by=actor, released_at=now, hold_until=until)


def close(*, batch_id: int, refused: list[dict[str, str]], actor: User, now: datetime) -> None:
    """Begin the undo time of a batch filled in the background, the longest of its bridges.

    One in which nothing came into force is dropped. Called in the caller's transaction.
    """
    batch = FixBatch.objects.select_for_update(of=("self",)).get(pk=batch_id)
    held = Fix.objects.filter(batch=batch, status=FixStatus.HELD)
    if not batch.fixes.exists():
        batch.delete()
        return
    bridges = Bridge.objects.filter(pk__in=held.order_by().values("bridge"))
    _hold(batch, until=now + _longest_undo(bridges))
    batch.count = batch.fixes.count()
    batch.refused = refused
    batch.save(update_fields=["count", "refused"])
    _record_release(batch, list(held.order_by("pk").values_list("pk", flat=True)), actor, now)


@transaction.atomic
def take_back(*, batch_id: int, actor: User, now: datetime) -> int:
    """Take back all of a batch that is still held; returns how many changes.

    The returns are locked first, so that no plan frees a document of them meanwhile.

    Raises:
        FixAlreadyDecided: the time is over or nothing of it is held; the text says so.
        FixNotAllowed: only who released it, who could approve all of it, or an admin.
    """
    batch = FixBatch.objects.select_for_update(of=("self",)).get(pk=batch_id)
    if batch.taken_back_at is not None and batch.taken_back_by is not None:
        who = audit.name_of(batch.taken_back_by)
        raise errors.FixAlreadyDecided(
            f"{who} was faster: taken back {moments.written(batch.taken_back_at)}."
        )
    if batch.hold_until <= now:
        raise errors.FixAlreadyDecided(
            "The time to take this batch back is over. What left is named below; ask for a "
            "correcting change instead."
        )
    rows = list(
        Fix.objects.select_for_update(of=("self",))
        .select_related("bridge", "case", "mapping__bridge", "rma")
        .filter(batch=batch, status=FixStatus.HELD)
        .order_by("pk")
    )
    if not rows:
        raise errors.FixAlreadyDecided("Nothing of this batch is held any more.")
    roles = roles_of(actor)
    if actor.pk != batch.released_by_id and not all(
        fixes_selector.may_take_back(fix, user_id=actor.pk, roles=roles) for fix in rows
    ):
        raise errors.FixNotAllowed(fixes.NOT_YOURS)
    _lock_returns(rows)
    with jobs.quiet():
        # What came last goes first, so that versions of one mapping give way in turn.
        for fix in reversed(rows):
            fix_steps.take_back(fix, actor, now)
    _wake()
    batch.taken_back_by = actor
    batch.taken_back_at = now
    batch.save(update_fields=["taken_back_by", "taken_back_at"])
    audit.record(
        actor=actor,
        act="batch.undo",
        subject=batch,
        text=f"Took back {len(rows)} of {batch.count} before anything left",
        now=now,
        after={"fixes": [fix.pk for fix in rows]},
    )
    return len(rows)


def _check_size(count: int) -> None:
    if not 0 < count <= MOST:
        raise errors.InvalidChoice(f"Choose at least one, and no more than {MOST} at once.")


def _start(bridges: Iterable[Bridge], actor: User, now: datetime) -> FixBatch:
    hold_until = now + _longest_undo(bridges)
    return FixBatch.objects.create(released_by=actor, released_at=now, hold_until=hold_until)


def _longest_undo(bridges: Iterable[Bridge]) -> timedelta:
    by_id = {bridge.pk: bridge for bridge in bridges}
    seconds = [facts_selector.policy_of(bridge).undo_seconds for bridge in by_id.values()]
    return timedelta(seconds=max(seconds, default=0))


def _tried(thing: Thing, act: Callable[[Thing], Fix]) -> Outcome:
    """One row by itself: what is refused leaves nothing behind and stops no other."""
    try:
        with transaction.atomic():
            fix = act(thing)
    except errors.DeskError as error:
        return Outcome(thing.pk, 0, str(thing), "refused", str(error))
    state = "released" if fix.status == FixStatus.HELD else "part"
    return Outcome(thing.pk, fix.pk, str(fix), state)


def _released(
    batch: FixBatch,
    things: Sequence[Thing],
    act: Callable[[Thing], Fix],
    actor: User,
    now: datetime,
) -> Released:
    """Each by itself, then one wake-up for all; the undo time begins when the last is in force."""
    began = monotonic()
    with jobs.quiet():
        outcomes = tuple(_tried(thing, act) for thing in things)
    done = _finish(batch, outcomes, actor, now)
    _begin_later(batch, seconds=int(monotonic() - began))
    _wake()
    return done


def _begin_later(batch: FixBatch, *, seconds: int) -> None:
    """What took long to let go is held that much longer, or the last rows had no time at all."""
    if not seconds or batch.pk is None:
        return
    _hold(batch, until=batch.hold_until + timedelta(seconds=seconds))


def _hold(batch: FixBatch, *, until: datetime) -> None:
    """Hold the batch, its changes and what they freed until another moment."""
    before, batch.hold_until = batch.hold_until, until
    batch.save(update_fields=["hold_until"])
    held = Fix.objects.filter(batch=batch, status=FixStatus.HELD)
    held.update(hold_until=until)
    # What is looked for first is looked for when the hold is over, no sooner and no later.
    named = held.filter(kind__in=fix_payloads.ON_POSTINGS).values_list("payload", flat=True)
    Posting.objects.filter(
        pk__in=[payload["posting_id"] for payload in named],
        status__in=(PostingStatus.UNCONFIRMED, PostingStatus.POSTED),
        not_before=before,
    ).update(not_before=until)
    Posting.objects.filter(
        rma__fixes__batch=batch,
        status=PostingStatus.HELD,
        hold_reason=HoldReason.UNDO,
        hold_until=before,
    ).update(hold_until=until)


def _wake() -> None:
    for step in ("plan", "settle"):
        jobs.nudge(step)


def _finish(batch: FixBatch, outcomes: tuple[Outcome, ...], actor: User, now: datetime) -> Released:
    released = [row.fix_id for row in outcomes if row.state == "released"]
    if not released:
        batch.delete()
        return Released(None, outcomes)
    batch.count = len(released)
    batch.refused = [
        {"label": row.label, "why": row.why} for row in outcomes if row.state == "refused"
    ]
    batch.save(update_fields=["count", "refused"])
    _record_release(batch, released, actor, now)
    return Released(batch, outcomes)


def _record_release(batch: FixBatch, released: list[int], actor: User, now: datetime) -> None:
    audit.record(
        actor=actor,
        act="batch.release",
        subject=batch,
        text=f"Let {len(released)} changes go in one act; {len(batch.refused)} were refused",
        now=now,
        after={"fixes": released},
    )


def _lock_returns(rows: Sequence[Fix]) -> None:
    touched = {pk for fix in rows for pk in fix_steps.touched_ids(fix)}
    locked = Rma.objects.select_for_update(no_key=True).filter(pk__in=touched).order_by("pk")
    list(locked.values_list("pk", flat=True))
