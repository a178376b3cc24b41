"""What a kit is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Protocol

from connectors.sandbox.base import Twin
from connectors.types import DocumentKind

Record = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Access:
    """What the connection form would be given; `path` goes behind the twin's own address.

    `address` takes the place of both where the system is not called at one.
    """

    settings: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    path: str = ""
    address: str = ""

    def base_url(self, twin_address: str) -> str:
        return self.address or twin_address + self.path


@dataclass(frozen=True, slots=True)
class Booked:
    """A document in the twin's own books.

    `units` is what it moves, `gross` what it credits or pays back (0 for other documents);
    `is_final` once it is posted for good.
    """

    key: str
    kind: DocumentKind
    number: str
    units: int
    gross: Decimal
    is_final: bool


class Kit(Protocol):
    """A system the kits know; `system` names its twin and its kind of connection."""

    system: str

    def twin(self, **options: Any) -> Twin:
        """A fresh twin; `options` as the twin's own (`now`, `sleep`)."""
        ...

    def access(self, credentials: Mapping[str, str]) -> Access: ...

    def loads(self, records: Record) -> Record:
        """Plain records as the twin's own."""
        ...


class ErpKit(Kit, Protocol):
    def check_in(self, key: str) -> Record | None:
        """Records by which the ERP's own staff receive what the authorisation `key` announces.

        None where they do not.
        """
        ...

    def booked(self, documents: Sequence[Record]) -> tuple[Booked, ...]:
        """The twin's `documents()` as plain rows; refused ones are left out."""
        ...


class PlatformKit(Kit, Protocol):
    """`holds_orders`: returns hang on the shop's own orders, which are loaded before them."""

    holds_orders: bool

    def external_id(self, rma_id: str) -> str:
        """By which id the platform knows the plain record's return."""
        ...

    def unit_id(self, rma_id: str, item_id: str) -> str:
        """By which id it knows the return's item; units of it may bear "-1", "-2" behind."""
        ...
