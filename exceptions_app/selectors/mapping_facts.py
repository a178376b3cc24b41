"""The mappings in force of a bridge, read from rows into what the rules look them up in."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Mapping as Table
from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Q

from exceptions_app.choices import MappingKind, MappingStatus
from exceptions_app.models import Bridge, Mapping
from exceptions_app.rules import sale_days
from exceptions_app.rules.change_words import DAYS
from exceptions_app.rules.facts import FeeTarget, LocationTarget, Mappings
from exceptions_app.rules.sale_days import Days
from exceptions_app.selectors import fact_rows

# By normalised value; None stands for a value that is mapped no more.
Targets = Table[str, dict[str, Any] | None]
# The one field of a mapping target that has one; locations and fees have two.
TARGET_FIELD = {
    MappingKind.SKU_ALIAS: "sku",
    MappingKind.DISPOSITION: "bucket",
    MappingKind.REASON: "code",
    MappingKind.STATUS: "axis",
    MappingKind.VAT: "treatment",
}


def of_bridge(bridge: Bridge, *, sku_keys: Iterable[str] | None = None) -> Mappings:
    """Active mappings of a bridge by normalised source value; SKU aliases only of `sku_keys`."""
    if sku_keys is None:
        return by_bridge([(bridge.pk, None)])[bridge.pk]
    return _tables([bridge.pk], fact_rows.MAPPED.rows(bridge=bridge.pk, keys=list(set(sku_keys))))[
        bridge.pk
    ]


def by_bridge(
    sku_keys: Iterable[tuple[int, Iterable[str] | None]],
) -> dict[int, Mappings]:
    """`of_bridge` for several bridges by id, each with its own keys; one query for all."""
    asked = dict(sku_keys)
    wanted = Q(pk__in=())
    for pk, keys in asked.items():
        of_bridge = Q(bridge=pk)
        if keys is not None:
            of_bridge &= ~Q(kind=MappingKind.SKU_ALIAS) | Q(source_key__in=set(keys))
        wanted |= of_bridge
    rows = Mapping.objects.filter(wanted, status=MappingStatus.ACTIVE)
    return _tables(asked, rows.values_list(*fact_rows.OF_MAPPING))


def _tables(bridges: Iterable[int], rows: Iterable[tuple[Any, ...]]) -> dict[int, Mappings]:
    """Rows of `fact_rows.OF_MAPPING` as mappings by bridge."""
    tables: dict[int, dict[str, Any]] = {
        pk: {kind: {} for kind in MappingKind.values} for pk in bridges
    }
    versions: dict[int, dict[str, int]] = {pk: {} for pk in tables}
    days: dict[int, dict[str, Days]] = {pk: {} for pk in tables}
    for pk, kind, key, target, version in rows:
        tables[pk][kind][key] = target_of(kind, target)
        versions[pk][f"{kind}:{key}"] = version
        if kind == MappingKind.SKU_ALIAS and has_days(target):
            days[pk][key] = days_of(target)
    return {pk: Mappings(**tables[pk], versions=versions[pk], sku_days=days[pk]) for pk in tables}


def has_days(target: dict[str, Any]) -> bool:
    return any(name in target for name in DAYS)


def days_of(target: dict[str, Any]) -> Days:
    """When a stored alias answers."""
    since, until = (sale_days.parsed(str(target.get(name, ""))) for name in DAYS)
    return Days(since, until)


def changed(mappings: Mappings, kind: str, targets: Targets) -> Mappings:
    """The mappings as they would be with these targets of one kind."""
    table, days = dict(getattr(mappings, kind)), dict(mappings.sku_days)
    for key, target in targets.items():
        table.pop(key, None)
        if kind == MappingKind.SKU_ALIAS:
            days.pop(key, None)
        if target is None:
            continue
        table[key] = target_of(kind, target)
        if kind == MappingKind.SKU_ALIAS and has_days(target):
            days[key] = days_of(target)
    changes: dict[str, Any] = {kind: table, "sku_days": days}
    return replace(mappings, **changes)


def at_sale(mappings: Mappings, *, ordered_at: datetime, bridge: Bridge) -> Mappings:
    """The mappings as they answer for an order placed then, by the day where the books are."""
    return replace(mappings, sold_on=ordered_at.astimezone(ZoneInfo(bridge.timezone)).date())


def target_of(kind: str, target: dict[str, Any]) -> Any:
    """A stored mapping target as the rules want it."""
    if kind == MappingKind.LOCATION:
        return LocationTarget(division=target["division"], warehouse=target["warehouse"])
    if kind == MappingKind.FEE:
        return FeeTarget(component=target["component"], erp_code=target.get("erp_code", ""))
    return target[TARGET_FIELD[MappingKind(kind)]]
