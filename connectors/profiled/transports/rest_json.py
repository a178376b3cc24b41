"""JSON over HTTP: one call per request of the profile, the secret in a header."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from requests.adapters import BaseAdapter

from connectors import errors, ports, types
from connectors.http import Reply, Session
from connectors.profiled.parts import HeaderKey, Request
from connectors.profiled.schema import Profile


class RestJsonTransport:
    """Sends a profile's requests to one connection.

    Raises `Misconfigured` when the connection lacks the secret the profile names.
    """

    def __init__(
        self,
        *,
        profile: Profile,
        config: types.ConnectionConfig,
        pacer: ports.Pacer,
        transport: BaseAdapter | None = None,
    ) -> None:
        self._session = Session(
            config=config, pacer=pacer, headers=_headers(profile, config), transport=transport
        )

    def call(
        self,
        *,
        operation: str,
        request: Request,
        query: Sequence[tuple[str, str]] = (),
        body: object | None = None,
        is_write: bool = False,
    ) -> Reply:
        """One call; raises as `connectors.http.Session.call` does."""
        return self._session.call(
            operation=operation,
            method=request.method,
            path=request.path,
            query=query,
            body=body,
            is_write=is_write,
        )


def _headers(profile: Profile, config: types.ConnectionConfig) -> Mapping[str, str]:
    if not isinstance(profile.auth, HeaderKey):
        return {}
    secret = config.secrets.get(profile.auth.secret, "")
    if not secret:
        raise errors.Misconfigured(
            f"The connection has no secret '{profile.auth.secret}'.", is_credentials=True
        )
    return {profile.auth.header: secret}
