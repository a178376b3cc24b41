"""NetSuite's REST calls: SuiteQL, transforms and records; one method, one call.

Documented: paths, `Prefer: transient`, 204 with `Location`, `!transform`, `?replace=item`, `eid:`.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from connectors.errors import (
    Misconfigured,
    NotFound,
    OutcomeUnknown,
    RetryLater,
    UnreadableReply,
)
from connectors.http import Reply, Session
from connectors.netsuite import refusals
from connectors.netsuite.auth import Signer

# Two sources say 1000 rows a page, one 3000.
PAGE_ROWS = 1_000
# A collection answers 1000 pages at most; more of one question is a question put badly.
_MOST_PAGES = 100
_LOCATION = re.compile(r"/(\d{1,18})/?(?:[?#].*)?$")
_RECORD = "/services/rest/record/v1"

Row = Mapping[str, str]


class NetSuiteClient:
    """Reads raise NotFound for 404 and UnreadableReply for any other refusal; writes raise what
    `refusals` makes of it; both raise what `Session.call` raises. A 401 gets one new token."""

    def __init__(self, *, session: Session, signer: Signer) -> None:
        self._session = session
        self._signer = signer

    def page(self, operation: str, query: str, *, offset: int = 0) -> tuple[list[Row], bool, Reply]:
        """Rows of one page as texts by lower-case column, and whether more follow."""
        reply = self._call(
            operation=operation,
            method="POST",
            path="/services/rest/query/v1/suiteql",
            query=[("limit", str(PAGE_ROWS)), ("offset", str(offset))],
            body={"q": query},
            headers={"Prefer": "transient"},
        )
        document = _answered(reply)
        rows = document.get("items") if isinstance(document, dict) else None
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise UnreadableReply("The answer holds no list of items.", evidence=reply.evidence)
        has_more = document.get("hasMore")
        if not isinstance(has_more, bool):
            raise UnreadableReply("The answer does not say whether more follows.", field="hasMore")
        return [_texts(row, reply) for row in rows], has_more, reply

    def rows(self, operation: str, query: str) -> Iterator[tuple[Row, Reply]]:
        """Every row of a query that is ordered by a unique key, one call per page."""
        for number in range(_MOST_PAGES):
            rows, has_more, reply = self.page(operation, query, offset=number * PAGE_ROWS)
            for row in rows:
                yield row, reply
            if not has_more:
                return
            if len(rows) != PAGE_ROWS:
                # The next page would begin somewhere else than this one ended.
                raise UnreadableReply("A page was cut short.", evidence=reply.evidence)
        raise UnreadableReply("The answer has more pages than one question may have.")

    def id_of(self, record: str, external_id: str) -> str:
        """The id of the record with this external id, read past any search index.

        Raises NotFound when there is none.
        """
        path = f"{_RECORD}/{record}/eid:{external_id}"
        reply = self._call(
            operation="read_by_key", method="GET", path=path, query=[("fields", "id")]
        )
        document = _answered(reply)
        return str(document.get("id", "")) if isinstance(document, dict) else ""

    def transform(
        self,
        operation: str,
        source: str,
        source_id: str,
        target: str,
        body: Mapping[str, Any],
        *,
        replaces: Sequence[str] = (),
    ) -> tuple[str, Reply]:
        """Make `target` from a record; the id of what was made. Sublists named in `replaces` hold
        exactly the lines of the body."""
        path = f"{_RECORD}/{source}/{source_id}/!transform/{target}"
        query = [("replace", ",".join(replaces))] if replaces else []
        return self._write(operation, path, query, body)

    def insert(self, operation: str, record: str, body: Mapping[str, Any]) -> tuple[str, Reply]:
        return self._write(operation, f"{_RECORD}/{record}", [], body)

    def _write(
        self, operation: str, path: str, query: list[tuple[str, str]], body: Mapping[str, Any]
    ) -> tuple[str, Reply]:
        reply = self._call(
            operation=operation, method="POST", path=path, query=query, body=body, is_write=True
        )
        if reply.status >= 400:
            raise refusals.of_write(reply)
        found = _LOCATION.search(reply.headers.get("Location", ""))
        # 202 is a job that was taken on: what it will come to is not known.
        if found is None or reply.status == 202:
            raise OutcomeUnknown(
                f"NetSuite's answer (HTTP {reply.status}) names no new record.",
                evidence=reply.evidence,
            )
        return found[1], reply

    def _call(self, **call: Any) -> Reply:
        self._signer.prepare()
        try:
            return self._paced(call)
        except Misconfigured as error:
            # A refused caller was not let in, so nothing was done and a write may go again.
            is_refused = error.evidence is not None and error.evidence.status == 401
            if not (is_refused and self._signer.renew()):
                raise
        return self._paced(call)

    def _paced(self, call: Mapping[str, Any]) -> Reply:
        """The limit is one of simultaneous calls and names no time to wait: workers that come back
        together would collide again, so each waits a little differently."""
        try:
            return self._session.call(**call)
        except RetryLater as error:
            if error.is_throttled and error.after_seconds is None and error.evidence is not None:
                error.after_seconds = random.randint(2, 9)
            raise


def _answered(reply: Reply) -> Any:
    document = reply.json()
    if reply.status < 400:
        return document
    detail = refusals.first_detail(document)
    text = detail.text if detail else f"HTTP {reply.status}"
    if reply.status == 404:
        raise NotFound(text, evidence=reply.evidence)
    raise UnreadableReply(f"NetSuite refused a read: {text}", evidence=reply.evidence)


def _texts(row: Mapping[str, Any], reply: Reply) -> dict[str, str]:
    """Documented: every value is a text and empty ones are left out. Plain values become texts."""
    found = {}
    for name, value in row.items():
        if name == "links" or value is None:
            continue
        if isinstance(value, (dict, list)):
            raise UnreadableReply(
                f"'{name}' holds no text.", field=name.lower(), evidence=reply.evidence
            )
        if isinstance(value, bool):
            value = "T" if value else "F"
        found[name.lower()] = str(value)
    return found
