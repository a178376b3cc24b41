"""How much of what returns say is mapped: coverage, the unknown values, and what they may mean."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, Min, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from exceptions_app.choices import CASE_OPEN, MappingKind, MappingStatus
from exceptions_app.models import Bridge, Case, CaseCount, Item, Mapping, RmaLine, SalesOrderLine
from exceptions_app.rules import matching
from exceptions_app.rules.mapping import normalise
from exceptions_app.selectors import came_as, counts, paging, seen_values
from exceptions_app.selectors import cases as cases_selector
from exceptions_app.selectors import facts as facts_selector
from exceptions_app.selectors import mappings as mappings_selector
from exceptions_app.selectors.grouping import REFUND_STATUS
from exceptions_app.selectors.sums import Amount, per_currency

# The exception that says a value of the kind is not mapped.
UNKNOWN_TYPES: dict[str, str] = {
    MappingKind.SKU_ALIAS: "SKU_UNKNOWN",
    MappingKind.DISPOSITION: "DISPOSITION_UNMAPPED",
    MappingKind.REASON: "REASON_UNMAPPED",
    MappingKind.LOCATION: "WAREHOUSE_UNMAPPED",
    MappingKind.STATUS: "STATUS_UNMAPPED",
    MappingKind.VAT: "VAT_SETTING",
    MappingKind.FEE: "COMPONENT_MISSING",
}
# The same of values that stand among a kind's own: means of payment, places of the ERP.
_BESIDE: dict[str, str] = {
    "TENDER_UNMAPPED": MappingKind.FEE,
    "PLACE_UNMAPPED": MappingKind.DISPOSITION,
}
UNKNOWN_SHOWN = 50
_STEMS = 200


@dataclass(frozen=True, slots=True)
class KindCoverage:
    """`seen` and `known` count distinct values of the latest returns; `waiting_*` open
    exceptions. `waiting_returns` stop at paging.COUNT_CAP + 1."""

    bridge_id: int
    kind: str
    label: str
    active: int
    seen: int
    known: int
    waiting_values: int
    waiting_returns: int
    values: tuple[Amount, ...]

    @property
    def returns_shown(self) -> str:
        return paging.shown(self.waiting_returns)

    @property
    def unknown(self) -> int:
        return self.seen - self.known

    @property
    def type(self) -> str:
        """The exceptions of the values that wait."""
        return UNKNOWN_TYPES[self.kind]


@dataclass(frozen=True, slots=True)
class BridgeCoverage:
    bridge: Bridge
    kinds: tuple[KindCoverage, ...]


@dataclass(slots=True)
class Unknown:
    """A value nobody mapped. `returns` wait for it, with `values` at risk; both may be zero.

    `mixed` says of an SKU that came back as more than one thing.
    """

    value: str
    returns: int
    values: tuple[Amount, ...]
    seen_in: int = 0
    group_id: int | None = None
    asked_by: str = ""
    fix_id: int | None = None
    suggestions: tuple[matching.Suggestion, ...] = field(default=())
    mixed: str = ""


def coverage(bridges: Sequence[Bridge]) -> tuple[BridgeCoverage, ...]:
    """Per bridge and kind: how much of what returns say is mapped. Four queries in all.

    One more where texts beyond plain letters were seen, and one where a status is not mapped.
    """
    ids = [bridge.pk for bridge in bridges]
    active = {
        (row["bridge"], row["kind"]): row["count"]
        for row in Mapping.objects.filter(bridge__in=ids, status=MappingStatus.ACTIVE)
        .order_by()
        .values("bridge", "kind")
        .annotate(count=Count("id"))
    }
    seen = seen_values.counts(bridges)
    waiting = _waiting(bridges)
    return tuple(
        BridgeCoverage(
            bridge,
            tuple(
                _coverage_of(bridge.pk, kind, active, seen, waiting) for kind in MappingKind.values
            ),
        )
        for bridge in bridges
    )


def _coverage_of(
    bridge_id: int,
    kind: str,
    active: dict[tuple[int, str], int],
    seen: dict[tuple[int, str], tuple[int, int]],
    waiting: dict[tuple[int, str], _Waiting],
) -> KindCoverage:
    waits = waiting.get((bridge_id, kind), _NONE)
    found, known = seen.get((bridge_id, kind), (0, 0))
    return KindCoverage(
        bridge_id=bridge_id,
        kind=kind,
        label=MappingKind(kind).label,
        active=active.get((bridge_id, kind), 0),
        seen=found,
        known=known,
        waiting_values=waits.causes,
        waiting_returns=waits.returns,
        values=waits.values,
    )


@dataclass(frozen=True, slots=True)
class _Waiting:
    """Open exceptions of one bridge and kind, put off or not."""

    causes: int
    returns: int
    values: tuple[Amount, ...]


_NONE = _Waiting(0, 0, ())


def _waiting(bridges: Collection[Bridge]) -> dict[tuple[int, str], _Waiting]:
    codes = {bridge.pk: bridge.code for bridge in bridges}
    kinds = {code: kind for kind in UNKNOWN_TYPES for code in _types_of(kind)}
    rows = (
        CaseCount.objects.filter(bridge__in=list(codes), type__in=kinds)
        .exclude(_OF_REFUNDS)
        .order_by()
        .values("bridge", "type", "group", "currency")
        .annotate(number=Sum("count"), amount=Sum("total"))
        .filter(number__gt=0)
    )
    sums: dict[tuple[int, str], list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        sums[row["bridge"], kinds[row["type"]]].append(dict(row))
    returns = _returns(sums, codes)
    return {
        key: _Waiting(len({row["group"] for row in own}), returns[key], _amounts(own))
        for key, own in sums.items()
    }


def _returns(keys: Iterable[tuple[int, str]], codes: dict[int, str]) -> dict[tuple[int, str], int]:
    """How many returns wait, by bridge and kind; no count tells a refund's status from others."""
    scopes = {
        (bridge, kind): counts.Scope(
            None,
            types=_types_of(kind),
            bridge=codes[bridge],
            has_snoozed=True,
            has_behind=True,
        )
        for bridge, kind in keys
        if kind != MappingKind.STATUS
    }
    found = counts.returns(scopes)
    statuses = [bridge for bridge, kind in keys if kind == MappingKind.STATUS]
    if statuses:
        rows: QuerySet[Any, Any] = (
            _unknown_cases((UNKNOWN_TYPES[MappingKind.STATUS],))
            .filter(bridge__in=statuses)
            .order_by()
            .values("bridge")
            .annotate(returns=Count("rma", distinct=True))
        )
        found |= {(row["bridge"], MappingKind.STATUS.value): row["returns"] for row in rows}
    return found


def _types_of(kind: str) -> tuple[str, ...]:
    """The exceptions of a kind's values, those of what stands beside them too."""
    return (UNKNOWN_TYPES[kind], *(code for code, beside in _BESIDE.items() if beside == kind))


def _unknown_cases(types: Collection[str]) -> QuerySet[Case]:
    return Case.objects.filter(status__in=CASE_OPEN, type__in=types).exclude(_OF_REFUNDS)


# A refund's unknown status is of the same type, yet no mapping of a return's status heals it.
_OF_REFUNDS = Q(type="STATUS_UNMAPPED", group__cause__startswith=REFUND_STATUS)


def _amounts(rows: Iterable[dict[str, Any]]) -> tuple[Amount, ...]:
    return per_currency((row["currency"], row["amount"]) for row in rows)


def unknowns(*, bridge: Bridge, kind: str) -> list[Unknown]:
    """Values nobody mapped, those that hold returns up first, at most UNKNOWN_SHOWN.

    The number of queries does not depend on how many there are.
    """
    found = _waiting_values(bridge, kind)
    by_key = {normalise(row.value): row for row in found}
    for value, returns in seen_values.unmapped(bridge, kind, most=UNKNOWN_SHOWN):
        row = by_key.get(normalise(value))
        if row is not None:
            row.seen_in = returns
        elif len(found) < UNKNOWN_SHOWN:
            row = Unknown(value=value, returns=0, values=(), seen_in=returns)
            by_key[normalise(value)] = row
            found.append(row)
    for fix in mappings_selector.under_way(bridge=bridge, kind=kind):
        row = by_key.get(normalise(fix.source_value))
        if row is not None:
            row.fix_id = fix.pk
            row.asked_by = fix.requested_by.get_full_name() or fix.requested_by.get_username()
    if kind == MappingKind.SKU_ALIAS:
        ranked = suggestions(bridge=bridge, skus=[row.value for row in found], limit=3)
        mixed = came_as.mixed(bridge=bridge, skus=[row.value for row in found])
        for row in found:
            row.suggestions = ranked.get(normalise(row.value), ())
            row.mixed = mixed.get(normalise(row.value), "")
    return found


def _waiting_values(bridge: Bridge, kind: str) -> list[Unknown]:
    cases = _unknown_cases(_types_of(kind)).filter(bridge=bridge)
    rows = list(
        cases.order_by()
        .annotate(own=Coalesce("own_group", "group"))
        .values("own", "currency")
        .annotate(returns=Count("rma", distinct=True), amount=Sum("value"), first=Min("id"))
        .order_by("-amount", "own")[: UNKNOWN_SHOWN * 2]
    )
    by_group: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        by_group[row["own"]].append(dict(row))
    firsts = Case.objects.in_bulk([group[0]["first"] for group in by_group.values()])
    found = []
    for group_id, group in list(by_group.items())[:UNKNOWN_SHOWN]:
        case = firsts.get(group[0]["first"])
        value = cases_selector.source_value(case, kind) if case is not None else ""
        if value:
            returns = sum(row["returns"] for row in group)
            found.append(Unknown(value, returns, _amounts(group), returns, group_id))
    return found


def suggestions(
    *, bridge: Bridge, skus: Sequence[str], limit: int = 5
) -> dict[str, tuple[matching.Suggestion, ...]]:
    """Ranked items of the ERP by normalised SKU, best first, with reasons. Three queries."""
    keys = [normalise(sku) for sku in skus if normalise(sku)]
    lines: dict[str, RmaLine] = {}
    orders: dict[str, set[int]] = defaultdict(set)
    rows = RmaLine.objects.filter(rma__bridge=bridge, sku_key__in=keys).select_related("rma")
    for line in rows.order_by("-id")[:_STEMS]:
        lines.setdefault(line.sku_key, line)
        if line.rma.sales_order_id:
            orders[line.sku_key].add(line.rma.sales_order_id)
    wanted_orders = {number for each in orders.values() for number in each}
    sold: dict[int, set[str]] = defaultdict(set)
    for order_id, sku in SalesOrderLine.objects.filter(order__in=wanted_orders).values_list(
        "order", "sku"
    ):
        sold[order_id].add(sku)
    pool = _pool(bridge, keys, {normalise(sku) for each in sold.values() for sku in each})
    ranked = {}
    for sku in skus:
        key = normalise(sku)
        found = lines.get(key)
        ranked[key] = matching.rank_skus(
            matching.Wanted(
                sku=sku,
                barcode=found.barcode if found else "",
                description=found.name if found else "",
            ),
            candidates=pool,
            order_skus=frozenset().union(*(sold[number] for number in orders[key])),
            limit=limit,
        )
    return ranked


def _pool(bridge: Bridge, keys: Sequence[str], sold: Collection[str]) -> list[Any]:
    """Items worth ranking: those of the same orders, and those whose code begins alike."""
    near = Q(sku_key__in=sold)
    for stem in sorted({key[:4] for key in keys})[:UNKNOWN_SHOWN]:
        near |= Q(sku_key__startswith=stem)
    rows = Item.objects.filter(near, connection=bridge.erp_id, is_active=True)
    return [facts_selector.item_fact(item) for item in rows.order_by("sku_key")[: _STEMS * 10]]
