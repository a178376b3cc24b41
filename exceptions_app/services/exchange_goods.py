"""What a partner tells of goods: receipts against our authorisations, and grades changed later.

A receipt is known by its number, warehouse and what it is against: told again in other words, the
later telling holds. A change of grade moves units of a receipt that is known; one that fits none is
no change at all.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.db.models import Q

from connectors import types
from connectors.exchange.shapes import Arrival, ArrivalLine, Regrade
from exceptions_app.choices import PostingKind, PostingStatus
from exceptions_app.errors import FileUnfit
from exceptions_app.models import Connection, ErpReceipt, Posting
from exceptions_app.services import receipts, rmas

# Goods of no return are matched anew for so long.
MATCHED_FOR = timedelta(days=120)
_MOST_UNMATCHED = 200
_LONGEST_ID = 80


def keep_arrivals(
    *, connection: Connection, arrivals: Sequence[Arrival], now: datetime
) -> tuple[int, int]:
    """Keep receipts; returns how many, and how many of them belong to no return we know.

    Goods of no return stay without one until `match_again` finds it; the sweep tells of them.
    Call it in the transaction that marks the file as read.
    """
    postings = _authorisations(connection, {each.authorisation for each in arrivals})
    told = [_receipt(rows, postings.get(rows[0].authorisation)) for rows in _together(arrivals)]
    rma_of = {_authorisation_id(row): row.rma_id for row in postings.values()}
    receipts.keep(connection=connection, receipts=told, rma_of=rma_of, now=now)
    return len(told), sum(row.authorisation_id not in rma_of for row in told)


def match_again(*, connection: Connection, now: datetime) -> int:
    """Give receipts of no return to returns that are known by now; returns how many."""
    rows = list(
        ErpReceipt.objects.select_for_update(of=("self",)).filter(
            connection=connection, rma__isnull=True, received_at__gte=now - MATCHED_FOR
        )[:_MOST_UNMATCHED]
    )
    postings = _authorisations(connection, {row.authorisation_id for row in rows})
    matched = [row for row in rows if row.authorisation_id in postings]
    for row in matched:
        posting = postings[row.authorisation_id]
        row.rma = posting.rma
        row.authorisation_id = _authorisation_id(posting)
        row.save(update_fields=["rma", "authorisation_id"])
    rmas.make_due(rma_ids=sorted({row.rma_id for row in matched if row.rma_id}), now=now)
    return len(matched)


def regrade(*, connection: Connection, regrades: Iterable[Regrade], now: datetime) -> int:
    """Move units between the conditions of known receipts; returns how many changes were applied.

    Raises:
        FileUnfit: a change fits no receipt that is known; nothing was changed.
    """
    changed: set[int] = set()
    count = 0
    for each in regrades:
        row = _fitting(connection, each)
        row.lines = _moved(row.lines, each)
        row.read_at = now
        row.save(update_fields=["lines", "read_at"])
        count += 1
        if row.rma_id is not None:
            changed.add(row.rma_id)
    rmas.make_due(rma_ids=sorted(changed), now=now)
    return count


def place(condition: str, damage_reason: str) -> str:
    """The word a mapping of places is asked for; "" for goods in order that say nothing."""
    return f"{condition}/{damage_reason}" if damage_reason else condition


def _authorisations(connection: Connection, told: set[str]) -> dict[str, Posting]:
    """By what a partner may call it (our key, its own id or number, the return's): the document.

    Where one return has several, the latest that lives.
    """
    names = sorted(told - {""})
    if not names:
        return {}
    named = (
        Q(key__in=names)
        | Q(external_id__in=names)
        | Q(number__in=names)
        | Q(rma__external_id__in=names)
    )
    rows = (
        Posting.objects.filter(named, connection=connection, kind=PostingKind.RETURN_AUTHORISATION)
        .exclude(status=PostingStatus.CANCELLED)
        .select_related("rma")
        .defer("draft")
        .order_by("pk")
    )
    found: dict[str, Posting] = {}
    ambiguous: set[str] = set()
    for row in rows:
        for name in {row.key, row.external_id, row.number, row.rma.external_id} & set(names):
            if name in found and found[name].rma_id != row.rma_id:
                ambiguous.add(name)
            found[name] = row
    return {name: row for name, row in found.items() if name not in ambiguous}


def _authorisation_id(posting: Posting) -> str:
    return posting.external_id or posting.key


def _together(arrivals: Iterable[Arrival]) -> list[list[Arrival]]:
    """What one file tells of one receipt, however many parts it tells it in."""
    found: dict[str, list[Arrival]] = {}
    for each in arrivals:
        found.setdefault(_identity(each), []).append(each)
    return list(found.values())


def _identity(arrival: Arrival) -> str:
    """One receipt may bring in goods of several authorisations; each is a receipt of its own."""
    text = f"{arrival.receipt_number}:{arrival.warehouse}:{arrival.authorisation}"
    return text if len(text) <= _LONGEST_ID else hashlib.sha256(text.encode()).hexdigest()


def _receipt(arrivals: Sequence[Arrival], posting: Posting | None) -> types.ErpReceipt:
    first = arrivals[0]
    return types.ErpReceipt(
        external_id=_identity(first),
        number=first.receipt_number,
        authorisation_id=_authorisation_id(posting) if posting else first.authorisation,
        warehouse=first.warehouse,
        received_at=max(_moment(each.received_at) for each in arrivals),
        lines=tuple(_line(line) for each in arrivals for line in each.lines),
    )


def _line(line: ArrivalLine) -> types.ErpReceiptLine:
    where = place(line.condition, line.damage_reason)
    return types.ErpReceiptLine(line.sku, line.quantity, where, line.po_line)


def _moment(at: date | datetime) -> datetime:
    """A day without a time counts as its noon: the day stays the same wherever it is read."""
    return at if isinstance(at, datetime) else datetime.combine(at, time(12), tzinfo=UTC)


def _fitting(connection: Connection, change: Regrade) -> ErpReceipt:
    rows = ErpReceipt.objects.select_for_update(of=("self",)).filter(connection=connection)
    if change.receipt_number:
        rows = rows.filter(number=change.receipt_number)
    else:
        posting = _authorisations(connection, {change.authorisation}).get(change.authorisation)
        rows = rows.filter(rma=posting.rma_id) if posting else rows.none()
    for row in rows.order_by("-received_at", "-pk"):
        if _can_move(row.lines, change):
            return row
    where = change.receipt_number or change.authorisation or "no receipt"
    raise FileUnfit(
        f"Change {change.number} moves {change.quantity} of {change.sku} on {where}, and no receipt"
        " is known that has them."
    )


def _can_move(lines: Sequence[dict[str, Any]], change: Regrade) -> bool:
    there: int = sum(line["quantity"] for line in lines if _is_from(line, change))
    has_item = any(line["sku"] == change.sku for line in lines)
    if change.from_condition != change.to_condition:
        return there >= abs(change.quantity) > 0
    return has_item and there + change.quantity >= 0


def _is_from(line: dict[str, Any], change: Regrade) -> bool:
    """Its damage reason belongs to a condition; a change names the condition alone."""
    condition = str(line["place"]).partition("/")[0]
    return bool(line["sku"] == change.sku and condition == change.from_condition)


def _moved(lines: Sequence[dict[str, Any]], change: Regrade) -> list[dict[str, Any]]:
    """The receipt's lines after the change: units taken where they lay, and put where they lie."""
    is_move = change.from_condition != change.to_condition
    left = abs(change.quantity) if is_move else max(-change.quantity, 0)
    added = abs(change.quantity) if is_move else max(change.quantity, 0)
    found = [dict(line) for line in lines]
    line_id = ""
    for line in found:
        if _is_from(line, change) and left:
            taken = min(left, line["quantity"])
            line["quantity"] -= taken
            left -= taken
            line_id = line_id or line["line_id"]
    found = [line for line in found if line["quantity"]]
    if added:
        same = next(
            (
                line
                for line in found
                if line["sku"] == change.sku and line["place"] == change.to_condition
            ),
            None,
        )
        if same is not None:
            same["quantity"] += added
        else:
            new = {"sku": change.sku, "quantity": added, "place": change.to_condition}
            found.append({**new, "line_id": line_id})
    return found
