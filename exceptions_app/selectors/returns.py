"""Returns as their screens show them: a list by any number and state, and one in full."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import CharField, F, OuterRef, Prefetch, QuerySet, Value
from django.db.models.expressions import RawSQL
from django.db.models.functions import Cast, JSONObject

from connectors.types import Money
from exceptions_app.choices import (
    CASE_OPEN,
    AttemptOutcome,
    HoldReason,
    PostingKind,
    PostingStatus,
    RefundStatus,
)
from exceptions_app.models import (
    AuditEntry,
    Case,
    Fix,
    Posting,
    PostingAttempt,
    Refund,
    Rma,
    RmaEvent,
    Shipment,
)
from exceptions_app.rules import mapping as mapping_rules
from exceptions_app.rules import money as money_rules
from exceptions_app.rules import planning, receiving, resolving
from exceptions_app.rules import sayings as saying_rules
from exceptions_app.rules import sides as side_rules
from exceptions_app.rules import stages as stage_rules
from exceptions_app.rules import totals as total_rules
from exceptions_app.rules import unpaid as unpaid_rules
from exceptions_app.rules.erp_facts import ErpReceiptFact
from exceptions_app.rules.facts import Finding, RmaFacts
from exceptions_app.rules.spelling import spelled
from exceptions_app.selectors import facts as facts_selector
from exceptions_app.selectors import find, order, paging
from exceptions_app.selectors import fixes as fixes_selector
from exceptions_app.selectors import sayings as sayings_selector
from exceptions_app.selectors.beside import Beside, with_beside
from exceptions_app.selectors.customers import customer_of

MAX_QUERY = find.MAX_QUERY
words_of = find.words_of
STORY_ROWS = 40
NEWEST = ("-id",)


# --- List ------------------------------------------------------------------------------------


def search(*, text: str, is_personal_shown: bool = False) -> QuerySet[Rma]:
    """Returns that carry `text` as an identifier or its beginning, newest first.

    An empty text finds all. Read no further than paging.COUNT_CAP + 1: who finds more than that
    has to type more. Without the right to personal data, addresses and parcels only as a whole.
    """
    return listed(
        matching(Rma.objects.order_by(*NEWEST), text=text, is_personal_shown=is_personal_shown)
    )


def matching(
    rows: QuerySet[Rma], *, text: str, is_personal_shown: bool, is_parcel_shown: bool = False
) -> QuerySet[Rma]:
    """`rows` that carry `text`; all of them for an empty one."""
    if not text.strip():
        return rows
    limit = paging.COUNT_CAP + 1
    ids = find.rma_ids(
        text=text,
        is_personal_shown=is_personal_shown,
        is_parcel_shown=is_parcel_shown,
        limit=limit,
    )
    # As one value: a thousand ids apart take longer to write down than to look up.
    return rows.filter(pk__in=RawSQL("SELECT unnest(%s::bigint[])", (ids,))) if ids else rows.none()


# What one row of the list shows beside its return.
_REFUNDS = Beside(
    "told_refunds",
    Refund.objects.filter(status=RefundStatus.CONFIRMED).order_by("pk"),
    ("amount", "currency"),
)
_CREDITS = Beside(
    "told_credits",
    Posting.objects.filter(kind=PostingKind.CREDIT_MEMO, status=PostingStatus.CONFIRMED).order_by(
        "pk"
    ),
    ("gross", "currency", "number"),
)
_CASES = Beside("told_cases", Case.objects.filter(status__in=CASE_OPEN), ("id", "facts"))


def listed(rows: QuerySet[Rma]) -> QuerySet[Rma]:
    """With what one row of the list shows: one query for a page of any length."""
    return with_beside(rows.select_related("bridge"), _REFUNDS, _CREDITS, _CASES)


@dataclass(frozen=True, slots=True)
class Row:
    """One return in the list: what each side confirmed, per currency; () while it did not."""

    rma: Rma
    customer: str
    refunded: tuple[Money, ...]
    credited: tuple[Money, ...]
    numbers: tuple[str, ...]
    cases: tuple[Case, ...]

    @property
    def open_cases(self) -> int:
        return len(self.cases)


def row_of(rma: Rma, *, is_personal_shown: bool) -> Row:
    """`rma` comes from `listed`."""
    memos = _CREDITS.of(rma)
    return Row(
        rma=rma,
        customer=customer_of(rma, is_shown=is_personal_shown),
        refunded=total_rules.per_currency(
            rma.currency, ((row.amount, row.currency) for row in _REFUNDS.of(rma))
        ),
        credited=total_rules.per_currency(
            rma.currency, ((row.gross, row.currency) for row in memos)
        ),
        numbers=tuple(row.number for row in memos if row.number),
        cases=tuple(_CASES.of(rma)),
    )


# --- One return ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Line:
    """A unit group: what came back, what the warehouse said, where the ERP has it.

    `amount` is what the customer paid for it, tax included; None where the platform does not say.
    """

    sku: str
    name: str
    quantity: int
    reason: str
    resolution: str
    disposition: str
    bucket: str
    place: str
    item: str
    amount: Decimal | None
    is_charge: bool


@dataclass(frozen=True, slots=True)
class StoryEntry:
    at: datetime
    actor: str
    text: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Story:
    """A page of history, newest first; `older` is where the next one begins, None at the end."""

    entries: tuple[StoryEntry, ...]
    older: datetime | None


@dataclass(frozen=True, slots=True)
class Detail:
    rma: Rma
    facts: RmaFacts
    stages: tuple[stage_rules.Stage, ...]
    findings: tuple[Finding, ...]
    saying: saying_rules.Saying
    lines: tuple[Line, ...]
    goods: total_rules.Goods
    money: total_rules.Totals
    sides: tuple[side_rules.Side, ...]
    postings: tuple[Posting, ...]
    cases: tuple[Case, ...]
    held: tuple[Fix, ...]
    history: Story

    @property
    def is_refunded(self) -> bool:
        """Whether `sides` tells what the platform paid, not what is claimed."""
        return side_rules.is_refunded(self.facts)

    @property
    def unopened(self) -> tuple[str, ...]:
        """Types of what is in the way with no exception open: not yet, or closed by hand."""
        opened = {case.type for case in self.cases}
        types = (finding.type for finding in self.findings if finding.blocks)
        return tuple(dict.fromkeys(code for code in types if code not in opened))

    @property
    def sentence(self) -> str:
        return self.saying.text

    @property
    def story(self) -> tuple[StoryEntry, ...]:
        return self.history.entries


def get(
    *, rma_id: int, now: datetime, has_attempts: bool, before: datetime | None = None
) -> Detail:
    """One return with everything known of it, in fifteen queries at most, mostly in twelve.

    Most have no exchange, nothing held and no calls to show.

    `before` turns the history's page; `has_attempts` adds each call with what was sent.

    Raises:
        Rma.DoesNotExist: there is none.
    """
    rma = _whole(rma_id)
    postings = _postings(rma, has_attempts=has_attempts)
    live = [row for row in postings if row.status != PostingStatus.CANCELLED]
    facts = facts_selector.for_plan(rma, now=now, postings=live)
    findings = planning.plan(facts).findings
    seen = stage_rules.stages(facts, findings)
    cases = order.of_return(rma)
    return Detail(
        rma=rma,
        facts=facts,
        stages=seen,
        findings=findings,
        saying=saying_rules.say(
            facts, seen, sayings_selector.around(rma, cases=cases, postings=postings)
        ),
        lines=_lines(facts),
        goods=total_rules.goods(facts),
        money=total_rules.totals(facts),
        sides=side_rules.sides(facts),
        postings=postings,
        cases=cases,
        held=_held(rma, facts, postings, now),
        history=_history(rma, before),
    )


def unpaid(found: Detail) -> unpaid_rules.Unpaid | None:
    """How the refund stands where it is due and no exception gives it to a team.

    One query, and only for a refund that was tried.
    """
    waits = None if found.cases else unpaid_rules.unpaid(found.facts, found.stages)
    if waits is None or waits.state == "not_made":
        return waits
    tried = Refund.objects.filter(rma=found.rma).order_by("-created_at")
    return replace(waits, since=tried.values_list("created_at", flat=True).first())


def _held(rma: Rma, facts: RmaFacts, postings: Iterable[Posting], now: datetime) -> tuple[Fix, ...]:
    """The changes whose documents wait out the time to take them back; asked only when some do."""
    if not any(is_undoable(posting, now) for posting in postings):
        return ()
    return tuple(fixes_selector.held(rma=rma, facts=facts, now=now))


def is_undoable(posting: Posting, now: datetime) -> bool:
    """Whether a change that freed the document can still be taken back."""
    is_held = posting.status == PostingStatus.HELD and posting.hold_reason == HoldReason.UNDO
    return is_held and posting.hold_until is not None and posting.hold_until > now


def _whole(rma_id: int) -> Rma:
    parcels = Shipment.objects.filter(rma=OuterRef("pk")).order_by("pk")
    shape = JSONObject(
        carrier=F("carrier"),
        number=F("tracking_number"),
        status=F("status_raw"),
        is_outbound=F("is_outbound"),
    )
    return (
        Rma.objects.select_related("bridge__source", "bridge__erp", "sales_order", "credit_quote")
        .annotate(parcels=ArraySubquery(parcels.values(told=shape)))
        .get(pk=rma_id)
    )


def receipts(facts: RmaFacts) -> list[ErpReceiptFact]:
    """What the ERP's own staff checked in, warehouses by name where the ERP tells it."""
    return [
        replace(row, warehouse=mapping_rules.called(facts.place_names, "", row.warehouse))
        for row in receiving.of_others(facts)
    ]


def _lines(facts: RmaFacts) -> tuple[Line, ...]:
    shown = []
    resolved = resolving.resolve(facts)
    for line in (*resolved.lines, *resolved.gifts):
        fact = line.fact
        place = (
            mapping_rules.called(facts.place_names, line.target.division, line.target.warehouse)
            if line.target
            else line.location
        )
        shown.append(
            Line(
                sku=fact.sku,
                name=fact.name,
                quantity=fact.quantity,
                reason=fact.reason,
                resolution=fact.resolution,
                disposition=fact.disposition,
                bucket=line.bucket,
                place=place,
                item=line.item.sku if line.item else "",
                amount=money_rules.paid_gross(fact),
                is_charge=not line.is_item,
            )
        )
    return tuple(shown)


def _postings(rma: Rma, *, has_attempts: bool) -> tuple[Posting, ...]:
    """Every document of the return, cancelled ones included, in sending order."""
    rows = Posting.objects.filter(rma=rma).order_by("sequence", "pk").select_related("connection")
    if has_attempts:
        rows = rows.prefetch_related(
            Prefetch("attempt_rows", PostingAttempt.objects.order_by("-pk"))
        )
    return tuple(rows)


def _history(rma: Rma, before: datetime | None) -> Story:
    """What we, the platform and the calls to the ERP say happened: one query over all three."""
    nothing = Value("", output_field=CharField())
    ours = AuditEntry.objects.filter(rma_id=rma.pk).order_by()
    theirs = RmaEvent.objects.filter(rma=rma).order_by()
    calls = PostingAttempt.objects.filter(posting__rma=rma).order_by()
    if before is not None:
        ours, theirs = ours.filter(at__lt=before), theirs.filter(at__lt=before)
        calls = calls.filter(started_at__lt=before)
    told = ours.values_list(
        Value("ours", output_field=CharField()), "at", "actor", Cast("text", CharField()), nothing
    ).union(
        theirs.values_list(
            Value("platform", output_field=CharField()),
            "at",
            "via",
            Cast("name", CharField()),
            Cast("detail", CharField()),
        ),
        calls.values_list(
            Value("call", output_field=CharField()),
            "started_at",
            "posting__kind",
            Cast("purpose", CharField()),
            Cast("outcome", CharField()),
        ),
        all=True,
    )
    rows = list(told.order_by("-at")[: STORY_ROWS + 1])
    kept = _whole_moments(rows)
    return Story(
        entries=tuple(_entry(rma, row) for row in kept),
        older=kept[-1][1] if len(rows) > len(kept) else None,
    )


def _whole_moments(rows: list[Any]) -> list[Any]:
    """Up to STORY_ROWS rows that end between two moments, so that the next page misses none."""
    if len(rows) <= STORY_ROWS:
        return rows
    kept = [row for row in rows if row[1] > rows[-1][1]]
    return kept or rows[:STORY_ROWS]


_CALLS = {"post": "sent", "lookup": "looked up", "confirm": "read back", "reread": "read again"}


def _entry(rma: Rma, row: Any) -> StoryEntry:
    source, at, actor, text, detail = row
    if source == "ours":
        return StoryEntry(at, actor, text)
    if source == "platform":
        return StoryEntry(at, actor or rma.bridge.source.name, spelled(text), detail)
    what = f"{PostingKind(actor).label} {_CALLS.get(text, text)}"
    return StoryEntry(at, rma.bridge.erp.name, what, AttemptOutcome(detail).label)
