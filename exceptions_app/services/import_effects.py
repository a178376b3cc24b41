"""What many mappings at once would do, before they are saved. Writes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from exceptions_app.choices import MappingKind
from exceptions_app.models import Bridge, Item
from exceptions_app.rules import planning
from exceptions_app.rules.facts import ItemFact, Plan, RmaFacts
from exceptions_app.rules.mapping import normalise
from exceptions_app.selectors import facts as facts_selector
from exceptions_app.selectors import mapping_facts, paging
from exceptions_app.selectors import mappings as mappings_selector
from exceptions_app.services.previews import PLANNED_CAP, Effect, EffectRow, summed

# By normalised value; None stands for a value that is mapped no more.
Targets = Mapping[str, dict[str, str] | None]


def effect(*, bridge: Bridge, kind: str, targets: Targets, now: datetime) -> Effect:
    """What all of `targets` heal, free and newly break together.

    At most PLANNED_CAP returns are planned, the oldest; `touched` says how many there are.
    """
    touched = mappings_selector.touched_by(bridge=bridge, kind=kind, keys=targets.keys())
    shown = list(
        touched.select_related("bridge__erp", "bridge__source", "sales_order", "credit_quote")[
            :PLANNED_CAP
        ]
    )
    count = paging.count(touched) if len(shown) == PLANNED_CAP else len(shown)
    items = _items(bridge, kind, targets)
    rows = []
    for rma in shown:
        facts = facts_selector.for_plan(rma, now=now)
        rows.append(
            EffectRow(
                rma_id=rma.pk,
                label=str(rma),
                before=_types(planning.plan(facts)),
                after=_types(planning.plan(_changed(facts, kind, targets, items))),
                amount=rma.amount_in,
                currency=rma.currency,
            )
        )
    return summed(rows, bridge.currency, count)


def changed(*, facts: RmaFacts, bridge: Bridge, kind: str, targets: Targets) -> RmaFacts:
    """The facts of one return as they would be with all of `targets`."""
    if kind == MappingKind.SKU_ALIAS:
        held = {normalise(line.sku) for line in facts.lines}
        targets = {key: target for key, target in targets.items() if key in held}
    return _changed(facts, kind, targets, _items(bridge, kind, targets))


def _changed(
    facts: RmaFacts, kind: str, targets: Targets, items: Mapping[str, tuple[ItemFact, ...]]
) -> RmaFacts:
    changed = replace(facts, mappings=mapping_facts.changed(facts.mappings, kind, targets))
    if kind != MappingKind.SKU_ALIAS:
        return changed
    lines = tuple(
        replace(line, alias_items=items[normalise(line.sku)])
        if normalise(line.sku) in items
        else line
        for line in facts.lines
    )
    return replace(changed, lines=lines)


def _items(bridge: Bridge, kind: str, targets: Targets) -> dict[str, tuple[ItemFact, ...]]:
    """The items each value would stand for, by normalised value."""
    if kind != MappingKind.SKU_ALIAS:
        return {}
    skus = {key: normalise(target["sku"]) if target else "" for key, target in targets.items()}
    wanted = {*skus.values()} - {""}
    found: dict[str, list[ItemFact]] = {}
    for item in Item.objects.filter(connection=bridge.erp_id, sku_key__in=wanted):
        found.setdefault(item.sku_key, []).append(facts_selector.item_fact(item))
    return {key: tuple(found.get(sku, ())) for key, sku in skus.items()}


def _types(plan: Plan) -> tuple[str, ...]:
    return tuple(sorted(finding.type for finding in plan.told))
