"""ReturnGO's JSON in our words. Pure: in goes a parsed reply with Decimal for every fraction.

Facts relied upon, from the vendor's API reference and one recorded answer: a returned item is
one unit (there is no quantity on it); before any inspection the validation block is there with
both flags false and no date; fees are plain numbers without a currency; ids and booleans come as
numbers at times.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal

from connectors import errors
from connectors.errors import UnreadableReply
from connectors.returngo.reading import Drift, Reader, unreadable
from connectors.types import (
    Fee,
    FeeKind,
    Inspection,
    Money,
    RefundPage,
    RmaPage,
    RmaRow,
    SourceEvent,
    SourceExchange,
    SourceLine,
    SourceRefund,
    SourceRma,
    SourceShipment,
    Tender,
    UnreadableRow,
)

_FEE_KEYS = (
    ("restockingFee", FeeKind.RESTOCKING),
    ("returnFee", FeeKind.RETURN),
    ("shipmentFee", FeeKind.SHIPPING),
)
# By the type of a transaction. Inferred from the resolutions a return may have, which are of the
# same words; the vendor publishes no list of types.
_TENDER_OF = {"refundtostorecredit": "store_credit", "refundtogiftcard": "gift_card"}


def rma(raw: object) -> SourceRma:
    """One whole return (GET /rma).

    Money is in the shop's currency wherever the reply gives it, because that is what the ERP posts
    in; the RMA's `currency` is that of its first priced unit, else of its first transaction, and
    the fees, which name none, are read in it. `refunds` carry the RMA's id.
    `bankAccountDetails` is never read.

    Raises UnreadableReply, naming the field, when id, status, a date of the return, the list of
    items, a unit's id or an amount cannot be had; everything else is read as far as it goes.
    """
    drift = Drift()
    top = Reader.of(raw, place="", drift=drift)
    summary = top.child("rmaSummary")
    order = top.child("orderDetails")
    external_id = summary.required_text("rmaId")
    order_name = order.text("order_name") or summary.text("order_name")
    refunds = tuple(refund(row, external_id) for row in top.children("transactions"))
    units = tuple(top.required_children("items"))
    currency = _currency(units, refunds, drift)
    customer_name, customer_email = _customer(top)
    return SourceRma(
        external_id=external_id,
        status=summary.required_text("status"),
        order_id=order.text("orderId"),
        order_name=order_name,
        currency=currency,
        created_at=top.required_moment("createdAt"),
        updated_at=top.required_moment("lastUpdated"),
        customer_email=customer_email,
        customer_name=customer_name,
        lines=lines(units, currency=currency, order=order_name),
        shipments=tuple(_shipment(row) for row in top.children("shipments")),
        refunds=refunds,
        events=tuple(_events(summary)),
        exchanges=tuple(_exchange(row) for row in top.children("exchangeOrders")),
        cancellation_fee=_plain_money(top, "cancellationFee", currency),
        is_out_of_policy=top.flag("isOutOfPolicy") or False,
        drift=drift.notes(),
    )


def rma_page(raw: object) -> RmaPage:
    """A page of GET /rmas, in the order of the reply."""
    top = Reader.of(raw, place="", drift=Drift())
    rows = tuple(
        RmaRow(
            external_id=row.required_text("rmaId"),
            status=row.text("status"),
            order_name=row.text("order_name"),
        )
        for row in top.required_children("rmas")
    )
    return RmaPage(rows=rows, next_cursor=top.text("next_cursor"))


def refund_page(raw: object) -> RefundPage:
    """A page of GET /transactions; the rows do not name their return, their unit ids do.

    A row that cannot be read is told apart, so that it never holds up the feed.
    """
    top = Reader.of(raw, place="", drift=Drift())
    rows, bad = [], []
    for row in top.required_children("transactions"):
        try:
            rows.append(refund(row, ""))
        except UnreadableReply as error:
            bad.append(UnreadableRow(row.text("id"), error.field, error.text))
    return RefundPage(rows=tuple(rows), next_cursor=top.text("next_cursor"), unreadable=tuple(bad))


def refund(row: Reader, rma_external_id: str) -> SourceRefund:
    """One transaction, whatever its kind: kind and status are kept as the vendor writes them."""
    money = row.money("amount")
    if money is None:
        raise unreadable(row.place("amount"), "is missing")
    created_at = row.required_moment("createdAt")
    kind = row.text("type")
    return SourceRefund(
        external_id=row.required_text("id"),
        rma_external_id=rma_external_id,
        kind=kind,
        status=row.text("status"),
        money=money,
        processor=row.text("processor"),
        reference=row.text("externalReferenceId"),
        unit_ids=row.texts("returnItemIds"),
        created_at=created_at,
        updated_at=row.moment("lastUpdated") or created_at,
        tenders=_tenders(kind, money),
    )


def _tenders(kind: str, money: Money) -> tuple[Tender, ...]:
    """What was paid back by, where the type says it; "the payment method" names none.

    A transaction is one amount: nothing tells how it divides over goods, tax and shipping.
    """
    tender = _TENDER_OF.get(kind.casefold())
    return (Tender(tender, money.amount),) if tender else ()


@dataclass(slots=True)
class _Group:
    unit_ids: list[str] = field(default_factory=list)
    disposition_at: datetime | None = None

    def take(self, unit_id: str, decided_at: datetime | None) -> None:
        self.unit_ids.append(unit_id)
        if decided_at and (self.disposition_at is None or decided_at > self.disposition_at):
            self.disposition_at = decided_at


def lines(units: tuple[Reader, ...], *, currency: str, order: str = "") -> tuple[SourceLine, ...]:
    """Group units that share every fact, in order of first appearance.

    The moment of inspection is not such a fact: a group tells its latest. `fees` are totals of
    the line, so that they sum to the return's. A unit listed twice alike counts once (noted as
    drift); listed twice with different facts, the reply is unreadable.
    """
    groups: dict[SourceLine, _Group] = {}
    seen: dict[str, SourceLine] = {}
    for unit in units:
        unit_id = unit.required_text("returnedItemId")
        facts, decided_at = _unit(unit, currency)
        if seen.setdefault(unit_id, facts) is not facts:
            if seen[unit_id] != facts:
                raise unreadable(
                    unit.place("returnedItemId"),
                    "is given twice with different facts",
                    conflict=errors.conflict(unit_id, seen[unit_id], facts, order=order),
                )
            unit.note("returnedItemId", "given twice")
            continue
        groups.setdefault(facts, _Group()).take(unit_id, decided_at)
    return tuple(
        replace(
            facts,
            unit_ids=tuple(group.unit_ids),
            quantity=len(group.unit_ids),
            disposition_at=group.disposition_at,
            fees=tuple(_times(fee, len(group.unit_ids)) for fee in facts.fees),
        )
        for facts, group in groups.items()
    )


def _times(fee: Fee, quantity: int) -> Fee:
    return Fee(fee.kind, Money(fee.money.amount * quantity, fee.money.currency))


def _unit(unit: Reader, currency: str) -> tuple[SourceLine, datetime | None]:
    """The facts of one unit as a line of no units, and when its disposition was decided."""
    method = unit.child("returnMethod")
    verdict = _verdict(unit)
    unit_tax = unit.money("paidTax")
    facts = SourceLine(
        unit_ids=(),
        order_line_id=unit.text("shopLineItemId"),
        sku=unit.text("sku"),
        barcode=unit.text("barcode"),
        name=unit.text("fullName") or unit.text("productName"),
        quantity=0,
        unit_price=unit.money("paidPrice"),
        unit_tax=unit_tax,
        is_tax_included=_is_tax_included(unit, unit_tax),
        reason=unit.text("returnReason"),
        reason_detail=unit.text("extendedReason"),
        resolution=unit.text("resolutionType"),
        return_method=method.text("type"),
        inspection=verdict.inspection,
        is_restockable=verdict.is_restockable,
        disposition=verdict.disposition,
        disposition_at=None,
        location=verdict.location,
        shipment_id=unit.text("shipmentId"),
        fees=tuple(_fees(unit, currency)),
    )
    return facts, verdict.at


def _is_tax_included(unit: Reader, unit_tax: Money | None) -> bool:
    """Where tax was paid the flag decides an amount, so it is never assumed."""
    if unit_tax is None or unit_tax.amount == 0:
        return unit.flag("taxIncluded") or False
    return unit.required_flag("taxIncluded")


def _fees(unit: Reader, currency: str) -> Iterator[Fee]:
    for key, kind in _FEE_KEYS:
        money = _plain_money(unit, key, currency)
        if money is not None:
            yield Fee(kind, money)


@dataclass(frozen=True, slots=True)
class _Verdict:
    inspection: Inspection
    disposition: str
    location: str
    at: datetime | None

    @property
    def is_restockable(self) -> bool | None:
        """None also for what never came back: there is nothing to restock or to write off."""
        return {Inspection.PASSED: True, Inspection.FAILED: False}.get(self.inspection)


def _verdict(unit: Reader) -> _Verdict:
    """What the inspection found, or that there was none.

    Only the date tells the two apart: both flags are false before anyone has looked. The location
    is the one the inspection names; the "online" of the return's creation is not a warehouse.
    """
    block = unit.child("itemValidationStatusResponse")
    location = block.text("storeLocationId") if block.has("storeLocationId") else ""
    at = block.moment("lastValidationDate")
    if at is None and block.text("lastValidationDate") == "":
        return _Verdict(Inspection.NOT_INSPECTED, disposition="", location=location, at=None)
    if not block.required_flag("isReturned"):
        code = _coded("not_returned", block.text("nonReturnedReason"))
        return _Verdict(Inspection.NOT_RETURNED, disposition=code, location=location, at=at)
    if block.required_flag("isRestockable"):
        return _Verdict(Inspection.PASSED, disposition="restockable", location=location, at=at)
    code = _coded("not_restockable", block.text("nonRestockableReason"))
    return _Verdict(Inspection.FAILED, disposition=code, location=location, at=at)


def _coded(code: str, reason: str) -> str:
    return f"{code}/{reason}" if reason else code


def _plain_money(reader: Reader, key: str, currency: str) -> Money | None:
    """A fee: a plain number in the RMA's currency. None when absent or zero."""
    amount = reader.amount(key) or Decimal(0)
    if amount == 0:
        return None
    if amount < 0:
        reader.note(key, "negative fee")
    return Money(amount, currency)


def _currency(units: tuple[Reader, ...], refunds: tuple[SourceRefund, ...], drift: Drift) -> str:
    prices = [price for unit in units if (price := unit.money("paidPrice"))]
    currencies = dict.fromkeys(price.currency for price in prices)
    currencies.update(dict.fromkeys(refund.money.currency for refund in refunds))
    if len(currencies) != 1:
        drift.note("currency", "more than one" if currencies else "missing")
    return next(iter(currencies), "")


def _customer(top: Reader) -> tuple[str, str]:
    """Name and e-mail from the return parcel's sender; a reply has no customer of its own."""
    shipments = [row for row in top.children("shipments") if row.has("customerAddress")]
    shipments.sort(key=lambda row: row.flag("isOutbound") is True)
    name = email = ""
    for shipment in shipments:
        address = shipment.child("customerAddress")
        name = name or address.text("name")
        email = email or address.text("email")
    return name, email


def _shipment(row: Reader) -> SourceShipment:
    return SourceShipment(
        external_id=row.required_text("shipmentId"),
        status=row.text("status"),
        carrier=row.text("carrierName"),
        tracking_number=row.text("trackingNumber"),
        tracking_url=row.text("trackingURL"),
        is_outbound=row.flag("isOutbound") or False,
    )


def _events(summary: Reader) -> Iterator[SourceEvent]:
    """The timeline in the reply's order; an entry without a readable time is left out (noted)."""
    for row in summary.children("events"):
        at = row.moment("eventDate")
        if at is None:
            row.note("eventDate", "missing, entry left out")
            continue
        yield SourceEvent(
            name=row.text("eventName"),
            at=at,
            via=row.text("triggeredVia"),
            location=row.text("storeLocationId"),
            user=_user(row),
        )


def _user(event: Reader) -> str:
    if not event.has("userDetails"):
        return ""
    user = event.child("userDetails")
    return f"{user.text('userFirstName')} {user.text('userLastName')}".strip()


def _exchange(row: Reader) -> SourceExchange:
    return SourceExchange(
        draft_order_id=row.text("draftOrderId"),
        order_id=row.text("orderId"),
        order_name=row.text("orderName"),
        kind=row.text("type"),
    )
