"""Who the NetSuite-like twin lets in: bearer tokens it gave, and OAuth 1.0a signatures.

Its own reading of RFC 7523, RFC 7515 and RFC 5849, apart from the connector's libraries. The key
pair belongs to the simulation alone: anybody can compute it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, quote, unquote

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from werkzeug.wrappers import Request

ACCOUNT = "TSTDRV0001"
CLIENT_ID = "sandbox-netsuite-client"
CERTIFICATE_ID = "sandbox-netsuite-certificate"
CONSUMER_KEY, CONSUMER_SECRET = "sandbox-consumer", "sandbox-consumer-secret"
TOKEN_ID, TOKEN_SECRET = "sandbox-token", "sandbox-token-secret"
TOKEN_PATH = "/services/rest/auth/oauth2/v1/token"
_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_TOKEN_LIFE = timedelta(hours=1)
_TOLERANCE = timedelta(minutes=5)
_PAIR = re.compile(r'(\w+)="([^"]*)"')


class LoginRefused(ValueError):
    """Wrong credentials; the text is for the audit trail, callers are told nothing of it."""


class Gate:
    """Tokens given and signatures used; `is_timed` is false for calls carried out again later."""

    def __init__(self) -> None:
        self._tokens: dict[str, datetime] = {}
        self._nonces: set[tuple[str, str]] = set()

    def issue(self, form: Mapping[str, str], *, at: datetime, is_timed: bool) -> tuple[str, int]:
        """A token and its seconds for a signed assertion; raises LoginRefused."""
        if form.get("grant_type") != "client_credentials":
            raise LoginRefused("grant_type")
        if form.get("client_assertion_type") != _ASSERTION_TYPE:
            raise LoginRefused("client_assertion_type")
        self._check_assertion(form.get("client_assertion", ""), at=at, is_timed=is_timed)
        seed = f"{at.isoformat()}/{len(self._tokens)}"
        token = hashlib.sha256(seed.encode()).hexdigest()
        self._tokens[token] = at + _TOKEN_LIFE
        return token, int(_TOKEN_LIFE.total_seconds())

    def check(self, request: Request, *, at: datetime, is_timed: bool) -> None:
        """Raises LoginRefused for a call without a valid token or signature."""
        scheme, _, rest = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            if self._tokens.get(rest.strip(), datetime.min.replace(tzinfo=UTC)) <= at:
                raise LoginRefused("token")
        elif scheme.lower() == "oauth":
            self._check_signature(request, rest, at=at, is_timed=is_timed)
        else:
            raise LoginRefused("scheme")

    def _check_assertion(self, assertion: str, *, at: datetime, is_timed: bool) -> None:
        try:
            head, body, signature = assertion.split(".")
            header, claims = _json_part(head), _json_part(body)
            raw = _decoded(signature)
        except ValueError:
            raise LoginRefused("assertion") from None
        if header.get("alg") != "ES256" or header.get("kid") != CERTIFICATE_ID or len(raw) != 64:
            raise LoginRefused("alg or kid")
        pair = int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big")
        try:
            _key().public_key().verify(
                encode_dss_signature(*pair), f"{head}.{body}".encode(), ec.ECDSA(hashes.SHA256())
            )
        except InvalidSignature:
            raise LoginRefused("signature") from None
        self._check_claims(claims, at=at, is_timed=is_timed)

    def _check_claims(self, claims: Mapping[str, Any], *, at: datetime, is_timed: bool) -> None:
        scope = claims.get("scope", "")
        scopes = scope if isinstance(scope, list) else str(scope).split(",")
        is_ours = claims.get("iss") == CLIENT_ID and "rest_webservices" in map(str.strip, scopes)
        if not is_ours or not str(claims.get("aud", "")).endswith(TOKEN_PATH):
            raise LoginRefused("iss, scope or aud")
        issued, ends = _moment(claims.get("iat")), _moment(claims.get("exp"))
        if not timedelta(0) < ends - issued <= timedelta(hours=1):
            raise LoginRefused("exp")
        if is_timed and not any(issued - _TOLERANCE <= now < ends for now in _clocks(at)):
            raise LoginRefused("not its time")

    def _check_signature(
        self, request: Request, header: str, *, at: datetime, is_timed: bool
    ) -> None:
        given = {name: unquote(value) for name, value in _PAIR.findall(header)}
        known = {"oauth_consumer_key": CONSUMER_KEY, "oauth_token": TOKEN_ID, "realm": ACCOUNT}
        if any(given.get(name) != value for name, value in known.items()):
            raise LoginRefused("keys or realm")
        if given.get("oauth_signature_method") != "HMAC-SHA256":
            raise LoginRefused("method")
        expected = signature(request, given)
        if not hmac.compare_digest(expected, given.get("oauth_signature", "")):
            raise LoginRefused("signature")
        stamp = given.get("oauth_timestamp", "")
        nonce = (stamp, given.get("oauth_nonce", ""))
        signed = _moment(int(stamp) if stamp.isdecimal() else None)
        is_fresh = any(abs(now - signed) <= _TOLERANCE for now in _clocks(at))
        if nonce in self._nonces or (is_timed and not is_fresh):
            raise LoginRefused("nonce or timestamp")
        self._nonces.add(nonce)


def credentials() -> dict[str, str]:
    """Both ways in, by the names of the connection form."""
    pem = _key().private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return {
        "account": ACCOUNT,
        "client_id": CLIENT_ID,
        "certificate_id": CERTIFICATE_ID,
        "private_key": pem.decode(),
        "consumer_key": CONSUMER_KEY,
        "consumer_secret": CONSUMER_SECRET,
        "token_id": TOKEN_ID,
        "token_secret": TOKEN_SECRET,
    }


def signature(request: Request, given: Mapping[str, str]) -> str:
    """HMAC-SHA256 over RFC 5849's base string: query and oauth parameters, without the realm."""
    pairs = [
        (name, value)
        for name, value in given.items()
        if name.startswith("oauth_") and name != "oauth_signature"
    ]
    pairs += parse_qsl(request.query_string.decode("latin-1"), keep_blank_values=True)
    if request.mimetype == "application/x-www-form-urlencoded":
        pairs += parse_qsl(request.get_data(as_text=True), keep_blank_values=True)
    encoded = sorted((_escaped(name), _escaped(value)) for name, value in pairs)
    normalised = "&".join(f"{name}={value}" for name, value in encoded)
    parts = (request.method.upper(), request.base_url, normalised)
    base = "&".join(_escaped(part) for part in parts)
    key = f"{_escaped(CONSUMER_SECRET)}&{_escaped(TOKEN_SECRET)}"
    digest = hmac.new(key.encode(), base.encode(), hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


def _key() -> ec.EllipticCurvePrivateKey:
    number = int.from_bytes(hashlib.sha256(b"simulated NetSuite").digest(), "big")
    return ec.derive_private_key(number >> 1, ec.SECP256R1())


def _clocks(at: datetime) -> tuple[datetime, datetime]:
    """The twin's time may be simulated while callers sign by the real one; either will do."""
    return at, datetime.now(UTC)


def _json_part(text: str) -> dict[str, Any]:
    parsed = json.loads(_decoded(text))
    if not isinstance(parsed, dict):
        raise ValueError(text)
    return parsed


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _moment(seconds: Any) -> datetime:
    if not isinstance(seconds, int | float):
        raise LoginRefused("time")
    return datetime.fromtimestamp(seconds, UTC)


def _escaped(text: str) -> str:
    return quote(text, safe="-._~")
