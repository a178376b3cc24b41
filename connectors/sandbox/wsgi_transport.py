"""Calls simulated systems in process, with the outcomes a real socket would give."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterable, Mapping
from http.client import RemoteDisconnected
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes, urlsplit

import requests
import urllib3
from urllib3.connection import HTTPConnection
from urllib3.connectionpool import HTTPConnectionPool

from connectors.sandbox.base import READ_TIMEOUT_KEY
from connectors.sandbox.faults import AnswerTooSlow, ConnectionDropped

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment


class WsgiTransport(requests.adapters.BaseAdapter):
    """Sends a request to the app mounted at the longest matching path prefix, whatever the host.

    A prefix nobody is mounted at, and every prefix while `is_unreachable`, refuses the connection.
    """

    def __init__(self, apps: Mapping[str, WSGIApplication]) -> None:
        super().__init__()
        self.is_unreachable = False
        self._apps = dict(sorted(apps.items(), key=lambda mount: -len(mount[0])))

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,  # noqa: FBT001, FBT002 - as inherited
        timeout: Any = None,
        verify: Any = True,  # noqa: FBT002 - as inherited
        cert: Any = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        prefix, app = self._find(request)
        environ = _environ(request, prefix)
        environ[READ_TIMEOUT_KEY] = timeout[1] if isinstance(timeout, tuple) else timeout
        answer = _Answer()
        try:
            answer.take(app(environ, answer.start))
        except ConnectionDropped:
            cause = RemoteDisconnected("The other side closed the connection without an answer.")
            raise requests.ConnectionError(
                urllib3.exceptions.ProtocolError("Connection aborted.", cause), request=request
            ) from None
        except AnswerTooSlow:
            raise requests.ReadTimeout("Read timed out.", request=request) from None
        return answer.response(request)

    def close(self) -> None:
        """Nothing is held open."""

    def _find(self, request: requests.PreparedRequest) -> tuple[str, WSGIApplication]:
        path = urlsplit(request.url or "").path
        for prefix, app in self._apps.items():
            if not self.is_unreachable and (path == prefix or path.startswith(f"{prefix}/")):
                return prefix, app
        pool = HTTPConnectionPool("sandbox")
        refused = urllib3.exceptions.NewConnectionError(HTTPConnection("sandbox"), "Refused.")
        raise requests.ConnectionError(
            urllib3.exceptions.MaxRetryError(pool, request.url or "", refused), request=request
        )


class _Answer:
    def __init__(self) -> None:
        self._status = 0
        self._headers: list[tuple[str, str]] = []
        self._body = bytearray()

    def start(self, status: str, headers: list[tuple[str, str]], _exc_info: Any = None) -> Any:
        self._status = int(status.split(" ", 1)[0])
        self._headers = headers
        return self._body.extend

    def take(self, chunks: Iterable[bytes]) -> None:
        """Collect the body; what was sent before a break still arrives, as on a socket."""
        try:
            for chunk in chunks:
                self._body += chunk
        except ConnectionDropped:
            if not self._body:
                raise
        finally:
            close = getattr(chunks, "close", None)
            if close is not None:
                close()

    def response(self, request: requests.PreparedRequest) -> requests.Response:
        raw = urllib3.HTTPResponse(
            body=io.BytesIO(bytes(self._body)),
            headers=urllib3.HTTPHeaderDict(self._headers),
            status=self._status,
            preload_content=False,
            request_method=request.method,
        )
        response = requests.Response()
        response.status_code = self._status
        response.headers = requests.structures.CaseInsensitiveDict(raw.headers)
        response.encoding = requests.utils.get_encoding_from_headers(response.headers)
        response.raw = raw
        response.url = request.url or ""
        response.request = request
        return response


def _environ(request: requests.PreparedRequest, prefix: str) -> WSGIEnvironment:
    parts = urlsplit(request.url or "")
    body = request.body or b""
    content = body if isinstance(body, bytes) else str(body).encode()
    path = unquote_to_bytes(parts.path.removeprefix(prefix) or "/").decode("latin-1")
    environ: WSGIEnvironment = {
        "REQUEST_METHOD": request.method or "GET",
        "SCRIPT_NAME": prefix,
        "PATH_INFO": path,
        "QUERY_STRING": parts.query,
        "SERVER_NAME": parts.hostname or "",
        "SERVER_PORT": str(parts.port or (443 if parts.scheme == "https" else 80)),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "CONTENT_LENGTH": str(len(content)),
        "CONTENT_TYPE": str(request.headers.get("Content-Type", "")),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": parts.scheme,
        "wsgi.input": io.BytesIO(content),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "HTTP_HOST": parts.netloc,
    }
    for name, value in request.headers.items():
        key = name.upper().replace("-", "_")
        if key not in ("CONTENT_LENGTH", "CONTENT_TYPE", "HOST"):
            environ[f"HTTP_{key}"] = value if isinstance(value, str) else value.decode("latin-1")
    return environ
