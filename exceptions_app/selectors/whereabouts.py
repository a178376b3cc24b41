"""Where the goods of returns are in the ERP's own terms, and whose they were: for rules that ask.

A return's platform names a place or none; what that is in the ERP is what its mapping says, as the
plan reads it (`rules.resolving.depot_value`). Nothing tells a brand.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass

from exceptions_app.choices import FixKind, FixStatus
from exceptions_app.models import Bridge, ErpLocation, ErpReceipt, Fix, Rma, RmaLine
from exceptions_app.rules import mapping, resolving
from exceptions_app.rules.facts import LocationTarget
from exceptions_app.selectors import facts as facts_selector
from exceptions_app.selectors import mapping_facts


@dataclass(frozen=True, slots=True)
class Where:
    """`places` are ids of the ERP's warehouses, of goods of several all; `division` is that of the
    original order, "" where none is known."""

    places: frozenset[int]
    division: str


def of_returns(rma_ids: Collection[int]) -> dict[int, Where]:
    """By return; seven queries, however many there are."""
    rows = Rma.objects.filter(pk__in=rma_ids).order_by()
    known = list(rows.values_list("pk", "bridge", "sales_order__division"))
    bridges = Bridge.objects.in_bulk({bridge_id for _, bridge_id, _ in known})
    erps = {bridge.erp_id for bridge in bridges.values()}
    codes: dict[tuple[int, str], set[int]] = defaultdict(set)
    pairs: dict[tuple[int, str, str], int] = {}
    for place in ErpLocation.objects.filter(connection__in=erps):
        codes[place.connection_id, place.code].add(place.pk)
        pairs[place.connection_id, place.division, place.code] = place.pk
    going = _going(rma_ids, {pk: bridges[bridge_id] for pk, bridge_id, _ in known})
    found: dict[int, set[int]] = defaultdict(set)
    for rma_id, erp, target in going:
        found[rma_id] |= {pairs.get((erp, target.division, target.warehouse), 0)} - {0}
    received = ErpReceipt.objects.filter(rma__in=rma_ids).order_by()
    for rma_id, erp, code in received.values_list("rma", "connection", "warehouse"):
        found[rma_id or 0] |= codes.get((erp, code), set())
    return {pk: Where(frozenset(found[pk]), division or "") for pk, _, division in known}


def _going(
    rma_ids: Collection[int], bridges: dict[int, Bridge]
) -> list[tuple[int, int, LocationTarget]]:
    """Return, ERP and pair of each line whose place leads to one."""
    policies = {bridge.pk: facts_selector.policy_of(bridge) for bridge in bridges.values()}
    tables = mapping_facts.by_bridge((pk, ()) for pk in policies)
    by_hand = dict(
        Fix.objects.filter(
            rma__in=rma_ids,
            kind=FixKind.SET_LOCATION,
            status__in=(FixStatus.HELD, FixStatus.APPLIED),
        )
        .order_by("pk")
        .values_list("rma", "payload__location")
    )
    lines = RmaLine.objects.filter(rma__in=rma_ids).order_by()
    found = []
    for rma_id, place, reason in lines.values_list("rma", "location", "reason").distinct():
        bridge = bridges[rma_id]
        value = resolving.depot_value(
            place=place.strip() or str(by_hand.get(rma_id) or "").strip(),
            reason=reason,
            depot_by=policies[bridge.pk].depot_by,
            mappings=tables[bridge.pk],
        )
        target = mapping.location(tables[bridge.pk], value) if value else None
        if target is not None:
            found.append((rma_id, bridge.erp_id, target))
    return found
