"""What is wrong with goods that the ERP's own staff checked in, or did not."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

from exceptions_app.choices import Bucket, PostingKind, RefundStatus
from exceptions_app.rules import mapping, money, receiving, stock_routes, values
from exceptions_app.rules.facts import Finding, PostingFact
from exceptions_app.rules.resolving import (
    Resolved,
    ReturnedLine,
    has_arrived,
    refund_confirmed,
    sent_postings,
    units_short,
)
from exceptions_app.rules.stock_routes import Route
from exceptions_app.rules.validation import STOCK_KINDS


def findings(resolved: Resolved) -> Iterator[Finding]:
    """Findings of one return that is approved; amounts are in its currency."""
    yield from _not_arrived(resolved)
    yield from _wrong_warehouses(resolved)
    if not receiving.of_others(resolved.facts):
        return
    yield from _short(resolved)
    yield from _over(resolved)
    yield from _places(resolved)
    yield from _too_early(resolved)
    for route in stock_routes.routes(resolved):
        if not route.is_ours:
            yield from _conflict(resolved, route)


def _short(resolved: Resolved) -> Iterator[Finding]:
    """Told once the rest has had its time; what came is credited then, and no more (R020)."""
    short = units_short(resolved)
    last = receiving.last_at(resolved.facts)
    if not short or last is None or not has_arrived(resolved):
        return
    lines = [line for line in resolved.lines if line.came is not None and not line.is_not_returned]
    worth = money.ZERO
    for line in lines:
        unit = money.paid_unit_gross(line.fact) or money.ZERO
        worth += unit * (line.fact.quantity - (line.came or 0))
    expected = sum(line.fact.quantity for line in lines)
    yield Finding(
        type="QTY_SHORT",
        subject="rma",
        cause="units short",
        facts={
            "expected": str(expected),
            "returned": str(expected - short),
            "units": str(short),
            "since": f"{last:%Y-%m-%d %H:%M} UTC",
            "currency": resolved.facts.currency,
        },
        value=money.quantise(worth, resolved.facts.currency),
        value_formula=f"{short} missing × paid",
    )


def _over(resolved: Resolved) -> Iterator[Finding]:
    announced = [line.fact for line in resolved.lines if line.is_item and not line.is_not_returned]
    found = receiving.arrivals(resolved.facts, announced, receiving.of_others(resolved.facts))
    numbers = {line.line_no for line in announced}
    expected = [line for line in resolved.lines if line.line_no in numbers]
    short = [line for line in expected if found.units(line.line_no) < line.fact.quantity]
    for sku, units in sorted(found.over.items()):
        line = _line_of(resolved, sku)
        if line is None and short:
            yield _wrong(resolved, short[0], sku, units)
            continue
        cost = line.item.unit_cost if line is not None and line.item is not None else None
        worth = (cost or money.ZERO) * units
        yield Finding(
            type="QTY_OVER",
            subject=f"received:{mapping.normalise(sku)}",
            cause=mapping.normalise(sku),
            facts={"sku": sku, "units": str(units), "currency": resolved.facts.currency},
            value=money.quantise(worth, resolved.facts.currency),
            value_formula=f"{units} × unit cost" if cost else "cost not known",
        )


def _wrong(resolved: Resolved, line: ReturnedLine, sku: str, units: int) -> Finding:
    """An item nobody announced came in, and one that was announced is missing."""
    value, formula = values.paid(line, resolved.facts.currency)
    return Finding(
        type="WRONG_ITEM",
        subject=f"received:{mapping.normalise(sku)}",
        cause=mapping.normalise(sku),
        facts={
            "sku": line.fact.sku,
            "name": line.fact.name,
            "got": sku,
            "units": str(units),
            "currency": resolved.facts.currency,
        },
        value=value,
        value_formula=formula,
    )


def _line_of(resolved: Resolved, sku: str) -> ReturnedLine | None:
    code = mapping.normalise(sku)
    return next(
        (line for line in resolved.lines if line.item and mapping.normalise(line.item.sku) == code),
        None,
    )


def _places(resolved: Resolved) -> Iterator[Finding]:
    """Places nobody mapped to a bucket, and depots other than the mapping of the location says.

    What goes on from a place nobody knows is not guessed.
    """
    told: set[tuple[str, int]] = set()
    for line, portion in _portions(resolved):
        key = mapping.place_key(portion.place)
        is_known = bool(mapping.bucket(resolved.facts.mappings, key))
        if not is_known and ("place", line.line_no) not in told:
            told.add(("place", line.line_no))
            value, formula = values.stock(line, resolved.facts.currency)
            yield Finding(
                type="PLACE_UNMAPPED",
                subject=f"place:{line.line_no}",
                cause=mapping.normalise(key),
                facts={
                    "source_value": key,
                    "location": portion.place,
                    "sku": line.fact.sku,
                    "name": line.fact.name,
                    "units": str(portion.units),
                },
                value=value,
                value_formula=formula,
                blocks=STOCK_KINDS,
            )
        is_elsewhere = line.target is not None and line.target.warehouse != portion.warehouse
        if is_elsewhere and portion.warehouse and ("depot", line.line_no) not in told:
            told.add(("depot", line.line_no))
            yield _wrong_depot(resolved, line, portion)


def _wrong_depot(resolved: Resolved, line: ReturnedLine, portion: receiving.Portion) -> Finding:
    target = line.target
    value, formula = values.stock(line, resolved.facts.currency)
    return Finding(
        type="WRONG_DEPOT",
        subject=f"depot:{line.line_no}",
        cause=f"{mapping.normalise(line.location)}/{portion.warehouse}",
        facts={
            "warehouse": portion.warehouse,
            "got": portion.warehouse,
            "expected": target.warehouse if target else "",
            "location": line.location,
            "sku": line.fact.sku,
            "units": str(portion.units),
        },
        value=value,
        value_formula=formula,
    )


def _too_early(resolved: Resolved) -> Iterator[Finding]:
    """Goods in a place that sells, while no final disposition is known (R017, R077)."""
    if resolved.facts.policy.first_bucket != stock_routes.QUARANTINE:
        return
    for line, portion in _portions(resolved):
        bucket = mapping.bucket(resolved.facts.mappings, mapping.place_key(portion.place))
        if bucket == Bucket.SALEABLE and not line.is_final:
            value, formula = values.paid(line, resolved.facts.currency)
            yield Finding(
                type="PREMATURE_RESTOCK",
                subject=f"early:{line.line_no}",
                cause=mapping.normalise(portion.place),
                facts={
                    "got": f"{portion.place} in {portion.warehouse}",
                    "sku": line.fact.sku,
                    "units": str(portion.units),
                    "currency": resolved.facts.currency,
                },
                value=value,
                value_formula=formula,
            )


def _wrong_warehouses(resolved: Resolved) -> Iterator[Finding]:
    """Goods that a mapping would book first to a warehouse that ships (R077)."""
    policy = resolved.facts.policy
    if policy.first_bucket != stock_routes.QUARANTINE or not policy.returns_warehouses:
        return
    booked = {row.slot.split("#")[0].partition(":")[2] for row in _sent_receipts(resolved)}
    for route in stock_routes.routes(resolved):
        place = f"{route.target.division}/{route.target.warehouse}"
        is_live = route.target.warehouse not in policy.returns_warehouses
        if route.is_ours and is_live and place not in booked:
            value, formula = values.paid(route.line, resolved.facts.currency)
            yield Finding(
                type="PREMATURE_RESTOCK",
                subject=f"early:{route.line.line_no}",
                cause=mapping.normalise(route.line.location),
                facts={
                    "got": mapping.place(route.target.division, route.target.warehouse),
                    "sku": route.line.fact.sku,
                    "units": str(route.line.fact.quantity),
                    "currency": resolved.facts.currency,
                },
                value=value,
                value_formula=formula,
                blocks=STOCK_KINDS,
            )


def _sent_receipts(resolved: Resolved) -> list[PostingFact]:
    return sent_postings(resolved.facts, PostingKind.STOCK_RECEIPT)


def _portions(resolved: Resolved) -> Iterator[tuple[ReturnedLine, receiving.Portion]]:
    announced = {
        line.line_no: line for line in resolved.lines if line.is_item and not line.is_not_returned
    }
    found = receiving.arrivals(
        resolved.facts,
        [line.fact for line in announced.values()],
        receiving.of_others(resolved.facts),
    )
    for portion in found.portions:
        yield announced[portion.line_no], portion


def _conflict(resolved: Resolved, route: Route) -> Iterator[Finding]:
    """The ERP put the goods for good where the platform's word does not (R001).

    Nothing is overwritten. While the platform leads, nothing more is booked for them either.
    """
    is_waiting = route.via == stock_routes.QUARANTINE
    if not route.via or route.is_settled or is_waiting:
        return
    is_platform = resolved.facts.policy.disposition_authority == "platform"
    value, formula = values.stock(route.line, resolved.facts.currency)
    yield Finding(
        type="DISPOSITION_CONFLICT",
        subject=f"place:{route.line.line_no}",
        cause=mapping.normalise(route.place),
        facts={
            "expected": Bucket(route.line.bucket).label,
            "got": Bucket(route.via).label,
        },
        value=value,
        value_formula=formula,
        blocks=STOCK_KINDS if is_platform else frozenset(),
    )


def _not_arrived(resolved: Resolved) -> Iterator[Finding]:
    """Money that was paid before the goods, which did not come in the time for it (R020)."""
    facts = resolved.facts
    refund = refund_confirmed(facts)
    if facts.policy.refund_timing != "instant" or refund <= 0 or receiving.is_here(facts):
        return
    moments = [
        row.confirmed_at
        for row in facts.refunds
        if row.status == RefundStatus.CONFIRMED and row.confirmed_at is not None
    ]
    since = min(moments, default=None)
    if since is None or facts.now - since < timedelta(days=facts.policy.arrival_days):
        return
    yield Finding(
        type="NOT_ARRIVED",
        subject="goods",
        cause="goods not arrived",
        facts={
            "refund": money.text(refund, facts.currency),
            "currency": facts.currency,
            "since": since.date().isoformat(),
        },
        value=Decimal(refund),
        value_formula="refund gross",
    )
