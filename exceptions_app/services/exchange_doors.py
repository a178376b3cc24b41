"""Connections whose other side takes and leaves files, and how their folders are opened."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import timedelta
from typing import Protocol, cast

from django.db.models import QuerySet

from connectors.errors import Misconfigured
from connectors.exchange.layouts import Layout
from connectors.exchange.options import KIND
from connectors.exchange.stores import FileStore
from connectors.ports import Gateway
from exceptions_app.models import Connection
from exceptions_app.services import connections

FEED = "exchange"
# How long a file must have been alike before it is read, where the connection does not say.
REST_SECONDS = 30


class FileGateway(Gateway, Protocol):
    """A gateway over files: where they lie, and how they are written."""

    store: FileStore
    layout: Layout


def connections_of_files() -> QuerySet[Connection]:
    """Those of bridges in use: nobody looks into folders that are still being set up."""
    rows = Connection.objects.filter(kind=KIND, is_active=True, erp_bridges__is_active=True)
    return rows.distinct().order_by("pk")


@contextlib.contextmanager
def opened(*, connection: Connection) -> Iterator[tuple[FileStore, Layout]]:
    """The folders and the layout of a connection; let go of at the end.

    Raises:
        ConnectorError: the connection cannot be opened as it is set up.
    """
    gateway = _gateway(connection)
    try:
        yield gateway.store, gateway.layout
    finally:
        gateway.store.close()


def layout(*, connection: Connection) -> Layout:
    """How files of this connection are written; nothing is looked up."""
    return _gateway(connection).layout


def rest_before_reading(connection: Connection) -> timedelta:
    """How long a file must have been alike before it counts as complete."""
    told = str(connection.settings.get("minimum_age_seconds") or "").strip()
    return timedelta(seconds=int(told) if told.isdecimal() else REST_SECONDS)


def _gateway(connection: Connection) -> FileGateway:
    if connection.kind != KIND:
        raise Misconfigured(f"{connection.name} exchanges no files.")
    return cast(FileGateway, connections.gateway(connection=connection, reason="exchange"))
