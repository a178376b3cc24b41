"""Returns as their screens show them: found by any number a person quotes, and one in full."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.search import SearchQuery
from django.db.models import CharField, F, OuterRef, Prefetch, Q, QuerySet, Value
from django.db.models.functions import Cast, JSONObject

from exceptions_app.choices import (
    CASE_OPEN,
    PostingKind,
    PostingStatus,
    RefundStatus,
)
from exceptions_app.models import (
    AuditEntry,
    Case,
    Posting,
    PostingAttempt,
    Refund,
    Rma,
    RmaEvent,
    Shipment,
)
from exceptions_app.rules import planning, resolving
from exceptions_app.rules import stages as stage_rules
from exceptions_app.rules.facts import RmaFacts
from exceptions_app.selectors import facts as facts_selector

MAX_QUERY = 200
MAX_WORDS = 8
MIN_PREFIX = 3
STORY_ROWS = 80
# Operators are harmless inside quotes; what would end the quotes, or is no character, is a gap.
_GAP = re.compile(r"[\s'\\\x00-\x1f\x7f]+")


# --- Search ----------------------------------------------------------------------------------


class _Lexeme(SearchQuery):
    """A lexeme taken as it is; the parser would cut half an e-mail address into words."""

    template = "%(expressions)s::tsquery"


def words_of(text: str) -> tuple[str, ...]:
    """The words to look for, none of which can end its quotes in a search expression."""
    words = _GAP.sub(" ", text[:MAX_QUERY]).split()
    return tuple(word for word in words if any(letter.isalnum() for letter in word))[:MAX_WORDS]


def search(*, text: str) -> QuerySet[Rma]:
    """Returns that carry every word of `text`, the last one also as a beginning; newest first.

    An empty text finds all. Numbers, names, e-mails, SKUs and parcels stand in one index.
    """
    rows = _listed(Rma.objects.order_by("-id"))
    if not text.strip():
        return rows
    words = words_of(text)
    if not words:
        return rows.none()
    found = Q(order_name=" ".join(words))
    return rows.filter(found | _carries(words))


def _carries(words: tuple[str, ...]) -> Q:
    wanted = Q()
    for place, word in enumerate(words):
        is_beginning = place == len(words) - 1 and len(word) >= MIN_PREFIX
        quoted = f"'{word}':*" if is_beginning else f"'{word}'"
        one = Q(search=SearchQuery(quoted, search_type="raw", config="simple"))
        if "@" in word:
            one |= Q(search=_Lexeme(quoted.lower(), search_type="raw"))
        wanted &= one
    return wanted


def _listed(rows: QuerySet[Rma]) -> QuerySet[Rma]:
    """With what one row of the list shows: four queries for a page of any length."""
    memos = Posting.objects.filter(kind=PostingKind.CREDIT_MEMO).exclude(
        status=PostingStatus.CANCELLED
    )
    return rows.select_related("bridge").prefetch_related(
        Prefetch("refunds", Refund.objects.order_by("pk")),
        Prefetch("postings", memos.order_by("pk"), to_attr="credits"),
        Prefetch("cases", Case.objects.filter(status__in=CASE_OPEN), to_attr="open_cases"),
    )


@dataclass(frozen=True, slots=True)
class Row:
    """One return in the list; `credited` is what the ERP confirmed, None while it did not."""

    rma: Rma
    customer: str
    refunded: Decimal | None
    credited: Decimal | None
    numbers: tuple[str, ...]
    open_cases: int


def row_of(rma: Rma, *, is_personal_shown: bool) -> Row:
    """`rma` comes from `search`."""
    refunds = [row for row in rma.refunds.all() if row.status == RefundStatus.CONFIRMED]
    memos = [row for row in rma.credits if row.status == PostingStatus.CONFIRMED]  # type: ignore[attr-defined]
    return Row(
        rma=rma,
        customer=customer_of(rma, is_shown=is_personal_shown),
        refunded=sum((row.amount for row in refunds), Decimal(0)) if refunds else None,
        credited=sum((row.gross for row in memos), Decimal(0)) if memos else None,
        numbers=tuple(row.number for row in memos if row.number),
        open_cases=len(rma.open_cases),  # type: ignore[attr-defined]
    )


# --- Personal data ---------------------------------------------------------------------------


def customer_of(rma: Rma, *, is_shown: bool) -> str:
    """Name and e-mail as this reader may see them; empty when the platform told neither."""
    parts = (rma.customer_name, rma.customer_email)
    if is_shown:
        return ", ".join(part for part in parts if part)
    return ", ".join(masked for part in parts if (masked := mask(part)))


def mask(text: str) -> str:
    """First letter only: "c…@example.com", "C… C…", "H…"; the domain of an address stays."""
    name, at, domain = text.partition("@")
    if at:
        return f"{name[:1]}…@{domain}"
    return " ".join(f"{word[0]}…" for word in text.split())


# --- One return ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Line:
    """A unit group: what came back, what the warehouse said, where the ERP has it."""

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
class Money:
    """Both systems' figures side by side; `difference` only when both have one."""

    claimed: Decimal
    refunded: Decimal | None
    refund_ids: tuple[str, ...]
    pending: Decimal
    credited: Decimal | None
    credit_numbers: tuple[str, ...]
    planned: Decimal
    difference: Decimal | None
    currency: str


@dataclass(frozen=True, slots=True)
class StoryEntry:
    at: datetime
    actor: str
    text: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Detail:
    rma: Rma
    facts: RmaFacts
    stages: tuple[stage_rules.Stage, ...]
    sentence: str
    lines: tuple[Line, ...]
    money: Money
    postings: tuple[Posting, ...]
    cases: tuple[Case, ...]
    story: tuple[StoryEntry, ...]


def get(*, rma_id: int, now: datetime, has_attempts: bool) -> Detail:
    """One return with everything known of it, in fourteen queries at most.

    Raises:
        Rma.DoesNotExist: there is none.
    """
    rma = _whole(rma_id)
    facts = facts_selector.for_plan(rma, now=now)
    plan = planning.plan(facts)
    seen = stage_rules.stages(facts, plan.findings)
    return Detail(
        rma=rma,
        facts=facts,
        stages=seen,
        sentence=stage_rules.sentence(facts, seen),
        lines=_lines(facts),
        money=_money(facts),
        postings=_postings(rma, has_attempts=has_attempts),
        cases=tuple(
            Case.objects.filter(rma=rma, status__in=CASE_OPEN).select_related("assignee", "group")
        ),
        story=_story(rma),
    )


def _whole(rma_id: int) -> Rma:
    parcels = Shipment.objects.filter(rma=OuterRef("pk")).order_by("pk")
    shape = JSONObject(
        carrier=F("carrier"),
        number=F("tracking_number"),
        status=F("status_raw"),
        is_outbound=F("is_outbound"),
    )
    return (
        Rma.objects.select_related("bridge__source", "bridge__erp", "sales_order")
        .annotate(parcels=ArraySubquery(parcels.values(told=shape)))
        .get(pk=rma_id)
    )


def _lines(facts: RmaFacts) -> tuple[Line, ...]:
    shown = []
    for line in resolving.resolve(facts).lines:
        fact = line.fact
        place = f"{line.target.division}/{line.target.warehouse}" if line.target else line.location
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
                amount=None if fact.unit_price is None else fact.unit_price * fact.quantity,
                is_charge=not line.is_item,
            )
        )
    return tuple(shown)


def _money(facts: RmaFacts) -> Money:
    confirmed = [row for row in facts.refunds if row.status == RefundStatus.CONFIRMED]
    pending = [row.amount for row in facts.refunds if row.status == RefundStatus.PENDING]
    memos = [row for row in facts.postings if row.kind == PostingKind.CREDIT_MEMO]
    proved = [row for row in memos if row.status == PostingStatus.CONFIRMED]
    refunded = sum((row.amount for row in confirmed), Decimal(0)) if confirmed else None
    credited = sum((row.gross for row in proved), Decimal(0)) if proved else None
    is_both = refunded is not None and credited is not None
    return Money(
        claimed=_claimed(facts),
        refunded=refunded,
        refund_ids=tuple(row.external_id for row in confirmed),
        pending=sum(pending, Decimal(0)),
        credited=credited,
        credit_numbers=tuple(row.number for row in proved if row.number),
        planned=sum((row.gross for row in memos if row not in proved), Decimal(0)),
        difference=refunded - credited if is_both else None,  # type: ignore[operator]
        currency=facts.currency,
    )


def _claimed(facts: RmaFacts) -> Decimal:
    amounts = (
        line.unit_price * line.quantity for line in facts.lines if line.unit_price is not None
    )
    return sum(amounts, Decimal(0))


def _postings(rma: Rma, *, has_attempts: bool) -> tuple[Posting, ...]:
    """Every document of the return, cancelled ones included, in sending order."""
    rows = Posting.objects.filter(rma=rma).order_by("sequence", "pk").select_related("connection")
    if has_attempts:
        rows = rows.prefetch_related(
            Prefetch("attempt_rows", PostingAttempt.objects.order_by("-pk"))
        )
    return tuple(rows)


def _story(rma: Rma) -> tuple[StoryEntry, ...]:
    """What we and the platform say happened, newest first: one query over both."""
    ours = AuditEntry.objects.filter(rma_id=rma.pk).order_by()
    theirs = RmaEvent.objects.filter(rma=rma).order_by()
    told = ours.values_list(
        "at", "actor", Cast("text", CharField()), Value("", output_field=CharField())
    ).union(
        theirs.values_list("at", "via", Cast("name", CharField()), Cast("detail", CharField())),
        all=True,
    )
    platform = rma.bridge.source.name
    return tuple(
        StoryEntry(at=at, actor=actor or platform, text=text, detail=detail)
        for at, actor, text, detail in told.order_by("-at")[:STORY_ROWS]
    )
