"""The HTTP session over TLS: the name is proved although the address is pinned."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from connectors import addresses, errors, http, types

NOW = datetime.now(UTC)


class IdlePacer:
    def before(self, *, operation, is_write):
        pass

    def after(self, *, operation, status, headers):
        pass


def make_certificate(path, host, *, until=NOW + timedelta(days=2)) -> str:
    """Write a self-signed certificate and its key; it is its own authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - timedelta(days=30))
        .not_valid_after(until)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path.write_bytes(pem + certificate.public_bytes(serialization.Encoding.PEM))
    return str(path)


@pytest.fixture
def serve() -> Iterator[Callable[..., int]]:
    """Serve a script over TLS with a certificate; give the port. Nothing survives the test."""
    is_over = threading.Event()
    listeners = []

    def start(certificate, script) -> int:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)

        def run() -> None:
            while True:
                try:
                    plain, _ = listener.accept()
                except OSError:
                    return
                with (
                    plain,
                    contextlib.suppress(OSError),
                    context.wrap_socket(plain, server_side=True) as peer,
                ):
                    peer.recv(65_536)
                    script(peer, is_over)

        threading.Thread(target=run, daemon=True).start()
        return listener.getsockname()[1]

    yield start
    is_over.set()
    for listener in listeners:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def answer(peer, is_over):
    peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")


def drip(peer, is_over):
    peer.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    while not is_over.wait(0.02):
        peer.sendall(b"a")


@pytest.fixture
def call(monkeypatch):
    """Write to https://erp.test, which resolves to this machine, trusting one certificate."""
    monkeypatch.setattr(addresses, "resolve", lambda host, port: ["127.0.0.1"])

    def write(port, trusted, **limits) -> http.Reply:
        session = http.Session(
            config=types.ConnectionConfig(kind="test", base_url=f"https://erp.test:{port}"),
            pacer=IdlePacer(),
            headers={},
            **limits,
        )
        session._requests.verify = trusted
        return session.call(operation="create", method="POST", path="/memo", is_write=True)

    return write


def test_a_certificate_for_the_name_is_accepted_at_the_pinned_address(tmp_path, serve, call):
    certificate = make_certificate(tmp_path / "own.pem", "erp.test")

    assert call(serve(certificate, answer), certificate).json() == {}


@pytest.mark.parametrize(
    ("host", "until"),
    [
        pytest.param("other.test", NOW + timedelta(days=2), id="wrong-host"),
        pytest.param("erp.test", NOW - timedelta(days=2), id="expired"),
    ],
)
def test_a_bad_certificate_is_a_matter_of_set_up(tmp_path, serve, call, host, until):
    certificate = make_certificate(tmp_path / "bad.pem", host, until=until)

    with pytest.raises(errors.Misconfigured) as raised:
        call(serve(certificate, answer), certificate)

    assert raised.value.is_credentials is False
    assert raised.value.evidence.status is None


def test_a_certificate_nobody_vouches_for_is_a_matter_of_set_up(tmp_path, serve, call):
    certificate = make_certificate(tmp_path / "own.pem", "erp.test")

    with pytest.raises(errors.Misconfigured):
        call(serve(certificate, answer), trusted=True)


def test_the_deadline_cuts_a_dripping_server_under_tls_too(tmp_path, serve, call):
    certificate = make_certificate(tmp_path / "own.pem", "erp.test")
    started = datetime.now(UTC)

    with pytest.raises(errors.OutcomeUnknown):
        call(serve(certificate, drip), certificate, total_timeout_seconds=0.4)

    assert datetime.now(UTC) - started < timedelta(seconds=2)
