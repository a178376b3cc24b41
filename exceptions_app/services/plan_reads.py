"""Bring in what plans need from the ERP, for several returns in as few calls as it allows.

Looked up in our copy first, then live (R037); a miss is remembered for a while, so that one unknown
SKU costs one call and not one per return.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import transaction

from connectors.errors import ConnectorError, UnreadableReply
from connectors.ports import Gateway
from connectors.types import ErpOrder
from exceptions_app.choices import CASE_OPEN, FixKind, FixStatus, MappingKind, MappingStatus
from exceptions_app.models import (
    Case,
    Connection,
    Fix,
    Item,
    ItemMiss,
    Mapping,
    Rma,
    RmaLine,
    SalesOrder,
)
from exceptions_app.models.statements import Select, is_one_of
from exceptions_app.rules.mapping import NO_ITEM, normalise
from exceptions_app.selectors import mapping_facts
from exceptions_app.services import connections, health, reference

ASK_AGAIN_AFTER = timedelta(minutes=30)
# An order that an exception is about is read again when our copy is this old: what the ERP says of
# it may end the exception.
ORDER_FOR = timedelta(hours=6)
ORDER_TYPES = frozenset(
    {"DIVISION_MISMATCH", "INVOICE_LINK_MISSING", "TAX_CODE_MISMATCH", "VAT_SETTING"}
)
# Returns read for together, however many the ERP could name in one call.
MOST_TOGETHER = 50


@dataclass(frozen=True, slots=True)
class Unread:
    """Returns whose reads failed, and why the first of those calls did; empty when none did."""

    rma_ids: frozenset[int] = frozenset()
    error: ConnectorError | None = None


@dataclass(slots=True)
class _Wants:
    """What the ERP still has to be asked for: order numbers and SKUs, by return."""

    orders: dict[int, str] = field(default_factory=dict)
    skus: dict[int, dict[str, str]] = field(default_factory=dict)

    def waiting(self) -> frozenset[int]:
        return frozenset(self.orders) | {rma_id for rma_id, skus in self.skus.items() if skus}

    def got_order(self, rma_id: int) -> None:
        del self.orders[rma_id]

    def got_skus(self, keys: set[str]) -> None:
        for skus in self.skus.values():
            for key in keys:
                skus.pop(key, None)


_LINKED = Select(
    lambda rma: (
        Fix.objects.filter(
            rma=rma, kind=FixKind.LINK_ORDER, status__in=[FixStatus.HELD, FixStatus.APPLIED]
        )
        .order_by("-id")
        .values_list("payload", flat=True)[:1]
    )
)
_NUMBERED = Select(
    lambda erp, number: SalesOrder.objects.filter(connection=erp, number=number).order_by("pk")[:1]
)
_SKUS = Select(lambda rma: RmaLine.objects.filter(rma=rma).values_list("sku_key", "sku"))
_MAPPED = Select(
    lambda bridge, keys: Mapping.objects.filter(
        is_one_of("source_key", keys),
        bridge=bridge,
        status=MappingStatus.ACTIVE,
        kind__in=(MappingKind.SKU_ALIAS, MappingKind.FEE),
    ).values_list("kind", "source_key", "target")
)
_KNOWN = Select(
    lambda erp, keys: Item.objects.filter(
        is_one_of("sku_key", keys) | is_one_of("barcode", keys), connection=erp
    ).values_list("sku_key", "barcode")
)


def most_together(*, erp: Connection) -> int:
    """For how many returns one call can read: 1 where the ERP is asked for one thing at a time."""
    able = connections.gateway(connection=erp, reason="plan-read").capabilities
    return min(MOST_TOGETHER, max(able.max_orders_per_read, able.max_items_per_read))


def refresh(*, rmas: Sequence[Rma], now: datetime) -> Unread:
    """Read live what these returns of one ERP need and we lack; the same as one by one.

    Connector errors never leave here: they say which returns went without.
    """
    erp = rmas[0].bridge.erp
    wants = _Wants()
    for rma in rmas:
        number = _wanted_order(rma, now)
        if number:
            wants.orders[rma.pk] = number
        wants.skus[rma.pk] = _missing_skus(rma, now)
    if not wants.waiting():
        return Unread()
    try:
        _read_orders(erp, {rma.pk: rma for rma in rmas}, wants, now)
        _read_items(erp, wants, now)
    except ConnectorError as error:
        return Unread(wants.waiting(), error)
    health.note_success(connection_id=erp.pk, now=now)
    return Unread()


def _sets(wanted: Sequence[str], size: int) -> Iterator[list[str]]:
    for first in range(0, len(wanted), max(size, 1)):
        yield list(wanted[first : first + max(size, 1)])


def _wanted_order(rma: Rma, now: datetime) -> str:
    linked = _LINKED.first(rma=rma.pk)
    number: str = linked["order_number"] if linked else rma.order_name
    current = rma.sales_order.number if rma.sales_order else ""
    if number and number == current:
        return number if _is_in_doubt(rma, now) else ""
    if not number:
        return ""
    known = _NUMBERED.first(erp=rma.bridge.erp_id, number=number)
    if known is not None:
        _link(rma, known)
        return ""
    asked = rma.order_asked_at
    return "" if asked is not None and now - asked < ASK_AGAIN_AFTER else number


def _is_in_doubt(rma: Rma, now: datetime) -> bool:
    """Whether an exception is about the order as we know it, and our copy is old."""
    assert rma.sales_order is not None
    last = max(at for at in (rma.sales_order.read_at, rma.order_asked_at) if at is not None)
    if now - last < ORDER_FOR:
        return False
    return Case.objects.filter(rma=rma, type__in=ORDER_TYPES, status__in=CASE_OPEN).exists()


def _read_orders(erp: Connection, rmas: dict[int, Rma], wants: _Wants, now: datetime) -> None:
    """One order that cannot be read is that return's trouble, and no failure of the ERP."""
    if not wants.orders:
        return
    waiting: dict[str, list[int]] = defaultdict(list)
    for rma_id, number in wants.orders.items():
        waiting[number].append(rma_id)
    gateway = connections.gateway(connection=erp, reason="plan-read")
    for numbers in _sets(list(waiting), gateway.capabilities.max_orders_per_read):
        for number, (orders, problem) in _orders(gateway, numbers).items():
            for rma_id in waiting[number]:
                _keep_order(erp, rmas[rma_id], orders, problem, now)
                wants.got_order(rma_id)


_Found = dict[str, tuple[tuple[ErpOrder, ...], str]]


def _orders(gateway: Gateway, numbers: Sequence[str]) -> _Found:
    """By number: the orders found, and why they could not be read.

    Several are asked for together; where the reply cannot be told apart, each alone.
    """
    try:
        orders = gateway.find_orders(numbers)
    except UnreadableReply as error:
        if len(numbers) == 1:
            return {numbers[0]: ((), error.text[:300])}
        return _each_alone(gateway, numbers)
    if len(numbers) == 1:
        return {numbers[0]: (orders, "")}
    found: _Found = {}
    for number in numbers:
        found[number] = (tuple(order for order in orders if order.number == number), "")
    if any(order.number not in found for order in orders):
        # An ERP that spells a number its own way: whose order it is only shows one by one.
        found |= _each_alone(gateway, [number for number in numbers if not found[number][0]])
    return found


def _each_alone(gateway: Gateway, numbers: Sequence[str]) -> _Found:
    found: _Found = {}
    for number in numbers:
        found |= _orders(gateway, [number])
    return found


@transaction.atomic
def _keep_order(
    erp: Connection, rma: Rma, orders: Sequence[ErpOrder], problem: str, now: datetime
) -> None:
    Rma.objects.filter(pk=rma.pk).update(order_asked_at=now, order_problem=problem)
    if len(orders) == 1:
        _link(rma, reference.save_order(connection=erp, order=orders[0], now=now))


def _link(rma: Rma, order: SalesOrder) -> None:
    Rma.objects.filter(pk=rma.pk).update(sales_order=order, order_problem="")
    rma.sales_order = order


def _missing_skus(rma: Rma, now: datetime) -> dict[str, str]:
    """SKUs of the return, by their key, that neither our copy nor a fresh miss tells of."""
    wanted = dict(_SKUS.rows(rma=rma.pk))
    rows = _MAPPED.rows(bridge=rma.bridge_id, keys=list(wanted))
    # Aliases first: a charge may bear a name that an alias leads to.
    for kind, key, target in sorted(rows, key=lambda row: row[0] == MappingKind.FEE):
        # An alias with days leaves the SKU its own meaning on all others.
        if not (kind == MappingKind.SKU_ALIAS and mapping_facts.has_days(target)):
            wanted.pop(key, None)
        if kind == MappingKind.SKU_ALIAS and target["sku"] != NO_ITEM:
            wanted[normalise(target["sku"])] = target["sku"]
    if not wanted:
        return {}
    erp = rma.bridge.erp
    for sku_key, barcode in _KNOWN.rows(erp=erp.pk, keys=list(wanted)):
        wanted.pop(sku_key, None)
        wanted.pop(normalise(barcode), None)
    if not wanted:
        return {}
    missed = ItemMiss.objects.filter(
        connection=erp, sku_key__in=wanted, asked_at__gt=now - ASK_AGAIN_AFTER
    )
    for key in missed.values_list("sku_key", flat=True):
        wanted.pop(key, None)
    return wanted


def _read_items(erp: Connection, wants: _Wants, now: datetime) -> None:
    wanted = {key: sku for skus in wants.skus.values() for key, sku in skus.items()}
    if not wanted:
        return
    gateway = connections.gateway(connection=erp, reason="reference")
    size = gateway.capabilities.max_items_per_read
    for keys in _sets(list(wanted), size):
        found = gateway.find_items([wanted[key] for key in keys])
        got = reference.save_items(connection=erp, items=found, now=now)
        for key in keys:
            if key not in got:
                ItemMiss.objects.update_or_create(
                    connection=erp, sku_key=key, defaults={"asked_at": now}
                )
        wants.got_skus(set(keys))
