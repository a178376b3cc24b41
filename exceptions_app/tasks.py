"""What the queues run: drains without arguments, each a door to one service (reliability A.7)."""

import os
from collections.abc import Callable

import structlog

from exceptions_app.models import Heartbeat
from exceptions_app.selectors.clock import database_now
from exceptions_app.services import flow, sweeping
from exceptions_app.services.faultpoints import reach

log = structlog.get_logger(__name__)


def ingest() -> int:
    return _run("ingest", lambda: flow.ingest(clock=database_now))


def plan() -> int:
    return _run("plan", lambda: flow.plan(clock=database_now))


def post() -> int:
    return _run("post", lambda: flow.post(clock=database_now))


def settle() -> int:
    return _run("settle", lambda: flow.settle(clock=database_now))


def poll() -> int:
    return _run("poll", lambda: flow.poll(clock=database_now))


def sweep() -> int:
    return _run("sweep", lambda: sweeping.sweep(now=database_now()))


def bulk() -> int:
    return _run("bulk", lambda: flow.bulk(clock=database_now))


def tell() -> int:
    return _run("tell", lambda: flow.tell(clock=database_now))


def _run(name: str, act: Callable[[], int]) -> int:
    """Beat, act, report. The one place that catches what nobody foresaw: the next tick goes on."""
    Heartbeat.objects.update_or_create(
        queue=name, defaults={"beat_at": database_now(), "process_id": os.getpid()}
    )
    try:
        count = act()
    except Exception:
        log.exception("drain failed", queue=name)
        raise
    if count:
        reach("drain_done", name)
    return count
