"""Connections that go only to addresses we checked, and calls that end when their time is up.

Belongs to `connectors.http`; nothing else uses it.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import requests
import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError

from connectors import addresses, types


class Watch:
    """One call's clock. `has_left` turns true once bytes may have reached the other side."""

    def __init__(self, seconds: float) -> None:
        self.has_left = False
        self._ends = time.monotonic() + seconds
        self._socket: socket.socket | None = None
        self._copy: socket.socket | None = None
        self._lock = threading.Lock()
        self._is_done = False

    def is_over(self) -> bool:
        return time.monotonic() >= self._ends

    def holds(self, sock: socket.socket) -> None:
        """Keep hold of a new connection; a copy, because TLS takes the original's place."""
        self._drop_copy()
        self._copy = self._socket = sock.dup()

    def leaves_by(self, sock: socket.socket | None) -> None:
        self.has_left = True
        if self._socket is None:
            self._socket = sock

    def end(self) -> None:
        with self._lock:
            self._is_done = True
            self._socket = None
            self._drop_copy()

    def _drop_copy(self) -> None:
        if self._copy is not None:
            self._copy.close()
            self._copy = None

    def cut(self) -> None:
        """Shut the call's socket down, which wakes whoever reads from it."""
        with self._lock:
            if self._is_done or self._socket is None:
                return
            with contextlib.suppress(OSError):
                # The plain method: that of a TLS socket would drop its state under the reader.
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)


_current = threading.local()
# Each address tried costs a connect timeout.
_MAX_TRIED = 4


@contextlib.contextmanager
def deadline(seconds: float) -> Iterator[Watch]:
    """Bound the calls this thread makes inside the block, headers and body together."""
    watch = Watch(seconds)
    timer = threading.Timer(seconds, watch.cut)
    timer.daemon = True
    timer.start()
    _current.watch = watch
    try:
        yield watch
    finally:
        _current.watch = None
        watch.end()
        timer.cancel()


def _watch() -> Watch | None:
    return getattr(_current, "watch", None)


def _leaves(sock: socket.socket | None) -> None:
    watch = _watch()
    if watch is not None:
        watch.leaves_by(sock)


class PinnedAdapter(requests.adapters.HTTPAdapter):
    """Resolves a host, checks every address found, and connects to the one it checked."""

    def __init__(self, *, mode: types.Mode) -> None:
        self._mode = mode
        super().__init__(max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _pools(self._mode)


def _pools(mode: types.Mode) -> dict[str, type[HTTPConnectionPool]]:
    class PinnedHTTPConnection(HTTPConnection):
        def _new_conn(self) -> socket.socket:
            return _connect(self, mode)

        def connect(self) -> None:
            super().connect()
            _leaves(self.sock)

        def request(self, *args: Any, **kwargs: Any) -> None:
            if self.sock is not None:
                _leaves(self.sock)
            super().request(*args, **kwargs)

    class PinnedHTTPSConnection(HTTPSConnection):
        def _new_conn(self) -> socket.socket:
            return _connect(self, mode)

        def request(self, *args: Any, **kwargs: Any) -> None:
            # The pool completes the handshake before it asks for anything.
            _leaves(self.sock)
            super().request(*args, **kwargs)

    class PinnedHTTPPool(HTTPConnectionPool):
        ConnectionCls = PinnedHTTPConnection

    class PinnedHTTPSPool(HTTPSConnectionPool):
        ConnectionCls = PinnedHTTPSConnection

    return {"http": PinnedHTTPPool, "https": PinnedHTTPSPool}


def _connect(connection: HTTPConnection, mode: types.Mode) -> socket.socket:
    """Return a socket to a checked address of the host; any error means that nothing was sent."""
    host = connection.host
    try:
        found = addresses.resolve(host, connection.port)
    except socket.gaierror as error:
        raise NameResolutionError(host, connection, error) from error
    except OSError as error:
        raise NewConnectionError(connection, "The host name cannot be resolved.") from error
    failure: OSError = OSError("The host has no address.")
    for address in addresses.checked_addresses(host, found, mode)[:_MAX_TRIED]:
        try:
            return _open(connection, address)
        except OSError as error:
            failure = error
    if isinstance(failure, TimeoutError):
        raise ConnectTimeoutError(connection, "The host did not answer in time.") from failure
    raise NewConnectionError(connection, "The host refused the connection.") from failure


def _open(connection: HTTPConnection, address: str) -> socket.socket:
    sock = urllib3.util.connection.create_connection(
        (address, connection.port),
        connection.timeout,
        source_address=connection.source_address,
        socket_options=connection.socket_options,
    )
    watch = _watch()
    if watch is not None:
        watch.holds(sock)
    return sock
