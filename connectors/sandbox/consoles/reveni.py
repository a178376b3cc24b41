"""The console of the simulated Reveni: transactions, and the merchant's word on each product."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

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
from connectors.sandbox.reveni_records import FINAL, Transaction

_STATES = ("IN_PROGRESS", "SHIPPED", "RECEIVED", "FOR_REVIEW", "CANCELLED")
_VERDICTS: Choices = (
    ("restock", "Accept, back into stock"),
    ("no_restock", "Accept, not into stock"),
    ("reject", "Reject"),
    ("review", "Look at it again"),
)


class Returns(Room):
    code, title = "returns", "Returns"
    columns = ("Return", "Order", "Customer", "State", "Mode", "Products", "Changed")
    hint = "Return, order, customer, e-mail address or SKU"

    def rows(self) -> Iterable[Row]:
        for found in self.twin.books.everything():
            customer = found.facts.get("customer") or {}
            person = f"{customer.get('name', '')} {customer.get('email', '')}".strip()
            skus = ", ".join(str(product.get("sku", "")) for product in found.products)
            told = [str(found.facts.get("order_name", "")), person, found.state, found.mode, skus]
            changed = f"{found.updated_at:%Y-%m-%d %H:%M} UTC"
            yield Row(found.transaction_id, [found.transaction_id, *told, changed])

    def sheet(self, key: str) -> Sheet | None:
        found = self.twin.books.get(key)
        if found is None:
            return None
        names = ("id", "sku", "name", "quantity", "price", "status", "restock", "rejection_reason")
        products = [Row("", [str(each.get(name, "")) for name in names]) for each in found.products]
        paid = ("id", "method", "amount", "status")
        refunds = [Row("", [str(each.get(name, "")) for name in paid]) for each in found.refunds]
        titles = ("Id", "SKU", "Name", "Units", "Price", "Status", "Stock", "Why not")
        is_final = found.state in FINAL
        return Sheet(
            title=f"Return {key}",
            facts=[
                ("State", found.state),
                ("Mode", found.mode),
                ("Order", found.facts.get("order_name", "")),
                ("Changed", f"{found.updated_at:%Y-%m-%d %H:%M} UTC"),
            ],
            tables=(
                Table(title="Products", columns=titles, rows=products),
                Table(title="Refunds", columns=("Id", "Way", "Amount", "Status"), rows=refunds),
            ),
            acts=() if is_final else (_state(self, found), _decide(self, found)),
        )


ROOMS: tuple[type[Room], ...] = (Returns,)


def _state(room: Returns, found: Transaction) -> Act:
    def carry(values: Values) -> str:
        room.load(changes=[{"id": found.transaction_id, "state": values["state"]}])
        return f"The return is {values['state']} now."

    field = Field(
        name="state",
        label="State",
        kind="choice",
        choices=options(_STATES),
        value=found.state if found.state in _STATES else "",
    )
    note = "Accepted and rejected follow from what is decided on the products."
    return Act(code="state", label="Change the state", fields=(field,), note=note, carry=carry)


def _decide(room: Returns, found: Transaction) -> Act:
    def carry(values: Values) -> str:
        told: dict[str, Any] = {"status": "ACCEPTED", "restock": values["verdict"].upper()}
        if values["verdict"] == "reject":
            if not values["reason"]:
                raise Wrong("reason", "Say why it is rejected.")
            told = {"status": "REJECTED", "rejection_reason": values["reason"]}
        elif values["verdict"] == "review":
            told = {"status": "FOR_REVIEW"}
        decisions = {values["product"]: told}
        room.load(changes=[{"id": found.transaction_id, "decisions": decisions}])
        return f"Product {values['product']}: {dict(_VERDICTS)[values['verdict']].lower()}."

    products = tuple(
        (str(each["id"]), f"{each.get('sku', '')}, {each['id']}") for each in found.products
    )
    value = products[0][0] if len(products) == 1 else ""
    fields = (
        Field(name="product", label="Product", kind="choice", choices=products, value=value),
        Field(name="verdict", label="Verdict", kind="choice", choices=_VERDICTS),
        Field(name="reason", label="Why it is rejected", is_required=False),
    )
    return Act(code="decide", label="Decide on a product", fields=fields, carry=carry)
