"""The standing NetSuite cast."""

import time

import jwt
import pytest

from tests.connectors.netsuite.netsuite_cast import (
    BASE_URL,
    Caller,
    Clock,
    CountingPacer,
    make_gateway,
    make_twin,
)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def twin(clock):
    return make_twin(clock)


@pytest.fixture
def pacer():
    return CountingPacer()


@pytest.fixture
def gateway(twin, pacer):
    return make_gateway(twin, pacer)


@pytest.fixture
def caller(twin):
    """Signed in by hand, as the documentation of the client credentials flow says."""
    found, keys = Caller(twin), twin.credentials()
    now = int(time.time())
    assertion = jwt.encode(
        {
            "iss": keys["client_id"],
            "scope": ["rest_webservices"],
            "aud": f"{BASE_URL}/services/rest/auth/oauth2/v1/token",
            "iat": now,
            "exp": now + 3_600,
        },
        keys["private_key"],
        algorithm="ES256",
        headers={"kid": keys["certificate_id"]},
    )
    form = {
        "grant_type": "client_credentials",
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": assertion,
    }
    answer = found("POST", "/auth/oauth2/v1/token", data=form)
    found.headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    return found
