"""Make the outbox of one return equal to its plan. The plan is computed, never edited."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection as database
from django.db import transaction

from exceptions_app import jobs
from exceptions_app.choices import (
    POSTING_FINISHED,
    POSTING_UNSENT,
    MoneyAxis,
    PostingKind,
    PostingStatus,
)
from exceptions_app.models import (
    Case,
    Posting,
    Rma,
    SalesOrder,
)
from exceptions_app.models.statements import Select
from exceptions_app.rules import drafts, mapping, planning, shares, touching
from exceptions_app.rules.facts import Plan, PlannedPosting, RmaFacts
from exceptions_app.selectors import facts as facts_selector
from exceptions_app.selectors import keying
from exceptions_app.services import (
    abilities,
    acceptances,
    audit,
    cases,
    holds,
    linking,
    plan_reads,
    proving,
    quotes,
    redating,
    subjects,
    takings,
)

PREFIX = {
    PostingKind.RETURN_AUTHORISATION: "RA",
    PostingKind.STOCK_RECEIPT: "RC",
    PostingKind.STOCK_MOVE: "MV",
    PostingKind.WRITE_OFF: "WO",
    PostingKind.CREDIT_MEMO: "CM",
    PostingKind.REFUND_RECORD: "RF",
    PostingKind.PLATFORM_UPDATE: "PU",
}
# Facts that depend on time (a credit that stays away) are looked at again this often.
LOOK_AGAIN = timedelta(minutes=30)
# How long a plan waits for a worker that is writing one of the return's postings.
BUSY_FOR = timedelta(seconds=1)
LOOK_OFTEN_FOR = timedelta(days=3)
LOOK_RARELY = timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class Planned:
    rma_id: int
    postings: tuple[Posting, ...]
    cases: tuple[Case, ...]


_LOCKED = Select(
    lambda rma: (
        Rma.objects.select_for_update(of=("self",))
        .select_related("bridge__erp", "bridge__source", "sales_order", "credit_quote")
        .filter(pk=rma)
    )
)
_LOCK_ORDER = Select(
    lambda order: SalesOrder.objects.select_for_update().filter(pk=order).values_list("pk")
)
_LIVE = Select(
    lambda rma: (
        Posting.objects.filter(rma=rma).exclude(status=PostingStatus.CANCELLED).values_list("pk")
    )
)
_LIVE_FREE = Select(
    lambda rma: (
        Posting.objects.filter(rma=rma)
        .exclude(status=PostingStatus.CANCELLED)
        .select_for_update(skip_locked=True)
        .order_by("pk")
    )
)
_OF_KIND = Select(lambda rma, kind: Posting.objects.filter(rma=rma, kind=kind).values_list("pk"))


@transaction.atomic
def plan(*, rma_id: int, now: datetime, planned_from: datetime | None = None) -> Planned:
    """Recompute one return: its unsent postings, and its cases, follow the facts as they are now.

    Sent postings are never touched. Running it twice changes nothing the second time.
    `planned_from` is the due time this run answers; a later one stays due.
    """
    rma = _LOCKED.first(rma=rma_id)
    if rma is None:
        raise Rma.DoesNotExist(f"There is no return with the id {rma_id}.")
    if rma.sales_order_id:
        # Two returns of one order must not both take its last units: the order is the lock.
        _LOCK_ORDER.first(order=rma.sales_order_id)
    live = _lock_postings(rma)
    if live is None:
        defer(rma_id=rma.pk, until=now + BUSY_FOR)
        return Planned(rma_id=rma.pk, postings=(), cases=())
    abilities.note(connection=rma.bridge.erp)
    read = facts_selector.for_plan(rma, now=now, postings=live)
    facts = quotes.bind(rma=rma, facts=read, now=now)
    computed = planning.plan(facts)
    rows = _sync_postings(rma, live, facts, computed, now)
    _keep_residue(rows, computed)
    found = acceptances.of_rma(rma, findings=computed.findings, now=now)
    accepted = found.text if found else ""
    prove = proving.Prover(rma, computed, rows, accepted)
    opened = cases.sync(
        subject=subjects.of_rma(rma),
        findings=computed.findings,
        now=now,
        prove=prove,
        postings={row.slot: row for row in rows},
    )
    if accepted:
        acceptances.retell(rma=rma, accepted=accepted, proof=prove.of_accepted, now=now)
    linking.retell(rows=rows, now=now)
    cases.tell_waits(cases=opened, now=now)
    accepted_until = found.ends_at if found else None
    looks = (accepted_until, computed.next_look, _order_look(opened, now))
    limits = [at for at in looks if at is not None]
    # The platform's word is read through the mappings of today, as the plan reads it.
    rma.approval = mapping.approval(facts.mappings, facts.status_raw)
    _finish(rma, rows, planned_from, now, ends_at=min(limits, default=None))
    if any(row.status == PostingStatus.READY for row in rows):
        jobs.nudge("post")
    return Planned(rma_id=rma.pk, postings=tuple(rows), cases=opened)


def _order_look(opened: tuple[Case, ...], now: datetime) -> datetime | None:
    """When the order is read again that one of these is about; None where none is."""
    is_about_order = any(case.type in plan_reads.ORDER_TYPES for case in opened)
    return now + plan_reads.ORDER_FOR if is_about_order else None


def _keep_residue(rows: list[Posting], computed: Plan) -> None:
    """Note with the credit what was let pass, whether or not a line of it books the sum."""
    for row in rows:
        is_first = row.slot == planning.CREDIT_SLOT
        if is_first and row.residue != computed.residue:
            row.residue = computed.residue
            row.save(update_fields=["residue"])


def defer(*, rma_id: int, until: datetime) -> None:
    """Put planning off (the ERP cannot be asked now); late is not wrong."""
    Rma.objects.filter(pk=rma_id).update(plan_due_at=until, plan_lease_until=None)


def _lock_postings(rma: Rma) -> list[Posting] | None:
    """Lock and return the return's live postings, in sending order.

    None when a worker claims or settles one this moment: a claim could slip in between our reading
    and our writing, and a document that is leaving would be cancelled and planned a second time.
    Waiting for the lock instead could deadlock: a worker that settles holds its posting and then
    asks for the return.
    """
    locked = _LIVE_FREE.rows(rma=rma.pk)
    if len(locked) != len(_LIVE.rows(rma=rma.pk)):
        return None
    return sorted(locked, key=lambda posting: (posting.sequence, posting.pk))


def _sync_postings(
    rma: Rma, found: list[Posting], facts: RmaFacts, computed: Plan, now: datetime
) -> list[Posting]:
    live = {row.slot: row for row in found}
    holding = holds.Holds(rma, facts, computed, now)
    maker = touching.made_by(facts)
    rows: list[Posting] = []
    for planned in computed.postings:
        row = live.pop(planned.slot, None)
        if row is not None and (row.status not in POSTING_UNSENT or keying.is_in_hands(row, now)):
            rows.append(row)
            continue
        state = holding.of(
            planned,
            follows_open=any(_is_open(earlier) for earlier in rows),
            is_released=row is not None and row.run_id is not None,
        )
        hash_ = planning.plan_hash(planned.draft)
        if row is not None and row.plan_hash == hash_:
            _keep_rounding(row, rma)
            chosen = facts.decisions.posting_date
            redating.follow(posting=row, day=planned.draft.date, chosen=chosen, now=now)
            holds.restate(row, state, planned, now)
            rows.append(row)
            continue
        if row is not None:
            told = f"Planned {row.key} again, as its facts changed; nothing of it had left"
            _cancel(row, told, now)
        rows.append(_create(rma, planned, hash_, row, state, computed, maker, now))
    for row in live.values():
        if row.status in POSTING_UNSENT and not keying.is_in_hands(row, now):
            _cancel(row, f"Cancelled {row.key} before it left: no longer called for", now)
        else:
            rows.append(row)
    return rows


def _is_open(row: Posting) -> bool:
    return row.status not in POSTING_FINISHED


def _keep_rounding(row: Posting, rma: Rma) -> None:
    """The same figures under another rounding: what is kept is the one they were computed by."""
    kept = _rounding(rma, row.kind)
    if row.rounding != kept:
        row.rounding = kept
        row.save(update_fields=["rounding"])


def _create(
    rma: Rma,
    planned: PlannedPosting,
    hash_: str,
    replaced: Posting | None,
    state: holds.State,
    computed: Plan,
    maker: dict[str, Any],
    now: datetime,
) -> Posting:
    generation = len(_OF_KIND.rows(rma=rma.pk, kind=planned.kind)) + 1
    is_note = planned.kind == PostingKind.PLATFORM_UPDATE
    key = f"{PREFIX[PostingKind(planned.kind)]}-{rma.bridge.code}-{rma.external_id}-{generation}"
    control_number = 0 if is_note else _next_control_number()
    draft = drafts.numbered(planned.draft, key=key, control_number=control_number)
    row = Posting.objects.create(
        bridge=rma.bridge,
        connection=rma.bridge.source if is_note else rma.bridge.erp,
        rma=rma,
        slot=planned.slot,
        generation=generation,
        kind=planned.kind,
        sequence=planned.sequence,
        key=key,
        control_number=control_number,
        plan_hash=hash_,
        draft=drafts.to_json(draft),
        checks=[list(check) for check in computed.checks],
        units=draft.units,
        # An authorisation that is the credit's own document says its money ahead of it.
        gross=0 if planned.kind == PostingKind.RETURN_AUTHORISATION else draft.gross,
        currency=draft.currency,
        rounding=_rounding(rma, planned.kind),
        made_by=maker,
        status=state.status,
        hold_reason=state.hold_reason,
        hold_until=state.hold_until,
        blocked_by=state.blocked_by,
        replaces=replaced,
        not_before=now,
        # A refusal stays someone's business until its successor is confirmed.
        open_type=replaced.open_type if replaced else "",
        open_facts=replaced.open_facts if replaced else {},
        created_at=now,
    )
    if planned.kind == PostingKind.CREDIT_MEMO:
        takings.take(posting=row, rma=rma, draft=draft)
    audit.record(
        actor=None,
        act="posting.plan",
        subject=row,
        text=f"Planned {row.get_kind_display().lower()} {key}",
        now=now,
        rma_id=rma.pk,
        after={"status": state.status, "gross": str(row.gross), "units": row.units},
    )
    return row


def _rounding(rma: Rma, kind: str) -> dict[str, str]:
    """How a credit's shares were rounded, told in full: a later policy does not explain it."""
    if kind != PostingKind.CREDIT_MEMO:
        return {}
    return shares.rounding_kept(facts_selector.policy_of(rma.bridge))


def _cancel(row: Posting, text: str, now: datetime) -> None:
    row.status = PostingStatus.CANCELLED
    row.hold_reason = ""
    row.save(update_fields=["status", "hold_reason"])
    row.takings.all().delete()
    audit.record(
        actor=None,
        act="posting.cancel",
        subject=row,
        text=text,
        now=now,
        rma_id=row.rma_id,
    )


def _next_control_number() -> int:
    with database.cursor() as cursor:
        cursor.execute("SELECT nextval('exceptions_app_control_number')")
        (number,) = cursor.fetchone()
    return int(number)


def _finish(
    rma: Rma,
    rows: list[Posting],
    planned_from: datetime | None,
    now: datetime,
    *,
    ends_at: datetime | None,
) -> None:
    is_open = any(row.status not in POSTING_FINISHED for row in rows)
    has_credit = any(row.kind == PostingKind.CREDIT_MEMO for row in rows)
    owes_credit = not has_credit and rma.money == MoneyAxis.CONFIRMED
    age = now - rma.source_updated_at
    wait = LOOK_AGAIN if age < LOOK_OFTEN_FOR else LOOK_RARELY
    due = now + wait if is_open or owes_credit else None
    if ends_at is not None:
        # A limit that ends, or a day until which something was accepted, is looked at when over.
        due = min(due, ends_at) if due else ends_at
    fresh = Rma.objects.filter(pk=rma.pk)
    if planned_from is not None:
        fresh = fresh.filter(plan_due_at__lte=planned_from)
    fresh.update(planned_at=now, plan_due_at=due, plan_lease_until=None, approval=rma.approval)
