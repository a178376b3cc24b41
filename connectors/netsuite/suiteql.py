"""The questions we ask in SuiteQL. Dates are asked as ISO text, since their format is the user's.

Documented: the endpoint, paging, and the record types. Seen in public integrations: the columns
(transactionline.id is the REST `line`, kitmemberof names it, quantities and amounts of sales are
negative). Assumed: that a plain tax code and amount stand on the line where SuiteTax is off.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from connectors.netsuite.options import Options
from connectors.types import DocumentKind

# Most values of one IN list.
MOST_VALUES = 200
# Ids of all transactions are one sequence; a page holds a thousand lines at most.
_IDS_AHEAD = 5_000
_WHOLE = re.compile(r"\d{1,18}")

TYPES = {
    DocumentKind.RETURN_AUTHORISATION: ("RtnAuth",),
    DocumentKind.STOCK_RECEIPT: ("ItemRcpt",),
    DocumentKind.CREDIT_MEMO: ("CustCred", "CashRfnd"),
    DocumentKind.REFUND_RECORD: ("CustRfnd",),
    DocumentKind.STOCK_MOVE: ("InvTrnfr",),
    DocumentKind.WRITE_OFF: ("InvAdjst",),
}

CHECK = "SELECT s.id, s.name FROM subsidiary s ORDER BY s.id"
LOCATIONS = "SELECT l.id, l.name, l.subsidiary, l.isinactive FROM location l ORDER BY l.id"
PERIODS = (
    "SELECT p.id, TO_CHAR(p.startdate, 'YYYY-MM') AS month, p.closed, p.arlocked, p.alllocked"
    " FROM accountingperiod p"
    " WHERE p.isquarter = 'F' AND p.isyear = 'F' AND p.isadjust = 'F' ORDER BY p.id"
)


def texts(values: Iterable[str]) -> str:
    """An IN list of texts. SuiteQL knows no parameters; a quote is doubled."""
    cleaned = ("".join(char for char in value if char.isprintable()) for value in values)
    return ", ".join("'" + value.replace("'", "''") + "'" for value in cleaned)


def ids(values: Iterable[str]) -> list[str]:
    """The values that can be internal ids; others are nobody's."""
    return [value for value in dict.fromkeys(values) if _WHOLE.fullmatch(value)]


def items(options: Options, skus: Sequence[str]) -> str:
    names = texts(skus)
    return _items(options, f"i.{options.sku_field} IN ({names}) OR i.upccode IN ({names})")


def changed_items(options: Options, *, since: str, after_id: int) -> str:
    """Items changed at or after `since` ("" for all) with a greater id than `after_id`."""
    changed = f" AND i.lastmodifieddate >= TO_DATE({texts([since])}, 'YYYY-MM-DD HH24:MI:SS')"
    return _items(options, f"i.id > {after_id}" + (changed if since else ""))


def _items(options: Options, where: str) -> str:
    return (
        f"SELECT i.id, i.{options.sku_field} AS sku, i.upccode, i.displayname, i.itemtype,"
        " i.isinactive, i.averagecost,"
        " TO_CHAR(i.lastmodifieddate, 'YYYY-MM-DD HH24:MI:SS') AS changed"
        f" FROM item i WHERE {where} ORDER BY i.id"
    )


def orders(options: Options, numbers: Sequence[str]) -> str:
    """Sales orders with their lines; under SuiteTax one row per line and tax."""
    names = texts(numbers)
    where = " OR ".join(f"t.{name} IN ({names})" for name in options.order_fields)
    return (
        "SELECT t.id, t.tranid, t.externalid, t.otherrefnum, t.entity, c.symbol AS currency,"
        " TO_CHAR(t.trandate, 'YYYY-MM-DD') AS trandate, tl.id AS line, tl.mainline, tl.taxline,"
        " tl.itemtype, tl.item, i." + options.sku_field + " AS sku, tl.memo, tl.quantity, tl.rate,"
        " tl.foreignamount, tl.location, tl.subsidiary, tl.kitmemberof, tl.transactiondiscount,"
        f" {_tax_columns(options)}"
        " FROM transaction t JOIN transactionline tl ON tl.transaction = t.id"
        " LEFT JOIN item i ON i.id = tl.item JOIN currency c ON c.id = t.currency"
        f"{_tax_join(options)}"
        f" WHERE t.type = 'SalesOrd' AND ({where})"
        f" ORDER BY t.id, tl.linesequencenumber, tl.id{', td.taxcode' * options.is_suitetax}"
    )


def _tax_columns(options: Options) -> str:
    tax = "td" if options.is_suitetax else "tl"
    return f"{tax}.taxcode, {tax}.taxamount"


def _tax_join(options: Options) -> str:
    if not options.is_suitetax:
        return ""
    return (
        " LEFT JOIN transactiontaxdetail td ON td.transaction = tl.transaction AND td.line = tl.id"
    )


def documents(kind: DocumentKind, names: Sequence[str], *, field: str = "externalid") -> str:
    """By external id, or by number ("tranid")."""
    return (
        "SELECT t.id, t.externalid, t.tranid, t.type, t.status, c.symbol AS currency,"
        " t.foreigntotal, TO_CHAR(t.createddate, 'YYYY-MM-DD HH24:MI:SS') AS created,"
        " tl.id AS line, tl.mainline, tl.taxline, tl.itemtype, tl.quantity, tl.foreignamount,"
        " tl.location, tl.subsidiary, tl.kitmemberof"
        " FROM transaction t JOIN transactionline tl ON tl.transaction = t.id"
        " LEFT JOIN currency c ON c.id = t.currency"
        f" WHERE t.{field} IN ({texts(names)}) AND t.type IN ({texts(TYPES[kind])})"
        " ORDER BY t.id, tl.id"
    )


def open_lines(transaction_type: str, from_id: str) -> str:
    """Goods lines of a document and of those of its type made soon after it; they come next."""
    return (
        "SELECT tl.transaction AS document, tl.id AS line, tl.item, tl.quantity,"
        " tl.quantityshiprecv, tl.kitmemberof, pl.previousline"
        " FROM transaction t JOIN transactionline tl ON tl.transaction = t.id"
        " LEFT JOIN previoustransactionlinelink pl"
        " ON pl.nextdoc = tl.transaction AND pl.nextline = tl.id"
        f" WHERE t.type = '{transaction_type}' AND t.id >= {int(from_id)}"
        f" AND t.id < {int(from_id) + _IDS_AHEAD}"
        " AND tl.mainline = 'F' AND tl.taxline = 'F' AND tl.item IS NOT NULL"
        " ORDER BY tl.transaction, tl.id"
    )


def receipts(options: Options, authorisation_ids: Sequence[str]) -> str:
    """Receipts against authorisations; where statuses tell the bucket, one row per status."""
    place = "tl.location"
    quantity = "tl.quantity"
    join = ""
    if options.has_status_places:
        place, quantity = "ia.inventorystatus", "COALESCE(ia.quantity, tl.quantity)"
        join = (
            " LEFT JOIN inventoryassignment ia"
            " ON ia.transaction = tl.transaction AND ia.transactionline = tl.id"
        )
    return (
        "SELECT t.id, t.tranid, t.externalid, tl.createdfrom,"
        " TO_CHAR(t.createddate, 'YYYY-MM-DD HH24:MI:SS') AS created, tl.id AS line,"
        f" tl.itemtype, i.{options.sku_field} AS sku, {quantity} AS quantity,"
        f" {place} AS place, tl.location, pl.previousline"
        " FROM transaction t JOIN transactionline tl ON tl.transaction = t.id"
        " JOIN item i ON i.id = tl.item"
        " LEFT JOIN previoustransactionlinelink pl"
        f" ON pl.nextdoc = tl.transaction AND pl.nextline = tl.id{join}"
        " WHERE t.type = 'ItemRcpt' AND tl.mainline = 'F' AND tl.taxline = 'F'"
        f" AND tl.createdfrom IN ({', '.join(ids(authorisation_ids))}) ORDER BY t.id, tl.id"
    )


def sale_of(order_id: str) -> str:
    """The invoice or cash sale made from an order."""
    return (
        "SELECT DISTINCT t.id, t.type FROM transaction t"
        " JOIN transactionline tl ON tl.transaction = t.id"
        f" WHERE t.type IN ('CustInvc', 'CashSale') AND tl.createdfrom = {int(order_id)}"
        " ORDER BY t.id"
    )
