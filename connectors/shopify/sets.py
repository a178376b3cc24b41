"""Several returns read together, and what was read kept when a further call has to wait.

One call mostly brings all of them. A set that is too dear is read in halves, an order of many
refunds by itself, and a return of many lines is read on: any of these calls may be the one for
which our budget, or the shop's, is used up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from math import ceil
from typing import TypeVar

from connectors.errors import ReadInPart, RetryLater, UnreadableReply
from connectors.shopify import completing, translate
from connectors.shopify.client import Answer, ShopifyClient, TooDear
from connectors.shopify.reading import Node, unreadable
from connectors.types import SourceRma

T = TypeVar("T")

# Room for lines and refunds in one reading; lines are read on, refunds cannot be.
ROOM = (20, 5)
MORE_REFUNDS = (20, 100)
# What is asked for when one return alone is too dear.
LESS_ROOM = (10, 3)


class SetReading:
    """One reading of a set; `completing.Reader` for what goes beyond its first call."""

    def __init__(self, client: ShopifyClient, *, reads_customers: bool) -> None:
        self._client = client
        self._reads_customers = reads_customers
        # What the calls so far cost, as the seconds in which the meter restores it.
        self._paid_seconds = 0.0
        self._why: RetryLater | None = None

    def whole(self, ids: Sequence[str]) -> tuple[SourceRma, ...]:
        """Every return of `ids` (global ids) that Shopify has.

        Raises:
            ReadInPart: a call had to wait; it carries those that were read whole.
            RetryLater: the same, and none was read whole.

        Either's `more_seconds` are for the calls that are to be made again for the rest: with
        time for the refused one alone each reading would end where the last one did.
        """
        found = tuple(self._set(ids, ROOM))
        if self._why is None:
            return found
        share = (len(ids) - len(found)) / len(ids)
        self._why.more_seconds = ceil(self._paid_seconds * share)
        if found:
            raise ReadInPart(self._why, found=found)
        raise self._why

    def read(self, name: str, variables: Mapping[str, object]) -> Answer:
        """As the client's, but after the first call that has to wait none is made."""
        if self._why is not None:
            raise self._why
        try:
            answer = self._client.read(name, variables)
        except RetryLater as error:
            self._why = error
            raise
        if answer.meter is not None and answer.meter.restored_per_second > 0:
            self._paid_seconds += float(answer.meter.cost / answer.meter.restored_per_second)
        return answer

    def _set(self, ids: Sequence[str], room: tuple[int, int]) -> Iterator[SourceRma]:
        lines, refunds = room
        variables = {
            "ids": list(ids),
            "lines": lines,
            "refunds": refunds,
            "withCustomer": self._reads_customers,
        }
        try:
            answer = self.read("returns", variables)
        except RetryLater:
            return
        except TooDear:
            if len(ids) == 1 and room == LESS_ROOM:
                raise
            halves = (ids[: len(ids) // 2], ids[len(ids) // 2 :]) if len(ids) > 1 else (ids,)
            for half in halves:
                yield from self._set(half, room if len(ids) > 1 else LESS_ROOM)
            return
        for node in with_evidence(answer, lambda: _returns(answer)):
            if room == ROOM and _is_full(node, room):
                yield from self._set((node.required_text("id"),), MORE_REFUNDS)
            else:
                drift = (*_version_drift(answer, self._client.version), *_full_drift(node, room))
                yield from with_evidence(answer, partial(self._one, node, drift))

    def _one(self, node: Node, drift: tuple[str, ...]) -> tuple[SourceRma, ...]:
        """The return whole, or nothing where reading on has to wait."""
        try:
            return (translate.rma(completing.complete_return(self, node), drift=drift),)
        except RetryLater:
            return ()


def with_evidence(answer: Answer, translator: Callable[[], T]) -> T:
    """Translate, and give an unreadable reply's evidence along."""
    try:
        return translator()
    except UnreadableReply as error:
        error.evidence = error.evidence or answer.reply.evidence
        raise


def _returns(answer: Answer) -> list[Node]:
    """An id that is nobody's has null behind it; a return's id never has another thing."""
    found = [Node(raw, "nodes[]") for raw in _listed(answer.data, "nodes") if raw is not None]
    for node in found:
        if node.text("__typename") != "Return":
            raise unreadable(node.at("__typename"), "is not that of a return")
    return found


def _listed(data: Node, key: str) -> list[object]:
    found = data.raw.get(key)
    if not isinstance(found, list):
        raise UnreadableReply(f"Shopify: {key} is not a list", field=key)
    return found


def _is_full(node: Node, room: tuple[int, int]) -> bool:
    """Whether the order may have more refunds than there was room for."""
    return len(node.required("order").rows("refunds")) >= room[1]


def _full_drift(node: Node, room: tuple[int, int]) -> tuple[str, ...]:
    return ("refunds: there may be more than are read",) if _is_full(node, room) else ()


def _version_drift(answer: Answer, asked: str) -> tuple[str, ...]:
    if answer.version and answer.version != asked:
        return (f"API version: {answer.version} in the place of {asked}",)
    return ()
