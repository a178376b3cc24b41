"""Kind → how to build it. Vendors never import it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import cast

from requests.adapters import BaseAdapter

from connectors import errors, ports, roster, types
from connectors.exchange import port as exchange
from connectors.exchange.book import ExchangeBook
from connectors.kinds import Kind, Role, with_upkeep

KINDS: dict[str, Kind] = {kind.code: with_upkeep(kind) for kind in roster.ALL}


def build_source(
    config: types.ConnectionConfig, pacer: ports.Pacer, transport: BaseAdapter | None = None
) -> ports.Source:
    """The returns platform `config` describes; raises Misconfigured when it cannot be one."""
    kind = _kind(config.kind, Role.SOURCE)
    return cast(ports.Source, kind.build(config, pacer, transport))


def build_gateway(
    config: types.ConnectionConfig,
    pacer: ports.Pacer,
    transport: BaseAdapter | None = None,
    *,
    book: ExchangeBook | None = None,
    clock: Callable[[], datetime] | None = None,
) -> ports.Gateway:
    """The ERP `config` describes; raises Misconfigured when it cannot be one.

    `book` and `clock` are for a kind that keeps a book; without them it can be looked at only.
    """
    kind = _kind(config.kind, Role.ERP)
    if kind.keeps_book:
        return exchange.build(config, pacer, layout=roster.layout, book=book, clock=clock)
    return cast(ports.Gateway, kind.build(config, pacer, transport))


def open_storefront(
    config: types.ConnectionConfig, pacer: ports.Pacer, transport: BaseAdapter | None = None
) -> ports.Storefront:
    """The shop `config` describes; raises Misconfigured when it cannot be one."""
    kind = _kind(config.kind, Role.STOREFRONT)
    return cast(ports.Storefront, kind.build(config, pacer, transport))


def build(
    config: types.ConnectionConfig, pacer: ports.Pacer, transport: BaseAdapter | None = None
) -> ports.Source | ports.Gateway:
    """Whatever `config` describes, in the role its kind has; every one of them has a `check`."""
    kind = KINDS.get(config.kind)
    if kind is None:
        raise errors.Misconfigured(f"'{config.kind}' is no kind of connection.")
    return kind.build(config, pacer, transport)


def _kind(code: str, role: Role) -> Kind:
    kind = KINDS.get(code)
    if kind is None:
        raise errors.Misconfigured(f"'{code}' is no kind of connection; known: {sorted(KINDS)}.")
    if not kind.stands_as(role):
        raise errors.Misconfigured(f"{kind.label} cannot stand in the role '{role.value}'.")
    return kind
