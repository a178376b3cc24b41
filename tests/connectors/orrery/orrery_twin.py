"""Orrery: an ERP that does not exist, with odd names, an envelope in an envelope and XML errors.

Everything is a `Thing` in `Parcel.Cargo`. Lists go on by a `Thread`, the name of the last Thing.
Dates are 05.03.2026, yes and no are `ja` and `nej`, amounts are texts, and a credit ("Amends") is
below zero. A refusal is a `Mishap` in XML, whatever was asked. A `Mark` is worn only once.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar
from xml.sax.saxutils import escape

from werkzeug.wrappers import Request, Response

from connectors import wire_json
from connectors.sandbox.base import Route, Twin

KEY = "orrery-key-1f2e"
_VERBS = ("Beckon", "Homecoming", "Amends")


class Mishap(Exception):
    """A refusal: its sort and its words."""

    def __init__(self, sort: str, words: str, status: int = 422) -> None:
        super().__init__(words)
        self.sort = sort
        self.status = status


class OrreryTwin(Twin):
    """Loads `depots`, `things` (mark, name, awake, turned), `errands` (orders) and `sealed`."""

    name = "orrery"
    routes = (
        Route("GET", "/v9/hello", "hello"),
        Route("GET", "/v9/havens", "havens"),
        Route("GET", "/v9/wares", "wares"),
        Route("GET", "/v9/ware/<mark>", "ware"),
        Route("GET", "/v9/errand/<number>", "errand"),
        Route("POST", "/v9/seek", "seek"),
        Route("POST", "/v9/deed", "deed"),
    )
    default_switches: ClassVar[Mapping[str, Any]] = {"page": 4}

    def credentials(self) -> dict[str, str]:
        return {"api_key": KEY}

    def clear(self) -> None:
        self._havens: dict[str, Any] = {}
        self._wares: dict[str, Any] = {}
        self._errands: dict[str, Any] = {}
        self._sealed: frozenset[str] = frozenset()
        self._deeds: list[dict[str, Any]] = []

    def load(self, records: Mapping[str, Any]) -> dict[str, int]:
        for kind, key, table in (
            ("havens", "mark", self._havens),
            ("wares", "mark", self._wares),
            ("errands", "number", self._errands),
        ):
            table.update({each[key]: each for each in records.get(kind, ())})
        if "sealed" in records:
            self._sealed = frozenset(records["sealed"])
        return {kind: len(rows) for kind, rows in records.items()}

    def documents(self) -> list[dict[str, Any]]:
        with self.lock:
            self.settle()
            return [dict(deed) for deed in self._deeds]

    def refusal(self, request: Request) -> Response | None:
        if request.headers.get("X-Orrery") == f"Seal {KEY}":
            return None
        return _mishap(Mishap("stranger", "Nobody knows this seal", 401))

    # --- handlers -----------------------------------------------------------------------------

    def hello(self, _request: Request) -> Response:
        return self.reply({"Parcel": {"Head": {"Orrery": "9.4"}}})

    def havens(self, _request: Request) -> Response:
        return self._things(list(self._havens.values()))

    def wares(self, request: Request) -> Response:
        """Those turned since a day, by name; each answer at most a page."""
        since = request.args.get("turned", "")
        after, size = request.args.get("thread", ""), int(self.switches["page"])
        rows = sorted(
            (ware for ware in self._wares.values() if _day(ware["turned"]) >= _day(since)),
            key=lambda ware: ware["mark"],
        )
        left = [ware for ware in rows if ware["mark"] > after]
        thread = left[size - 1]["mark"] if len(left) > size else None
        return self._things(left[:size], thread=thread)

    def ware(self, _request: Request, mark: str) -> Response:
        if mark not in self._wares:
            return _mishap(Mishap("ware", f"No ware of that mark: {mark}", 404))
        return self._things([self._wares[mark]])

    def errand(self, _request: Request, number: str) -> Response:
        if number not in self._errands:
            return _mishap(Mishap("errand", f"No errand of that number: {number}", 404))
        return self._things([self._errands[number]])

    def seek(self, request: Request) -> Response:
        asked = wire_json.decode(request.get_data(as_text=True))["Parcel"]["Cargo"]
        found = [
            deed
            for deed in self._deeds
            if deed["Verb"] == asked["Verb"] and deed["Mark"] in asked["Marks"]
        ]
        return self._things(found)

    def deed(self, request: Request) -> Response:
        parcel = wire_json.decode(request.get_data(as_text=True))["Parcel"]
        try:
            made = self._made(parcel["Head"], parcel["Cargo"])
        except Mishap as mishap:
            return _mishap(mishap)
        self._deeds.append(made)
        return self.reply({"Parcel": {"Cargo": {"Deed": {"No": made["No"]}}}}, status=201)

    def _made(self, head: Mapping[str, Any], cargo: Mapping[str, Any]) -> dict[str, Any]:
        if head["Verb"] not in _VERBS:
            raise Mishap("verb", f"No such verb: {head['Verb']}")
        self._check(head, cargo)
        lines = cargo["Lines"]
        return {
            "No": f"D{len(self._deeds) + 1:05}",
            "Verb": head["Verb"],
            "Mark": head["Mark"],
            "Haven": cargo["Haven"],
            "Coin": cargo["Coin"],
            "Count": sum(int(line["Count"]) for line in lines if line.get("Ware")),
            "Sum": str(-sum(Decimal(line["Worth"]) + Decimal(line["Toll"]) for line in lines)),
            "Errand": cargo["Errand"],
            "Lines": lines,
            "At": self.moment().strftime("%d.%m.%Y %H:%M"),
        }

    def _check(self, head: Mapping[str, Any], cargo: Mapping[str, Any]) -> None:
        if any(deed["Mark"] == head["Mark"] for deed in self._deeds):
            raise Mishap("mark", f"This mark is worn already: {head['Mark']}", 409)
        if head["Verb"] != "Beckon" and cargo["Day"][3:] in self._sealed:
            raise Mishap("month", f"The ledger month is sealed: {cargo['Day']}")
        if cargo["Haven"] not in self._havens:
            raise Mishap("haven", f"No haven of that mark: {cargo['Haven']}")
        errand = self._errands.get(cargo["Errand"])
        if errand is None:
            raise Mishap("errand", f"No errand of that number: {cargo['Errand']}")
        for line in cargo["Lines"]:
            self._check_line(errand, head["Verb"], line)

    def _check_line(self, errand: Mapping[str, Any], verb: str, line: Mapping[str, Any]) -> None:
        ware = self._wares.get(line.get("Ware", ""))
        if line.get("Ware") and ware is None:
            raise Mishap("ware", f"No ware of that mark: {line['Ware']}")
        if ware is not None and ware["awake"] == "nej":
            raise Mishap("ware", f"This ware sleeps: {line['Ware']}")
        sold = {each["no"]: int(each["count"]) for each in errand["lines"]}
        if verb == "Amends" and line.get("Ware"):
            counted = [
                int(each["Count"])
                for deed in self._deeds
                for each in deed["Lines"]
                if deed["Verb"] == verb and each.get("ErrandLine") == line.get("ErrandLine")
            ]
            if sum(counted) + int(line["Count"]) > sold.get(line.get("ErrandLine", ""), 0):
                raise Mishap("count", f"More than went out: {line['Count']}")

    def _things(self, rows: list[Any], *, thread: str | None = None) -> Response:
        things = [{"Thing": row} for row in rows]
        return self.reply({"Parcel": {"Cargo": {"Things": things}, "Onward": {"Thread": thread}}})


def _day(written: str) -> datetime:
    return datetime.strptime(written or "01.01.1900", "%d.%m.%Y")  # noqa: DTZ007 - a day


def _mishap(mishap: Mishap) -> Response:
    text = (
        f'<?xml version="1.0" encoding="UTF-8"?><Mishap><Sort>{mishap.sort}</Sort>'
        f'<Words tongue="en">{escape(str(mishap))}</Words></Mishap>'
    )
    return Response(text, status=mishap.status, content_type="application/xml")
