"""Ask the ERP live for a few items of our copy and keep what it says: a feed may miss changes.

Only where the copy was read a moment ago, so that a difference is the feed's and not its age's.
The copy itself is left as the feed delivered it: what the feed brings later is what closes an
exception (R007, R046).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from connectors.errors import Misconfigured
from connectors.kinds import ITEM_CHECKS
from connectors.ports import Gateway
from connectors.types import ErpItem
from exceptions_app.models import Connection, Item, ItemCheck, Watermark
from exceptions_app.rules.item_checks import Compared
from exceptions_app.selectors import item_feeds
from exceptions_app.services import connections, feeds, reference
from exceptions_app.services.pacing import BudgetSpent, CallLimit

FEED, REASON = reference.CHECKS_FEED, "item-check"
EVERY = timedelta(hours=6)
# An item of an open return is asked for again after this; one that differed each time.
AGAIN = timedelta(hours=24)
MOST_CALLS, MOST_ITEMS = 50, 200


def look(*, connection: Connection, now: datetime) -> int:
    """Compare some items if it is time, in as many calls as the connection allows; how many were.

    0 where the items were not read at `now`. Connector errors never leave here.
    """
    calls = most_calls(connection)
    read = Watermark.objects.filter(connection=connection, feed=item_feeds.FEED, read_at=now)
    if not calls or not read.exists():
        return 0
    # What was just read from its beginning on cannot have missed anything.
    _, is_new = Watermark.objects.get_or_create(
        connection=connection, feed=FEED, defaults={"next_at": now + EVERY}
    )
    if is_new:
        return 0
    compared: list[int] = []
    feeds.read(
        connection=connection,
        feed=FEED,
        every=EVERY,
        act=lambda mark: compared.append(_compare(connection, mark, calls, now)),
        now=now,
    )
    return sum(compared)


def most_calls(connection: Connection) -> int:
    """How many calls one look may make; 0 for a system that is not asked by calls."""
    kind = connections.kind_of(connection.kind)
    default = next((row.default for row in kind.settings_fields if row.code == ITEM_CHECKS), "0")
    text = str(connection.settings.get(ITEM_CHECKS, "")).strip() or default
    return min(int(text), MOST_CALLS) if text.isdecimal() else int(default)


def _compare(connection: Connection, mark: Watermark, calls: int, now: datetime) -> int:
    limit = CallLimit(calls)
    gateway = connections.gateway(connection=connection, reason=REASON, limit=limit)
    most = max(gateway.capabilities.max_items_per_read, 1)
    size = min(calls * most, MOST_ITEMS)
    urgent = item_feeds.to_check(connection.pk, since=now - AGAIN, most=size - size // 4)
    wanted = [*urgent, *_in_turn(connection, mark.position, size - len(urgent), urgent)]
    done, together = 0, 1
    while done < len(wanted) and limit.left > 0:
        items, before = wanted[done : done + together], limit.left
        told = _ask(gateway, items)
        if told is None:
            break
        _keep(connection, items, told, now)
        done += len(items)
        # Some ask for each item by itself, some for all at once: what it cost shows which.
        cost = max(before - limit.left, 1)
        together = min(most, max(limit.left * len(items) // cost, 1))
    if done > len(urgent):
        Watermark.objects.filter(pk=mark.pk).update(position=wanted[done - 1].erp_id)
    return done


def _in_turn(connection: Connection, after: str, most: int, taken: Sequence[Item]) -> list[Item]:
    """The items behind the one asked for last, then from the beginning on; each once."""
    rows = Item.objects.filter(connection=connection).exclude(pk__in=[row.pk for row in taken])
    found = list(rows.filter(erp_id__gt=after).order_by("erp_id")[:most])
    if after and len(found) < most:
        found += rows.filter(erp_id__lte=after).order_by("erp_id")[: most - len(found)]
    return found


def _ask(gateway: Gateway, items: Sequence[Item]) -> dict[str, ErpItem] | None:
    """What the ERP says of these, by its ids; None where no further call may leave."""
    try:
        found = gateway.find_items([item.sku for item in items])
    except BudgetSpent:
        return None
    except Misconfigured as error:
        if error.is_credentials:
            raise
        # It cannot be asked for items this way at all: that is no failure of the connection.
        return None
    return {row.erp_id: row for row in found}


def _keep(
    connection: Connection, items: Sequence[Item], told: dict[str, ErpItem], now: datetime
) -> None:
    rows = []
    for item in items:
        there = told.get(item.erp_id)
        rows.append(
            ItemCheck(
                connection=connection,
                item=item,
                checked_at=now,
                is_found=there is not None,
                is_active=there.is_active if there else item.is_active,
                is_returnable=there.is_returnable if there else item.is_returnable,
                differs=there is not None and _compared(item, there).differs,
            )
        )
    ItemCheck.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["item"],
        update_fields=["checked_at", "is_found", "is_active", "is_returnable", "differs"],
    )


def _compared(item: Item, there: ErpItem) -> Compared:
    return Compared(
        sku=item.sku,
        is_active=item.is_active,
        is_returnable=item.is_returnable,
        is_active_there=there.is_active,
        is_returnable_there=there.is_returnable,
    )
