"""A partner that exchanges files through a folder, and a layout that knows files by heart."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from connectors.errors import UnreadableReply
from connectors.exchange import stores
from connectors.exchange.layouts import LayoutSettings, RefusedFile
from connectors.exchange.local import LocalStore
from connectors.exchange.shapes import AckLine, Acknowledgement, Inbound, InboundKind, LineResult
from connectors.types import DocumentKind
from exceptions_app.models import Connection
from exceptions_app.rules import drafts
from exceptions_app.services import exchange
from exceptions_app.services.exchange_book import DatabaseBook
from tests import factories

START = factories.NOW


class KnownFiles:
    """A `Layout` whose files mean what a test says they mean."""

    version = "known-1"
    file_suffix = ".txt"
    kinds = frozenset(kind.value for kind in DocumentKind)

    def __init__(self, settings: LayoutSettings | None = None) -> None:
        self.meaning: dict[bytes, tuple[Inbound, ...]] = {}
        self.refusals: dict[bytes, bytes] = {}

    def build(self, batch) -> bytes:
        return f"batch {batch.number}".encode()

    def read(self, name: str, content: bytes) -> tuple[Inbound, ...]:
        if content in self.refusals:
            raise RefusedFile("Its total is wrong.", answer=self.refusals[content])
        if content not in self.meaning:
            raise UnreadableReply("Line 3 has 4 columns instead of 7.")
        return self.meaning[content]


@dataclass
class Partner:
    """One connection, its folders and a clock; `look()` lets the house look into them."""

    connection: Connection
    root: Path
    layout: KnownFiles = field(default_factory=KnownFiles)
    now: datetime = START

    @property
    def store(self) -> LocalStore:
        return LocalStore(root=str(self.root), steps=("depot",))

    def clock(self) -> datetime:
        return self.now

    @property
    def book(self) -> DatabaseBook:
        return DatabaseBook(connection=self.connection, clock=self.clock)

    def send(self, *postings: Any, is_put: bool = True):
        """A batch of these documents as a gateway sends it; told as delivered unless cut off."""
        documents = [drafts.from_json(posting.draft) for posting in postings]
        batch = self.book.begin(
            kind=documents[0].kind,
            drafts=documents,
            made_at=self.now,
            build=lambda number: f"file {number} of {len(documents)}".encode(),
            name=lambda number: f"credits-{number}.txt",
        )
        if is_put:
            self.store.put(stores.OUT, batch.name, batch.content)
            self.book.delivered(batch.number)
        return batch

    def leave(self, folder: str, name: str, *parts: Inbound, content: bytes = b"") -> None:
        """Put a file where the house looks; without `parts` it is one that nobody can read."""
        content = content or f"{folder}/{name}".encode()
        if parts:
            self.layout.meaning[content] = parts
        path = self.root / "depot" / folder / name
        path.write_bytes(content)
        os.utime(path, (self.now.timestamp(), self.now.timestamp()))

    def look(self, *, times: int = 2) -> None:
        """The second look finds a file as the first did, and reads it."""
        for _ in range(times):
            self.now += timedelta(minutes=1)
            exchange.look(connection=self.connection, now=self.now)

    def names(self, folder: str) -> list[str]:
        return [entry.name for entry in self.store.listing(folder)]


def acknowledged(number: int, *lines: AckLine, **values: Any) -> Inbound:
    """What a partner says of batch `number`: a business answer, by lines unless told otherwise."""
    found = Acknowledgement(
        batch_number=number,
        is_syntax_only=values.pop("is_syntax_only", False),
        is_accepted=values.pop("is_accepted", None),
        text=values.pop("text", ""),
        lines=lines,
    )
    return Inbound(kind=InboundKind.ACKNOWLEDGEMENT, acknowledgements=(found,), **values)


def yes(posting, number: str) -> AckLine:
    return AckLine(posting.key, 0, LineResult.ACCEPTED, erp_id=f"id-{number}", number=number)


def no(posting, code: str, text: str = "No.", field: str = "") -> AckLine:
    return AckLine(posting.key, 0, LineResult.REJECTED, code=code, text=text, field=field)
