"""The embedded server, on real processes: who starts it, who keeps it, who stops it."""

import os
import select
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from returnsbridge import embedded, server_account

REPOSITORY = Path(__file__).resolve().parents[2]
_USER = """
import sys
from pathlib import Path
from returnsbridge import embedded, server_account
server = embedded.ensure_running(Path(sys.argv[1]), durable=False)
print(server.socket_dir, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """A data folder outside pytest's own, which every starting run makes private again."""
    folder = Path(tempfile.mkdtemp(prefix="returnsbridge-test-"))
    yield folder
    embedded.remove(folder)
    shutil.rmtree(folder)


@pytest.fixture
def start_user(data_dir: Path) -> Iterator[object]:
    """Return a function that starts one more process using the server, without waiting for it."""
    started: list[subprocess.Popen[str]] = []

    def start_user() -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", _USER, str(data_dir)],
            cwd=REPOSITORY,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start_user
    for process in started:
        process.kill()
        process.communicate()


def socket_of(process: subprocess.Popen[str]) -> str:
    """Wait until the process has the server; return the socket's folder."""
    assert process.stdout is not None
    return process.stdout.readline().strip()


def answer(socket_dir: str, query: str) -> object:
    with psycopg.connect(host=socket_dir, user="postgres", dbname="postgres") as connection:
        return connection.execute(query).fetchone()[0]  # type: ignore[index]


def postmaster(data_dir: Path) -> int:
    """Return a handle on the server's process; it stays valid after the process has ended."""
    record = (data_dir / "postgres" / "postmaster.pid").read_text(encoding="utf-8")
    return os.pidfd_open(int(record.split("\n")[0]))


def ends(server: int, *, within_seconds: int) -> bool:
    """Wait for the end of the process, reaped or not; return whether it came in time."""
    poll = select.poll()
    poll.register(server, select.POLLIN)
    has_ended = bool(poll.poll(within_seconds * 1000))
    os.close(server)
    return has_ended


def test_processes_that_start_together_share_one_server(data_dir, start_user):
    users = [start_user() for _ in range(3)]

    sockets = {socket_of(user) for user in users}

    assert len(sockets) == 1
    assert int(str(answer(sockets.pop(), "SHOW max_connections"))) >= 100


def test_the_server_outlives_the_process_that_started_it_and_ends_with_the_last(
    data_dir, start_user
):
    first = start_user()
    socket_of(first)
    second = start_user()
    socket_dir = socket_of(second)
    server = postmaster(data_dir)

    first.communicate("")

    assert answer(socket_dir, "SELECT 1") == 1
    second.communicate("")
    assert ends(server, within_seconds=30)


def test_a_killed_last_user_leaves_no_server_behind(data_dir, start_user):
    user = start_user()
    socket_of(user)
    server = postmaster(data_dir)

    user.send_signal(signal.SIGKILL)

    assert ends(server, within_seconds=30)


def test_it_starts_again_after_a_crash_whose_process_id_something_else_has_now(
    data_dir, start_user
):
    first = start_user()
    socket_dir = socket_of(first)
    with psycopg.connect(host=socket_dir, user="postgres", dbname="postgres") as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    server = postmaster(data_dir)
    record = data_dir / "postgres" / "postmaster.pid"
    lines = record.read_text(encoding="utf-8").split("\n")
    first.kill()
    assert ends(server, within_seconds=30)
    record.write_text("\n".join([str(os.getpid()), *lines[1:]]), encoding="utf-8")

    assert answer(socket_of(start_user()), "SELECT answer FROM kept") == 42


def test_a_set_up_that_was_interrupted_is_done_again(data_dir, start_user):
    half_made = data_dir / "postgres" / "base"
    half_made.mkdir(parents=True)
    (half_made / "1").write_text("half", encoding="utf-8")

    assert answer(socket_of(start_user()), "SELECT 1") == 1


def test_stopping_ends_it_for_everyone_and_says_whether_it_ran(data_dir, start_user):
    socket_of(start_user())
    server = postmaster(data_dir)

    assert embedded.stop(data_dir) is True
    assert ends(server, within_seconds=30)
    assert embedded.stop(data_dir) is False


def test_a_path_too_long_for_a_socket_gets_a_private_folder_elsewhere(data_dir):
    deep = data_dir / ("d" * 60) / ("e" * 60)

    server = embedded.ensure_running(deep, durable=False)

    try:
        assert len(server.socket_dir) < 100
        assert Path(server.socket_dir).stat().st_mode & 0o077 == 0
        assert answer(server.socket_dir, "SELECT lower('É')") == "é"
    finally:
        embedded.remove(deep)
    assert not Path(server.socket_dir).exists()
    assert not (deep / "postgres").exists()


def test_a_data_folder_its_account_cannot_reach_puts_the_cluster_elsewhere_for_good(
    tmp_path, monkeypatch
):
    data_dir, elsewhere = tmp_path / "data", tmp_path / "elsewhere"
    data_dir.mkdir()
    elsewhere.mkdir()
    monkeypatch.setattr(embedded, "_ELSEWHERE", elsewhere)
    monkeypatch.setattr(server_account, "make_programs_reachable", lambda _account: None)
    monkeypatch.setattr(server_account, "can_write", lambda _folder, _account: False)
    account = server_account.Account(os.geteuid(), os.getegid(), must_switch=True)

    cluster = embedded._cluster_folder(data_dir, account)

    assert cluster.parent == elsewhere
    assert stat.S_IMODE(cluster.stat().st_mode) == 0o700
    assert embedded._cluster_folder(data_dir, account) == cluster
    assert [path.name for path in elsewhere.iterdir()] == [cluster.name]


def test_a_folder_that_a_stranger_planted_is_refused(tmp_path):
    planted = tmp_path / "planted"
    planted.symlink_to(tmp_path)
    account = server_account.Account(os.geteuid(), os.getegid(), must_switch=False)

    with pytest.raises(server_account.EmbeddedPostgresFailed, match="belongs to another account"):
        server_account.own_folder(planted, account)
