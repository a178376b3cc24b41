"""What the NetSuite-like twin refuses, and the body it says so with.

The body's shape, INVALID_CONTENT with a path, NONEXISTENT_ID and USER_ERROR for every business rule
are documented; the words of a USER_ERROR are ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from connectors.sandbox.netsuite_records import Item, Line, Transaction, amount
from connectors.sandbox.netsuite_store import Store

ERROR_TYPE = "application/vnd.oracle.resource+json; type=error"
_TITLES = {
    400: "Bad Request",
    401: "Unauthorized",
    404: "Not Found",
    405: "Method Not Allowed",
    429: "Too Many Requests",
}

_HEAD = ("externalid", "trandate", "memo", "postingperiod", "customform", "department", "class")
_MONEY = (*_HEAD, "location", "otherrefnum", "taxdetailsoverride", "taxdetails", "item")
# Names each record knows, in lower case; custbody… and custcol… are known everywhere.
FIELDS: Mapping[str, frozenset[str]] = {
    "returnauthorization": frozenset({*_MONEY, "orderstatus", "entity", "entitytaxregnum"}),
    "itemreceipt": frozenset({*_HEAD, "item"}),
    "creditmemo": frozenset(
        {*_MONEY, "autoapply", "apply", "entity", "shippingcost", "shippingtaxcode"}
    ),
    "cashrefund": frozenset({*_MONEY, "entity", "shippingcost", "shippingtaxcode", "account"}),
    "customerrefund": frozenset(
        {*_HEAD, "customer", "account", "aracct", "paymentoption", "paymentmethod", "currency"}
        | {"handlingmode", "apply", "checknum"}
    ),
    "inventoryadjustment": frozenset({*_HEAD, "subsidiary", "account", "adjlocation", "inventory"}),
    "inventorytransfer": frozenset(
        {*_HEAD, "subsidiary", "location", "transferlocation", "inventory"}
    ),
    "salesorder": frozenset({*_MONEY, "entity", "subsidiary", "orderstatus", "shippingcost"}),
}
LINE_FIELDS: Mapping[str, frozenset[str]] = {
    "item": frozenset(
        {"item", "quantity", "rate", "amount", "grossamt", "taxcode", "taxrate1", "tax1amt"}
        | {"price", "location", "isclosed", "inventorydetail", "orderdoc", "orderline", "line"}
        | {"itemreceive", "description", "taxdetailsreference"}
    ),
    "inventory": frozenset(
        {"item", "location", "adjustqtyby", "unitcost", "inventorydetail", "description", "line"}
    ),
    "apply": frozenset({"doc", "line", "amount", "apply"}),
    "taxdetails": frozenset(
        {"taxdetailsreference", "taxcode", "taxtype", "taxbasis", "taxrate", "taxamount"}
    ),
}


class Refused(Exception):
    """An answer other than yes. `extra` are further names of the error's detail."""

    def __init__(
        self, status: int, code: str, detail: str, *, path: str = "", **extra: str
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.path = path
        self.extra = extra
        self.title = _TITLES.get(status, "Error")
        self.headers: dict[str, str] = {}


def business(detail: str) -> Refused:
    """A business rule: one code for all of them, and no path."""
    return Refused(400, "USER_ERROR", f"Error while accessing a resource. {detail}")


def invalid(detail: str, path: str) -> Refused:
    return Refused(400, "INVALID_CONTENT", f"Error while accessing a resource. {detail}", path=path)


def missing(what: str) -> Refused:
    return Refused(404, "NONEXISTENT_ID", f"The record instance does not exist: {what}.")


def body(refused: Refused) -> dict[str, Any]:
    detail: dict[str, Any] = {"detail": refused.detail, "o:errorCode": refused.code}
    if refused.path:
        detail["o:errorPath"] = refused.path
    detail.update({f"o:{name}": value for name, value in refused.extra.items()})
    return {
        "type": "https://www.rfc-editor.org/rfc/rfc9110.html#section-15.5",
        "title": refused.title,
        "status": refused.status,
        "o:errorDetails": [detail],
    }


def folded(content: Any) -> dict[str, Any]:
    """A body with its names in lower case, as they may be written in any."""
    if not isinstance(content, dict):
        raise invalid("The request body must be a JSON object.", "")
    return {name.lower(): value for name, value in content.items()}


def rows(content: Mapping[str, Any], sublist: str) -> list[dict[str, Any]]:
    """The lines of a sublist, names in lower case; none where it is not there."""
    value = content.get(sublist)
    if value is None:
        return []
    found = value.get("items") if isinstance(value, dict) else None
    if not isinstance(found, list):
        raise invalid("A sublist is an object with a list named items.", sublist)
    return [folded(row) for row in found]


def check_names(kind: str, content: Mapping[str, Any]) -> None:
    """Refuse names the record does not know; asked for by X-NetSuite-PropertyNameValidation."""
    _check(content, FIELDS.get(kind, frozenset()), "")
    for sublist, known in LINE_FIELDS.items():
        for position, row in enumerate(rows(content, sublist)):
            _check(row, known, f"{sublist}.items[{position}].")


def _check(content: Mapping[str, Any], known: frozenset[str], before: str) -> None:
    for name in content:
        if name not in known and not name.startswith(("custbody", "custcol")):
            raise invalid(f"Unknown reference or field '{name}'.", f"{before}{name}")


class Checks:
    """Looks into the books for what contradicts them."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def day(self, content: Mapping[str, Any], today: date, *, is_posting: bool) -> date:
        try:
            day = date.fromisoformat(str(content.get("trandate") or today.isoformat()))
        except ValueError:
            raise invalid("Invalid date.", "tranDate") from None
        if is_posting and f"{day:%Y-%m}" in self._store.closed_months:
            raise business(f"The accounting period {day:%b %Y} of this transaction is closed.")
        return day

    def location(self, reference: Any, subsidiary: str, path: str) -> str:
        """The location's id; "" for none given."""
        number = self._store.reference("location", reference)
        if not number:
            return ""
        if number not in self._store.locations:
            raise invalid(f"Invalid location reference key {number}.", path)
        where, is_active = self._store.locations[number]
        if not is_active:
            raise invalid(f"The location {number} is inactive.", path)
        if subsidiary and where != subsidiary:
            raise business(f"The location {number} belongs to another subsidiary.")
        return number

    def item(self, reference: Any, path: str) -> Item:
        item = self._store.item_of(reference)
        if item is None:
            raise invalid("Invalid item reference key.", path)
        if not item.is_active:
            raise business(f"The item {item.sku} is inactive.")
        return item

    def stocked(self, reference: Any, path: str) -> Item:
        """An item there can be stock of."""
        item = self.item(reference, path)
        if item.type not in ("InvtPart", "Assembly"):
            raise business(f"The item {item.sku} holds no stock.")
        return item

    def units(self, row: Mapping[str, Any], default: Decimal, *, limit: Decimal) -> Decimal:
        quantity = default if row.get("quantity") is None else number(row, "quantity")
        if quantity <= 0:
            raise business("The quantity must be greater than zero.")
        if quantity > limit:
            raise business(f"The quantity {quantity} is greater than the remaining {limit}.")
        return quantity


def number(row: Mapping[str, Any], name: str) -> Decimal:
    try:
        return amount(row, name)
    except ValueError as error:
        raise invalid(str(error), name) from None


def source_line(source: Transaction, row: Mapping[str, Any], path: str) -> Line | None:
    """The line a row is made from, None for a row of its own."""
    told = row.get("orderline", row.get("line"))
    if told is None:
        return None
    line = source.line(int(told)) if str(told).isdecimal() else None
    if line is None or line.item_type in ("Discount", "ShipItem"):
        raise invalid(f"Invalid order line {told}.", path)
    return line
