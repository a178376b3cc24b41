"""Real processes: started in a group of their own, read through their log, killed by their id."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).resolve().parents[3]
PYTHON = sys.executable
LOOK_EVERY_SECONDS = 0.05
# Only a hang lasts as long: a slow machine must not fail what it carries out in the end.
PATIENCE_SECONDS = 180


class TooLate(AssertionError):
    """What a round waits for did not come in time."""


def wait_for(
    what: str,
    condition: Callable[[], Any],
    *,
    seconds: float = PATIENCE_SECONDS,
    meanwhile: Callable[[], None] = lambda: None,
) -> Any:
    """Return the first true answer of `condition`, asked until `seconds` have passed."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        meanwhile()
        answer = condition()
        if answer:
            return answer
        time.sleep(LOOK_EVERY_SECONDS)
    raise TooLate(f"{what}: not within {seconds} s")


class Child:
    """One command and all its descendants. `log` holds both its outputs, over all its starts."""

    def __init__(self, name: str, command: list[str], env: Mapping[str, str], folder: Path) -> None:
        self.name = name
        self.log = folder / f"{name}.log"
        self.starts = 0
        self._command = command
        self._env = dict(env)
        self._process: subprocess.Popen[bytes] | None = None
        self._log_begins = 0

    def start(self) -> None:
        self.starts += 1
        self._log_begins = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                self._command,
                cwd=ROOT,
                env=self._env,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def said(self, pattern: str) -> str:
        """The last match of the first group in what was said since the last start, or ""."""
        if not self.log.exists():
            return ""
        with self.log.open("rb") as lines:
            lines.seek(self._log_begins)
            found = re.findall(pattern, lines.read().decode(errors="replace"))
        return str(found[-1]) if found else ""

    def family(self) -> list[psutil.Process]:
        """Every living process of its group, orphans included."""
        members = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error, ProcessLookupError):
                is_alive = process.status() != psutil.STATUS_ZOMBIE
                if is_alive and os.getpgid(process.pid) == self.pid:
                    members.append(process)
        return members

    def kill_all(self) -> None:
        """End the whole process group at once; no member survives, stopped or orphaned."""
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self._process.wait()
        wait_for(f"the end of {self.name}", lambda: not self.family(), seconds=60)


def manage(*arguments: str) -> list[str]:
    return [PYTHON, "manage.py", *arguments]
