"""What a person does with an act on many once it is frozen: start, stop, go on, take back."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q, QuerySet

from exceptions_app import errors, jobs
from exceptions_app.choices import (
    BulkKind,
    BulkRowState,
    BulkState,
    FixStatus,
    HoldReason,
    PostingStatus,
    Role,
)
from exceptions_app.models import Bulk, BulkRow, Fix, Posting
from exceptions_app.permissions import roles_of
from exceptions_app.services import audit, bulk_rows
from exceptions_app.services.bulk_drafts import AT_ONCE, draft
from exceptions_app.services.bulk_freezing import check_right

KEPT_FOR = timedelta(days=90)
# Long enough for all of a large act to be taken back, however short the undo time is.
TAKING_BACK = timedelta(hours=2)


@transaction.atomic
def start(*, bulk_id: int, given: dict[str, Any], actor: User, now: datetime) -> Bulk:
    """Let the workers begin; `given` are the checked answers of the act's form.

    Raises:
        FixNotAllowed: it is another person's, or the right is gone.
        FixAlreadyDecided: it was started before, or waited too long to be what was shown.
    """
    bulk = _locked(bulk_id)
    if bulk.asked_by_id != actor.pk:
        raise errors.FixNotAllowed("Only who asked for it can start it.")
    if bulk.state != BulkState.DRAFT:
        raise errors.FixAlreadyDecided("It was started already.")
    if bulk.expires_at <= now:
        raise errors.FixAlreadyDecided("It was frozen too long ago. Choose the rows again.")
    check_right(actor, bulk.kind)
    bulk.given = {**bulk.given, **given}
    _go(bulk, now)
    text = f"Started: {bulk.get_kind_display()}, {bulk.count:,} rows"
    audit.record(
        actor=actor, act="bulk.start", subject=bulk, text=text, now=now, after={"given": given}
    )
    return bulk


@transaction.atomic
def stop(*, bulk_id: int, actor: User, now: datetime) -> Bulk:
    """Begin no further row; those done stay done.

    Raises:
        FixNotAllowed: it is another person's.
        FixAlreadyDecided: it is not under way.
    """
    bulk = _turn(bulk_id, BulkState.RUNNING, BulkState.STOPPED, actor, now)
    bulk_rows.close_batch(bulk, now)
    return bulk


@transaction.atomic
def resume(*, bulk_id: int, actor: User, now: datetime) -> Bulk:
    """Go on where it was stopped.

    Raises:
        FixNotAllowed: it is another person's.
        FixAlreadyDecided: it is not stopped.
    """
    return _turn(bulk_id, BulkState.STOPPED, BulkState.RUNNING, actor, now)


@transaction.atomic
def undo(*, bulk_id: int, actor: User, now: datetime) -> Bulk:
    """Take back, in the background, every row that was done; returns the act that does it.

    Documents that wait for their undo time wait on meanwhile, so that none leaves while others are
    taken back.

    Raises:
        FixNotAllowed: it is another person's, or cannot be taken back.
        FixAlreadyDecided: it is under way, was taken back already, or nothing of it was done.
    """
    was = _locked(bulk_id)
    _check_whose(was, actor)
    if was.kind not in bulk_rows.UNDOABLE:
        raise errors.FixNotAllowed("This cannot be taken back.")
    if was.state not in (BulkState.DONE, BulkState.STOPPED):
        raise errors.FixAlreadyDecided("Stop it first: it is still under way.")
    if Bulk.objects.filter(undo_of=was).exists():
        raise errors.FixAlreadyDecided("It was taken back already.")
    done = was.rows.filter(state=BulkRowState.DONE)
    _hold_on(done, now)
    bulk = draft(BulkKind.UNDO, actor, now, was.back, was.words)
    bulk.undo_of = was
    bulk.save()
    # What came last goes first, as one by one.
    rows = [
        BulkRow(
            bulk=bulk,
            position=position,
            case_id=row.case_id,
            posting_id=row.posting_id,
            rma_id=row.rma_id,
            seen=row.after,
            before=row.before,
            fix_id=row.fix_id,
        )
        for position, row in enumerate(done.order_by("-position"), start=1)
    ]
    if not rows:
        raise errors.FixAlreadyDecided("Nothing of it was done, so nothing can be taken back.")
    # A stopped act is over once it is taken back: its rest must not be done afterwards.
    Bulk.objects.filter(pk=was.pk).update(state=BulkState.DONE, ended_at=was.ended_at or now)
    BulkRow.objects.bulk_create(rows, batch_size=AT_ONCE)
    bulk.count = len(rows)
    _go(bulk, now)
    text = f"Taking back {len(rows):,} rows of: {was.get_kind_display()}"
    audit.record(actor=actor, act="bulk.undo", subject=was, text=text, now=now)
    return bulk


def forget(*, now: datetime) -> int:
    """Drop drafts nobody started, and what became of each row of old acts; returns acts."""
    old = Q(state=BulkState.DRAFT, expires_at__lt=now) | Q(ended_at__lt=now - KEPT_FOR)
    rows = BulkRow.objects.filter(bulk__in=Bulk.objects.filter(old))
    pks = list(rows.values_list("pk", flat=True)[:AT_ONCE])
    BulkRow.objects.filter(pk__in=pks).delete()
    drafts = Bulk.objects.filter(state=BulkState.DRAFT, expires_at__lt=now, rows__isnull=True)
    count, _ = drafts.delete()
    return count


def _locked(bulk_id: int) -> Bulk:
    return Bulk.objects.select_for_update().get(pk=bulk_id)


def _check_whose(bulk: Bulk, actor: User) -> None:
    if bulk.asked_by_id != actor.pk and Role.ADMIN not in roles_of(actor):
        raise errors.FixNotAllowed("Only who asked for it, or an admin, can do this.")


def _go(bulk: Bulk, now: datetime) -> None:
    bulk.state = BulkState.RUNNING
    bulk.started_at = now
    bulk.not_before = now
    bulk.save()
    jobs.nudge("bulk")


def _turn(bulk_id: int, was: str, to: str, actor: User, now: datetime) -> Bulk:
    bulk = _locked(bulk_id)
    _check_whose(bulk, actor)
    if bulk.state != was:
        raise errors.FixAlreadyDecided(f"It is already: {bulk.get_state_display().lower()}.")
    bulk.state = to
    bulk.save(update_fields=["state"])
    label = BulkState(to).label
    audit.record(actor=actor, act=f"bulk.{to}", subject=bulk, text=f"{label}: {bulk}", now=now)
    jobs.nudge("bulk")
    return bulk


def _hold_on(done: QuerySet[BulkRow], now: datetime) -> None:
    """Let changes that can still be taken back wait on until they are."""
    held = Fix.objects.filter(
        pk__in=done.order_by().values("fix"), status=FixStatus.HELD, hold_until__gt=now
    )
    pks = list(held.select_for_update().values_list("pk", "payload"))
    until = now + TAKING_BACK
    Fix.objects.filter(pk__in=[pk for pk, _ in pks]).update(hold_until=until)
    Posting.objects.filter(
        pk__in=[payload["posting_id"] for _, payload in pks if "posting_id" in payload],
        status=PostingStatus.HELD,
        hold_reason=HoldReason.UNDO,
    ).update(hold_until=until)
