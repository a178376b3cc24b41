"""What the data owners look at: gaps by the money that waits on them, and what was mapped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db.models import Count, Q, Sum, Value

from exceptions_app.choices import (
    SEVERITY_OF_RANK,
    Closure,
    MappingKind,
    MappingStatus,
    Team,
)
from exceptions_app.models import Case, CauseGroup, Fix
from exceptions_app.models import Mapping as MappingRow
from exceptions_app.models.cause_rules import caused
from exceptions_app.rules import matching
from exceptions_app.rules.change_words import shown_target
from exceptions_app.selectors import counts, paging
from exceptions_app.selectors.sums import Amount, per_currency

SKU_TYPES = ("SKU_UNKNOWN", "SKU_INACTIVE", "SKU_AMBIGUOUS", "PROMO_SKU")
MAPPING_TYPES = (
    "REASON_UNMAPPED",
    "DISPOSITION_UNMAPPED",
    "STATUS_UNMAPPED",
    "LOCATION_MISSING",
    "WAREHOUSE_UNMAPPED",
    "DIVISION_MISMATCH",
    "COMPONENT_MISSING",
    "VAT_SETTING",
)
RECENT_SINCE = timedelta(days=30)
RECENT = 25
RECENT_ORDER = ("-activated_at", "-id")
# Most valuable first, then the longest wait: severity says less about data than money does.
GAP_ORDER = ("-total", "oldest", "group")
# Which exceptions a mapping of a kind heals; their cause is the mapping's normalised source value.
_HEALS: Mapping[str, tuple[str, ...]] = {
    MappingKind.SKU_ALIAS: ("SKU_UNKNOWN", "SKU_INACTIVE", "SKU_AMBIGUOUS", "PROMO_SKU"),
    MappingKind.DISPOSITION: ("DISPOSITION_UNMAPPED",),
    MappingKind.REASON: ("REASON_UNMAPPED",),
    MappingKind.LOCATION: ("WAREHOUSE_UNMAPPED",),
    MappingKind.STATUS: ("STATUS_UNMAPPED",),
    MappingKind.VAT: ("VAT_SETTING",),
    MappingKind.FEE: ("COMPONENT_MISSING",),
}
# Why the exceptions of a type name their candidates (rules/validation).
_WHY = {
    "SKU_UNKNOWN": matching.UNCLAIMED,
    "SKU_AMBIGUOUS": "all of them carry this code",
}


@dataclass(frozen=True, slots=True)
class Gap:
    """One value that nobody mapped: `case_id` is its oldest exception, where the fix stands.

    `suggestion` is what that exception names, "" where it names nothing; `why` says what it rests
    on. `owner` is a name, how many people, or "" for nobody; `assigned` of the `count` exceptions
    are with them.
    """

    group_id: int
    case_id: int
    title: str
    type: str
    bridge: str
    team: str
    severity: str
    count: int
    returns: int
    values: tuple[Amount, ...]
    oldest: datetime
    suggestion: str
    why: str
    assigned: int
    owner: str


@dataclass(frozen=True, slots=True)
class Tally:
    """Open gaps of one kind: causes, exceptions, returns, and sums per currency.

    `returns` stop at paging.COUNT_CAP + 1.
    """

    causes: int
    count: int
    returns: int
    values: tuple[Amount, ...]

    @property
    def returns_shown(self) -> str:
        return paging.shown(self.returns)


@dataclass(frozen=True, slots=True)
class Mapped:
    """A mapping put in force by people lately, and what was closed by proof after it."""

    mapping: MappingRow
    target: str
    healed: int
    values: tuple[Amount, ...]


def open_gaps(types: Sequence[str], *, now: datetime, bridge: str = "") -> counts.Scope:
    """Open exceptions of these types that nobody put off and that wait behind no other."""
    return counts.Scope(now, types=tuple(types), bridge=bridge)


def tallies(
    kinds: Mapping[str, Sequence[str]], *, now: datetime, bridge: str = ""
) -> dict[str, Tally]:
    """One Tally for each name in `kinds` over the types beside it; one query for all.

    No type stands beside two names.
    """
    scopes = {name: open_gaps(codes, now=now, bridge=bridge) for name, codes in kinds.items()}
    name_of = {code: name for name, codes in kinds.items() for code in codes}
    parts: dict[str, list[Mapping[str, Any]]] = {name: [] for name in kinds}
    # A return may have exceptions of several causes, so returns are counted apart.
    whole = open_gaps(list(name_of), now=now, bridge=bridge)
    for row in counts.by_cause_and_type(whole, returns_of=scopes):
        parts[name_of[row["type"]]].append(row)
    return {
        name: Tally(
            causes=len({row["group_id"] for row in rows}),
            count=sum(row["count"] for row in rows),
            returns=rows[0][name] if rows else 0,
            values=per_currency((row["currency"], row["total"]) for row in rows),
        )
        for name, rows in parts.items()
    }


def gaps(scope: counts.Scope, *, cursor: str = "", size: int = paging.PAGE_SIZE) -> paging.Page:
    """A page of the causes of `scope` as Gap, by money; two queries for any number of rows.

    Read from the counts that are kept (decision 0014), and of each cause its oldest exception.
    """
    read = partial(counts.causes, scope, by=counts.MONEY)
    page = paging.page_of(read, order=GAP_ORDER, cursor=cursor, size=size)
    facts = dict(
        Case.objects.filter(pk__in=[row["first"] for row in page.rows]).values_list("pk", "facts")
    )
    rows = tuple(_gap(row, facts.get(row["first"], {})) for row in page.rows)
    return paging.Page(rows=rows, newer=page.newer, older=page.older)


def _gap(row: Mapping[str, Any], facts: Mapping[str, Any]) -> Gap:
    parts = row["parts"]
    owner, assigned = counts.people_of(parts)
    kind = row["type"]
    return Gap(
        group_id=row["group"],
        case_id=row["first"],
        title=row["title"],
        type=kind,
        bridge=row["bridge"],
        team=Team(min(part["team"] for part in parts)).label,
        severity=SEVERITY_OF_RANK[row["rank"]],
        count=sum(part["count"] for part in parts),
        returns=row["returns"],
        values=per_currency((part["currency"], part["total"]) for part in parts),
        oldest=row["oldest"],
        suggestion=str(facts.get("candidates") or "") if kind in _WHY else "",
        why=_why(kind, facts),
        assigned=assigned,
        owner=owner,
    )


def _why(kind: str, facts: Mapping[str, Any]) -> str:
    """What the candidates rest on, and what speaks against the first of them."""
    against = str(facts.get("against") or "")
    return f"{_WHY[kind]}, but {against}" if kind in _WHY and against else _WHY.get(kind, "")


def recently_mapped(
    *, now: datetime, bridge: str = "", cursor: str = "", size: int = RECENT
) -> paging.Page:
    """A page of mappings in force that people brought in the last RECENT_SINCE, as Mapped.

    Asked for on an exception, put in force by an admin, or out of a file; newest first. What comes
    with a preset is nobody's news. Three queries at most. What a mapping healed is counted from
    the exceptions of its value that were closed by proof at or after the moment it came in force.
    """
    asked = Q(pk__in=Fix.objects.filter(mapping__isnull=False).values("mapping"))
    found = MappingRow.objects.filter(
        asked | Q(file__isnull=False) | Q(effect__isnull=False),
        status=MappingStatus.ACTIVE,
        activated_at__gt=now - RECENT_SINCE,
    )
    rows = found.filter(bridge__code=bridge) if bridge else found
    rows = rows.select_related("bridge", "file").defer("file__rows", "file__effect")
    page = paging.page(rows, order=RECENT_ORDER, cursor=cursor, size=size)
    healed = _healed(page.rows)
    mapped = tuple(_mapped(row, healed.get(row.pk, ())) for row in page.rows)
    return paging.Page(mapped, page.newer, page.older)


def _healed(rows: Sequence[MappingRow]) -> dict[int, list[Mapping[str, Any]]]:
    """Count and sum per currency of what was closed by proof after each mapping; one query."""
    groups = _groups_of(rows)
    parts = [
        Case.objects.filter(
            caused(pk__in=groups[row.pk]),
            closure=Closure.PROOF,
            resolved_at__gte=row.activated_at,
        )
        .order_by()
        .annotate(mapping=Value(row.pk))
        .values("mapping", "currency")
        .annotate(count=Count("pk"), total=Sum("value"))
        for row in rows
        if groups[row.pk] and row.activated_at
    ]
    found: dict[int, list[Mapping[str, Any]]] = {}
    if parts:
        for each in parts[0].union(*parts[1:], all=True):
            found.setdefault(each["mapping"], []).append(each)
    return found


def _groups_of(rows: Sequence[MappingRow]) -> dict[int, list[int]]:
    """The cause groups of each mapping's value."""
    wanted = Q(pk__in=[])
    for row in rows:
        wanted |= Q(bridge=row.bridge_id, type__in=_HEALS[row.kind], cause=row.source_key)
    by_key: dict[tuple[int | None, str], list[tuple[str, int]]] = {}
    if rows:
        for group in CauseGroup.objects.filter(wanted):
            by_key.setdefault((group.bridge_id, group.cause), []).append((group.type, group.pk))
    return {
        row.pk: [
            pk
            for kind, pk in by_key.get((row.bridge_id, row.source_key), ())
            if kind in _HEALS[row.kind]
        ]
        for row in rows
    }


def _mapped(row: MappingRow, closed: Sequence[Mapping[str, Any]]) -> Mapped:
    return Mapped(
        mapping=row,
        target=shown_target(row.kind, row.target),
        healed=sum(each["count"] for each in closed),
        values=per_currency((each["currency"], each["total"]) for each in closed),
    )
