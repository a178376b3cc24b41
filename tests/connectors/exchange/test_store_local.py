"""A folder of this system: below its root, never elsewhere."""

from __future__ import annotations

import errno
import os

import pytest

from connectors import errors, types
from connectors.exchange import local, places, stores


def test_a_link_on_the_way_is_not_followed(root, tmp_path):
    elsewhere = tmp_path / "elsewhere" / "out"
    elsewhere.mkdir(parents=True)
    (root / "feed").symlink_to(elsewhere.parent)

    with pytest.raises(errors.Misconfigured, match="feed/ is a link"):
        local.LocalStore(root=str(root), steps=("feed",)).put(stores.OUT, "a.csv", b"1")

    assert os.listdir(elsewhere) == []


def test_without_a_root_there_is_no_store():
    with pytest.raises(errors.Misconfigured, match="RETURNSBRIDGE_EXCHANGE_ROOT"):
        local.LocalStore(root="", steps=("depot",))


def test_a_write_that_fails_leaves_nothing_behind(root, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)

    with pytest.raises(errors.RetryLater, match="No space left"):
        local.LocalStore(root=str(root), steps=("depot",)).put(stores.OUT, "a.csv", b"1")

    assert os.listdir(root / "depot" / "out") == ["sent"]


def test_a_rename_that_fails_is_in_doubt(root, monkeypatch):
    def broken(*_, **__):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "rename", broken)

    with pytest.raises(errors.OutcomeUnknown, match="not surely given its name"):
        local.LocalStore(root=str(root), steps=("depot",)).put(stores.OUT, "a.csv", b"1")


def test_a_pipe_is_no_file_and_blocks_nobody(root):
    os.mkfifo(root / "depot" / "in" / "pipe.csv")
    store = local.LocalStore(root=str(root), steps=("depot",))

    with pytest.raises(errors.RetryLater, match="no plain file"):
        store.read(stores.IN, "pipe.csv", 10)

    assert store.listing(stores.IN) == ()


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("folder:depot", places.LocalPlace(("depot",))),
        ("folder:depot/returns 2", places.LocalPlace(("depot", "returns 2"))),
        ("sftp://files.example.com", places.SftpPlace("files.example.com", 22, "")),
        ("sftp://files.example.com:2222/in/x", places.SftpPlace("files.example.com", 2222, "in/x")),
        ("sftp://files.example.com//srv/x", places.SftpPlace("files.example.com", 22, "/srv/x")),
    ],
)
def test_an_address_tells_the_place(address, place):
    assert places.read(address, types.Mode.LIVE) == place


@pytest.mark.parametrize(
    "address",
    [
        "",
        "depot",
        "folder:",
        "folder:../etc",
        "folder:depot/../../etc",
        "folder:.ssh",
        "file:///etc",
        "sftp://",
        "sftp://user:secret@files.example.com/",
        "sftp://files.example.com/../x",
        "sftp://files.example.com/x?y=1",
        "sftp://10.0.0.5/x",
        "sftp://127.0.0.1/x",
        "sftp://localhost/x",
        "sftp://2130706433/x",
        "sftp://[::1]/x",
        "https://files.example.com",
    ],
)
def test_an_address_that_leads_elsewhere_is_refused(address):
    with pytest.raises(errors.Misconfigured):
        places.check(address, types.Mode.LIVE, resolver=lambda host, port: ["93.184.216.34"])


def test_a_name_that_leads_inside_is_refused():
    with pytest.raises(errors.Misconfigured, match="not allowed"):
        places.check(
            "sftp://files.example.com/x", types.Mode.LIVE, resolver=lambda host, port: ["10.1.2.3"]
        )
