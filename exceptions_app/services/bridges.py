"""Set up a bridge: a returns source and an ERP, with a preset's policy and mapping rows."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import available_timezones

from django.contrib.auth.models import User
from django.db import transaction

from exceptions_app import errors
from exceptions_app.choices import MappingKind, MappingStatus
from exceptions_app.models import Bridge, Connection, Mapping
from exceptions_app.rules import policy as policies
from exceptions_app.rules.mapping import normalise
from exceptions_app.selectors import setup as setup_selector
from exceptions_app.selectors.mapping_facts import TARGET_FIELD
from exceptions_app.services import audit, connections, rmas


@transaction.atomic
def create(
    *,
    code: str,
    name: str,
    source: Connection,
    erp: Connection,
    preset: str,
    currency: str,
    timezone_name: str,
    policy: dict[str, Any],
    actor: User | None,
    now: datetime,
    storefront: Connection | None = None,
) -> Bridge:
    """Make the bridge and the preset's mapping rows; what is customer specific stays unmapped.

    Raises:
        InvalidChoice: the preset or the time zone is not known, a connection cannot stand where
            it is put, or a policy value is not one of its options.
    """
    if preset not in policies.PRESETS:
        raise errors.InvalidChoice(f"Choose a preset: {', '.join(sorted(policies.PRESETS))}.")
    _check_zone(timezone_name)
    _check_role(source, connections.SOURCE, "a returns platform")
    _check_role(erp, connections.ERP, "an ERP")
    _check_shop(storefront)
    check_policy(preset, policy)
    bridge = Bridge.objects.create(
        code=code,
        name=name,
        source=source,
        erp=erp,
        storefront=storefront,
        preset=preset,
        policy=policy,
        currency=currency,
        timezone=timezone_name,
    )
    for row in policies.PRESETS[preset].mappings:
        Mapping.objects.create(
            bridge=bridge,
            kind=row.kind,
            source_value=row.source_value,
            source_key=normalise(row.source_value),
            target={TARGET_FIELD[MappingKind(row.kind)]: row.target},
            version=1,
            status=MappingStatus.ACTIVE,
            reason=f"Preset {preset}",
            created_by=audit.name_of(actor),
            created_at=now,
            activated_at=now,
        )
    audit.record(
        actor=actor,
        act="bridge.create",
        subject=bridge,
        text=f"{name} set up from {policies.PRESETS[preset].label}",
        now=now,
        after={"policy": policy, "storefront": storefront.code if storefront else ""},
    )
    return bridge


@transaction.atomic
def change_policy(
    *,
    bridge_id: int,
    policy: dict[str, Any],
    actor: User,
    now: datetime,
    reason: str,
    seen: dict[str, Any] | None = None,
) -> Bridge:
    """Replace the bridge's own policy values and plan its open returns again.

    `seen` are the values the actor was shown; None when nothing was shown.

    Raises:
        InvalidChoice: a value is not allowed, no reason is given, nothing changes, or the values
            are not those shown.
    """
    if not reason.strip():
        raise errors.InvalidChoice("Say why, so that the next person understands the change.")
    bridge = Bridge.objects.select_for_update().get(pk=bridge_id)
    check_policy(bridge.preset, policy)
    before = bridge.policy
    if seen is not None and seen != before:
        raise errors.InvalidChoice(
            "Nothing was changed: somebody else changed the policy since you opened it. "
            "What your values would change now is shown."
        )
    if policy == before:
        raise errors.InvalidChoice("Nothing was changed: these are the values in force already.")
    bridge.policy = policy
    bridge.save(update_fields=["policy"])
    audit.record(
        actor=actor,
        act="bridge.policy",
        subject=bridge,
        text=f"Policy of {bridge.name} changed: {reason.strip()}",
        now=now,
        before=before,
        after=policy,
    )
    rmas.make_due(rma_ids=setup_selector.open_return_ids(bridge), now=now)
    return bridge


@transaction.atomic
def change(
    *,
    bridge_id: int,
    name: str,
    timezone_name: str,
    is_active: bool,
    storefront: Connection | None,
    actor: User,
    now: datetime,
    reason: str,
    seen: dict[str, Any],
) -> Bridge:
    """Change what a bridge is called, the zone of its windows and days, its shop, and its use.

    Its open returns are planned again, since days and windows follow the zone. `seen` is the
    `state` the actor was shown.

    Raises:
        InvalidChoice: the zone is not known, the shop is none, no reason is given, nothing
            changes, or the bridge is not as shown.
    """
    if not reason.strip():
        raise errors.InvalidChoice("Say why, so that the next person understands the change.")
    _check_zone(timezone_name)
    _check_shop(storefront)
    bridge = Bridge.objects.select_for_update().get(pk=bridge_id)
    before = state(bridge)
    if seen != before:
        raise errors.InvalidChoice(
            "Nothing was changed: somebody else changed the bridge since you opened it. "
            "Compare your values with those in force, then save again."
        )
    bridge.name, bridge.timezone, bridge.is_active = name, timezone_name, is_active
    bridge.storefront = storefront
    after = state(bridge)
    if after == before:
        raise errors.InvalidChoice("Nothing was changed: these are the values in force already.")
    bridge.save(update_fields=["name", "timezone", "is_active", "storefront"])
    audit.record(
        actor=actor,
        act="bridge.change",
        subject=bridge,
        text=f"{name} changed: {reason.strip()}",
        now=now,
        before=before,
        after=after,
    )
    rmas.make_due(rma_ids=setup_selector.open_return_ids(bridge), now=now)
    return bridge


def state(bridge: Bridge) -> dict[str, Any]:
    """What `change` may change."""
    return {
        "name": bridge.name,
        "timezone": bridge.timezone,
        "is_active": bridge.is_active,
        "storefront": bridge.storefront.code if bridge.storefront else "",
    }


def _check_zone(name: str) -> None:
    if name not in available_timezones():
        raise errors.InvalidChoice(f"{name} is no time zone. Choose one such as Europe/London.")


def _check_role(connection: Connection, role: str, what: str) -> None:
    if connection.kind not in connections.codes_of(role):
        raise errors.InvalidChoice(f"{connection.name} is not {what}.")


def _check_shop(connection: Connection | None) -> None:
    if connection is not None:
        _check_role(connection, connections.STOREFRONT, "a shop")


def check_policy(preset: str, policy: dict[str, Any]) -> None:
    """Raises InvalidChoice, naming the option and what would do."""
    try:
        policies.parse({**policies.PRESETS[preset].policy, **policy})
    except ValueError as error:
        raise errors.InvalidChoice(str(error)) from error
