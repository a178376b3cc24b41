"""The replay's own connections and bridge: one set per content of a file, made once.

The codes carry the digest of the file's lines. The same data finds its own rows again and changes
nothing, another year's file works beside it, and no other bridge is touched.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from connectors.http import check_base_url
from connectors.sandbox.kits.kit import Kit
from connectors.types import Mode
from exceptions_app.choices import MappingKind, MappingStatus
from exceptions_app.errors import DeskError
from exceptions_app.models import Bridge, Connection, ErpLocation, Mapping, Watermark
from exceptions_app.rules.mapping import normalise, place_key, tender_key
from exceptions_app.services import bridges, connections, mappings, reference
from exceptions_app.services.replay import codes, records
from exceptions_app.services.replay.pairs import Pair
from exceptions_app.services.replay.reading import CURRENCY, TIMEZONE
from exceptions_app.services.replay.simulation import Simulation

# A replay reads the platform when it is run, not on a schedule.
_POLL_SECONDS = str(int(timedelta(days=3650).total_seconds()))
_OVERLAP_SECONDS = "60"
_CALLS_PER_SECOND = 1000
# Under which the simulated ERPs keep what was paid back.
_PAYMENT_METHOD = "8"


class SandboxInUse(DeskError):
    """The simulated platform holds returns of someone else, which would join the replay's."""


def prepare(*, digest: str, pair: Pair, simulation: Simulation, now: datetime) -> Bridge:
    """The bridge for these lines, pointed at `simulation`; made with its connections if new."""
    bridge = Bridge.objects.filter(code=f"replay-{digest}{pair.mark}").first()
    if bridge is None:
        bridge = _create(f"{digest}{pair.mark}", pair, simulation, now)
    for connection, kit in ((bridge.source, pair.platform), (bridge.erp, pair.erp)):
        _point(connection, _address(kit, simulation))
    Bridge.objects.filter(pk=bridge.pk).update(is_active=True)
    return Bridge.objects.select_related("source", "erp").get(pk=bridge.pk)


def learn(*, bridge: Bridge, pair: Pair, now: datetime) -> None:
    """Read the ERP's places and item master, and map what this customer would have mapped."""
    reference.refresh_locations(connection=bridge.erp, now=now)
    reference.sync_items(connection=bridge.erp, now=now)
    main = ErpLocation.objects.get(connection=bridge.erp, name=records.WAREHOUSE_NAME)
    place = {"division": main.division, "warehouse": main.code}
    wanted: list[tuple[str, str, dict[str, str]]] = [
        (MappingKind.LOCATION, records.LOCATION, place),
        (MappingKind.REASON, records.REASON, {"code": "CREDIT"}),
        # Where staff of an ERP check goods in, its own place tells the bucket.
        (MappingKind.DISPOSITION, place_key("quarantine"), {"bucket": "quarantine"}),
    ]
    if pair.tender:
        method = {"component": "refund", "erp_code": _PAYMENT_METHOD}
        wanted.append((MappingKind.FEE, tender_key(pair.tender), method))
    for code, component in codes.CHARGES.items():
        # Declared a charge and not mapped: the ERP's code is for the customer to give.
        wanted.append((MappingKind.FEE, code, {"component": component, "erp_code": ""}))
    for kind, source_value, target in wanted:
        _map(bridge, kind, source_value, target, now)


def refuse_strangers(*, bridge: Bridge, known: Collection[str]) -> None:
    """Make sure that the platform's feed will bring none but the file's returns.

    Raises:
        SandboxInUse: it lists another return since the replay was set up; nothing was loaded.
    """
    source = connections.source(connection=bridge.source, reason="poll")
    since, cursor = bridge.created_at - timedelta(seconds=int(_OVERLAP_SECONDS)), ""
    while True:
        page = source.changed_rmas(since=since, cursor=cursor)
        for row in page.rows:
            if row.external_id not in known:
                raise SandboxInUse(
                    f"The platform at {bridge.source.base_url} also holds return "
                    f"{row.external_id} ({row.order_name or 'no order'}), which is not from this "
                    "file. Use a sandbox of its own."
                )
        cursor = page.next_cursor
        if not cursor:
            return


def read_from(*, bridge: Bridge, moment: datetime) -> None:
    """Make the platform's feeds due, to be read from `moment` on."""
    for feed in ("rmas", "refunds"):
        Watermark.objects.update_or_create(
            connection=bridge.source,
            feed=feed,
            defaults={
                "read_at": moment,
                "next_at": None,
                "lease_until": None,
                "cursor": "",
                "began_at": None,
            },
        )


def retire(*, bridge: Bridge) -> None:
    """The simulated systems are gone: nothing may be polled there until the next replay."""
    Bridge.objects.filter(pk=bridge.pk).update(is_active=False)


@transaction.atomic
def _create(name: str, pair: Pair, simulation: Simulation, now: datetime) -> Bridge:
    common: dict[str, Any] = {
        "mode": "sandbox",
        "actor": None,
        "now": now,
        "refill_per_second": _CALLS_PER_SECOND,
        "capacity": _CALLS_PER_SECOND,
    }
    polled = {"overlap_seconds": _OVERLAP_SECONDS, "poll_seconds": _POLL_SECONDS}
    source, erp = (
        connections.save(
            code=f"replay-{name}-{kit.system}",
            name=f"{connections.kind_of(kit.system).label} (replay {name})",
            kind=kit.system,
            base_url=_address(kit, simulation),
            settings_values={**access.settings, **extra},
            secrets=dict(access.secrets),
            **common,
        )
        for kit, extra in ((pair.platform, polled), (pair.erp, {}))
        for access in (kit.access(simulation.credentials(kit.system)),)
    )
    return bridges.create(
        code=f"replay-{name}",
        name=f"Replay {name}",
        source=source,
        erp=erp,
        preset=pair.code,
        currency=CURRENCY,
        timezone_name=TIMEZONE,
        policy=dict(pair.policy),
        actor=None,
        now=now,
    )


def _address(kit: Kit, simulation: Simulation) -> str:
    path = kit.access(simulation.credentials(kit.system)).path
    return f"{simulation.base_url}/{kit.system}{path}"


def _point(connection: Connection, base_url: str) -> None:
    """A simulated system's port is new in every run; that is nobody's decision, so not audited."""
    check_base_url(base_url, Mode.SANDBOX)
    Connection.objects.filter(pk=connection.pk).exclude(base_url=base_url).update(base_url=base_url)


def _map(
    bridge: Bridge, kind: str, source_value: str, target: dict[str, str], now: datetime
) -> None:
    """Put a mapping in force where there is none; what a person changed since stays."""
    key = normalise(source_value)
    rows = Mapping.objects.filter(bridge=bridge, kind=kind, source_key=key)
    if rows.filter(status=MappingStatus.ACTIVE).exists():
        return
    row = mappings.propose(
        bridge=bridge,
        kind=kind,
        source_value=source_value,
        target=target,
        actor=None,
        reason="Replay of a retailer's lines",
        now=now,
    )
    mappings.activate(mapping=row, actor=None, now=now)
