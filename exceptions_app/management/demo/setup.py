"""Sign-ins, connections, bridges and mappings of the demo; safe to run again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from importlib import resources
from typing import Any

from django.contrib.auth.models import Group, User

from connectors.sandbox.base import Twin
from connectors.sandbox.kits.kit import Access
from exceptions_app.choices import MappingKind, MappingStatus, Role
from exceptions_app.management.demo import depot, names, twins
from exceptions_app.management.demo.world import World
from exceptions_app.models import Bridge, Connection, ErpLocation
from exceptions_app.models import Mapping as MappingRow
from exceptions_app.services import bridges, connections, mappings, polling

PEOPLE: tuple[tuple[str, str, Role], ...] = (
    ("cleo", "Cleo Marsh", Role.CX),
    ("wanda", "Wanda Pike", Role.WAREHOUSE),
    ("wes", "Wes Hart", Role.WAREHOUSE),
    ("finn", "Finn Ashworth", Role.FINANCE),
    ("fiona", "Fiona Reid", Role.FINANCE),
    ("mira", "Mira Castell", Role.MERCHANDISING),
    ("mona", "Mona Field", Role.MERCHANDISING),
    ("ines", "Ines Duarte", Role.INTEGRATOR),
    ("ada", "Ada Voss", Role.ADMIN),
    ("aud", "Audrey Lane", Role.AUDITOR),
)
# Who leads their team as well.
LEADS = frozenset({"wes", "fiona", "mona", "ines"})
BRIDGES: tuple[tuple[str, str, Mapping[str, Any]], ...] = (
    ("uk", "Alder UK", {}),
    ("outlet", "Alder Outlet", {"schedule": {"credit_memo": "run"}}),
    ("home", "Alder Home", {}),
    ("kids", "Alder Kids", {}),
    # Credits here follow the goods, while the shop pays back at the counter.
    ("counter", "Alder Counters", {"credit_trigger": "goods_inspected"}),
    ("fr", "Alder FR", {}),
    ("de", "Alder DE", {}),
    ("ie", "Alder Ireland", {}),
    ("trade", "Alder Trade", {}),
    ("depot", "Alder Depot", {}),
)
SYSTEM_NAMES = {
    "bluecherry": "BlueCherry",
    "brightpearl": "Brightpearl",
    "file_exchange": "Files",
    "netsuite": "NetSuite",
    "prima": "Prima",
    "returngo": "ReturnGO",
    "reveni": "Reveni",
    "shopify": "Shopify",
}
# How refunds are paid, as each pair's refunds tell it, where the ERP records them.
TENDERS = {"de": "shopify", "trade": "card"}
_OWN_SETTINGS: Mapping[str, Mapping[str, str]] = {"bluecherry": {"vnd_id": "ALDER"}}
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
        held = {role, Role.LEAD} if username in LEADS else {role}
        user.groups.set(Group.objects.filter(name__in=held))


def system_titles() -> dict[str, str]:
    """What people call each simulated system, by the path it is served at."""
    return {
        path: f"{SYSTEM_NAMES[system]} {name}"
        for code, name, _ in BRIDGES
        for path, system in (
            (twins.erp_name(code), twins.SYSTEMS[code].erp),
            (twins.platform_name(code), twins.SYSTEMS[code].platform),
        )
    }


def bridge(world: World, code: str, *, base_url: str) -> Bridge:
    """The bridge `code` with its two connections to the sandboxes at `base_url`."""
    name, policy = next((name, policy) for known, name, policy in BRIDGES if known == code)
    systems = twins.SYSTEMS[code]
    _unlimited(world.platform(code), {"daily_limit": DAILY_LIMIT})
    # Weeks pass in a minute while the demo is made.
    _unlimited(world.erp(code), {"calls_per_minute": 0})
    source = source_connection(world, code, base_url=base_url)
    erp = erp_connection(world, code, base_url=f"{base_url}/{twins.erp_name(code)}")
    notes = {"note_to_platform": False} if systems.platform == "returngo" else {}
    made = Bridge.objects.filter(code=code).first() or bridges.create(
        code=code,
        name=name,
        source=source,
        erp=erp,
        preset=f"{systems.erp}+{systems.platform}",
        currency="GBP",
        timezone_name="Europe/London",
        policy={**notes, "undo_seconds": 60, **policy},
        actor=None,
        now=world.clock.now,
        storefront=source if source.kind in connections.codes_of(connections.STOREFRONT) else None,
    )
    world.bridges[code] = Bridge.objects.select_related("source", "erp").get(pk=made.pk)
    return world.bridges[code]


def source_connection(
    world: World, code: str, *, base_url: str, api_key: str | None = None
) -> Connection:
    """`api_key` stands for the one the platform knows."""
    kit = world.platform_kit(code)
    access = kit.access(world.platform(code).credentials())
    secrets = dict(access.secrets) if api_key is None else {"api_key": api_key}
    return _connection(
        world,
        code,
        system=kit.system,
        base_url=f"{base_url}/{twins.platform_name(code)}",
        access=replace(
            access, settings={**access.settings, "poll_seconds": "300"}, secrets=secrets
        ),
    )


def erp_connection(
    world: World,
    code: str,
    *,
    base_url: str,
    by_hand: Sequence[str] = (),
    is_by_bundle: bool = False,
) -> Connection:
    """`base_url` is where the ERP itself answers; the operations `by_hand` are left to people.

    One `is_by_bundle` credits a bundle as it was sold, and no part of it.
    """
    kit = world.erp_kit(code)
    access = kit.access(world.erp(code).credentials())
    settings = {**access.settings, **_OWN_SETTINGS.get(kit.system, {})}
    if by_hand or is_by_bundle:
        settings["profile_text"] = _profile(by_hand, is_by_bundle=is_by_bundle)
    return _connection(
        world,
        code,
        system=kit.system,
        base_url=base_url,
        access=replace(
            access,
            settings=settings,
            address=f"folder:{depot.FOLDER}" if access.address else "",
        ),
    )


def _connection(
    world: World, code: str, *, system: str, base_url: str, access: Access
) -> Connection:
    name = next(name for known, name, _ in BRIDGES if known == code)
    return connections.save(
        code=system if code == "uk" else f"{system}-{code}",
        name=f"{SYSTEM_NAMES[system]} {name}",
        kind=system,
        mode="sandbox",
        base_url=access.base_url(base_url),
        settings_values=dict(access.settings),
        secrets=dict(access.secrets),
        actor=None,
        now=world.clock.now,
        daily_limit=DAILY_LIMIT,
        refill_per_second=200,
        capacity=1000,
    )


def _unlimited(twin: Twin, switches: Mapping[str, int]) -> None:
    known = {name: value for name, value in switches.items() if name in twin.switches}
    if known:
        twin.set_switches(known)


def _profile(by_hand: Sequence[str], *, is_by_bundle: bool) -> str:
    """BlueCherry's shipped profile with some operations left to people."""
    shipped = resources.files("connectors.profiled.profiles") / "bluecherry-rest.toml"
    text = shipped.read_text(encoding="utf-8")
    for operation in by_hand:
        head = f"[operations.{operation}]"
        text = text.replace(head, f'{head}\nsupport = "manual"')
    return (
        text.replace("[money]", "[money]\ncredits_bundle_parts = false") if is_by_bundle else text
    )


def mapped(world: World, code: str) -> None:
    """Read the ERP's places and items, then map what an admin would; some words stay unmapped."""
    polling.refresh_reference(now=world.clock.now)
    row = world.bridges[code]
    for word, reason_code in names.REASONS:
        _put(row, MappingKind.REASON, word, {"code": reason_code}, world.clock.now)
    for word, bucket in names.DISPOSITIONS:
        value = f"not_restockable/{word}"
        _put(row, MappingKind.DISPOSITION, value, {"bucket": bucket}, world.clock.now)
    for place, _, _ in names.LOCATIONS:
        found = ErpLocation.objects.get(connection=row.erp, name=place)
        target = {"division": found.division, "warehouse": found.code}
        _put(row, MappingKind.LOCATION, place, target, world.clock.now)
    if world.erp_kit(code).check_in(""):
        # Where staff of the ERP check goods in, its own place tells the bucket.
        quarantine = {"bucket": "quarantine"}
        _put(row, MappingKind.DISPOSITION, "place:quarantine", quarantine, world.clock.now)
    if code in TENDERS:
        paid = {"component": "refund", "erp_code": "8"}
        _put(row, MappingKind.FEE, f"tender:{TENDERS[code]}", paid, world.clock.now)
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
