import hashlib
import json
import logging

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from exceptions_app.models import Connection, InboundEvent
from exceptions_app.services import events, webhook_addresses
from returnsbridge.logs import redact_text
from tests import factories
from tests.factories import NOW

pytestmark = pytest.mark.django_db

BODY = json.dumps({"eventName": "RMA_UPDATED", "rmaId": "5001"}).encode()


@pytest.fixture
def returngo():
    return factories.BridgeFactory(source__code="returngo-uk").source


@pytest.fixture
def secret(returngo):
    return webhook_addresses.renew(connection_id=returngo.pk, actor=None, now=NOW)


def send(client, secret, body=BODY, code="returngo-uk", **headers):
    return client.post(
        f"/hooks/{code}/{secret}/", body, content_type="application/json", headers=headers
    )


def test_a_message_is_kept_as_it_came(client, secret, returngo):
    answer = send(client, secret, **{"X-Delivery-Id": "d-1"})

    event = InboundEvent.objects.get()
    assert answer.status_code == 202
    assert bytes(event.body) == BODY
    assert (event.connection, event.external_id) == (returngo, "d-1")
    assert (event.topic, event.subject_id, event.origin) == ("RMA_UPDATED", "5001", "webhook")
    assert event.digest == hashlib.sha256(BODY).hexdigest()


def test_without_a_delivery_id_the_content_is_the_id(client, secret):
    send(client, secret)
    send(client, secret)

    event = InboundEvent.objects.get()
    assert event.external_id == hashlib.sha256(BODY).hexdigest()
    assert event.copies == 1


def test_the_same_id_with_another_body_keeps_the_first_and_flags_it(client, secret):
    send(client, secret, **{"X-Webhook-Id": "d-1"})
    send(client, secret, b'{"eventName": "OTHER"}', **{"X-Webhook-Id": "d-1"})

    event = InboundEvent.objects.get()
    assert bytes(event.body) == BODY
    assert event.differing_copies == 1


@pytest.mark.parametrize("code", ["returngo-uk", "nobody", "x" * 300, "%00", "é"])
def test_a_wrong_secret_keeps_nothing_and_is_logged_without_it(client, secret, caplog, code):
    caplog.set_level(logging.DEBUG)

    answer = send(client, "guessed-secret", code=code)

    assert answer.status_code == 401
    assert answer.content == b""
    assert not InboundEvent.objects.exists()
    assert "webhook_refused" in caplog.text
    assert "guessed-secret" not in caplog.text


def test_a_connection_without_a_secret_opens_to_nothing(client, returngo):
    for guess in ("0" * 64, "", "none"):
        assert client.post(f"/hooks/returngo-uk/{guess or '-'}/").status_code == 401


def test_a_connection_that_is_switched_off_takes_nothing(client, secret, returngo):
    Connection.objects.filter(pk=returngo.pk).update(is_active=False)

    assert send(client, secret).status_code == 401
    assert not InboundEvent.objects.exists()


def test_a_new_secret_ends_the_old_one(client, secret, returngo):
    newer = webhook_addresses.renew(connection_id=returngo.pk, actor=None, now=NOW)

    assert send(client, secret).status_code == 401
    assert send(client, newer).status_code == 202


@pytest.mark.parametrize("headers", [{}, {"CONTENT_LENGTH": "99999999999999999999999"}])
def test_too_much_is_refused_and_logged(client, secret, caplog, headers):
    address = f"/hooks/returngo-uk/{secret}/"
    body = b"x" * (events.MAX_BODY_BYTES + 1)

    answer = client.post(address, body, content_type="application/json", **headers)

    assert answer.status_code == 413
    assert not InboundEvent.objects.exists()
    assert "webhook_too_large" in caplog.text
    assert secret not in caplog.text


def test_exactly_one_mebibyte_is_kept(client, secret):
    assert send(client, secret, b"x" * events.MAX_BODY_BYTES).status_code == 202


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not json",
        b"\xff\xfe\x00",
        b"\0",
        b"[]",
        b"null",
        b"{",
        b'{"eventName": 7}',
        b'{"eventName": "A\\u0000B", "rmaId": "5\\u0000"}',
        b'{"eventName": "RMA_UPDATED", "rmaId": {"a": 1}}',
        b'{"eventName": "RMA_UPDATED", "rmaId": 1e999}',
        b"[" * 50_000,
        '{"eventName": "Ünï"}'.encode(),
    ],
)
def test_what_cannot_be_read_is_kept_for_a_person(client, secret, body):
    answer = send(client, secret, body)

    assert answer.status_code == 202
    assert bytes(InboundEvent.objects.get().body) == body


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("é\u202e", None),
        ("a" * 121, hashlib.sha256(b"a" * 121).hexdigest()),
        ("a" * 120, "a" * 120),
        ("  ", None),
    ],
)
def test_an_odd_delivery_id_never_breaks_the_door(client, secret, given, kept):
    assert send(client, secret, **{"X-Delivery-Id": given}).status_code == 202

    expected = kept or hashlib.sha256(BODY).hexdigest()
    assert InboundEvent.objects.get().external_id == expected


def test_a_connection_whose_keys_are_lost_still_keeps_its_messages(client, secret, returngo):
    Connection.objects.filter(pk=returngo.pk).update(sealed_secrets=b"unreadable")

    assert send(client, secret).status_code == 202
    assert InboundEvent.objects.get().topic == ""


@pytest.mark.parametrize("method", ["get", "put", "patch", "delete", "head", "options"])
def test_only_a_post_is_taken(client, secret, method):
    answer = getattr(client, method)(f"/hooks/returngo-uk/{secret}/")

    assert answer.status_code == 405
    assert not InboundEvent.objects.exists()


def test_the_door_needs_no_session_and_few_queries(client, secret):
    with CaptureQueriesContext(database) as captured:
        send(client, secret)

    statements = [row["sql"] for row in captured if "SAVEPOINT" not in row["sql"]]
    assert len(statements) <= 4
    assert not any("django_session" in sql for sql in statements)


@pytest.mark.parametrize(
    "line",
    [
        '"POST /hooks/returngo-uk/s3cr3t-value/ HTTP/1.1" 202 0',
        "Method Not Allowed (GET): /hooks/returngo-uk/s3cr3t-value/",
        "https://desk.example/hooks/returngo-uk/s3cr3t-value",
    ],
)
def test_log_lines_lose_the_secret_of_the_address(line):
    assert "s3cr3t-value" not in redact_text(line)
    assert "/hooks/returngo-uk/[redacted]" in redact_text(line)
