"""The switchboard beside the twins, and the webhooks they send."""

from __future__ import annotations

import urllib.request

import pytest
from werkzeug.test import Client

from connectors import errors
from connectors.sandbox import server, twins
from connectors.sandbox.bluecherry import KEY_HEADER, BlueCherryTwin
from connectors.sandbox.webhooks import WebhookSender

LOCATION = {"code": "W1", "name": "Leeds", "division": "01", "active": True}


@pytest.fixture
def twin():
    return BlueCherryTwin()


@pytest.fixture
def control(twin):
    return Client(server.build_app({"bluecherry": twin}))


def locations(control):
    key = {KEY_HEADER: "sandbox-bluecherry-key"}
    rows = control.get("/bluecherry/api/Location", headers=key).json["data"]
    return [row["location"] for row in rows]


def test_the_index_says_what_is_served_and_that_it_is_simulated(control):
    reply = control.get("/_control/")

    assert reply.status_code == 200
    assert reply.json == {
        "ready": True,
        "systems": ["bluecherry"],
        "note": "simulated; not vendor behaviour",
    }
    assert reply.headers["X-Simulated"] == "not vendor behaviour"


def test_records_are_loaded_and_forgotten(control):
    loaded = control.post("/_control/bluecherry/load", json={"locations": [LOCATION]})
    held = locations(control)
    control.post("/_control/bluecherry/reset")

    assert loaded.json == {"locations": 1, "customers": 0, "items": 0, "orders": 0}
    assert held == ["W1"]
    assert control.get("/_control/bluecherry/calls").json == {}
    assert locations(control) == []


@pytest.mark.parametrize(
    "records",
    [
        {"locations": [{"name": "no code"}]},
        {"orders": [{"number": "1", "ordered_at": "yesterday"}]},
        [],
    ],
)
def test_records_nobody_can_read_are_refused(control, records):
    reply = control.post("/_control/bluecherry/load", json=records)

    assert reply.status_code == 400
    assert reply.json["error"]


def test_faults_are_set_and_cleared(control, twin):
    rules = {"rules": [{"kind": "status", "status": 429, "times": None}]}

    assert control.post("/_control/bluecherry/faults", json=rules).json == {"rules": 1}
    assert control.get("/bluecherry/api/Location").status_code == 429
    assert control.delete("/_control/bluecherry/faults").json == {"rules": 0}
    assert control.get("/bluecherry/api/Location").status_code == 401


@pytest.mark.parametrize("body", [{}, {"rules": ["x"]}, {"rules": [{"kind": "melt"}]}])
def test_faults_nobody_understands_are_refused(control, body):
    assert control.post("/_control/bluecherry/faults", json=body).status_code == 400


def test_switches_are_set_by_name_and_an_unknown_one_is_refused(control, twin):
    reply = control.post("/_control/bluecherry/switches", json={"staging_seconds": 30})
    refused = control.post("/_control/bluecherry/switches", json={"page_cap": 1, "staging_secs": 1})

    assert reply.json["staging_seconds"] == 30
    assert refused.status_code == 400
    assert twin.switches["page_cap"] == 200


def test_calls_are_counted_and_documents_told(control):
    control.get("/bluecherry/api/pick")

    assert control.get("/_control/bluecherry/calls").json == {"GET /api/pick": 1}
    assert control.get("/_control/bluecherry/documents").json == []
    assert control.get("/_control/bluecherry/credentials").json == {
        KEY_HEADER: "sandbox-bluecherry-key"
    }


@pytest.mark.parametrize("path", ["/_control/sap/calls", "/_control/bluecherry/x", "/nothing"])
def test_what_does_not_exist_is_not_found(control, path):
    assert control.get(path).status_code == 404


def test_every_twin_has_its_name_its_own_state_and_a_key():
    first, second = twins.new_twins(), twins.new_twins()

    assert set(first) >= {"bluecherry", "returngo"}
    for name, twin in first.items():
        assert twin.name == name
        assert second[name] is not twin
        assert all(len(secret) >= 4 for secret in twin.credentials().values())
    assert twins.all_twins() is twins.all_twins()


def test_the_server_answers_over_http(twin):
    with (
        server.running(twins={"bluecherry": twin}) as base_url,
        urllib.request.urlopen(f"{base_url}/_control/") as reply,
    ):
        assert base_url.startswith("http://127.0.0.1:")
        assert reply.status == 200
        assert b'"ready": true' in reply.read()


# --- webhooks -------------------------------------------------------------------------------


class Inbox:
    def __init__(self) -> None:
        self.posts = []

    def __call__(self, url, body, headers):
        self.posts.append((url, body))
        return 204


def test_a_webhook_goes_to_every_subscriber_in_order():
    inbox = Inbox()
    sender = WebhookSender(post=inbox)
    sender.subscribe("http://127.0.0.1/a")
    sender.subscribe("http://127.0.0.1/b")
    sender.subscribe("http://127.0.0.1/a")

    assert sender.send(b"1") == 2
    assert sender.send(b"2") == 2
    sender.drain()

    assert [body for url, body in inbox.posts if url.endswith("a")] == [b"1", b"2"]
    assert len(inbox.posts) == 4


def test_duplicates_and_disorder_are_switches():
    inbox = Inbox()
    sender = WebhookSender(post=inbox)
    sender.subscribe("http://127.0.0.1/a")
    sender.copies = 2
    sender.shuffle = 4

    sender.send(b"1")
    sender.send(b"2")
    sender.drain()

    assert [body for _, body in inbox.posts] == [b"2", b"2", b"1", b"1"]


def test_nothing_leaves_without_a_subscriber():
    inbox = Inbox()
    sender = WebhookSender(post=inbox)
    sender.subscribe("http://127.0.0.1/a")
    sender.unsubscribe("http://127.0.0.1/a")

    assert sender.send(b"1") == 0
    assert inbox.posts == []


def test_a_refused_address_does_not_stop_the_next_webhook():
    calls = []

    def post(url, body, headers):
        calls.append(body)
        if body == b"1":
            raise errors.Misconfigured("not this machine")
        return 204

    sender = WebhookSender(post=post)
    sender.subscribe("http://example.com/")
    sender.send(b"1")
    sender.send(b"2")
    sender.drain()

    assert calls == [b"1", b"2"]
