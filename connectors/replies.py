"""What a session sends besides JSON, and what it hands back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from connectors import errors, types, wire_json

MAX_WAIT_SECONDS = 3_600


@dataclass(frozen=True)
class Reply:
    """An answer a connector may interpret: any 2xx, 404 and the other 4xx."""

    status: int
    headers: Mapping[str, str]
    text: str = field(repr=False)
    evidence: types.Evidence = field(repr=False)
    is_write: bool = False
    # As it came, for a form that declares its own charset.
    content: bytes = field(default=b"", repr=False)

    def json(self) -> Any:
        """Parse the body; fractions come back as Decimal, whole numbers as int.

        Raises:
            UnreadableReply: the reply to a read is no JSON we accept.
            OutcomeUnknown: the same for a write, which may have landed all the same.
        """
        try:
            return wire_json.decode(self.text)
        except ValueError:
            text = "The reply is not readable JSON."
            if self.is_write:
                raise errors.OutcomeUnknown(text, evidence=self.evidence) from None
            raise errors.UnreadableReply(text, evidence=self.evidence) from None


@dataclass(frozen=True, slots=True)
class Payload:
    """A body that is no JSON, ready to be sent."""

    content: bytes = field(repr=False)
    content_type: str


def retry_after(headers: Mapping[str, str]) -> int | None:
    """Read seconds or an HTTP date, clamped to 0..`MAX_WAIT_SECONDS`; None when unreadable."""
    text = headers.get("Retry-After", "").strip()
    if not text:
        return None
    try:
        seconds: float = min(int(text), MAX_WAIT_SECONDS)
    except ValueError:
        try:
            moment = parsedate_to_datetime(text)
        except ValueError:
            return None
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        seconds = (moment - datetime.now(UTC)).total_seconds()
    return round(min(max(seconds, 0), MAX_WAIT_SECONDS))
