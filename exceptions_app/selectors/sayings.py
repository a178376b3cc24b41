"""The sentences of several returns at once, from few rows; the page of one return says the same."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from connectors.types import Inspection
from exceptions_app.choices import CASE_OPEN, ExchangeAxis, PostingKind, PostingStatus
from exceptions_app.models import Case, ExchangeOrder, Posting, Refund, Rma, RmaLine
from exceptions_app.rules import sayings
from exceptions_app.rules import stages as stage_rules
from exceptions_app.rules.decisions import Decisions
from exceptions_app.rules.facts import (
    FeeFact,
    LineFact,
    Mappings,
    PostingFact,
    RefundFact,
    RmaFacts,
)
from exceptions_app.selectors import facts as facts_selector
from exceptions_app.selectors import mapping_facts
from exceptions_app.selectors.beside import Beside, with_beside

# The rows a sentence rests on.
_LINES = Beside(
    "told_lines",
    RmaLine.objects.order_by("line_no"),
    (
        "line_no",
        "order_line_id",
        "sku",
        "sku_key",
        "barcode",
        "name",
        "quantity",
        "unit_price",
        "unit_tax",
        "is_tax_included",
        "reason",
        "resolution",
        "inspection",
        "disposition",
        "disposition_at",
        "location",
        "fees",
    ),
)
_REFUNDS = Beside(
    "told_refunds",
    Refund.objects.order_by(),
    ("external_id", "status", "status_raw", "amount", "currency", "confirmed_at"),
)
_ORDERS = Beside("told_orders", ExchangeOrder.objects.order_by("pk"), ("number", "order_id"))
_POSTINGS = Beside(
    "told_postings",
    Posting.objects.exclude(status=PostingStatus.CANCELLED).order_by("sequence", "pk"),
    (
        "id",
        "slot",
        "kind",
        "status",
        "key",
        "plan_hash",
        "number",
        "gross",
        "units",
        "created_at",
        "unknown_since",
        "open_type",
        "open_facts",
        "currency",
        "confirmed_at",
        "hold_reason",
        "keyed",
    ),
)
_CASES = Beside("told_cases", Case.objects.filter(status__in=CASE_OPEN).order_by(), ("team",))


@dataclass(frozen=True, slots=True)
class Told:
    """A return with its bridge, what came back, and what may be said of it."""

    rma: Rma
    lines: tuple[LineFact, ...]
    saying: sayings.Saying


def of(rma_ids: Iterable[int], *, now: datetime) -> dict[int, Told]:
    """What may be said of each return, by its id.

    Two queries, however many returns and bridges: the returns, each with the rows its sentence
    rests on, and the mappings of their bridges.
    """
    found = Rma.objects.filter(pk__in=list(rma_ids)).select_related("bridge")
    found = with_beside(found, _LINES, _REFUNDS, _ORDERS, _POSTINGS, _CASES)
    lines = {rma: _LINES.of(rma) for rma in found}
    keys: dict[int, set[str]] = {}
    for rma, rows in lines.items():
        keys.setdefault(rma.bridge_id, set()).update(line.sku_key for line in rows)
    mappings = mapping_facts.by_bridge(keys.items())
    return {rma.pk: _told(rma, rows, mappings[rma.bridge_id], now) for rma, rows in lines.items()}


def around(
    rma: Rma,
    *,
    cases: Iterable[Case],
    postings: Iterable[Posting],
    orders: Iterable[ExchangeOrder] | None = None,
) -> sayings.Around:
    """What stands beside the stages of `rma`: its open exceptions, and why its credit is held.

    Exchange orders prove a released exchange; they are read for no other, and only where not given.
    """
    held = [
        row.hold_reason
        for row in postings
        if row.kind == PostingKind.CREDIT_MEMO and row.status == PostingStatus.HELD
    ]
    is_released = rma.exchange == ExchangeAxis.RELEASED
    proof = rma.exchange_orders.all() if orders is None else orders
    numbers = [row.number or row.order_id for row in proof] if is_released else []
    return sayings.Around(
        exchange=rma.exchange,
        exchange_numbers=tuple(number for number in numbers if number),
        teams=tuple(sorted({case.team for case in cases})),
        credit_hold=held[0] if held else "",
        zone=rma.bridge.timezone,
    )


def _told(rma: Rma, lines: list[RmaLine], mappings: Mappings, now: datetime) -> Told:
    postings = _POSTINGS.of(rma)
    facts = _facts(rma, lines, mappings, postings, now)
    beside = around(rma, cases=_CASES.of(rma), postings=postings, orders=_ORDERS.of(rma))
    saying = sayings.say(facts, stage_rules.stages(facts), beside)
    return Told(rma=rma, lines=facts.lines, saying=saying)


def _facts(
    rma: Rma, lines: list[RmaLine], mappings: Mappings, postings: list[Posting], now: datetime
) -> RmaFacts:
    """Enough for the stages: without the order, the item master and the drafts of documents."""
    bridge = rma.bridge
    return RmaFacts(
        rma_id=rma.pk,
        bridge_code=bridge.code,
        external_id=rma.external_id,
        order_name=rma.order_name,
        currency=rma.currency,
        status_raw=rma.status_raw,
        logistics=rma.logistics,
        received_at=rma.received_at,
        requested_at=rma.requested_at,
        company_date=now.astimezone(ZoneInfo(bridge.timezone)).date(),
        now=now,
        lines=tuple(_line(line) for line in lines),
        refunds=tuple(
            RefundFact(
                external_id=row.external_id,
                status=row.status,
                status_raw=row.status_raw,
                amount=row.amount,
                currency=row.currency,
                confirmed_at=row.confirmed_at,
            )
            for row in sorted(_REFUNDS.of(rma), key=lambda row: row.external_id)
        ),
        order=None,
        locations=frozenset(),
        mappings=mappings,
        decisions=Decisions(),
        policy=facts_selector.policy_of(bridge),
        postings=tuple(_posting(row) for row in postings),
        cancellation_fee=rma.cancellation_fee,
    )


def _line(line: RmaLine) -> LineFact:
    return LineFact(
        line_no=line.line_no,
        order_line_id=line.order_line_id,
        sku=line.sku,
        barcode=line.barcode,
        name=line.name,
        quantity=line.quantity,
        unit_price=line.unit_price,
        unit_tax=line.unit_tax,
        is_tax_included=line.is_tax_included,
        reason=line.reason,
        resolution=line.resolution,
        inspection=Inspection(line.inspection),
        disposition=line.disposition,
        disposition_at=line.disposition_at,
        location=line.location,
        items=(),
        fees=tuple(FeeFact(kind=fee["kind"], amount=Decimal(fee["amount"])) for fee in line.fees),
    )


def _posting(row: Posting) -> PostingFact:
    return PostingFact(
        id=row.pk,
        slot=row.slot,
        kind=row.kind,
        status=row.status,
        key=row.key,
        plan_hash=row.plan_hash,
        number=row.number,
        gross=row.gross,
        units=row.units,
        created_at=row.created_at,
        unknown_since=row.unknown_since,
        open_type=row.open_type,
        open_facts=row.open_facts,
        currency=row.currency,
        confirmed_at=row.confirmed_at,
        on_word=row.state_label.lower() if row.is_taken_on_word else "",
    )
