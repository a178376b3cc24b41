"""What an ERP's gateway can do, asked before each plan and kept for pages, previews and quotes."""

from __future__ import annotations

from exceptions_app.models import Connection
from exceptions_app.rules import erp_facts
from exceptions_app.services import connections


def note(*, connection: Connection) -> None:
    """Keep what the gateway behind `connection` says it can do; no call leaves.

    Connector errors pass through: the connection is not usable.
    """
    gateway = connections.gateway(connection=connection, reason="plan-read")
    told = erp_facts.told(gateway.capabilities)
    if connection.capabilities != told:
        Connection.objects.filter(pk=connection.pk).update(capabilities=told)
        connection.capabilities = told
