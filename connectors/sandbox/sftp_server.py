"""A partner's SFTP server over a folder of this machine, on the loopback only, with faults.

It really speaks SSH, so that host keys, logins and lost answers are those of the protocol.
"""

from __future__ import annotations

import contextlib
import os
import socket
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

import paramiko
from paramiko.common import (
    AUTH_FAILED,
    AUTH_SUCCESSFUL,
    OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED,
    OPEN_SUCCEEDED,
)
from paramiko.sftp import SFTP_FAILURE, SFTP_OK

if TYPE_CHECKING:
    from typing_extensions import Buffer

HOST = "127.0.0.1"
USER = "sandbox"
PASSWORD = "sandbox-sftp"
_ACCEPT_SECONDS = 10


class SftpFault(StrEnum):
    """What happens to the next call of a kind; each strikes once."""

    # The connection closes before, and after, a rename was carried out.
    DROP_BEFORE_RENAME = "drop_before_rename"
    DROP_AFTER_RENAME = "drop_after_rename"
    # The connection closes while the file is written.
    DROP_WHILE_WRITING = "drop_while_writing"
    # Only half of what is sent is kept, and nobody says so.
    KEEP_HALF = "keep_half"
    # A listing is never answered.
    HANG = "hang"


@dataclass
class SftpPartner:
    """A running server: where it listens, who it is, what goes wrong next, what was asked."""

    root: Path
    host_key: paramiko.PKey
    user: str = USER
    password: str = PASSWORD
    authorised_key: paramiko.PKey | None = None
    port: int = 0
    faults: list[SftpFault] = field(default_factory=list)
    logins: list[str] = field(default_factory=list)
    calls: Counter[str] = field(default_factory=Counter)
    is_stopping: threading.Event = field(default_factory=threading.Event)

    def strikes(self, fault: SftpFault) -> bool:
        if fault not in self.faults:
            return False
        self.faults.remove(fault)
        return True


def new_host_key() -> paramiko.PKey:
    """A key of the quickest kind to make."""
    return paramiko.ECDSAKey.generate()


@contextlib.contextmanager
def running(root: Path, **options: Any) -> Iterator[SftpPartner]:
    """Serve `root` on a free port of the loopback until the block ends."""
    partner = SftpPartner(root=root, host_key=options.pop("host_key", new_host_key()), **options)
    with socket.create_server((HOST, 0)) as listening:
        partner.port = listening.getsockname()[1]
        thread = threading.Thread(target=_accept, args=(listening, partner), daemon=True)
        thread.start()
        try:
            yield partner
        finally:
            partner.is_stopping.set()
            with contextlib.suppress(OSError):
                listening.shutdown(socket.SHUT_RDWR)
            thread.join()


def _accept(listening: socket.socket, partner: SftpPartner) -> None:
    open_transports = []
    while not partner.is_stopping.is_set():
        try:
            sock, _ = listening.accept()
        except OSError:
            break
        transport = paramiko.Transport(sock)
        transport.add_server_key(partner.host_key)
        transport.set_subsystem_handler("sftp", paramiko.SFTPServer, _Files, partner, transport)
        open_transports.append(transport)
        with contextlib.suppress(paramiko.SSHException, EOFError, OSError):
            # With an event it does not wait for the other side.
            transport.start_server(event=threading.Event(), server=_Door(partner))
    for transport in open_transports:
        transport.close()


class _Door(paramiko.ServerInterface):
    """Who may come in."""

    def __init__(self, partner: SftpPartner) -> None:
        self._partner = partner

    def get_allowed_auths(self, username: str) -> str:
        return "publickey" if self._partner.authorised_key is not None else "password"

    def check_auth_password(self, username: str, password: str) -> int:
        self._partner.logins.append(username)
        is_known = (username, password) == (self._partner.user, self._partner.password)
        is_wanted = self._partner.authorised_key is None
        return AUTH_SUCCESSFUL if is_known and is_wanted else AUTH_FAILED

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        self._partner.logins.append(username)
        is_known = username == self._partner.user and key == self._partner.authorised_key
        return AUTH_SUCCESSFUL if is_known else AUTH_FAILED

    def check_channel_request(self, kind: str, chanid: int) -> int:
        is_session = kind == "session"
        return OPEN_SUCCEEDED if is_session else OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED


class _Files(paramiko.SFTPServerInterface):
    """The folder, as the protocol asks for it; a path never leaves the root."""

    def __init__(
        self,
        server: paramiko.ServerInterface,
        partner: SftpPartner,
        transport: paramiko.Transport,
    ) -> None:
        super().__init__(server)
        self._partner = partner
        self._transport = transport

    def list_folder(self, path: str) -> Any:
        self._partner.calls["list"] += 1
        if self._partner.strikes(SftpFault.HANG):
            self._partner.is_stopping.wait(_ACCEPT_SECONDS)
        folder = self._real(path)
        try:
            found = sorted(os.listdir(folder))
        except OSError as error:
            return _status(error)
        return [paramiko.SFTPAttributes.from_stat(os.lstat(folder / name), name) for name in found]

    def lstat(self, path: str) -> Any:
        try:
            return paramiko.SFTPAttributes.from_stat(os.lstat(self._real(path)))
        except OSError as error:
            return _status(error)

    stat = lstat

    def open(self, path: str, flags: int, attr: paramiko.SFTPAttributes) -> Any:
        is_write = bool(flags & (os.O_WRONLY | os.O_RDWR))
        self._partner.calls["write" if is_write else "read"] += 1
        try:
            found = os.open(self._real(path), flags | os.O_NOFOLLOW, 0o660)
        except OSError as error:
            return _status(error)
        handle = _Handle(self._partner, self._transport, flags)
        file = os.fdopen(found, "r+b" if flags & os.O_RDWR else "wb" if is_write else "rb")
        setattr(handle, "writefile" if is_write else "readfile", file)
        return handle

    def remove(self, path: str) -> int:
        self._partner.calls["remove"] += 1
        try:
            os.remove(self._real(path))
        except OSError as error:
            return _status(error)
        return SFTP_OK

    def rename(self, oldpath: str, newpath: str) -> int:
        self._partner.calls["rename"] += 1
        if self._partner.strikes(SftpFault.DROP_BEFORE_RENAME):
            self._transport.close()
            return SFTP_FAILURE
        target = self._real(newpath)
        # Protocol 3 refuses a name that is taken.
        if target.exists():
            return SFTP_FAILURE
        try:
            os.rename(self._real(oldpath), target)
        except OSError as error:
            return _status(error)
        if self._partner.strikes(SftpFault.DROP_AFTER_RENAME):
            self._transport.close()
        return SFTP_OK

    def _real(self, path: str) -> Path:
        inside = os.path.normpath("/" + path).lstrip("/")
        return self._partner.root / inside


class _Handle(paramiko.SFTPHandle):
    """An open file, with what may happen to a write."""

    def __init__(self, partner: SftpPartner, transport: paramiko.Transport, flags: int) -> None:
        super().__init__(flags)
        self._partner = partner
        self._transport = transport

    def write(self, offset: int, data: Buffer) -> int:
        if self._partner.strikes(SftpFault.DROP_WHILE_WRITING):
            self._transport.close()
            return SFTP_FAILURE
        if self._partner.strikes(SftpFault.KEEP_HALF):
            sent = bytes(data)
            data = sent[: len(sent) // 2]
        return super().write(offset, data)


def _status(error: OSError) -> int:
    return paramiko.SFTPServer.convert_errno(error.errno or 0)
