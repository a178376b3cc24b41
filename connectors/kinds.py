"""What a kind of system is: what its form asks for, its side of a bridge, how it is built."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

from requests.adapters import BaseAdapter

from connectors import addresses, ports, types

# Raises `Misconfigured` for an address that a connection of this mode may not have.
CheckAddress = Callable[[str, types.Mode], None]
Build = Callable[
    [types.ConnectionConfig, ports.Pacer, BaseAdapter | None], ports.Source | ports.Gateway
]


class Role(StrEnum):
    """Which side of a bridge a connection may stand on."""

    SOURCE = "source"
    ERP = "erp"
    # A shop beside the two: its orders and its stock.
    STOREFRONT = "storefront"


@dataclass(frozen=True, slots=True)
class Field:
    """One thing the connection form asks for; `code` is its name in secrets or settings."""

    code: str
    label: str
    help_text: str
    is_required: bool = True
    default: str = ""
    is_multiline: bool = False


@dataclass(frozen=True, slots=True)
class Kind:
    """A vendor as the connection form and `services.connections` need it.

    `role` is what it is set up for, `also` what the same connection may stand as besides.
    `documentation` says how its API is known; `sandbox_path` is where the sandbox serves its twin.
    """

    code: str
    label: str
    role: Role
    credential_fields: tuple[Field, ...]
    settings_fields: tuple[Field, ...]
    build: Build
    documentation: str
    sandbox_path: str
    default_base_url: str = ""
    also: tuple[Role, ...] = ()
    check_address: CheckAddress = addresses.check_base_url
    # What the form says of the address where there is no default.
    address_help: str = ""
    # It speaks by files: whoever opens it to send hands it the book of what was sent.
    keeps_book: bool = False

    def stands_as(self, role: str) -> bool:
        return role in (self.role, *self.also)


# How many calls a look at the item master may cost; 0 for no look.
ITEM_CHECKS = "item_check_calls"
_ITEM_CHECKS = Field(
    ITEM_CHECKS,
    "Calls for a look at the items",
    "Four times a day some items are asked for and compared with our copy: at most so many calls,"
    " 0 for none.",
    is_required=False,
    default="5",
)


def with_upkeep(kind: Kind) -> Kind:
    """The kind, with what the upkeep asks of every ERP that is asked by calls.

    Files tell the same items however often they are read, so nothing is compared there.
    """
    if kind.role is not Role.ERP or kind.keeps_book:
        return kind
    return replace(kind, settings_fields=(*kind.settings_fields, _ITEM_CHECKS))
