"""Small files of a retailer's lines, and a world of simulated systems to replay them in."""

from __future__ import annotations

import contextlib
import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from connectors.sandbox.kits import roster
from connectors.sandbox.kits.kit import Kit
from connectors.sandbox.wsgi_transport import WsgiTransport
from exceptions_app.services import connections
from exceptions_app.services.replay import reading
from exceptions_app.services.replay.driving import Progress
from exceptions_app.services.replay.pairs import DEFAULT, PAIRS
from exceptions_app.services.replay.replaying import Replay, replay
from tests.world import Clock

# Beside the checkout where the retailer's own lines are at hand.
RETAILER_FILE = (
    Path(__file__).parents[4] / "shared" / "data" / "online-retail-ii" / "lines-2009-2010.csv"
)
HEADER = ",".join(reading.COLUMNS)


def row(invoice: str, code: str, quantity: object, price: object, **values: str) -> list[str]:
    """One order or credit line of customer 100; a credit is a day later than an order."""
    day = "02" if invoice.startswith("C") else "01"
    return [
        invoice,
        code,
        values.get("description", f"Thing {code}"),
        str(quantity),
        values.get("date", f"2010-03-{day}T10:00:00"),
        str(price),
        values.get("customer", "100"),
        "France",
    ]


def text_of(*rows: list[str]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([list(reading.COLUMNS), *rows])
    return out.getvalue()


def lines_of(*rows: list[str]) -> tuple[reading.FileLine, ...]:
    return reading.read(text_of(*rows).encode())


def retailer_bytes() -> bytes:
    """The retailer's file, or a made one of the same kind: every order in part credited."""
    if RETAILER_FILE.exists():
        return RETAILER_FILE.read_bytes()
    rows = []
    for number in range(500, 560):
        date = f"2010-03-01T10:{number - 500:02d}:00"
        for code in ("20001", "20002", "20003A"):
            rows.append(row(str(number), code, 12, "2.95", date=date, customer=str(number % 7)))
        rows.append(row(f"C{number}", "20001", -5, "2.95", customer=str(number % 7)))
        rows.append(row(f"C{number}", "POST", -1, "18.00", customer=str(number % 7)))
    return text_of(*rows).encode()


@dataclass
class Twins:
    """`Simulation` of two twins in this process; a new one is a new day for both."""

    clock: Clock = field(default_factory=Clock)
    base_url: str = "http://127.0.0.1:1"

    def __post_init__(self) -> None:
        kits: dict[str, Kit] = {**roster.ERPS, **roster.PLATFORMS}
        self.systems: dict[str, Any] = {
            name: kit.twin(now=self.clock) for name, kit in kits.items()
        }
        self.transport = WsgiTransport({f"/{name}": twin for name, twin in self.systems.items()})

    def load(self, system: str, records: Mapping[str, Any]) -> None:
        self.systems[system].load(records)

    def set_switches(self, system: str, values: Mapping[str, Any]) -> None:
        self.systems[system].set_switches(values)

    def credentials(self, system: str) -> dict[str, str]:
        return self.systems[system].credentials()

    def documents(self, system: str) -> list[dict[str, Any]]:
        return self.systems[system].documents()

    @contextlib.contextmanager
    def connected(self) -> Iterator[None]:
        with connections.through(self.transport, self.clock):
            yield

    def replay(
        self, *rows: list[str], seen: list[Progress] | None = None, pair: str = DEFAULT
    ) -> Replay:
        """Run these rows through the whole pipeline on the virtual clock."""
        with self.connected():
            return replay(
                lines=lines_of(*rows),
                simulation=self,
                pair=PAIRS[pair],
                tell=(seen if seen is not None else []).append,
                clock=self.clock,
                pause=lambda seconds: self.clock.advance(seconds=seconds) and None,
            )
