"""How a file is written and read: one `Layout` for our side, one `PartnerLayout` for the twin."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from connectors.errors import UnreadableReply
from connectors.exchange.shapes import Acknowledgement, Arrival, Batch, Inbound, Regrade

GENERIC_CSV = "generic-csv"
X12_4010 = "x12-4010"


@dataclass(frozen=True, slots=True)
class LayoutSettings:
    """What a connection says of its files. A layout is built from these alone.

    Qualifiers and ids are those of ISA05–08, group ids those of GS02–03. `authorisation_set` is
    the X12 set an authorisation leaves as, 943 or 180.
    """

    our_qualifier: str = "ZZ"
    our_id: str = ""
    partner_qualifier: str = "ZZ"
    partner_id: str = ""
    our_group_id: str = ""
    partner_group_id: str = ""
    charset: str = "utf-8"
    is_test: bool = True
    authorisation_set: str = "943"


class RefusedFile(UnreadableReply):
    """A file that names its sender and its numbers, but holds a fault: nothing of it is taken.

    `answer` is the file we owe for it, which tells the sender the fault (X12 997, rejected).
    """

    def __init__(self, text: str, *, field: str = "", answer: bytes) -> None:
        super().__init__(text, field=field)
        self.answer = answer


class Layout(Protocol):
    """Our side of a layout; pure, built as `CsvLayout(settings)` or `X12Layout(settings)`."""

    # "generic-csv-1": goes into file names, and is kept with each batch.
    version: str
    # ".csv"
    file_suffix: str
    # Which kinds of document a file of this layout can carry.
    kinds: frozenset[str]

    def build(self, batch: Batch) -> bytes:
        """The whole file; the same batch gives the same bytes.

        Raises:
            Rejected: a draft cannot be expressed; `value` is that draft's key, `field` the field.
        """
        ...

    def read(self, name: str, content: bytes) -> tuple[Inbound, ...]:
        """Everything an incoming file holds, or nothing of it.

        Raises:
            UnreadableReply: the text names line and segment for people; also for a file that is
                addressed to somebody else or was sent by another partner. It is a `RefusedFile`
                where the sender is owed an answer that says so.
        """
        ...


class PartnerLayout(Protocol):
    """The partner's side of the same layout and settings, for the sandbox's twin.

    Numbers are the partner's own sequence, one for each file it sends.
    """

    def read_batch(self, name: str, content: bytes) -> tuple[Inbound, ...]:
        """Our batch as the partner reads it: kind `DOCUMENTS`, `batch_number`, `answer` the 997.

        Raises:
            UnreadableReply: as `Layout.read`.
        """
        ...

    def acknowledge(self, found: Acknowledgement, *, number: int, at: datetime) -> bytes:
        """The verdict on a batch as a file: a CSV acknowledgement, or X12 997 / 824 by
        `is_syntax_only`."""
        ...

    def arrivals(self, found: tuple[Arrival, ...], *, number: int, at: datetime) -> bytes: ...

    def regrades(self, found: tuple[Regrade, ...], *, number: int, at: datetime) -> bytes: ...
