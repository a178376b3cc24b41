"""Items read from SuiteQL, and the position in a list of those that changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from connectors import types
from connectors.http import Reply
from connectors.netsuite.reading import Row, amount, needed

# An item saved while pages were read may have been passed already; the next reading finds it.
_OVERLAP = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Position:
    """Where the next page begins, and the newest change seen so far."""

    after_id: int
    watermark: str

    @classmethod
    def parse(cls, cursor: str, since: str) -> Position:
        number, _, watermark = cursor.partition("|")
        return cls(int(number), watermark) if number.isdecimal() else cls(0, since)


def item(row: Row, reply: Reply) -> types.ErpItem:
    """NetSuite knows no state between active and inactive, so what is active may come back."""
    is_active = row.get("isinactive", "F") != "T"
    cost = row.get("averagecost", "")
    return types.ErpItem(
        erp_id=needed(row, "id", reply),
        sku=row.get("sku", ""),
        barcode=row.get("upccode", ""),
        description=row.get("displayname", ""),
        division="",
        is_active=is_active,
        is_returnable=is_active,
        unit_cost=amount(row, "averagecost", reply) if cost else None,
        key_parts={"item_type": row.get("itemtype", "")},
    )


def page(
    rows: Sequence[Row], reply: Reply, position: Position, *, has_more: bool
) -> types.ItemPage:
    """`watermark` may be kept once the cursor is empty; it covers every page."""
    newest = max((row.get("changed", "") for row in rows), default="")
    newest = max(newest, position.watermark)
    last = rows[-1].get("id", "") if rows and has_more else ""
    return types.ItemPage(
        rows=tuple(item(row, reply) for row in rows),
        next_cursor=f"{last}|{newest}" if last else "",
        watermark=newest,
    )


def overlapped(since: str) -> str:
    """The moment to read from, some time before the watermark; "" reads everything."""
    try:
        moment = datetime.fromisoformat(since)
    except ValueError:
        return ""
    return f"{moment - _OVERLAP:%Y-%m-%d %H:%M:%S}"
