"""Who we are: the two ways Brightpearl knows a caller by.

A private app sends two fixed headers (seen in live use). An OAuth instance app sends a bearer
token, fetched from the token endpoint. That the endpoint takes the standard `refresh_token` grant,
and that the client id is the app reference, is assumed. A token is kept in this process only; a
refresh token that comes with it, for all and for good, since the one before may be worth nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlencode

from connectors.brightpearl.account import Account
from connectors.brightpearl.memory import Memory
from connectors.errors import Misconfigured, UnreadableReply
from connectors.http import Payload, Reply, Session
from connectors.ports import HeldSecret, SecretKeeper
from connectors.types import ConnectionConfig

# A token is renewed this long before it ends.
_MARGIN_SECONDS = 60
_DEFAULT_LIFE_SECONDS = 3_600


class Access(Protocol):
    def headers(self, session: Session) -> Mapping[str, str]:
        """What a call must carry; may make a call for a token."""
        ...

    def renew(self) -> bool:
        """Forget a refused token; false when there is none to renew."""
        ...


@dataclass(frozen=True, slots=True)
class PrivateApp:
    app_ref: str
    account_token: str

    def headers(self, session: Session) -> Mapping[str, str]:
        return {
            "brightpearl-app-ref": self.app_ref,
            "brightpearl-account-token": self.account_token,
        }

    def renew(self) -> bool:
        return False


@dataclass(frozen=True, slots=True)
class InstanceApp:
    app_ref: str
    dev_ref: str
    client_secret: str
    refresh_token: str
    account: Account
    memory: Memory
    keeper: SecretKeeper | None = None

    def headers(self, session: Session) -> Mapping[str, str]:
        token = self.memory.known(self._name) or self._fetch(session)
        return {
            "Authorization": f"Bearer {token}",
            "brightpearl-dev-ref": self.dev_ref,
            "brightpearl-app-ref": self.app_ref,
        }

    def renew(self) -> bool:
        self.memory.forget(self._name)
        return True

    @property
    def _name(self) -> str:
        return f"token:{hashlib.sha256(self.refresh_token.encode()).hexdigest()}"

    def _fetch(self, session: Session) -> str:
        """One call, made by one worker at a time: each use may end the refresh token."""
        if self.keeper is None:
            return self._exchange(session, _InProcess(self.memory, self._name, self.refresh_token))
        with self.keeper.hold("refresh_token") as held:
            return self._exchange(session, held)

    def _exchange(self, session: Session, held: HeldSecret) -> str:
        form = {
            "grant_type": "refresh_token",
            "refresh_token": held.value,
            "client_id": self.app_ref,
            **({"client_secret": self.client_secret} if self.client_secret else {}),
        }
        reply = session.call(
            operation="oauth_token",
            method="POST",
            path=f"/{self.account.code}/oauth/token",
            payload=Payload(urlencode(form).encode(), "application/x-www-form-urlencoded"),
        )
        token, life, following = _token(reply)
        if following and following != held.value:
            held.replace(following)
        self.memory.put(self._name, token, seconds=max(life - _MARGIN_SECONDS, 1))
        return token


@dataclass(frozen=True, slots=True)
class _InProcess:
    """A refresh token where nobody keeps it longer than this process lives."""

    memory: Memory
    name: str
    entered: str

    @property
    def value(self) -> str:
        return self.memory.known(f"{self.name}:next") or self.entered

    def replace(self, value: str) -> None:
        self.memory.put(f"{self.name}:next", value, seconds=30 * 86_400)


def of(
    config: ConnectionConfig, account: Account, memory: Memory, keeper: SecretKeeper | None = None
) -> Access:
    """Raises Misconfigured when neither way has all it needs."""
    app_ref = _plain(config, "app_ref")
    if not app_ref:
        raise Misconfigured("The Brightpearl connection has no app reference.")
    refresh_token = _plain(config, "refresh_token")
    if refresh_token:
        dev_ref = _plain(config, "dev_ref")
        if not dev_ref:
            raise Misconfigured("The Brightpearl connection has no developer reference.")
        secret = _plain(config, "client_secret")
        return InstanceApp(app_ref, dev_ref, secret, refresh_token, account, memory, keeper)
    account_token = _plain(config, "account_token")
    if not account_token:
        raise Misconfigured(
            "The Brightpearl connection has neither an account token nor a refresh token."
        )
    return PrivateApp(app_ref, account_token)


def _plain(config: ConnectionConfig, name: str) -> str:
    value = config.secrets.get(name, "").strip()
    if not (value.isascii() and value.isprintable()):
        raise Misconfigured(f"The {name} of the Brightpearl connection is not plain text.")
    return value


def _token(reply: Reply) -> tuple[str, int, str]:
    if not 200 <= reply.status < 300:
        raise Misconfigured(
            f"Brightpearl refused to renew our token (HTTP {reply.status}).",
            is_credentials=True,
            evidence=reply.evidence,
        )
    answer = reply.json()
    token = answer.get("access_token") if isinstance(answer, Mapping) else None
    if not isinstance(token, str) or not (token.isascii() and token.isprintable() and token):
        raise UnreadableReply(
            "The token endpoint answered without a token.",
            field="access_token",
            evidence=reply.evidence,
        )
    life, following = answer.get("expires_in"), answer.get("refresh_token")
    is_whole = isinstance(life, int) and not isinstance(life, bool)
    return (
        token,
        life if is_whole else _DEFAULT_LIFE_SECONDS,
        following if isinstance(following, str) else "",
    )
