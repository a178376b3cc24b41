"""Files on a partner's server over SFTP: pinned host key, checked address, limited time.

The host proves itself before a login is told. One connection serves the calls between two
`close()`s; every call has a total time limit after which the connection is cut.
"""

from __future__ import annotations

import contextlib
import socket
import stat
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NoReturn

import paramiko
from paramiko.ssh_exception import IncompatiblePeer

from connectors import addresses, errors, ports, types
from connectors.exchange import ssh_keys, stores
from connectors.exchange.places import SftpPlace
from connectors.exchange.stores import FileEntry

CONNECT_SECONDS = 10
ANSWER_SECONDS = 20
TOTAL_SECONDS = 60

_CHUNK_BYTES = 32_768


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds: to connect and prove each other, for one answer, and for a whole call."""

    connect: float = CONNECT_SECONDS
    answer: float = ANSWER_SECONDS
    total: float = TOTAL_SECONDS


class SftpStore:
    """A `FileStore` on the server of `place`. `host_keys` are fingerprints ("SHA256:…") or key
    lines, of which one must be the server's."""

    def __init__(
        self,
        *,
        place: SftpPlace,
        mode: types.Mode,
        login: ssh_keys.Login,
        host_keys: tuple[str, ...],
        pacer: ports.Pacer,
        limits: Limits | None = None,
    ) -> None:
        self._place = place
        self._mode = mode
        self._login = login
        self._pinned = frozenset(ssh_keys.pin(each) for each in host_keys)
        self._pacer = pacer
        self._limits = limits or Limits()
        self._transport: paramiko.Transport | None = None
        self._client: paramiko.SFTPClient | None = None

    def put(self, folder: str, name: str, content: bytes) -> None:
        temporary, path = (self._path(folder, each) for each in (stores.temporary(name), name))
        with self._call("put_file", is_write=True) as client:
            found = _content(client, path, len(content) + 1)
            if found is not None:
                _check_same(name, found, content)
                return
            self._write(client, temporary, content, folder)
            try:
                client.rename(temporary, path)
            except OSError as error:
                if self._is_lost(error):
                    raise errors.OutcomeUnknown(_NO_ANSWER.format(name=name)) from None
                self._rename_refused(client, temporary, path, content)
            except (paramiko.SSHException, EOFError):
                raise errors.OutcomeUnknown(_NO_ANSWER.format(name=name)) from None

    def listing(self, folder: str) -> tuple[FileEntry, ...]:
        with self._call("list_files") as client:
            try:
                rows = client.listdir_attr(self._path(folder))
            except FileNotFoundError:
                raise stores.no_folder(folder, folder) from None
        found = [
            FileEntry(
                row.filename, row.st_size or 0, datetime.fromtimestamp(row.st_mtime or 0, UTC)
            )
            for row in rows
            if stat.S_ISREG(row.st_mode or 0) and stores.is_readable_name(row.filename)
        ]
        return tuple(sorted(found, key=lambda entry: entry.name))

    def read(self, folder: str, name: str, most: int) -> bytes:
        stores.check_name(name)
        with self._call("read_file") as client:
            content = _content(client, self._path(folder, name), most + 1)
        if content is None:
            raise errors.NotFound(f"{folder}/{name} is gone.")
        if len(content) > most:
            raise stores.too_long(name, most)
        return content

    def move(self, folder: str, name: str, to_folder: str) -> None:
        stores.check_name(name)
        path = self._path(folder, name)
        with self._call("move_file", is_write=True) as client:
            if not _exists(client, path):
                if _exists(client, self._path(to_folder, name)):
                    return
                raise errors.NotFound(f"There is no file {name} in {folder}/.")
            target = stores.free_name(
                name, lambda each: _exists(client, self._path(to_folder, each))
            )
            try:
                client.rename(path, self._path(to_folder, target))
            except (OSError, paramiko.SSHException, EOFError) as error:
                if self._is_lost(error):
                    raise errors.OutcomeUnknown(_NO_ANSWER.format(name=name)) from None
                raise errors.RetryLater(
                    f"The server refused to move {name} to {to_folder}/."
                ) from None

    def exists(self, folder: str, name: str) -> bool:
        stores.check_name(name)
        with self._call("look_for_file") as client:
            return _exists(client, self._path(folder, name))

    def close(self) -> None:
        transport, self._transport, self._client = self._transport, None, None
        if transport is not None:
            transport.close()

    def _path(self, folder: str, name: str = "") -> str:
        return "/".join(part for part in (self._place.path, folder, name) if part)

    @contextlib.contextmanager
    def _call(self, operation: str, *, is_write: bool = False) -> Iterator[paramiko.SFTPClient]:
        """One paced call; what is lost in it before a rename was surely without effect."""
        self._pacer.before(operation=operation, is_write=is_write)
        status: int | None = None
        watch = threading.Timer(self._limits.total, self._cut)
        watch.daemon = True
        watch.start()
        try:
            yield self._client or self._open()
            status = 200
        except IncompatiblePeer:
            raise errors.Misconfigured(
                "The server offers only ways of proof and encryption that are not safe any more."
            ) from None
        except PermissionError:
            status = 403
            raise errors.Misconfigured(
                "The server does not let this login do that in its folder."
            ) from None
        except (OSError, paramiko.SSHException, EOFError) as error:
            self._fail(error)
        except errors.OutcomeUnknown:
            self.close()
            raise
        except errors.ConnectorError:
            # An answer, though not the one that was wished for.
            status = 409 if self._client is not None else None
            raise
        finally:
            watch.cancel()
            self._pacer.after(operation=operation, status=status, headers={})

    def _fail(self, error: Exception) -> NoReturn:
        is_lost = self._is_lost(error)
        self.close()
        if is_lost:
            raise errors.RetryLater("The server broke off or did not answer in time.") from None
        raise errors.RetryLater("The server could not do it; it may have run out of room.") from (
            error
        )

    def _is_lost(self, error: Exception) -> bool:
        """Whether no answer came, as against one that says no."""
        if not isinstance(error, OSError) or isinstance(error, TimeoutError):
            return True
        return self._transport is None or not self._transport.is_active()

    def _cut(self) -> None:
        transport = self._transport
        if transport is not None:
            transport.close()

    def _open(self) -> paramiko.SFTPClient:
        if not self._pinned:
            raise errors.Misconfigured(
                "No host key is pinned yet. Ask your partner for the fingerprint of the server's"
                " key and enter it; the check of the connection shows what the server sends."
                f" {self._shown_key()}"
            )
        transport = self._transport = self._connected()
        try:
            transport.start_client(timeout=self._limits.connect)
            ssh_keys.check_key(transport.get_remote_server_key(), self._pinned, self._place.host)
            self._sign_in(transport)
            client = paramiko.SFTPClient.from_transport(transport)
            if client is None:
                raise errors.Misconfigured("The server opens no SFTP for this login.")
            channel = client.get_channel()
            if channel is not None:
                channel.settimeout(self._limits.answer)
        except BaseException:
            self.close()
            raise
        self._client = client
        return client

    def _shown_key(self) -> str:
        """The key the server sends, in words; "" when it cannot be asked now."""
        try:
            transport = self._transport = self._connected()
            transport.start_client(timeout=self._limits.connect)
            key = transport.get_remote_server_key()
        except (OSError, paramiko.SSHException, EOFError, errors.RetryLater):
            return ""
        finally:
            self.close()
        return f"It sends {ssh_keys.fingerprint(key)} ({key.get_name()})."

    def _connected(self) -> paramiko.Transport:
        place = self._place
        try:
            found = addresses.resolve(place.host, place.port)
        except OSError:
            raise errors.RetryLater(f"The name {place.host} is not known just now.") from None
        found = addresses.checked_addresses(place.host, found, self._mode)
        failure: OSError = OSError("no address")
        for address in found[:4]:
            try:
                sock = socket.create_connection((address, place.port), self._limits.connect)
            except OSError as error:
                failure = error
                continue
            transport = paramiko.Transport(sock)
            transport.banner_timeout = self._limits.connect
            transport.auth_timeout = self._limits.connect
            return transport
        raise errors.RetryLater(f"{place.host} does not take a connection.") from failure

    def _sign_in(self, transport: paramiko.Transport) -> None:
        try:
            if self._login.private_key.strip():
                transport.auth_publickey(self._login.user, ssh_keys.private_key(self._login))
            else:
                transport.auth_password(self._login.user, self._login.password)
        except paramiko.AuthenticationException as error:
            # A host that went away in the middle is told in the same class as a refusal.
            if not transport.is_active() or error.args == ("Authentication timeout.",):
                raise errors.RetryLater("The server did not answer the login.") from None
            raise errors.Misconfigured(
                f"The server refused the login {self._login.user}.", is_credentials=True
            ) from None
        if not transport.is_authenticated():
            raise errors.Misconfigured(
                "The server wants a further proof after this login, which cannot be given here.",
                is_credentials=True,
            )

    def _write(self, client: paramiko.SFTPClient, path: str, content: bytes, folder: str) -> None:
        try:
            with client.open(path, "wb") as file:
                file.set_pipelined(True)
                file.write(content)
        except FileNotFoundError:
            raise stores.no_folder(folder, folder) from None
        size = client.stat(path).st_size
        if size != len(content):
            raise errors.RetryLater(
                f"The server kept {size} of {len(content)} bytes; nothing was handed over."
            )

    def _rename_refused(
        self, client: paramiko.SFTPClient, temporary: str, path: str, content: bytes
    ) -> None:
        """The server said no: because the name is taken by now, or for a reason of its own."""
        found = _content(client, path, len(content) + 1)
        with contextlib.suppress(OSError):
            client.remove(temporary)
        name = path.rpartition("/")[2]
        if found is None:
            raise errors.RetryLater(f"The server refused to give {name} its name.")
        _check_same(name, found, content)


_NO_ANSWER = "The server did not say whether {name} got its place."


def _content(client: paramiko.SFTPClient, path: str, most: int) -> bytes | None:
    """At most `most` bytes of a plain file; None when there is none."""
    try:
        if not stat.S_ISREG(client.lstat(path).st_mode or 0):
            raise errors.UnreadableReply("What lies under this name is no plain file.")
        with client.open(path, "rb") as file:
            return b"".join(_chunks(file.read, most))
    except FileNotFoundError:
        return None


def _chunks(read: Callable[[int], bytes], most: int) -> Iterator[bytes]:
    left = most
    while left and (chunk := read(min(left, _CHUNK_BYTES))):
        left -= len(chunk)
        yield chunk


def _exists(client: paramiko.SFTPClient, path: str) -> bool:
    try:
        client.lstat(path)
    except FileNotFoundError:
        return False
    return True


def _check_same(name: str, found: bytes, content: bytes) -> None:
    if found != content:
        raise stores.other_content(name)
