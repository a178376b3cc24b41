"""The process of the simulated systems: brings them back, seeds once, then serves them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, cast
from urllib.parse import urlsplit

from django.contrib.auth.models import User
from django.db import connection as database
from django.utils import timezone

from connectors.sandbox import server
from connectors.sandbox.consoles.pages import MOUNT
from exceptions_app import jobs
from exceptions_app.management.demo import depot, seeding, setup, state, twins
from exceptions_app.management.demo.world import Clock, World
from exceptions_app.models import Bridge, Connection
from exceptions_app.services import webhook_addresses

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connectors.sandbox.base import Twin

WEBHOOKS = ("RMA_CREATED", "RMA_STATUS_UPDATED", "REFUND_CREATED")


def run(
    *, data_dir: Path, port: int, web_port: int, returns: int, tell: Callable[[str], None]
) -> None:
    """Serve until the process ends; `tell` hears "sandbox ready" once calls are answered."""
    base_url = f"http://{server.HOST}:{port}"
    served = twins.make()
    folder = state.journal_folder(data_dir)
    for name, twin in served.items():
        twin.open_journal(folder / f"{name}.jsonl")
    kept = state.read(data_dir)
    setup.sign_ins(password=kept.password)
    if not kept.is_seeded:
        with database.cursor() as cursor:
            # Sample data may be made again; waiting for the disk at each commit takes minutes.
            cursor.execute("SET synchronous_commit TO off")
        world = World(Clock(timezone.now()), served)
        seeding.seed(world, base_url=base_url, until=timezone.now(), returns=returns, tell=tell)
        kept.is_seeded = True
        state.write(data_dir, kept)
    move(base_url)
    open_at(base_url)
    subscribe(served, web_port=web_port)
    jobs.install_schedules()
    depot.go_round(cast("Mapping[str, Twin]", served))
    server.serve(
        port,
        twins=cast("Mapping[str, Twin]", served),
        titles=setup.system_titles(),
        on_ready=lambda address: tell("sandbox ready"),
    )


def move(base_url: str) -> None:
    """Let the connections follow the sandbox to another port; what is unreachable stays so."""
    for connection in Connection.objects.filter(code__in=twins.make()):
        path = urlsplit(connection.base_url).path
        is_ours = path.split("/")[1:2] == [connection.code]
        if is_ours and connection.base_url != base_url + path:
            Connection.objects.filter(pk=connection.pk).update(base_url=base_url + path)


def open_at(base_url: str) -> None:
    """Let people open each simulated system at its own pages, unless an admin set others."""
    for connection in Connection.objects.filter(code__in=twins.make()):
        wanted = f"{base_url}{MOUNT}/{connection.code}/"
        is_ours = urlsplit(connection.console_url).path.startswith(f"{MOUNT}/")
        if is_ours or not connection.console_url:
            Connection.objects.filter(pk=connection.pk).update(console_url=wanted)


def subscribe(served: Mapping[str, twins.Journal], *, web_port: int) -> None:
    """Have the platform of Alder UK nudge us: the address is made anew at each start."""
    source = Bridge.objects.get(code="uk").source
    actor = User.objects.get(username="ines")
    secret = webhook_addresses.renew(connection_id=source.pk, actor=actor, now=timezone.now())
    platform = served[twins.platform_name("uk")]
    assert isinstance(platform, twins.KeptReturnGo)
    url = f"http://{server.HOST}:{web_port}/hooks/{source.code}/{secret}/"
    for event_name in WEBHOOKS:
        platform.subscribe_address(url, event_name)
