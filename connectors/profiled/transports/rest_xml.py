"""XML over HTTP: one document out and one in per call."""

from __future__ import annotations

from collections.abc import Sequence

from requests.adapters import BaseAdapter

from connectors import ports, types
from connectors.http import Payload, Redactor, Reply, Session
from connectors.profiled import documents, render
from connectors.profiled.parts import Request
from connectors.profiled.schema import Profile
from connectors.profiled.transports.credentials import credentials
from connectors.profiled.ways import RestXml


class RestXmlTransport:
    """Sends a profile's requests to one connection; raises as `RestJsonTransport` does."""

    def __init__(
        self,
        *,
        profile: Profile,
        way: RestXml,
        config: types.ConnectionConfig,
        pacer: ports.Pacer,
        transport: BaseAdapter | None = None,
    ) -> None:
        self._way = way
        self._who = credentials(profile, config)
        self._session = Session(
            config=config,
            pacer=pacer,
            headers={"Accept": "application/xml, text/xml", **way.headers, **self._who.headers},
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
        payload = None
        if body is not None:
            content_type = f"{self._way.content_type}; charset={self._way.charset}"
            payload = Payload(documents.written(self._way, body), content_type)
        return self._session.call(
            operation=operation,
            method=request.method,
            path=request.path,
            query=(*query, *self._who.query),
            payload=payload,
            is_write=is_write,
        )

    def shown(self, body: render.JsonValue) -> str:
        """What would be sent, for people."""
        return documents.shown(self._way, body)
