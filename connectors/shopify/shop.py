"""The shop's side of Shopify, as a `ports.Storefront`: orders, stock, payouts, eligibility."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime

from connectors.errors import (
    Misconfigured,
    OutcomeUnknown,
    Rejected,
    RejectionCode,
    UnreadableReply,
)
from connectors.shopify import completing, kind, orders
from connectors.shopify.client import Answer, ShopifyClient
from connectors.shopify.reading import Node, amount, gid
from connectors.storefront import (
    Eligibility,
    Payout,
    PayoutPage,
    PayoutRow,
    PayoutRowPage,
    StockChange,
    StockState,
    StockTerminal,
    StorefrontCapabilities,
)
from connectors.types import DocumentStatus, ErpLocation, ErpOrder, Receipt

ORDERS_PER_READ = 10
SKUS_PER_READ = 50
_ORDER_LINES = 20
_LEVELS = 20
_PAGE = 100
# What may be written: `on_hand` is their sum, `committed` is the shop's own.
STATES = ("available", "damaged", "incoming", "quality_control", "reserved", "safety_stock")
_READ_STATES = ("available", "on_hand", "committed", *STATES[1:])
_SEARCHABLE = re.compile(r"[^'\"\\\x00-\x1f]{1,120}")
_METAFIELD = re.compile(r"([A-Za-z0-9_$-]{2,255})\.([A-Za-z0-9_-]{2,64})")


class ShopFloor:
    """Reads a shop and changes its stock; the part of the port that needs no return."""

    def __init__(self, *, client: ShopifyClient, settings: Mapping[str, str]) -> None:
        self._client = client
        self._final_sale_tag = settings.get("final_sale_tag", "").strip().casefold()
        named = settings.get("final_sale_metafield", "").strip() or kind.FINAL_SALE_METAFIELD
        metafield = _METAFIELD.fullmatch(named)
        if metafield is None:
            raise Misconfigured("The final-sale metafield must be named as namespace.key.")
        self._metafield = metafield.groups()
        self.storefront_capabilities = StorefrontCapabilities(
            stock_states=STATES,
            has_payouts=True,
            max_orders_per_read=ORDERS_PER_READ,
            max_skus_per_read=SKUS_PER_READ,
        )

    def list_locations(self) -> tuple[ErpLocation, ...]:
        """One call per hundred places; the code is the name, as dispositions tell it."""
        found: list[ErpLocation] = []
        cursor = ""
        while True:
            answer = self._client.read("locations", {"first": _PAGE, "after": cursor or None})
            connection = answer.data.required("locations")
            found += [_location(row) for row in connection.page()]
            following = connection.next_cursor()
            if not following or following == cursor:
                return tuple(found)
            cursor = following

    def find_orders(self, numbers: Sequence[str]) -> tuple[ErpOrder, ...]:
        """One call for at most `max_orders_per_read` names."""
        query = _any_of("name", numbers)
        if not query:
            return ()
        asked = {"first": 2 * ORDERS_PER_READ, "query": query, "lines": _ORDER_LINES}
        answer = self._client.read("orders", asked)
        found = answer.data.nodes("orders")
        # A search may find names that only begin alike.
        wanted = [row for row in found if row.required_text("name") in set(numbers)]
        whole = (completing.complete_order(self._client, row) for row in wanted)
        return tuple(orders.order(row) for row in whole)

    def stock(self, skus: Sequence[str]) -> tuple[StockState, ...]:
        """One call for at most `max_skus_per_read` SKUs."""
        query = _any_of("sku", skus)
        if not query:
            return ()
        states = {"states": list(_READ_STATES)}
        asked = {"first": 2 * SKUS_PER_READ, "query": query, "levels": _LEVELS, **states}
        answer = self._client.read("stock", asked)
        return tuple(
            _stock(row.text("sku"), item.number_of(), level)
            for row in answer.data.nodes("productVariants")
            if row.text("sku") in set(skus)
            for item in (row.required("inventoryItem"),)
            for level in self._levels(item, states)
        )

    def change_stock(self, change: StockChange) -> Receipt:
        """One call under the change's key: sent twice, Shopify carries it out once."""
        item = gid("InventoryItem", change.item_id)
        place = gid("Location", change.location_id)
        if not item or not place:
            code = RejectionCode.UNKNOWN_WAREHOUSE if item else RejectionCode.UNKNOWN_ITEM
            raise Rejected("Shopify could not have this item or place.", code=code)
        name, field, asked = _change(change, item, place)
        answer = self._client.write(name, {"key": change.key, "input": asked})
        return _receipt(answer, field)

    def eligibility(self, skus: Sequence[str]) -> tuple[Eligibility, ...]:
        """One call for at most `max_skus_per_read` SKUs. An item of a final sale may not come back.

        Shopify has no rule of returns; a tag or a metafield of the shop's own stands for one.
        """
        query = _any_of("sku", skus)
        if not query:
            return ()
        namespace, key = self._metafield
        asked = {"first": 2 * SKUS_PER_READ, "query": query, "namespace": namespace, "key": key}
        answer = self._client.read("eligibility", asked)
        rows = answer.data.nodes("productVariants")
        return tuple(self._eligible(row) for row in rows if row.text("sku") in set(skus))

    def payouts(self, *, since: datetime, cursor: str = "") -> PayoutPage:
        """One call, up to 100 rows. No message announces a payout, so they are asked for."""
        query = f"issued_at:>='{since.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}'"
        connection = self._payments("payouts", query, cursor)
        rows = tuple(_payout(row) for row in connection.page())
        return PayoutPage(rows=rows, next_cursor=connection.next_cursor())

    def payout_rows(self, payout_id: str, *, cursor: str = "") -> PayoutRowPage:
        """One call, up to 100 rows of one payout, named by its number."""
        if not gid("ShopifyPaymentsPayout", payout_id):
            return PayoutRowPage(rows=(), next_cursor="")
        connection = self._payments(
            "payout_rows", f"payments_transfer_id:{payout_id}", cursor, "balanceTransactions"
        )
        rows = tuple(_payout_row(row, payout_id) for row in connection.page())
        return PayoutRowPage(rows=rows, next_cursor=connection.next_cursor())

    def _payments(self, name: str, query: str, cursor: str, key: str = "") -> Node:
        asked = {"first": _PAGE, "after": cursor or None, "query": query}
        account = self._client.read(name, asked).data.child("shopifyPaymentsAccount")
        if account is None:
            raise Misconfigured("This shop has no Shopify Payments, so it has no payouts.")
        return account.required(key or name)

    def _levels(self, item: Node, states: Mapping[str, object]) -> Iterator[Node]:
        yield from item.required("inventoryLevels").page()
        yield from completing.rest_of(self._client, "stock_levels", item, "inventoryLevels", states)

    def _eligible(self, row: Node) -> Eligibility:
        product = row.required("product")
        tags = product.texts("tags")
        flag = row.child("metafield") or product.child("metafield")
        is_returnable = None if flag is None else _is_returnable(flag.text("value"))
        if self._final_sale_tag:
            is_marked = self._final_sale_tag in {tag.casefold() for tag in tags}
            is_returnable = False if is_marked else is_returnable
        return Eligibility(
            sku=row.text("sku"),
            product_id=product.number_of(),
            is_returnable=is_returnable,
            tags=tags,
        )


def _is_returnable(flag: str) -> bool | None:
    """The flag says "final sale": "true" forbids a return; other words say nothing we know."""
    return {"true": False, "false": True}.get(flag.strip().casefold())


def _any_of(field: str, values: Sequence[str]) -> str:
    """A search for any of these; a value that would end its own quotes is nobody's."""
    kept = (value for value in dict.fromkeys(values) if _SEARCHABLE.fullmatch(value))
    return " OR ".join(f"{field}:'{value}'" for value in kept)


def _location(row: Node) -> ErpLocation:
    name = row.required_text("name")
    return ErpLocation(code=name, name=name, division="", is_active=row.flag("isActive"))


def _stock(sku: str, item_id: str, level: Node) -> StockState:
    place = level.required("location")
    return StockState(
        sku=sku,
        item_id=item_id,
        location_id=place.number_of(),
        location_name=place.required_text("name"),
        quantities={
            row.required_text("name"): row.whole("quantity") for row in level.rows("quantities")
        },
    )


def _change(change: StockChange, item: str, place: str) -> tuple[str, str, dict[str, object]]:
    """Document, payload and input. `changeFromQuantity` always goes along: since 2026-04 it must,
    and null says that any quantity will do."""
    shared: dict[str, object] = {
        "reason": change.reason,
        "referenceDocumentUri": change.reference_uri,
    }
    if change.source is None:
        put = {"inventoryItemId": item, "locationId": place, "delta": change.quantity}
        changes = [{**put, **_terminal(change.target)}]
        asked = {**shared, "name": change.target.state, "changes": changes}
        return "adjust_stock", "inventoryAdjustQuantities", asked
    ends = {
        end: {"name": terminal.state, "locationId": place, **_terminal(terminal)}
        for end, terminal in (("from", change.source), ("to", change.target))
    }
    moved = {"inventoryItemId": item, "quantity": change.quantity, **ends}
    return "move_stock", "inventoryMoveQuantities", {**shared, "changes": [moved]}


def _terminal(terminal: StockTerminal) -> dict[str, object]:
    """A ledger is required for every state but the one for sale, where it is forbidden."""
    ledger = {"ledgerDocumentUri": terminal.ledger_uri} if terminal.ledger_uri else {}
    return {"changeFromQuantity": terminal.expected, **ledger}


def _receipt(answer: Answer, field: str) -> Receipt:
    evidence = answer.reply.evidence
    try:
        group = answer.data.required(field).required("inventoryAdjustmentGroup")
        external_id = group.required_text("id").rpartition("/")[2]
    except UnreadableReply as error:
        raise OutcomeUnknown(error.text, evidence=evidence) from error
    return Receipt(
        external_id=external_id,
        number=external_id,
        status=DocumentStatus.POSTED,
        url="",
        evidence=evidence,
    )


def _payout(row: Node) -> Payout:
    return Payout(
        external_id=str(row.required_text("legacyResourceId")),
        issued_at=row.required_moment("issuedAt"),
        status=row.required_text("status"),
        net=amount(row.required("net")),
    )


def _payout_row(row: Node, payout_id: str) -> PayoutRow:
    order = row.child("associatedOrder")
    return PayoutRow(
        external_id=row.number_of(),
        payout_id=payout_id,
        kind=row.required_text("type"),
        amount=amount(row.required("amount")),
        fee=amount(row.required("fee")),
        net=amount(row.required("net")),
        order_name=order.text("name") if order else "",
        transaction_id=row.text("sourceOrderTransactionId"),
        at=row.required_moment("transactionDate"),
    )
