"""A partner with folders of its own, opened by the services as its connection would be."""

import contextlib

import pytest

from connectors.exchange import stores
from exceptions_app.services import exchange_doors
from tests import factories
from tests.exceptions_app.exchange.partner import Partner


@pytest.fixture
def partner(tmp_path, monkeypatch, db):
    connection = factories.ErpFactory(
        name="Depot",
        kind="file_exchange",
        settings={"minimum_age_seconds": "30", "overdue_hours": "4"},
    )
    factories.HealthFactory(connection=connection)
    for folder in stores.FOLDERS:
        (tmp_path / "depot" / folder).mkdir(parents=True, exist_ok=True)
    partner = Partner(connection, tmp_path)

    @contextlib.contextmanager
    def opened(*, connection):
        yield partner.store, partner.layout

    monkeypatch.setattr(exchange_doors, "opened", opened)
    monkeypatch.setattr(exchange_doors, "layout", lambda *, connection: partner.layout)
    return partner


@pytest.fixture
def documents(partner):
    """Three credits on their way to the partner, each of another return."""
    bridge = factories.BridgeFactory(erp=partner.connection)
    return [
        factories.PostingFactory(
            rma=factories.RmaFactory(bridge=bridge),
            key=f"CM-uk-{number}",
            status="sending",
            number="",
            sent_at=factories.NOW,
        )
        for number in (1, 2, 3)
    ]
