"""The invariants of reliability C.2, asked of the ERP's own ledger and not of our tables' word."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection as database
from django.db.models import Sum

from exceptions_app.choices import CASE_OPEN, PostingStatus
from exceptions_app.models import (
    CallCount,
    Case,
    Connection,
    InboundEvent,
    Posting,
    PostingAttempt,
    Rma,
)
from tests.faults.scenario import Expected
from tests.world import World

INTENT = """
SELECT 1 FROM exceptions_app_postingattempt a
JOIN exceptions_app_posting p ON p.id = a.posting_id
WHERE p.key = %s AND a.purpose = 'post' AND a.outcome = 'started' LIMIT 1
"""
# Every row that something automatic still has to act on: by whom, and from when on.
_NEXT_DUE = """
SELECT step, min(due) FROM (
  SELECT 'post' AS step, GREATEST(p.not_before, b.quiet_until,
                  CASE WHEN h.state <> 'closed' THEN h.probe_at END) AS due
    FROM exceptions_app_posting p
    JOIN exceptions_app_connectionhealth h ON h.connection_id = p.connection_id
    JOIN exceptions_app_connectionbudget b ON b.connection_id = p.connection_id
   WHERE p.status = 'ready' AND NOT EXISTS (
      SELECT 1 FROM exceptions_app_posting e WHERE e.rma_id = p.rma_id AND e.id <> p.id
       AND (e.sequence, e.id) < (p.sequence, p.id) AND e.status NOT IN ('confirmed', 'cancelled'))
  UNION ALL
  SELECT 'settle', lease_until + interval '1 second'
    FROM exceptions_app_posting WHERE status = 'sending'
  UNION ALL
  SELECT 'settle', GREATEST(p.not_before, p.lease_until + interval '1 second',
                  p.unknown_since + interval '150 seconds',
                  CASE WHEN h.state <> 'closed' THEN h.probe_at END)
    FROM exceptions_app_posting p
    JOIN exceptions_app_connectionhealth h ON h.connection_id = p.connection_id
   WHERE p.status IN ('unconfirmed', 'posted') AND p.parked_at IS NULL
  UNION ALL
  SELECT 'settle', hold_until FROM exceptions_app_posting WHERE status = 'held'
  UNION ALL
  SELECT 'ingest', GREATEST(received_at, not_before, lease_until + interval '1 second')
    FROM exceptions_app_inboundevent WHERE state = 'new'
  UNION ALL
  SELECT 'plan', GREATEST(plan_due_at, plan_lease_until + interval '1 second')
    FROM exceptions_app_rma WHERE plan_due_at <= %(soon)s
  UNION ALL
  SELECT 'poll', GREATEST(next_at, lease_until + interval '1 second')
    FROM exceptions_app_watermark
   WHERE feed IN ('rmas', 'refunds') AND read_at < %(read_from)s
) AS waiting WHERE due IS NOT NULL GROUP BY step
"""
_MOVING = (
    PostingStatus.READY,
    PostingStatus.SENDING,
    PostingStatus.UNCONFIRMED,
    PostingStatus.POSTED,
)
_KINDS = {"RA": "return_authorisation", "RCV": "stock_receipt", "CM": "credit_memo"}


@dataclass(frozen=True)
class Violation:
    invariant: str
    text: str

    def __str__(self) -> str:
        return f"{self.invariant}: {self.text}"


@dataclass(frozen=True)
class Write:
    """One write as it left; `had_intent` is whether an attempt was committed before it."""

    key: str
    had_intent: bool


@dataclass
class Verdict:
    postings: int = 0
    documents: int = 0
    parked: int = 0
    violations: list[Violation] = field(default_factory=list)

    def add(self, invariant: str, text: str) -> None:
        self.violations.append(Violation(invariant, text))


def next_due(*, now: datetime, read_from: datetime) -> dict[str, datetime]:
    """When each drain has to act next, by its name; empty when all is quiet.

    A feed counts until it has been read once at or after `read_from`. A plan that only looks
    again after half an hour is quiet.
    """
    with database.cursor() as cursor:
        soon = now + timedelta(minutes=5)
        cursor.execute(_NEXT_DUE, {"soon": soon, "read_from": read_from})
        return dict(cursor.fetchall())


def judge(*, world: World, expected: Sequence[Expected], writes: Sequence[Write]) -> Verdict:
    """Compare the ledger with what the returns call for."""
    verdict = Verdict()
    ledger = [row for row in world.documents() if row["status"] != "REJECTED"]
    rmas = {rma.external_id: rma for rma in Rma.objects.all()}
    rows_of: dict[int, list[Posting]] = defaultdict(list)
    postings = Posting.objects.exclude(status=PostingStatus.CANCELLED).order_by("sequence", "id")
    for row in postings:
        rows_of[row.rma_id].append(row)
    cases = _open_cases()
    asked = _subjects_asked_about()
    verdict.documents = len(ledger)
    verdict.postings = sum(len(rows) for rows in rows_of.values())
    for wanted in expected:
        rma = rmas.get(wanted.rma_id)
        if rma is None:
            verdict.parked += 1
            if wanted.rma_id not in asked:
                verdict.add("I1", f"return {wanted.rma_id} never arrived")
            continue
        if wanted.rma_id not in asked:
            _judge_copy(verdict, rma, world)
        own = _Return(wanted, rows_of[rma.pk], _documents_of(ledger, wanted), cases[rma.pk])
        _judge_return(verdict, own)
    _judge_keys(verdict, ledger, writes)
    _judge_inbox(verdict)
    return verdict


@dataclass(frozen=True)
class _Return:
    expected: Expected
    postings: Sequence[Posting]
    documents: Sequence[dict[str, Any]]
    cases: Sequence[str]


def _judge_return(verdict: Verdict, own: _Return) -> None:
    is_parked = bool(own.cases)
    verdict.parked += is_parked
    name = own.expected.rma_id
    kinds = Counter(row["doc_type"] for row in own.documents)
    for kind in _KINDS if own.expected.has_known_sku else ():
        if kinds[kind] == 0 and not is_parked:
            verdict.add("I1", f"return {name}: its {kind} is lost")
        if kinds[kind] > 1:
            verdict.add("I2", f"return {name}: {kinds[kind]} times {kind} in the ledger")
    if not own.expected.has_known_sku and (own.documents or not is_parked):
        verdict.add("I1", f"return {name}: an unknown SKU must wait with a case and no document")
    _judge_order(verdict, own)
    _judge_amounts(verdict, own)
    _judge_rows(verdict, own)


def _judge_order(verdict: Verdict, own: _Return) -> None:
    order = list(_KINDS)
    for earlier, later in zip(own.documents, own.documents[1:], strict=False):
        is_reversed = order.index(earlier["doc_type"]) > order.index(later["doc_type"])
        if is_reversed:
            text = f"{later['doc_type']} after {earlier['doc_type']}"
            verdict.add("I3", f"return {own.expected.rma_id}: {text}")
        elif earlier["doc_type"] != later["doc_type"] and _ends_after(earlier, later):
            text = f"{later['doc_type']} was sent before {earlier['doc_type']} was booked"
            verdict.add("I3", f"return {own.expected.rma_id}: {text}")


def _ends_after(earlier: dict[str, Any], later: dict[str, Any]) -> bool:
    return not earlier["posted_at"] or earlier["posted_at"] > _stamp(later["staged_at"])


def _stamp(text: str) -> str:
    return text.replace("T", " ")[:19]


def _judge_amounts(verdict: Verdict, own: _Return) -> None:
    """A document that differs from the return is tolerable only while a person is asked."""
    by_key = {row.key: row for row in own.postings}
    for document in own.documents:
        posting = by_key.get(document["ref_num"])
        wrong = _difference(own.expected, document, posting)
        is_asked = posting is not None and posting.status != PostingStatus.CONFIRMED and own.cases
        if wrong and not is_asked:
            verdict.add("I4", f"{document['ref_num']}: {wrong}")


def _difference(expected: Expected, document: dict[str, Any], posting: Posting | None) -> str:
    if posting is None:
        return "nothing we plan has this key"
    lines = document["simdetail"]["rows"]
    units = sum(int(line["size_qty"]) for line in lines if line["component"] == "item")
    if units != expected.units:
        return f"{units} units, the return has {expected.units}"
    if document["doc_type"] == "CM":
        net = sum(Decimal(str(line["net_amt"])) for line in lines)
        tax = sum(Decimal(str(line["tax_amt"])) for line in lines)
        if (net, tax) != (expected.net, expected.tax):
            return f"{net} + {tax}, the return calls for {expected.net} + {expected.tax}"
    meant = [(line["sku"], int(line["quantity"])) for line in posting.draft["lines"]]
    there = [(line["sim_sku"], int(line["size_qty"])) for line in lines]
    return "" if meant == there else f"lines {there}, planned {meant}"


def _judge_rows(verdict: Verdict, own: _Return) -> None:
    ids = {(row["ref_num"], str(row["pkey"])) for row in own.documents}
    is_blocked = False
    for row in own.postings:
        if row.status == PostingStatus.CONFIRMED:
            if (row.key, row.external_id) not in ids:
                verdict.add("I5", f"{row.key} is confirmed by {row.external_id}, which is not its")
            continue
        is_stuck = row.status in _MOVING and row.parked_at is None and not is_blocked
        if is_stuck:
            verdict.add("I7", f"{row.key} is still {row.status}")
        if not own.cases:
            verdict.add("I7", f"{row.key} is {row.status} and nobody is asked")
        is_blocked = True
    if own.postings and not is_blocked and own.cases:
        verdict.add("I7", f"return {own.expected.rma_id} is done, yet open: {own.cases}")


def _judge_copy(verdict: Verdict, rma: Rma, world: World) -> None:
    """Our copy is the platform's last word, whatever order the messages took."""
    record = world.platform._store.rma(rma.external_id)
    if record is not None and rma.source_updated_at != record.updated_at:
        verdict.add("I6", f"return {rma.external_id} is held as of {rma.source_updated_at}")


def _judge_keys(
    verdict: Verdict, ledger: Sequence[dict[str, Any]], writes: Sequence[Write]
) -> None:
    keys = Counter(row["ref_num"] for row in ledger)
    for key, count in keys.items():
        if count > 1:
            verdict.add("I2", f"{key} is {count} times in the ledger")
    sent = Counter(write.key for write in writes)
    tried = Counter(
        PostingAttempt.objects.filter(purpose="post").values_list("posting__key", flat=True)
    )
    for key in keys.keys() | sent.keys():
        if keys[key] and not sent[key]:
            verdict.add("I9", f"{key} is in the ledger, though nothing was sent")
        if sent[key] > tried[key]:
            verdict.add("I9", f"{key} was sent {sent[key]} times, noted {tried[key]} times")
    for write in writes:
        if not write.had_intent:
            verdict.add("I9", f"{write.key} left before its attempt was committed")


def _judge_inbox(verdict: Verdict) -> None:
    for event in InboundEvent.objects.filter(state="new"):
        verdict.add("I7", f"message {event.external_id} is still new")


def judge_calls(*, erp: Connection, is_calm: bool) -> list[Violation]:
    """In calm weather nothing is asked twice: no look-up, no retry, no throttled call (I8)."""
    if not is_calm:
        return []
    reasons = CallCount.objects.filter(connection=erp).values_list("reason").annotate(Sum("count"))
    counts: dict[str, int] = dict(reasons)
    posts = Posting.objects.filter(status=PostingStatus.CONFIRMED).count()
    wasted = {name: counts.get(name, 0) for name in ("lookup", "retry", "wasted-429")}
    found = [Violation("I8", f"{name}: {count}") for name, count in wasted.items() if count]
    if counts.get("post", 0) != posts:
        found.append(Violation("I8", f"{counts.get('post', 0)} writes for {posts} documents"))
    return found


def _open_cases() -> dict[int | None, list[str]]:
    found: dict[int | None, list[str]] = defaultdict(list)
    rows = Case.objects.filter(status__in=CASE_OPEN).values_list("rma_id", "type")
    for rma_id, case_type in rows:
        found[rma_id].append(case_type)
    return found


def _subjects_asked_about() -> set[str]:
    """Returns of which a message is parked and a person asked, as when its answer was garbled."""
    rows = Case.objects.filter(status__in=CASE_OPEN, event__isnull=False)
    return set(rows.values_list("event__subject_id", flat=True))


def _documents_of(ledger: Iterable[dict[str, Any]], wanted: Expected) -> list[dict[str, Any]]:
    """By the order each return has for itself, which no key of ours decides."""
    return [row for row in ledger if row["ord_num"] == f"SO-{wanted.rma_id}"]
