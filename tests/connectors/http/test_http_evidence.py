"""What is kept of an exchange: no secret, no personal data, not too much."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from connectors import errors, http
from connectors.sandbox.wsgi_transport import WsgiTransport
from tests.connectors.http.http_cast import (
    CANARY,
    CountingPacer,
    answering,
    make_config,
    make_session,
    read,
    sending,
    write,
)


def test_no_secret_reaches_the_evidence_in_any_spelling():
    body = f'{{"echo": "{CANARY}", "auth": "Y2FuYXJ5L3NlY3JldCs0NzEx"}}'
    headers = {"Set-Cookie": CANARY, "X-Echo": f"key={CANARY}", "Authorization": "Basic abc"}
    session = make_session(answering(500, body, headers))

    with pytest.raises(errors.OutcomeUnknown) as raised:
        session.call(
            operation="create",
            method="POST",
            path="/memo",
            query=[("key", CANARY)],
            body={"token": CANARY},
            is_write=True,
        )

    evidence = raised.value.evidence
    told = f"{evidence} {raised.value!r} {raised.value.text}"
    for spelling in (CANARY, "canary%2Fsecret%2B4711", "Y2FuYXJ5L3NlY3JldCs0NzEx"):
        assert spelling not in told
    assert evidence.request_body == '{"token": "***"}'
    assert evidence.url == "http://sandbox.test/erp/memo?key=***"
    assert evidence.response_headers["X-Echo"] == "key=***"
    assert "Set-Cookie" not in evidence.response_headers
    assert "Authorization" not in evidence.response_headers


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ('{"email": "a@b.example", "qty": 1}', '{"email": "***", "qty": 1}'),
        ('{"customer_email":"x"}', '{"customer_email":"***"}'),
        ('{"Phone": 447700900123}', '{"Phone": "***"}'),
        ('{"street": "1 \\"High\\" St"}', '{"street": "***"}'),
        ('{"address1": "x", "IBAN": "DE02"}', '{"address1": "***", "IBAN": "***"}'),
        ('{"phone": "", "phone2": "1"}', '{"phone": "", "phone2": "***"}'),
        ('{"userFirstName": "Cleo", "name": "Shirt"}', '{"userFirstName": "***", "name": "Shirt"}'),
        (
            '{"returnAddress": {"Name": "Cleo", "street1": "1"}, "item": {"name": "Shirt"}}',
            '{"returnAddress": {"Name": "***", "street1": "***"}, "item": {"name": "Shirt"}}',
        ),
        ('{"customer": {"name": "Cl', '{"customer": {"name": "***"'),
        ('{"velocity": "9", "order_name": "#1"}', '{"velocity": "9", "order_name": "#1"}'),
        ('{"street": "cut in the mid', '{"street": "***"'),
        ('{"note": "write to cleo@shop.example"}', '{"note": "write to ***"}'),
        ("<c:PostCode x='1'>AB1 2CD</c:PostCode>", "<c:PostCode x='1'>***</c:PostCode>"),
        ('<Cust Email="q" No="7"/>', '<Cust Email=*** No="7"/>'),
        ("https://h/p?email=a%40b.example&n=2", "https://h/p?email=***&n=2"),
        ('{"sku": "A-1", "street_count": 2}', '{"sku": "A-1", "street_count": 2}'),
        ("a\x00b", "a\ufffdb"),
    ],
)
def test_personal_data_is_masked_by_field_name(text, kept):
    assert http.Redactor().text(text) == kept


def test_bodies_are_cut_and_long_ones_take_no_time():
    redactor = http.Redactor(secrets=(CANARY,))
    started = datetime.now(UTC)

    kept = redactor.text("a." * 2_000_000 + CANARY)

    assert len(kept) == 4_000
    assert datetime.now(UTC) - started < timedelta(seconds=2)


@pytest.mark.parametrize("key", [f"{CANARY}\n", f"{CANARY}\u2013", f" {CANARY}"])
def test_a_key_that_cannot_be_sent_is_not_quoted(key):
    pacer, seen = CountingPacer(), []
    session = http.Session(
        config=make_config(),
        pacer=pacer,
        headers={"X-Api-Key": key},
        transport=WsgiTransport({"/erp": answering(seen=seen)}),
    )

    with pytest.raises(errors.Misconfigured) as raised:
        write(session)

    assert "canary" not in str(raised.value)
    assert pacer.asked == []
    assert seen == []


def test_an_address_that_cannot_be_encoded_is_a_matter_of_set_up():
    with pytest.raises(errors.Misconfigured):
        read(make_session(base_url="https://*.example.com"))


def test_no_secret_reaches_the_logs(loopback, caplog):
    caplog.set_level("DEBUG")
    session = make_session(base_url=loopback(sending(b"HTTP/1.1 200 OK\r\nContent-Le")))

    with pytest.raises(errors.RetryLater):
        session.call(operation="o", method="GET", path="/a", query=[("key", CANARY)])

    assert "canary" not in caplog.text


def test_a_reply_does_not_print_its_text():
    reply = read(make_session(answering(body='{"email": "cleo@shop.example"}')))

    assert "cleo" not in repr(reply)


def test_a_text_can_be_redacted_alone():
    assert http.redact(f"key {CANARY} and abc", [CANARY, "abc"]) == "key *** and abc"
