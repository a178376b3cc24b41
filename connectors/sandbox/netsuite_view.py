"""The NetSuite-like twin's records as its REST answers show them, and as the oracle tells them."""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from types import TracebackType
from typing import Any

from werkzeug.wrappers import Request

from connectors.sandbox import netsuite_checks as checks
from connectors.sandbox.netsuite_records import KINDS, Line, Transaction

_TERM = re.compile(r'(\w+)\s+(IS|ANY_OF)\s+(?:"([^"]*)"|\[([^\]]*)\]|(\S+))', re.IGNORECASE)


class Undo:
    """A transform that is refused leaves its source as it was."""

    def __init__(self, source: Transaction) -> None:
        self._source = source
        self._before = copy.deepcopy(source)

    def __enter__(self) -> None:
        """Nothing to do before."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is not None:
            vars(self._source).update(vars(self._before))


def oracle(made: Transaction) -> dict[str, Any]:
    """One record made by a call, whole, under plain names."""
    return {
        "id": str(made.id),
        "record": KINDS[made.kind][0],
        "key": made.external_id,
        "number": made.number,
        "status": made.status,
        "date": made.day.isoformat(),
        "created_at": made.created_at.isoformat(),
        "created_from": str(made.source) if made.source else "",
        "subsidiary": made.subsidiary,
        "location": made.location,
        "currency": made.currency,
        "total": made.total,
        "tax": made.tax,
        "memo": made.memo,
        "lines": [_oracle_line(line) for line in made.lines],
        "sent": made.sent,
    }


def _oracle_line(line: Line) -> dict[str, Any]:
    return {
        "line": line.number,
        "item": str(line.item),
        "quantity": line.quantity,
        "rate": line.rate,
        "amount": line.amount,
        "tax": line.tax,
        "location": line.location,
        "statuses": [list(each) for each in line.statuses],
        "source_line": line.source_line,
        "kit": line.kit,
    }


def record(found: Transaction, request: Request) -> dict[str, Any]:
    """A GET's answer; sublists whole with expandSubResources, only `fields` where asked."""
    whole: dict[str, Any] = {
        "links": [{"rel": "self", "href": request.base_url}],
        "id": str(found.id),
        "tranId": found.number,
        "externalId": found.external_id,
        "tranDate": found.day.isoformat(),
        "memo": found.memo,
        "otherRefNum": found.other_ref,
        "entity": {"id": found.entity},
        "subsidiary": {"id": found.subsidiary},
        "currency": {"refName": found.currency},
        "status": {"id": found.status},
        "total": found.total,
        "taxTotal": found.tax,
        "item": {"links": [{"rel": "self", "href": f"{request.base_url}/item"}]},
    }
    if found.source:
        whole["createdFrom"] = {"id": str(found.source)}
    if request.args.get("expandSubResources", "").lower() == "true":
        whole["item"] = {"items": [_line(line) for line in found.lines]}
    asked = {name.strip().lower() for name in request.args.get("fields", "").split(",")} - {""}
    if not asked:
        return whole
    # The id comes with every answer.
    return {name: value for name, value in whole.items() if name.lower() in asked | {"id", "links"}}


# Tables of master data by the record's name, and what their columns are called in REST.
_ITEM = {"itemid": "itemId", "upccode": "upcCode", "displayname": "displayName"}
MASTERS: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "location": ("location", {"name": "name"}),
    "subsidiary": ("subsidiary", {"name": "name"}),
    "customer": ("customer", {"entityid": "entityId"}),
    "inventoryitem": ("item", _ITEM),
    "kititem": ("item", _ITEM),
    "otherchargesaleitem": ("item", _ITEM),
}


def master(row: Mapping[str, str], names: Mapping[str, str], request: Request) -> dict[str, Any]:
    """A record of master data as far as it is kept here."""
    told = {theirs: row[ours] for ours, theirs in names.items() if ours in row}
    return {
        "links": [{"rel": "self", "href": request.base_url}],
        "id": row["id"],
        "externalId": row.get("externalid", ""),
        "isInactive": row.get("isinactive") == "T",
        **told,
    }


def sublist(found: Transaction) -> dict[str, Any]:
    rows = [_line(line) for line in found.lines]
    page = {"count": len(rows), "hasMore": False, "offset": 0, "totalResults": len(rows)}
    return {"links": [], **page, "items": rows}


def _line(line: Line) -> dict[str, Any]:
    return {
        "line": line.number,
        "item": {"id": str(line.item)},
        "quantity": line.quantity,
        "rate": line.rate,
        "amount": line.amount,
        "tax1Amt": line.tax,
        "location": {"id": line.location},
        "quantityReceived": line.received,
        "quantityBilled": line.billed,
    }


def listing(
    every: list[Transaction], request: Request, *, limit: int, offset: int
) -> dict[str, Any]:
    """Ids and links of a collection. Of `q`, externalId, tranId and id are understood, with IS and
    ANY_OF, one term; the rest is refused."""
    query = request.args.get("q", "").strip()
    found = [each for each in every if _fits(each, query)] if query else every
    shown = found[offset : offset + limit]
    base = request.base_url
    return {
        "links": [{"rel": "self", "href": request.url}],
        "count": len(shown),
        "hasMore": offset + limit < len(found),
        "items": [
            {"links": [{"rel": "self", "href": f"{base}/{each.id}"}], "id": str(each.id)}
            for each in shown
        ],
        "offset": offset,
        "totalResults": len(found),
    }


def _fits(each: Transaction, query: str) -> bool:
    term = _TERM.fullmatch(query)
    values = {"externalid": each.external_id, "tranid": each.number, "id": str(each.id)}
    if term is None or term[1].lower() not in values:
        text = "This query is not understood here."
        raise checks.Refused(400, "INVALID_PARAMETER", text, errorQueryParam="q")
    asked = [part.strip().strip('"') for part in (term[4] or "").split(",")]
    wanted = asked if term[4] is not None else [term[3] or term[5] or ""]
    return values[term[1].lower()] in wanted
