"""The columns of the Brightpearl-like twin's searches, in the order the vendor lists them.

A client may read rows by their place, so all documented columns are there; what the twin knows
nothing of is null.
"""

from __future__ import annotations

from typing import Any

from connectors.sandbox.brightpearl_store import Order, stamp
from connectors.sandbox.brightpearl_wire import Column

TYPES = {"SO": 1, "SC": 3}
# Of a credit: nothing received, a part, all (documented ids); of an order none is told.
_NONE_IN, _PART_IN, _ALL_IN, _NOT_TRACKED = 7, 8, 9, 10


def _null(_record: Any) -> None:
    return None


def _unknown(name: str, data_type: str = "INTEGER") -> Column:
    return Column(name, data_type, _null)


def stock_status(order: Order) -> int:
    rows = [row for row in order.rows.values() if row.product_id]
    if order.type_code != "SC" or not rows:
        return _NOT_TRACKED
    if not any(row.received for row in rows):
        return _NONE_IN
    return _ALL_IN if all(row.received >= row.quantity for row in rows) else _PART_IN


ORDERS = (
    Column("orderId", "IDSET", lambda order: order.order_id),
    Column("orderTypeId", "INTEGER", lambda order: TYPES[order.type_code]),
    Column("contactId", "INTEGER", lambda order: order.contact_id),
    Column("orderStatusId", "INTEGER", lambda order: order.status_id),
    Column("orderStockStatusId", "INTEGER", stock_status),
    Column("createdOn", "PERIOD", lambda order: stamp(order.created_on)),
    _unknown("createdById"),
    Column("customerRef", "STRING", lambda order: order.ref),
    _unknown("orderPaymentStatusId"),
    Column("updatedOn", "PERIOD", lambda order: stamp(order.updated_on)),
    Column("parentOrderId", "IDSET", lambda order: order.parent_id or None),
    _unknown("orderShippingStatusId"),
    Column("externalRef", "STRING", lambda order: order.external_ref),
    Column("installedIntegrationInstanceId", "INTEGER", lambda order: order.instance_id or None),
    Column("warehouseId", "INTEGER", lambda order: order.warehouse_id),
    _unknown("staffOwnerContactId"),
    Column("taxDate", "PERIOD", lambda order: stamp(order.tax_date)),
    _unknown("departmentId"),
    _unknown("deliveryDate", "PERIOD"),
)

SALES_ORDERS = (
    Column("salesOrderId", "IDSET", lambda order: order.order_id),
    Column("customerId", "INTEGER", lambda order: order.contact_id),
    Column("orderStatusId", "INTEGER", lambda order: order.status_id),
    _unknown("orderStockStatus", "STRING"),
    Column("createdOn", "PERIOD", lambda order: stamp(order.created_on)),
    Column("customerRef", "STRING", lambda order: order.ref),
    _unknown("orderPaymentStatus", "STRING"),
    Column("updatedOn", "PERIOD", lambda order: stamp(order.updated_on)),
    _unknown("orderShippingStatus", "STRING"),
    Column("externalRef", "STRING", lambda order: order.external_ref),
    Column("installedIntegrationInstanceId", "INTEGER", lambda order: order.instance_id or None),
    Column("warehouseId", "INTEGER", lambda order: order.warehouse_id),
    Column("channelId", "INTEGER", lambda order: order.channel_id or None),
    Column("taxDate", "PERIOD", lambda order: stamp(order.tax_date)),
    _unknown("deliveryDate", "PERIOD"),
    Column("customerRefs", "STRING_SET", lambda order: order.ref, is_shown=False),
)

PRODUCTS = (
    Column("productId", "INTEGER", lambda row: row[0]),
    Column("productName", "STRING", lambda row: row[1].get("name", "")),
    Column("SKU", "STRING", lambda row: row[1]["sku"]),
    Column("barcode", "STRING", lambda row: row[1].get("barcode", "")),
    _unknown("EAN", "STRING"),
    _unknown("UPC", "STRING"),
    _unknown("ISBN", "STRING"),
    _unknown("MPN", "STRING"),
    Column("stockTracked", "BOOLEAN", lambda row: not row[1].get("components")),
    Column("createdOn", "PERIOD", lambda row: stamp(row[1]["updated_on"])),
    Column("updatedOn", "PERIOD", lambda row: stamp(row[1]["updated_on"])),
    _unknown("brightpearlCategoryCode", "STRING"),
    _unknown("productGroupId"),
    _unknown("brandId"),
    _unknown("productTypeId"),
    Column("productStatus", "STRING", lambda row: row[1].get("status", "LIVE")),
    _unknown("primarySupplierId"),
)


def references(of_search: tuple[Column, ...]) -> dict[str, dict[str, str]]:
    """The map beside the answer of a search: names of the numbers in its columns."""
    names = {str(number): code for code, number in TYPES.items()}
    has_types = any(column.name == "orderTypeId" for column in of_search)
    return {"orderTypeNames": names} if has_types else {}
