"""A wish of privacy as stored text and back, until it has been honoured."""

from __future__ import annotations

import json
from dataclasses import asdict

from connectors.types import PrivacyKind, PrivacyRequest


def to_bytes(request: PrivacyRequest) -> bytes:
    return json.dumps(asdict(request), sort_keys=True).encode()


def from_bytes(text: bytes) -> PrivacyRequest | None:
    """None for the empty text that is left once a wish was honoured."""
    if not text:
        return None
    plain = json.loads(text)
    return PrivacyRequest(
        kind=PrivacyKind(plain["kind"]),
        request_id=plain["request_id"],
        email=plain["email"],
        order_ids=tuple(plain["order_ids"]),
    )
