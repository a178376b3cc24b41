"""Every return a mapping touches, planned in the background where the form plans the first fifty.

The act that does it belongs to whoever looks (decision 0020); its figures replace those of the
fifty, on the form while it is open and on the request once it is asked for.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from exceptions_app import errors, jobs
from exceptions_app.choices import BulkKind, BulkState, FixStatus, MappingKind
from exceptions_app.models import Bridge, Bulk, Fix
from exceptions_app.rules import change_words
from exceptions_app.rules.mapping import normalise
from exceptions_app.selectors import mappings as mappings_selector
from exceptions_app.services import bulk_drafts, fix_steps, hindsight
from exceptions_app.services.previews import Effect

# Older figures are of another morning: they are computed again.
FRESH = timedelta(minutes=30)
# What an act keeps: the sign of the change it plans, and its figures once it is through.
SIGN, FIGURES = "whole", "figures"
_LIVE = (BulkState.RUNNING, BulkState.DONE)


@transaction.atomic
def begin(
    *,
    bridge: Bridge,
    kind: str,
    source_value: str,
    payload: dict[str, Any],
    actor: User,
    now: datetime,
) -> Bulk | None:
    """The actor's own act of this very change, started now unless it is; None for no mapping.

    What the same person began for another answer to the same question, and did not ask for, stops.
    """
    if kind not in MappingKind.values:
        return None
    sign = _sign(bridge, kind, source_value, payload)
    own = Bulk.objects.filter(
        asked_by=actor, kind=BulkKind.PREVIEW, frozen_at__gte=now - FRESH, given__has_key=SIGN
    )
    found = own.filter(state__in=_LIVE, given__whole=sign).order_by("-pk").first()
    if found is not None:
        return found
    left = own.filter(state=BulkState.RUNNING, given__bridge=bridge.pk, given__kind=kind)
    left = left.filter(given__source_value=source_value).exclude(given__has_key="fix")
    left.update(state=BulkState.STOPPED, ended_at=now)
    change = hindsight.of_mapping(kind=kind, source_value=source_value, payload=payload)
    touched = mappings_selector.touched_by(bridge=bridge, kind=kind, keys={normalise(source_value)})
    given = {SIGN: sign, "bridge": bridge.pk, **change}
    words = change_words.sentence(kind, source_value, payload)
    try:
        with transaction.atomic():
            bulk = bulk_drafts.tried_on(touched, given, words, 0, actor, now)
    except errors.InvalidChoice:
        return None
    bulk.state, bulk.started_at, bulk.not_before = BulkState.RUNNING, now, now
    bulk.save(update_fields=["state", "started_at", "not_before"])
    jobs.nudge("bulk")
    return bulk


def attach(*, fix: Fix, found: Effect | None, actor: User, now: datetime) -> None:
    """Let the request be told the exact figures, at once or when they are there.

    Called in the transaction that asks or edits. Costs nothing where all returns were planned.
    """
    if found is None or not found.is_partial:
        return
    bulk = begin(
        bridge=fix.bridge,
        kind=fix.kind,
        source_value=fix.source_value,
        payload=fix.payload,
        actor=actor,
        now=now,
    )
    if bulk is None:
        return
    bulk = Bulk.objects.select_for_update().get(pk=bulk.pk)
    bulk.given["fix"] = fix.pk
    bulk.save(update_fields=["given"])
    fix.effect = {**fix.effect, SIGN: bulk.pk, **_stored(bulk.given.get(FIGURES, {}))}
    fix.save(update_fields=["effect"])


def end(*, bulk: Bulk) -> None:
    """Keep the figures with an act that is through. Called in the transaction that ends it."""
    if SIGN not in bulk.given:
        return
    bulk.given[FIGURES] = _figures(bulk)
    bulk.save(update_fields=["given"])


@transaction.atomic
def tell(*, bulk_id: int) -> None:
    """Write the figures of an act that ended onto its request, while that waits unchanged."""
    given = Bulk.objects.values_list("given", flat=True).get(pk=bulk_id)
    if "fix" not in given or FIGURES not in given:
        return
    fix = fix_steps.lock(given["fix"])
    sign = _sign(fix.bridge, fix.kind, fix.source_value, fix.payload)
    if fix.status == FixStatus.REQUESTED and sign == given.get(SIGN):
        fix.effect = {**fix.effect, **_stored(given[FIGURES])}
        fix.save(update_fields=["effect"])


def exact(effect: Effect, bulk: Bulk | None) -> Effect:
    """The effect with the figures of all returns, once they are planned; as it is before."""
    figures = bulk.given.get(FIGURES) if bulk is not None else None
    if not figures:
        return effect
    return replace(effect, **{**figures, "freed": Decimal(figures["freed"])})


def _stored(figures: dict[str, Any]) -> dict[str, Any]:
    """The figures as `Effect.as_json` names them."""
    return {**figures, "is_idle": figures["all_idle"]} if figures else {}


def _sign(bridge: Bridge, kind: str, source_value: str, payload: dict[str, Any]) -> str:
    return f"{bridge.pk}:{fix_steps.payload_hash(kind, source_value, payload)}"


def _figures(bulk: Bulk) -> dict[str, Any]:
    """The figures of an `Effect` over every row, as they are kept with it."""
    currency = Bridge.objects.values_list("currency", flat=True).get(pk=bulk.given["bridge"])
    rows = [row for row in bulk.rows.values_list("before", flat=True) if row]
    healed = [row for row in rows if row["was"] and not row["will"]]
    freed = [Decimal(row["amount"]) for row in healed if _frees(row, currency)]
    return {
        "healed_cases": sum(max(row["was"] - row["will"], 0) for row in rows),
        "healed_returns": len(healed),
        "freed": str(sum(freed, Decimal(0))),
        "still_blocked": sum(1 for row in rows if row["will"]),
        "newly_broken": sum(1 for row in rows if row["breaks"]),
        "all_idle": bool(rows) and all(row["idle"] for row in rows),
        "currency": currency,
        "planned": len(rows),
        # Counted as they were frozen, not up to where a list stops counting; one more stands for
        # those beyond the most that are planned.
        "touched": bulk.count + (1 if bulk.words.endswith(bulk_drafts.MORE) else 0),
    }


def _frees(row: dict[str, Any], currency: str) -> bool:
    return not row["rests"] and row["currency"] == currency
