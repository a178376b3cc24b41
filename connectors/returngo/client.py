"""ReturnGO's paths, parameters and answers; one method, one call.

Source: the vendor's API reference ("ReturnGO API - Prod 1.0", OpenAPI 3.0) and help centre. The
comment's body is seen in a third party's client only (inferred).
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

from connectors.errors import NotFound, Rejected, RejectionCode, UnreadableReply
from connectors.http import Reply, Session

MAX_PAGE_SIZE = 500
_PLAIN_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


class ReturnGoClient:
    """Every answer returned is a success (2xx).

    Reads raise NotFound where one return was asked for and UnreadableReply for any other refusal;
    writes raise Rejected; both raise what `Session.call` raises.
    """

    def __init__(self, *, session: Session) -> None:
        self._session = session

    def list_rmas(
        self, *, updated_since: datetime, cursor: str = "", page_size: int = MAX_PAGE_SIZE
    ) -> Reply:
        query = [
            ("pagesize", str(page_size)),
            ("rma_updated_at", since_filter(updated_since)),
            ("sort_by", "+rma_updated_at"),
        ]
        return self._read("list_rmas", "/rmas", query, cursor)

    def rma(self, rma_id: str) -> Reply:
        """Raises NotFound for 404, and for 400, which is how a malformed id is answered."""
        reply = self._session.call(operation="read_rma", method="GET", path=_path("rma", rma_id))
        if reply.status in (400, 404):
            raise NotFound(f"ReturnGO does not have return {rma_id}.", evidence=reply.evidence)
        return _successful_read(reply)

    def list_transactions(self, *, updated_since: datetime, cursor: str = "") -> Reply:
        query = [("pagesize", str(MAX_PAGE_SIZE)), ("updated_at", since_filter(updated_since))]
        return self._read("list_transactions", "/transactions", query, cursor)

    def add_comment(self, rma_id: str, *, html_text: str) -> Reply:
        reply = self._session.call(
            operation="add_comment",
            method="POST",
            path=_path("rma", rma_id, "comment"),
            body={"htmlText": html_text},
            is_write=True,
        )
        return _successful_write(reply, code=RejectionCode.UNCLASSIFIED, field="comment")

    def set_shipment_status(self, shipment_id: str, *, status: str) -> Reply:
        reply = self._session.call(
            operation="set_shipment_status",
            method="PUT",
            path=_path("shipment", shipment_id),
            body={"status": status},
            is_write=True,
        )
        code = RejectionCode.TRANSITION if reply.status == 400 else RejectionCode.UNCLASSIFIED
        return _successful_write(reply, code=code, field="shipment_status", value=status)

    def _read(self, operation: str, path: str, query: list[tuple[str, str]], cursor: str) -> Reply:
        if cursor:
            query.append(("cursor", cursor))
        return _successful_read(
            self._session.call(operation=operation, method="GET", path=path, query=query)
        )


def since_filter(moment: datetime) -> str:
    """The filter for "at or after"; written in UTC without offset and rounded down to the second.

    Raises ValueError for a naive time: read as UTC by guess, it could skip hours of changes.
    """
    if moment.tzinfo is None:
        raise ValueError("A watermark needs its time zone")
    return f"gte:{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}"


def _path(noun: str, record_id: str, *rest: str) -> str:
    """An id that could lead to another path is nobody's: NotFound, and no call is made."""
    if not _PLAIN_ID.fullmatch(record_id):
        raise NotFound(f"{record_id!r} is no id ReturnGO could have.")
    return "/" + "/".join((noun, record_id, *rest))


def _successful_read(reply: Reply) -> Reply:
    if not 200 <= reply.status < 300:
        raise UnreadableReply(
            f"ReturnGO refused a read (HTTP {reply.status}).", evidence=reply.evidence
        )
    return reply


def _successful_write(reply: Reply, *, code: str, field: str, value: str = "") -> Reply:
    if not 200 <= reply.status < 300:
        raise Rejected(
            f"ReturnGO refused the change (HTTP {reply.status}).",
            code=code,
            field=field,
            value=value,
            evidence=reply.evidence,
        )
    return reply
