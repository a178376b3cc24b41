"""A whole installation of real processes around one simulated world, and its supervisor."""

from __future__ import annotations

import contextlib
import itertools
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import psutil
import requests
from django.db import connection as database
from django_q.models import OrmQ

from exceptions_app import jobs
from exceptions_app.models import (
    Connection,
    ConnectionBudget,
    ConnectionHealth,
    Heartbeat,
    InboundEvent,
    Posting,
    Rma,
)
from exceptions_app.selectors.clock import database_now
from exceptions_app.services import polling, webhook_addresses
from returnsbridge import embedded
from tests.faults.processes.children import (
    PATIENCE_SECONDS,
    PYTHON,
    Child,
    TooLate,
    manage,
    wait_for,
)
from tests.world import Clock, World, make_order, make_rma, make_world, reference_records

# Production ticks once a minute; everything that counts in ticks is the same, only faster.
TICK_SECONDS = 1.0
TICKS_UNTIL_RESTART = 3
START_SECONDS = 60
SETTLE_SECONDS = 1
_HELPERS = ("worker", "other worker", "monitor", "pusher")
_STEPS_OF = {"ingest": ("ingest", "plan", "poll"), "post": ("post", "settle")}


class Cluster(Child):
    """`manage.py qcluster` of one queue."""

    def __init__(self, queue: str, env: dict[str, str], folder: Path) -> None:
        super().__init__(queue, manage("qcluster"), {**env, "Q_CLUSTER_NAME": queue}, folder)
        self.queue = queue
        self.began_at: datetime | None = None
        self.started = 0.0

    def start(self) -> None:
        self.began_at = database_now()
        self.started = time.monotonic()
        super().start()

    def beat_at(self) -> datetime | None:
        """The last sign of life of one of its drains since it was started."""
        beats = Heartbeat.objects.filter(
            queue__in=_STEPS_OF[self.queue], beat_at__gte=self.began_at
        )
        return beats.order_by("-beat_at").values_list("beat_at", flat=True).first()

    def hangs(self) -> bool:
        """Whether it gave no sign of life for too many ticks (reliability A.7, rule 4)."""
        beat = self.beat_at()
        if beat is None:
            return time.monotonic() - self.started > START_SECONDS
        limit = timedelta(seconds=TICK_SECONDS * TICKS_UNTIL_RESTART)
        return database_now() - beat > limit

    def part(self, name: str) -> psutil.Process:
        """One of main, sentinel, worker, monitor, pusher, by the order it makes them in."""
        if name == "main":
            return psutil.Process(self.pid)
        sentinel = psutil.Process(self.pid).children()[0]
        if name == "sentinel":
            return sentinel
        helpers = sorted(sentinel.children(), key=lambda process: process.pid)
        return helpers[_HELPERS.index(name)]

    def talking_to(self, port: int) -> psutil.Process | None:
        """The member that has a call open to `port`."""
        for member in self.family():
            for link in member.net_connections(kind="tcp"):
                if link.raddr and link.raddr.port == port and link.status == "ESTABLISHED":
                    return member
        return None

    def stopped_member(self) -> psutil.Process | None:
        return next((p for p in self.family() if p.status() == psutil.STATUS_STOPPED), None)


@dataclass
class Site:
    """`up` starts everything; a test talks to the rows, to the twins' control and to `clusters`."""

    folder: Path
    world: World = field(init=False)
    clusters: dict[str, Cluster] = field(init=False)
    restarts: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.crash_file = self.folder / "crash"
        self._env = _environment(self.crash_file)
        self._ids = itertools.count(7001)
        self._ticked = 0.0
        self._is_patient = False
        self._sandbox = Child("sandbox", manage("sandbox", "--port", "0"), self._env, self.folder)
        web = [
            PYTHON,
            "-m",
            "gunicorn",
            "returnsbridge.wsgi",
            "--bind",
            "127.0.0.1:0",
            "--no-control-socket",
        ]
        self.web = Child("web", web, {**self._env, "RETURNSBRIDGE_PROCESS": "web"}, self.folder)
        self.clusters = {queue: Cluster(queue, self._env, self.folder) for queue in _STEPS_OF}

    # --- life -----------------------------------------------------------------------------------

    def up(self) -> None:
        self._sandbox.start()
        self.world = make_world(policy={"undo_seconds": 0}, clock=Clock(database_now()))
        self.base_url = self._address(self._sandbox, r"Sandbox ready at (http://\S+)")
        self.control("bluecherry", "load", reference_records())
        # An ERP that takes whatever comes: it must not save us from a second document.
        switches = {"staging_seconds": 0, "unique_control_numbers": False}
        self.control("bluecherry", "switches", switches)
        self.control("returngo", "switches", {"daily_limit": 1_000_000})
        for path, connection in (("returngo", self.source), ("bluecherry", self.erp)):
            connection.base_url = f"{self.base_url}/{path}"
            connection.settings |= {"settle_seconds": str(SETTLE_SECONDS)}
            connection.save(update_fields=["base_url", "settings"])
        ConnectionBudget.objects.update(daily_limit=None)
        self.secret = webhook_addresses.renew(
            connection_id=self.source.pk, actor=None, now=database_now()
        )
        for child in (*self.clusters.values(), self.web):
            child.start()
        self.hook_url = self._address(self.web, r"Listening at: (http://\S+)")
        self.hook_url += f"/hooks/{self.source.code}/{self.secret}/"
        self.wait("the first sign of life", self.is_alive)

    def down(self) -> None:
        for child in (*self.clusters.values(), self.web, self._sandbox):
            child.kill_all()

    def is_alive(self) -> bool:
        return all(cluster.beat_at() is not None for cluster in self.clusters.values())

    def _address(self, child: Child, pattern: str) -> str:
        return str(
            wait_for(f"{child.name}'s address", lambda: child.said(pattern), seconds=START_SECONDS)
        )

    # --- time -----------------------------------------------------------------------------------

    def wait(self, what: str, condition: Any, *, seconds: float = PATIENCE_SECONDS) -> Any:
        """Let time pass with its ticks and its supervisor until `condition` holds."""
        try:
            return wait_for(what, condition, seconds=seconds, meanwhile=self._pass)
        except TooLate as error:
            raise TooLate(f"{error}; {self.report()}") from None

    def _pass(self) -> None:
        if time.monotonic() - self._ticked >= TICK_SECONDS:
            self._ticked = time.monotonic()
            self.tick()
            self.supervise()

    def tick(self) -> None:
        """What the one-minute schedule does: wake every drain."""
        for step in itertools.chain(*_STEPS_OF.values()):
            jobs.nudge(step)

    def supervise(self) -> None:
        """Restart whatever ended, with whatever code, or hangs: always the whole group (A.7)."""
        for cluster in self.clusters.values():
            if not cluster.is_running() or (not self._is_patient and cluster.hangs()):
                self.restarts.append(cluster.queue)
                cluster.kill_all()
                cluster.start()

    @contextlib.contextmanager
    def patient(self) -> Iterator[None]:
        """Leave a cluster that gives no sign of life alone: a process of its group is stopped, and
        killing the group, as a slow machine may ask for, would end what is looked at."""
        self._is_patient = True
        try:
            yield
        finally:
            self._is_patient = False

    # --- the world ------------------------------------------------------------------------------

    @property
    def source(self) -> Connection:
        return self.world.bridge.source

    @property
    def erp(self) -> Connection:
        return self.world.bridge.erp

    @property
    def sandbox_port(self) -> int:
        return int(self.base_url.rpartition(":")[2])

    def control(self, system: str, act: str, body: Any = None) -> Any:
        url = f"{self.base_url}/_control/{system}/{act}"
        method = "GET" if body is None else "POST"
        answer = requests.request(method, url, json=body, timeout=10)
        answer.raise_for_status()
        return answer.json()

    def slow_down(self, *, seconds: int) -> None:
        """The ERP carries out its next write at once and answers only after `seconds`."""
        rule = {"kind": "slow", "method": "POST", "path": "/api/Sim.*", "seconds": seconds}
        self.control("bluecherry", "faults", {"rules": [rule]})

    def add_return(self) -> str:
        """One T-shirt comes back at the platform; returns its id there."""
        rma_id = str(next(self._ids))
        now = database_now()
        moment = f"{now:%Y-%m-%dT%H:%M:%S}"
        hour_ago = f"{now - timedelta(hours=1):%Y-%m-%dT%H:%M:%S}"
        order = make_order(
            f"SO-{rma_id}", ordered_at=f"{now - timedelta(days=9):%Y-%m-%d %H:%M:%S}"
        )
        self.control("bluecherry", "load", {"orders": [order]})
        record = make_rma(
            rma_id,
            order_name=f"SO-{rma_id}",
            created_at=hour_ago,
            updated_at=f"{now:%Y-%m-%dT%H:%M:%S}",
        )
        for unit in record["items"]:
            unit["validation"]["at"] = hour_ago
        for refund in record["transactions"]:
            refund |= {"created_at": hour_ago, "updated_at": moment}
        self.control("returngo", "load", {"rmas": [_plain(record)]})
        return rma_id

    def poll(self) -> None:
        polling.poll_now(connection=self.source, now=database_now())
        jobs.nudge("poll")

    def arm(self, point: str, subject: str = "") -> None:
        """Have the next process that reaches `point` end itself there."""
        draft = self.crash_file.with_suffix(".new")
        draft.write_text(f"{point} {subject}".strip(), encoding="utf-8")
        draft.rename(self.crash_file)

    def has_struck(self) -> bool:
        return not self.crash_file.exists()

    def is_done(self, *rma_ids: str) -> bool:
        """Whether every document of these returns is confirmed."""
        if Rma.objects.filter(external_id__in=rma_ids).count() != len(rma_ids):
            return False
        states = Posting.objects.filter(rma__external_id__in=rma_ids).exclude(status="cancelled")
        done = list(states.values_list("status", flat=True))
        return len(done) == 3 * len(rma_ids) and set(done) == {"confirmed"}

    def report(self) -> str:
        """What stands where, for a round that does not end."""
        rows = Posting.objects.exclude(status="confirmed").select_related("rma")
        found = {
            "postings": [
                f"{row.key} {row.status} fence {row.fence} {row.open_type}" for row in rows
            ],
            "events": list(InboundEvent.objects.filter(state="new").values_list("external_id")),
            "health": list(ConnectionHealth.objects.values_list("state", "reason")),
            "broker": OrmQ.objects.count(),
            "processes": {name: len(child.family()) for name, child in self.clusters.items()},
            "restarts": self.restarts,
            "logs": str(self.folder),
        }
        return str(found)


def _plain(record: Any) -> Any:
    """The record as JSON takes it; amounts stay exact as text."""
    if isinstance(record, dict):
        return {key: _plain(value) for key, value in record.items()}
    if isinstance(record, list):
        return [_plain(value) for value in record]
    return record if isinstance(record, str | int | bool | None) else str(record)


def _environment(crash_file: Path) -> dict[str, str]:
    """The environment of every child: this run's database and keys, and nothing of the caller's."""
    data_dir = os.environ["RETURNSBRIDGE_DATA_DIR"]
    server = embedded.ensure_running(Path(data_dir), durable=False)
    name = database.settings_dict["NAME"]
    address = f"postgresql://{server.user}@/{name}?host={server.socket_dir}&port={server.port}"
    return {
        "PATH": os.environ["PATH"],
        "DJANGO_SETTINGS_MODULE": "tests.faults.processes.settings",
        "DATABASE_URL": address,
        "RETURNSBRIDGE_DEBUG": "on",
        "RETURNSBRIDGE_DATA_DIR": data_dir,
        "RETURNSBRIDGE_CRASH_FILE": str(crash_file),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
