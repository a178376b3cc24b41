"""The sentences of several returns at once, from few rows; the page of one return says the same."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.db.models import Prefetch, QuerySet

from connectors.types import Inspection
from exceptions_app.choices import CASE_OPEN, ExchangeAxis, PostingKind, PostingStatus
from exceptions_app.models import Bridge, Case, Posting, Rma, RmaLine
from exceptions_app.rules import sayings
from exceptions_app.rules import stages as stage_rules
from exceptions_app.rules.facts import (
    Decisions,
    FeeFact,
    LineFact,
    Mappings,
    PostingFact,
    RefundFact,
    RmaFacts,
)
from exceptions_app.selectors import facts as facts_selector


def with_facts(rows: QuerySet[Rma]) -> QuerySet[Rma]:
    """`rows` with what their sentences rest on: five more queries for any number of returns."""
    live = Posting.objects.exclude(status=PostingStatus.CANCELLED).order_by("sequence", "pk")
    return rows.select_related("bridge__source", "bridge__erp").prefetch_related(
        "lines",
        "refunds",
        "exchange_orders",
        Prefetch("postings", live, to_attr="live_postings"),
        Prefetch("cases", Case.objects.filter(status__in=CASE_OPEN), to_attr="open_cases"),
    )


def of(rmas: Iterable[Rma], *, now: datetime) -> dict[int, sayings.Saying]:
    """What may be said of each return, by its id; `rmas` come from `with_facts`.

    One query per bridge among them besides.
    """
    rmas = list(rmas)
    keys: dict[int, set[str]] = {}
    bridges: dict[int, Bridge] = {}
    for rma in rmas:
        bridges[rma.bridge_id] = rma.bridge
        keys.setdefault(rma.bridge_id, set()).update(line.sku_key for line in rma.lines.all())
    mappings = {
        pk: facts_selector.mappings_of(bridge, sku_keys=keys[pk]) for pk, bridge in bridges.items()
    }
    return {rma.pk: _saying(rma, mappings[rma.bridge_id], now) for rma in rmas}


def around(rma: Rma, *, cases: Iterable[Case], postings: Iterable[Posting]) -> sayings.Around:
    """What stands beside the stages of `rma`: its open exceptions, and why its credit is held.

    Exchange orders prove a released exchange, and are read for no other.
    """
    held = [
        row.hold_reason
        for row in postings
        if row.kind == PostingKind.CREDIT_MEMO and row.status == PostingStatus.HELD
    ]
    is_released = rma.exchange == ExchangeAxis.RELEASED
    orders = rma.exchange_orders.all() if is_released else ()
    numbers = [row.number or row.order_id for row in orders]
    return sayings.Around(
        exchange=rma.exchange,
        exchange_numbers=tuple(number for number in numbers if number),
        teams=tuple(sorted({case.team for case in cases})),
        credit_hold=held[0] if held else "",
        zone=rma.bridge.timezone,
    )


def _saying(rma: Rma, mappings: Mappings, now: datetime) -> sayings.Saying:
    postings: list[Posting] = rma.live_postings  # type: ignore[attr-defined]
    cases: list[Case] = rma.open_cases  # type: ignore[attr-defined]
    facts = _facts(rma, mappings, postings, now)
    told = around(rma, cases=cases, postings=postings)
    return sayings.say(facts, stage_rules.stages(facts), told)


def _facts(rma: Rma, mappings: Mappings, postings: list[Posting], now: datetime) -> RmaFacts:
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
        lines=tuple(_line(line) for line in rma.lines.all()),
        refunds=tuple(
            RefundFact(
                external_id=row.external_id,
                status=row.status,
                status_raw=row.status_raw,
                amount=row.amount,
                currency=row.currency,
                confirmed_at=row.confirmed_at,
            )
            for row in sorted(rma.refunds.all(), key=lambda row: row.external_id)
        ),
        order=None,
        order_candidates=(),
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
