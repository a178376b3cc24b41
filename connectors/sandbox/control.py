"""The switchboard beside the twins: load, reset, faults, switches, and the oracle.

| call | does |
| --- | --- |
| `GET /` | says what is served |
| `POST /<system>/reset` | back to the first day |
| `POST /<system>/load` | takes records in (the twin's own schema), answers counts |
| `GET /<system>/documents` | everything ever created there |
| `GET /<system>/calls` | how often each path was asked |
| `POST /<system>/faults`, `DELETE` | `{"rules": [...]}` replaces all rules; none |
| `POST /<system>/switches` | `{name: value}` sets known switches, answers all |
| `GET /<system>/credentials` | the keys that open the twin (simulated, so no secret) |
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from werkzeug.exceptions import BadRequest, HTTPException, NotFound
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from connectors import wire_json
from connectors.sandbox.base import NOTE, Twin
from connectors.sandbox.faults import FaultRuleInvalid

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


class Control:
    """A WSGI app over the given twins."""

    def __init__(self, twins: Mapping[str, Twin]) -> None:
        self._twins = dict(twins)
        self._map = Map(
            [
                Rule("/", methods=["GET"], endpoint="_index"),
                *(
                    Rule(f"/<system>/{path}", methods=[method], endpoint=endpoint)
                    for method, path, endpoint in (
                        ("POST", "reset", "_reset"),
                        ("POST", "load", "_load"),
                        ("GET", "documents", "_documents"),
                        ("GET", "calls", "_calls"),
                        ("POST", "faults", "_set_faults"),
                        ("DELETE", "faults", "_clear_faults"),
                        ("POST", "switches", "_switches"),
                        ("GET", "credentials", "_credentials"),
                    )
                ),
            ],
            strict_slashes=False,
        )

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = Request(environ)
        status = 200
        try:
            endpoint, values = self._map.bind_to_environ(environ).match()
            payload = getattr(self, endpoint)(request, *map(self._twin, values.values()))
        except HTTPException as error:
            status, payload = error.code or 500, {"error": error.description}
        response = Response(
            wire_json.encode(payload), status=status, content_type="application/json"
        )
        response.headers["X-Simulated"] = NOTE
        return response(environ, start_response)

    def _twin(self, name: str) -> Twin:
        if name not in self._twins:
            raise NotFound(f"No such system: {name}")
        return self._twins[name]

    def _index(self, request: Request) -> dict[str, Any]:
        return {"ready": True, "systems": sorted(self._twins), "note": f"simulated; {NOTE}"}

    def _reset(self, request: Request, twin: Twin) -> dict[str, Any]:
        twin.reset()
        return {"reset": True}

    def _load(self, request: Request, twin: Twin) -> dict[str, int]:
        try:
            return twin.load(_body(request))
        except (KeyError, TypeError, ValueError) as error:
            raise BadRequest(f"{type(error).__name__}: {error}") from None

    def _documents(self, request: Request, twin: Twin) -> list[dict[str, Any]]:
        twin.settle()
        return twin.documents()

    def _calls(self, request: Request, twin: Twin) -> dict[str, int]:
        return twin.calls()

    def _set_faults(self, request: Request, twin: Twin) -> dict[str, int]:
        rules = _body(request).get("rules")
        if not isinstance(rules, list) or not all(isinstance(rule, dict) for rule in rules):
            raise BadRequest("rules must be a list of objects")
        try:
            return {"rules": twin.faults.parse(rules)}
        except FaultRuleInvalid as error:
            raise BadRequest(str(error)) from None

    def _clear_faults(self, request: Request, twin: Twin) -> dict[str, int]:
        return {"rules": twin.faults.parse([])}

    def _switches(self, request: Request, twin: Twin) -> dict[str, Any]:
        try:
            return twin.set_switches(_body(request))
        except KeyError as error:
            raise BadRequest(f"No such switch: {error}") from None

    def _credentials(self, request: Request, twin: Twin) -> dict[str, str]:
        return twin.credentials()


def _body(request: Request) -> dict[str, Any]:
    try:
        body = wire_json.decode(request.get_data(as_text=True))
    except ValueError as error:
        raise BadRequest(f"Not JSON: {error}") from None
    if not isinstance(body, dict):
        raise BadRequest("The body must be an object")
    return body
