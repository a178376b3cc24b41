"""Reads in pages: the stop rule, the guard against a system that repeats itself, the watermark."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from connectors import errors
from connectors.http import Reply
from connectors.profiled import reading, render
from connectors.profiled.judging import ReplyJudge
from connectors.profiled.parts import Operation, OperationName, Request
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
        body: object | None = None,
        is_write: bool = False,
    ) -> Reply: ...


@dataclass(frozen=True, slots=True)
class ItemCursor:
    """The next page, and the newest watermark of the pages before it."""

    page: int
    watermark: str

    @classmethod
    def parse(cls, text: str) -> ItemCursor:
        page, _, watermark = text.partition(";")
        if not text:
            return cls(1, "")
        if not re.fullmatch(r"[1-9][0-9]{0,5}", page):
            raise errors.Misconfigured(f"'{text}' is no cursor of this connector.")
        return cls(int(page), watermark)

    def text(self) -> str:
        return f"{self.page};{self.watermark}"


class PageReader:
    """Makes the read calls of one profile."""

    def __init__(self, *, profile: Profile, transport: Transport, judge: ReplyJudge) -> None:
        self._profile = profile
        self._transport = transport
        self._judge = judge
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
        reply = self._transport.call(operation=name.value, request=request, query=query + extra)
        return self._judge.answered(reply), reply

    def page(
        self,
        name: OperationName,
        operation: Operation,
        request: Request,
        values: QueryInputs,
        *,
        number: int,
    ) -> tuple[list[Row], Reply]:
        """The rows of page `number` (from 1) on the operation's row path."""
        paging = operation.paging
        extra = (
            ((paging.page, str(number)), (paging.size_param, str(paging.size))) if paging else ()
        )
        document, reply = self.call(name, request, values, extra)
        return reading.rows(operation.rows, document, evidence=reply.evidence), reply

    def all_rows(
        self, name: OperationName, operation: Operation, request: Request, values: QueryInputs
    ) -> Iterator[tuple[Row, Reply]]:
        """Every row of every page, one call per page.

        Raises:
            UnreadableReply: a page repeats the one before it, so page numbers are not obeyed.
        """
        previous: list[Row] = []
        for number in range(1, _MAX_PAGES + 1):
            found, reply = self.page(name, operation, request, values, number=number)
            if found and found == previous:
                raise errors.UnreadableReply(
                    f"Page {number} of '{name.value}' repeats the page before it.",
                    field="paging",
                    evidence=reply.evidence,
                )
            for row in found:
                yield row, reply
            if is_last_page(operation, len(found)):
                return
            previous = found
        raise errors.UnreadableReply(f"'{name.value}' has more than {_MAX_PAGES} pages.")

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


def is_last_page(operation: Operation, rows: int) -> bool:
    """Whether a page with `rows` rows on the row path ends the reading."""
    if operation.paging is None or rows == 0:
        return True
    return operation.paging.stop == "short_rows" and rows < operation.paging.size
