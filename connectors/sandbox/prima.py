"""A Prima-like ERP: one SOAP operation, a document as a string in and another out.

Documented by third-party use: the operation `wsomhandler` (and `comwsomhandler` for several
companies), a root `Request` with `RequestType` and a child `Data`, values as attributes; a reply
with `RequestStatus` (`OK` or `ERROR`) and `RequestError`; names whose case changes from reply to
reply; ISO-8859-1; `OrderStatus`, `NewOrder`, `MultiNewOrder`, `MultiAvailableToSell` and
`ProductAvailableToSell`. The name of the reply's root, and every type that begins with `Sim`, is
invented: no return, credit, receipt or read of an order's lines is public.

- `SimReturn`, `SimGoodsIn`, `SimStockMove`, `SimWriteOff`, `SimCredit` take `Data` with Reference,
  DocumentDate, Warehouse, Customer, OrderNumber, InvoiceNumber, ReturnNumber, Currency,
  VatInclusive, Narrative and a `Line` each: LineNumber, Product and matrix codes or ChargeCode,
  LineReference, Quantity, Depot, ReasonCode, Price, LineValue, ExtTaxVal, VatCode, and a `Tax`
  (VatCode, Value) for each of several. Posted at once; `Data@DocumentNumber` answers.
- `SimDocument` finds documents of a type by reference. Nothing at this side stops two documents
  with one reference, unless the switch `unique_references` says so.

Switches, one per thing nobody knows: see `default_switches`. The records a twin loads are described
in `prima_store`, its refusals in `prima_checks`.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, ClassVar
from xml.etree import ElementTree as ET

from werkzeug.wrappers import Request, Response

from connectors.sandbox import prima_checks as checks
from connectors.sandbox import prima_soap as soap
from connectors.sandbox import prima_store as store
from connectors.sandbox.base import Route, Twin
from connectors.sandbox.prima_checks import Refused
from connectors.sandbox.prima_soap import Element

PATH = "/wsa/wsa1"
# Each of these makes something; every other request only asks.
_ORDERS = ("neworder", "multineworder")
_CREATES = ("SimReturn", "SimGoodsIn", "SimStockMove", "SimWriteOff", "SimCredit")


@dataclass
class Document:
    """One created document. `told` is what was sent, plus what an edit changed later."""

    number: str
    request_type: str
    told: Element
    gross: Decimal
    units: int
    made_at: datetime


class PrimaTwin(Twin):
    """See the module's text; `load` schema in `prima_store`."""

    name = "prima"
    routes = (Route("POST", PATH, "call"), Route("GET", f"{PATH}/wsdl", "wsdl"))
    default_switches: ClassVar[Mapping[str, Any]] = {
        # Whether a reference taken once is refused the second time.
        "unique_references": False,
        # "reply" refuses in RequestError, "fault" with a SOAP fault and status 500.
        "refuse_by": "reply",
        # "rpc" or "document": the style of the answers.
        "soap_style": "rpc",
        # How long a new document stays invisible to SimDocument.
        "search_lag_seconds": 0,
        # "amount" or "quantity": somebody changes each document after posting.
        "edit_after_post": "",
        # Answers OK with a number and keeps nothing.
        "silent_success": False,
        # Prima has no login of its own; a proxy in front of it may ask for one (HTTP Basic).
        "needs_login": False,
    }

    def credentials(self) -> dict[str, str]:
        return {"user": "sandbox-prima", "password": "sandbox-prima-password"}

    def clear(self) -> None:
        self._store = store.Store()
        self._documents: list[Document] = []
        self._credited: dict[tuple[str, str], int] = {}
        self._last_number = 500_000
        self._answers: dict[str, Callable[[Element], list[ET.Element]]] = {
            "orderstatus": self._order_status,
            "neworder": self._new_order,
            "multineworder": self._new_order,
            "multiavailabletosell": self._available,
            "productavailabletosell": self._available_range,
            "simdepot": self._depots,
            "simproduct": self._products,
            "simorder": self._order,
            "simdocument": self._find,
        }

    @property
    def books(self) -> store.Store:
        """What it knows; asked under `lock`."""
        return self._store

    def load(self, records: Mapping[str, Any]) -> dict[str, int]:
        with self.lock:
            return self._store.load(records)

    def documents(self) -> list[dict[str, Any]]:
        """Every document in the order of creation."""
        with self.lock:
            self.settle()
            return [
                {
                    "number": entry.number,
                    "type": entry.request_type,
                    "reference": entry.told.get("Reference"),
                    "units": entry.units,
                    "gross": entry.gross if entry.request_type == checks.CREDIT else Decimal(0),
                    "made_at": entry.made_at.isoformat(),
                    "data": dict(entry.told.values),
                    "lines": [dict(line.values) for line in checks.lines(entry.told)],
                }
                for entry in self._documents
            ]

    def refusal(self, request: Request) -> Response | None:
        if not self.switches["needs_login"]:
            return None
        pair = ":".join(self.credentials().values()).encode()
        if request.headers.get("Authorization") == f"Basic {base64.b64encode(pair).decode()}":
            return None
        return Response("Authorization required.", status=401, content_type="text/plain")

    def changes_nothing(self, request: Request) -> bool:
        """Everything is a POST to one address here, so the document itself tells."""
        try:
            _, document = soap.call_of(request.get_data(as_text=True))
        except soap.NoCall:
            return True
        made = (*_ORDERS, *map(str.lower, _CREATES))
        return request.method == "GET" or document.get("RequestType").lower() not in made

    # --- the one operation --------------------------------------------------------------------

    def call(self, request: Request) -> Response:
        try:
            operation, document = soap.call_of(request.get_data(as_text=True))
        except soap.NoCall as error:
            return _xml(soap.fault(str(error)), status=500)
        kind = document.get("RequestType")
        try:
            values, elements = self._answered(kind, document.one("Data"))
        except Refused as refused:
            if self.switches["refuse_by"] == "fault":
                return _xml(soap.fault(str(refused)), status=500)
            return self._reply(operation, kind, str(refused), {}, [])
        return self._reply(operation, kind, "", values, elements)

    def wsdl(self, request: Request) -> Response:
        address = request.base_url.removesuffix("/wsdl")
        return _xml(soap.wsdl(address, style=str(self.switches["soap_style"])))

    def _answered(self, kind: str, data: Element) -> tuple[dict[str, str], list[ET.Element]]:
        made = next((name for name in _CREATES if name.lower() == kind.lower()), None)
        if made is not None:
            return {"DocumentNumber": self._create(made, data)}, []
        answer = self._answers.get(kind.lower())
        if answer is None:
            raise Refused(f"RequestType not known: {kind}")
        elements = answer(data)
        # What belongs to `Data` itself comes as one element of that name.
        if len(elements) == 1 and elements[0].tag == "Data":
            return dict(elements[0].attrib), []
        return {}, elements

    def _reply(
        self,
        operation: str,
        kind: str,
        error: str,
        values: Mapping[str, str],
        elements: list[ET.Element],
    ) -> Response:
        root = ET.Element("Response", {"RequestType": kind})
        root.set("RequestStatus", "ERROR" if error else "OK")
        root.set("RequestError", error)
        ET.SubElement(root, "Data", dict(values)).extend(elements)
        return _xml(soap.answer(operation, root, style=str(self.switches["soap_style"])))

    # --- documented reads ---------------------------------------------------------------------

    def _order_status(self, data: Element) -> list[ET.Element]:
        number = data.get("OrderNumber")
        order = self._store.orders.get(number)
        if order is None:
            raise Refused(f"Order not found: {number}")
        status = store.text(order, "status") or "Despatched"
        return [ET.Element("Data", {"OrderNumber": number, "OrderStatus": status})]

    def _available(self, data: Element) -> list[ET.Element]:
        asked = [checks.key_of(sku) for sku in data.all("sku")]
        found = [self._store.skus[key] for key in asked if key in self._store.skus]
        items = self._store.items
        return [store.stock_element("sku", items[sku], self.moment()) for sku in found]

    def _available_range(self, data: Element) -> list[ET.Element]:
        first, last = data.get("ProductFrom"), data.get("ProductTo")
        return [
            store.stock_element("SKU", item, self.moment())
            for item in self._store.items.values()
            if first <= store.key_of(item)[0] and (not last or store.key_of(item)[0] <= last)
        ]

    # --- documented write ---------------------------------------------------------------------

    def _new_order(self, data: Element) -> list[ET.Element]:
        """An order as the shop plugin sends it; its quantities' name is not public."""
        number = data.get("OrderNumber")
        if not number:
            raise Refused("OrderNumber is missing")
        rows = data.all("OrderLineData")
        unknown = [row.get("Product") for row in rows if checks.key_of(row) not in self._store.skus]
        if unknown:
            raise Refused(f"Product not found: {unknown[0]}")
        self._store.load({"orders": [_order_record(number, data, self._store, self.moment())]})
        return [ET.Element("Data", {"OrderNumber": number})]

    # --- invented reads -----------------------------------------------------------------------

    def _depots(self, _data: Element) -> list[ET.Element]:
        return [store.depot_element(location) for location in self._store.locations.values()]

    def _products(self, data: Element) -> list[ET.Element]:
        sku, barcode = data.get("WebSku"), data.get("Barcode")
        return [
            store.product_element(item)
            for item in self._store.items.values()
            if (sku and sku == store.text(item, "sku"))
            or (barcode and barcode == store.text(item, "barcode"))
        ]

    def _order(self, data: Element) -> list[ET.Element]:
        number = data.get("OrderNumber")
        order = self._store.orders.get(number)
        if order is None:
            raise Refused(f"Order not found: {number}")
        return [store.order_element(order, self._store)]

    def _find(self, data: Element) -> list[ET.Element]:
        wanted = {row.get("Reference") for row in data.all("Find")}
        hidden = timedelta(seconds=float(self.switches["search_lag_seconds"]))
        return [
            _document_element(entry)
            for entry in self._documents
            if entry.request_type == data.get("DocumentType")
            and entry.told.get("Reference") in wanted
            and entry.made_at + hidden <= self.moment()
        ]

    # --- invented writes ----------------------------------------------------------------------

    def _create(self, kind: str, data: Element) -> str:
        checks.check(kind, data, checks.Books(self._store, self._credited))
        reference = data.get("Reference")
        taken = (entry.told.get("Reference") == reference for entry in self._documents)
        if self.switches["unique_references"] and any(taken):
            raise Refused(f"Reference has been used already: {reference}")
        self._last_number += 1
        number = f"P{self._last_number}"
        if not self.switches["silent_success"]:
            self._keep(number, kind, data)
        return number

    def _keep(self, number: str, kind: str, data: Element) -> None:
        units = sum(checks.quantity(line) for line in checks.item_lines(data))
        entry = Document(number, kind, data, checks.gross(data), units, self.moment())
        if kind == checks.CREDIT:
            for line in checks.item_lines(data):
                key = (data.get("OrderNumber"), line.get("LineReference"))
                self._credited[key] = self._credited.get(key, 0) + checks.quantity(line)
        if self.switches["edit_after_post"] == "amount":
            entry.gross += 1
        elif self.switches["edit_after_post"] == "quantity":
            entry.units += 1
        self._documents.append(entry)


def _document_element(entry: Document) -> ET.Element:
    told, is_credit = entry.told, entry.request_type == checks.CREDIT
    element = ET.Element(
        "Document",
        {
            "Reference": told.get("Reference"),
            "DocumentNumber": entry.number,
            "Status": "Posted",
            "Units": str(entry.units),
            "Gross": str(entry.gross) if is_credit else "",
            "VatTotal": str(checks.tax(told)) if is_credit else "",
            "Currency": told.get("Currency"),
            "Warehouse": told.get("Warehouse"),
            "PostedAt": store.moment_text(entry.made_at),
        },
    )
    if is_credit:
        element.extend(store.tax_elements(checks.taxes(told).items()))
    return element


def _order_record(number: str, data: Element, known: store.Store, at: datetime) -> dict[str, Any]:
    rows = data.all("OrderLineData")
    return {
        "number": number,
        "customer": data.get("Customer"),
        "warehouse": data.get("Warehouse"),
        "currency": data.get("Currency"),
        "ordered_at": at.isoformat(),
        "vat_inclusive": data.get("VatInclusive") == "Yes",
        "status": "New",
        "order_type": data.get("OrderType"),
        "lines": [
            {
                "line_id": row.get("LineReference") or str(place),
                "sku": known.skus[checks.key_of(row)],
                "quantity": checks.quantity(row),
                "unit_price": row.get("Price"),
                "net": row.get("Price"),
            }
            for place, row in enumerate(rows, start=1)
        ],
    }


def _xml(content: bytes, *, status: int = 200) -> Response:
    return Response(content, status=status, content_type="text/xml; charset=utf-8")
