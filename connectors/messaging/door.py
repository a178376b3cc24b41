"""The only way out for the messages' library: one call a message, to an address we checked.

The library calls `requests` and `smtplib` by itself and answers yes or no. Its modules get these
doors in their place, so that no call follows a redirect, reads a proxy from the environment or
reaches the inside of our network, and so that a lost reply is told apart from a refusal.
"""

from __future__ import annotations

import contextlib
import contextvars
import smtplib
from collections.abc import Iterator, Sequence
from types import ModuleType
from typing import Any, NoReturn

import requests
import urllib3

from connectors import errors, http, pinned, types

_MOST_REPLY = 64 * 1024
_TOTAL_SECONDS = 20.0
_TIMEOUTS = (5, 15)


class Call:
    """What became of the one call of a message. `status` is HTTP's or the mail server's."""

    def __init__(self, mode: types.Mode, watch: pinned.Watch, transport: Any) -> None:
        self.mode = mode
        self.watch = watch
        self.transport = transport
        self.calls = 0
        self.has_left = False
        self.status: int | None = None
        self.wait = ""
        self.refusal: errors.ConnectorError | None = None


_current: contextvars.ContextVar[Call | None] = contextvars.ContextVar("call", default=None)


@contextlib.contextmanager
def call(mode: types.Mode, transport: Any = None) -> Iterator[Call]:
    """Let the library make one call in the block; outside of one it can make none.

    `transport` is an adapter of requests in the place of the network, None for the network itself.
    """
    with pinned.deadline(_TOTAL_SECONDS) as watch:
        now = Call(mode, watch, transport)
        token = _current.set(now)
        try:
            yield now
        finally:
            _current.reset(token)


def _here() -> Call:
    now = _current.get()
    if now is None:
        raise requests.RequestException("No message is being sent.")
    return now


class HttpDoor:
    """Stands in the place of the module `requests`; whatever else is asked of it fails."""

    codes = requests.codes
    exceptions = requests.exceptions
    RequestException = requests.RequestException

    def post(self, url: str, **asked: Any) -> requests.Response:
        return self.request("POST", url, **asked)

    def get(self, url: str, **asked: Any) -> NoReturn:
        """Look-ups of rooms and people: a message is one call."""
        raise requests.RequestException("A message is one call.")

    def request(self, method: str, url: str, **asked: Any) -> requests.Response:
        """Make the call with its data, headers and query; the rest is ours to decide.

        Raises:
            RequestException: as the library expects of requests.
        """
        now = _here()
        now.calls += 1
        if now.calls > 1 or method.upper() != "POST" or asked.get("files"):
            raise requests.RequestException("A message is one call.")
        try:
            with http.message_session(now.mode, now.transport) as session:
                prepared = session.prepare_request(
                    requests.Request(
                        "POST",
                        url,
                        data=asked.get("data"),
                        headers=asked.get("headers"),
                        params=asked.get("params"),
                    )
                )
                reply = session.send(
                    prepared, stream=True, timeout=_TIMEOUTS, allow_redirects=False
                )
                with reply:
                    now.status = reply.status_code
                    now.wait = reply.headers.get("Retry-After", "")
                    # Sets what `content` gives, so that nothing reads the rest.
                    reply._content = reply.raw.read(_MOST_REPLY, decode_content=True)
                    return reply
        except errors.ConnectorError as error:
            now.refusal = error
            raise requests.RequestException("This address is not allowed.") from None
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise requests.ConnectionError("No answer.") from error
        finally:
            now.has_left = now.watch.has_left


class _Mail(smtplib.SMTP):
    """Notes when the message itself leaves, and what the server said of it."""

    def sendmail(
        self,
        from_addr: str,
        to_addrs: str | Sequence[str],
        msg: Any,
        mail_options: Sequence[str] = (),
        rcpt_options: Sequence[str] = (),
    ) -> dict[str, tuple[int, bytes]]:
        now = _here()
        now.calls += 1
        if now.calls > 1:
            raise smtplib.SMTPException("A message is one call.")
        try:
            refused = super().sendmail(from_addr, to_addrs, msg, mail_options, rcpt_options)
        except smtplib.SMTPRecipientsRefused as error:
            now.status = next(iter(error.recipients.values()))[0]
            raise
        except smtplib.SMTPResponseException as error:
            now.status = error.smtp_code
            raise
        now.status = 250
        return refused

    def data(self, msg: Any) -> tuple[int, bytes]:
        _here().has_left = True
        return super().data(msg)


class _SecureMail(_Mail, smtplib.SMTP_SSL):
    """The same where the connection begins with TLS."""


class MailDoor:
    """Stands in the place of the module `smtplib`."""

    SMTP = _Mail
    SMTP_SSL = _SecureMail
    SMTPException = smtplib.SMTPException


def guard(*modules: ModuleType) -> None:
    """Put the doors into modules of the library.

    Raises:
        RuntimeError: a module has neither, so that its calls would go around us.
    """
    for module in modules:
        names = vars(module)
        if "requests" not in names and "smtplib" not in names:
            raise RuntimeError(f"{module.__name__} calls in a way we do not know.")
        if "requests" in names:
            module.requests = HttpDoor()  # type: ignore[attr-defined]
        if "smtplib" in names:
            module.smtplib = MailDoor()  # type: ignore[attr-defined]
