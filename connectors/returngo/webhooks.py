"""Reading ReturnGO's webhooks: unsigned, of unknown body, hence a nudge and never a fact.

Only `eventName` is documented. Which return it concerns is looked for where it may plausibly stand;
when it is nowhere, the message still says that a poll is worth while.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from connectors import wire_json
from connectors.returngo.reading import as_id_text
from connectors.types import WebhookNudge

MAX_BODY_BYTES = 1024 * 1024
UNREADABLE = WebhookNudge(topic="", rma_external_id="")
_TOPIC = re.compile(r"[A-Za-z][A-Za-z0-9_.]{0,79}")
# RMA numbers are shown with the prefix and asked for without it.
_RMA_ID = re.compile(r"(?:RMA)?([A-Za-z0-9_-]{1,64})")
_ID_KEYS = ("rmaId", "rma_id")
_HOLDERS = ("data", "rmaSummary", "rma")


def parse(body: bytes) -> WebhookNudge:
    """Never raises; what cannot be read as an object with an event name has an empty topic."""
    if len(body) > MAX_BODY_BYTES:
        return UNREADABLE
    try:
        message = wire_json.decode(body.decode())
    except (ValueError, ArithmeticError):
        return UNREADABLE
    if not isinstance(message, Mapping):
        return UNREADABLE
    topic = message.get("eventName")
    if not isinstance(topic, str) or not _TOPIC.fullmatch(topic):
        return UNREADABLE
    return WebhookNudge(topic=topic, rma_external_id=_rma_id(message, depth=2))


def _rma_id(holder: Mapping[str, object], *, depth: int) -> str:
    """The first usable id in `holder` itself, else in the objects it may be wrapped in."""
    for key in _ID_KEYS:
        value = holder.get(key)
        text = value.strip() if isinstance(value, str) else as_id_text(value)
        if match := _RMA_ID.fullmatch(text):
            return match.group(1)
    if depth == 0:
        return ""
    inner = (holder.get(key) for key in _HOLDERS)
    found = (_rma_id(value, depth=depth - 1) for value in inner if isinstance(value, Mapping))
    return next((text for text in found if text), "")
