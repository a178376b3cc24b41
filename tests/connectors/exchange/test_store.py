"""What every store does, in a folder and over a real SFTP connection."""

from __future__ import annotations

import os
from datetime import UTC, datetime

import pytest

from connectors import errors
from connectors.exchange import stores

NAME = "returns-generic-csv-1-000017-20260801T120000Z.csv"


def test_a_file_is_put_whole_and_read_back(store, root):
    store.put(stores.OUT, NAME, b"a,b\r\n1,2\r\n")

    assert store.read(stores.OUT, NAME, 100) == b"a,b\r\n1,2\r\n"
    assert sorted(os.listdir(root / "depot" / "out")) == [NAME, "sent"]
    assert store.exists(stores.OUT, NAME)


def test_the_same_bytes_again_change_nothing(store, root):
    store.put(stores.OUT, NAME, b"one")
    before = (root / "depot" / "out" / NAME).stat()

    store.put(stores.OUT, NAME, b"one")

    after = (root / "depot" / "out" / NAME).stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_a_name_that_holds_other_bytes_is_never_overwritten(store):
    store.put(stores.OUT, NAME, b"one")

    with pytest.raises(errors.Rejected) as refused:
        store.put(stores.OUT, NAME, b"two")

    assert (refused.value.code, refused.value.value) == ("duplicate_key", NAME)
    assert store.read(stores.OUT, NAME, 100) == b"one"


def test_a_file_left_half_written_is_written_anew(store, root):
    (root / "depot" / "out" / f"{NAME}.part").write_bytes(b"half of a longer fi")

    store.put(stores.OUT, NAME, b"whole")

    assert store.read(stores.OUT, NAME, 100) == b"whole"
    assert not (root / "depot" / "out" / f"{NAME}.part").exists()


def test_a_listing_holds_plain_files_by_name_and_time(store, root):
    folder = root / "depot" / "in"
    (folder / "b.csv").write_bytes(b"12345")
    (folder / "a.csv").write_bytes(b"1")
    (folder / "c.csv.part").write_bytes(b"being written")
    (folder / ".hidden").write_bytes(b"x")
    (folder / "link.csv").symlink_to(folder / "a.csv")
    os.utime(folder / "a.csv", (1_780_000_000, 1_780_000_000))
    os.utime(folder / "b.csv", (1_780_000_060, 1_780_000_060))

    found = store.listing(stores.IN)

    assert found == (
        stores.FileEntry("a.csv", 1, datetime.fromtimestamp(1_780_000_000, UTC)),
        stores.FileEntry("b.csv", 5, datetime.fromtimestamp(1_780_000_060, UTC)),
    )


def test_a_file_longer_than_allowed_is_not_read(store, root):
    (root / "depot" / "in" / "big.csv").write_bytes(b"x" * 11)

    with pytest.raises(errors.UnreadableReply, match="longer than 10 bytes"):
        store.read(stores.IN, "big.csv", 10)


def test_a_link_is_not_read(store, root, tmp_path):
    (tmp_path / "secret").write_bytes(b"ours")
    (root / "depot" / "in" / "link.csv").symlink_to(tmp_path / "secret")

    with pytest.raises((errors.RetryLater, errors.UnreadableReply)):
        store.read(stores.IN, "link.csv", 100)


def test_a_file_that_is_gone_is_not_found(store):
    with pytest.raises(errors.NotFound):
        store.read(stores.IN, "gone.csv", 100)
    with pytest.raises(errors.NotFound):
        store.move(stores.IN, "gone.csv", stores.DONE)


def test_a_file_moves_once_however_often_it_is_asked(store, root):
    (root / "depot" / "in" / "a.csv").write_bytes(b"1")

    store.move(stores.IN, "a.csv", stores.DONE)
    store.move(stores.IN, "a.csv", stores.DONE)

    assert os.listdir(root / "depot" / "in" / "done") == ["a.csv"]


def test_a_second_file_of_that_name_is_kept_beside_the_first(store, root):
    for content in (b"first", b"second", b"third"):
        (root / "depot" / "in" / "a.csv").write_bytes(content)
        store.move(stores.IN, "a.csv", stores.DONE)

    folder = root / "depot" / "in" / "done"
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {
        "a.csv": b"first",
        "a-2.csv": b"second",
        "a-3.csv": b"third",
    }


def test_a_missing_folder_is_named(store, root):
    (root / "depot" / "ack").rmdir()

    with pytest.raises(errors.Misconfigured, match=r"There is no folder ack/\."):
        store.listing(stores.ACK)


@pytest.mark.parametrize("name", ["../x.csv", "a/b.csv", ".x", "", "x.part", "a\nb", "a\\b"])
def test_a_name_that_is_a_path_is_refused(store, root, name):
    with pytest.raises(errors.Misconfigured):
        store.put(stores.OUT, name, b"1")

    assert os.listdir(root / "depot" / "out") == ["sent"]
