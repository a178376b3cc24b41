"""Signing in: the assertion, the token's life, OAuth 1.0a, and what an answer of no means."""

from urllib.parse import unquote

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request

from connectors import errors
from connectors.netsuite import auth
from connectors.netsuite.memory import Memory
from connectors.sandbox.netsuite_auth import signature
from tests.connectors.netsuite.netsuite_cast import (
    AUTHORISATION,
    SETTINGS,
    draft,
    make_gateway,
    sold,
)

TBA = ("consumer_key", "consumer_secret", "token_id", "token_secret")


def _pem(key):
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def _assertion(private_key):
    secrets = {"client_id": "cid", "certificate_id": "cert", "private_key": private_key}
    signer = auth.ClientCredentials(
        secrets=secrets, base_url="https://1.example.com/", session=None, memory=Memory()
    )
    return signer._assertion()


@pytest.mark.parametrize(
    ("key", "algorithm"),
    [
        (rsa.generate_private_key(public_exponent=65537, key_size=2048), "PS256"),
        (ec.generate_private_key(ec.SECP256R1()), "ES256"),
        (ec.generate_private_key(ec.SECP384R1()), "ES384"),
    ],
    ids=["PS256", "ES256", "ES384"],
)
def test_the_assertion_says_who_asks_whom_for_less_than_an_hour(key, algorithm):
    # Pasted into a field of one line, a key loses its line breaks.
    assertion = _assertion(_pem(key).replace("\n", " "))

    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    url = "https://1.example.com/services/rest/auth/oauth2/v1/token"
    claims = jwt.decode(assertion, public, algorithms=[algorithm], audience=url)
    assert jwt.get_unverified_header(assertion) == {
        "alg": algorithm,
        "kid": "cert",
        "typ": "JWT",
    }
    assert (claims["iss"], claims["scope"]) == ("cid", "rest_webservices")
    assert 0 < claims["exp"] - claims["iat"] < 3_600


@pytest.mark.parametrize(
    ("secrets", "words"),
    [
        ({}, "needs a private key"),
        ({"private_key": "x"}, "needs the client id"),
        ({"client_id": "c", "certificate_id": "d", "private_key": "x"}, "cannot be read"),
        ({"consumer_key": "c", "token_id": "t"}, "or all of"),
    ],
)
def test_half_a_login_is_told_before_any_call(twin, pacer, secrets, words):
    with pytest.raises(errors.Misconfigured, match=words) as refused:
        make_gateway(twin, pacer, secrets=secrets)

    assert refused.value.is_credentials
    assert pacer.operations == []


def test_one_token_serves_every_gateway_of_the_process(twin, pacer):
    gateway = make_gateway(twin, pacer)
    again = make_gateway(twin, pacer, transport=_transport_of(gateway))

    gateway.check()
    again.check()

    assert pacer.operations == ["fetch_token", "check_connection", "check_connection"]


def test_a_token_that_ended_early_is_renewed_once_and_the_write_made(gateway, twin, clock, pacer):
    gateway.find_orders(["#1001"])
    clock.pass_seconds(3_601)

    gateway.create(draft(AUTHORISATION, sold(1)))

    assert pacer.operations[-3:] == [
        "create_return_authorisation",
        "fetch_token",
        "create_return_authorisation",
    ]
    assert len(twin.documents()) == 1


def test_a_login_refused_again_stops_the_connection_and_writes_nothing(gateway, twin, pacer):
    gateway.find_orders(["#1001"])
    twin.faults.parse([{"kind": "status", "status": 401, "path": ".*transform.*", "times": None}])

    with pytest.raises(errors.Misconfigured) as refused:
        gateway.create(draft(AUTHORISATION, sold(1)))

    assert refused.value.is_credentials
    assert pacer.operations.count("create_return_authorisation") == 2
    assert twin.documents() == []


def test_no_secret_stands_in_what_is_kept_of_a_call(gateway, twin):
    twin.faults.parse([{"kind": "status", "status": 500, "path": ".*/token"}])
    with pytest.raises(errors.RetryLater) as failed:
        gateway.check()

    kept = failed.value.evidence
    assert "client_assertion=***" in kept.request_body
    assert "eyJ" not in kept.request_body


def test_a_signature_covers_the_address_and_its_query(twin):
    keys = twin.credentials()
    signer = auth.TokenBased(secrets={name: keys[name] for name in TBA}, account="TSTDRV0001")
    url = "http://127.0.0.1:8999/netsuite/services/rest/query/v1/suiteql?limit=5&offset=0"

    header = signer.headers("POST", url)["Authorization"]

    assert header.startswith('OAuth realm="TSTDRV0001", ')
    assert 'oauth_signature_method="HMAC-SHA256"' in header
    made = {query: _checked(twin, url, query, header) for query in ("offset=0", "offset=5")}
    assert made == {"offset=0": True, "offset=5": False}


def test_another_realm_is_nobodys(twin):
    keys = twin.credentials()
    secrets = {name: keys[name] for name in TBA}
    gateway = make_gateway(twin, secrets=secrets, settings={**SETTINGS, "account": "OTHER"})

    assert not gateway.check().is_ok


def _checked(twin, url, query, header):
    path = url.partition("8999/netsuite")[2].partition("?")[0]
    builder = EnvironBuilder(
        method="POST",
        path=path,
        base_url="http://127.0.0.1:8999/netsuite/",
        query_string=f"limit=5&{query}",
    )
    pairs = (part.strip().partition("=") for part in header.removeprefix("OAuth ").split(","))
    given = {name: unquote(value.strip('"')) for name, _, value in pairs}
    return signature(Request(builder.get_environ()), given) == given["oauth_signature"]


def _transport_of(gateway):
    return gateway._client._session._requests.get_adapter("http://x")
