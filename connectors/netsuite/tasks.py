"""What people see of a document: its page in NetSuite, the body as text, the values to key."""

from __future__ import annotations

from urllib.parse import urlsplit

from connectors import types, wire_json
from connectors.types import DocumentKind

_API, _APP = ".suitetalk.api.netsuite.com", ".app.netsuite.com"
_PAGES = {
    "returnAuthorization": "rtnauth",
    "itemReceipt": "itemrcpt",
    "creditMemo": "custcred",
    "cashRefund": "cashrfnd",
    "customerRefund": "custrfnd",
    "inventoryTransfer": "invtrnfr",
    "inventoryAdjustment": "invadjst",
}
_TITLES = {
    DocumentKind.RETURN_AUTHORISATION: "Create a return authorisation",
    DocumentKind.STOCK_RECEIPT: "Receive the return",
    DocumentKind.STOCK_MOVE: "Change the inventory status or move the stock",
    DocumentKind.WRITE_OFF: "Adjust the inventory",
    DocumentKind.CREDIT_MEMO: "Create a credit memo",
    DocumentKind.REFUND_RECORD: "Record the customer refund",
}


def page_of(base_url: str, record: str, external_id: str) -> str:
    """The record's page for people; "" where the address is not NetSuite's own."""
    host = urlsplit(base_url).hostname or ""
    if not host.endswith(_API) or record not in _PAGES:
        return ""
    account = host.removesuffix(_API)
    page = _PAGES[record]
    return f"https://{account}{_APP}/app/accounting/transactions/{page}.nl?id={external_id}"


def manual(draft: types.DocumentDraft) -> types.ManualTask:
    """Labels as NetSuite's own screens have them; money only where there is any."""
    money = (("Amount", str(draft.net)), ("Tax", str(draft.tax))) if draft.gross else ()
    fields = (
        ("External ID", draft.key),
        ("Date", draft.date.isoformat()),
        ("Subsidiary", draft.division),
        ("Location", draft.warehouse),
        ("Order", draft.order_number),
        ("Created from", _created_from(draft)),
        ("Memo", draft.note),
        ("Units", str(draft.units)),
        *money,
    )
    return types.ManualTask(
        title=_TITLES[draft.kind],
        fields=tuple((label, value) for label, value in fields if value),
        lines=tuple(_line(line) for line in draft.lines),
    )


def _created_from(draft: types.DocumentDraft) -> str:
    return ", ".join(draft.based_on.values())


def _line(line: types.DraftLine) -> tuple[tuple[str, str], ...]:
    rows = (
        ("Item", line.sku or line.charge_code),
        ("Description", line.description),
        ("Quantity", str(line.quantity)),
        ("Goes to", line.bucket),
        ("Amount", str(line.net) if line.net else ""),
        ("Tax", str(line.tax) if line.tax else ""),
        ("Tax code", line.tax_code),
    )
    return tuple((label, value) for label, value in rows if value)


def indented(value: object, *, depth: int = 0) -> str:
    """The JSON that would be sent, with the same digits, indented for people."""
    inner, outer = "  " * (depth + 1), "  " * depth
    if isinstance(value, dict) and value:
        rows = [
            f"{inner}{wire_json.encode(name)}: {indented(child, depth=depth + 1)}"
            for name, child in value.items()
        ]
        return "{\n" + ",\n".join(rows) + f"\n{outer}}}"
    if isinstance(value, list) and value:
        rows = [inner + indented(child, depth=depth + 1) for child in value]
        return "[\n" + ",\n".join(rows) + f"\n{outer}]"
    return wire_json.encode(value)
