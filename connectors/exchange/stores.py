"""Where files lie: one `FileStore` over a local folder, one over SFTP."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath
from typing import Protocol

from connectors import errors

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


def temporary(name: str) -> str:
    """The name a file has while it is written."""
    check_name(name)
    return name + TEMPORARY_SUFFIX


def check_name(name: str) -> None:
    """Raise `Misconfigured` for a name that is a path, hidden, or one being written."""
    if not is_readable_name(name):
        raise errors.Misconfigured(f"'{name}' cannot be the name of a file here.")


def is_readable_name(name: str) -> bool:
    """Whether a file under this name is one to look at: no path, not hidden, no temporary."""
    return bool(name) and not (
        name.startswith((".", "~"))
        or name.endswith(TEMPORARY_SUFFIX)
        or any(each in "/\\" or each < " " for each in name)
    )


def free_name(name: str, is_taken: Callable[[str], bool]) -> str:
    """`name`, or with the first number behind it that nobody has."""
    path, found, count = PurePosixPath(name), name, 1
    while is_taken(found):
        count += 1
        found = f"{path.stem}-{count}{path.suffix}"
    return found


def no_folder(folder: str, step: str) -> errors.Misconfigured:
    """The refusal for a folder that is missing; `step` is the part of the way that is."""
    if step in folder.split("/"):
        return errors.Misconfigured(f"There is no folder {folder}/.")
    return errors.Misconfigured(f"There is no folder {step}/ for this feed.")


def too_long(name: str, most: int) -> errors.UnreadableReply:
    return errors.UnreadableReply(f"{name} is longer than {most:,} bytes, so it was not read.")


def other_content(name: str) -> errors.Rejected:
    return errors.Rejected(
        f"A file {name} with other content lies there already; it was left as it is.",
        code=errors.RejectionCode.DUPLICATE_KEY,
        field="name",
        value=name,
    )
