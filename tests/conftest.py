"""The end of the shared database, and the wall between tests and the network."""

import os
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from allauth.account.internal.flows.login import record_authentication
from django.db import DEFAULT_DB_ALIAS, connections
from django.http import HttpRequest
from django.test import Client
from hypothesis import HealthCheck, settings
from pytest_django.plugin import blocking_manager_key

from returnsbridge import embedded, memory

# How long an example takes says more of the machine than of the code.
settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")


def pytest_unconfigure(config: pytest.Config) -> None:
    if "PYTEST_XDIST_WORKER" in os.environ:
        return
    data_dir = Path(os.environ["RETURNSBRIDGE_DATA_DIR"])
    embedded.remove(data_dir)
    shutil.rmtree(data_dir, ignore_errors=True)


def pytest_collection_finish() -> None:
    """Spare the garbage collector the half a million objects of all tests and modules."""
    memory.settle()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give tests that truncate the tables the rows back that migrations put there."""
    for item in items:
        marker = item.get_closest_marker("django_db")
        asked = dict(marker.kwargs) if marker is not None else {}
        fixtures = getattr(item, "fixturenames", ())
        if asked.get("transaction") or {"live_server", "transactional_db"}.intersection(fixtures):
            whole = asked | {"transaction": True, "serialized_rollback": True}
            item.add_marker(pytest.mark.django_db(**whole), append=False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> Iterator[None]:
    """Leave no test without the migrations' rows because a truncating one ran before it.

    Such tests run last, but a worker that takes over another's remaining tests may run others
    after them.
    """
    result = yield
    if _truncates(item) and nextitem is not None and not _truncates(nextitem):
        with item.config.stash[blocking_manager_key].unblock():
            wrapper = connections[DEFAULT_DB_ALIAS]
            wrapper.creation.deserialize_db_from_string(wrapper._test_serialized_contents)
            wrapper.close()
    return result


def _truncates(item: pytest.Item) -> bool:
    marker = item.get_closest_marker("django_db")
    return marker is not None and bool(marker.kwargs.get("transaction"))


@pytest.fixture(autouse=True)
def _signed_in_just_now(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test's shortcut past the sign-in page is a proof of who one is, as that page is."""
    original = Client.force_login

    def force_login(self, user, backend=None):
        original(self, user, backend)
        request = HttpRequest()
        request.session = self.session
        record_authentication(request, user, "password")
        request.session.save()

    monkeypatch.setattr(Client, "force_login", force_login)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None) -> None:
    """Let every connection object of this process know the rows to put back.

    They are kept on one object, and the browser's event loop makes Django use another.
    """
    wrapper = connections[DEFAULT_DB_ALIAS]
    if hasattr(wrapper, "_test_serialized_contents"):
        type(wrapper)._test_serialized_contents = wrapper._test_serialized_contents


def _is_local(address: object) -> bool:
    if not isinstance(address, tuple):
        return True  # A Unix socket's path.
    return str(address[0]) in {"127.0.0.1", "::1", "localhost"}


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse every connection that would leave this machine."""

    def guarded(original):
        def call(self, address):
            if not _is_local(address):
                raise AssertionError(f"a test tried to reach {address!r}")
            return original(self, address)

        return call

    monkeypatch.setattr(socket.socket, "connect", guarded(socket.socket.connect))
    monkeypatch.setattr(socket.socket, "connect_ex", guarded(socket.socket.connect_ex))
