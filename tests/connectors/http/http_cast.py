"""Sessions over crafted answers, in process and over loopback."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from werkzeug.wrappers import Request, Response

from connectors import errors, http, types
from connectors.sandbox.wsgi_transport import WsgiTransport

CANARY = "canary/secret+4711"


class CountingPacer:
    def __init__(self) -> None:
        self.asked: list[tuple[str, bool]] = []
        self.told: list[tuple[str, int | None]] = []
        self.headers: list[dict[str, str]] = []
        self.refusal: errors.RetryLater | None = None

    def before(self, *, operation, is_write):
        if self.refusal:
            raise self.refusal
        self.asked.append((operation, is_write))

    def after(self, *, operation, status, headers):
        self.told.append((operation, status))
        self.headers.append(dict(headers))


def make_config(base_url="http://sandbox.test/erp", **changes) -> types.ConnectionConfig:
    return types.ConnectionConfig(
        kind="test", base_url=base_url, secrets={"key": CANARY}, **changes
    )


def make_session(app=None, *, pacer=None, base_url="http://sandbox.test/erp", **changes):
    return http.Session(
        config=make_config(base_url),
        pacer=pacer or CountingPacer(),
        headers={"X-Api-Key": CANARY},
        transport=None if app is None else WsgiTransport({"/erp": app}),
        **changes,
    )


def answering(status=200, body="{}", headers=None, seen=None) -> Callable:
    def app(environ, start_response):
        request = Request(environ)
        if seen is not None:
            seen.append((request, request.get_data(as_text=True)))
        return Response(body, status=status, headers=headers or {})(environ, start_response)

    return app


def read(session: http.Session) -> http.Reply:
    return session.call(operation="find_order", method="GET", path="/orders")


def write(session: http.Session, body=None) -> http.Reply:
    return session.call(
        operation="create", method="POST", path="/memo", body=body or {}, is_write=True
    )


def dripping(prefix: bytes):
    def script(peer, is_over):
        peer.sendall(prefix)
        while not is_over.wait(0.02):
            peer.sendall(b"a")

    return script


def sending(answer: bytes):
    return lambda peer, is_over: peer.sendall(answer)


def both_ways(base_url: str, **limits) -> tuple[type, type]:
    outcomes = []
    for act in (read, write):
        with pytest.raises(errors.ConnectorError) as raised:
            act(make_session(base_url=base_url, **limits)).json()
        assert raised.value.evidence is not None
        outcomes.append(type(raised.value))
    return outcomes[0], outcomes[1]
