"""Who we are to NetSuite: OAuth 2.0 with a signed JWT, or token-based authentication.

Documented (Oracle's help, "OAuth 2.0 Client Credentials Flow"): algorithms PS256 to ES512, `kid` is
the id of the certificate's mapping, claims iss, scope, aud, iat, exp with less than an hour between
the last two; the token lives an hour and has no refresh token. Token-based authentication is OAuth
1.0a with HMAC-SHA256; new integrations cannot use it from 2027.1 on.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from typing import Protocol
from urllib.parse import urlencode

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from oauthlib import oauth1

from connectors.errors import Misconfigured, RetryLater, UnreadableReply
from connectors.http import Payload, Session
from connectors.netsuite.memory import Memory

TOKEN_PATH = "/services/rest/auth/oauth2/v1/token"
_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_ASSERTION_SECONDS = 300
# A token is given up this long before its end, so that none runs out on the way.
_MARGIN_SECONDS = 120
_CURVES = {256: "ES256", 384: "ES384", 521: "ES512"}
_PEM = re.compile(r"-----BEGIN ([A-Z ]+)-----(.*?)-----END \1-----", re.S)


class Signer(Protocol):
    """Proves who we are on every call."""

    def prepare(self) -> None:
        """Get what signing needs; called before a call, may make one of its own."""

    def headers(self, method: str, url: str) -> Mapping[str, str]: ...

    def renew(self) -> bool:
        """Give up what was refused; whether the call may be made once more."""
        ...


class ClientCredentials:
    """OAuth 2.0: one token per process and client, fetched anew when it ends or is refused."""

    def __init__(
        self, *, secrets: Mapping[str, str], base_url: str, session: Session, memory: Memory
    ) -> None:
        self._client_id = secrets.get("client_id", "").strip()
        self._certificate_id = secrets.get("certificate_id", "").strip()
        if not (self._client_id and self._certificate_id):
            raise Misconfigured(
                "OAuth 2.0 needs the client id and the certificate id beside the private key.",
                is_credentials=True,
            )
        self._key, self._algorithm = _private_key(secrets["private_key"])
        self._url = base_url.rstrip("/") + TOKEN_PATH
        self._session = session
        self._memory = memory

    def prepare(self) -> None:
        with self._memory.lock:
            if self._memory.token.get() is None:
                value, seconds = self._fetch()
                self._memory.token.put(value, seconds=seconds - _MARGIN_SECONDS)

    def headers(self, method: str, url: str) -> Mapping[str, str]:
        # Should it have ended a moment ago, the answer is a 401, and that gets a new one.
        return {"Authorization": f"Bearer {self._memory.token.get() or 'ended'}"}

    def renew(self) -> bool:
        self._memory.token.drop()
        self.prepare()
        return True

    def _fetch(self) -> tuple[str, float]:
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": _ASSERTION_TYPE,
            "client_assertion": self._assertion(),
        }
        payload = Payload(urlencode(form).encode(), "application/x-www-form-urlencoded")
        reply = self._session.call(
            operation="fetch_token", method="POST", path=TOKEN_PATH, payload=payload
        )
        if reply.status != 200:
            raise Misconfigured(
                "NetSuite gives no token for this client and certificate.",
                is_credentials=True,
                evidence=reply.evidence,
            )
        try:
            answer = reply.json()
            return str(answer["access_token"]), float(answer["expires_in"])
        except (UnreadableReply, KeyError, TypeError, ValueError):
            text = "NetSuite's answer to the request for a token cannot be read."
            raise RetryLater(text, evidence=reply.evidence) from None

    def _assertion(self) -> str:
        issued_at = int(time.time())
        claims = {
            "iss": self._client_id,
            "scope": "rest_webservices",
            "aud": self._url,
            "iat": issued_at,
            "exp": issued_at + _ASSERTION_SECONDS,
        }
        headers = {"kid": self._certificate_id, "typ": "JWT"}
        return jwt.encode(claims, self._key, algorithm=self._algorithm, headers=headers)


class TokenBased:
    """OAuth 1.0a over each request's method and address; the realm is the account's id."""

    def __init__(self, *, secrets: Mapping[str, str], account: str) -> None:
        names = ("consumer_key", "consumer_secret", "token_id", "token_secret")
        lacking = [name for name in names if not secrets.get(name, "").strip()]
        if lacking:
            raise Misconfigured(
                "The connection needs a private key with its client and certificate id, or all of"
                f" {', '.join(names)}.",
                is_credentials=True,
            )
        if not account:
            raise Misconfigured("Token-based authentication needs the setting account.")
        key, secret, token, token_secret = (secrets[name].strip() for name in names)
        self._client = oauth1.Client(
            key,
            client_secret=secret,
            resource_owner_key=token,
            resource_owner_secret=token_secret,
            signature_method=oauth1.SIGNATURE_HMAC_SHA256,
            realm=account,
        )

    def prepare(self) -> None:
        """Every request is signed for itself."""

    def headers(self, method: str, url: str) -> Mapping[str, str]:
        _url, headers, _body = self._client.sign(url, http_method=method)
        return {"Authorization": headers["Authorization"]}

    def renew(self) -> bool:
        return False


def _private_key(text: str) -> tuple[str, str]:
    """The key as PEM and the algorithm it signs with; line breaks may have been lost."""
    problem = "The private key cannot be read: it must be an unencrypted PEM, RSA or EC."
    found = _PEM.search(text.replace("\\n", "\n"))
    if found is None:
        raise Misconfigured(problem, is_credentials=True)
    body = "".join(found[2].split())
    lines = [body[at : at + 64] for at in range(0, len(body), 64)]
    pem = "\n".join((f"-----BEGIN {found[1]}-----", *lines, f"-----END {found[1]}-----", ""))
    try:
        key = load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError):
        raise Misconfigured(problem, is_credentials=True) from None
    if isinstance(key, RSAPrivateKey):
        return pem, "PS256"
    if isinstance(key, EllipticCurvePrivateKey) and key.key_size in _CURVES:
        return pem, _CURVES[key.key_size]
    raise Misconfigured(problem, is_credentials=True)
