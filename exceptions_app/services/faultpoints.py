"""Named places where the fault tests end a process or break off a step. Costs nothing otherwise.

`RETURNSBRIDGE_CRASH_AT=<name>` with `RETURNSBRIDGE_CRASH_FILE=<path>` kills this process with
SIGKILL at
the named place, as long as the file exists (it is removed first, so that the restart survives).
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from contextvars import ContextVar
from pathlib import Path

hook: ContextVar[Callable[[str], None] | None] = ContextVar("faultpoint_hook", default=None)

_CRASH_AT = os.environ.get("RETURNSBRIDGE_CRASH_AT", "")
_CRASH_FILE = os.environ.get("RETURNSBRIDGE_CRASH_FILE", "")
_SIGNALS = {"kill": signal.SIGKILL, "stop": signal.SIGSTOP}


def reach(name: str) -> None:
    """Mark that the flow is at `name`; a test may end it here."""
    installed = hook.get()
    if installed is not None:
        installed(name)
    if _CRASH_AT and _CRASH_AT.split(":")[0] == name:
        _end_process()


def _end_process() -> None:
    try:
        Path(_CRASH_FILE).unlink()
    except FileNotFoundError:
        return
    how = _CRASH_AT.partition(":")[2] or "kill"
    os.kill(os.getpid(), _SIGNALS[how])
