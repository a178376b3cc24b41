"""The console of the simulated Shopify: orders, and the returns that hang on them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from connectors.sandbox.consoles import reading
from connectors.sandbox.consoles.room import (
    Act,
    Field,
    Room,
    Row,
    Sheet,
    Table,
    Values,
    options,
)
from connectors.sandbox.shopify_store import told

_STATUSES = ("REQUESTED", "OPEN", "CLOSED", "DECLINED", "CANCELED")
_PAID = ("SUCCESS", "PENDING", "FAILURE")


class Orders(Room):
    code, title = "orders", "Orders"
    columns = ("Order", "Customer", "SKUs", "Returns", "Changed")
    hint = "Order, e-mail address, SKU, or a return's name"

    def rows(self) -> Iterable[Row]:
        for number, order in reversed(self.twin.books.orders.items()):
            skus = ", ".join(str(line.get("sku", "")) for line in order["lines"])
            returns = ", ".join(str(row.get("name", "")) for row in order["returns"])
            cells = [order["name"], order.get("email", ""), skus, returns]
            yield Row(number, [*cells, told(order["updated_at"])])

    def sheet(self, key: str) -> Sheet | None:
        order = self.twin.books.orders.get(key)
        if order is None:
            return None
        skus = {line["id"]: line.get("sku", "") for line in order["lines"]}
        lines = [
            Row("", [line["id"], line.get("sku", ""), line.get("name", ""), line["quantity"]])
            for line in order["lines"]
        ]
        acts = [self._touch(order)]
        if order["returns"]:
            acts.append(self._status(order))
        if any(row.get("lines") for row in order["returns"]):
            acts.append(self._quantity(order, skus))
        if any(row.get("transactions") for row in order["refunds"]):
            acts.append(self._refund(order))
        return Sheet(
            title=f"Order {order['name']}",
            facts=[("Customer", order.get("email", "")), ("Changed", told(order["updated_at"]))],
            tables=(
                Table(title="Lines", columns=("Id", "SKU", "Name", "Units"), rows=lines),
                _returned(order, skus),
                _refunds(order),
            ),
            acts=acts,
        )

    def change(self, order: Mapping[str, Any], **changes: Any) -> None:
        self.load(changes=[{"order_id": order["id"], **changes}])

    def _touch(self, order: Mapping[str, Any]) -> Act:
        def carry(_values: Values) -> str:
            self.change(order, note=order.get("note", ""))
            return f"Order {order['name']} is told once more, as it stands."

        note = "Its moment of change moves to now."
        return Act(code="again", label="Send it again as it stands", note=note, carry=carry)

    def _status(self, order: Mapping[str, Any]) -> Act:
        def carry(values: Values) -> str:
            self.change(order, returns=[{"id": values["return"], "status": values["status"]}])
            return f"The return is {values['status']} now."

        status = Field(name="status", label="Status", kind="choice", choices=options(_STATUSES))
        fields = (_return_field(order), status)
        return Act(code="status", label="Change a return's status", fields=fields, carry=carry)

    def _quantity(self, order: Mapping[str, Any], skus: Mapping[str, str]) -> Act:
        lines = {str(line["id"]): (row, line) for row in order["returns"] for line in row["lines"]}
        choices = tuple(
            (number, f"{row['name']}: {skus.get(str(line.get('line_id')), '')}, {line['quantity']}")
            for number, (row, line) in lines.items()
        )

        def carry(values: Values) -> str:
            row, chosen = lines[values["line"]]
            units = reading.units(values, "quantity", least=0)
            kept = [
                {**line, "quantity": units} if line is chosen else line for line in row["lines"]
            ]
            # A line of no units is one that is taken off the return.
            kept = [line for line in kept if line["quantity"]]
            self.change(order, returns=[{"id": row["id"], "lines": kept}])
            return f"The line has {units} units now." if units else "The line is removed."

        value = choices[0][0] if len(choices) == 1 else ""
        fields = (
            Field(name="line", label="Line", kind="choice", choices=choices, value=value),
            Field(name="quantity", label="Units", hint="0 removes the line"),
        )
        return Act(code="quantity", label="Change a returned line", fields=fields, carry=carry)

    def _refund(self, order: Mapping[str, Any]) -> Act:
        refunds = {str(row["id"]): row for row in order["refunds"] if row.get("transactions")}
        choices = tuple(
            (number, f"{number}, {row['transactions'][0].get('amount', '')}")
            for number, row in refunds.items()
        )

        def carry(values: Values) -> str:
            at = self.twin.moment().isoformat(timespec="seconds")
            first, *rest = refunds[values["refund"]]["transactions"]
            paid = {**first, "status": values["status"], "processed_at": at}
            row = {"id": values["refund"], "updated_at": at, "transactions": [paid, *rest]}
            self.change(order, refunds=[row])
            return f"The refund is {values['status']} now."

        value = choices[0][0] if len(choices) == 1 else ""
        fields = (
            Field(name="refund", label="Refund", kind="choice", choices=choices, value=value),
            Field(name="status", label="Status", kind="choice", choices=options(_PAID)),
        )
        return Act(code="refund", label="Change a refund's status", fields=fields, carry=carry)


ROOMS: tuple[type[Room], ...] = (Orders,)


def _return_field(order: Mapping[str, Any]) -> Field:
    choices = tuple((row["id"], f"{row['name']}, {row['status']}") for row in order["returns"])
    value = choices[0][0] if len(choices) == 1 else ""
    return Field(name="return", label="Return", kind="choice", choices=choices, value=value)


def _returned(order: Mapping[str, Any], skus: Mapping[str, str]) -> Table:
    rows = [
        Row(
            "",
            [
                row["name"],
                row["status"],
                skus.get(str(line.get("line_id")), ""),
                line["quantity"],
                line.get("reason", ""),
            ],
        )
        for row in order["returns"]
        for line in row.get("lines") or ()
    ]
    columns = ("Return", "Status", "SKU", "Units", "Reason")
    return Table(title="Returned", columns=columns, rows=rows)


def _refunds(order: Mapping[str, Any]) -> Table:
    rows = [
        Row("", [row["id"], paid.get("amount", ""), paid.get("status", "")])
        for row in order["refunds"]
        for paid in row.get("transactions") or ()
    ]
    return Table(title="Refunds", columns=("Id", "Amount", "Status"), rows=rows)
