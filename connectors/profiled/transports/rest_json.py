"""JSON over HTTP: one call per request of the profile."""

from __future__ import annotations

from collections.abc import Sequence

from requests.adapters import BaseAdapter

from connectors import ports, types
from connectors.http import Redactor, Reply, Session
from connectors.profiled import render
from connectors.profiled.parts import Request
from connectors.profiled.schema import Profile
from connectors.profiled.transports.credentials import credentials
from connectors.profiled.ways import RestJson


class RestJsonTransport:
    """Sends a profile's requests to one connection.

    Raises `Misconfigured` when the connection lacks a secret the profile names.
    """

    def __init__(
        self,
        *,
        profile: Profile,
        way: RestJson,
        config: types.ConnectionConfig,
        pacer: ports.Pacer,
        transport: BaseAdapter | None = None,
    ) -> None:
        self._who = credentials(profile, config)
        self._session = Session(
            config=config,
            pacer=pacer,
            headers={**way.headers, **self._who.headers},
            redactor=Redactor(secrets=self._who.masked),
            transport=transport,
        )

    def call(
        self,
        *,
        operation: str,
        request: Request,
        query: Sequence[tuple[str, str]] = (),
        body: render.JsonValue = None,
        is_write: bool = False,
    ) -> Reply:
        """One call; raises as `connectors.http.Session.call` does."""
        return self._session.call(
            operation=operation,
            method=request.method,
            path=request.path,
            query=(*query, *self._who.query),
            body=body,
            is_write=is_write,
        )

    def shown(self, body: render.JsonValue) -> str:
        """What would be sent, for people."""
        return render.indented(body)
