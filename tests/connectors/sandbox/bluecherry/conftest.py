"""A twin with a small shop's books, its clock and a client."""

from __future__ import annotations

import pytest
from werkzeug.test import Client

from connectors.sandbox.bluecherry import BlueCherryTwin
from tests.connectors.sandbox.bluecherry.bluecherry_cast import Clock, make_books


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def twin(clock):
    twin = BlueCherryTwin(now=clock)
    twin.load(make_books())
    return twin


@pytest.fixture
def client(twin):
    return Client(twin)
