"""All twins on one port of this machine: `/<system>/…`, and `/_control/` beside them.

What a person does in such a system is under `/_systems/` (`consoles`).
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from connectors.sandbox.base import Twin
from connectors.sandbox.consoles.app import Consoles
from connectors.sandbox.consoles.pages import MOUNT
from connectors.sandbox.control import Control
from connectors.sandbox.twins import all_twins

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

HOST = "127.0.0.1"


def build_app(
    twins: Mapping[str, Twin] | None = None, titles: Mapping[str, str] | None = None
) -> WSGIApplication:
    """One WSGI app of the given twins (this process's by default), their control and consoles.

    `titles` are the twins' names for people.
    """
    served = all_twins() if twins is None else twins
    control = Control(served)
    own: dict[str, WSGIApplication] = {"/_control": control, MOUNT: Consoles(served, titles)}
    return DispatcherMiddleware(
        control, {**own, **{f"/{name}": twin for name, twin in served.items()}}
    )


def serve(
    port: int,
    *,
    twins: Mapping[str, Twin] | None = None,
    titles: Mapping[str, str] | None = None,
    on_ready: Callable[[str], None] = lambda base_url: None,
) -> None:
    """Serve until interrupted; `on_ready` gets the base URL once calls are answered."""
    server = _make(port, twins, titles)
    on_ready(_base_url(server))
    try:
        server.serve_forever()
    finally:
        server.server_close()


@contextlib.contextmanager
def running(*, twins: Mapping[str, Twin] | None = None) -> Iterator[str]:
    """Serve from a background thread on a free port; yield the base URL."""
    server = _make(0, twins)
    # The interval is also how long stopping takes.
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield _base_url(server)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(WSGIRequestHandler):
    """Closes the connection when a twin drops it; says nothing on the terminal."""

    def connection_dropped(self, error: BaseException, environ: Any = None) -> None:
        self.close_connection = True

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 - as inherited
        """The control API counts the calls; a line for each would drown the demo's terminal."""


def _make(
    port: int, twins: Mapping[str, Twin] | None, titles: Mapping[str, str] | None = None
) -> BaseWSGIServer:
    app = build_app(twins, titles)
    return make_server(HOST, port, app, threaded=True, request_handler=_Handler)


def _base_url(server: BaseWSGIServer) -> str:
    return f"http://{HOST}:{server.server_port}"
