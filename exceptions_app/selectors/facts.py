"""Everything a plan of one return decides on, read from rows into frozen facts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet, Sum
from django.db.models.functions import Abs

from connectors.types import Inspection
from exceptions_app.choices import POSTING_UNSENT, ExchangeAxis, HoldReason, PostingStatus
from exceptions_app.models import (
    Bridge,
    CreditQuote,
    Item,
    Posting,
    Rma,
    RmaLine,
)
from exceptions_app.rules import credit, drafts, erp_facts, order_text, receiving
from exceptions_app.rules import policy as policies
from exceptions_app.rules.facts import (
    FeeFact,
    ItemFact,
    LineFact,
    Mappings,
    OrderFact,
    Policy,
    PostingFact,
    QuoteFact,
    RefundFact,
    RmaFacts,
)
from exceptions_app.rules.mapping import normalise
from exceptions_app.selectors import decisions, erp_told, fact_rows, mapping_facts, order_facts


def policy_of(bridge: Bridge) -> Policy:
    return policy_from(bridge.preset, bridge.policy)


def policy_from(preset: str, own: dict[str, Any]) -> Policy:
    """The policy of a bridge that has `own` beside what its preset says."""
    return policies.parse({**policies.PRESETS[preset].policy, **own})


def for_plan(rma: Rma, *, now: datetime, postings: Iterable[Posting] | None = None) -> RmaFacts:
    """Facts of `rma` at `now`. Eleven queries at most, whatever the return's size.

    `postings` are its live ones in sending order, from a caller who has read them already.
    """
    bridge = rma.bridge
    lines = fact_rows.LINES.rows(rma=rma.pk)
    mappings = mapping_facts.of_bridge(bridge, sku_keys=[line.sku_key for line in lines])
    order = order_facts.of(rma.sales_order, excluding_rma_id=rma.pk) if rma.sales_order else None
    # Without the order's day an alias answers as it does today.
    sold_at = rma.sales_order.ordered_at if rma.sales_order else now
    mappings = mapping_facts.at_sale(mappings, ordered_at=sold_at, bridge=bridge)
    quote, policy = quote_of(rma), policy_of(bridge)
    parts = _parts(order, policy)
    items = _items_by_key(bridge, lines, mappings, parts)
    erp = erp_facts.from_told(bridge.erp.capabilities)
    told = erp_told.of_bridge(bridge)
    # Also after the policy was changed: what came in under the earlier one is in stock.
    is_checked_in_there = receiving.is_by_erp(policy) or erp.can_read_receipts
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
        lines=tuple(_line(line, items, mappings) for line in lines),
        refunds=tuple(
            RefundFact(
                external_id=refund.external_id,
                status=refund.status,
                status_raw=refund.status_raw,
                amount=refund.amount,
                currency=refund.currency,
                confirmed_at=refund.confirmed_at,
                kind=refund.kind,
                processor=refund.processor,
                origin=refund.origin,
                parts=order_text.refund_parts_from(refund.parts),
                tenders=order_text.tenders_from(refund.tenders),
                reference=refund.reference,
            )
            for refund in fact_rows.REFUNDS.rows(rma=rma.pk)
        ),
        order=order,
        locations=frozenset(told.place_names),
        place_names=told.place_names,
        mappings=mappings,
        decisions=decisions.of(rma, now=now),
        policy=policy,
        postings=tuple(map(posting_fact, live_postings(rma) if postings is None else postings)),
        closed_periods=told.closed_periods,
        erp_receipts=erp_told.receipts_of(rma) if is_checked_in_there else (),
        is_master_complete=True,
        cancellation_fee=rma.cancellation_fee,
        order_problem=rma.order_problem,
        quote=quote_fact(quote) if quote is not None else None,
        is_shipping_promised=quote is not None and quote.has_shipping,
        residues_elsewhere=_residues_elsewhere(rma, now),
        erp=erp,
        zone=bridge.timezone,
        exchange=rma.exchange,
        replacement=_replacement(rma),
        are_orders_invoiced=told.are_orders_invoiced,
        part_items={key: tuple(items[key]) for key in sorted(parts) if items.get(key)},
    )


def _replacement(rma: Rma) -> str:
    """Numbers of the replacement orders, once a parcel has left for the customer."""
    if rma.exchange != ExchangeAxis.RELEASED or not rma.shipments.filter(is_outbound=True).exists():
        return ""
    numbers = rma.exchange_orders.exclude(number="").values_list("number", flat=True)
    return ", ".join(numbers) or "order"


def _residues_elsewhere(rma: Rma, now: datetime) -> Decimal:
    """What other returns took of the month's budget; not asked where there is none."""
    if rma.currency not in policy_of(rma.bridge).tolerance_budget:
        return Decimal(0)
    rows = residues(since=month_of(rma.bridge, now), bridge_id=rma.bridge_id)
    found = rows.filter(currency=rma.currency).exclude(rma=rma).aggregate(used=Sum(Abs("residue")))
    return found["used"] or Decimal(0)


def residues(*, since: datetime, bridge_id: int | None = None) -> QuerySet[Posting]:
    """Credits made since then whose refund differs by what was let pass."""
    rows = Posting.objects.filter(~Q(residue=0), created_at__gte=since).exclude(
        status=PostingStatus.CANCELLED
    )
    return rows if bridge_id is None else rows.filter(bridge=bridge_id)


def month_of(bridge: Bridge, now: datetime) -> datetime:
    """When the month of `now` began where the bridge's books are kept."""
    local = now.astimezone(ZoneInfo(bridge.timezone))
    return local.replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def quote_of(rma: Rma) -> CreditQuote | None:
    """The quote that binds the return's credit, read with the return where that was asked for."""
    found: CreditQuote | None = getattr(rma, "credit_quote", None)
    return found


def quote_fact(quote: CreditQuote) -> QuoteFact:
    return QuoteFact(
        number=quote.number,
        draft=drafts.from_json(quote.draft),
        basis=quote.basis,
        created_at=quote.created_at,
        expires_at=quote.expires_at,
    )


def adjustment_code_of(bridge: Bridge) -> str:
    """The charge code a correction of a credit is booked under; "" while none is mapped."""
    return credit.correction_code(mapping_facts.of_bridge(bridge, sku_keys=()))


def live_postings(rma: Rma) -> list[Posting]:
    rows = Posting.objects.filter(rma=rma).exclude(status=PostingStatus.CANCELLED)
    return list(rows.order_by("sequence", "id"))


def posting_fact(posting: Posting) -> PostingFact:
    return PostingFact(
        id=posting.pk,
        slot=posting.slot,
        kind=posting.kind,
        status=posting.status,
        key=posting.key,
        plan_hash=posting.plan_hash,
        number=posting.number,
        gross=posting.gross,
        units=posting.units,
        created_at=posting.created_at,
        unknown_since=posting.unknown_since,
        open_type=posting.open_type,
        open_facts=posting.open_facts,
        currency=posting.currency,
        confirmed_at=posting.confirmed_at,
        on_word=posting.state_label.lower() if posting.is_taken_on_word else "",
        draft=drafts.from_json(posting.draft),
        residue=posting.residue,
        first_bucket=posting.made_by.get("first_bucket", ""),
        freed_at=_freed_at(posting),
    )


def _freed_at(posting: Posting) -> datetime | None:
    """From when on it may leave; None while it may not, and for one tried before."""
    if posting.attempts:
        return None
    if posting.status == PostingStatus.HELD:
        return posting.hold_until if posting.hold_reason == HoldReason.UNDO else None
    return posting.not_before if posting.status in POSTING_UNSENT else None


def _parts(order: OrderFact | None, policy: Policy) -> set[str]:
    """Normalised SKUs of the parts of the order's bundles, where stock is booked by part."""
    if order is None or policy.bundle_stock != "components":
        return set()
    return {normalise(row.sku) for row in order.lines if row.parent_line_id}


def _items_by_key(
    bridge: Bridge, lines: Iterable[RmaLine], mappings: Mappings, parts: Iterable[str] = ()
) -> dict[str, list[ItemFact]]:
    wanted = {line.sku_key for line in lines} | set(parts)
    wanted |= {
        normalise(mappings.sku_alias[key]) for key in list(wanted) if key in mappings.sku_alias
    }
    barcodes = {line.barcode for line in lines if line.barcode}
    rows = fact_rows.ITEMS.rows(
        erp=bridge.erp_id, keys=list(wanted), barcodes=list(barcodes | wanted)
    )
    found: dict[str, list[ItemFact]] = defaultdict(list)
    for item in rows:
        fact = item_fact(item)
        found[item.sku_key].append(fact)
        if item.barcode and normalise(item.barcode) != item.sku_key:
            found[f"barcode:{item.barcode}"].append(fact)
            found[normalise(item.barcode)].append(fact)
    return found


def item_fact(item: Item) -> ItemFact:
    return ItemFact(
        sku=item.sku,
        erp_id=item.erp_id,
        barcode=item.barcode,
        description=item.description,
        division=item.division,
        is_active=item.is_active,
        is_returnable=item.is_returnable,
        unit_cost=item.unit_cost,
        key_parts=item.key_parts,
    )


def _line(line: RmaLine, items: dict[str, list[ItemFact]], mappings: Mappings) -> LineFact:
    alias = mappings.sku_alias.get(line.sku_key)
    candidates = items.get(line.sku_key) or items.get(f"barcode:{line.barcode}") or []
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
        items=tuple(candidates),
        alias_items=tuple(items.get(normalise(alias), [])) if alias else (),
        fees=tuple(FeeFact(kind=fee["kind"], amount=Decimal(fee["amount"])) for fee in line.fees),
    )
