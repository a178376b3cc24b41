"""Which addresses a connection may reach, as written and as resolved."""

from __future__ import annotations

import socket

import pytest

from connectors import addresses, errors, http, types
from connectors.sandbox.wsgi_transport import WsgiTransport
from tests.connectors.http.http_cast import (
    CountingPacer,
    answering,
    make_config,
    make_session,
    read,
    sending,
    write,
)

REFUSED_ALWAYS = [
    "ftp://example.com",
    "file:///etc/passwd",
    "example.com",
    "https://",
    "https://user:pw@example.com",
    "https://user@example.com",
    "https://example.com\\@10.0.0.1",
    "https://exa mple.com",
    "https://example.com:99999",
    "https://[::1",
    "https://10.0.0.1",
    "https://172.16.5.4",
    "https://192.168.1.1",
    "https://169.254.169.254/latest/meta-data",
    "https://100.100.100.200",
    "https://168.63.129.16",
    "https://0.0.0.0",
    "https://224.0.0.1",
    "https://255.255.255.255",
    "https://2130706433",
    "https://0x7f000001",
    "https://0177.0.0.1",
    "https://127.1",
    "https://[::]",
    "https://[::ffff:127.0.0.1]",
    "https://[::ffff:8.8.8.8]",
    "https://[64:ff9b::a00:1]",
    "https://[2002:a00:1::]",
    "https://[fe80::1]",
    "https://[fd00:ec2::254]",
    "https://[fec0::1]",
]


@pytest.mark.parametrize("mode", list(types.Mode))
@pytest.mark.parametrize("url", REFUSED_ALWAYS)
def test_an_address_inside_is_refused_as_written(url, mode):
    with pytest.raises(errors.Misconfigured):
        http.check_base_url(url, mode, resolver=lambda host, port: ["93.184.216.34"])


@pytest.mark.parametrize(
    "url",
    ["https://127.0.0.1", "https://[::1]", "https://localhost", "http://example.com"],
)
def test_sandbox_mode_alone_allows_this_machine_and_plain_http(url):
    def resolver(host, port):
        return [host if host[0] in "1:" else {"localhost": "127.0.0.1"}.get(host, "8.8.8.8")]

    http.check_base_url(url, types.Mode.SANDBOX, resolver=resolver)
    with pytest.raises(errors.Misconfigured):
        http.check_base_url(url, types.Mode.LIVE, resolver=resolver)


@pytest.mark.parametrize("url", ["https://example.com:8443/a", "https://8.8.8.8"])
def test_a_public_address_passes_in_live_mode(url):
    asked = []

    def resolver(host, port):
        asked.append((host, port))
        return ["8.8.8.8", "2606:4700::1111"]

    http.check_base_url(url, types.Mode.LIVE, resolver=resolver)

    assert asked == [("example.com", 8443) if "example" in url else ("8.8.8.8", 443)]


def test_one_inner_address_among_public_ones_refuses_the_name():
    with pytest.raises(errors.Misconfigured):
        http.check_base_url(
            "https://erp.example",
            types.Mode.LIVE,
            resolver=lambda host, port: ["8.8.8.8", "10.0.0.1"],
        )


def test_a_name_dns_does_not_know_yet_can_be_saved():
    def unknown(host, port):
        raise socket.gaierror(-2, "unknown")

    http.check_base_url("https://erp.example", types.Mode.LIVE, resolver=unknown)


def test_a_name_that_turns_inward_after_saving_is_refused_at_the_call(monkeypatch):
    answers = iter([["8.8.8.8"], ["10.0.0.1"]])
    monkeypatch.setattr(addresses, "resolve", lambda host, port: next(answers))
    connected = []
    monkeypatch.setattr(socket.socket, "connect", lambda self, to: connected.append(to))
    http.check_base_url("http://rebinding.example", types.Mode.SANDBOX)
    pacer = CountingPacer()

    with pytest.raises(errors.Misconfigured):
        write(make_session(base_url="http://rebinding.example", pacer=pacer))

    assert connected == []
    assert pacer.told == [("create", None)]


def test_the_call_goes_to_the_address_that_was_checked(monkeypatch, loopback):
    url = loopback(sending(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"))
    port = int(url.rpartition(":")[2])
    asked = []

    def resolve(host, asked_port):
        asked.append(host)
        return ["127.0.0.1"]

    monkeypatch.setattr(addresses, "resolve", resolve)

    reply = read(make_session(base_url=f"http://erp.example:{port}"))

    assert reply.status == 200
    assert asked == ["erp.example"]


def test_a_live_session_does_not_even_try_plain_http():
    pacer, seen = CountingPacer(), []
    session = http.Session(
        config=make_config("http://example.com", mode=types.Mode.LIVE),
        pacer=pacer,
        headers={},
        transport=WsgiTransport({"": answering(seen=seen)}),
    )

    with pytest.raises(errors.Misconfigured):
        write(session)

    assert seen == []
    assert pacer.asked == []


def test_webhooks_of_a_sandbox_stay_on_this_machine(loopback):
    url = loopback(sending(b"HTTP/1.1 204 No Content\r\n\r\n"))

    assert http.post_webhook(url, b"{}", {}) == 204
    with pytest.raises(errors.Misconfigured):
        http.post_webhook("http://example.com/", b"{}", {})
