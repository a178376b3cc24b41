"""A Brightpearl twin on its own clock, and a gateway onto it."""

import pytest

from connectors.sandbox.brightpearl import BrightpearlTwin
from connectors.sandbox.wsgi_transport import WsgiTransport
from tests.connectors.brightpearl import brightpearl_cast as cast


@pytest.fixture
def clock():
    return cast.Clock()


@pytest.fixture
def twin(clock):
    twin = BrightpearlTwin(now=clock)
    twin.load(cast.books())
    return twin


@pytest.fixture
def pacer():
    return cast.CountingPacer()


@pytest.fixture
def transport(twin):
    return WsgiTransport({"/brightpearl": twin})


@pytest.fixture
def gateway(transport, pacer):
    return cast.make_gateway(transport, pacer)


@pytest.fixture
def credit_of(gateway):
    """`credit_of(*lines, **changes)`: the id of a sales credit authorised with these lines."""

    def make(*lines, **changes):
        draft = cast.make_draft(lines=lines or None, **changes)
        return {"return_authorisation": gateway.create(draft).external_id}

    return make
