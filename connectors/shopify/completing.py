"""Reading on where a connection inside an answer had no more room, so that no part is lost.

Few returns need it: a first reading has room for `LINES` lines each. Every page is one call.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from connectors.shopify.client import Answer
from connectors.shopify.reading import Node, unreadable

PAGE = 100
_MAX_PAGES = 200


class Reader(Protocol):
    """Whoever makes the calls: the client itself, or one that watches over it."""

    def read(self, name: str, variables: Mapping[str, object]) -> Answer: ...


def complete_return(client: Reader, node: Node) -> Node:
    """The same return with all lines, all reverse lines and all lines of its refunds."""
    raw = _completed(client, "return_lines", node, "returnLineItems")
    reverse = Node(raw, node.place)
    raw["reverseFulfillmentOrders"] = {
        "nodes": [
            _completed(client, "reverse_lines", order, "lineItems")
            for order in reverse.nodes("reverseFulfillmentOrders")
        ]
    }
    order = node.required("order")
    raw["order"] = {
        **order.raw,
        "refunds": [
            _completed(client, "refund_lines", refund, "refundLineItems")
            for refund in order.rows("refunds")
        ],
    }
    return Node(raw, node.place)


def complete_order(client: Reader, node: Node) -> Node:
    return Node(_completed(client, "order_lines", node, "lineItems"), node.place)


def rest_of(
    client: Reader,
    document: str,
    node: Node,
    key: str,
    variables: Mapping[str, object] | None = None,
) -> Iterator[Node]:
    """The rows of a connection beyond those `node` has; no call when it has them all."""
    cursor = node.required(key).next_cursor()
    for _ in range(_MAX_PAGES):
        if not cursor:
            return
        asked = {"id": node.required_text("id"), "first": PAGE, "after": cursor}
        answer = client.read(document, {**(variables or {}), **asked})
        page = answer.data.required("node").required(key)
        yield from page.page()
        following = page.next_cursor()
        if following == cursor:
            raise unreadable(node.at(key), "goes on for ever")
        cursor = following
    raise unreadable(node.at(key), "has more pages than are read")


def _completed(client: Reader, document: str, node: Node, key: str) -> dict[str, Any]:
    if node.raw.get(key) is None:
        return dict(node.raw)
    first = node.required(key).page()
    rest = rest_of(client, document, node, key)
    return {**node.raw, key: {"nodes": [row.raw for row in (*first, *rest)]}}
