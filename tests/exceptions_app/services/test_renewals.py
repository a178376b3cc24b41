"""A refresh token that changes with each use: one worker at a time, kept for the next process."""

import json

import pytest
from django.db import connection as database

from connectors.errors import Misconfigured, RetryLater
from connectors.sandbox.brightpearl import BrightpearlTwin
from connectors.sandbox.brightpearl_door import ACCOUNT
from connectors.sandbox.wsgi_transport import WsgiTransport
from exceptions_app.models import Connection
from exceptions_app.services import connections, renewals, sealing
from tests.connectors.brightpearl.brightpearl_cast import OAUTH
from tests.factories import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def twin():
    made = BrightpearlTwin()
    made.set_switches({"calls_per_minute": 0, "rotates_refresh_tokens": True})
    return made


@pytest.fixture
def erp():
    return connections.save(
        code="erp",
        name="Brightpearl",
        kind="brightpearl",
        mode="sandbox",
        base_url="http://127.0.0.1:8999/brightpearl",
        settings_values={"account": ACCOUNT, "instance_id": "77"},
        secrets=OAUTH,
        actor=None,
        now=NOW,
    )


@pytest.fixture
def elsewhere():
    """A second session of the database: another worker."""
    other = database.copy()
    yield other
    other.close()


def check(twin):
    """As a process that has just started: nothing is remembered of the calls before."""
    erp = Connection.objects.get()
    with connections.through(WsgiTransport({"/brightpearl": twin})):
        return connections.gateway(connection=erp, reason="test").check()


def kept():
    return sealing.unseal(bytes(Connection.objects.get().sealed_secrets))


def test_a_replaced_refresh_token_serves_the_next_process(twin, erp):
    seen = connections.stamp(erp)

    assert [check(twin).is_ok for _ in range(3)] == [True, True, True]

    assert kept()["refresh_token"] == OAUTH["refresh_token"]
    assert kept()["refresh_token:renewed"] == "sandbox-refresh-4"
    row = Connection.objects.get()
    assert b"sandbox-refresh" not in bytes(row.sealed_secrets)
    # Who has the form open did not see another connection.
    assert connections.stamp(row) == seen


def test_of_two_workers_one_signs_in_and_the_other_comes_back(twin, erp, elsewhere, monkeypatch):
    with monkeypatch.context() as there:
        there.setattr(renewals, "database", elsewhere)
        theirs = renewals.hold(connection_id=erp.pk, name="refresh_token")
        theirs.__enter__()

    with pytest.raises(RetryLater) as later:
        check(twin)
    assert later.value.after_seconds == 2
    assert "refresh_token:renewed" not in kept()

    with monkeypatch.context() as there:
        there.setattr(renewals, "database", elsewhere)
        theirs.__exit__(None, None, None)
    assert check(twin).is_ok
    assert kept()["refresh_token:renewed"] == "sandbox-refresh-2"


def test_a_token_that_is_refused_frees_the_way_for_the_next_try(twin, erp, elsewhere, monkeypatch):
    twin.faults.parse(
        [{"kind": "status", "status": 400, "path": f"/{ACCOUNT}/oauth/token", "times": 1}]
    )
    refused = check(twin)

    monkeypatch.setattr(renewals, "database", elsewhere)

    assert not refused.is_ok
    assert "sandbox-" not in json.dumps(dict(refused.details))
    with renewals.hold(connection_id=erp.pk, name="refresh_token") as held:
        assert held.name == "refresh_token"


def test_what_a_person_enters_counts_over_what_was_replaced(twin, erp):
    check(twin)
    twin._refresh_token = "entered-anew"
    connections.save(
        code="erp",
        name="Brightpearl",
        kind="brightpearl",
        mode="sandbox",
        base_url="http://127.0.0.1:8999/brightpearl",
        settings_values={"account": ACCOUNT, "instance_id": "77"},
        secrets={"refresh_token": "entered-anew"},
        actor=None,
        now=NOW,
    )

    assert check(twin).is_ok
    assert kept()["refresh_token:renewed"] == "sandbox-refresh-3"


def test_credentials_no_key_opens_stop_the_connection(erp, settings):
    settings.CREDENTIAL_KEYS = ["Zm9yLXRlc3RzLW9ubHktMzItYnl0ZXMtbG9uZy1rZXk="]

    with (
        renewals.hold(connection_id=erp.pk, name="refresh_token") as held,
        pytest.raises(Misconfigured) as refused,
    ):
        _ = held.value

    assert refused.value.is_credentials
