"""Brightpearl's paths, parameters and envelope; one method, one call unless it says otherwise.

Source: api-docs.brightpearl.com (per resource), its help centre for quota and multi-messages, and
public clients for the shape of a search's and a multi-message's answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeVar

from connectors import errors, wire_json
from connectors.brightpearl import envelope
from connectors.brightpearl.access import Access
from connectors.brightpearl.account import Account
from connectors.brightpearl.kind import MAX_IDS, PAGE_SIZE
from connectors.http import Reply, Session
from connectors.ports import CostPacer, Pacer
from connectors.types import Evidence

T = TypeVar("T")

# A set that has more pages than this is asked for wrongly.
_MOST_PAGES = 2_000


@dataclass(frozen=True, slots=True)
class Page:
    """Rows of a search as mappings by column name."""

    rows: tuple[dict[str, Any], ...]
    is_last: bool


class BrightpearlClient:
    """Reads raise what `Session.call` raises and UnreadableReply; writes raise Rejected and
    OutcomeUnknown besides."""

    def __init__(self, *, session: Session, account: Account, access: Access, pacer: Pacer) -> None:
        self._session = session
        self._pacer = pacer
        self._account = account
        self._access = access
        self._last: Evidence | None = None

    @property
    def last_evidence(self) -> Evidence | None:
        """The exchange of the last call that was answered."""
        return self._last

    def read(self, operation: str, path: str, query: Sequence[tuple[str, str]] = ()) -> Any:
        """The `response`; None where nothing matches."""
        return envelope.answered(self._call(operation, "GET", path, query=query))

    def write(self, operation: str, method: str, path: str, body: object) -> Any:
        """The `response` to a write that was accepted."""
        reply = self._call(operation, method, path, body=body, is_write=True)
        return envelope.accepted(reply.status, reply.json(), reply.evidence)

    def post_messages(self, operation: str, messages: Sequence[Mapping[str, object]]) -> Reply:
        """One multi-message, in order, each carried out whatever became of those before it.

        PARALLEL with STOP is no valid pair, and messages of one return must keep their order.
        """
        body = {"processingMode": "SEQUENTIAL", "onFail": "CONTINUE", "messages": list(messages)}
        return self._call(operation, "POST", "/multi-message", body=body, is_write=True)

    def post_chain(self, operation: str, messages: Sequence[Mapping[str, object]]) -> Reply:
        """One multi-message that stops at the first message refused."""
        body = {"processingMode": "SEQUENTIAL", "onFail": "STOP", "messages": list(messages)}
        return self._call(operation, "POST", "/multi-message", body=body, is_write=True)

    def search(
        self,
        operation: str,
        path: str,
        *,
        columns: Sequence[str],
        filters: Sequence[tuple[str, str]],
        sort: str,
    ) -> list[dict[str, Any]]:
        """Every row as a mapping by column name; one call per page.

        Pages are asked for until one is short, or told to be the last where it is short by the
        other side's doing: the count an answer tells is known to be capped.
        """
        found: list[dict[str, Any]] = []
        for _ in range(_MOST_PAGES):
            page = self.page(
                operation, path, columns=columns, filters=filters, sort=sort, first=len(found) + 1
            )
            found.extend(page.rows)
            if page.is_last:
                return found
        raise errors.UnreadableReply("The search does not end.", evidence=self._last)

    def page(
        self,
        operation: str,
        path: str,
        *,
        columns: Sequence[str],
        filters: Sequence[tuple[str, str]],
        sort: str,
        first: int,
        is_newest_first: bool = False,
    ) -> Page:
        """One page of a search from its `first` row on, counted from 1."""
        query = [
            *filters,
            ("columns", ",".join(columns)),
            ("sort", f"{sort}.{'DESC' if is_newest_first else 'ASC'}"),
            ("pageSize", str(PAGE_SIZE)),
            ("firstResult", str(first)),
        ]
        response = self.read(operation, path, query)
        try:
            return Page((), is_last=True) if response is None else _page(response, columns)
        except errors.UnreadableReply as error:
            error.evidence = error.evidence or self._last
            raise

    def _call(
        self,
        operation: str,
        method: str,
        path: str,
        *,
        query: Sequence[tuple[str, str]] = (),
        body: object | None = None,
        is_write: bool = False,
    ) -> Reply:
        def once() -> Reply:
            return self._session.call(
                operation=operation,
                method=method,
                path=f"{self._account.root}{path}",
                query=query,
                body=body,
                is_write=is_write,
                headers=self._access.headers(self._session),
            )

        try:
            reply = once()
        except errors.Misconfigured as error:
            is_refused = error.evidence is not None and error.evidence.status == 401
            # A token may end before its time; a call that was refused with 401 did nothing.
            if not (is_refused and self._access.renew()):
                raise
            reply = once()
        self._last = reply.evidence
        self._heed_quota(reply.headers)
        return reply

    def _heed_quota(self, headers: Mapping[str, str]) -> None:
        """After the last call of a minute no worker makes another before one is free again.

        The pool is the account's, so that other apps may have used what our own pace allows.
        """
        left, wait = envelope.quota(headers)
        if left == 0 and wait > 0 and isinstance(self._pacer, CostPacer):
            self._pacer.note_meter(
                cost=Decimal(1), available=Decimal(0), restored_per_second=Decimal(1) / wait
            )


def id_sets(ids: Iterable[int]) -> list[str]:
    """Ids as the sets a path takes, each id once, ascending."""
    wanted = sorted(set(ids))
    return [
        ",".join(map(str, wanted[start : start + MAX_IDS]))
        for start in range(0, len(wanted), MAX_IDS)
    ]


def message(label: str, method: str, path: str, body: object) -> dict[str, object]:
    return {"label": label, "uri": path, "httpMethod": method, "body": body}


def outcomes(reply: Reply, labels: Sequence[str]) -> dict[str, Any | errors.ConnectorError]:
    """What became of each message, by its label: its `response`, or the error.

    Raises:
        Rejected: the multi-message itself was refused, so that nothing was carried out.
        OutcomeUnknown: the answer cannot be understood.
    """
    document = reply.json()
    if not 200 <= reply.status < 300:
        envelope.accepted(reply.status, document, reply.evidence)
    response = document.get("response") if isinstance(document, Mapping) else None
    processed = response.get("processedMessages") if isinstance(response, Mapping) else None
    if not isinstance(response, Mapping) or not isinstance(processed, list):
        raise errors.OutcomeUnknown(
            "The answer to a multi-message has no list of messages.", evidence=reply.evidence
        )
    found: dict[str, Any | errors.ConnectorError] = {}
    for row in processed:
        if isinstance(row, Mapping) and isinstance(row.get("label"), str):
            found[row["label"]] = _outcome(row, reply.evidence)
    for label in _labels(response.get("unprocessedMessages")):
        found[label] = errors.RetryLater(
            "Brightpearl did not get to this message.", evidence=reply.evidence
        )
    for label in labels:
        if label not in found:
            found[label] = errors.OutcomeUnknown(
                "Brightpearl's answer does not name this message.", evidence=reply.evidence
            )
    return found


def _outcome(row: Mapping[str, Any], evidence: Evidence) -> Any | errors.ConnectorError:
    status, body = row.get("statusCode"), row.get("body")
    content = body.get("content") if isinstance(body, Mapping) else None
    try:
        document = wire_json.decode(content) if isinstance(content, str) else content
        return envelope.accepted(status if isinstance(status, int) else 0, document, evidence)
    except ValueError:
        return errors.OutcomeUnknown("A message's answer is not readable.", evidence=evidence)
    except errors.ConnectorError as error:
        return error


def _labels(value: object) -> list[str]:
    return [label for label in value if isinstance(label, str)] if isinstance(value, list) else []


def _page(response: object, wanted: Sequence[str]) -> Page:
    if not isinstance(response, Mapping):
        raise errors.UnreadableReply("The search did not answer with an object.")
    meta, results = response.get("metaData"), response.get("results")
    columns = meta.get("columns") if isinstance(meta, Mapping) else None
    if (
        not isinstance(meta, Mapping)
        or not isinstance(columns, list)
        or not isinstance(results, list)
    ):
        raise errors.UnreadableReply("The search's answer has no columns or no results.")
    names = [column.get("name") if isinstance(column, Mapping) else None for column in columns]
    missing = [name for name in wanted if name not in names]
    if missing:
        raise errors.UnreadableReply(
            f"The search's answer lacks the columns {', '.join(missing)}.", field=missing[0]
        )
    rows = []
    for row in results:
        if not isinstance(row, list) or len(row) != len(names):
            raise errors.UnreadableReply("A row of the search does not fit its columns.")
        rows.append({name: row[at] for at, name in enumerate(names) if isinstance(name, str)})
    has_more = bool(rows) and (len(rows) >= PAGE_SIZE or meta.get("morePagesAvailable") is True)
    return Page(tuple(rows), is_last=not has_more)
