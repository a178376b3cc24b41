"""Files in a folder of this system, never outside the root that was configured for them.

Every step down is opened by itself and without following links, so that a link put there later
leads nowhere either.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator
from datetime import UTC, datetime

from connectors import errors
from connectors.exchange import stores
from connectors.exchange.stores import FileEntry

_NO_LINK = os.O_NOFOLLOW | os.O_CLOEXEC
_NO_ROOT = "No folder for file exchange is configured on this system (RETURNSBRIDGE_EXCHANGE_ROOT)."


class LocalStore:
    """A `FileStore` below `root`, in the folder that `steps` lead to."""

    def __init__(self, *, root: str, steps: tuple[str, ...]) -> None:
        if not root:
            raise errors.Misconfigured(_NO_ROOT)
        self._root = root
        self._steps = steps

    def put(self, folder: str, name: str, content: bytes) -> None:
        temporary = stores.temporary(name)
        with self._opened(folder) as at:
            if _is_there_already(at, name, content):
                return
            try:
                _write(at, temporary, content)
            except OSError as error:
                _drop(at, temporary)
                raise errors.RetryLater(f"{folder}/{name} cannot be written: {_why(error)}.") from (
                    error
                )
            try:
                os.rename(temporary, name, src_dir_fd=at, dst_dir_fd=at)
                os.fsync(at)
            except OSError as error:
                raise errors.OutcomeUnknown(
                    f"{folder}/{name} was written, but not surely given its name: {_why(error)}."
                ) from error

    def listing(self, folder: str) -> tuple[FileEntry, ...]:
        with self._opened(folder) as at, _reading(folder):
            found = [_entry(at, name) for name in sorted(os.listdir(at))]
        return tuple(entry for entry in found if entry is not None)

    def read(self, folder: str, name: str, most: int) -> bytes:
        stores.check_name(name)
        with self._opened(folder) as at, _reading(f"{folder}/{name}"):
            content = _content(at, name, most + 1)
        if len(content) > most:
            raise stores.too_long(name, most)
        return content

    def move(self, folder: str, name: str, to_folder: str) -> None:
        stores.check_name(name)
        with self._opened(folder) as at, self._opened(to_folder) as there:
            if not _exists(at, name):
                if _exists(there, name):
                    return
                raise errors.NotFound(f"There is no file {name} in {folder}/.")
            target = stores.free_name(name, lambda each: _exists(there, each))
            try:
                os.rename(name, target, src_dir_fd=at, dst_dir_fd=there)
            except OSError as error:
                raise errors.OutcomeUnknown(
                    f"{folder}/{name} was not surely moved to {to_folder}/: {_why(error)}."
                ) from error

    def exists(self, folder: str, name: str) -> bool:
        stores.check_name(name)
        with self._opened(folder) as at:
            return _exists(at, name)

    def close(self) -> None:
        """Nothing stays open."""

    @contextlib.contextmanager
    def _opened(self, folder: str) -> Iterator[int]:
        """A descriptor of one of the feed's folders."""
        try:
            at = os.open(self._root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError as error:
            raise errors.Misconfigured(
                f"The folder for file exchange cannot be opened: {_why(error)}."
            ) from error
        try:
            for step in (*self._steps, *folder.split("/")):
                at = _down(at, step, folder)
            yield at
        finally:
            os.close(at)


def _down(at: int, step: str, folder: str) -> int:
    """The folder `step` inside `at`, which is closed when it was found."""
    try:
        found = os.open(step, os.O_RDONLY | os.O_DIRECTORY | _NO_LINK, dir_fd=at)
    except FileNotFoundError:
        raise stores.no_folder(folder, step) from None
    except OSError as error:
        if _is_link(at, step):
            raise errors.Misconfigured(f"{step}/ is a link; links are not followed.") from error
        raise errors.Misconfigured(f"{step}/ cannot be opened: {_why(error)}.") from error
    os.close(at)
    return found


def _is_link(at: int, step: str) -> bool:
    try:
        return stat.S_ISLNK(os.stat(step, dir_fd=at, follow_symlinks=False).st_mode)
    except OSError:
        return False


@contextlib.contextmanager
def _reading(what: str) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise errors.NotFound(f"{what} is gone.") from None
    except OSError as error:
        raise errors.RetryLater(f"{what} cannot be read: {_why(error)}.") from error


def _is_there_already(at: int, name: str, content: bytes) -> bool:
    try:
        found = _content(at, name, len(content) + 1)
    except FileNotFoundError:
        return False
    except OSError as error:
        raise errors.RetryLater(f"{name} cannot be looked at: {_why(error)}.") from error
    if found != content:
        raise stores.other_content(name)
    return True


def _write(at: int, name: str, content: bytes) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | _NO_LINK
    # The partner's login may be another one of the same group.
    with os.fdopen(os.open(name, flags, 0o660, dir_fd=at), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _drop(at: int, name: str) -> None:
    with contextlib.suppress(OSError):
        os.unlink(name, dir_fd=at)


def _content(at: int, name: str, most: int) -> bytes:
    # A pipe under this name would block the one who opens it to read.
    found = os.open(name, os.O_RDONLY | os.O_NONBLOCK | _NO_LINK, dir_fd=at)
    with os.fdopen(found, "rb") as file:
        if not stat.S_ISREG(os.fstat(found).st_mode):
            raise OSError("it is no plain file")
        return file.read(most)


def _entry(at: int, name: str) -> FileEntry | None:
    if not stores.is_readable_name(name):
        return None
    try:
        facts = os.stat(name, dir_fd=at, follow_symlinks=False)
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(facts.st_mode):
        return None
    return FileEntry(name, facts.st_size, datetime.fromtimestamp(facts.st_mtime, UTC))


def _exists(at: int, name: str) -> bool:
    try:
        os.stat(name, dir_fd=at, follow_symlinks=False)
    except FileNotFoundError:
        return False
    except OSError as error:
        raise errors.RetryLater(f"{name} cannot be looked at: {_why(error)}.") from error
    return True


def _why(error: OSError) -> str:
    """The system's words without the path of this host."""
    return error.strerror or str(error)
