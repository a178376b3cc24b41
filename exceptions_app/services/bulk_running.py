"""The worker's side of acts on many: claim one that is due, settle its next rows, end it.

A worker may die at any row: the row's own transaction holds the act and what came of it, so the
next worker goes on behind it and no row is done twice. Rights are asked for again as it goes.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q

from exceptions_app import errors
from exceptions_app.choices import BulkKind, BulkRowState, BulkState
from exceptions_app.models import Bulk, BulkRow
from exceptions_app.permissions import can
from exceptions_app.selectors import bulk as bulk_selector
from exceptions_app.services import (
    audit,
    bulk_approvals,
    bulk_messages,
    bulk_rows,
    fix_batches,
    whole_previews,
)
from exceptions_app.services.faultpoints import reach
from exceptions_app.services.leases import lease

CHUNK = 100
LEASE_SECONDS = 60
MOST_TRIES = 3


def run_next(*, now: datetime) -> bool:
    """Do the next rows of one act that is due; False when none is."""
    bulk = _claim(now)
    if bulk is None:
        return False
    actor = bulk.asked_by
    if not _may_go_on(bulk, actor):
        _end(bulk, BulkState.STOPPED, f"Stopped: {audit.name_of(actor)} may not do this", now)
        return True
    waiting = bulk.rows.filter(state=BulkRowState.WAITING).order_by("position")
    ids = list(waiting.values_list("pk", flat=True)[: max(bulk.per_minute, CHUNK)])
    left = 0
    if ids:
        _note_try(ids[0], now)
    if bulk.kind == BulkKind.PREVIEW:
        _try_all(ids, bulk, now)
    else:
        for pk in ids:
            state = _settle(pk, bulk, actor, now)
            if state is None:
                break
            reach("bulk_row")
            left += state == BulkRowState.DONE
            if bulk.per_minute and left == bulk.per_minute:
                break
    # Its pace is of what leaves: rows that need nothing cost no minute.
    after = timedelta(minutes=1) if bulk.per_minute and left else timedelta(0)
    Bulk.objects.filter(pk=bulk.pk).update(lease_until=None, not_before=now + after)
    if not waiting.exists():
        _end(bulk, BulkState.DONE, f"Finished: {bulk.get_kind_display()}", now)
        whole_previews.tell(bulk_id=bulk.pk)
    return True


def _open_batch(bulk: Bulk, actor: User, now: datetime) -> None:
    """What is sent again or approved in one act is held together, until all rows are through and
    then as long as it can be taken back: the first must not have left before the last was asked
    for."""
    if bulk.kind in (BulkKind.RETRY, BulkKind.APPROVE) and "batch" not in bulk.given:
        bulk.given["batch"] = fix_batches.open_wide(actor=actor, now=now).pk
        bulk.save(update_fields=["given"])


def _may_go_on(bulk: Bulk, actor: User) -> bool:
    """Whether who asked may still do it; taking back asks for its rights row by row."""
    if bulk.kind == BulkKind.UNDO:
        return actor.is_active
    return can(actor, bulk_rows.CAPABILITY[bulk.kind])


@transaction.atomic
def _claim(now: datetime) -> Bulk | None:
    # An act that only newer code knows waits for a worker that does.
    due = Bulk.objects.filter(
        state=BulkState.RUNNING, not_before__lte=now, kind__in=BulkKind.values
    )
    free = due.filter(Q(lease_until__isnull=True) | Q(lease_until__lte=now))
    bulk = (
        free.select_for_update(skip_locked=True, of=("self",))
        .select_related("asked_by", "undo_of")
        .order_by("not_before", "pk")
        .first()
    )
    if bulk is not None:
        bulk.lease_until = now + lease(seconds=LEASE_SECONDS)
        bulk.save(update_fields=["lease_until"])
    return bulk


def _note_try(row_id: int, now: datetime) -> None:
    """A row that took several workers down is named and left, so that the others go on."""
    row = BulkRow.objects.get(pk=row_id)
    row.tries += 1
    if row.tries > MOST_TRIES:
        row.state = BulkRowState.REFUSED
        row.text = "Our own mistake, several times. Operations can look into it."
        row.settled_at = now
    row.save(update_fields=["tries", "state", "text", "settled_at"])


def _try_all(ids: Sequence[int], bulk: Bulk, now: datetime) -> None:
    """Rows of an act that only reads, written together; those before a mistake of ours count."""
    waiting = bulk.rows.filter(pk__in=ids, state=BulkRowState.WAITING)
    done = []
    try:
        for row in bulk_rows.with_returns(waiting).order_by("position"):
            found = bulk_rows.tried(row=row, bulk=bulk, now=now)
            row.state, row.text, row.before = found.state, found.text[:300], found.before
            row.settled_at = now
            done.append(row)
    finally:
        BulkRow.objects.bulk_update(done, ["state", "text", "before", "settled_at"])


@transaction.atomic
def _settle(row_id: int, bulk: Bulk, actor: User, now: datetime) -> str | None:
    """Do one row that still waits; its state, "" when it is another's, None once all is stopped."""
    # Who stops it waits for the row that is under way, and the next one hears of it.
    running = Bulk.objects.filter(pk=bulk.pk, state=BulkState.RUNNING).order_by()
    given = running.select_for_update(no_key=True).values_list("given", flat=True).first()
    if given is None:
        return None
    bulk.given = given
    waiting = BulkRow.objects.filter(pk=row_id, state=BulkRowState.WAITING)
    row = waiting.select_for_update(skip_locked=True, of=("self",)).first()
    if row is None:
        return ""
    _open_batch(bulk, actor, now)
    try:
        with transaction.atomic():
            done = _performed(row, bulk, actor, now)
    except (errors.CaseChanged, errors.CaseAlreadyClosed) as error:
        done = bulk_rows.Done(str(error), state=BulkRowState.CHANGED)
    except errors.DeskError as error:
        done = bulk_rows.Done(str(error), state=BulkRowState.REFUSED)
    row.state = done.state
    row.text = done.text[:300]
    row.before = done.before or row.before
    row.after = done.after
    row.fix = done.fix or row.fix
    row.settled_at = now
    row.save(update_fields=["state", "text", "before", "after", "fix", "settled_at"])
    return row.state


def _performed(row: BulkRow, bulk: Bulk, actor: User, now: datetime) -> bulk_rows.Done:
    if bulk.kind == BulkKind.MESSAGES:
        return bulk_messages.handle_again(row=row, actor=actor, now=now)
    if bulk.kind == BulkKind.APPROVE:
        return bulk_approvals.approve(row=row, bulk=bulk, actor=actor, now=now)
    return bulk_rows.perform(row=row, bulk=bulk, actor=actor, now=now)


@transaction.atomic
def _end(bulk: Bulk, state: str, text: str, now: datetime) -> None:
    ended = now if state == BulkState.DONE else None
    running = Bulk.objects.filter(pk=bulk.pk, state=BulkState.RUNNING)
    if running.update(state=state, ended_at=ended, lease_until=None) != 1:
        return
    bulk.refresh_from_db(fields=["given"])
    bulk_rows.close_batch(bulk, now)
    whole_previews.end(bulk=bulk)
    number = bulk_selector.tally(bulk)
    left = bulk.count - number[BulkRowState.DONE] - number[BulkRowState.SKIPPED]
    words = f"{text}, {number[BulkRowState.DONE]:,} done, {left:,} left as they were"
    audit.record(
        actor=bulk.asked_by, act=f"bulk.{state}", subject=bulk, text=words, now=now, after=number
    )
