"""What this process keeps of an account between calls: token, closed months, lines of documents.

Gateways are made for one act and thrown away; each would ask all of it again. Kept by the clock of
the process, so a wrong system clock prolongs nothing. An in-process transport has memories of its
own, which end with it.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar
from weakref import WeakKeyDictionary

T = TypeVar("T")

LINES_SECONDS = 900
PERIODS_SECONDS = 600
_MOST_DOCUMENTS = 20_000


@dataclass(frozen=True, slots=True)
class OpenLine:
    """A line of a document goods can be taken from. `source_line` is the line it was made of,
    `kit_line` the kit it is a member of, both empty for none."""

    line: str
    item_id: str
    quantity: int
    done: int
    source_line: str = ""
    kit_line: str = ""

    @property
    def left(self) -> int:
        return max(self.quantity - self.done, 0)


class Kept(Generic[T]):
    """A value for a while."""

    def __init__(self) -> None:
        self._value: T | None = None
        self._until = 0.0

    def get(self) -> T | None:
        return self._value if time.monotonic() < self._until else None

    def put(self, value: T, *, seconds: float) -> None:
        self._value, self._until = value, time.monotonic() + seconds

    def drop(self) -> None:
        self._value = None


@dataclass
class Memory:
    token: Kept[str] = field(default_factory=Kept)
    periods: Kept[tuple[str, ...]] = field(default_factory=Kept)
    lock: threading.RLock = field(default_factory=threading.RLock)
    _received: set[str] = field(default_factory=set)
    _lines: OrderedDict[str, Kept[tuple[OpenLine, ...]]] = field(default_factory=OrderedDict)

    def lines(self, document_id: str, *, is_receipt: bool = False) -> tuple[OpenLine, ...] | None:
        """For a receipt, only what has not been received against since it was read."""
        with self.lock:
            if is_receipt and document_id in self._received:
                return None
            kept = self._lines.get(document_id)
            return None if kept is None else kept.get()

    def keep_lines(self, found: Mapping[str, tuple[OpenLine, ...]]) -> None:
        with self.lock:
            for document_id, lines in found.items():
                self._lines.setdefault(document_id, Kept()).put(lines, seconds=LINES_SECONDS)
                self._lines.move_to_end(document_id)
                self._received.discard(document_id)
            while len(self._lines) > _MOST_DOCUMENTS:
                self._received.discard(self._lines.popitem(last=False)[0])

    def note_received(self, document_id: str) -> None:
        with self.lock:
            self._received.add(document_id)


_shared: dict[str, Memory] = {}
_by_transport: WeakKeyDictionary[object, dict[str, Memory]] = WeakKeyDictionary()
_lock = threading.Lock()


def of(name: str, transport: object | None) -> Memory:
    """The memory of the account and caller that `name` stands for."""
    with _lock:
        found = _shared if transport is None else _by_transport.setdefault(transport, {})
        return found.setdefault(name, Memory())
