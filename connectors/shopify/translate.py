"""A return of the shop in our words. Pure: in goes a parsed, completed answer.

What Shopify does not tell is told so: a return has no time of change of its own (its order's
stands in), lines have no resolution, and no unit has an id.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from decimal import ROUND_HALF_UP, Decimal

from connectors.shopify import dispositions, refunds
from connectors.shopify.reading import Node, amount
from connectors.types import (
    Fee,
    FeeKind,
    Money,
    RmaRow,
    SourceEvent,
    SourceExchange,
    SourceLine,
    SourceRma,
    SourceShipment,
)

# As fine as amounts of a unit are kept; the whole line's are exact.
_UNIT = Decimal("0.0001")
_ZERO = Decimal(0)


def rows(returns: Sequence[Node], *, order_name: str) -> tuple[RmaRow, ...]:
    return tuple(
        RmaRow(each.number_of(), status=each.required_text("status"), order_name=order_name)
        for each in returns
    )


def rma(node: Node, *, drift: tuple[str, ...] = ()) -> SourceRma:
    """One whole return. Money is in the shop's currency.

    `updated_at` is its order's, which moves with whatever happens to the order. Raises
    UnreadableReply, naming the field.
    """
    order = node.required("order")
    currency = order.required_text("currencyCode")
    is_tax_included = order.flag("taxesIncluded")
    reverse = node.nodes("reverseFulfillmentOrders")
    shipments = tuple(_shipments(node, reverse))
    exchanges = node.nodes("exchangeLineItems")
    pool = dispositions.Pool(reverse)
    lines = _lines(
        node,
        pool,
        resolution=_resolution(node, exchanges),
        shipment_id=shipments[0].external_id if shipments else "",
        is_tax_included=is_tax_included,
    )
    external_id = node.number_of()
    customer = order.child("customer") if "customer" in order.raw else None
    return SourceRma(
        external_id=external_id,
        status=node.required_text("status"),
        order_id=order.number_of(),
        order_name=order.required_text("name"),
        currency=currency,
        created_at=node.required_moment("createdAt"),
        updated_at=order.required_moment("updatedAt"),
        customer_email=order.text("email"),
        customer_name=customer.text("displayName") if customer else "",
        lines=lines,
        shipments=shipments,
        refunds=refunds.of_return(
            order.rows("refunds"),
            return_id=external_id,
            is_only_return=len(order.required("returns").page()) == 1,
            units_of=_units_by_order_line(lines),
            is_tax_included=is_tax_included,
            currency=currency,
        ),
        events=tuple(_events(node, reverse)),
        exchanges=tuple(_exchange(row, order) for row in exchanges),
        cancellation_fee=None,
        is_out_of_policy=False,
        drift=(*drift, *_drift(exchanges, lines, pool)),
    )


def _lines(
    node: Node,
    pool: dispositions.Pool,
    *,
    resolution: str,
    shipment_id: str,
    is_tax_included: bool,
) -> tuple[SourceLine, ...]:
    found: list[SourceLine] = []
    shipping_fees = tuple(
        Fee(FeeKind.RETURN, fee.money("amountSet")) for fee in node.rows("returnShippingFees")
    )
    returned = sorted(node.nodes("returnLineItems"), key=lambda line: int(line.number_of()))
    for line in returned:
        facts = _facts(
            line, resolution=resolution, shipment_id=shipment_id, is_tax_included=is_tax_included
        )
        fulfilled = line.child("fulfillmentLineItem")
        fulfilled_id = fulfilled.required_text("id") if fulfilled else ""
        fees = (*_restocking(line), *(shipping_fees if not found else ()))
        first = 1
        for verdict, count in pool.take(fulfilled_id, line.units("quantity")):
            found.append(_portion(facts, verdict, first, count, fees))
            first, fees = first + count, ()
    return tuple(found)


def _portion(
    facts: SourceLine,
    verdict: dispositions.Verdict,
    first: int,
    count: int,
    fees: tuple[Fee, ...],
) -> SourceLine:
    (line_id,) = facts.unit_ids
    return SourceLine(
        unit_ids=tuple(f"{line_id}-{number}" for number in range(first, first + count)),
        order_line_id=facts.order_line_id,
        sku=facts.sku,
        barcode=facts.barcode,
        name=facts.name,
        quantity=count,
        unit_price=facts.unit_price,
        unit_tax=facts.unit_tax,
        is_tax_included=facts.is_tax_included,
        reason=facts.reason,
        reason_detail=facts.reason_detail,
        resolution=facts.resolution,
        return_method=facts.return_method,
        inspection=verdict.inspection,
        is_restockable=verdict.is_restockable,
        disposition=verdict.code,
        disposition_at=verdict.at,
        location=verdict.location,
        shipment_id=facts.shipment_id,
        fees=tuple(fee for fee in fees if fee.money.amount),
    )


def _facts(line: Node, *, resolution: str, shipment_id: str, is_tax_included: bool) -> SourceLine:
    """What all units of a return line share, as a line of no units whose id is the line's."""
    fulfilled = line.child("fulfillmentLineItem")
    sold = fulfilled.required("lineItem") if fulfilled else None
    variant = sold.child("variant") if sold else None
    price, tax = _unit_money(sold) if sold else (amount(line.required("unitPrice")), None)
    definition = line.child("returnReasonDefinition")
    return SourceLine(
        unit_ids=(line.number_of(),),
        order_line_id=sold.number_of() if sold else "",
        sku=sold.text("sku") if sold else "",
        barcode=variant.text("barcode") if variant else "",
        name=sold.text("name") if sold else "",
        quantity=0,
        unit_price=price,
        unit_tax=tax,
        is_tax_included=is_tax_included,
        reason=definition.required_text("handle") if definition else line.text("returnReason"),
        reason_detail=line.text("returnReasonNote") or line.text("customerNote"),
        resolution=resolution,
        return_method="",
        inspection=dispositions.OPEN.inspection,
        is_restockable=None,
        disposition="",
        disposition_at=None,
        location="",
        shipment_id=shipment_id,
    )


def _unit_money(sold: Node) -> tuple[Money, Money]:
    """One unit's share of the line as sold, after every discount given on it or spread onto it.

    Allocations and taxes are told for the whole line; the division by units is ours.
    """
    units = sold.units("quantity")
    total = sold.money("originalTotalSet")
    taken = sum(
        (each.money("allocatedAmountSet").amount for each in sold.rows("discountAllocations")),
        _ZERO,
    )
    tax = sum((each.money("priceSet").amount for each in sold.rows("taxLines")), _ZERO)
    return (
        Money(_share(total.amount - taken, units), total.currency),
        Money(_share(tax, units), total.currency),
    )


def _share(whole: Decimal, units: int) -> Decimal:
    return (whole / max(units, 1)).quantize(_UNIT, ROUND_HALF_UP).normalize() + _ZERO


def _restocking(line: Node) -> tuple[Fee, ...]:
    fee = line.child("restockingFee")
    return (Fee(FeeKind.RESTOCKING, fee.money("amountSet")),) if fee else ()


def _units_by_order_line(lines: Sequence[SourceLine]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for line in lines:
        if line.order_line_id:
            found[line.order_line_id] += line.unit_ids
    return found


def _resolution(node: Node, exchanges: Sequence[Node]) -> str:
    """ "exchange" when as many units go out as come back; else the return does not say which."""
    out = sum(row.units("quantity") for row in exchanges)
    back = sum(line.units("quantity") for line in node.nodes("returnLineItems"))
    return "exchange" if exchanges and out == back else ""


def _shipments(node: Node, reverse: Sequence[Node]) -> Iterator[SourceShipment]:
    """A return parcel per reverse delivery; without one, the reverse order once goods came.

    Shopify keeps no state of such a parcel: it has come once any unit was processed or given a
    disposition, and is on its way once it has a tracking number.
    """
    was_processed = any(line.units("processedQuantity") for line in node.nodes("returnLineItems"))
    for order in reverse:
        came = was_processed or any(map(dispositions.has_come, _dispositions(order)))
        deliveries = order.nodes("reverseDeliveries")
        for delivery in deliveries:
            yield _parcel(delivery, has_come=came)
        if came and not deliveries:
            yield SourceShipment(
                external_id=order.number_of(),
                status="Received",
                carrier="",
                tracking_number="",
                tracking_url="",
                is_outbound=False,
            )


def _parcel(delivery: Node, *, has_come: bool) -> SourceShipment:
    deliverable = delivery.child("deliverable")
    tracking = deliverable.child("tracking") if deliverable else None
    number = tracking.text("number") if tracking else ""
    status = "Received" if has_come else ("Shipped" if number else "Pending")
    return SourceShipment(
        external_id=delivery.number_of(),
        status=status,
        carrier=tracking.text("carrierName") if tracking else "",
        tracking_number=number,
        tracking_url=tracking.text("url") if tracking else "",
        is_outbound=False,
    )


def _dispositions(order: Node) -> Iterator[Node]:
    for line in order.nodes("lineItems"):
        yield from line.rows("dispositions")


_EVENT_NAMES = {
    "RESTOCKED": "Restocked",
    "NOT_RESTOCKED": "Not restocked",
    "MISSING": "Missing",
    "PROCESSING_REQUIRED": "Received, needs more work",
}


def _events(node: Node, reverse: Sequence[Node]) -> Iterator[SourceEvent]:
    for key, name in (
        ("createdAt", "Return made"),
        ("requestApprovedAt", "Request approved"),
        ("closedAt", "Return closed"),
    ):
        at = node.moment(key)
        if at is not None:
            yield SourceEvent(name=name, at=at, via="", location="", user="")
    rows = [row for order in reverse for row in _dispositions(order)]
    for row in sorted(rows, key=lambda row: (row.required_moment("createdAt"), row.number_of())):
        place = row.child("location")
        kind = dispositions.kind_of(row)
        yield SourceEvent(
            name=f"{_EVENT_NAMES.get(kind, kind)}: {row.units('quantity')}",
            at=row.required_moment("createdAt"),
            via="",
            location=place.text("name") if place else "",
            user="",
        )


def _exchange(row: Node, order: Node) -> SourceExchange:
    """The new goods become lines of the same order once they are processed."""
    units, processed = row.units("quantity"), row.units("processedQuantity")
    is_released = units > 0 and processed >= units
    return SourceExchange(
        draft_order_id=row.number_of(),
        order_id=order.number_of() if is_released else "",
        order_name=order.required_text("name") if is_released else "",
        kind="exchange",
    )


def _drift(
    exchanges: Sequence[Node], lines: Sequence[SourceLine], pool: dispositions.Pool
) -> Iterator[str]:
    if exchanges and not any(line.resolution for line in lines):
        yield "exchangeLineItems: which units they stand for is not told"
    if pool.has_final_left():
        yield "dispositions: more units than were returned"
