"""The warehouse service of the Brightpearl-like twin: locations, goods-in, release, corrections."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from werkzeug.wrappers import Request, Response

from connectors.sandbox import brightpearl_wire as wire
from connectors.sandbox.brightpearl_orders import OrderService
from connectors.sandbox.brightpearl_store import Note, Order, Record, moment, stamp
from connectors.sandbox.brightpearl_wire import Column, Refused

_GOODS_IN_FIELDS = frozenset(
    {"transfer", "warehouseId", "receivedOn", "userBatchReference", "goodsMoved"}
)
_GOODS_IN, _CORRECTION, _RELEASE = "GI", "SC", "QR"

_MOVEMENT_COLUMNS = (
    Column("goodsMovementId", "IDSET", lambda row: row[1]["id"]),
    Column("productId", "INTEGER", lambda row: row[1]["productId"]),
    Column("purchaseOrderRowId", "IDSET", lambda row: row[1].get("purchaseOrderRowId", 0)),
    Column("quantity", "INTEGER", lambda row: row[1]["quantity"]),
    Column("destinationLocationId", "INTEGER", lambda row: row[1]["destinationLocationId"]),
    Column("warehouseId", "INTEGER", lambda row: row[0].warehouse_id),
    Column("goodsNoteId", "IDSET", lambda row: row[0].note_id),
    Column("orderId", "INTEGER", lambda row: row[0].order_id),
    Column("goodsNoteTypeCode", "STRING", lambda row: row[0].type_code),
    Column("updatedOn", "PERIOD", lambda row: stamp(row[0].at)),
)
_GOODS_IN_COLUMNS = (
    Column("purchaseOrderId", "IDSET", lambda row: row[0].order_id),
    Column("batchId", "IDSET", lambda row: row[0].note_id),
    Column("productId", "INTEGER", lambda row: row[1]["productId"]),
    Column("locationId", "INTEGER", lambda row: row[1]["destinationLocationId"]),
    Column("receivedQuantity", "INTEGER", lambda row: row[1]["quantity"]),
    Column("createdDate", "PERIOD", lambda row: stamp(row[0].at)),
    Column("receivedDate", "PERIOD", lambda row: stamp(row[0].at)),
    Column("warehouseId", "INTEGER", lambda row: row[0].warehouse_id),
)


class WarehouseService(OrderService):
    """Handlers of `/warehouse-service`."""

    # --- places -------------------------------------------------------------------------------

    def list_warehouses(self, request: Request, account: str, ids: str = "") -> Response:
        wanted = wire.id_set(ids) if ids else list(self._store.warehouses)
        rows = [
            {
                "id": number,
                "name": self._store.warehouses[number]["name"],
                "typeCode": "2",
                "typeDescription": "Warehouse",
            }
            for number in wanted
            if number in self._store.warehouses
        ]
        if not rows:
            raise wire.nothing_found()
        return self._yes(rows)

    def list_locations(self, request: Request, account: str, warehouse: int) -> Response:
        record = self._warehouse(warehouse)
        return self._yes(
            [
                {
                    "id": int(record[f"{kind}_location"]),
                    "warehouseId": warehouse,
                    "zoneId": 1,
                    "barcode": f"{warehouse}-{kind}",
                    "groupingA": kind.upper(),
                }
                for kind in ("default", "quarantine")
            ]
        )

    def default_location(self, request: Request, account: str, warehouse: int) -> Response:
        return self._yes(int(self._warehouse(warehouse)["default_location"]))

    def quarantine_location(self, request: Request, account: str, warehouse: int) -> Response:
        return self._yes(int(self._warehouse(warehouse)["quarantine_location"]))

    def get_availability(self, request: Request, account: str, ids: str) -> Response:
        """On hand is what may be sold: quarantine is in stock and not on hand."""
        found = {
            str(product): self._availability(product)
            for product in wire.id_set(ids)
            if product in self._store.products
        }
        if not found:
            raise wire.nothing_found()
        return self._yes(found)

    def _availability(self, product: int) -> dict[str, Any]:
        warehouses = {}
        total = {"inStock": 0, "onHand": 0, "allocated": 0, "inTransit": 0}
        for number, record in self._store.warehouses.items():
            on_hand = self._store.on_hand(product, int(record["default_location"]))
            held = self._store.on_hand(product, int(record["quarantine_location"]))
            row = {"inStock": on_hand + held, "onHand": on_hand, "allocated": 0, "inTransit": 0}
            warehouses[str(number)] = row
            total = {name: total[name] + row[name] for name in total}
        return {"total": total, "warehouses": warehouses}

    def _warehouse(self, number: int) -> dict[str, Any]:
        if number not in self._store.warehouses:
            raise wire.nothing_found()
        return self._store.warehouses[number]

    # --- goods-in notes -----------------------------------------------------------------------

    def create_goods_in(self, request: Request, account: str, order_id: int) -> Response:
        credit = self._store.orders.get(order_id)
        if credit is None or credit.type_code != "SC":
            raise Refused("SIM-050", f"Order {order_id} was not found", status=404)
        body = self._object(request)
        self._check_fields(body, _GOODS_IN_FIELDS)
        warehouse = int(body.get("warehouseId") or 0)
        if warehouse not in self._store.warehouses:
            raise Refused("SIM-051", f"Warehouse {warehouse} was not found")
        reference = str(body.get("userBatchReference") or "")
        if reference and (_GOODS_IN, reference) in self._store.taken:
            raise Refused("SIM-052", f"userBatchReference {reference} must be unique")
        moved = [self._movement(credit, warehouse, row) for row in body.get("goodsMoved") or []]
        if not moved:
            raise Refused("SIM-053", "goodsMoved is required")
        self._check_receipt(credit, moved)
        note = self._receive(
            credit, warehouse, moved, reference, at=_received_on(body, self.moment())
        )
        return self._yes(note.note_id)

    def _movement(self, credit: Order, warehouse: int, row: Record) -> dict[str, Any]:
        product, row_id = int(row.get("productId") or 0), int(row.get("purchaseOrderRowId") or 0)
        self._check_product(product)
        waiting = credit.rows.get(row_id)
        if waiting is None or waiting.product_id != product:
            raise Refused("SIM-054", f"Row {row_id} does not await this item")
        if self._store.products[product].get("components"):
            raise Refused("SIM-055", f"Item {product} is a bundle and not stock tracked")
        location = int(row.get("destinationLocationId") or 0)
        record = self._store.warehouses[warehouse]
        if location not in (int(record["default_location"]), int(record["quarantine_location"])):
            raise Refused("SIM-056", f"Location {location} is not one of the warehouse")
        return {
            "productId": product,
            "purchaseOrderRowId": row_id,
            "quantity": int(row.get("quantity") or 0),
            "destinationLocationId": location,
        }

    def _check_receipt(self, credit: Order, moved: Iterable[Mapping[str, Any]]) -> None:
        came: dict[int, int] = {}
        for row in moved:
            number = row["purchaseOrderRowId"]
            came[number] = came.get(number, 0) + row["quantity"]
            waiting = credit.rows[number]
            if row["quantity"] <= 0 or waiting.received + came[number] > waiting.quantity:
                raise Refused("SIM-057", "The quantity is more than was awaited")
        whole = {
            n: row.quantity - row.received
            for n, row in credit.rows.items()
            if self._is_stock(n, credit)
        }
        is_whole = all(left == came.get(number, 0) for number, left in whole.items())
        if not is_whole and self.switches["partial_receipt"] == "refused":
            raise Refused("SIM-058", "The credit's quantity must be received in full")

    def _is_stock(self, row_id: int, credit: Order) -> bool:
        product = self._store.products.get(credit.rows[row_id].product_id)
        return product is not None and not product.get("components")

    def _receive(
        self,
        credit: Order,
        warehouse: int,
        moved: list[dict[str, Any]],
        reference: str,
        *,
        at: datetime,
        by_staff: bool = False,
    ) -> Note:
        note = self._keep(_GOODS_IN, warehouse, credit.order_id, reference, "", at, moved)
        note.by_staff = by_staff
        for row in moved:
            credit.rows[row["purchaseOrderRowId"]].received += Decimal(row["quantity"])
            self._store.move(row["productId"], row["destinationLocationId"], row["quantity"])
        return note

    def check_in(self, record: Record) -> None:
        """Goods the ERP's own staff book, without any key of ours.

        Raises:
            KeyError: no such credit or SKU.
        """
        named = str(record["credit"])
        credit = next(
            order
            for order in self._store.orders.values()
            if order.type_code == "SC" and named in (str(order.order_id), order.external_ref)
        )
        place = record.get("place", "default")
        warehouse = self._store.warehouses[credit.warehouse_id]
        location = int(warehouse[f"{place}_location"])
        moved = [
            {
                "productId": credit.rows[row_id].product_id,
                "purchaseOrderRowId": row_id,
                "quantity": units,
                "destinationLocationId": location,
            }
            for row_id, units in self._awaited(credit, record.get("lines"))
        ]
        reference = str(record.get("reference", ""))
        self._receive(
            credit, credit.warehouse_id, moved, reference, at=self.moment(), by_staff=True
        )

    def _awaited(self, credit: Order, lines: Iterable[Record] | None) -> Iterable[tuple[int, int]]:
        left = {
            row_id: int(row.quantity - row.received)
            for row_id, row in credit.rows.items()
            if self._is_stock(row_id, credit)
        }
        if lines is None:
            return [(row_id, units) for row_id, units in left.items() if units > 0]
        found = []
        for line in lines:
            product, units = self._store.product_of(str(line["sku"])), int(line["quantity"])
            for row_id, awaited in list(left.items()):
                is_same = credit.rows[row_id].product_id == product
                taken = min(units, awaited) if is_same else 0
                if taken > 0:
                    left[row_id] -= taken
                    units -= taken
                    found.append((row_id, taken))
        return found

    def get_goods_in(self, request: Request, account: str, orders: str, ids: str = "") -> Response:
        if orders == "*" and not ids:
            raise Refused("SIM-059", "All notes of all orders cannot be asked for")
        wanted = wire.id_set(ids) if ids else None
        of_orders = None if orders == "*" else wire.id_set(orders)
        found = {
            str(note.note_id): {
                "goodsNoteId": note.note_id,
                "orderId": note.order_id,
                "transfer": False,
                "goodsNoteStatus": "CLOSED",
                **({"userBatchReference": note.reference} if note.reference else {}),
                "receivedOn": stamp(note.at),
                "createdBy": 4,
                "goodsMoved": [
                    {name: value for name, value in row.items() if name != "id"}
                    for row in note.moved
                ],
            }
            for note in self._store.notes.values()
            if note.type_code == _GOODS_IN
            and (wanted is None or note.note_id in wanted)
            and (of_orders is None or note.order_id in of_orders)
        }
        if not found:
            raise wire.nothing_found()
        return self._yes(found)

    def goods_in_search(self, request: Request, account: str) -> Response:
        return self._searched(request, self._movements(_GOODS_IN), _GOODS_IN_COLUMNS)

    def goods_movement_search(self, request: Request, account: str) -> Response:
        return self._searched(request, self._movements(), _MOVEMENT_COLUMNS)

    def _movements(self, type_code: str = "") -> list[tuple[Note, dict[str, Any]]]:
        return [
            (note, row)
            for note in self._store.notes.values()
            if type_code in ("", note.type_code)
            for row in note.moved
        ]

    # --- quarantine and corrections -----------------------------------------------------------

    def release_quarantine(self, request: Request, account: str, warehouse: int) -> Response:
        record = self._warehouse(warehouse)
        body = self._object(request)
        product, units = int(body.get("productId") or 0), int(body.get("quantity") or 0)
        target, source = int(body.get("toLocationId") or 0), int(record["quarantine_location"])
        if product not in self._store.products:
            raise Refused("SIM-022", f"Product {product} was not found")
        if units <= 0 or self._store.on_hand(product, source) < units:
            raise Refused("WHSB-023", "There is not enough stock in the location")
        self._store.move(product, source, -units)
        self._store.move(product, target, units)
        moved = [{"productId": product, "quantity": units, "destinationLocationId": target}]
        self._keep(_RELEASE, warehouse, 0, "", "", self.moment(), moved)
        return self._yes({})

    def create_correction(self, request: Request, account: str, warehouse: int) -> Response:
        """All corrections of a call or none; nothing keeps one from being made twice."""
        self._warehouse(warehouse)
        rows = self._object(request).get("corrections")
        if not isinstance(rows, list) or not rows:
            raise Refused("SIM-060", "corrections is required")
        left: dict[tuple[int, int], int] = {}
        for row in rows:
            place = int(row.get("productId") or 0), int(row.get("locationId") or 0)
            if place[0] not in self._store.products:
                raise Refused("SIM-022", f"Product {place[0]} was not found")
            if not row.get("reason"):
                raise Refused("SIM-061", "A reason is required")
            left[place] = left.get(place, self._store.on_hand(*place)) + int(row["quantity"])
            if left[place] < 0:
                raise Refused("WHSB-023", "There is not enough stock in the location")
        return self._yes([self._correct(warehouse, row).note_id for row in rows])

    def _correct(self, warehouse: int, row: Record) -> Note:
        product, location = int(row["productId"]), int(row["locationId"])
        self._store.move(product, location, int(row["quantity"]))
        moved = [
            {
                "productId": product,
                "quantity": int(row["quantity"]),
                "destinationLocationId": location,
                "createdOn": stamp(self.moment()),
            }
        ]
        order_id = int(row.get("orderId") or 0)
        reason = str(row["reason"])
        return self._keep(_CORRECTION, warehouse, order_id, "", reason, self.moment(), moved)

    def get_corrections(self, request: Request, account: str, warehouse: int, ids: str) -> Response:
        wanted = wire.id_set(ids)
        rows = [
            {
                "goodsNoteId": note.note_id,
                "warehouseId": note.warehouse_id,
                "reason": note.reason,
                "goodsMoved": [
                    {name: value for name, value in row.items() if name != "id"}
                    for row in note.moved
                ],
            }
            for note in self._store.notes.values()
            if note.type_code == _CORRECTION
            and note.warehouse_id == warehouse
            and note.note_id in wanted
        ]
        if not rows:
            raise wire.nothing_found()
        return self._yes(rows)

    def _keep(
        self,
        type_code: str,
        warehouse: int,
        order_id: int,
        reference: str,
        reason: str,
        at: datetime,
        moved: list[dict[str, Any]],
    ) -> Note:
        for row in moved:
            row["id"] = self._store.next_id()
        note = Note(
            self._store.next_id(), type_code, warehouse, order_id, reference, reason, at, moved
        )
        self._store.notes[note.note_id] = note
        self._store.taken.add((type_code, reference))
        return note


def _received_on(body: Record, default: datetime) -> datetime:
    try:
        return moment(body["receivedOn"]) if body.get("receivedOn") else default
    except ValueError:
        raise Refused("SIM-062", "receivedOn is no date") from None
