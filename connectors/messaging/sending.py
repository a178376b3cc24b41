"""Sending one message once, and saying honestly how that ended."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from typing import Any

from connectors import errors, types
from connectors.messaging import door, places
from connectors.replies import MAX_WAIT_SECONDS

# The library writes addresses into its lines, and an address is a secret.
logging.getLogger("apprise").setLevel(logging.CRITICAL)

# In a room "@channel" calls everybody, "<…>" and "[…](…)" make links of a stranger's text.
_CALLS = re.compile(r"@(?=\w)")
_LINKS = str.maketrans({"<": "‹", ">": "›"})
_LATER = (408, 425, 429, 503)


@dataclass(frozen=True, slots=True)
class Note:
    """A message in plain text. `key` is the same whenever the same message is sent."""

    key: str
    title: str
    body: str


def send(
    kind: str,
    address: str,
    note: Note,
    mode: types.Mode,
    mail: places.MailServer | None = None,
    transport: Any = None,
) -> None:
    """Send the message in one call; returning means that the other side took it.

    `transport` stands in the place of the network for all but mail, as in `connectors.http`.

    Raises:
        RetryLater: surely nothing was taken.
        OutcomeUnknown: it may have been.
        Rejected: the other side will not take it.
        Misconfigured: the address cannot be used, or there is no mail server.
    """
    is_mail = places.KINDS[kind].is_mail
    if is_mail and (mail is None or not mail.host):
        raise errors.Misconfigured("This desk has no mail server.")
    place = places.opened(kind, address, mode, key=note.key, mail=mail)
    title, body = note.title, note.body
    if not is_mail:
        title, body = harmless(title), harmless(body)
    if places.KINDS[kind].is_paragraphed:
        body = body.replace("\n", "\n\n")
    with door.call(mode, transport) as call:
        is_taken = bool(place.notify(title=title, body=body))
    if not is_taken:
        raise _why(call, is_mail=is_mail)


def harmless(text: str) -> str:
    """`text` without what a room would read as a call to people or as a link with other words."""
    return _CALLS.sub("@\u200b", text).translate(_LINKS).replace("](", "] (")


def _why(call: door.Call, *, is_mail: bool) -> errors.ConnectorError:
    if call.refusal is not None:
        return errors.Misconfigured(call.refusal.text)
    if call.status is None and call.has_left:
        return errors.OutcomeUnknown("It was sent, and no answer came.")
    if call.status is None:
        there = "The mail server" if is_mail else "The address"
        return errors.RetryLater(f"{there} could not be reached. Nothing was sent.")
    if call.status in _LATER or (is_mail and 400 <= call.status < 500):
        return errors.RetryLater(
            f"It was not taken now (answer {call.status}).", after_seconds=_seconds(call.wait)
        )
    if not is_mail and call.status >= 500:
        return errors.OutcomeUnknown(
            f"It was sent, and the answer was {call.status}: it may have arrived or not."
        )
    return errors.Rejected(f"It was refused (answer {call.status}).", code=str(call.status))


def _seconds(wait: str) -> int | None:
    return min(int(wait), MAX_WAIT_SECONDS) if wait.isdecimal() else None
