"""What every simulated system shares: routing, counting, faults, late commits, control state.

A twin speaks the real wire format where it is known and names what is invented; it proves our
logic, never the vendor's behaviour, and every reply says so in `X-Simulated`.
"""

from __future__ import annotations

import contextlib
import functools
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import unquote_plus

from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from connectors import wire_json
from connectors.sandbox import retyping
from connectors.sandbox.faults import (
    AnswerTooSlow,
    ConnectionDropped,
    FaultKind,
    FaultPlan,
    FaultRule,
)

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

NOTE = "not vendor behaviour"
# The in-process transport tells here how long its caller would wait for an answer.
READ_TIMEOUT_KEY = "returnsbridge.read_timeout"

# Switches of every twin. `clock_skew_seconds`: how far its clock is ahead of ours, or behind.
# `availability`: how it answers as a whole, one of `AVAILABILITY`.
_COMMON_SWITCHES: Mapping[str, Any] = {"clock_skew_seconds": 0, "availability": "up"}
AVAILABILITY: Mapping[str, FaultRule | None] = {
    "up": None,
    "slow": FaultRule(FaultKind.SLOW, seconds=8),
    "down": FaultRule(FaultKind.DROP_BEFORE),
    "maintenance": FaultRule(FaultKind.STATUS, status=503),
    "refusing": FaultRule(FaultKind.STATUS, status=401),
}

_GARBAGE = "<!doctype html><title>Service notice</title><p>Please try again later.</p>"


@dataclass(frozen=True)
class Route:
    """`handler` is a method of the twin: `(request, **path values) -> Response`."""

    method: str
    path: str
    handler: str


@dataclass(frozen=True)
class _LateCall:
    due_at: datetime
    request: Request


def utc_now() -> datetime:
    return datetime.now(UTC)


class Twin:
    """One simulated system: a WSGI app with state, an oracle and faults.

    A subclass names `name`, `routes` and `default_switches` and gives `credentials`, `clear`,
    `load`, `documents` and, where calls need a key, `refusal`. Handlers run under `lock`, one at a
    time, and read the time from `moment()`, which the switch `clock_skew_seconds` moves.
    """

    name: ClassVar[str]
    routes: ClassVar[tuple[Route, ...]]
    default_switches: ClassVar[Mapping[str, Any]] = {}

    def __init__(
        self,
        *,
        now: Callable[[], datetime] = utc_now,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.now = now
        self.faults = FaultPlan()
        self.lock = threading.RLock()
        self.switches: dict[str, Any] = self._first_switches()
        # The status of the last answer, for the console; 0 before any.
        self.last_status = 0
        self._sleep = sleep
        self._calls: Counter[str] = Counter()
        self._late: list[_LateCall] = []
        self._moment: datetime | None = None
        self._url_map = _url_map(self.routes)
        self.clear()

    # --- what a subclass gives ----------------------------------------------------------------

    def credentials(self) -> dict[str, str]:
        """The secrets that open this twin, named as the vendor names them."""
        raise NotImplementedError

    def clear(self) -> None:
        """Forget all records and documents."""
        raise NotImplementedError

    def load(self, records: Mapping[str, Any]) -> dict[str, int]:
        """Take records in; the same key replaces. Return how many of each kind came."""
        raise NotImplementedError

    def documents(self) -> list[dict[str, Any]]:
        """Everything ever created here: the oracle tests compare with."""
        raise NotImplementedError

    def refusal(self, request: Request) -> Response | None:
        """The answer to a caller without valid credentials, else None."""
        return None

    def changes_nothing(self, request: Request) -> bool:
        """Whether a call only asks, so that a replay of what happened here can do without it."""
        return request.method == "GET"

    def unknown_path(self, request: Request, status: int) -> Response:
        """The answer to a path or method the system does not have."""
        return self.reply({"message": "No such resource."}, status=status)

    # --- control ------------------------------------------------------------------------------

    def reset(self) -> None:
        """Back to the first day: no records, calls, faults or late commits; default switches."""
        with self.lock:
            self._late.clear()
            self._calls.clear()
            self.last_status = 0
            self.faults.set(())
            self.switches = self._first_switches()
            self.clear()

    def calls(self) -> dict[str, int]:
        """How often each "METHOD /path-template" was asked, refused and failed calls included."""
        with self.lock:
            return dict(self._calls)

    def set_switches(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Set known switches and return all of them; an unknown name is a KeyError."""
        with self.lock:
            for name in values:
                if name not in self.switches:
                    raise KeyError(name)
            self.switches.update(values)
            return dict(self.switches)

    def settle(self) -> None:
        """Carry out the late commits that are due by the clock."""
        with self.lock:
            due = [call for call in self._late if call.due_at <= self._clock()]
            self._late = [call for call in self._late if call not in due]
            for call in sorted(due, key=lambda late: late.due_at):
                with self._at(call.due_at):
                    self._handle(call.request)

    # --- for handlers -------------------------------------------------------------------------

    def moment(self) -> datetime:
        """The time the running call happens at; a late commit happens at its own time."""
        return self._moment or self._clock()

    def reply(
        self,
        payload: object,
        *,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        """A JSON answer; Decimal becomes a JSON number with its own digits."""
        return Response(
            wire_json.encode(payload),
            status=status,
            headers=dict(headers or {}),
            content_type="application/json; charset=utf-8",
        )

    # --- the WSGI side ------------------------------------------------------------------------

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = Request(environ)
        # A late commit reads the body after the connection is gone.
        request.get_data(cache=True)
        with self.lock:
            self.settle()
            self._calls[self._template(request)] += 1
            rule = self.faults.take(request.method, request.path, _content(request))
            rule = rule or AVAILABILITY.get(self.switches["availability"])
        response = self._answer(request) if rule is None else self._fail(request, rule)
        response.headers["X-Simulated"] = NOTE
        self.last_status = response.status_code
        return response(environ, start_response)

    def _answer(self, request: Request) -> Response:
        with self.lock:
            return self._handle(request)

    def _handle(self, request: Request) -> Response:
        refused = self.refusal(request)
        if refused is not None:
            return refused
        try:
            route, values = self._url_map.bind_to_environ(request.environ).match()
        except HTTPException as error:
            return self.unknown_path(request, error.code or 404)
        response: Response = getattr(self, route.handler)(request, **values)
        return response

    def _template(self, request: Request) -> str:
        try:
            route, _ = self._url_map.bind_to_environ(request.environ).match()
        except HTTPException:
            return f"{request.method} (unknown)"
        return f"{request.method} {route.path}"

    def _fail(self, request: Request, rule: FaultRule) -> Response:
        match rule.kind:
            case FaultKind.DROP_BEFORE:
                raise ConnectionDropped
            case FaultKind.LATE_COMMIT:
                with self.lock:
                    due_at = self._clock() + timedelta(seconds=rule.seconds)
                    self._late.append(_LateCall(due_at, request))
                raise ConnectionDropped
            case FaultKind.STATUS:
                return _fixed(rule)
            case FaultKind.GARBAGE if not rule.commit:
                return Response(_GARBAGE, content_type="text/html")
        response = self._answer(request)
        return self._spoil(request, rule, response)

    def _spoil(self, request: Request, rule: FaultRule, response: Response) -> Response:
        match rule.kind:
            case FaultKind.DROP_AFTER:
                raise ConnectionDropped
            case FaultKind.STATUS_AFTER:
                return _fixed(rule)
            case FaultKind.GARBAGE:
                return Response(_GARBAGE, content_type="text/html")
            case FaultKind.TRUNCATED:
                response.set_data(_half(response))
            case FaultKind.DROP_MID_ANSWER:
                return _broken_off(response)
            case FaultKind.SLOW:
                self._delay(request, rule.seconds)
            case FaultKind.WRONG_TYPES:
                body = retyping.retyped(response.get_data(), rule.field, rule.becomes)
                response.set_data(body)
            case FaultKind.SHIFT:
                self.load(rule.records)
        return response

    def _delay(self, request: Request, seconds: float) -> None:
        patience = request.environ.get(READ_TIMEOUT_KEY)
        if patience is None:
            self._sleep(seconds)
        elif seconds >= patience:
            raise AnswerTooSlow

    def _first_switches(self) -> dict[str, Any]:
        return {**_COMMON_SWITCHES, **self.default_switches}

    def _clock(self) -> datetime:
        return self.now() + timedelta(seconds=float(self.switches["clock_skew_seconds"]))

    @contextlib.contextmanager
    def _at(self, moment: datetime) -> Iterator[None]:
        self._moment = moment
        try:
            yield
        finally:
            self._moment = None


@functools.cache
def _url_map(routes: tuple[Route, ...]) -> Map:
    """The map of one system's paths; building it costs more than a whole call."""
    rules = [Rule(route.path, methods=[route.method], endpoint=route) for route in routes]
    return Map(rules, strict_slashes=False)


def _content(request: Request) -> str:
    query = unquote_plus(request.query_string.decode("latin-1"))
    return f"{query}\n{request.get_data(as_text=True)}"


def _fixed(rule: FaultRule) -> Response:
    response = Response(rule.body, status=rule.status, content_type="application/json")
    response.headers.update(rule.headers)
    return response


def _half(response: Response) -> bytes:
    body = response.get_data()
    return body[: len(body) // 2]


def _broken_off(response: Response) -> Response:
    """Announces the whole length, sends half, then closes."""
    length = len(response.get_data())
    broken = Response(_then_drop(_half(response)), status=response.status_code)
    broken.headers.update(response.headers)
    broken.headers["Content-Length"] = str(length)
    return broken


def _then_drop(body: bytes) -> Iterator[bytes]:
    yield body
    raise ConnectionDropped
