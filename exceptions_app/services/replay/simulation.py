"""The control side of the simulated systems over HTTP: it loads and asks; it is no vendor's."""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from typing import Any, Protocol
from urllib.parse import urlsplit

from connectors import wire_json
from exceptions_app.errors import DeskError

_TIMEOUT_SECONDS = 60


class SandboxUnreachable(DeskError):
    """The sandbox does not answer, or not as one."""


class Simulation(Protocol):
    """What a replay asks of the systems it fills; `base_url` is where their APIs stand."""

    base_url: str

    def load(self, system: str, records: Mapping[str, Any]) -> None: ...

    def set_switches(self, system: str, values: Mapping[str, Any]) -> None: ...

    def credentials(self, system: str) -> dict[str, str]: ...

    def documents(self, system: str) -> list[dict[str, Any]]: ...


class HttpSimulation:
    """`Simulation` at a base URL such as http://127.0.0.1:8100."""

    def __init__(self, base_url: str) -> None:
        parts = urlsplit(base_url)
        if parts.scheme != "http" or not parts.hostname:
            raise SandboxUnreachable(
                f"{base_url} is no address of a sandbox; write it as http://127.0.0.1:8100."
            )
        self.base_url = base_url.rstrip("/")
        self._netloc, self._path = parts.netloc, parts.path.rstrip("/")

    def load(self, system: str, records: Mapping[str, Any]) -> None:
        self._ask("POST", f"{system}/load", records)

    def set_switches(self, system: str, values: Mapping[str, Any]) -> None:
        self._ask("POST", f"{system}/switches", values)

    def credentials(self, system: str) -> dict[str, str]:
        return dict(self._ask("GET", f"{system}/credentials"))

    def documents(self, system: str) -> list[dict[str, Any]]:
        return list(self._ask("GET", f"{system}/documents"))

    def _ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        address = f"{self._path}/_control/{path}"
        connection = http.client.HTTPConnection(self._netloc, timeout=_TIMEOUT_SECONDS)
        try:
            connection.request(
                method,
                address,
                body=None if body is None else json.dumps(body).encode(),
                headers={"Content-Type": "application/json"},
            )
            answer = connection.getresponse()
            text = answer.read().decode()
            if answer.status != 200:
                raise SandboxUnreachable(
                    f"{self.base_url}{address} answered {answer.status}: {text[:200]}"
                )
            return wire_json.decode(text)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise SandboxUnreachable(
                f"{self.base_url} does not answer as a sandbox: {error}"
            ) from error
        finally:
            connection.close()
