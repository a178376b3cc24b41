"""A feed's folders on this machine, and both kinds of store over them."""

from __future__ import annotations

import socket

import pytest

from connectors import types
from connectors.exchange import local, places, sftp, ssh_keys, stores
from connectors.sandbox import sftp_server


class CountingPacer:
    """Lets every call leave and keeps what it was asked."""

    def __init__(self):
        self.asked = []
        self.answered = []

    def before(self, *, operation, is_write):
        self.asked.append((operation, is_write))

    def after(self, *, operation, status, headers):
        self.answered.append((operation, status))


@pytest.fixture
def pacer():
    return CountingPacer()


@pytest.fixture
def root(tmp_path):
    """A root with one feed, "depot", that has all its folders."""
    for folder in stores.FOLDERS:
        (tmp_path / "depot" / folder).mkdir(parents=True, exist_ok=True)
    return tmp_path


@pytest.fixture(scope="module")
def host_key():
    return sftp_server.new_host_key()


@pytest.fixture
def partner(root, host_key):
    with sftp_server.running(root / "depot", host_key=host_key) as found:
        yield found


@pytest.fixture
def make_sftp(partner, pacer):
    made = []

    def make(**changes):
        options = {
            "place": places.SftpPlace(sftp_server.HOST, partner.port, ""),
            "mode": types.Mode.SANDBOX,
            "login": ssh_keys.Login(sftp_server.USER, sftp_server.PASSWORD),
            "host_keys": (ssh_keys.fingerprint(partner.host_key),),
            "pacer": pacer,
        }
        made.append(sftp.SftpStore(**{**options, **changes}))
        return made[-1]

    yield make
    for store in made:
        store.close()


@pytest.fixture(params=["folder", "sftp"])
def store(request, root):
    """The same feed as a local folder and over SFTP."""
    if request.param == "folder":
        return local.LocalStore(root=str(root), steps=("depot",))
    return request.getfixturevalue("make_sftp")()


@pytest.fixture
def unused_port():
    """A port of the loopback on which nobody listens."""
    with socket.socket() as found:
        found.bind((sftp_server.HOST, 0))
        return found.getsockname()[1]
