"""Many requests approved in the background: frozen as they were read, each judged as one by one.

What comes into force is held in one batch until all are through (decision 0020), so that the first
has not left before the last was decided.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal

from django.contrib.auth.models import User
from django.db import transaction

from exceptions_app import errors
from exceptions_app.choices import BulkKind, FixStatus
from exceptions_app.models import Bulk, BulkRow, Fix, FixBatch
from exceptions_app.permissions import roles_of
from exceptions_app.rules import approval
from exceptions_app.selectors import approvals as approvals_selector
from exceptions_app.selectors import fixes as fixes_selector
from exceptions_app.selectors import requests as requests_selector
from exceptions_app.services import (
    audit,
    bulk_drafts,
    bulk_freezing,
    bulk_rows,
    doubts,
    fixes,
)

# So much of a request's hash is kept with its row: any edit gives another.
_SEEN = 20


@transaction.atomic
def freeze(
    *, actor: User, now: datetime, asked: Mapping[int, str] | None = None, back: str = ""
) -> Bulk:
    """Keep which requests are to be approved: `asked` with their hash as read, None for all that
    wait for the actor.

    Raises:
        FixNotAllowed: the actor approves nothing.
        InvalidChoice: none of them waits.
    """
    bulk_freezing.check_right(actor, BulkKind.APPROVE)
    waiting = Fix.objects.filter(status=FixStatus.REQUESTED)
    if asked is not None:
        waiting = waiting.filter(pk__in=asked)
    known = list(requests_selector.with_all(waiting).order_by("pk"))
    refusals = {fix.pk: _why_not(fix, actor) for fix in known}
    if asked is None:
        known = [fix for fix in known if not refusals[fix.pk]]
    amounts = approvals_selector.amounts_of(known)
    words = (
        "Chosen one by one" if asked is not None else f"All that waited for {audit.name_of(actor)}"
    )
    bulk = bulk_drafts.draft(BulkKind.APPROVE, actor, now, back, words)
    doubtful = [fix for fix in known if not refusals[fix.pk] and doubts.all_of_request(fix)]
    bulk.given = {"doubtful": len(doubtful)}
    tally = bulk_drafts.Tally()

    def rows() -> Iterator[BulkRow]:
        for position, fix in enumerate(known, start=1):
            found = amounts.get(fix.pk)
            amount, currency = (found.amount, found.currency) if found else (Decimal(0), "")
            tally.add(refusals[fix.pk], fix.pk, currency, amount)
            yield BulkRow(
                bulk=bulk,
                position=position,
                fix=fix,
                rma_id=fix.rma_id,
                seen=(asked[fix.pk] if asked is not None else fix.payload_hash)[:_SEEN],
                before={"amount": str(amount), "currency": currency},
            )

    return bulk_drafts.filled(bulk, rows(), tally)


def approve(*, row: BulkRow, bulk: Bulk, actor: User, now: datetime) -> bulk_rows.Done:
    """Say yes to one request, into the batch of the act.

    Raises:
        FixNotAllowed, FixAlreadyDecided: as `fixes.approve`.
        InvalidChoice: something speaks against it, and nobody ticked that it is wanted all the
            same.
    """
    fix = Fix.objects.select_related("bridge", "case__rma", "rma").get(pk=row.fix_id or 0)
    told = doubts.all_of_request(fix)
    if told and not bulk.given.get("in_spite"):
        raise errors.InvalidChoice(f"{' '.join(told)} It was not ticked that it is wanted so.")
    is_as_seen = fix.payload_hash.startswith(row.seen)
    done = fixes.approve(
        fix_id=fix.pk,
        seen_hash=fix.payload_hash if is_as_seen else row.seen,
        actor=actor,
        now=now,
        note=bulk.given.get("note", ""),
        batch=FixBatch.objects.filter(pk=bulk.given.get("batch", 0)).first(),
    )
    if done.status == FixStatus.HELD:
        return bulk_rows.Done("In force, and can be taken back with its batch.", before=row.before)
    said = "Your approval is kept. Another person must approve too."
    return bulk_rows.Done(said, before=row.before)


def _why_not(fix: Fix, actor: User) -> str:
    """Why this person will be refused, as far as it can be told before; "" when they will not."""
    roles = roles_of(actor)
    given = [row for row in fix.approvals.all() if row.payload_hash == fix.payload_hash]
    refusal = approval.may_approve(
        requester_id=fix.requested_by_id,
        approver_id=actor.pk,
        approver_roles=roles,
        level=fix.level,
        earlier_approver_ids={row.approver_id for row in given},
        editor_ids={row.editor_id for row in fix.edits.all()},
    )
    if refusal or fixes_selector.approving(fix) & roles:
        return refusal
    return "A peer approves: someone else of a team that may make this change."
