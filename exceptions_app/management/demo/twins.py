"""The demo's simulated systems: they remember in a journal what happened to them.

A confirmed document must still be there after a restart, else its number would be missing on the
other side. Every call that changed something is written down with its moment before it is
answered, and carried out again, at its own moment, when the journal is opened.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any, NamedTuple

from werkzeug.datastructures import Headers
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request, Response

from connectors import wire_json
from connectors.sandbox.base import Twin
from connectors.sandbox.bluecherry import BlueCherryTwin
from connectors.sandbox.brightpearl import BrightpearlTwin
from connectors.sandbox.file_partner import FilePartnerTwin
from connectors.sandbox.netsuite import NetSuiteTwin
from connectors.sandbox.prima import PrimaTwin
from connectors.sandbox.returngo import ReturnGoTwin
from connectors.sandbox.returngo_records import moment as parse_moment
from connectors.sandbox.reveni import ReveniTwin
from connectors.sandbox.shopify import ShopifyTwin

# Where webhooks go is asked for anew at each start: the address carries a port and a secret.
# Questions that are sent as a POST change nothing.
_NOT_KEPT = ("/webhook", "/services/rest/query")


class Systems(NamedTuple):
    erp: str
    platform: str


_USUAL = Systems("bluecherry", "returngo")
# Whatever goes wrong between two systems goes wrong on bridges of the usual two.
SYSTEMS: Mapping[str, Systems] = {
    "uk": _USUAL,
    "outlet": _USUAL,
    "home": _USUAL,
    "kids": _USUAL,
    "counter": _USUAL,
    "fr": Systems("prima", "returngo"),
    "de": Systems("brightpearl", "returngo"),
    "ie": Systems("bluecherry", "reveni"),
    "trade": Systems("netsuite", "shopify"),
    "depot": Systems("file_exchange", "returngo"),
}


class Journal(Twin):
    """Mixed into a twin: keeps what changes it, and brings it back."""

    _file: IO[str] | None = None

    def open_journal(self, path: Path) -> int:
        """Carry out what the journal tells, then go on writing it; returns entries read."""
        count = 0
        if path.exists():
            _cut_half_line(path)
            for entry in _entries(path):
                self._redo(entry)
                count += 1
        self._file = path.open("a", encoding="utf-8")
        return count

    def close_journal(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def load(self, records: Mapping[str, Any]) -> dict[str, int]:
        with self.lock:
            self._note_down("load", records)
            return super().load(records)

    def set_switches(self, values: Mapping[str, Any]) -> dict[str, Any]:
        with self.lock:
            # What was staged so far is booked under the old switches.
            self.settle()
            self._note_down("switches", dict(values))
            return super().set_switches(values)

    def _handle(self, request: Request) -> Response:
        if not self.changes_nothing(request) and not request.path.startswith(_NOT_KEPT):
            body = base64.b64encode(request.get_data(cache=True)).decode()
            headers = {name: value for name, value in request.headers.items() if name != "Host"}
            call = {"method": request.method, "path": request.path, "headers": headers}
            # A signature is one of the whole address.
            address = {"root": request.url_root, "query": request.query_string.decode("latin-1")}
            self._note_down("call", {**call, **address, "body": body})
        return super()._handle(request)

    def _note_down(self, kind: str, what: object) -> None:
        if self._file is not None:
            entry = {"at": self.moment().isoformat(), "kind": kind, "what": what}
            self._file.write(wire_json.encode(entry) + "\n")
            self._file.flush()

    def _redo(self, entry: Mapping[str, Any]) -> None:
        what = entry["what"]
        with self._at(parse_moment(entry["at"])):
            self.settle()
            if entry["kind"] == "load":
                self.load(what)
            elif entry["kind"] == "switches":
                self.set_switches(what)
            else:
                self._handle(_request(what))


class KeptBlueCherry(Journal, BlueCherryTwin):
    """A BlueCherry-like ERP that survives a restart."""


class KeptBrightpearl(Journal, BrightpearlTwin):
    """A Brightpearl-like ERP that survives a restart."""


class KeptFilePartner(Journal, FilePartnerTwin):
    """A partner of files that survives a restart."""


class KeptPrima(Journal, PrimaTwin):
    """A Prima-like ERP that survives a restart."""


class KeptReveni(Journal, ReveniTwin):
    """A Reveni that survives a restart."""


class KeptShopify(Journal, ShopifyTwin):
    """A Shopify that survives a restart."""


class KeptNetSuite(Journal, NetSuiteTwin):
    """A NetSuite-like ERP that survives a restart."""


class KeptReturnGo(Journal, ReturnGoTwin):
    """A ReturnGO that survives a restart."""

    def subscribe_address(self, url: str, event_name: str) -> None:
        """Subscribe as an integrator would, through the API."""
        body = {"url": url, "eventName": event_name}
        keys = self.credentials()
        headers = {"x-api-key": keys["api_key"], "x-shop-name": keys["shop_name"]}
        builder = EnvironBuilder(
            method="POST", path="/webhook", headers=Headers(headers), json=body
        )
        with self.lock:
            answer = self._handle(Request(builder.get_environ()))
        assert answer.status_code == 201, answer.get_data(as_text=True)


_KEPT: Mapping[str, type[Journal]] = {
    kept.name: kept
    for kept in (
        KeptBlueCherry,
        KeptBrightpearl,
        KeptFilePartner,
        KeptNetSuite,
        KeptPrima,
        KeptReturnGo,
        KeptReveni,
        KeptShopify,
    )
}


def make() -> dict[str, Journal]:
    """A platform and an ERP for each bridge, by the path they are served at."""
    made: dict[str, Journal] = {}
    for code, systems in SYSTEMS.items():
        made[platform_name(code)] = _KEPT[systems.platform]()
        made[erp_name(code)] = _KEPT[systems.erp]()
    return made


def platform_name(bridge: str) -> str:
    return _path(SYSTEMS[bridge].platform, bridge)


def erp_name(bridge: str) -> str:
    return _path(SYSTEMS[bridge].erp, bridge)


def _path(system: str, bridge: str) -> str:
    return system if bridge == "uk" else f"{system}-{bridge}"


def _cut_half_line(path: Path) -> None:
    """A kill in the middle of a write leaves half a last line; nothing was answered for it."""
    with path.open("rb+") as file:
        file.truncate(file.read().rfind(b"\n") + 1)


def _entries(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            yield wire_json.decode(line)


def _request(call: Mapping[str, Any]) -> Request:
    builder = EnvironBuilder(
        method=call["method"],
        path=call["path"],
        base_url=call.get("root"),
        query_string=call.get("query", ""),
        headers=call["headers"],
        data=base64.b64decode(call["body"]),
    )
    return Request(builder.get_environ())
