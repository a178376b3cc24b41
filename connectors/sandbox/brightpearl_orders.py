"""The order service of the Brightpearl-like twin: orders, sales credits, their rows and closing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from werkzeug.wrappers import Request, Response

from connectors.sandbox import brightpearl_columns as columns
from connectors.sandbox import brightpearl_wire as wire
from connectors.sandbox.base import Twin
from connectors.sandbox.brightpearl_store import ZERO, Order, Row, Store, moment, stamp
from connectors.sandbox.brightpearl_wire import Column, Refused

_SALES_CREDIT_FIELDS = frozenset(
    {
        "customer", "customerId", "billing", "ref", "placedOn", "taxDate", "parentId", "statusId",
        "warehouseId", "channelId", "externalRef", "installedIntegrationInstanceId",
        "priceListId", "priceModeCode", "currency", "delivery", "staffOwnerId", "projectId",
        "leadSourceId", "teamId", "rows",
    }
)  # fmt: skip
_ROW_FIELDS = frozenset(
    {"productId", "name", "quantity", "taxCode", "net", "tax", "nominalCode", "externalRef"}
)


class OrderService(Twin):
    """Handlers of `/order-service`; the books are the twin's."""

    _store: Store

    # --- reads --------------------------------------------------------------------------------

    def order_search(self, request: Request, account: str) -> Response:
        return self._searched(request, self._store.orders.values(), columns.ORDERS)

    def sales_order_search(self, request: Request, account: str) -> Response:
        orders = [order for order in self._store.orders.values() if order.type_code == "SO"]
        return self._searched(request, orders, columns.SALES_ORDERS)

    def get_orders(self, request: Request, account: str, ids: str) -> Response:
        found = [self._store.orders[number] for number in self._known(ids)]
        if not found:
            raise wire.nothing_found()
        return self._yes([wire.order_shape(order, self._store) for order in found])

    def get_sales_orders(self, request: Request, account: str, ids: str) -> Response:
        return self._sales("SO", ids)

    def get_sales_credits(self, request: Request, account: str, ids: str) -> Response:
        return self._sales("SC", ids)

    def get_uris(self, request: Request, account: str, ids: str) -> Response:
        """OPTIONS: the set as addresses of at most 200 ids."""
        noun = request.path.rstrip("/").split("/")[-2]
        listed = ",".join(map(str, wire.id_set(ids)))
        return self._yes({"getUris": [f"/{noun}/{listed}"]})

    def get_order_notes(self, request: Request, account: str, ids: str) -> Response:
        rows = [
            {"orderId": number, "text": words, "isPublic": False, "createdOn": stamp(at)}
            for number in self._known(ids)
            for at, words in self._store.orders[number].notes
        ]
        if not rows:
            raise wire.nothing_found()
        return self._yes(rows)

    def _sales(self, type_code: str, ids: str) -> Response:
        """2xx whatever is found: 200 when all are, else 207."""
        wanted = wire.id_set(ids)
        orders = [
            self._store.orders[number]
            for number in self._known(ids)
            if self._store.orders[number].type_code == type_code
        ]
        shapes = [wire.sales_shape(order, self._store) for order in orders]
        return self._yes(shapes, status=200 if len(shapes) == len(set(wanted)) else 207)

    def _known(self, ids: str) -> list[int]:
        return [number for number in wire.id_set(ids) if number in self._store.orders]

    # --- writes -------------------------------------------------------------------------------

    def create_sales_credit(self, request: Request, account: str) -> Response:
        return self._create(request, "SC")

    def create_sales_order(self, request: Request, account: str) -> Response:
        return self._create(request, "SO")

    def create_order(self, request: Request, account: str) -> Response:
        """The older way: a head without rows, which are added one by one."""
        body = self._object(request)
        type_code = str(body.get("orderTypeCode"))
        contact = ((body.get("parties") or {}).get("customer") or {}).get("contactId")
        if type_code not in columns.TYPES:
            raise Refused("SIM-015", f"There is no order type {type_code}")
        if contact not in self._store.contacts:
            raise Refused("SIM-011", f"Contact {contact} was not found")
        at = self.moment()
        order = Order(
            order_id=self._store.next_id(),
            type_code=type_code,
            ref=str(body.get("reference") or ""),
            contact_id=int(contact),
            warehouse_id=int(body.get("warehouseId") or min(self._store.warehouses, default=0)),
            currency=str((body.get("currency") or {}).get("orderCurrencyCode") or "GBP"),
            price_mode=str(body.get("priceModeCode") or "EXC"),
            placed_on=_day(body, "placedOn", at),
            tax_date=at,
            created_on=at,
            updated_on=at,
            parent_id=int(body.get("parentOrderId") or 0),
            is_ours=True,
        )
        self._store.orders[order.order_id] = order
        return self._yes(order.order_id)

    def list_order_types(self, request: Request, account: str) -> Response:
        names = {"SO": "Sales order", "PO": "Purchase order", "SC": "Sales credit"}
        rows = [
            {"orderTypeId": number, "orderTypeCode": code, "name": names[code]}
            for number, code in ((1, "SO"), (2, "PO"), (3, "SC"))
        ]
        return self._yes(rows)

    def _create(self, request: Request, type_code: str) -> Response:
        body = self._object(request)
        self._check_fields(body, _SALES_CREDIT_FIELDS)
        contact = (body.get("customer") or {}).get("id") or body.get("customerId")
        if contact is None:
            raise Refused("SIM-010", "customer.id is required")
        if int(contact) not in self._store.contacts:
            raise Refused("SIM-011", f"Contact {contact} was not found")
        parent = int(body.get("parentId") or 0)
        if parent and parent not in self._store.orders:
            raise Refused("SIM-012", f"Parent order {parent} was not found")
        warehouse = int(body.get("warehouseId") or min(self._store.warehouses, default=0))
        if warehouse not in self._store.warehouses:
            raise Refused("SIM-013", f"Warehouse {warehouse} was not found")
        key = str(body.get("externalRef") or "")
        instance = int(body.get("installedIntegrationInstanceId") or 0)
        place = (type_code, key, str(instance))
        # Only both together are unique.
        if key and instance and place in self._store.taken:
            words = f"An order with the external reference {key} already exists"
            raise Refused("SIM-014", words)
        at = self.moment()
        order = Order(
            order_id=self._store.next_id(),
            type_code=type_code,
            ref=str(body.get("ref") or ""),
            contact_id=int(contact),
            warehouse_id=warehouse,
            currency=_currency(body, self._store),
            price_mode=str(body.get("priceModeCode") or "EXC"),
            placed_on=_day(body, "placedOn", at),
            tax_date=_day(body, "taxDate", at),
            created_on=at,
            updated_on=at,
            external_ref=key,
            instance_id=instance,
            parent_id=parent,
            channel_id=int(body.get("channelId") or 0),
            status_id=int(body.get("statusId") or 6),
            is_ours=True,
        )
        for row in body.get("rows") or []:
            self._check_fields(row, _ROW_FIELDS)
            self._add_row(order, row)
        self._store.orders[order.order_id] = order
        self._store.taken.add(place)
        return self._yes(order.order_id)

    def _add_row(self, order: Order, body: Mapping[str, Any]) -> Row:
        product_id = int(body.get("productId") or 0)
        if not product_id and not body.get("name"):
            raise Refused("SIM-020", "A row needs productId or name")
        self._check_product(product_id)
        tax_code = str(body.get("taxCode") or "")
        if tax_code and tax_code not in self._codes():
            raise Refused("SIM-021", f"There is no tax code {tax_code}")
        product = self._store.products.get(product_id, {})
        row = Row(
            row_id=self._store.next_id(),
            product_id=product_id,
            name=str(body.get("name") or product.get("name", "")),
            quantity=wire.decimal(body.get("quantity", "1")),
            net=wire.decimal(body.get("net", "0")),
            tax=wire.decimal(body.get("tax", "0")),
            tax_code=tax_code or min(self._codes(), default=""),
            nominal_code=str(
                body.get("nominalCode") or self._store.configuration["salesNominalCode"]
            ),
            external_ref=str(body.get("externalRef") or ""),
        )
        order.rows[row.row_id] = row
        if product.get("components") and self.switches["bundle_rows"] == "added":
            self._add_parts(order, row)
        return row

    def _add_parts(self, order: Order, parent: Row) -> None:
        """A bundle's row brings its components' rows, without money."""
        for product_id, units in self._store.leaves(parent.product_id, int(parent.quantity)):
            row_id = self._store.next_id()
            order.rows[row_id] = Row(
                row_id=row_id,
                product_id=product_id,
                name=str(self._store.products[product_id].get("name", "")),
                quantity=Decimal(units),
                net=ZERO,
                tax=ZERO,
                tax_code=parent.tax_code,
                nominal_code=parent.nominal_code,
                parent_row_id=parent.row_id,
            )

    def _check_product(self, product_id: int) -> None:
        if not product_id:
            return
        product = self._store.products.get(product_id)
        if product is None:
            raise Refused("SIM-022", f"Product {product_id} was not found")
        is_archived = product.get("status") == "ARCHIVED"
        if is_archived and self.switches["archived_products"] == "refused":
            raise Refused("SIM-023", f"Product {product_id} is archived")

    def _codes(self) -> set[str]:
        return {str(record["code"]) for record in self._store.tax_codes.values()}

    def add_row(self, request: Request, account: str, order_id: int) -> Response:
        order = self._open(order_id)
        body = self._object(request)
        value = body.get("rowValue") or {}
        row = self._add_row(
            order,
            {
                "productId": body.get("productId"),
                "name": body.get("productName"),
                "quantity": (body.get("quantity") or {}).get("magnitude"),
                "taxCode": value.get("taxCode"),
                "net": (value.get("rowNet") or {}).get("value"),
                "tax": (value.get("rowTax") or {}).get("value"),
                "nominalCode": body.get("nominalCode"),
            },
        )
        return self._yes(row.row_id)

    def patch_row(self, request: Request, account: str, order_id: int, row_id: int) -> Response:
        row = self._row_of(order_id, row_id)
        fields = {
            "/quantity/magnitude": "quantity",
            "/rowValue/rowNet/value": "net",
            "/rowValue/rowTax/value": "tax",
        }
        patch = wire.json_of(request)
        if not isinstance(patch, list) or not all(
            isinstance(step, dict) and step.get("path") in fields for step in patch
        ):
            raise Refused("SIM-024", "The patch cannot be read")
        values = {fields[step["path"]]: wire.decimal(step.get("value")) for step in patch}
        if values.get("quantity", row.quantity) < row.received:
            raise Refused("SIM-025", "The quantity is below what was received")
        for name, value in values.items():
            setattr(row, name, value)
        if "quantity" in values:
            self._rescale_parts(order_id, row)
        return self._yes({})

    def _rescale_parts(self, order_id: int, parent: Row) -> None:
        order = self._store.orders[order_id]
        if not self._store.products.get(parent.product_id, {}).get("components"):
            return
        for number in [n for n, row in order.rows.items() if row.parent_row_id == parent.row_id]:
            del order.rows[number]
        self._add_parts(order, parent)

    def delete_row(self, request: Request, account: str, order_id: int, row_id: int) -> Response:
        row = self._row_of(order_id, row_id)
        order = self._store.orders[order_id]
        family = [n for n, r in order.rows.items() if row_id in (n, r.parent_row_id)]
        if row.received or any(order.rows[number].received for number in family):
            raise Refused("SIM-026", "The row has been received")
        for number in family:
            del order.rows[number]
        return self._yes({})

    def add_note(self, request: Request, account: str, order_id: int) -> Response:
        if order_id not in self._store.orders:
            raise Refused("SIM-027", f"Order {order_id} was not found", status=404)
        body = self._object(request)
        self._store.orders[order_id].notes.append((self.moment(), str(body.get("text") or "")))
        return self._yes(self._store.next_id())

    def set_status(self, request: Request, account: str, order_id: int) -> Response:
        if order_id not in self._store.orders:
            raise Refused("SIM-027", f"Order {order_id} was not found", status=404)
        status = self._object(request).get("orderStatusId")
        if not isinstance(status, int):
            raise Refused("SIM-028", "orderStatusId is required")
        self._store.orders[order_id].status_id = status
        return self._yes({})

    def close_sales_credit(self, request: Request, account: str, order_id: int) -> Response:
        """Puts the credit in "invoice pending"; accounting runs by its own time."""
        credit = self._open(order_id)
        if credit.type_code != "SC":
            raise Refused("SIM-029", f"Sales credit {order_id} was not found", status=404)
        body = self._object(request)
        day = _day(body, "taxDate", credit.tax_date)
        until = self._store.locked_until()
        if until is not None and day.date() <= until:
            raise Refused("SIM-030", f"The accounting period is locked until {until.isoformat()}")
        credit.tax_date = day
        credit.closed_at = credit.closed_at or self.moment()
        self._store.pending.setdefault(credit.order_id, self.moment())
        self._run_accounting()
        return self._yes({})

    def _run_accounting(self) -> None:
        """Write the invoices that are due; a credit whose accounting fails stays pending."""
        if self.switches["accounting_fails"]:
            return
        wait = timedelta(seconds=float(self.switches["invoice_seconds"]))
        # In the order they were closed, whenever it is looked at.
        for order_id, closed_at in list(self._store.pending.items()):
            if closed_at + wait <= self.moment():
                order = self._store.orders[order_id]
                order.invoice = f"SC{self._store.next_id()}"
                order.invoiced_on = order.tax_date
                del self._store.pending[order_id]

    def _open(self, order_id: int) -> Order:
        order = self._store.orders.get(order_id)
        if order is None:
            raise Refused("SIM-027", f"Order {order_id} was not found", status=404)
        if order.invoice:
            raise Refused("SIM-031", f"Order {order_id} has already been invoiced", status=409)
        return order

    def _row_of(self, order_id: int, row_id: int) -> Row:
        order = self._open(order_id)
        if row_id not in order.rows:
            raise Refused("SIM-032", f"Row {row_id} was not found", status=404)
        return order.rows[row_id]

    # --- for all services ---------------------------------------------------------------------

    def _yes(self, response: object, *, status: int = 200) -> Response:
        return self.reply({"response": response}, status=status)

    def _searched(
        self, request: Request, records: Iterable[Any], of_search: tuple[Column, ...]
    ) -> Response:
        if request.path.rstrip("/").endswith("/meta-data"):
            shown = [wire.column_data(column) for column in of_search if column.is_shown]
            return self._yes({"metaData": {"columns": shown}})
        cap = int(self.switches["page_cap"])
        found = wire.search(list(records), of_search, request.args, page_cap=cap)
        return self.reply({"response": found, "reference": columns.references(of_search)})

    def _object(self, request: Request) -> dict[str, Any]:
        body = wire.json_of(request)
        if not isinstance(body, dict):
            raise Refused("CMNC-010", "A JSON body is required")
        return body

    def _check_fields(self, body: Mapping[str, Any], known: frozenset[str]) -> None:
        unknown = set(body) - known
        if unknown and self.switches["unknown_fields"] == "refused":
            raise Refused("SIM-040", f"There is no field {min(unknown)}")


def _day(body: Mapping[str, Any], name: str, default: datetime) -> datetime:
    if not body.get(name):
        return default
    try:
        return moment(body[name])
    except ValueError:
        raise Refused("SIM-042", f"{name} is no date") from None


def _currency(body: Mapping[str, Any], store: Store) -> str:
    code = (body.get("currency") or {}).get("code")
    return str(code or store.configuration["baseCurrencyCode"])
