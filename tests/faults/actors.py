"""Simulated processes: each runs real code until the seed pauses, ends or resumes it.

An actor is a greenlet. It may be paused only outside a transaction, as another process then sees
exactly what is committed; it may end anywhere, at a named point, on the wire or at any statement.
"""

from __future__ import annotations

import contextvars
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import requests
from django.db import connection as database
from greenlet import greenlet

from connectors.sandbox.wsgi_transport import WsgiTransport


class Crash(BaseException):
    """A process ends here. Nobody catches it."""


@dataclass
class Actor:
    """One process at work. `wake_at` is set while it is paused."""

    name: str
    began_at: datetime
    act: Callable[[], object]
    statements_left: int | None = None
    wake_at: datetime | None = None
    is_dead: bool = False
    failure: Exception | None = None

    def __post_init__(self) -> None:
        self._greenlet = greenlet(self._run)
        self._greenlet.gr_context = contextvars.copy_context()

    @property
    def is_over(self) -> bool:
        return self._greenlet.dead

    def go_on(self) -> None:
        """Run until it pauses or is over."""
        self.wake_at = None
        self._greenlet.switch()

    def end(self) -> None:
        """Kill it where it is paused."""
        self.is_dead = True
        self._greenlet.throw(Crash)

    def pause(self, until: datetime) -> None:
        """Called from inside: let others run until then."""
        self.wake_at = until
        self._greenlet.parent.switch()

    def die(self) -> None:
        """Called from inside: the process is gone, and with it its transaction."""
        self.is_dead = True
        raise Crash

    def _run(self) -> None:
        try:
            self.act()
        except Crash:
            self.is_dead = True
        except Exception as error:  # noqa: BLE001 - what escapes a step is what the oracle asks for
            self.failure = error


class Wire(WsgiTransport):
    """The network between us and the twins; `at_point` is told before and after every call."""

    def __init__(
        self, apps: Any, at_point: Callable[[str, requests.PreparedRequest], None]
    ) -> None:
        super().__init__(apps)
        self._at_point = at_point

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        if database.in_atomic_block:
            raise CallInsideTransaction(f"{request.method} {request.path_url}")
        self._at_point("before_wire", request)
        try:
            return super().send(request, **options)
        finally:
            self._at_point("after_wire", request)


class CallInsideTransaction(AssertionError):
    """A call left while a transaction was open: a slow peer would hold our locks."""
