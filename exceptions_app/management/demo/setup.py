"""Sign-ins, connections, bridges and mappings of the demo; safe to run again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from importlib import resources
from typing import Any

from django.contrib.auth.models import Group, User

from exceptions_app.choices import MappingKind, MappingStatus, Role
from exceptions_app.management.demo import names, twins
from exceptions_app.management.demo.world import World
from exceptions_app.models import Bridge, Connection, ErpLocation
from exceptions_app.models import Mapping as MappingRow
from exceptions_app.services import bridges, connections, mappings, polling

PEOPLE: tuple[tuple[str, str, Role], ...] = (
    ("cleo", "Cleo Marsh", Role.CX),
    ("wanda", "Wanda Pike", Role.WAREHOUSE),
    ("finn", "Finn Ashworth", Role.FINANCE),
    ("fiona", "Fiona Reid", Role.FINANCE),
    ("mira", "Mira Castell", Role.MERCHANDISING),
    ("mona", "Mona Field", Role.MERCHANDISING),
    ("ines", "Ines Duarte", Role.INTEGRATOR),
    ("ada", "Ada Voss", Role.ADMIN),
    ("aud", "Audrey Lane", Role.AUDITOR),
)
BRIDGES: tuple[tuple[str, str, Mapping[str, Any]], ...] = (
    ("uk", "Alder UK", {}),
    ("outlet", "Alder Outlet", {"schedule": {"credit_memo": "run"}}),
    ("fr", "Alder FR", {}),
    ("de", "Alder DE", {}),
    # Credits here follow the goods, while the shop pays back at the counter.
    ("ie", "Alder Ireland", {"credit_trigger": "goods_inspected"}),
)
# A long-lived demo must not run into the vendor's 2,000 calls a day.
DAILY_LIMIT = 100_000


def sign_ins(*, password: str) -> None:
    """One person for each role, and two where a second pair of eyes is needed."""
    for username, name, role in PEOPLE:
        first, _, last = name.partition(" ")
        user, _ = User.objects.update_or_create(
            username=username,
            defaults={
                "first_name": first,
                "last_name": last,
                "email": f"{username}@example.com",
                "is_staff": role in (Role.ADMIN, Role.INTEGRATOR),
            },
        )
        if not user.check_password(password):
            user.set_password(password)
            user.save(update_fields=["password"])
        user.groups.set(Group.objects.filter(name=role))


def bridge(world: World, code: str, *, base_url: str) -> Bridge:
    """The bridge `code` with its two connections to the sandboxes at `base_url`."""
    name, policy = next((name, policy) for known, name, policy in BRIDGES if known == code)
    world.platform(code).set_switches({"daily_limit": DAILY_LIMIT})
    source = source_connection(world, code, base_url=base_url)
    erp = erp_connection(world, code, base_url=f"{base_url}/{twins.erp_name(code)}")
    made = Bridge.objects.filter(code=code).first() or bridges.create(
        code=code,
        name=name,
        source=source,
        erp=erp,
        preset="bluecherry+returngo",
        currency="GBP",
        timezone_name="Europe/London",
        policy={"note_to_platform": False, "undo_seconds": 60, **policy},
        actor=None,
        now=world.clock.now,
    )
    world.bridges[code] = Bridge.objects.select_related("source", "erp").get(pk=made.pk)
    return world.bridges[code]


def source_connection(
    world: World, code: str, *, base_url: str, api_key: str | None = None
) -> Connection:
    keys = world.platform(code).credentials()
    return connections.save(
        code=twins.platform_name(code),
        name=_named("ReturnGO", code),
        kind="returngo",
        mode="sandbox",
        base_url=f"{base_url}/{twins.platform_name(code)}",
        settings_values={"shop_name": keys["shop_name"], "poll_seconds": "300"},
        secrets={"api_key": keys["api_key"] if api_key is None else api_key},
        actor=None,
        now=world.clock.now,
        daily_limit=DAILY_LIMIT,
        refill_per_second=200,
        capacity=1000,
    )


def erp_connection(
    world: World, code: str, *, base_url: str, by_hand: Sequence[str] = ()
) -> Connection:
    """`base_url` is where the ERP itself answers; the operations `by_hand` are left to people."""
    return connections.save(
        code=twins.erp_name(code),
        name=_named("BlueCherry", code),
        kind="bluecherry",
        mode="sandbox",
        base_url=base_url,
        settings_values={"vnd_id": "ALDER", "profile_text": _profile(by_hand)},
        secrets={"subscription_key": next(iter(world.erp(code).credentials().values()))},
        actor=None,
        now=world.clock.now,
        refill_per_second=200,
        capacity=1000,
    )


def _profile(by_hand: Sequence[str]) -> str:
    """The shipped profile with some operations left to people; "" for the shipped one itself."""
    if not by_hand:
        return ""
    shipped = resources.files("connectors.profiled.profiles") / "bluecherry-rest.toml"
    text = shipped.read_text(encoding="utf-8")
    for operation in by_hand:
        head = f"[operations.{operation}]"
        text = text.replace(head, f'{head}\nsupport = "manual"')
    return text


def mapped(world: World, code: str) -> None:
    """Read the ERP's places and items, then map what an admin would; some words stay unmapped."""
    polling.refresh_reference(now=world.clock.now)
    row = world.bridges[code]
    assert ErpLocation.objects.filter(connection=row.erp).exists()
    for word, reason_code in names.REASONS:
        _put(row, MappingKind.REASON, word, {"code": reason_code}, world.clock.now)
    for word, bucket in names.DISPOSITIONS:
        value = f"not_restockable/{word}"
        _put(row, MappingKind.DISPOSITION, value, {"bucket": bucket}, world.clock.now)
    for place, division, warehouse in names.LOCATIONS:
        target = {"division": division, "warehouse": warehouse}
        _put(row, MappingKind.LOCATION, place, target, world.clock.now)
    # So that finance can correct a credit; other charges stay unmapped.
    charge = {"component": "adjustment", "erp_code": "ADJ"}
    _put(row, MappingKind.FEE, "adjustment", charge, world.clock.now)


def _put(
    row: Bridge, kind: MappingKind, source_value: str, target: dict[str, str], now: datetime
) -> None:
    known = MappingRow.objects.filter(
        bridge=row, kind=kind, source_value=source_value, status=MappingStatus.ACTIVE
    )
    if known.exists():
        return
    proposed = mappings.propose(
        bridge=row,
        kind=kind,
        source_value=source_value,
        target=target,
        actor=None,
        reason="Set up with the bridge",
        now=now,
    )
    mappings.activate(mapping=proposed, actor=None, now=now)


def _named(system: str, code: str) -> str:
    name = next(name for known, name, _ in BRIDGES if known == code)
    return f"{system} {name}"
