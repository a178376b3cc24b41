"""What the gateways of one connection remember in this process: tokens and reference data.

Nothing here is needed to be right: a forgotten value is read again. Gateways are built for every
act, so what spares calls has to outlive them.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from connectors.types import ConnectionConfig

T = TypeVar("T")

_MOST_SKUS = 50_000
_lock = threading.Lock()


class Memory:
    """Values by name, each for a while; safe to ask from several threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._kept: dict[str, tuple[float, Any]] = {}
        self._skus: dict[int, str] = {}

    def get(self, name: str, *, seconds: float, read: Callable[[], T]) -> T:
        """The value kept under `name`, else what `read` gives, which is then kept."""
        kept = self._kept.get(name)
        if kept is not None and kept[0] > self._clock():
            value: T = kept[1]
            return value
        value = read()
        self.put(name, value, seconds=seconds)
        return value

    def put(self, name: str, value: object, *, seconds: float) -> None:
        self._kept[name] = (self._clock() + seconds, value)

    def known(self, name: str) -> Any:
        """The value kept under `name`, or None."""
        kept = self._kept.get(name)
        return kept[1] if kept is not None and kept[0] > self._clock() else None

    def forget(self, name: str) -> None:
        self._kept.pop(name, None)

    def learn_sku(self, product_id: int, sku: str) -> None:
        if len(self._skus) >= _MOST_SKUS:
            self._skus.clear()
        if sku:
            self._skus[product_id] = sku

    def sku(self, product_id: int) -> str:
        """The SKU last read for a product, or ""."""
        return self._skus.get(product_id, "")


_shared: dict[tuple[str, ...], Memory] = {}
_by_transport: WeakKeyDictionary[object, dict[tuple[str, ...], Memory]] = WeakKeyDictionary()


def of_connection(config: ConnectionConfig, transport: object | None) -> Memory:
    """The memory of this account; one of its own for each transport that is no network."""
    key = (config.mode.value, config.base_url, config.settings.get("account", ""))
    with _lock:
        memories = _shared if transport is None else _by_transport.setdefault(transport, {})
        return memories.setdefault(key, Memory())
