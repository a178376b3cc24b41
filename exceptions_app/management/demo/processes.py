"""Child processes in groups of their own: started, watched, and ended without a trace."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

# A worker finishes the call it is in; then the whole group is killed.
GRACE_SECONDS = 8
_RESTART_PAUSE_SECONDS = 2.0


@dataclass
class Child:
    """One program of the demo; `queues` are the heartbeats it owes."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    log: Path
    queues: tuple[str, ...] = ()
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                list(self.command),
                env={**os.environ, **self.environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.started_at = time.monotonic()

    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def kill(self) -> None:
        """End the whole group at once: a cluster outlives its main process otherwise."""
        if self.process is not None:
            _signal_group(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def last_lines(self, count: int = 12) -> str:
        if not self.log.exists():
            return ""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-count:])


def stop(children: Sequence[Child]) -> None:
    """Ask every child to end, then kill the groups that still have members."""
    started = [child for child in children if child.process is not None]
    for child in started:
        if child.process is not None:
            # The main process alone: it ends its own workers in order.
            with contextlib.suppress(ProcessLookupError):
                child.process.send_signal(signal.SIGTERM)
    end = time.monotonic() + GRACE_SECONDS
    for child in started:
        if child.process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.process.wait(max(0.0, end - time.monotonic()))
    for child in started:
        child.kill()


def restart(child: Child) -> None:
    """Kill what is left of the child's group, then start it again; not faster than every 2 s."""
    child.kill()
    since = time.monotonic() - child.started_at
    time.sleep(max(0.0, _RESTART_PAUSE_SECONDS - since))
    child.start()


def members(child: Child) -> list[psutil.Process]:
    """Living processes of the child's group."""
    if child.process is None:
        return []
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(ProcessLookupError, psutil.Error):
            if os.getpgid(process.pid) == child.process.pid:
                found.append(process)
    return found


def _signal_group(group: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)
