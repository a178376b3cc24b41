"""The one place that opens HTTP sessions: pace, address check, deadline, size cap, evidence.

What requests leaves open is closed here: a read timeout counts per packet, so a dripping server
would hold a call for ever; a small compressed reply may unpack to any size; a redirect turns a POST
into a GET; an address may resolve to the inside of our own network.
"""

from __future__ import annotations

import codecs
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from email.errors import MissingHeaderBodySeparatorDefect
from http.cookiejar import DefaultCookiePolicy
from typing import NoReturn

import requests
import urllib3

from connectors import addresses, errors, pinned, ports, types, wire_json
from connectors.addresses import check_base_url
from connectors.redaction import Redactor, redact
from connectors.replies import MAX_WAIT_SECONDS, Payload, Reply, retry_after

__all__ = [
    "Payload",
    "Redactor",
    "Reply",
    "Session",
    "check_base_url",
    "message_session",
    "post_webhook",
    "redact",
]

# Below this level urllib3 writes whole addresses, and a query may carry a key.
logging.getLogger("urllib3").setLevel(logging.ERROR)

_CHUNK_BYTES = 65_536
_CHARSETS = frozenset({"utf-8", "utf-16", "iso8859-1", "iso8859-15", "cp1252", "ascii"})
# At zero these say that a 503 is a quota answer. Brightpearl sends its header with every answer.
_QUOTA_HEADERS = (
    "brightpearl-requests-remaining",
    "x-ratelimit-remaining",
    "ratelimit-remaining",
    "x-rate-limit-remaining",
)


class Session:
    """Calls one connection's host. Retries nothing, follows no redirect, keeps no cookie.

    With `transport` the calls go to it and no address is resolved; addresses are still checked as
    written. `sign` gives each call the headers that prove who we are, from its method and address.
    `quota_wait` reads a 503's headers and body in the place of our own rule: the seconds a spent
    quota asks to wait, None for an outage.
    """

    def __init__(
        self,
        *,
        config: types.ConnectionConfig,
        pacer: ports.Pacer,
        headers: Mapping[str, str],
        redactor: Redactor | None = None,
        transport: requests.adapters.BaseAdapter | None = None,
        sign: Callable[[str, str], Mapping[str, str]] | None = None,
        quota_wait: Callable[[Mapping[str, str], str], int | None] | None = None,
        connect_timeout_seconds: float = 5,
        read_timeout_seconds: float = 20,
        total_timeout_seconds: float = 30,
        max_reply_bytes: int = 10 * 1024 * 1024,
    ) -> None:
        self._config = config
        self._pacer = pacer
        self._redactor = redactor or Redactor(secrets=tuple(config.secrets.values()))
        self._timeout = (connect_timeout_seconds, min(read_timeout_seconds, total_timeout_seconds))
        self._total_timeout_seconds = total_timeout_seconds
        self._max_reply_bytes = max_reply_bytes
        self._sign = sign
        self._quota_wait = quota_wait
        self._is_pinned = transport is None
        self._requests = _open(transport or pinned.PinnedAdapter(mode=config.mode))
        self._requests.headers.update(headers)

    def call(
        self,
        *,
        operation: str,
        method: str,
        path: str,
        query: Sequence[tuple[str, str]] = (),
        body: object | None = None,
        is_write: bool = False,
        payload: Payload | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """Make one call; `body` is sent as JSON, a Decimal with exactly its digits.

        `payload` is sent as it is, in the place of a body; an empty `path` is the base address.
        `headers` are laid over the session's.

        Raises:
            RetryLater: surely nothing was done, or a read failed in passing.
            OutcomeUnknown: a write may have landed.
            Misconfigured: address, TLS, credentials or a redirect.
            UnreadableReply: a read answered more than the size cap.
        """
        if body is not None and payload is None:
            payload = Payload(wire_json.encode(body).encode(), "application/json")
        sent = {} if payload is None else {"Content-Type": payload.content_type}
        prepared = self._prepare(
            requests.Request(
                method,
                self._url(path),
                params=list(query),
                data=None if payload is None else payload.content,
                headers={**sent, **(headers or {})},
            )
        )
        self._pacer.before(operation=operation, is_write=is_write)
        exchange = _Exchange(operation, prepared, self._redactor, is_write=is_write)
        try:
            self._send(exchange, prepared)
        finally:
            self._pacer.after(operation=operation, status=exchange.status, headers=exchange.headers)
        if exchange.status == 503 and self._quota_wait is not None:
            return _unavailable(exchange, self._quota_wait(exchange.headers, exchange.text()))
        return _interpret(exchange)

    def _url(self, path: str) -> str:
        if ".." in path.split("/"):
            raise errors.Misconfigured("A path may not lead upwards.")
        url = self._config.base_url.rstrip("/")
        url = f"{url}/{path.lstrip('/')}" if path else url
        addresses.check_written(self._config.base_url, self._config.mode)
        return url

    def _prepare(self, request: requests.Request) -> requests.PreparedRequest:
        try:
            prepared = self._requests.prepare_request(request)
            if self._sign is not None:
                prepared.headers.update(self._sign(prepared.method or "", prepared.url or ""))
            for value in prepared.headers.values():
                str(value).encode("latin-1")
        except (requests.RequestException, UnicodeError):
            # Their texts quote the value, and a key pasted with a line break is a value.
            raise errors.Misconfigured(
                "The address or a credential holds characters that cannot be sent."
            ) from None
        return prepared

    def _send(self, exchange: _Exchange, prepared: requests.PreparedRequest) -> None:
        with pinned.deadline(self._total_timeout_seconds) as watch:
            try:
                response = self._requests.send(
                    prepared, stream=True, timeout=self._timeout, allow_redirects=False
                )
                with response:
                    exchange.status = response.status_code
                    exchange.headers = response.headers
                    exchange.encoding = _charset(response)
                    if watch.is_over() or _has_broken_headers(response):
                        raise _no_answer(exchange, watch, has_left=True)
                    self._read(response, exchange, watch)
            except requests.exceptions.SSLError:
                raise _tls_failure(exchange, watch) from None
            except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
                has_left = watch.has_left if self._is_pinned else not _never_connected(error)
                raise _no_answer(exchange, watch, has_left=has_left) from None

    def _read(self, response: requests.Response, exchange: _Exchange, watch: pinned.Watch) -> None:
        while chunk := response.raw.read1(_CHUNK_BYTES, decode_content=True):
            exchange.content += chunk
            if len(exchange.content) > self._max_reply_bytes:
                raise _oversize(exchange, self._max_reply_bytes)
            if watch.is_over():
                raise _no_answer(exchange, watch, has_left=True)


def post_webhook(
    url: str, body: bytes, headers: Mapping[str, str], *, timeout_seconds: float = 5
) -> int | None:
    """Post a sandbox's webhook; return the status, or None when nobody answered.

    Raises:
        Misconfigured: the host is not this machine. Sandboxes talk to nobody else.
    """
    if not addresses.is_loopback(url):
        raise errors.Misconfigured("A sandbox posts webhooks to this machine only.")
    with _open(pinned.PinnedAdapter(mode=types.Mode.SANDBOX)) as session:
        try:
            reply = session.post(
                url,
                data=body,
                headers={"Content-Type": "application/json", **headers},
                timeout=timeout_seconds,
                allow_redirects=False,
            )
        except requests.RequestException:
            return None
        return reply.status_code


def message_session(
    mode: types.Mode, transport: requests.adapters.BaseAdapter | None = None
) -> requests.Session:
    """A session for `connectors.messaging`: its library words the calls, our door carries them."""
    return _open(transport or pinned.PinnedAdapter(mode=mode))


class _QuietSession(requests.Session):
    """Reads nothing of a redirect: requests would load its whole body in order to follow it."""

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        return None


def _open(adapter: requests.adapters.BaseAdapter) -> requests.Session:
    session = _QuietSession()
    # Neither proxies nor netrc from the environment: the host we checked is the host we reach.
    session.trust_env = False
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    session.headers.update(
        {
            "User-Agent": "Returnsbridge",
            "Accept": "application/json",
            "Accept-Encoding": "gzip",
        }
    )
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


class _Exchange:
    """One call while it happens, so that evidence can be given at whatever point it ends."""

    def __init__(
        self,
        operation: str,
        prepared: requests.PreparedRequest,
        redactor: Redactor,
        *,
        is_write: bool,
    ) -> None:
        self.operation = operation
        self.is_write = is_write
        self.status: int | None = None
        self.headers: Mapping[str, str] = {}
        self.content = bytearray()
        self.encoding = "utf-8"
        self._prepared = prepared
        self._redactor = redactor
        self._started_at = datetime.now(UTC)
        self._started = time.monotonic()

    def text(self) -> str:
        return self.content.decode(self.encoding, errors="replace")

    def evidence(self) -> types.Evidence:
        sent = self._prepared.body or b""
        return types.Evidence(
            operation=self.operation,
            method=self._prepared.method or "",
            url=self._redactor.text(self._prepared.url or ""),
            request_body=self._redactor.text(
                sent.decode(errors="replace") if isinstance(sent, bytes) else str(sent)
            ),
            status=self.status,
            response_body=self._redactor.text(self.text()),
            started_at=self._started_at,
            duration_ms=round((time.monotonic() - self._started) * 1000),
            response_headers=self._redactor.headers(self.headers),
        )


def _unavailable(exchange: _Exchange, wait: int | None) -> NoReturn:
    if wait is None:
        raise _unsettled(exchange, "The other side failed (HTTP 503).")
    raise _limited(exchange, min(max(wait, 0), MAX_WAIT_SECONDS))


def _limited(exchange: _Exchange, wait: int | None) -> errors.RetryLater:
    return errors.RetryLater(
        f"The other side limits our calls (HTTP {exchange.status}).",
        after_seconds=wait,
        is_throttled=True,
        evidence=exchange.evidence(),
    )


def _interpret(exchange: _Exchange) -> Reply:
    status = exchange.status or 0
    if _is_throttled(status, exchange.headers):
        raise _limited(exchange, retry_after(exchange.headers))
    if status in (401, 403):
        raise errors.Misconfigured(
            f"The other side refused our credentials (HTTP {status}).",
            is_credentials=True,
            evidence=exchange.evidence(),
        )
    if 300 <= status < 400:
        raise errors.Misconfigured(
            f"The address answers with a redirect (HTTP {status}), which is not followed.",
            evidence=exchange.evidence(),
        )
    if status >= 500 or status == 408 or status < 200:
        raise _unsettled(
            exchange,
            f"The other side failed (HTTP {status}).",
            after_seconds=retry_after(exchange.headers),
        )
    return Reply(
        status,
        exchange.headers,
        exchange.text(),
        exchange.evidence(),
        is_write=exchange.is_write,
        content=bytes(exchange.content),
    )


def _is_throttled(status: int, headers: Mapping[str, str]) -> bool:
    """Azure API Management answers a spent quota with 403 and Retry-After, a rate with 429."""
    if status == 429:
        return True
    if "Retry-After" in headers and status in (403, 503):
        return True
    return status == 503 and any(headers.get(name, "").strip() == "0" for name in _QUOTA_HEADERS)


def _charset(response: requests.Response) -> str:
    """The declared charset when it is one of ours, else UTF-8.

    Python knows codecs that no reply means and that are slow or fail on purpose.
    """
    if "charset" not in response.headers.get("Content-Type", "").lower():
        return "utf-8"
    try:
        name = codecs.lookup(response.encoding or "").name
    except (LookupError, ValueError):
        return "utf-8"
    return name if name in _CHARSETS else "utf-8"


def _has_broken_headers(response: requests.Response) -> bool:
    """A connection lost among the headers looks like a whole, empty answer to http.client."""
    message = getattr(getattr(response.raw, "_original_response", None), "msg", None)
    defects = getattr(message, "defects", ())
    return any(isinstance(defect, MissingHeaderBodySeparatorDefect) for defect in defects)


def _unsettled(
    exchange: _Exchange, text: str, *, after_seconds: int | None = None
) -> errors.ConnectorError:
    if exchange.is_write:
        return errors.OutcomeUnknown(text, evidence=exchange.evidence())
    return errors.RetryLater(text, after_seconds=after_seconds, evidence=exchange.evidence())


def _no_answer(
    exchange: _Exchange, watch: pinned.Watch, *, has_left: bool
) -> errors.ConnectorError:
    if not has_left:
        return errors.RetryLater("The host cannot be reached.", evidence=exchange.evidence())
    if watch.is_over():
        return _unsettled(exchange, "The answer was not complete in the time allowed.")
    return _unsettled(exchange, "The answer was lost on the way.")


def _tls_failure(exchange: _Exchange, watch: pinned.Watch) -> errors.ConnectorError:
    # A handshake cut at the deadline looks like a bad one.
    if watch.has_left or watch.is_over():
        return _no_answer(exchange, watch, has_left=watch.has_left)
    return errors.Misconfigured(
        "The host's certificate or encryption was not accepted.", evidence=exchange.evidence()
    )


def _oversize(exchange: _Exchange, limit: int) -> errors.ConnectorError:
    text = f"The answer is longer than {limit} bytes."
    if exchange.is_write:
        return errors.OutcomeUnknown(text, evidence=exchange.evidence())
    return errors.UnreadableReply(text, evidence=exchange.evidence())


def _never_connected(error: Exception) -> bool:
    """Whether a transport that is no socket says, as requests would, that nothing was sent."""
    if isinstance(error, requests.exceptions.ConnectTimeout):
        return True
    cause = error.args[0] if error.args else None
    return isinstance(
        getattr(cause, "reason", None),
        (urllib3.exceptions.NewConnectionError, urllib3.exceptions.NameResolutionError),
    )
