"""Servers on this machine that answer by script."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator

import pytest


@pytest.fixture
def loopback() -> Iterator[Callable[..., str]]:
    """Start servers that run a script per connection; `tell` ends the slow ones at tear-down."""
    listeners, is_over = [], threading.Event()

    def start(script) -> str:
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)

        def run() -> None:
            while True:
                try:
                    peer, _ = listener.accept()
                except OSError:
                    return
                with peer:
                    peer.recv(65_536)
                    try:
                        script(peer, is_over)
                        # Closing with unread bytes would reset what was just answered.
                        peer.shutdown(socket.SHUT_WR)
                        while peer.recv(65_536):
                            pass
                    except OSError:
                        continue

        threading.Thread(target=run, daemon=True).start()
        return f"http://127.0.0.1:{listener.getsockname()[1]}"

    yield start
    is_over.set()
    for listener in listeners:
        # A thread waiting in accept holds the port open until it is woken.
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
