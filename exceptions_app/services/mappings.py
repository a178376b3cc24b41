"""Versions of mappings: a row is never edited, a change is a new version, history stays."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Max, QuerySet

from exceptions_app import errors
from exceptions_app.choices import MappingKind, MappingStatus
from exceptions_app.models import Bridge, ErpLocation, Item, Mapping, MappingImport
from exceptions_app.rules import mapping as mapping_rules
from exceptions_app.rules.mapping import normalise
from exceptions_app.selectors import facts as facts_selector
from exceptions_app.selectors import mappings as mappings_selector
from exceptions_app.services import alias_days, audit, rmas

# What a person may write for a choice, lower case, and the code it stands for.
CHOICE_WORDS: dict[str, dict[str, str]] = {
    kind: {
        written.casefold(): code
        for code, label in mapping_rules.TARGET_CHOICES[name]
        for written in (label, code)
    }
    for kind, name in ((MappingKind.DISPOSITION, "bucket"), (MappingKind.STATUS, "axis"))
}


@dataclass(frozen=True, slots=True)
class Known:
    """What the ERP has of the codes that many targets name, read in one go."""

    items: dict[str, list[Item]] = field(default_factory=dict)  # by normalised SKU
    locations: dict[tuple[str, str], ErpLocation] = field(default_factory=dict)
    location_words: str = ""
    # The only warehouses goods may be booked to first; empty where the policy names none.
    first_warehouses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """One mapping of many that are put in force together; `target` is clean."""

    source_value: str
    target: dict[str, str]
    reason: str


def known_of(*, bridge: Bridge, kind: str, targets: Iterable[dict[str, Any]]) -> Known:
    """Read once what `clean_target` needs for all of `targets`."""
    if kind == MappingKind.SKU_ALIAS:
        keys = {normalise(str(target.get("sku", ""))) for target in targets} - {""}
        found: dict[str, list[Item]] = {}
        for item in Item.objects.filter(connection=bridge.erp, sku_key__in=keys):
            found.setdefault(item.sku_key, []).append(item)
        return Known(items=found)
    if kind == MappingKind.LOCATION:
        rows = list(ErpLocation.objects.filter(connection=bridge.erp, is_active=True))
        words = ", ".join(str(row) for row in rows[:8])
        pairs = {(row.division, row.code): row for row in rows}
        policy = facts_selector.policy_of(bridge)
        first = policy.returns_warehouses if policy.first_bucket == "quarantine" else ()
        return Known(locations=pairs, location_words=words, first_warehouses=first)
    return Known()


def clean_target(
    *,
    bridge: Bridge,
    kind: str,
    source_value: str,
    target: dict[str, Any],
    known: Known | None = None,
) -> dict[str, str]:
    """The target as stored, checked against what the ERP really has.

    Give `known` when many are checked, so that the ERP's copies are read once.

    Raises:
        InvalidChoice: says which value is not usable and what would be.
    """
    if not normalise(source_value):
        raise errors.InvalidChoice("Say which value is to be mapped.")
    if len(source_value) > 200:
        raise errors.InvalidChoice("A value to be mapped has at most 200 characters.")
    clean = {name: str(value).strip() for name, value in target.items()}
    if mapping_rules.is_withdrawal(clean):
        return _clean_withdrawal(bridge, kind, source_value)
    if known is None:
        known = known_of(bridge=bridge, kind=kind, targets=[clean])
    checks = {
        MappingKind.SKU_ALIAS: _clean_sku,
        MappingKind.LOCATION: _clean_location,
        MappingKind.DISPOSITION: _clean_bucket,
        MappingKind.REASON: _clean_reason,
        MappingKind.STATUS: _clean_status,
        MappingKind.VAT: _clean_vat,
        MappingKind.FEE: _clean_fee,
    }
    return checks[MappingKind(kind)](bridge.erp.name, source_value, clean, known)


@transaction.atomic
def propose(
    *,
    bridge: Bridge,
    kind: str,
    source_value: str,
    target: dict[str, Any],
    actor: User | None,
    reason: str,
    now: datetime,
) -> Mapping:
    """Write the next version as proposed; the active one stays in force until `activate`."""
    clean = clean_target(bridge=bridge, kind=kind, source_value=source_value, target=target)
    Bridge.objects.select_for_update(no_key=True).get(pk=bridge.pk)
    latest = _versions(bridge, kind, source_value).order_by("-version").first()
    return Mapping.objects.create(
        bridge=bridge,
        kind=kind,
        source_value=" ".join(source_value.split()),
        source_key=normalise(source_value),
        target=clean,
        version=latest.version + 1 if latest else 1,
        status=MappingStatus.PROPOSED,
        reason=reason[:300],
        created_by=audit.name_of(actor),
        created_at=now,
    )


@transaction.atomic
def activate(*, mapping: Mapping, actor: User | None, now: datetime) -> Mapping:
    """Put a proposed version in force; the one before it is kept as replaced.

    A version that maps its value no more ends by that: nothing is in force afterwards.
    """
    is_over = mapping_rules.is_withdrawal(mapping.target)
    current = _active(mapping)
    if current is not None:
        current.status = MappingStatus.WITHDRAWN if is_over else MappingStatus.SUPERSEDED
        current.ended_at = now
        current.save(update_fields=["status", "ended_at"])
    mapping.status = MappingStatus.WITHDRAWN if is_over else MappingStatus.ACTIVE
    mapping.activated_at = now
    mapping.ended_at = now if is_over else None
    mapping.approved_by = audit.name_of(actor)
    mapping.save(update_fields=["status", "activated_at", "ended_at", "approved_by"])
    audit.record(
        actor=actor,
        act="mapping.activate",
        subject=mapping,
        text=f"{mapping}: mapped no more" if is_over else f"{mapping} is in force",
        now=now,
        before=current.target if current else None,
        after=None if is_over else mapping.target,
    )
    wake(mapping=mapping, now=now)
    return mapping


@transaction.atomic
def withdraw(*, mapping: Mapping, actor: User | None, now: datetime, why: str) -> Mapping:
    """Take a version back; if it was in force, the one before it is in force again."""
    is_over = mapping_rules.is_withdrawal(mapping.target)
    was_active = mapping.activated_at is not None if is_over else _is_active(mapping)
    mapping.status = MappingStatus.WITHDRAWN
    mapping.ended_at = now
    mapping.save(update_fields=["status", "ended_at"])
    previous = None
    if was_active and is_over:
        previous = _ended_by(mapping)
    elif was_active:
        previous = mappings_selector.versions_before([mapping]).get(mapping.pk)
    if previous is not None:
        previous.status = MappingStatus.ACTIVE
        previous.ended_at = None
        previous.save(update_fields=["status", "ended_at"])
    audit.record(
        actor=actor,
        act="mapping.withdraw",
        subject=mapping,
        text=f"{mapping} taken back: {why}",
        now=now,
        before=None if is_over else mapping.target,
        after=previous.target if previous else None,
    )
    if was_active:
        wake(mapping=mapping, now=now)
    return mapping


@transaction.atomic
def put_in_force(
    *,
    bridge: Bridge,
    kind: str,
    entries: Sequence[Entry],
    actor: User,
    now: datetime,
    file: MappingImport | None = None,
) -> list[Mapping]:
    """Put the next version of many mappings in force in a fixed number of queries.

    The caller has checked every target, holds the bridge's row, and writes the one audit entry of
    the whole; each version carries who, when and why itself.
    """
    values = {normalise(entry.source_value) for entry in entries}
    rows = Mapping.objects.filter(bridge=bridge, kind=kind, source_key__in=values)
    latest = dict(
        rows.order_by()
        .values("source_key")
        .annotate(last=Max("version"))
        .values_list("source_key", "last")
    )
    rows.filter(status=MappingStatus.ACTIVE).update(status=MappingStatus.SUPERSEDED, ended_at=now)
    name = audit.name_of(actor)
    made = Mapping.objects.bulk_create(
        [
            Mapping(
                bridge=bridge,
                kind=kind,
                source_value=" ".join(entry.source_value.split()),
                source_key=normalise(entry.source_value),
                target=entry.target,
                version=latest.get(normalise(entry.source_value), 0) + 1,
                status=MappingStatus.ACTIVE,
                reason=entry.reason[:300],
                created_by=name,
                created_at=now,
                approved_by=name,
                activated_at=now,
                file=file,
            )
            for entry in entries
        ],
        batch_size=1_000,
    )
    touched = mappings_selector.touched_by(bridge=bridge, kind=kind, keys=values)
    rmas.make_due(rma_ids=list(touched.values_list("pk", flat=True)), now=now)
    return made


def put_back(*, rows: Sequence[tuple[Mapping, Mapping | None]], now: datetime) -> None:
    """Take many versions of one kind out of force and put those before them back in force.

    The caller holds the bridge's row and writes the one audit entry of the whole.

    Raises:
        MappingChanged: one of them is not in force any more, or its earlier one is.
    """
    going = Mapping.objects.filter(pk__in=[row.pk for row, _ in rows], status=MappingStatus.ACTIVE)
    gone = going.update(status=MappingStatus.WITHDRAWN, ended_at=now)
    earlier = [before.pk for _, before in rows if before is not None]
    again = Mapping.objects.filter(pk__in=earlier, status=MappingStatus.SUPERSEDED)
    if (gone, again.update(status=MappingStatus.ACTIVE, ended_at=None)) != (
        len(rows),
        len(earlier),
    ):
        raise errors.MappingChanged("Nothing was changed: the mappings changed meanwhile.")
    first = rows[0][0]
    touched = mappings_selector.touched_by(
        bridge=first.bridge, kind=first.kind, keys={row.source_key for row, _ in rows}
    )
    rmas.make_due(rma_ids=list(touched.values_list("pk", flat=True)), now=now)


def wake(*, mapping: Mapping, now: datetime) -> int:
    """Every return that waits on this value is planned again; returns how many."""
    ids = mappings_selector.touched_by(
        bridge=mapping.bridge, kind=mapping.kind, keys={mapping.source_key}
    ).values_list("pk", flat=True)
    return rmas.make_due(rma_ids=list(ids), now=now)


def _versions(bridge: Bridge, kind: str, source_value: str) -> QuerySet[Mapping]:
    return Mapping.objects.filter(bridge=bridge, kind=kind, source_key=normalise(source_value))


def _active(mapping: Mapping) -> Mapping | None:
    return (
        _versions(mapping.bridge, mapping.kind, mapping.source_value)
        .select_for_update()
        .filter(status=MappingStatus.ACTIVE)
        .exclude(pk=mapping.pk)
        .first()
    )


def _ended_by(mapping: Mapping) -> Mapping | None:
    """The version that a withdrawal took out of force, at its own moment."""
    rows = _versions(mapping.bridge, mapping.kind, mapping.source_value)
    return rows.filter(
        version__lt=mapping.version,
        status=MappingStatus.WITHDRAWN,
        ended_at=mapping.activated_at,
    ).first()


def _is_active(mapping: Mapping) -> bool:
    return mapping.status == MappingStatus.ACTIVE


def _clean_withdrawal(bridge: Bridge, kind: str, source_value: str) -> dict[str, str]:
    if mappings_selector.in_force(bridge=bridge, kind=kind, value=source_value) is None:
        raise errors.InvalidChoice("Nothing is in force for this value.")
    return dict(mapping_rules.NO_MORE)


def _clean_sku(erp: str, source_value: str, target: dict[str, str], known: Known) -> dict[str, str]:
    sku = target.get("sku", "")
    if sku.casefold() == mapping_rules.NO_ITEM:
        return {"sku": mapping_rules.NO_ITEM, **alias_days.clean(target)}
    rows = known.items.get(normalise(sku), [])
    if not sku or not rows:
        raise errors.InvalidChoice(
            f"{sku or 'An empty SKU'} is not in the item master of {erp}. "
            "Choose an item from the list, or create it in the ERP first."
        )
    if not any(row.is_active for row in rows):
        raise errors.InvalidChoice(f"{rows[0].sku} is inactive in {erp}.")
    if normalise(sku) == normalise(source_value):
        raise errors.InvalidChoice("An SKU cannot stand for itself.")
    return {"sku": rows[0].sku, **alias_days.clean(target)}


def _clean_location(
    erp: str, source_value: str, target: dict[str, str], known: Known
) -> dict[str, str]:
    pair = known.locations.get((target.get("division", ""), target.get("warehouse", "")))
    if pair is None:
        raise errors.InvalidChoice(
            f"{erp} has no active pair of division {target.get('division') or '—'} and "
            f"warehouse {target.get('warehouse') or '—'}. "
            f"It has: {known.location_words or 'none read yet'}."
        )
    if known.first_warehouses and pair.code not in known.first_warehouses:
        raise errors.InvalidChoice(
            f"{pair.code} may ship to customers. Until they are inspected, goods of this bridge go"
            f" to {' or '.join(known.first_warehouses)}."
        )
    return {"division": pair.division, "warehouse": pair.code}


def _clean_bucket(
    erp: str, source_value: str, target: dict[str, str], known: Known
) -> dict[str, str]:
    return {"bucket": _chosen("bucket", target)}


def _clean_reason(
    erp: str, source_value: str, target: dict[str, str], known: Known
) -> dict[str, str]:
    code = target.get("code", "")
    if not code or len(code) > 20:
        raise errors.InvalidChoice("Give the ERP's reason code, at most 20 characters.")
    return {"code": code}


def _clean_status(
    erp: str, source_value: str, target: dict[str, str], known: Known
) -> dict[str, str]:
    return {"axis": _chosen("axis", target)}


def _clean_vat(erp: str, source_value: str, target: dict[str, str], known: Known) -> dict[str, str]:
    return {"treatment": _chosen("treatment", target)}


def _clean_fee(erp: str, source_value: str, target: dict[str, str], known: Known) -> dict[str, str]:
    component = _chosen("component", target)
    code = target.get("erp_code", "")
    if len(code) > 20:
        raise errors.InvalidChoice("A charge code has at most 20 characters.")
    return {"component": component, "erp_code": code}


def _chosen(name: str, target: dict[str, str]) -> str:
    words = dict(mapping_rules.TARGET_CHOICES[name])
    code = target.get(name, "")
    if code not in words:
        raise errors.InvalidChoice(f"Choose one of: {', '.join(words.values())}.")
    return code
