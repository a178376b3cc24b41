"""Which line of a document each line of a draft means.

NetSuite makes a document's line from a line of the one before it (`orderLine`), and a draft names
the order's line or only the item.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import groupby

from connectors.errors import NotFound, Rejected, RejectionCode
from connectors.netsuite import suiteql
from connectors.netsuite.client import NetSuiteClient
from connectors.netsuite.memory import Memory, OpenLine
from connectors.netsuite.reading import Answer, amount, whole
from connectors.types import DocumentDraft, DraftLine


@dataclass(frozen=True, slots=True)
class Part:
    """Units of a draft's line that one line of the document before takes; `before` of them were
    given to other lines. `line` is None for what is made from no line."""

    wanted: DraftLine
    quantity: int
    before: int
    line: OpenLine | None

    def share(self, total: Decimal) -> Decimal:
        """This part's share of an amount of the whole line; all parts together give it whole."""
        if self.quantity == self.wanted.quantity or not self.wanted.quantity:
            return total
        unit = Decimal("0.01").min(Decimal(1).scaleb(int(total.as_tuple().exponent)))
        upto = total * (self.before + self.quantity) / self.wanted.quantity
        done = total * self.before / self.wanted.quantity
        return upto.quantize(unit) - done.quantize(unit)


class LinesNotKnown(Exception):
    """A preview would need a call."""


class LineBook:
    """Lines of documents, from memory where they are known."""

    def __init__(self, *, client: NetSuiteClient, memory: Memory, is_asking: bool = True) -> None:
        self._client = client
        self._memory = memory
        self._is_asking = is_asking

    def as_known(self) -> LineBook:
        """The same without a call; raises LinesNotKnown where one would be needed."""
        return LineBook(client=self._client, memory=self._memory, is_asking=False)

    def of(
        self, transaction_type: str, document_id: str, *, is_receipt: bool = False
    ) -> tuple[OpenLine, ...]:
        """The document's lines; one call where they are not known, which brings those of the
        documents made after it as well, since a queue is worked off in that order."""
        known = self._memory.lines(document_id, is_receipt=is_receipt)
        if known is not None:
            return known
        self._check_asking(document_id)
        query = suiteql.open_lines(transaction_type, document_id)
        rows, has_more, reply = self._client.page("read_lines", query)
        found = dict(_by_document((row, reply) for row in rows))
        if has_more and len(found) > 1:
            # The page may have cut through the last one.
            found.popitem()
        self._memory.keep_lines({document_id: (), **found})
        return found.get(document_id, ())

    def _check_asking(self, document_id: str) -> None:
        if not self._is_asking:
            raise LinesNotKnown(document_id)
        if not suiteql.ids([document_id]):
            raise NotFound(f"{document_id!r} is no id NetSuite could have.")

    def sale_of(self, order_id: str) -> tuple[str, str]:
        """The type and id of the one sale made from an order; one call.

        Raises:
            Rejected: there is none, or several: then nobody can say which is to be credited.
        """
        self._check_asking(order_id)
        rows = [row for row, _ in self._client.rows("read_sale", suiteql.sale_of(order_id))]
        if len(rows) != 1:
            raise Rejected(
                f"Order {order_id} has {len(rows)} invoices or cash sales in NetSuite; a credit"
                " without an authorisation needs exactly one.",
                code=RejectionCode.UNKNOWN_ORDER,
                field="invoice_number",
                value=order_id,
            )
        return rows[0].get("type", ""), rows[0].get("id", "")


def _by_document(answers: Iterable[Answer]) -> Iterator[tuple[str, tuple[OpenLine, ...]]]:
    for document_id, found in groupby(answers, key=lambda answer: answer[0].get("document", "")):
        yield (
            document_id,
            tuple(
                OpenLine(
                    line=row.get("line", ""),
                    item_id=row.get("item", ""),
                    quantity=whole(abs(amount(row, "quantity", reply)), "quantity", reply),
                    done=whole(
                        abs(amount(row, "quantityshiprecv", reply)), "quantityshiprecv", reply
                    ),
                    source_line=row.get("previousline", ""),
                    kit_line=row.get("kitmemberof", ""),
                )
                for row, reply in found
                if row.get("quantity")
            ),
        )


def of_order(draft: DocumentDraft, lines: Sequence[OpenLine]) -> list[Part]:
    """Parts of an authorisation: by the order's own line, else by the item. A kit's member is no
    line an authorisation can be made from, so it comes without one."""
    room = {line.line: line.quantity for line in lines}
    parts = _parts(draft, lines, room, key=lambda line: line.line)
    return [
        replace(part, line=None) if part.line is not None and part.line.kit_line else part
        for part in parts
    ]


def of_document(draft: DocumentDraft, lines: Sequence[OpenLine], *, is_receipt: bool) -> list[Part]:
    """Parts of what follows a document made from the order: by that line's source, else by the
    item. A receipt takes what has not arrived yet first."""
    room = {line.line: line.left if is_receipt else line.quantity for line in lines}
    return _parts(draft, lines, room, key=lambda line: line.source_line)


def _parts(
    draft: DocumentDraft,
    lines: Sequence[OpenLine],
    room: dict[str, int],
    *,
    key: Callable[[OpenLine], str],
) -> list[Part]:
    found: list[Part] = []
    for wanted in draft.lines:
        if wanted.component == "item":
            found.extend(_spread(wanted, _candidates(wanted, lines, key), room))
    return found


def _candidates(
    wanted: DraftLine, lines: Sequence[OpenLine], key: Callable[[OpenLine], str]
) -> list[OpenLine]:
    number = wanted.order_line_id.rpartition(".")[2]
    named = [line for line in lines if number and key(line) == number]
    named = named or [line for line in lines if line.item_id == wanted.item_erp_id]
    if not named:
        raise Rejected(
            f"NetSuite's document has no line for {wanted.sku or wanted.item_erp_id}.",
            code=RejectionCode.QUANTITY,
            field="sku",
            value=wanted.sku,
        )
    return named


def _spread(wanted: DraftLine, lines: list[OpenLine], room: dict[str, int]) -> Iterator[Part]:
    """Units over the lines that have room; what is too much stays with the last one, for NetSuite
    to judge: what we know of the document may be old."""
    given = 0
    for line in lines:
        rest = wanted.quantity - given
        units = rest if line is lines[-1] else min(rest, room[line.line])
        if units > 0:
            yield Part(wanted, units, given, line)
            room[line.line] = max(room[line.line] - units, 0)
            given += units
