"""The HTTP session over sockets: dripping, bursting, silent and broken peers."""

from __future__ import annotations

import gzip
import socket
from datetime import UTC, datetime, timedelta

import pytest

from connectors import addresses, errors
from tests.connectors.http.http_cast import both_ways, dripping, make_session, sending, write


@pytest.mark.parametrize(
    "prefix",
    [
        pytest.param(b"HTTP/1.1 200 OK\r\nX-Slow: ", id="headers"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n", id="body"),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 9999\r\n\r\n"
            + gzip.compress(b"")[:10],
            id="gzip",
        ),
    ],
)
def test_a_dripping_server_is_cut_at_the_total_deadline(loopback, prefix):
    url = loopback(dripping(prefix))
    started = datetime.now(UTC)

    outcome = both_ways(url, total_timeout_seconds=0.3, read_timeout_seconds=0.2)

    assert outcome == (errors.RetryLater, errors.OutcomeUnknown)
    assert datetime.now(UTC) - started < timedelta(seconds=2)


def test_a_small_answer_that_unpacks_to_a_huge_one_is_refused(loopback):
    packed = gzip.compress(bytes(30_000_000))
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(packed)}\r\n\r\n"
    url = loopback(sending(head.encode() + packed))

    outcome = both_ways(url, max_reply_bytes=100_000)

    assert len(packed) < 100_000
    assert outcome == (errors.UnreadableReply, errors.OutcomeUnknown)


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(b"", id="closed-at-once"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Le", id="closed-in-the-headers"),
        pytest.param(b'HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{"pkey"', id="half-a-body"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\nno gzip", id="bad-gzip"),
        pytest.param(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz", id="bad-chunk"),
        pytest.param(b"SSH-2.0-OpenSSH_9.6\r\n", id="not-http"),
    ],
)
def test_an_answer_lost_on_the_way_leaves_a_write_unknown(loopback, answer):
    outcome = both_ways(loopback(sending(answer)))

    assert outcome == (errors.RetryLater, errors.OutcomeUnknown)


def test_silence_leaves_a_write_unknown(loopback):
    url = loopback(lambda peer, is_over: is_over.wait())

    outcome = both_ways(url, read_timeout_seconds=0.1)

    assert outcome == (errors.RetryLater, errors.OutcomeUnknown)


def test_a_refused_connection_did_surely_nothing():
    with socket.create_server(("127.0.0.1", 0)) as free:
        url = f"http://127.0.0.1:{free.getsockname()[1]}"

    assert both_ways(url) == (errors.RetryLater, errors.RetryLater)


def test_a_name_unknown_to_dns_did_surely_nothing(monkeypatch):
    def unknown(host, port, **_):
        raise socket.gaierror(-2, "unknown")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)

    assert both_ways("http://erp.invalid") == (errors.RetryLater, errors.RetryLater)


def test_a_handshake_that_fails_is_a_matter_of_set_up(loopback):
    url = loopback(sending(b"HTTP/1.1 400 Bad Request\r\n\r\n")).replace("http:", "https:")

    assert both_ways(url) == (errors.Misconfigured, errors.Misconfigured)


def test_a_handshake_that_drips_is_cut_and_did_surely_nothing(loopback):
    # The head of a TLS record that promises sixteen kilobytes of handshake.
    url = loopback(dripping(b"\x16\x03\x03\x40\x00")).replace("http:", "https:")
    started = datetime.now(UTC)

    outcome = both_ways(url, total_timeout_seconds=0.3)

    assert outcome == (errors.RetryLater, errors.RetryLater)
    assert datetime.now(UTC) - started < timedelta(seconds=2)


def test_a_name_with_many_dead_addresses_is_given_up_soon(monkeypatch):
    tried = []

    def refuse(self, to):
        tried.append(to[0])
        raise ConnectionRefusedError

    dead = [f"127.0.0.{last}" for last in range(1, 10)]
    monkeypatch.setattr(addresses, "resolve", lambda host, port: dead)
    monkeypatch.setattr(socket.socket, "connect", refuse)

    with pytest.raises(errors.RetryLater):
        write(make_session(base_url="http://erp.example"))

    assert tried == dead[:4]


def test_a_redirect_is_neither_followed_nor_read(loopback):
    hits = []
    inner = loopback(lambda peer, is_over: hits.append(1))
    outer = loopback(sending(f"HTTP/1.1 302 Found\r\nLocation: {inner}\r\n\r\n".encode()))
    broken = loopback(sending(b"HTTP/1.1 307 Moved\r\nLocation: http://[\r\n\r\n"))

    assert both_ways(outer) == (errors.Misconfigured, errors.Misconfigured)
    assert both_ways(broken) == (errors.Misconfigured, errors.Misconfigured)
    assert hits == []
