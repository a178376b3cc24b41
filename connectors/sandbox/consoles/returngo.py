"""The console of the simulated ReturnGO: its returns, their lines, inspections and refunds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from connectors.sandbox.consoles import reading
from connectors.sandbox.consoles.room import (
    Act,
    Choices,
    Field,
    Room,
    Row,
    Sheet,
    Table,
    Values,
    Wrong,
    options,
)
from connectors.sandbox.returngo_records import RmaRecord

_STATUSES = ("Pending", "Approved", "Rejected", "Received", "Validated", "Done", "Canceled")
_PAID = ("Success", "Pending", "Failed")
_GRADES: Choices = (
    ("good", "Came back, may be sold again"),
    ("bad", "Came back, may not be sold again"),
    ("missing", "Did not come back"),
    ("none", "Not inspected yet"),
)


class Returns(Room):
    code, title = "returns", "Returns"
    columns = ("Return", "Order", "Customer", "Status", "Items", "Refunded", "Changed")
    hint = "Return, order, customer, e-mail address, SKU or number of a refund"

    def rows(self) -> Iterable[Row]:
        for record in self.twin.books.rmas_below(None):
            facts = record.facts
            customer = facts.get("customer") or {}
            person = f"{customer.get('name', '')} {customer.get('email', '')}".strip()
            items = ", ".join(str(row.get("sku", "")) for row in record.rows("items"))
            paid = ", ".join(_paid(row) for row in record.rows("transactions"))
            told = [str(facts.get("order_name", "")), person, record.status, items, paid]
            yield Row(record.rma_id, [record.rma_id, *told, _moment(record)])

    def sheet(self, key: str) -> Sheet | None:
        record = self.twin.books.rma(key)
        if record is None:
            return None
        facts = record.facts
        customer = facts.get("customer") or {}
        return Sheet(
            title=f"Return {key}",
            facts=[
                ("Status", record.status),
                ("Order", facts.get("order_name", "")),
                ("Customer", f"{customer.get('name', '')} {customer.get('email', '')}"),
                ("Currency", facts.get("currency", "")),
                ("Changed", _moment(record)),
            ],
            tables=(_items(record), _refunds(record), _shipments(record)),
            acts=self._acts(record),
        )

    def _acts(self, record: RmaRecord) -> tuple[Act, ...]:
        acts = [_status(self, record), _again(self, record)]
        if record.rows("items"):
            acts += [_line(self, record), _grade(self, record), _remove(self, record)]
        if record.rows("transactions"):
            acts.append(_refund_status(self, record))
        return (*acts, _add_refund(self, record))

    def change(self, rma_id: str, **facts: Any) -> None:
        """Lay `facts` over a return; its moment of change moves to now, as after any edit."""
        self.load(changes=[{"rma_id": rma_id, **facts}])


ROOMS: tuple[type[Room], ...] = (Returns,)


def _paid(row: Mapping[str, Any]) -> str:
    """Amount and number, so that a refund is found by the number we name."""
    return f"{row.get('amount', '')} ({row.get('id', '')})"


def _moment(record: RmaRecord) -> str:
    return f"{record.updated_at:%Y-%m-%d %H:%M} UTC"


def _items(record: RmaRecord) -> Table:
    rows = [
        Row("", [place, *_item(item)]) for place, item in enumerate(record.rows("items"), start=1)
    ]
    names = ("Line", "Item id", "SKU", "Name", "Units", "Paid", "Reason", "Inspection")
    return Table(title="Items", columns=names, rows=rows)


def _item(item: Mapping[str, Any]) -> list[str]:
    first = [str(item.get(name, "")) for name in ("item_id", "sku", "name")]
    worth = [str(item.get("quantity") or 1), str(item.get("paid_price", ""))]
    return [*first, *worth, str(item.get("reason", "")), _inspected(item)]


def _inspected(item: Mapping[str, Any]) -> str:
    found = item.get("validation")
    if not found:
        return "Not inspected yet"
    if not found.get("is_returned"):
        return f"Did not come back. {found.get('non_returned_reason') or ''}".strip()
    if not found.get("is_restockable"):
        return f"May not be sold again. {found.get('non_restockable_reason') or ''}".strip()
    return "May be sold again"


def _refunds(record: RmaRecord) -> Table:
    names = ("id", "type", "amount", "status", "external_reference_id")
    rows = [
        Row("", [str(row.get(name, "")) for name in names]) for row in record.rows("transactions")
    ]
    return Table(
        title="Refunds", columns=("Id", "Kind", "Amount", "Status", "Reference"), rows=rows
    )


def _shipments(record: RmaRecord) -> Table:
    names = ("shipment_id", "carrier", "tracking_number", "status")
    rows = [Row("", [str(row.get(name, "")) for name in names]) for row in record.rows("shipments")]
    return Table(title="Parcels", columns=("Id", "Carrier", "Number", "Status"), rows=rows)


# --- acts -------------------------------------------------------------------------------------


def _status(room: Returns, record: RmaRecord) -> Act:
    known = dict.fromkeys((*_STATUSES, record.status))

    def carry(values: Values) -> str:
        room.change(record.rma_id, status=values["status"])
        return f"Return {record.rma_id} is {values['status']} now."

    field = Field(
        name="status", label="Status", kind="choice", choices=options(known), value=record.status
    )
    return Act(code="status", label="Change the status", fields=(field,), carry=carry)


def _again(room: Returns, record: RmaRecord) -> Act:
    def carry(_values: Values) -> str:
        room.change(record.rma_id)
        room.twin.nudge(record.rma_id)
        return f"Return {record.rma_id} is told once more, as it stands."

    note = "Sends its message now. Without it, a change is seen with the next poll, in minutes."
    return Act(code="again", label="Send it again as it stands", note=note, carry=carry)


def _line_field(record: RmaRecord) -> Field:
    items = list(enumerate(record.rows("items"), start=1))
    choices = tuple(
        (str(place), f"Line {place}: {item.get('sku', '')}, id {item['item_id']}")
        for place, item in items
    )
    value = "1" if len(items) == 1 else ""
    return Field(name="line", label="Line", kind="choice", choices=choices, value=value)


def _line(room: Returns, record: RmaRecord) -> Act:
    def carry(values: Values) -> str:
        changed: dict[str, Any] = {}
        if values["quantity"]:
            changed["quantity"] = reading.units(values, "quantity")
        if values["sku"]:
            changed["sku"] = reading.code(values, "sku")
        if values["reason"]:
            changed["reason"] = values["reason"]
        if values["item_id"]:
            changed["item_id"] = reading.code(values, "item_id")
        if not changed:
            raise Wrong("", "Fill in what is to be different.")
        _put(room, record, values["line"], changed)
        return f"Line {values['line']} is changed."

    fields = (
        _line_field(record),
        Field(name="quantity", label="Units", is_required=False),
        Field(name="sku", label="SKU", is_required=False),
        Field(name="reason", label="Reason", is_required=False),
        Field(name="item_id", label="Item id", is_required=False),
    )
    note = "What is left empty stays as it is."
    return Act(code="line", label="Change a line", fields=fields, note=note, carry=carry)


def _put(room: Returns, record: RmaRecord, line: str, changed: Mapping[str, Any]) -> None:
    items = [dict(item) for item in record.rows("items")]
    items[int(line) - 1].update(changed)
    room.change(record.rma_id, items=items)


def _remove(room: Returns, record: RmaRecord) -> Act:
    def carry(values: Values) -> str:
        items = list(record.rows("items"))
        del items[int(values["line"]) - 1]
        room.change(record.rma_id, items=items)
        return f"Line {values['line']} is removed."

    fields = (_line_field(record),)
    return Act(code="remove", label="Remove a line", fields=fields, carry=carry)


def _grade(room: Returns, record: RmaRecord) -> Act:
    def carry(values: Values) -> str:
        verdict, words = values["verdict"], values["words"] or None
        if verdict in ("bad", "missing") and not words:
            raise Wrong("words", "Say why, in the platform's own word, such as Damaged.")
        found = (
            None
            if verdict == "none"
            else {
                "is_returned": verdict != "missing",
                "is_restockable": verdict == "good",
                "non_returned_reason": words if verdict == "missing" else None,
                "non_restockable_reason": words if verdict == "bad" else None,
                "store_location_id": values["place"] or None,
                "at": room.twin.moment().isoformat(timespec="seconds"),
                "by": "Console",
            }
        )
        _put(room, record, values["line"], {"validation": found})
        return f"Line {values['line']} is inspected: {dict(_GRADES)[verdict].lower()}."

    seen = [item.get("validation") or {} for item in record.rows("items")]
    place = next(
        (str(each["store_location_id"]) for each in seen if each.get("store_location_id")), ""
    )
    fields = (
        _line_field(record),
        Field(name="verdict", label="Verdict", kind="choice", choices=_GRADES),
        Field(name="words", label="Why not", is_required=False, hint="Such as Damaged or Soiled"),
        Field(name="place", label="Where the goods are", value=place, is_required=False),
    )
    return Act(code="grade", label="Inspect a line", fields=fields, carry=carry)


def _refund_status(room: Returns, record: RmaRecord) -> Act:
    rows = record.rows("transactions")
    choices = tuple((str(row["id"]), f"{row['id']}, {row.get('amount', '')}") for row in rows)

    def carry(values: Values) -> str:
        amount = reading.amount(values, "amount") if values["amount"] else None
        at = room.twin.moment().isoformat(timespec="seconds")
        changed = {"status": values["status"], "updated_at": at}
        told = {**changed, "amount": amount} if amount else changed
        found = [{**row, **told} if str(row["id"]) == values["refund"] else row for row in rows]
        room.change(record.rma_id, transactions=found)
        return f"Refund {values['refund']} is changed."

    fields = (
        Field(
            name="refund",
            label="Refund",
            kind="choice",
            choices=choices,
            value=choices[0][0] if len(choices) == 1 else "",
        ),
        Field(
            name="status", label="Status", kind="choice", choices=options(_PAID), value="Success"
        ),
        Field(name="amount", label="Amount", is_required=False, hint="Empty leaves it as it is"),
    )
    return Act(code="refund", label="Change a refund", fields=fields, carry=carry)


def _add_refund(room: Returns, record: RmaRecord) -> Act:
    def carry(values: Values) -> str:
        amount = reading.amount(values, "amount")
        rows = list(record.rows("transactions"))
        at = room.twin.moment().isoformat(timespec="seconds")
        number = f"9{record.rma_id}" + ("" if not rows else f"{len(rows):02d}")
        paid = {
            "id": number,
            "type": "RefundToPaymentMethod",
            "amount": amount,
            "status": "Success",
            "processor": "Shopify",
            "external_reference_id": f"R-{record.rma_id}-{len(rows) + 1}",
            "item_ids": [item["item_id"] for item in record.rows("items")],
            "created_at": at,
            "updated_at": at,
        }
        room.change(record.rma_id, transactions=[*rows, paid])
        return f"Refund {number} over {amount} is paid."

    field = Field(name="amount", label="Amount", hint="In the currency of the return")
    return Act(code="pay", label="Pay a refund", fields=(field,), carry=carry)
