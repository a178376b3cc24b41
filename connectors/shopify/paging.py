"""Walking through changed orders without losing any, whatever happens to them meanwhile.

Whether Shopify's cursors hold their place when a row moves is not documented. So a page does not
go on from a cursor but from the last time of change on the page before it: an order that changes
while we read moves to the end, and nothing else moves past us. Only where a whole page has one and
the same time is the cursor used.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime

from connectors import wire_json
from connectors.shopify.reading import Node, unreadable


@dataclass(frozen=True, slots=True)
class Place:
    """From which time on, which orders of exactly that time are known, and where within it."""

    since: str
    known: tuple[str, ...] = ()
    after: str = ""

    @classmethod
    def start(cls, since: datetime) -> Place:
        """Raises ValueError for a naive time: read as UTC by guess, it could skip hours."""
        if since.tzinfo is None:
            raise ValueError("A watermark needs its time zone")
        return cls(f"{since.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}")

    @classmethod
    def parse(cls, cursor: str) -> Place:
        """Raises UnreadableReply for a text that is none of ours."""
        try:
            since, known, after = wire_json.decode(cursor)
            return cls(str(since), tuple(map(str, known)), str(after))
        except (ValueError, TypeError):
            raise unreadable("cursor", "is none of ours") from None

    def text(self) -> str:
        return json.dumps([self.since, self.known, self.after])

    def query(self) -> str:
        return f"updated_at:>='{self.since}'"

    def is_known(self, order: Node) -> bool:
        """Listed on an earlier page, and not changed since."""
        return order.text("updatedAt") == self.since and order.number_of() in self.known

    def following(self, connection: Node) -> Place | None:
        """Where the next page begins; None at the end."""
        after = connection.next_cursor()
        page = connection.page()
        if not after:
            return None
        if not page:
            raise unreadable(connection.place, "is empty and goes on")
        last = page[-1].required_text("updatedAt")
        alike = tuple(row.number_of() for row in page if row.text("updatedAt") == last)
        if last == self.since:
            return Place(last, (*self.known, *alike), after)
        return Place(last, alike)
