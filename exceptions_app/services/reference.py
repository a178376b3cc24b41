"""Our copies of what the ERP owns: orders, the item master, locations. Reads only."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction

from connectors import types
from connectors.errors import ConnectorError, RetryLater
from exceptions_app import jobs
from exceptions_app.choices import CASE_OPEN
from exceptions_app.models import (
    Bridge,
    Case,
    Connection,
    ErpLocation,
    Item,
    ItemMiss,
    SalesOrder,
    SalesOrderLine,
    Watermark,
)
from exceptions_app.rules import order_text
from exceptions_app.rules.mapping import normalise
from exceptions_app.services import connections, feeds, rmas

# The feed of services.item_checks, which reads after these.
CHECKS_FEED = "item-checks"
LOCATIONS_FOR = timedelta(hours=12)
ITEMS_FOR = timedelta(hours=1)
# Of the item master in one go; other feeds wait meanwhile.
ITEM_PAGES = 200
ITEM_TYPES = (
    "SKU_UNKNOWN",
    "SKU_INACTIVE",
    "SKU_AMBIGUOUS",
    "ITEM_INELIGIBLE",
    "PROMO_SKU",
    "VARIANT_CHANGED",
)


def order_numbered(*, bridge: Bridge, number: str, now: datetime) -> SalesOrder | None:
    """The order as we know it, else read live; None where the ERP has no such order.

    Connector errors pass through to the caller.
    """
    known = SalesOrder.objects.filter(connection=bridge.erp_id, number=number).first()
    if known is not None:
        return known
    found = connections.gateway(connection=bridge.erp, reason="quote").find_orders([number])
    exact = [order for order in found if order.number == number]
    if len(exact) != 1:
        return None
    return save_order(connection=bridge.erp, order=exact[0], now=now)


def refresh_locations(*, connection: Connection, now: datetime) -> int:
    """Read all warehouses when the copy is older than LOCATIONS_FOR; returns how many there are."""
    mark, _ = Watermark.objects.get_or_create(connection=connection, feed="locations")
    if mark.read_at is not None and now - mark.read_at < LOCATIONS_FOR:
        return 0
    return read_locations(connection=connection, reason="reference", now=now)


def read_locations(*, connection: Connection, reason: str, now: datetime) -> int:
    """Read all warehouses, or a shop's places, now; returns how many there are.

    Connector errors pass through.
    """
    mark, _ = Watermark.objects.get_or_create(connection=connection, feed="locations")
    rows = connections.places(connection=connection, reason=reason)
    with transaction.atomic():
        seen = [_save_location(connection, row, now) for row in rows]
        ErpLocation.objects.filter(connection=connection).exclude(pk__in=seen).update(
            is_active=False
        )
        Watermark.objects.filter(pk=mark.pk).update(read_at=now)
    return len(rows)


def sync_items(*, connection: Connection, now: datetime) -> int:
    """Read the item master's changes when the copy is older than ITEMS_FOR; returns rows read.

    Sooner where somebody asked for it, see `ask_for_all_items`. At most ITEM_PAGES at once: what
    is left is read the next time, from where this ended. The watermark moves only after the last
    page has landed.
    """
    mark, _ = Watermark.objects.get_or_create(connection=connection, feed="items")
    is_due = bool(mark.cursor) or (mark.next_at is not None and mark.next_at <= now)
    if not is_due and mark.read_at is not None and now - mark.read_at < ITEMS_FOR:
        return 0
    gateway = connections.gateway(connection=connection, reason="reference")
    cursor, position, count = mark.cursor, mark.position, 0
    changed: set[str] = set()
    for _ in range(ITEM_PAGES):
        try:
            page = gateway.changed_items(since=mark.position, cursor=cursor)
        except RetryLater:
            raise
        except ConnectorError:
            feeds.begin_anew(mark)
            raise
        changed |= save_items(connection=connection, items=page.rows, now=now)
        count += len(page.rows)
        position = page.watermark or position
        cursor = page.next_cursor
        if not cursor:
            break
    if cursor:
        feeds.keep(mark, cursor, now)
        jobs.nudge("poll")
    else:
        feeds.keep(mark, "", now, position=position, next_at=None)
    wake_waiting(connection, changed, now)
    return count


def ask_for_all_items(*, connection: Connection, now: datetime) -> None:
    """Have the whole item master read, from its beginning, with the next reading, and what
    differed compared after it; returns at once."""
    Watermark.objects.get_or_create(connection=connection, feed="items")
    Watermark.objects.filter(connection=connection, feed="items").update(
        position="", next_at=now, cursor="", began_at=None
    )
    # What differed is asked for again at once: else the old answers would stand against the new.
    feeds.hasten(connection_id=connection.pk, feed=CHECKS_FEED, now=now)
    jobs.nudge("poll")


def wake_waiting(connection: Connection, keys: set[str], now: datetime) -> None:
    """Returns that wait for one of these items are planned again: their case may close by proof."""
    waiting = Case.objects.filter(
        bridge__erp=connection, type__in=ITEM_TYPES, status__in=CASE_OPEN, rma__isnull=False
    )
    ids = {
        case.rma_id
        for case in waiting.only("rma_id", "facts")
        if normalise(case.facts.get("sku", "")) in keys
    }
    rmas.make_due(rma_ids=[pk for pk in ids if pk is not None], now=now)


@transaction.atomic
def save_items(
    *, connection: Connection, items: Iterable[types.ErpItem], now: datetime
) -> set[str]:
    """Store items as read; returns their SKU and barcode keys (cases about them may heal)."""
    rows = [_item_row(connection, item, now) for item in items]
    Item.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["connection", "erp_id"],
        update_fields=[
            "sku",
            "sku_key",
            "barcode",
            "description",
            "division",
            "is_active",
            "is_returnable",
            "unit_cost",
            "key_parts",
            "read_at",
        ],
    )
    keys = {row.sku_key for row in rows} | {normalise(row.barcode) for row in rows if row.barcode}
    ItemMiss.objects.filter(connection=connection, sku_key__in=keys).delete()
    return keys


@transaction.atomic
def save_order(*, connection: Connection, order: types.ErpOrder, now: datetime) -> SalesOrder:
    """Store an order as read. Lines already known keep their rows: credits hang on them."""
    row, _ = SalesOrder.objects.update_or_create(
        connection=connection,
        number=order.number,
        defaults={
            "erp_id": order.erp_id,
            "customer_code": order.customer_code,
            "customer_name": "",
            "vat_setting": order.vat_setting,
            "currency": order.currency,
            "division": order.division,
            "warehouse": order.warehouse,
            "invoice_number": order.invoice_number,
            "ordered_at": order.ordered_at,
            "shipping_net": order.shipping_net,
            "shipping_tax": order.shipping_tax,
            "shipping_tax_code": order.shipping_tax_code,
            "shipping_discount": order.shipping_discount,
            "tenders": order_text.tenders_json(order.tenders),
            "prices_include_tax": order.prices_include_tax,
            "read_at": now,
        },
    )
    SalesOrderLine.objects.bulk_create(
        [
            SalesOrderLine(
                order=row,
                line_id=line.line_id,
                sku=line.sku,
                description=line.description[:300],
                quantity=line.quantity,
                unit_price=line.unit_price,
                discount=line.discount,
                net=line.net,
                tax=line.tax,
                tax_code=line.tax_code,
                taxes=order_text.taxes_json(line.taxes),
                discounts=order_text.discounts_json(line.discounts),
                parent_line_id=line.parent_line_id,
                duty=line.duty,
            )
            for line in order.lines
        ],
        update_conflicts=True,
        unique_fields=["order", "line_id"],
        update_fields=[
            "sku",
            "quantity",
            "unit_price",
            "discount",
            "net",
            "tax",
            "tax_code",
            "taxes",
            "discounts",
            "parent_line_id",
            "duty",
        ],
    )
    return row


def _save_location(connection: Connection, row: types.ErpLocation, now: datetime) -> int:
    saved, _ = ErpLocation.objects.update_or_create(
        connection=connection,
        division=row.division,
        code=row.code,
        defaults={"name": row.name, "is_active": row.is_active, "read_at": now},
    )
    return saved.pk


def _item_row(connection: Connection, item: types.ErpItem, now: datetime) -> Item:
    return Item(
        connection=connection,
        erp_id=item.erp_id,
        sku=item.sku,
        sku_key=normalise(item.sku),
        barcode=item.barcode,
        description=item.description[:300],
        division=item.division,
        is_active=item.is_active,
        is_returnable=item.is_returnable,
        unit_cost=item.unit_cost,
        key_parts=dict(item.key_parts),
        read_at=now,
    )
