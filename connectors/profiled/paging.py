"""Reads in pages: the stop rule, the guard against a system that repeats itself, the watermark."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol
from urllib.parse import quote, unquote

from connectors import errors
from connectors.http import Reply
from connectors.profiled import reading, render
from connectors.profiled.judging import ReplyJudge
from connectors.profiled.parts import (
    AnyPaging,
    CursorPaging,
    OffsetPaging,
    Operation,
    OperationName,
    Paging,
    Request,
)
from connectors.profiled.schema import Profile

Row = dict[str, Any]
QueryInputs = Mapping[str, render.QueryInput]

_MAX_PAGES = 1_000


class Transport(Protocol):
    """How a profile's requests leave (`connectors.profiled.transports`)."""

    def call(
        self,
        *,
        operation: str,
        request: Request,
        query: Sequence[tuple[str, str]] = (),
        body: render.JsonValue = None,
        is_write: bool = False,
    ) -> Reply: ...

    def shown(self, body: render.JsonValue) -> str:
        """What `body` is when it leaves, for people."""
        ...


@dataclass(frozen=True, slots=True)
class Position:
    """Which page: its number from 1, and what the page before said when pages have cursors."""

    number: int = 1
    cursor: str = ""

    def values(self, paging: AnyPaging) -> dict[str, str]:
        """What a body may name of it, as `query.<name>`."""
        return {
            "page": str(self.number),
            "offset": str((self.number - 1) * paging.size),
            "cursor": self.cursor,
            "size": str(paging.size),
        }

    def parameters(self, paging: AnyPaging) -> tuple[tuple[str, str], ...]:
        """What the address carries: parameters the profile names, a cursor once there is one."""
        values = self.values(paging)
        match paging:
            case CursorPaging(cursor=cursor):
                asked = (cursor if self.cursor else "", values["cursor"])
            case OffsetPaging(offset=offset):
                asked = (offset, values["offset"])
            case Paging(page=page):
                asked = (page, values["page"])
        return tuple(pair for pair in (asked, (paging.size_param, values["size"])) if pair[0])


@dataclass(frozen=True, slots=True)
class ItemCursor:
    """The next page, and the newest watermark of the pages before it."""

    position: Position
    watermark: str

    @classmethod
    def parse(cls, text: str) -> ItemCursor:
        if not text:
            return cls(Position(), "")
        page, _, rest = text.partition(";")
        watermark, _, cursor = rest.partition(";")
        if not re.fullmatch(r"[1-9][0-9]{0,5}", page):
            raise errors.Misconfigured(f"'{text}' is no cursor of this connector.")
        return cls(Position(int(page), unquote(cursor)), watermark)

    def text(self) -> str:
        plain = f"{self.position.number};{self.watermark}"
        return f"{plain};{quote(self.position.cursor)}" if self.position.cursor else plain


class PageReader:
    """Makes the read calls of one profile."""

    def __init__(
        self,
        *,
        profile: Profile,
        transport: Transport,
        judge: ReplyJudge,
        bodies: render.BodyRenderer,
    ) -> None:
        self._profile = profile
        self._transport = transport
        self._judge = judge
        self._bodies = bodies
        self._format = profile.environment.datetime_format

    def call(
        self,
        name: OperationName,
        request: Request,
        values: QueryInputs,
        extra: tuple[tuple[str, str], ...] = (),
    ) -> tuple[Any, Reply]:
        """One read call: the parsed answer and the reply it came in."""
        query = render.query(profile=self._profile, templates=request.query, values=values)
        body = self._bodies.question(request.body, values) if request.body else None
        reply = self._transport.call(
            operation=name.value, request=addressed(request, values), query=query + extra, body=body
        )
        return self._judge.answered(reply), reply

    def page(
        self,
        name: OperationName,
        operation: Operation,
        request: Request,
        values: QueryInputs,
        *,
        position: Position,
    ) -> tuple[list[Row], Position | None, Reply]:
        """The rows of one page on the operation's row path, and where the next one is."""
        paging = operation.paging
        extra = position.parameters(paging) if paging else ()
        inputs = {**values, **position.values(paging)} if paging else values
        document, reply = self.call(name, request, inputs, extra)
        found = reading.rows(operation.rows, document, evidence=reply.evidence)
        return found, _next(paging, position, found, document, reply), reply

    def all_rows(
        self, name: OperationName, operation: Operation, request: Request, values: QueryInputs
    ) -> Iterator[tuple[Row, Reply]]:
        """Every row of every page, one call per page.

        Raises:
            UnreadableReply: a page repeats the one before it, so paging is not obeyed.
        """
        previous: list[Row] = []
        position: Position | None = Position()
        while position is not None:
            if position.number > _MAX_PAGES:
                raise errors.UnreadableReply(f"'{name.value}' has more than {_MAX_PAGES} pages.")
            number = position.number
            found, position, reply = self.page(name, operation, request, values, position=position)
            if found and found == previous:
                raise errors.UnreadableReply(
                    f"Page {number} of '{name.value}' repeats the page before it.",
                    field="paging",
                    evidence=reply.evidence,
                )
            for row in found:
                yield row, reply
            previous = found

    def overlapped(self, operation: Operation, since: str) -> str:
        """`since` moved back by the profile's overlap; "" stays "" and reads everything."""
        if not since or operation.watermark is None:
            return since
        try:
            moment = self._moment(since)
        except ValueError:
            raise errors.Misconfigured(
                f"The watermark '{since}' is not written as {self._format}."
            ) from None
        overlap = timedelta(seconds=operation.watermark.overlap_seconds)
        return (moment - overlap).strftime(self._format)

    def newest(self, operation: Operation, rows: Sequence[Row], known: str, reply: Reply) -> str:
        """The latest of `known` and the rows' watermarks, as the ERP writes it."""
        if operation.watermark is None:
            return known
        texts = [reading.text_at(operation.watermark.path, row) for row in rows]
        try:
            return max((text for text in [known, *texts] if text), key=self._moment, default="")
        except ValueError:
            raise errors.UnreadableReply(
                f"A watermark is not written as {self._format}.",
                field="watermark",
                evidence=reply.evidence,
            ) from None

    def _moment(self, text: str) -> datetime:
        # Only compared and shifted in the ERP's own clock, whatever its zone.
        return datetime.strptime(text, self._format).replace(tzinfo=UTC)


def addressed(request: Request, values: Mapping[str, object]) -> Request:
    """The request with the placeholders of its path filled."""
    if "{" not in request.path:
        return request
    return request.model_copy(update={"path": render.path(request.path, values)})


def _next(
    paging: AnyPaging | None, position: Position, rows: list[Row], document: object, reply: Reply
) -> Position | None:
    """Where the page after this one is; None after the last.

    Raises:
        UnreadableReply: the cursor of the next page is the one of this.
    """
    if isinstance(paging, CursorPaging):
        cursor = reading.text_at(paging.next, document)
        if cursor and cursor == position.cursor:
            raise errors.UnreadableReply(
                "The cursor of the next page is that of this page.",
                field="paging",
                evidence=reply.evidence,
            )
        return Position(position.number + 1, cursor) if cursor else None
    if paging is None or not rows:
        return None
    is_short = paging.stop == "short_rows" and len(rows) < paging.size
    return None if is_short else Position(position.number + 1)
