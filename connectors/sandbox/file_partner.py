"""A partner that exchanges files: takes what lies in out/, answers into ack/ and in/.

Invented but for the layouts: it proves our logic, never a partner's behaviour. What it knows
changes by calls only (`POST /files/…`, `POST /replies`), so that a journal of them brings it back;
`visit` carries the files between a feed's folders and those calls, as the partner's own program
would on its side.

| Switch | meaning |
| --- | --- |
| layout, settings | the layout and its settings, as the connection has them |
| acknowledgement | `per_line`, or `all_or_nothing` |
| answer_after_seconds | how long it takes until it answers |
| answer_fault | what is wrong with the answers from now on; one of `AnswerFault` |
"""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import json
import os
import threading
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request, Response

from connectors.errors import UnreadableReply
from connectors.exchange import stores
from connectors.exchange.csv_layout import CsvPartner
from connectors.exchange.layouts import GENERIC_CSV, X12_4010, LayoutSettings, PartnerLayout
from connectors.exchange.shapes import (
    Acknowledgement,
    Arrival,
    ArrivalLine,
    Inbound,
    InboundKind,
    LineResult,
    Regrade,
)
from connectors.exchange.x12.partner import X12Partner
from connectors.sandbox import file_partner_reference
from connectors.sandbox.base import Route, Twin
from connectors.sandbox.file_partner_records import Record, Records

ROUND_SECONDS = 3.0

ALL_OR_NOTHING = "all_or_nothing"
_LAYOUTS: Mapping[str, Callable[[LayoutSettings], PartnerLayout]] = {
    GENERIC_CSV: CsvPartner,
    X12_4010: X12Partner,
}
_STRANGER = "STRANGER"


def make_folders(folder: Path) -> None:
    """A feed's folders, where they are not there yet."""
    for name in stores.FOLDERS:
        (folder / name).mkdir(parents=True, exist_ok=True)


class AnswerFault(StrEnum):
    """What is wrong with an answer that should be a file in ack/."""

    NONE = ""
    # It never comes; half of its lines are missing; it comes twice under two names.
    MISSING = "missing"
    PARTIAL = "partial"
    DUPLICATE = "duplicate"
    # The file is cut, or no file of this layout at all.
    TRUNCATED = "truncated"
    GARBAGE = "garbage"
    # It lies there half written at the first look.
    GROWING = "growing"
    # Another partner's file.
    WRONG_PARTNER = "wrong_partner"


class FilePartnerTwin(Twin):
    name = "file_exchange"
    routes = (
        Route("POST", "/files/<name>", "take_file"),
        Route("POST", "/replies", "hand_out"),
    )
    default_switches = {
        "layout": GENERIC_CSV,
        "settings": {"our_id": "RETURNSBRIDGE", "partner_id": "PARTNER"},
        "acknowledgement": "per_line",
        "answer_after_seconds": 0,
        "answer_fault": AnswerFault.NONE.value,
    }

    # --- what a twin gives ----------------------------------------------------------------------

    def credentials(self) -> dict[str, str]:
        """A folder needs none; the SFTP server in front of it has its own."""
        return {}

    def clear(self) -> None:
        self.records = Records()
        # What files said that could not be read, in the order they came.
        self.complaints: list[str] = []
        # Our answers to the partner's files, as it read them.
        self.heard: list[Acknowledgement] = []
        self._verdicts: dict[int, tuple[str, Acknowledgement]] = {}
        self._replies: list[dict[str, Any]] = []
        self._number = 0

    def load(self, records: Mapping[str, Any]) -> dict[str, int]:
        """Master data, and goods that arrive (`arrivals`) or change their grade (`regrades`)."""
        with self.lock:
            counts = self.records.load(records)
            for name, send in (
                ("arrivals", self._send_arrivals),
                ("regrades", self._send_regrades),
            ):
                rows = records.get(name, ())
                if rows:
                    send(rows)
                counts[name] = len(rows)
            return counts

    def documents(self) -> list[dict[str, Any]]:
        return list(self.records.booked.values())

    # --- the partner's program ------------------------------------------------------------------

    def visit(self, folder: Path) -> int:
        """Take every file of out/, lay ready what is due; returns files taken.

        Cut off between taking a file and moving it, it takes the file again, and knows it by its
        number.
        """
        with self.lock:
            names = sorted(path.name for path in (folder / stores.OUT).iterdir() if path.is_file())
            taken = [name for name in names if stores.is_readable_name(name)]
            for name in taken:
                self._call(f"/files/{name}", (folder / stores.OUT / name).read_bytes())
                os.replace(folder / stores.OUT / name, folder / stores.SENT / name)
            if any(_at(each) <= self.moment() for each in self._replies):
                for reply in json.loads(self._call("/replies", b"")):
                    content = base64.b64decode(reply["content"])
                    _lay(folder / reply["folder"], reply["name"], content)
            for name, content in file_partner_reference.files(self.records).items():
                _lay(folder / "reference", name, content)
            return len(taken)

    def go_round(self, folder: Path) -> None:
        """Visit the folder for as long as the process lives, in a thread of its own."""
        threading.Thread(target=self._rounds, args=(folder,), daemon=True).start()

    def _rounds(self, folder: Path) -> None:
        while True:
            # One that was taken away may come back.
            if (folder / stores.SENT).is_dir():
                self.visit(folder)
            time.sleep(ROUND_SECONDS)

    def _call(self, path: str, content: bytes) -> bytes:
        builder = EnvironBuilder(method="POST", path=path, data=content)
        answer = self._handle(Request(builder.get_environ()))
        assert answer.status_code == 200, answer.get_data(as_text=True)
        return answer.get_data()

    # --- handlers -------------------------------------------------------------------------------

    def take_file(self, request: Request, name: str) -> Response:
        content = request.get_data(cache=True)
        try:
            parts = self._layout().read_batch(name, content)
        except UnreadableReply as error:
            self.complaints.append(f"{name}: {error.text}")
            return self.reply({"result": "unreadable", "text": error.text})
        digest = hashlib.sha256(content).hexdigest()
        results = [self._take(part, digest) for part in parts]
        return self.reply({"result": ", ".join(results)})

    def hand_out(self, request: Request) -> Response:
        due = [each for each in self._replies if _at(each) <= self.moment()]
        self._replies = [each for each in self._replies if each not in due]
        for each in due:
            if each.pop("is_growing", False):
                whole = base64.b64decode(each["content"])
                self._replies.append(dict(each))
                each["content"] = base64.b64encode(whole[: len(whole) // 2]).decode()
        return self.reply(due)

    # --- what it does with a file ---------------------------------------------------------------

    def _take(self, part: Inbound, digest: str) -> str:
        if part.kind is InboundKind.ACKNOWLEDGEMENT:
            self.heard.extend(part.acknowledgements)
            return "answer"
        if part.answer is not None:
            self._queue(stores.ACK, "syntax", part.answer)
        number = part.batch_number
        if number in self._verdicts:
            seen, verdict = self._verdicts[number]
            if seen != digest:
                self.complaints.append(f"{number}: another file has this number.")
                return "number used"
            self._tell(verdict)
            return "duplicate"
        verdict = self._decide(part)
        self._verdicts[number] = (digest, verdict)
        self._tell(verdict)
        return "read"

    def _decide(self, part: Inbound) -> Acknowledgement:
        lines = []
        is_whole = self.switches["acknowledgement"] == ALL_OR_NOTHING
        before = dict(self.records.booked)
        for place, document in enumerate(part.documents, start=1):
            line = self.records.verdict(document, place)
            if line.result is LineResult.ACCEPTED:
                number = self.records.book(document, part.batch_number)
                line = dataclasses.replace(line, number=number, erp_id=number)
            lines.append(line)
        refused = tuple(line for line in lines if line.result is LineResult.REJECTED)
        if is_whole and refused:
            self.records.booked = before
            return Acknowledgement(
                batch_number=part.batch_number,
                is_syntax_only=False,
                is_accepted=False,
                text="One document was refused, so none was booked.",
                lines=refused,
            )
        return Acknowledgement(
            batch_number=part.batch_number,
            is_syntax_only=False,
            is_accepted=None if refused else True,
            lines=tuple(lines),
        )

    def _tell(self, verdict: Acknowledgement) -> None:
        fault = AnswerFault(self.switches["answer_fault"])
        if fault is AnswerFault.MISSING:
            return
        if fault is AnswerFault.PARTIAL:
            kept = verdict.lines[: len(verdict.lines) // 2]
            verdict = dataclasses.replace(verdict, is_accepted=None, lines=kept)
        layout = self._layout(is_strange=fault is AnswerFault.WRONG_PARTNER)
        content = layout.acknowledge(verdict, number=self._next(), at=self.moment())
        if fault is AnswerFault.TRUNCATED:
            content = content[: len(content) * 2 // 3]
        if fault is AnswerFault.GARBAGE:
            content = b"%PDF-1.4 not a file of this layout"
        times = 2 if fault is AnswerFault.DUPLICATE else 1
        for _ in range(times):
            is_growing = fault is AnswerFault.GROWING
            self._queue(stores.ACK, "answer", content, is_growing=is_growing)

    def _send_arrivals(self, rows: Any) -> None:
        found = tuple(self._arrival(row) for row in rows if not self._is_in(row))
        if not found:
            return
        content = self._layout().arrivals(found, number=self._next(), at=self.moment())
        self._queue(stores.IN, "receipts", content)

    def _is_in(self, row: Record) -> bool:
        """Whether all that was announced came already, and no other units are named."""
        announced = self.records.announced(str(row["authorisation"]))
        return bool(announced) and "lines" not in row and self.records.has_received(announced or {})

    def _arrival(self, row: Record) -> Arrival:
        """What a row leaves out is as the authorisation announced it."""
        announced = self.records.announced(str(row["authorisation"])) or {}
        lines = row.get("lines", announced.get("lines", ()))
        number = str(row.get("receipt_number", f"RC{self._next():06d}"))
        if announced:
            self.records.receive(announced, number, sum(line["quantity"] for line in lines))
        return Arrival(
            authorisation=str(row["authorisation"]),
            receipt_number=number,
            received_at=self.moment(),
            warehouse=str(row.get("warehouse", announced.get("warehouse", ""))),
            lines=tuple(
                ArrivalLine(
                    sku=line["sku"],
                    quantity=line["quantity"],
                    condition=line.get("condition", ""),
                    damage_reason=line.get("damage_reason", ""),
                    po_line=str(line.get("line", "")),
                )
                for line in lines
            ),
        )

    def _send_regrades(self, rows: Any) -> None:
        found = tuple(Regrade(**{**row, "at": self.moment()}) for row in rows)
        content = self._layout().regrades(found, number=self._next(), at=self.moment())
        self._queue(stores.IN, "regrades", content)

    def _queue(self, folder: str, what: str, content: bytes, *, is_growing: bool = False) -> None:
        delay = timedelta(seconds=float(self.switches["answer_after_seconds"]))
        suffix = ".csv" if self.switches["layout"] == GENERIC_CSV else ".x12"
        self._replies.append(
            {
                "at": (self.moment() + delay).isoformat(),
                "folder": folder,
                "name": f"partner-{what}-{self._next():09d}{suffix}",
                "content": base64.b64encode(content).decode(),
                "is_growing": is_growing,
            }
        )

    def _next(self) -> int:
        self._number += 1
        return self._number

    def _layout(self, *, is_strange: bool = False) -> PartnerLayout:
        settings = LayoutSettings(**self.switches["settings"])
        if is_strange:
            settings = dataclasses.replace(settings, partner_id=_STRANGER)
        return _LAYOUTS[self.switches["layout"]](settings)


def _at(reply: Record) -> datetime:
    return datetime.fromisoformat(reply["at"])


def _lay(folder: Path, name: str, content: bytes) -> None:
    """Whole or not at all; what is there already in these words is left alone."""
    target = folder / name
    if target.exists() and target.read_bytes() == content:
        return
    folder.mkdir(exist_ok=True)
    temporary = folder / stores.temporary(name)
    temporary.write_bytes(content)
    os.replace(temporary, target)
