"""Where files lie: one `FileStore` over a local folder, one over SFTP."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

OUT = "out"
SENT = "out/sent"
IN = "in"
DONE = "in/done"
BAD = "in/bad"
ACK = "ack"
FOLDERS = (OUT, SENT, IN, DONE, BAD, ACK)

# A file under a name like this is being written; nobody reads it.
TEMPORARY_SUFFIX = ".part"


@dataclass(frozen=True, slots=True)
class FileEntry:
    """A file in a folder. `modified_at` is aware UTC by the clock of where it lies."""

    name: str
    size: int
    modified_at: datetime


class FileStore(Protocol):
    """Files in the folders of one feed. Folders are those of `FOLDERS`; names have no slash.

    Every method may raise `Misconfigured` (the folder is not there, the login or the host is
    refused). Reads raise `RetryLater` when the store cannot be reached, `NotFound` for a file that
    is gone. Writes raise `RetryLater` only when surely nothing was done, else `OutcomeUnknown`.
    """

    def put(self, folder: str, name: str, content: bytes) -> None:
        """Written under a temporary name, flushed, then renamed: it is there whole or not at all.

        The same name with the same bytes is there already: nothing is done.

        Raises:
            Rejected: the name holds other bytes (`DUPLICATE_KEY`).
            OutcomeUnknown: the rename was asked for and no answer came.
        """
        ...

    def listing(self, folder: str) -> tuple[FileEntry, ...]:
        """Plain files by name, without temporary ones, folders and links; one call."""
        ...

    def read(self, folder: str, name: str, most: int) -> bytes:
        """The whole file; raises `UnreadableReply` when it holds more than `most` bytes."""
        ...

    def move(self, folder: str, name: str, to_folder: str) -> None:
        """Moved under the same name; done already (gone here, there present) is a no-op.

        A file of that name that lies there already is kept, and the moved one gets a number
        behind its name.
        """
        ...

    def exists(self, folder: str, name: str) -> bool: ...

    def close(self) -> None:
        """Let go of a connection that is open; the next call opens it again."""
        ...
