"""Runs the demo's processes, restarts what dies or hangs, and leaves nothing behind."""

from __future__ import annotations

import http.client
import os
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.utils import timezone

from exceptions_app.errors import DeskError
from exceptions_app.management import liveness
from exceptions_app.management.demo import processes, state
from exceptions_app.management.demo.processes import Child

HOST = "127.0.0.1"
# The first start seeds before it serves; on a busy machine of two cores that takes minutes.
START_SECONDS = 600
_LOOK_SECONDS = 0.1
_WATCH_SECONDS = 1.0
_HEARTBEATS = {
    "ingest": ("ingest", "plan", "poll"),
    "post": ("post", "settle"),
    "report": ("sweep",),
}

Tell = Callable[[str], None]


class DemoFailed(DeskError):
    """The demo cannot start; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Ports:
    web: int
    sandbox: int


def check_ports(ports: Ports) -> None:
    """Raises:
    DemoFailed: a port is taken; the text names the option that chooses another.
    """
    if ports.web == ports.sandbox:
        raise DemoFailed("--port and --sandbox-port must differ.")
    for option, port in (("--port", ports.web), ("--sandbox-port", ports.sandbox)):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except (OSError, OverflowError) as error:
                raise DemoFailed(
                    f"Port {port} cannot be used ({error}). Perhaps a demo is running already: "
                    f"stop it with Ctrl-C, or choose another port with "
                    f"`manage.py demo {option} {port + 10}`."
                ) from error


class Demo:
    """The family of processes: `start`, then `watch` until it raises, and always `stop`."""

    def __init__(
        self, *, base_dir: Path, data_dir: Path, ports: Ports, returns: int, tell: Tell
    ) -> None:
        self._base_dir, self._data_dir, self._ports, self._tell = base_dir, data_dir, ports, tell
        self._logs = state.journal_folder(data_dir) / "logs"
        self._logs.mkdir(parents=True, exist_ok=True)
        self._sandbox = self._part("sandbox", "--returns", str(returns))
        self._web = self._web_child()
        self._clusters = [
            self._child(
                queue, ["qcluster"], {"Q_CLUSTER_NAME": queue, "RETURNSBRIDGE_PROCESS": "worker"}
            )
            for queue in _HEARTBEATS
        ]
        self._arrivals = self._part("arrivals")
        self.children = [self._sandbox, self._web, *self._clusters, self._arrivals]

    def start(self) -> None:
        """Start all of it; returns once the site answers.

        Raises:
            DemoFailed: a process ended or did not answer in time; with its last lines.
        """
        for child in (self._sandbox, self._web):
            child.start()
        self._await(self._sandbox, self._ports.sandbox, "/_control/")
        for child in (*self._clusters, self._arrivals):
            child.start()
        self._await(self._web, self._ports.web, "/healthz")

    def watch(self) -> None:
        """Restart what died or hangs, for ever."""
        while True:
            time.sleep(_WATCH_SECONDS)
            self.look_after(now=timezone.now())

    def look_after(self, *, now: datetime) -> None:
        """One look: a dead child is started again, a hung cluster is killed first."""
        for child in self.children:
            if not child.is_running():
                self._tell(f"{child.name} ended and is started again (log: {child.log})")
                processes.restart(child)
            elif self._is_hung(child, now):
                self._tell(f"{child.name} has not worked for 3 minutes and is started again")
                processes.restart(child)

    def stop(self) -> None:
        processes.stop(self.children)

    def _is_hung(self, child: Child, now: datetime) -> bool:
        is_young = time.monotonic() - child.started_at < liveness.LIMIT.total_seconds()
        if not child.queues or is_young:
            return False
        return bool(liveness.silent(now=now, queues=child.queues))

    def _await(self, child: Child, port: int, path: str) -> None:
        end = time.monotonic() + START_SECONDS
        while not _answers(port, path):
            if not child.is_running() or time.monotonic() > end:
                raise DemoFailed(
                    f"{child.name} did not start. The end of {child.log}:\n{child.last_lines()}"
                )
            time.sleep(_LOOK_SECONDS)

    def _part(self, name: str, *more: str) -> Child:
        ports = ["--port", str(self._ports.web), "--sandbox-port", str(self._ports.sandbox)]
        return self._child(name, ["demo", "--part", name, *ports, *more], {})

    def _web_child(self) -> Child:
        command = [sys.executable, "-m", "gunicorn", "returnsbridge.wsgi:application"]
        command += ["--bind", f"{HOST}:{self._ports.web}", "--workers", "2", "--threads", "4"]
        command += ["--worker-class", "gthread", "--graceful-timeout", "3", "--no-control-socket"]
        child = self._child("web", [], {"RETURNSBRIDGE_PROCESS": "web"})
        child.command = command
        return child

    def _child(self, name: str, arguments: list[str], environment: dict[str, str]) -> Child:
        common = {
            "RETURNSBRIDGE_WORKERS": "1",
            "RETURNSBRIDGE_LOG_LEVEL": os.environ.get("RETURNSBRIDGE_LOG_LEVEL", "WARNING"),
            "PYTHONPATH": str(self._base_dir),
            "PYTHONUNBUFFERED": "1",
        }
        return Child(
            name=name,
            command=[sys.executable, str(self._base_dir / "manage.py"), *arguments],
            environment={**common, **environment},
            log=self._logs / f"{name}.log",
            queues=_HEARTBEATS.get(name, ()),
        )


def _answers(port: int, path: str) -> bool:
    connection = http.client.HTTPConnection(HOST, port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
